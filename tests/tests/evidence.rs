//! Conjugate models, whose posterior and evidence are known: the bound from below, tight where the family allows.

use ppl_lang::{Elbo, Estimate, Fit, GuideChoice};
use ppl_tests::{csv, fit, ln_gamma, row, spread, with_guide};

const LN_2_PI: f64 = 1.837_877_066_409_345_5;

/// Both guides, mean field first.
const GUIDES: [GuideChoice; 2] = [GuideChoice::MeanField, GuideChoice::FullRank];

/// The bound is below the evidence, and its three forms agree, up to four standard errors.
fn check_bound(fit: &Fit, evidence: f64) -> Elbo {
    let e = fit.elbo.expect("a bound");
    eprintln!(
        "{}: log evidence {evidence:.5}, bound {:.5} ± {:.5}, k-hat {:.2}",
        fit.guide, e.by_entropy.value, e.by_entropy.se, fit.k_hat
    );
    let forms: [Estimate; 3] = [e.by_entropy, e.by_prior, e.by_evidence];
    for form in forms {
        assert!(
            form.value <= evidence + 4.0 * form.se + 1e-9,
            "{}: {form:?} is above {evidence}",
            fit.guide
        );
        for other in forms {
            let se = form.se.hypot(other.se);
            assert!(
                (form.value - other.value).abs() <= 4.0 * se + 1e-9,
                "{}: {form:?} against {other:?}",
                fit.guide
            );
        }
    }
    e
}

/// One summary against the exact mean and sd, both within a share of the sd. With 4000 draws the Monte Carlo error is
/// 0.016 sd of the mean and 1.1% of the sd.
fn check_row(fit: &Fit, name: &str, mean: f64, sd: f64, mean_share: f64, sd_share: f64) {
    let r = row(fit, name);
    assert!(
        (r.mean - mean).abs() <= mean_share * sd,
        "{} {name}: mean {} is not {mean} (sd {sd})",
        fit.guide,
        r.mean
    );
    assert!(
        (r.sd / sd - 1.0).abs() <= sd_share,
        "{} {name}: sd {} is not {sd}",
        fit.guide,
        r.sd
    );
}

/// A symmetric matrix's lower Cholesky factor.
fn cholesky(a: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut l = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let rest: f64 = a[i][j] - (0..j).map(|k| l[i][k] * l[j][k]).sum::<f64>();
            l[i][j] = if i == j { rest.sqrt() } else { rest / l[j][j] };
        }
    }
    l
}

/// x with L L' x = v.
fn solve(l: &[Vec<f64>], v: &[f64]) -> Vec<f64> {
    let n = v.len();
    let mut x = v.to_vec();
    for i in 0..n {
        x[i] = (x[i] - (0..i).map(|k| l[i][k] * x[k]).sum::<f64>()) / l[i][i];
    }
    for i in (0..n).rev() {
        x[i] = (x[i] - (i + 1..n).map(|k| l[k][i] * x[k]).sum::<f64>()) / l[i][i];
    }
    x
}

/// What is known of b ~ N(0, prior² I), y ~ N(X b, sd² I).
struct Linear {
    /// Posterior mean.
    mean: Vec<f64>,
    /// Posterior sds.
    sd: Vec<f64>,
    /// Sds of the best independent Gaussians: the precision's diagonal to the power -1/2.
    independent_sd: Vec<f64>,
    /// ln p(y)
    evidence: f64,
    /// KL from the best independent Gaussians to the posterior, (sum ln precision_ii - ln det precision) / 2.
    gap: f64,
}

/// Works it out.
fn linear(x: &[Vec<f64>], y: &[f64], prior: f64, sd: f64) -> Linear {
    let (n, k) = (y.len(), x.len());
    let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let precision: Vec<Vec<f64>> = (0..k)
        .map(|i| {
            (0..k)
                .map(|j| {
                    inner(&x[i], &x[j]) / (sd * sd)
                        + if i == j { 1.0 / (prior * prior) } else { 0.0 }
                })
                .collect()
        })
        .collect();
    let l = cholesky(&precision);
    let projected: Vec<f64> = x.iter().map(|c| inner(c, y) / (sd * sd)).collect();
    let mean = solve(&l, &projected);
    let unit = |i: usize| {
        (0..k)
            .map(|j| f64::from(u8::from(i == j)))
            .collect::<Vec<_>>()
    };
    let posterior_sd = (0..k).map(|i| solve(&l, &unit(i))[i].sqrt()).collect();
    let ln_det: f64 = (0..k).map(|i| 2.0 * l[i][i].ln()).sum();
    let squares = inner(y, y) / (sd * sd) - inner(&projected, &mean);
    let evidence = -0.5
        * (n as f64 * (LN_2_PI + 2.0 * sd.ln()) + 2.0 * k as f64 * prior.ln() + ln_det + squares);
    let ln_diagonal: f64 = (0..k).map(|i| precision[i][i].ln()).sum();
    Linear {
        mean,
        sd: posterior_sd,
        independent_sd: (0..k).map(|i| precision[i][i].powf(-0.5)).collect(),
        evidence,
        gap: 0.5 * (ln_diagonal - ln_det),
    }
}

#[test]
fn normal_mean_of_known_variance() {
    let y: Vec<f64> = spread(20, 0.1)
        .iter()
        .map(|u| 2.0 + 3.0 * (u - 0.5))
        .collect();
    let exact = linear(&[vec![1.0; 20]], &y, 2.0, 1.5);
    let evidence = exact.evidence;
    for guide in GUIDES {
        let fit = fit(
            "data y[row]: real; mu ~ Normal(0, 2); observe y ~ Normal(mu, 1.5);",
            &csv(&[("y", &y)]),
            &with_guide(guide),
        );
        let e = check_bound(&fit, evidence);
        assert!(
            (e.by_prior.value - evidence).abs() < 0.01,
            "{e:?} is not {evidence}"
        );
        assert!(
            (e.log_evidence.value - evidence).abs() < 0.01,
            "{e:?} is not {evidence}"
        );
        check_row(&fit, "mu", exact.mean[0], exact.sd[0], 0.08, 0.05);
    }
}

#[test]
fn regression_with_correlated_columns() {
    let n = 30;
    let columns: Vec<Vec<f64>> = [0.0, 0.37, 0.71].iter().map(|s| spread(n, *s)).collect();
    let a: Vec<f64> = spread(n, 0.2).iter().map(|u| 2.0 * u - 1.0).collect();
    let b: Vec<f64> = a
        .iter()
        .zip(&columns[1])
        .map(|(a, u)| 0.9 * a + 0.2 * (((u * 7.0).fract()) - 0.5))
        .collect();
    let c: Vec<f64> = b
        .iter()
        .enumerate()
        .map(|(i, b)| -0.7 * b + 0.3 * (i as f64).sin())
        .collect();
    let y: Vec<f64> = (0..n)
        .map(|i| a[i] - 0.5 * b[i] + 2.0 * c[i] + (1.7 * i as f64).cos())
        .collect();
    let exact = linear(&[a.clone(), b.clone(), c.clone()], &y, 2.0, 0.8);
    let data = csv(&[("x_a", &a), ("x_b", &b), ("x_c", &c), ("y", &y)]);
    let model = "axis k = columns(\"x_*\"); data X[row, k]: real; data y[row]: real;
        beta[k] ~ Normal(0, 2); observe y ~ Normal(X @ beta, 0.8);";
    for guide in GUIDES {
        let fit = fit(model, &data, &with_guide(guide));
        let e = check_bound(&fit, exact.evidence);
        // With the right guide log q - log p(z | y) is constant: forms 2 and 3 have next to no Monte Carlo error. The
        // best independent Gaussians are known too; k-hat forbids to correct their sds.
        let (sd, gap) = match guide {
            GuideChoice::FullRank => (&exact.sd, 0.0),
            _ => (&exact.independent_sd, exact.gap),
        };
        let off = e.by_prior.value - (exact.evidence - gap);
        assert!(off.abs() < 4.0 * e.by_prior.se + 0.01, "{e:?} is {off} off");
        if guide == GuideChoice::FullRank {
            assert!(
                (e.log_evidence.value - exact.evidence).abs() < 0.01,
                "{e:?}"
            );
        } else {
            assert!(fit.k_hat > 0.7, "{}", fit.k_hat);
        }
        for (i, name) in ["beta[a]", "beta[b]", "beta[c]"].iter().enumerate() {
            check_row(&fit, name, exact.mean[i], sd[i], 0.08, 0.05);
        }
    }
}

#[test]
fn beta_and_bernoulli() {
    let y: Vec<f64> = spread(25, 0.3)
        .iter()
        .map(|u| f64::from(u8::from(*u < 0.7)))
        .collect();
    let successes: f64 = y.iter().sum();
    let (a, b) = (2.0 + successes, 3.0 + 25.0 - successes);
    let ln_beta = |a: f64, b: f64| ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    let evidence = ln_beta(a, b) - ln_beta(2.0, 3.0);
    let (mean, sd) = (a / (a + b), (a * b / (a + b + 1.0)).sqrt() / (a + b));
    for guide in GUIDES {
        let fit = fit(
            "data y[row]: bool; p ~ Beta(2, 3); observe y ~ Bernoulli(p);",
            &csv(&[("y", &y)]),
            &with_guide(guide),
        );
        let e = check_bound(&fit, evidence);
        // A Gaussian for logit p is close but not exact.
        assert!(
            (e.by_entropy.value - evidence).abs() < 0.05,
            "{e:?} is not {evidence}"
        );
        check_row(&fit, "p", mean, sd, 0.08, 0.06);
    }
}

#[test]
fn gamma_and_poisson() {
    let y = [3.0, 0.0, 2.0, 5.0, 1.0, 4.0, 2.0, 2.0, 3.0, 1.0];
    let total: f64 = y.iter().sum();
    let (a, b): (f64, f64) = (2.0 + total, 0.5 + 10.0);
    let factorials: f64 = y.iter().map(|v| ln_gamma(v + 1.0)).sum();
    let evidence = 2.0 * 0.5f64.ln() - ln_gamma(2.0) + ln_gamma(a) - a * b.ln() - factorials;
    for guide in GUIDES {
        let fit = fit(
            "data y[row]: int; r ~ Gamma(2, 0.5); observe y ~ Poisson(r);",
            &csv(&[("y", &y)]),
            &with_guide(guide),
        );
        let e = check_bound(&fit, evidence);
        assert!(
            (e.by_entropy.value - evidence).abs() < 0.05,
            "{e:?} is not {evidence}"
        );
        check_row(&fit, "r", a / b, a.sqrt() / b, 0.08, 0.06);
    }
}
