//! What the tests of holes share: what is said about a model, and its posterior by a sum over a grid.

use crate::{bind, dataset, log_sum_exp};
use ppl_lang::{Model, Point};

/// Panics unless this code is among all that is said about a model and its data.
#[track_caller]
pub fn says(model: &str, data: &str, code: &str) {
    let (parsed, mut found) = Model::parse(model);
    if let Some(parsed) = parsed {
        found.extend(parsed.bind(&dataset(data)).map_or_else(|e| e, |b| b.1));
    }
    let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    assert!(codes.contains(&code), "{codes:?}, not {code}: {model}");
}

/// Posterior mean and standard deviation of the one unknown of a model, which `link` takes from the real line to its support.
pub fn posterior(model: &str, data: &str, link: fn(f64) -> f64) -> (f64, f64) {
    let bound = bind(model, data);
    let density = |u: &f64| {
        let point = Point::Unconstrained(vec![*u]);
        let value = bound.density(&point).expect("one unknown").log_density;
        match value.is_nan() {
            true => f64::NEG_INFINITY,
            false => value,
        }
    };
    let grid = |low: f64, high: f64| -> Vec<f64> {
        (0..=80)
            .map(|i| low + (high - low) * f64::from(i) / 80.0)
            .collect()
    };
    // Where the mass is, then the mass.
    let coarse = grid(-15.0, 15.0);
    let found: Vec<f64> = coarse.iter().map(density).collect();
    let top = found.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let near = |i: &usize| found[*i] > top - 30.0;
    let (first, last) = (
        (0..=80).find(near).expect("some mass"),
        (0..=80).rev().find(near).expect("some mass"),
    );
    let grid = grid(coarse[first.saturating_sub(1)], coarse[(last + 1).min(80)]);
    let weights: Vec<f64> = grid.iter().map(density).collect();
    let total = log_sum_exp(&weights);
    let moment = |f: &dyn Fn(f64) -> f64| -> f64 {
        let terms = grid.iter().zip(&weights);
        terms.map(|(u, w)| (w - total).exp() * f(link(*u))).sum()
    };
    let mean = moment(&|x| x);
    (mean, moment(&|x| (x - mean).powi(2)).sqrt())
}

/// The whole line.
pub fn real(x: f64) -> f64 {
    x
}

/// Between 0 and 1.
pub fn unit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Equal, up to the width of the grid.
#[track_caller]
pub fn near(found: f64, want: f64) {
    assert!((found - want).abs() < 5e-3, "{found}, not {want}");
}
