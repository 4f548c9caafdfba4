//! The posterior of discrete unknowns after a fit: probabilities and the most probable values against enumeration.

use ppl_infer::discrete::Discrete;
use ppl_lang::FitOptions;
use ppl_tests::{csv, fit, ln_normal};

/// Probabilities of each value of each of `n` variables with `k` values, and the most probable state.
fn enumerated(
    n: usize,
    k: usize,
    ln_joint: impl Fn(&[usize]) -> f64,
) -> (Vec<Vec<f64>>, Vec<usize>) {
    let mut sums = vec![vec![0.0; k]; n];
    let mut best = (f64::NEG_INFINITY, vec![]);
    let mut total = 0.0;
    for s in 0..k.pow(n as u32) {
        let z: Vec<usize> = (0..n).map(|i| s / k.pow(i as u32) % k).collect();
        let ln = ln_joint(&z);
        if ln > best.0 {
            best = (ln, z.clone());
        }
        total += ln.exp();
        for (i, &v) in z.iter().enumerate() {
            sums[i][v] += ln.exp();
        }
    }
    sums.iter_mut().flatten().for_each(|p| *p /= total);
    (sums, best.1)
}

fn assert_same(found: &Discrete, expected: &(Vec<Vec<f64>>, Vec<usize>)) {
    for (a, b) in found
        .probabilities
        .iter()
        .flatten()
        .zip(expected.0.iter().flatten())
    {
        assert!((a - b).abs() < 1e-10, "{found:?}\n{expected:?}");
    }
    assert_eq!(found.most_probable, expected.1);
}

/// A latent that has nothing to do with the rest: the probabilities are then the same at every draw.
const APART: &str = "m ~ Normal(0, 1); observe 0.3 ~ Normal(m, 1);";

#[test]
fn smoothed_states_and_the_most_probable_path() {
    let y = [0.2, 1.7, 0.4, 1.2, -0.3, 0.9, 2.0];
    let model = format!(
        "axis s = {{low, high}}; data y[row]: real; let start[s] = [0.6, 0.4]; let mu[s] = [0, 1.5];
        let p[i in s, s] = if i == low {{ [0.7, 0.3] }} else {{ [0.2, 0.8] }}; {APART}
        for t in row {{
            z[t] ~ if first(t) {{ Categorical(start) }} else {{ Categorical(p[z[t - 1]]) }};
            observe y[t] ~ Normal(mu[z[t]], 1);
        }}"
    );
    let fit = fit(&model, &csv(&[("y", &y)]), &FitOptions::default());
    let p = [[0.7f64, 0.3], [0.2, 0.8]];
    let expected = enumerated(7, 2, |z| {
        (0..7)
            .map(|t| {
                let step = if t == 0 {
                    [0.6f64, 0.4][z[0]]
                } else {
                    p[z[t - 1]][z[t]]
                };
                step.ln() + ln_normal(y[t], 1.5 * z[t] as f64, 1.0)
            })
            .sum()
    });
    assert_eq!(fit.discrete.len(), 1);
    assert_eq!(fit.discrete[0].values, ["low", "high"]);
    assert_eq!(fit.discrete[0].elements[2], "z[3]");
    assert_same(&fit.discrete[0], &expected);
}

#[test]
fn sites_that_depend_on_each_other() {
    let y = [0.2, 1.7, -0.4];
    let model = format!(
        "data y[row]: real; {APART}
        a ~ Bernoulli(0.3); b[row] ~ Bernoulli(if a {{ 0.8 }} else {{ 0.4 }}); n ~ DiscreteUniform(1, 2);
        observe y ~ Normal(b * n, 0.7);"
    );
    let fit = fit(&model, &csv(&[("y", &y)]), &FitOptions::default());
    // a, n, then b.
    let expected = enumerated(5, 2, |z| {
        let of = |p: f64, v: usize| if v == 1 { p } else { 1.0 - p }.ln();
        let rows = (0..3).map(|i| {
            let b = z[2 + i];
            of([0.4, 0.8][z[0]], b) + ln_normal(y[i], b as f64 * (1.0 + z[1] as f64), 0.7)
        });
        of(0.3, z[0]) + rows.sum::<f64>()
    });
    let part = |range: std::ops::Range<usize>| {
        (
            expected.0[range.clone()].to_vec(),
            expected.1[range].to_vec(),
        )
    };
    let site = |name: &str| {
        fit.discrete
            .iter()
            .find(|d| d.name == name)
            .expect("a site")
    };
    assert_same(site("a"), &part(0..1));
    assert_same(site("n"), &part(1..2));
    assert_same(site("b"), &part(2..5));
    assert_eq!(site("n").values, ["1", "2"]);
}
