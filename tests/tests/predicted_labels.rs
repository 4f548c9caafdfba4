//! Predictions that read summed-out sites, and predictions of several numbers.

use ppl_infer::predict::predict;
use ppl_lang::{Draws, FitOptions, Silent};
use ppl_tests::enumeration::enumerated;
use ppl_tests::{bind, csv, ln_normal};

/// Draws without any unknowns but summed-out ones.
fn nothing(n: usize) -> Draws {
    Draws {
        names: vec![],
        values: ndarray::Array2::zeros((n, 0)),
    }
}

fn means(draws: &Draws) -> Vec<f64> {
    let n = draws.values.nrows() as f64;
    draws
        .values
        .columns()
        .into_iter()
        .map(|c| c.sum() / n)
        .collect()
}

/// Within five standard errors of a mean of numbers whose variance is at most `variance`.
fn close(found: &[f64], expected: &[f64], n: usize, variance: f64) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!(
            (f - e).abs() < 5.0 * (variance / n as f64).sqrt(),
            "{found:?} {expected:?}"
        );
    }
}

const Y: [f64; 7] = [0.3, 1.9, -0.7, 0.8, 1.2, -0.1, 0.6];

/// Neighbours along a chain, and ends: their joint distribution, not only that of each.
#[test]
fn a_chain() {
    let model = "axis k = 2; data y[row]: real; let p[k] = [0.4, 0.6]; let m[k] = [-0.5, 1];
        let P[k, k] = [[0.8, 0.2], [0.3, 0.7]];
        for t in row { z[t] ~ if first(t) { Categorical(p) } else { Categorical(P[z[t-1]]) };
          observe y[t] ~ Normal(m[z[t]], 1);
          predict same[t] ~ if first(t) { Constant(0) } else { Constant(z[t] == z[t-1]) }; }
        predict mean ~ Constant((m[z[1]] + m[z[7]])^2);";
    let n = 4000;
    let bound = bind(model, &csv(&[("y", &Y)]));
    let found = predict(bound.inner(), &nothing(n), 3, false).expect("predictions");
    let m = [-0.5, 1.0];
    let ln_p = |z: &[usize]| -> f64 {
        let steps = (0..7).map(|t| {
            let step = match t {
                0 => [0.4f64, 0.6][z[0]],
                _ => [[0.8, 0.2], [0.3, 0.7]][z[t - 1]][z[t]],
            };
            step.ln() + ln_normal(Y[t], m[z[t]], 1.0)
        });
        steps.sum()
    };
    let total = enumerated(7, 2, |z| ln_p(z));
    let mean = |f: &dyn Fn(&[usize]) -> f64| {
        // All functions here are positive, or 0.
        let sum = enumerated(7, 2, |z| ln_p(z) + f(z).ln());
        (sum - total).exp()
    };
    let mut expected = vec![0.0];
    expected
        .extend((1..7).map(|t| mean(&move |z: &[usize]| f64::from(u8::from(z[t] == z[t - 1])))));
    expected.push(mean(&|z| (m[z[0]] + m[z[6]]).powi(2)));
    close(&means(&found.draws), &expected, n, 3.0);
}

/// Two axes, chains along one of them; an observation couples the chains in pairs; continuous unknowns beside them.
#[test]
fn chains_in_a_plate_and_coupled() {
    let model = "axis k = 2; axis g = {u, v}; axis t = 3; data y[row]: real;
        let p[k] = [0.4, 0.6]; let m[k] = [-0.5, 1]; let P[k, k] = [[0.8, 0.2], [0.3, 0.7]];
        for a in g { for i in t { z[a, i] ~ if first(i) { Categorical(p) } else { Categorical(P[z[a, i-1]]) }; } }
        s ~ Bernoulli(0.3);
        for i in t { factor log_density(Normal(m[z[u, i]] * m[z[v, i]] + s, 0.5), 0.5); }
        for a in g { predict both[a] ~ Constant(z[a, 1] == z[a, 3] && s == 1); }";
    let n = 4000;
    let bound = bind(model, &csv(&[("y", &Y)]));
    let found = predict(bound.inner(), &nothing(n), 3, false).expect("predictions");
    let m = [-0.5, 1.0];
    // z[1, .], z[2, .], s
    let ln_p = |z: &[usize]| -> f64 {
        let mut sum = [0.7f64, 0.3][z[6]].ln();
        for a in 0..2 {
            for i in 0..3 {
                sum += match i {
                    0 => [0.4f64, 0.6][z[a * 3]],
                    _ => [[0.8, 0.2], [0.3, 0.7]][z[a * 3 + i - 1]][z[a * 3 + i]],
                }
                .ln();
            }
        }
        let seen = (0..3).map(|i| ln_normal(0.5, m[z[i]] * m[z[3 + i]] + z[6] as f64, 0.5));
        sum + seen.sum::<f64>()
    };
    let total = enumerated(7, 2, |z| ln_p(z));
    let expected: Vec<f64> = (0..2)
        .map(|a| {
            let hit = |z: &[usize]| z[a * 3] == z[a * 3 + 2] && z[6] == 1;
            let sum = enumerated(7, 2, |z| if hit(z) { ln_p(z) } else { f64::NEG_INFINITY });
            (sum - total).exp()
        })
        .collect();
    close(&means(&found.draws), &expected, n, 0.25);
}

#[test]
fn vectors_and_arrays() {
    let model = "axis k = 3; axis c = {p, q}; data y[row]: real; mu ~ Normal(0, 1); observe y ~ Normal(mu, 1);
        let m[k] = [1, 2, 3]; let L[k, k] = [[1, 0, 0], [0.5, 1, 0], [0.2, 0.1, 2]];
        predict v[c, k] ~ MultiNormal(m, scale_tril = L);
        predict w[k] ~ Dirichlet(m);
        predict u[row, c] ~ Normal(10 * y, 1);
        predict walk[row] ~ GaussianRandomWalk(0.5);
        predict counts[k] ~ Multinomial(20, m / 6);";
    let data = csv(&[("y", &Y[..4])]);
    let bound = bind(model, &data);
    let fit = bound
        .fit(&FitOptions::default(), &mut Silent)
        .expect("a fit");
    let n = fit.draws.values.nrows();
    let found = bound.predict(&fit.draws, 5).expect("predictions");
    let names = &found.draws.names;
    assert_eq!(names[1], "v[p,2]");
    assert_eq!(names.len(), 6 + 3 + 8 + 4 + 3);
    let mean = means(&found.draws);
    close(&mean[..6], &[1.0, 2.0, 3.0, 1.0, 2.0, 3.0], n, 4.1);
    close(&mean[6..9], &[1.0 / 6.0, 2.0 / 6.0, 0.5], n, 0.1);
    let u: Vec<f64> = Y[..4].iter().flat_map(|y| [10.0 * y, 10.0 * y]).collect();
    close(&mean[9..17], &u, n, 1.0);
    close(&mean[21..], &[20.0 / 6.0, 40.0 / 6.0, 10.0], n, 5.0);
    for row in found.draws.values.rows() {
        assert!((row[6] + row[7] + row[8] - 1.0).abs() < 1e-12);
        assert_eq!(row[21] + row[22] + row[23], 20.0);
    }
    // cov(v1, v3) = 0.2, cov(v2, v3) = 0.2, and steps of the walk add up.
    let cov = |a: usize, b: usize| {
        let sum: f64 = found
            .draws
            .values
            .rows()
            .into_iter()
            .map(|r| (r[a] - mean[a]) * (r[b] - mean[b]))
            .sum();
        sum / n as f64
    };
    close(
        &[cov(0, 2), cov(1, 2), cov(0, 1)],
        &[0.2, 0.2, 0.5],
        n,
        10.0,
    );
    close(
        &[cov(17, 17), cov(20, 20), cov(17, 20)],
        &[0.25, 1.0, 0.25],
        n,
        2.5,
    );
}

/// Within a fit, whose guide has params of its own: copies of the data and missing cells.
#[test]
fn in_a_fit() {
    let model =
        "axis k = 2; data y[row]: real?; mu[k]: ordered ~ Normal(0, 5); w[k] ~ Dirichlet(1);
        z[row] ~ Categorical(w); observe y ~ Normal(mu[z], 1);
        predict again[row] ~ Normal(mu[z], 1);";
    let near = |at: f64| (0..20).map(move |i| at + 0.9 * ((i * 7 % 20) as f64 - 9.5) / 10.0);
    let cells = near(-6.0).chain(near(6.0)).map(|v| format!("{v}\n"));
    let data: String = ["y\n".to_owned()]
        .into_iter()
        .chain(cells)
        .collect::<String>()
        + "NA\n";
    let fit = ppl_tests::fit(model, &data, &FitOptions::default());
    // A copy of a row comes from the row's component: its mean is that of the component.
    let component = [ppl_tests::row(&fit, "mu[1]"), ppl_tests::row(&fit, "mu[2]")];
    for i in [1, 20, 21, 40] {
        let row = ppl_tests::row(&fit, &format!("again[{i}]"));
        let mu = component[usize::from(i > 20)];
        assert!(
            (row.mean - mu.mean).abs() < 5.0 * row.mcse.hypot(mu.mcse),
            "{row:?} {mu:?}"
        );
    }
    // Of the missing cell nothing is known but the mixture.
    let missing = ppl_tests::row(&fit, "y[41]");
    assert_eq!(missing.role, "imputed");
    let mean = 0.5 * (component[0].mean + component[1].mean);
    assert!(
        (missing.mean - mean).abs() < 5.0 * missing.mcse + 0.5,
        "{missing:?}"
    );
    assert!(missing.q5 < -5.0 && missing.q95 > 5.0, "{missing:?}");
}
