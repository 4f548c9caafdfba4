//! The conjugate guide against closed forms: where the whole posterior is of known families the bound is the log evidence.

use ppl_lang::{Fit, FitError, FitOptions, GuideChoice, Silent};
use ppl_tests::{bind, csv, fit, ln_gamma, row, with_guide};

const LN_2_PI: f64 = 1.837_877_066_409_345_5;

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// Bound and evidence are this number, by default and on request, without an optimisation; and the fit is certified.
fn is_exact(model: &str, data: &str, evidence: f64) -> Fit {
    for choice in [GuideChoice::Auto, GuideChoice::Conjugate] {
        let fit = fit(model, data, &with_guide(choice));
        assert_eq!(fit.guide, "conjugate", "{:?}", fit.notes);
        let elbo = fit.elbo.expect("a bound");
        for found in [
            elbo.by_entropy,
            elbo.by_prior,
            elbo.by_evidence,
            elbo.log_evidence,
        ] {
            let tolerance = 1e-9 * (1.0 + 0.01 * evidence.abs());
            assert!(
                (found.value - evidence).abs() < tolerance,
                "{found:?} for {evidence}"
            );
        }
        assert_eq!((fit.k_hat, fit.steps), (0.0, 0));
        assert_eq!(fit.verdict.word(), "certified");
    }
    fit(model, data, &FitOptions::default())
}

/// Mean and sd within four Monte Carlo errors of 10,000 independent draws.
fn has(fit: &Fit, name: &str, mean: f64, sd: f64) {
    let r = row(fit, name);
    assert!(
        (r.mean - mean).abs() < 0.04 * sd,
        "{name}: {} for {mean}",
        r.mean
    );
    assert!((r.sd / sd - 1.0).abs() < 0.06, "{name}: {} for {sd}", r.sd);
}

#[test]
fn shares_of_counts() {
    let (y, n) = ([3.0, 0.0, 7.0, 4.0], 12.0);
    let successes: f64 = y.iter().sum();
    let failures = 4.0 * n - successes;
    let ways = |k: &f64| ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
    let evidence = y.iter().map(ways).sum::<f64>() + ln_beta(2.0 + successes, 0.5 + failures)
        - ln_beta(2.0, 0.5);
    let model = "data y[row]: int; p ~ Beta(2, 0.5); observe y ~ Binomial(12, p);";
    let fit = is_exact(model, &csv(&[("y", &y)]), evidence);
    let (a, b) = (2.0 + successes, 0.5 + failures);
    let variance = a * b / ((a + b) * (a + b) * (a + b + 1.0));
    has(&fit, "p", a / (a + b), variance.sqrt());
}

#[test]
fn rates_of_arms() {
    // Two arms, whose rates have their own priors; the second has a count of 0.
    let (y, arm) = ([4.0, 9.0, 6.0, 0.0], ["a", "a", "a", "b"]);
    let own = |counts: &[f64]| {
        let (n, total) = (counts.len() as f64, counts.iter().sum::<f64>());
        let ways: f64 = counts.iter().map(|k| ln_gamma(k + 1.0)).sum();
        2.5 * 0.7f64.ln() - ln_gamma(2.5) + ln_gamma(2.5 + total)
            - (2.5 + total) * (0.7 + n).ln()
            - ways
    };
    let rows = y.iter().zip(arm).map(|(y, a)| format!("{y},{a}\n"));
    let data = format!("y,g\n{}", rows.collect::<String>());
    let model = "axis arm; data y[row]: int; data g[row]: arm; l[arm] ~ Gamma(2.5, 0.7); observe y ~ Poisson(l[g]);";
    let fit = is_exact(model, &data, own(&y[..3]) + own(&y[3..]));
    has(&fit, "l[a]", 21.5 / 3.7, 21.5f64.sqrt() / 3.7);
    has(&fit, "l[b]", 2.5 / 1.7, 2.5f64.sqrt() / 1.7);
}

#[test]
fn a_lifetime_by_its_inverse_rate_and_a_power() {
    let y: [f64; 5] = [0.7, 2.9, 1.4, 5.2, 0.3];
    let total: f64 = y.iter().sum();
    let of = |a: f64, b: f64| a * b.ln() - ln_gamma(a);
    let evidence = of(3.0, 4.0) - of(8.0, 4.0 + total);
    let model = "data y[row]: real; s ~ InvGamma(3, 4); observe y ~ Exponential(1 / s);";
    is_exact(model, &csv(&[("y", &y)]), evidence);
    // The square of the sd of a Rayleigh is an inverse Gamma; here the sd itself is the unknown, v = s^2 has density 2 s of it.
    let model = "data y[row]: real; s: positive ~ Flat(); factor log_density(InvGamma(3, 4), s * s) + log(2 * s); observe y ~ Rayleigh(s);";
    let fit = fit(model, &csv(&[("y", &y)]), &FitOptions::default());
    let squares: f64 = y.iter().map(|y| 0.5 * y * y).sum();
    let logs: f64 = y.iter().map(|y| y.ln()).sum();
    let evidence = of(3.0, 4.0) - of(8.0, 4.0 + squares) + logs;
    let bound = fit.elbo.expect("a bound").headline().value;
    assert!((bound - evidence).abs() < 1e-9, "{bound} for {evidence}");
    assert_eq!(fit.guide, "conjugate");
}

#[test]
fn shares_of_labels() {
    // Twelve labels are eleven broken sticks, all independent.
    let names: Vec<String> = (0..12).map(|k| format!("l{k}")).collect();
    let counts: Vec<usize> = (0..12).map(|k| (k * 5) % 7).collect();
    let rows = (0..12).flat_map(|k| std::iter::repeat_n(&names[k], counts[k]));
    let data = format!("y\n{}", rows.map(|n| format!("{n}\n")).collect::<String>());
    let seen: Vec<f64> = counts
        .iter()
        .filter(|c| **c > 0)
        .map(|c| *c as f64)
        .collect();
    // Labels without a row are no levels.
    let (k, n) = (seen.len() as f64, seen.iter().sum::<f64>());
    let own: f64 = seen.iter().map(|c| ln_gamma(0.4 + c) - ln_gamma(0.4)).sum();
    let evidence = ln_gamma(0.4 * k) - ln_gamma(0.4 * k + n) + own;
    let model = "axis k; data y[row]: k; w[k] ~ Dirichlet(0.4); observe y ~ Categorical(w);";
    let fit = is_exact(model, &data, evidence);
    let (a, all) = (0.4 + counts[1] as f64, 0.4 * k + n);
    has(
        &fit,
        "w[l1]",
        a / all,
        (a * (all - a) / (all * all * (all + 1.0))).sqrt(),
    );
}

/// The log evidence of y ~ Normal(X b, sqrt(v)) with b ~ Normal(0, sqrt(v / k)) for each column, v ~ InvGamma(a, r).
fn regression(columns: &[Vec<f64>], k: &[f64], y: &[f64], (a, r): (f64, f64)) -> f64 {
    let (p, n) = (columns.len(), y.len() as f64);
    let dot = |x: &[f64], z: &[f64]| x.iter().zip(z).map(|(x, z)| x * z).sum::<f64>();
    // Gauss: the precision with X'y beside it.
    let mut m: Vec<Vec<f64>> = (0..p)
        .map(|i| {
            let mut row: Vec<f64> = columns.iter().map(|c| dot(&columns[i], c)).collect();
            row[i] += k[i];
            row.push(dot(&columns[i], y));
            row
        })
        .collect();
    let (mut ln_det, mut explained) = (0.0, 0.0);
    for i in 0..p {
        ln_det += m[i][i].ln();
        explained += m[i][p] * m[i][p] / m[i][i];
        for j in i + 1..p {
            let by = m[j][i] / m[i][i];
            let (above, below) = m.split_at_mut(j);
            let pairs = below[0].iter_mut().zip(&above[i]);
            pairs.skip(i).for_each(|(to, from)| *to -= by * from);
        }
    }
    let rate = r + 0.5 * (dot(y, y) - explained);
    let shape = a + 0.5 * n;
    let prior: f64 = k.iter().map(|k| k.ln()).sum();
    0.5 * (prior - ln_det) - 0.5 * n * LN_2_PI + a * r.ln() - ln_gamma(a) + ln_gamma(shape)
        - shape * rate.ln()
}

const Y: [f64; 8] = [1.4, -0.3, 2.2, 3.9, 0.6, 1.1, 5.0, 2.7];
const X: [f64; 8] = [0.1, -1.2, 0.8, 1.9, -0.4, 0.3, 2.5, 0.2];

#[test]
fn a_mean_and_a_variance() {
    let model = "data y[row]: real; v ~ InvGamma(3, 2); m ~ Normal(0, sqrt(v / 0.2)); observe y ~ Normal(m, sqrt(v));";
    let evidence = regression(&[vec![1.0; 8]], &[0.2], &Y, (3.0, 2.0));
    is_exact(model, &csv(&[("y", &Y)]), evidence);
    // The same by the precision.
    let model = "data y[row]: real; t ~ Gamma(3, 2); m ~ Normal(0, 1 / sqrt(0.2 * t)); observe y ~ Normal(m, 1 / sqrt(t));";
    is_exact(model, &csv(&[("y", &Y)]), evidence);
}

#[test]
fn a_regression() {
    let model = "data y[row]: real; data x[row]: real; v ~ InvGamma(2, 3); a ~ Normal(0, 3 * sqrt(v)); b ~ Normal(0, 2 * sqrt(v)); observe y ~ Normal(a + b * x, sqrt(v));";
    let columns = [vec![1.0; 8], X.to_vec()];
    let evidence = regression(&columns, &[1.0 / 9.0, 0.25], &Y, (2.0, 3.0));
    is_exact(model, &csv(&[("y", &Y), ("x", &X)]), evidence);
}

#[test]
fn rates_of_rows_given_their_common_scale() {
    // l ~ Gamma(2, b) given b is a Gamma again; without l each count is negative binomial, and b is left for quadrature.
    let y = [4.0, 9.0, 6.0, 0.0, 2.0, 3.0, 14.0, 5.0, 1.0, 7.0];
    let model =
        "data y[row]: int; b ~ Gamma(1.5, 1); l[row] ~ Gamma(2, b); observe y ~ Poisson(l);";
    let fit = fit(model, &csv(&[("y", &y)]), &FitOptions::default());
    assert_eq!(fit.guide, "conjugate", "{:?}", fit.notes);
    let given = |u: f64| {
        let b = u.exp();
        let own = |y: &f64| {
            ln_gamma(2.0 + y) - ln_gamma(2.0) - ln_gamma(y + 1.0) + 2.0 * u - (2.0 + y) * b.ln_1p()
        };
        let prior = 1.5 * u - b - ln_gamma(1.5);
        prior + y.iter().map(own).sum::<f64>()
    };
    let step = 1e-3;
    let grid = (0..14_000).map(|i| -10.0 + step * f64::from(i));
    let (mut total, mut mean) = (0.0, 0.0);
    for u in grid {
        let w = step * given(u).exp();
        total += w;
        mean += w * u.exp();
    }
    let elbo = fit.elbo.expect("a bound");
    let (bound, se) = (elbo.headline().value, elbo.headline().se);
    // The mixture for b leaves next to nothing.
    assert!(
        (bound - total.ln()).abs() < 4.0 * se + 2e-3,
        "{bound} +- {se} for {}",
        total.ln()
    );
    let b = row(&fit, "b");
    assert!(
        (b.mean - mean / total).abs() < 4.0 * b.mcse,
        "{} for {}",
        b.mean,
        mean / total
    );
    assert_eq!(fit.verdict.word(), "certified");
}

#[test]
fn refused_where_there_is_no_such_block() {
    let model = "data y[row]: bool; data x[row]: real; a ~ Normal(0, 2); b ~ Normal(0, 2); observe y ~ BernoulliLogit(a + b * x);";
    let data = csv(&[("y", &[1.0, 0.0, 1.0, 1.0]), ("x", &[0.3, -1.0, 0.5, -0.2])]);
    let found = bind(model, &data).fit(&with_guide(GuideChoice::Conjugate), &mut Silent);
    match found {
        Err(FitError::NoGuide(why)) => assert!(why.contains("no conjugate guide"), "{why}"),
        other => panic!("{:?}", other.map(|f| f.guide)),
    }
    let named = format!("{model} guide auto(conjugate);");
    assert!(
        bind(&named, &data)
            .fit(&FitOptions::default(), &mut Silent)
            .is_err()
    );
}

/// A Gaussian block that leaves scales of no known family is what the nested guide describes, and the message says so.
#[test]
fn a_gaussian_block_alone_is_for_the_nested_guide() {
    let model = "data y[row]: real; s ~ HalfNormal(1); t ~ HalfNormal(2); m[row] ~ Normal(0, t); observe y ~ Normal(m, s);";
    let data = csv(&[("y", &[0.3, -1.0, 0.5, -0.2, 1.4, 0.9])]);
    let found = bind(model, &data).fit(&with_guide(GuideChoice::Conjugate), &mut Silent);
    let Err(FitError::NoGuide(why)) = found else {
        panic!("a guide");
    };
    assert!(
        why.contains("given `s`, `t`") && why.contains("--guide nested"),
        "{why}"
    );
}

/// A Pareto number above the largest of its data is Pareto again, and is not called by the name of a vector's distribution.
#[test]
fn an_unknown_end() {
    let y = [12.0, 34.5, 7.25, 20.0];
    let model = "data y[row]: positive; let most = max(y); N: real(most, inf) ~ Pareto(10, 1.5); observe y ~ Uniform(0, N);";
    let (a, most): (f64, f64) = (1.5 + 4.0, 34.5);
    let fit = is_exact(model, &csv(&[("y", &y)]), (1.5 / a).ln() - 4.0 * most.ln());
    has(
        &fit,
        "N",
        a / (a - 1.0) * most,
        most * (a / (a - 2.0)).sqrt() / (a - 1.0),
    );
    let said = fit.notes.iter().find(|n| n.contains("known families"));
    let said = said.expect("a note");
    assert!(
        said.contains("`N` BetaPrime") && !said.contains("Dirichlet"),
        "{said}"
    );
}
