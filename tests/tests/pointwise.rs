//! Log likelihoods of single observations, and leave-one-out from them, against closed forms.

use ndarray::{Array2, array};
use ppl_infer::compare::{Loo, leave_one_out};
use ppl_infer::pointwise::{Pointwise, pointwise};
use ppl_lang::{Bound, Dataset, FitOptions, GuideChoice, JsonArray};
use ppl_tests::{bind, bind_to, csv, fit};

fn ln_normal(y: f64, mean: f64, sd: f64) -> f64 {
    let z = (y - mean) / sd;
    -0.5 * z * z - sd.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
}

/// At given values of the unknowns.
fn at(model: &str, data: &str, names: &[&str], values: &[f64]) -> Result<Pointwise, String> {
    at_bound(&bind(model, data), names, values)
}

fn at_bound(bound: &Bound, names: &[&str], values: &[f64]) -> Result<Pointwise, String> {
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    // Enough draws, all alike.
    let n = 400;
    let all = Array2::from_shape_fn((n, values.len()), |(_, j)| values[j]);
    pointwise(bound.inner(), (&names, all.view()), &vec![0.0; n]).expect("a model that lowers")
}

#[track_caller]
fn close(found: &Pointwise, expected: &[f64]) {
    let found: Vec<f64> = found
        .log_likelihood
        .row(0)
        .iter()
        .map(|v| f64::from(*v))
        .collect();
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        // Single precision.
        assert!(
            (a - b).abs() < 1e-6 * b.abs().max(1.0),
            "{found:?} {expected:?}"
        );
    }
}

#[test]
fn observations_of_rows_groups_and_missing_cells() {
    let model = "data x[row]: real;\ndata y[row]: real?;\nm ~ Normal(0, 1);\nobserve y ~ Normal(m * x, 2);\nobserve x ~ Normal(m, 1);\n";
    let found = at(model, "x,y\n1,2\n3,\n-1,0.5\n", &["m"], &[0.7]).unwrap();
    let names: Vec<&str> = found.outcomes.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["x", "y"]);
    assert_eq!(found.outcomes[1].units, ["y[1]", "y[3]"]);
    let expected = [
        ln_normal(1.0, 0.7, 1.0),
        ln_normal(3.0, 0.7, 1.0),
        ln_normal(-1.0, 0.7, 1.0),
        ln_normal(2.0, 0.7, 2.0),
        ln_normal(0.5, -0.7, 2.0),
    ];
    close(&found, &expected);
}

#[test]
fn a_mixture_is_marginal_in_each_row() {
    let model = "data y[row]: real;\na ~ Normal(0, 5);\nb ~ Normal(0, 5);\nz[row] ~ Bernoulli(0.3);\nobserve y ~ if z { Normal(a, 1) } else { Normal(b, 0.5) };\n";
    let y = [0.2, -1.0, 3.0];
    let found = at(model, &csv(&[("y", &y)]), &["a", "b"], &[2.0, -0.5]).unwrap();
    let each =
        |y: f64| (0.3 * ln_normal(y, 2.0, 1.0).exp() + 0.7 * ln_normal(y, -0.5, 0.5).exp()).ln();
    assert_eq!(found.outcomes[0].units, ["y[1]", "y[2]", "y[3]"]);
    close(&found, &y.map(each));
}

#[test]
fn what_depends_on_each_other_through_a_chain_cannot_be_left_out() {
    let chain = "data y[row]: real;\nm ~ Normal(0, 1);\nfor t in row { z[t] ~ if first(t) { Bernoulli(0.5) } else { Bernoulli(0.1 + 0.8 * z[t-1]) }; }\nobserve y ~ Normal(m + z, 1);\n";
    let why = at(chain, "y\n1\n2\n3\n", &["m"], &[0.0]).unwrap_err();
    assert!(why.contains("reads the summed-out `z`"), "{why}");
    let why = at("m ~ Normal(0, 1);\nfactor -m * m;\n", "", &["m"], &[0.0]).unwrap_err();
    assert!(why.contains("no `observe`"), "{why}");
}

#[test]
fn fingerprints_tell_values_and_order() {
    let model = "data y[row]: real;\nm ~ Normal(0, 1);\nobserve y ~ Normal(m, 1);\n";
    let of = |model: &str, data: &str| at(model, data, &["m"], &[0.0]).unwrap().outcomes.remove(0);
    let first = of(model, "y\n1\n2\n");
    assert_eq!(
        first,
        of(&model.replace("(m, 1)", "(2 * m, 3)"), "y\n1\n2\n")
    );
    for other in ["y\n2\n1\n", "y\n1\n2.0000000001\n", "y\n1\n2\n3\n"] {
        assert_ne!(first.fingerprint, of(model, other).fingerprint, "{other}");
    }
    let logs = of(&model.replace("observe y", "observe log(y)"), "y\n1\n2\n");
    assert!(logs.name != first.name && logs.fingerprint != first.fingerprint);
}

/// Leave-one-out of a line with known noise 1 and priors Normal(0, 10): (elpd by row).
fn exact(x: &[f64], y: &[f64]) -> Vec<f64> {
    let one = |i: usize| {
        let mut p = array![[0.01, 0.0], [0.0, 0.01]];
        let mut h = [0.0, 0.0];
        for j in (0..x.len()).filter(|j| *j != i) {
            let row = [1.0, x[j]];
            for a in 0..2 {
                h[a] += row[a] * y[j];
                for b in 0..2 {
                    p[[a, b]] += row[a] * row[b];
                }
            }
        }
        let det = p[[0, 0]] * p[[1, 1]] - p[[0, 1]] * p[[1, 0]];
        let s = array![[p[[1, 1]], -p[[0, 1]]], [-p[[1, 0]], p[[0, 0]]]] / det;
        let mean = [
            s[[0, 0]] * h[0] + s[[0, 1]] * h[1],
            s[[1, 0]] * h[0] + s[[1, 1]] * h[1],
        ];
        let var = s[[0, 0]] + 2.0 * x[i] * s[[0, 1]] + x[i] * x[i] * s[[1, 1]];
        ln_normal(y[i], mean[0] + mean[1] * x[i], (1.0 + var).sqrt())
    };
    (0..x.len()).map(one).collect()
}

const LINE: &str = "data x[row]: real;\ndata y[row]: real;\na ~ Normal(0, 10);\nb ~ Normal(0, 10);\nobserve y ~ Normal(a + b * x, 1);\n";

/// Twenty points about a line, from `first` on.
fn points(first: f64) -> (Vec<f64>, Vec<f64>) {
    let noise = |i: usize| ((i * 37 % 19) as f64 - 9.0) / 6.0;
    let x: Vec<f64> = (0..20).map(|i| first + f64::from(i) / 10.0).collect();
    let y = x
        .iter()
        .enumerate()
        .map(|(i, x)| 1.0 + 0.5 * x + noise(i))
        .collect();
    (x, y)
}

fn left_out(x: &[f64], y: &[f64], guide: GuideChoice, seed: u64) -> Loo {
    let options = FitOptions {
        guide,
        seed,
        pointwise: true,
        ..FitOptions::default()
    };
    let fit = fit(LINE, &csv(&[("x", x), ("y", y)]), &options);
    leave_one_out(&fit.pointwise.expect("asked for"))
}

#[test]
fn leave_one_out_of_a_line_is_that_of_the_closed_form() {
    let (n, (x, y)) = (20, points(-0.8));
    let expected = exact(&x, &y);
    let total: f64 = expected.iter().sum();
    // The full-rank guide is the posterior; the mean-field guide is too narrow, and its weights have to make up for it.
    for guide in [GuideChoice::FullRank, GuideChoice::MeanField] {
        let runs: Vec<Loo> = (1..=8).map(|seed| left_out(&x, &y, guide, seed)).collect();
        let check = |what: &str, of: &dyn Fn(&Loo) -> f64, want: f64| {
            let values: Vec<f64> = runs.iter().map(of).collect();
            let mean = values.iter().sum::<f64>() / 8.0;
            let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 7.0).sqrt();
            // Five standard errors of eight independent runs.
            assert!(
                (mean - want).abs() < 5.0 * sd / 8f64.sqrt() + 1e-6,
                "{guide:?} {what}: {mean} with sd {sd}, not {want}"
            );
            // Plain weights have 0.14 by a simulation of their own; smoothing takes some of it away.
            assert!(sd < 0.15, "{guide:?} {what}: sd {sd}");
        };
        check("elpd", &|l| l.elpd.value, total);
        for i in [0, 7, n as usize - 1] {
            check("row", &|l| l.pointwise[i], expected[i]);
        }
        let se = {
            let mean = total / f64::from(n);
            let squares: f64 = expected.iter().map(|v| (v - mean).powi(2)).sum();
            (f64::from(n) * squares / f64::from(n - 1)).sqrt()
        };
        check("se", &|l| l.elpd.se, se);
        assert!(runs.iter().all(|l| l.guide_k_hat < l.k_threshold));
    }
}

#[test]
fn a_guide_that_is_too_narrow_for_its_weights_is_told() {
    // Far from zero, where intercept and slope are nearly one number: no draws near the guide reach that far.
    let (x, y) = points(3.0);
    let loo = left_out(&x, &y, GuideChoice::MeanField, 1);
    assert!(loo.guide_k_hat > loo.k_threshold, "{}", loo.guide_k_hat);
    assert!(!loo.unreliable().is_empty());
}

#[test]
fn one_of_several_chains_is_a_unit() {
    let model = "axis s = 2;\naxis t = 3;\ndata y[s, t]: real;\nm ~ Normal(0, 1);\nfor i in s { for j in t { z[i,j] ~ if first(j) { Bernoulli(0.5) } else { Bernoulli(0.1 + 0.8 * z[i,j-1]) }; } }\nobserve y ~ Normal(m + 3 * z, 1);\n";
    let y = [[0.0, 3.1, 2.5], [0.4, -0.2, 2.8]];
    let values = y.concat();
    let array = JsonArray {
        shape: vec![2, 3],
        values,
    };
    let data = Dataset {
        arrays: [("y".to_owned(), array)].into(),
        ..Dataset::empty()
    };
    let found = at_bound(&bind_to(model, &data), &["m"], &[0.3]).unwrap();
    let one = |y: [f64; 3]| {
        let path = |bits: u32| {
            let z = |j: usize| f64::from(bits >> j & 1);
            let each = (0..3).map(|j| {
                let p = if j == 0 { 0.5 } else { 0.1 + 0.8 * z(j - 1) };
                let prior = if z(j) == 1.0 { p } else { 1.0 - p };
                prior * ln_normal(y[j], 0.3 + 3.0 * z(j), 1.0).exp()
            });
            each.product::<f64>()
        };
        (0..8).map(path).sum::<f64>().ln()
    };
    assert_eq!(found.outcomes[0].units, ["y[1]", "y[2]"]);
    close(&found, &y.map(one));
}
