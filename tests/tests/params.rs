//! `param`: every kind reaches its optimum, from a start inside it, and a mixture's params are those of its EM algorithm.

use ppl_lang::{Fit, FitOptions};
use ppl_tests::{csv, fit, ln_normal, log_sum_exp, row, spread};

fn options() -> FitOptions {
    FitOptions::default()
}

/// A param's values in declared order.
fn values(fit: &Fit, name: &str) -> Vec<f64> {
    let rows = fit.rows.iter();
    rows.filter(|r| r.name.split('[').next() == Some(name))
        .map(|r| r.mean)
        .collect()
}

#[test]
fn kinds_reach_their_targets() {
    let model = "axis k = 3; axis g = {a, b};
        data y[row]: real;
        let wa[k] = [0.2, 0.3, 0.5]; let wb[k] = [0.1, 0.1, 0.8];
        param w[g, k]: simplex = [0.1, 0.5, 0.4];
        param wt[k, g]: real(0, inf) = 1;
        param o[k]: ordered = [1, 2, 3];
        param p[k]: positive_ordered = [1, 2, 3];
        param q[k]: sum_to_zero = 0;
        param C[k, k]: corr_cholesky = [[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]];
        param R[k, k]: corr = [[1, 0.1, 0], [0.1, 1, 0], [0, 0, 1]];
        param S[k, k]: cov = [[1, 0.1, 0], [0.1, 1, 0], [0, 0, 1]];
        param F[k, k]: cov_cholesky = [[1, 0, 0], [0.8, 0.6, 0], [0.3, 0.2, 1]];
        param u: real(-inf, 3) = 0;
        param v: real(2, 5) = 3;
        let to[k] = [-3, 0.5, 4]; let tp[k] = [0.5, 1, 4]; let tq[k] = [-3, 1, 2];
        let TC[i in k, j in k] = if i == 2 { if j == 1 { 0.6 } else { if j == 2 { 0.8 } else { 0 } } } else { if i == j { 1 } else { 0 } };
        factor -sum(i in k: (w[a, i] - wa[i])^2 + (w[b, i] - wb[i])^2 + (wt[i, a] - 2)^2 + (wt[i, b] - 5)^2);
        factor -sum((o - to)^2) - sum((p - tp)^2) - sum((q - tq)^2) - (u - 2.5)^2 - (v - 4.5)^2;
        factor -sum(i in k, j in k: (C[i, j] - TC[i, j])^2 + (R[i, j] - (if i == j { 1 } else { 0.3 }))^2 + (S[i, j] - (if i == j { 2 } else { 0.3 }))^2 + (F[i, j] - TC[i, j])^2);
        m ~ Normal(0, 1);
        observe y ~ Normal(m, 1);";
    let fit = fit(model, &csv(&[("y", &[0.3, 0.5])]), &options());
    let factor = [1.0, 0.0, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0];
    let square = |d: f64, o: f64| [d, o, o, o, d, o, o, o, d];
    let (r, s) = (square(1.0, 0.3), square(2.0, 0.3));
    let cases: &[(&str, &[f64])] = &[
        ("w", &[0.2, 0.3, 0.5, 0.1, 0.1, 0.8]),
        ("wt", &[2.0, 5.0, 2.0, 5.0, 2.0, 5.0]),
        ("o", &[-3.0, 0.5, 4.0]),
        ("p", &[0.5, 1.0, 4.0]),
        ("q", &[-3.0, 1.0, 2.0]),
        ("C", &factor),
        ("F", &factor),
        ("R", &r),
        ("S", &s),
        ("u", &[2.5]),
        ("v", &[4.5]),
    ];
    for (name, want) in cases {
        let found = values(&fit, name);
        assert_eq!(found.len(), want.len(), "{name}");
        for (f, w) in found.iter().zip(*want) {
            assert!((f - w).abs() < 1e-3, "{name}: {found:?}");
        }
    }
}

/// Weights, means and the common sd of a mixture of three normals, by the EM algorithm written out.
fn em(y: &[f64], mut w: [f64; 3], mut mu: [f64; 3], mut s: f64) -> ([f64; 3], [f64; 3], f64, f64) {
    let mut total = 0.0;
    for _ in 0..20_000 {
        let (mut n, mut sum, mut squares) = ([0.0; 3], [0.0; 3], 0.0);
        total = 0.0;
        for &x in y {
            let terms: Vec<f64> = (0..3).map(|k| w[k].ln() + ln_normal(x, mu[k], s)).collect();
            let all = log_sum_exp(&terms);
            total += all;
            for k in 0..3 {
                let r = (terms[k] - all).exp();
                n[k] += r;
                sum[k] += r * x;
                squares += r * (x - mu[k]).powi(2);
            }
        }
        // Squares about the former means: at the fixed point the former and the new means agree.
        s = (squares / y.len() as f64).sqrt();
        for k in 0..3 {
            w[k] = n[k] / y.len() as f64;
            mu[k] = sum[k] / n[k];
        }
    }
    (w, mu, s, total)
}

#[test]
fn a_mixture_ends_where_em_ends() {
    let mut y = vec![];
    for (n, centre) in [(15, -2.0), (20, 0.5), (10, 4.0)] {
        y.extend(spread(n, 0.2).iter().map(|u| centre + 0.6 * u));
    }
    let fit = fit(
        "axis k = 3;
        data y[row]: real;
        param w[k]: simplex = 1 / size(k);
        param mu[k]: ordered = [-1, 0, 1];
        param s: positive = 1;
        z[row] ~ Categorical(w);
        observe y ~ Normal(mu[z], s);",
        &csv(&[("y", &y)]),
        &options(),
    );
    let (w, mu, s, total) = em(&y, [1.0 / 3.0; 3], [-1.0, 0.0, 1.0], 1.0);
    let found = values(&fit, "w");
    for (k, want) in w.iter().enumerate() {
        assert!((found[k] - want).abs() < 1e-3, "{found:?} {w:?}");
    }
    let found = values(&fit, "mu");
    for (k, want) in mu.iter().enumerate() {
        assert!((found[k] - want).abs() < 1e-3, "{found:?} {mu:?}");
    }
    assert!((row(&fit, "s").mean - s).abs() < 1e-3);
    // Without unknowns that are drawn the bound is the log likelihood.
    let bound = fit.elbo.as_ref().expect("a bound").by_prior.value;
    assert!((bound - total).abs() < 1e-5, "{bound} {total}");
}
