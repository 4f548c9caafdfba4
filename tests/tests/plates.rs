//! Ways to write the same model are the same model; kinds, events and look-ups mean what the language says.

use ppl_lang::{Dataset, Fit, GuideChoice, JsonArray};
use ppl_tests::{
    bind, bind_to, bits, csv, draws, estimate, fit, ln_normal, log_sum_exp, row, spread, with_guide,
};

/// The same value and gradient up to rounding.
fn assert_same(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() <= 1e-11 * (1.0 + x.abs()), "{a:?}\n{b:?}");
    }
}

/// Both models give the same estimates of the bound and its gradient.
fn assert_same_model(a: &str, b: &str, data: &str) {
    assert_same(&estimate(&bind(a, data)), &estimate(&bind(b, data)));
}

/// Counties named by numbers, a predictor and an outcome.
fn counties() -> String {
    let county: Vec<f64> = (0..24).map(|i| (i * 5 % 4) as f64).collect();
    let x = spread(24, 0.4);
    let y: Vec<f64> = spread(24, 0.7)
        .iter()
        .zip(&county)
        .map(|(u, c)| 2.0 * u + 0.5 * c)
        .collect();
    csv(&[("county", &county), ("x", &x), ("y", &y)])
}

/// A default fit of a model.
fn fitted(model: &str, data: &str) -> Fit {
    fit(model, data, &with_guide(GuideChoice::FullRank))
}

#[test]
fn a_loop_is_a_plate() {
    let head = "data y[row]: real; mu ~ Normal(0, 2); tau ~ HalfNormal(1);";
    let plate = format!("{head} theta[row] ~ Normal(mu, tau); observe y ~ Normal(theta, 1);");
    let looped = format!(
        "{head} for i in row {{ theta[i] ~ Normal(mu, tau); observe y[i] ~ Normal(theta[i], 1); }}"
    );
    let data = csv(&[("y", &spread(9, 0.5))]);
    let (a, b) = (bind(&plate, &data), bind(&looped, &data));
    assert_eq!(
        a.explain().expect("a program"),
        b.explain().expect("a program")
    );
    assert!(bits(&fitted(&plate, &data)) == bits(&fitted(&looped, &data)));
}

#[test]
fn look_ups_find_their_rows() {
    let data = counties();
    let model = "axis county; data county[row]: county; data y[row]: real;
        a[county] ~ Normal(0, 1); observe y ~ Normal(a[county], 0.5);";
    let fit = fitted(model, &data);
    let lines: Vec<Vec<f64>> = data
        .lines()
        .skip(1)
        .map(|l| l.split(',').map(|c| c.parse().expect("a number")).collect())
        .collect();
    for c in 0..4 {
        let own: Vec<f64> = lines
            .iter()
            .filter(|l| l[0] == f64::from(c))
            .map(|l| l[2])
            .collect();
        let precision = 1.0 + own.len() as f64 / 0.25;
        let (mean, sd) = (
            own.iter().sum::<f64>() / 0.25 / precision,
            precision.powf(-0.5),
        );
        let r = row(&fit, &format!("a[{c}]"));
        assert!(
            (r.mean - mean).abs() < 0.1 * sd && (r.sd / sd - 1.0).abs() < 0.06,
            "{r:?} is not {mean} ± {sd}"
        );
    }
}

#[test]
fn named_levels_are_elements() {
    let head = "axis county; axis coef = {intercept, slope}; data county[row]: county; data x[row]: real; data y[row]: real;
        ab[county, coef] ~ Normal(0, 1);";
    let direct =
        format!("{head} observe y ~ Normal(ab[county, intercept] + ab[county, slope] * x, 1);");
    let lets = format!(
        "{head} let a[county] = ab[intercept]; let b[county] = ab[slope]; observe y ~ Normal(a[county] + b[county] * x, 1);"
    );
    assert_same_model(&direct, &lets, &counties());
}

#[test]
fn a_matrix_product_is_the_sum_by_hand() {
    let columns: Vec<Vec<f64>> = [0.1, 0.5, 0.8].iter().map(|s| spread(15, *s)).collect();
    let data = csv(&[
        ("x_a", &columns[0]),
        ("x_b", &columns[1]),
        ("x_c", &columns[2]),
        ("y", &spread(15, 0.3)),
    ]);
    let tail = "data y[row]: real; beta[k] ~ Normal(0, 1); s ~ HalfNormal(1); observe y ~ Normal";
    let matrix = format!("axis k = columns(\"x_*\"); data X[row, k]: real; {tail}");
    let product = format!("{matrix}(X @ beta, s);");
    assert_same_model(
        &product,
        &format!("{matrix}(sum(X * beta, over = k), s);"),
        &data,
    );
    let columns =
        "axis k = {a, b, c}; data x_a[row]: real; data x_b[row]: real; data x_c[row]: real;";
    let by_hand = format!("{columns} {tail}(x_a * beta[a] + x_b * beta[b] + x_c * beta[c], s);");
    assert_same_model(&product, &by_hand, &data);
}

#[test]
fn a_covariance_and_its_factor_are_the_same() {
    let matrix = |values: [f64; 4]| JsonArray {
        shape: vec![2, 2],
        values: values.to_vec(),
    };
    let arrays = [
        ("L".to_string(), matrix([1.0, 0.0, 0.6, 0.8])),
        ("R".to_string(), matrix([1.0, 0.6, 0.6, 1.0])),
    ];
    let data = Dataset {
        arrays: arrays.into(),
        ..Dataset::empty()
    };
    let head = "axis c = {p, q}; data L[c, c]: real; data R[c, c]: real; tau[c] ~ HalfNormal(1);";
    let tail = "observe 0.3 ~ Normal(v[p], 1); observe -0.8 ~ Normal(v[q], 1);";
    let forms = [
        "scale_tril = diag(tau) @ L",
        "cov = diag(tau) @ R @ diag(tau)",
    ];
    let both = forms.map(|f| {
        estimate(&bind_to(
            &format!("{head} v[c] ~ MultiNormal(0, {f}); {tail}"),
            &data,
        ))
    });
    assert_same(&both[0], &both[1]);
}

#[test]
fn constrained_draws_are_inside() {
    let model = "axis k = {a, b, c}; o[k]: ordered ~ Normal(0, 1); p[k]: positive_ordered ~ HalfNormal(1);
        s[k] ~ Dirichlet(1); L[k, k] ~ LkjCholesky(2); u ~ Uniform(-1, 2); t: real(0, 3) ~ Normal(1, 1);";
    for guide in [GuideChoice::MeanField, GuideChoice::FullRank] {
        let fit = fit(model, "", &with_guide(guide));
        let get = |name: &str| ["a", "b", "c"].map(|l| draws(&fit, &format!("{name}[{l}]")));
        let ([o1, o2, o3], [p1, p2, p3], [s1, s2, s3]) = (get("o"), get("p"), get("s"));
        let (u, t) = (draws(&fit, "u"), draws(&fit, "t"));
        let factor = |i: usize, j: usize| {
            draws(
                &fit,
                &format!("L[{},{}]", ["a", "b", "c"][i], ["a", "b", "c"][j]),
            )
        };
        let l: Vec<Vec<f64>> = (0..9).map(|at| factor(at / 3, at % 3)).collect();
        for d in 0..o1.len() {
            assert!(
                o1[d] < o2[d] && o2[d] < o3[d] && 0.0 < p1[d] && p1[d] < p2[d] && p2[d] < p3[d]
            );
            assert!(
                s1[d] > 0.0
                    && s2[d] > 0.0
                    && s3[d] > 0.0
                    && (s1[d] + s2[d] + s3[d] - 1.0).abs() < 1e-12
            );
            assert!(-1.0 < u[d] && u[d] < 2.0 && 0.0 < t[d] && t[d] < 3.0);
            for i in 0..3 {
                let squares: f64 = (0..3).map(|j| l[3 * i + j][d].powi(2)).sum();
                assert!(
                    (squares - 1.0).abs() < 1e-12
                        && l[4 * i][d] > 0.0
                        && (i + 1..3).all(|j| l[3 * i + j][d] == 0.0)
                );
            }
        }
        // All priors are normalised on their supports: the evidence of no data is 1.
        let e = fit.elbo.expect("a bound");
        assert!(e.by_entropy.value <= 4.0 * e.by_entropy.se, "{e:?}");
    }
}

#[test]
fn a_positive_normal_is_half_normal() {
    let tail = "observe 0.7 ~ Normal(x, 0.5);";
    assert_same_model(
        &format!("x: positive ~ Normal(0, 1); {tail}"),
        &format!("x ~ HalfNormal(1); {tail}"),
        "",
    );
}

#[test]
fn ordered_normals_are_normalised() {
    let y = [0.9, 0.2];
    // 2 N(a; 0, 1) N(b; 0, 1) on a < b, times the likelihood, by the midpoint rule.
    let (n, width) = (600, 10.0 / 600.0);
    let grid = |i: usize| -5.0 + width * (i as f64 + 0.5);
    let mut terms = vec![];
    for i in 0..n {
        for j in i..n {
            let (a, b) = (grid(i), grid(j));
            let density = ln_normal(a, 0.0, 1.0)
                + ln_normal(b, 0.0, 1.0)
                + ln_normal(y[0], a, 0.5)
                + ln_normal(y[1], b, 0.5);
            terms.push(density + if i == j { 0.0 } else { 2.0f64.ln() });
        }
    }
    let exact = log_sum_exp(&terms) + 2.0 * width.ln();
    let model = "axis k = {a, b}; x[k]: ordered ~ Normal(0, 1); observe 0.9 ~ Normal(x[a], 0.5); observe 0.2 ~ Normal(x[b], 0.5);";
    let e = fitted(model, "").elbo.expect("a bound");
    assert!(
        (e.log_evidence.value - exact).abs() < 4.0 * e.log_evidence.se + 0.01,
        "{e:?} is not {exact}"
    );
    assert!(
        e.by_prior.value < exact + 4.0 * e.by_prior.se,
        "{e:?} is above {exact}"
    );
    // Three, and no data: the prior's own integral is 1.
    let e = fitted("axis k = 3; x[k]: ordered ~ Normal(0, 1);", "")
        .elbo
        .expect("a bound");
    assert!(
        e.log_evidence.value.abs() < 4.0 * e.log_evidence.se + 0.02,
        "{e:?} is not 0"
    );
}

#[test]
fn data_are_transformed_before() {
    let x: Vec<f64> = spread(12, 0.3).iter().map(|u| 5.0 + 3.0 * u).collect();
    let mean = x.iter().sum::<f64>() / 12.0;
    let sd = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 11.0).sqrt();
    let z: Vec<f64> = x.iter().map(|v| (v - mean) / sd).collect();
    let data = csv(&[("x", &x), ("w", &z), ("y", &spread(12, 0.6))]);
    let head = "data x[row]: real; data w[row]: real; data y[row]: real; b ~ Normal(0, 1);";
    let inside = format!("{head} let z = (x - mean(x)) / sd(x); observe y ~ Normal(b * z, 1);");
    assert_same_model(
        &inside,
        &format!("{head} observe y ~ Normal(b * w, 1);"),
        &data,
    );
}
