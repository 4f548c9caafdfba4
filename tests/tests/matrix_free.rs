//! Mean-field guides of so many unknowns that all meet that no Hessian is formed: beside closed forms, and beside the guide of a smaller
//! model whose Hessian is.

use ppl_lang::{Fit, GuideChoice, Silent};
use ppl_tests::{arrays, bind_to, bits, csv, fit, row, with_guide};

fn wave(i: usize) -> f64 {
    ((i * 37 + i / 13 * 11 + 5) % 101) as f64 / 101.0 - 0.5
}

#[test]
fn a_correlated_gaussian_has_its_closed_form() {
    // b ~ N(A z, 1) with a flat prior: precision A'A, mean A^-1 b, evidence 1 / |det A|, all unknowns meet.
    let d = 520;
    let mut a = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..i {
            a[i * d + j] = 0.08 * wave(i * 7 + j * 3);
        }
        a[i * d + i] = 2.0 + wave(i);
    }
    let truth: Vec<f64> = (0..d).map(|i| 3.0 * wave(i * 5)).collect();
    let times = |row: &[f64]| row.iter().zip(&truth).map(|(a, z)| a * z).sum::<f64>();
    let b: Vec<f64> = a.chunks(d).map(times).collect();
    let model = format!(
        "axis k = {d}; data A[row, k]: real; data b[row]: real;
z[k] ~ Flat(); observe b ~ Normal(A @ z, 1);"
    );
    let data = arrays(&[("A", &[d, d], &a), ("b", &[d], &b)]);
    let fitted = bind_to(&model, &data)
        .fit(&with_guide(GuideChoice::MeanField), &mut Silent)
        .expect("a fit");
    // The best independent Gaussian has the conditional precisions, and falls short by half the difference of their logarithms from
    // the logarithm of the determinant.
    let precisions = (0..d).map(|j| (0..d).map(|i| a[i * d + j].powi(2)).sum::<f64>());
    let mut bound = 0.0;
    for (j, p) in precisions.enumerate() {
        let name = format!("z[{}]", j + 1);
        let own = fitted.guide_rows.iter().find(|r| r.name == name);
        let own = own.expect("a row");
        let sd = p.sqrt().recip();
        // Of the certificate's draws.
        let few = 5.0 / (fitted.certificate.draws as f64).sqrt();
        assert!(
            (own.mean - truth[j]).abs() < few * sd,
            "{name}: {}",
            own.mean
        );
        assert!(
            (own.sd / sd - 1.0).abs() < few,
            "{name}: {} for {sd}",
            own.sd
        );
        bound -= 0.5 * p.ln();
    }
    // Parameters are the guide's own.
    let of = |name: &str| {
        let found = fitted.params.iter().find(|p| p.0.contains(name));
        found.map(|p| p.1.clone()).expect("a param")
    };
    let (loc, scale) = (of("loc"), of("scale"));
    for j in 0..d {
        let p = (0..d).map(|i| a[i * d + j].powi(2)).sum::<f64>();
        assert!((loc[j] - truth[j]).abs() * p.sqrt() < 1e-3);
        assert!(
            (scale[j] + 0.5 * p.ln()).abs() < 1e-6,
            "{} {}",
            scale[j],
            -0.5 * p.ln()
        );
    }
    let elbo = fitted.elbo.expect("a bound").headline();
    assert!(
        (elbo.value - bound).abs() < 5.0 * elbo.se + 1e-6,
        "{} for {bound}",
        elbo.value
    );
}

/// A logistic regression of 330 coefficients, and so many numbers that nothing is known of.
fn regression(beside: usize) -> (String, String) {
    let (n, columns) = (500, 330);
    let mut table: Vec<(String, Vec<f64>)> = (0..columns)
        .map(|j| {
            let x = (0..n).map(|i| 2.0 * wave(i * 11 + j * 17 + i * j % 7) + wave(i));
            (format!("x{j}"), x.collect())
        })
        .collect();
    let y = (0..n).map(|i| f64::from(u8::from(wave(i * 3) + table[1].1[i] > 0.0)));
    let y: Vec<f64> = y.collect();
    table.push(("y".into(), y));
    let columns: Vec<(&str, &[f64])> = table.iter().map(|(n, x)| (n.as_str(), &x[..])).collect();
    let more = match beside {
        0 => String::new(),
        n => format!("axis other = {n}; rest[other] ~ Normal(0, 1);"),
    };
    let model = format!(
        "axis column = columns(\"x*\"); data X[row, column]: real; data y[row]: bool;
b[column] ~ Normal(0, 0.3); observe y ~ BernoulliLogit(X @ b); {more}"
    );
    (model, csv(&columns))
}

#[test]
fn as_with_the_hessian() {
    let options = with_guide(GuideChoice::MeanField);
    let fitted = |beside: usize| -> Fit {
        let (model, data) = regression(beside);
        fit(&model, &data, &options)
    };
    let (formed, free) = (fitted(0), fitted(200));
    let (one, other) = (
        formed.elbo.unwrap().headline(),
        free.elbo.unwrap().headline(),
    );
    let off = (one.value - other.value).abs();
    assert!(
        off < 4.0 * one.se.hypot(other.se) + 0.05,
        "{} {}",
        one.value,
        other.value
    );
    // Means and sds are those of as many draws as the certificate takes.
    let few = 6.0 / (formed.certificate.draws.min(free.certificate.draws) as f64).sqrt();
    for r in formed
        .guide_rows
        .iter()
        .filter(|r| r.name.starts_with("b["))
    {
        let own = free
            .guide_rows
            .iter()
            .find(|o| o.name == r.name)
            .expect("a row");
        assert!(
            (own.mean - r.mean).abs() < (few + 0.03) * r.sd,
            "{}: {} {}",
            r.name,
            own.mean,
            r.mean
        );
        assert!(
            (own.sd / r.sd - 1.0).abs() < few + 0.02,
            "{}: {} {}",
            r.name,
            own.sd,
            r.sd
        );
    }
    assert!(free.certificate.gradient_norm < 0.1 && free.certificate.curvature_residual < 0.1);
    assert!((row(&free, "rest[1]").sd - 1.0).abs() < few);
}

#[test]
fn threads_do_not_change_a_bit() {
    let (model, data) = regression(200);
    let options = with_guide(GuideChoice::MeanField);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads")
            .install(|| bits(&fit(&model, &data, &options)))
    };
    assert!(on(1) == on(3));
}
