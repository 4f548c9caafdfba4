//! Integrals over a grid, and what a fit says against them.

use ppl_lang::Fit;

/// So many points from one number to another, with their distance.
pub fn grid(from: f64, to: f64, n: usize) -> (Vec<f64>, f64) {
    let step = (to - from) / (n - 1) as f64;
    ((0..n).map(|i| from + step * i as f64).collect(), step)
}

/// ln of the integral of exp `f` over a grid with this step, and the mean and sd of `g` under it.
pub fn quadrature(
    grid: &[f64],
    step: f64,
    f: impl Fn(f64) -> f64,
    g: impl Fn(f64) -> f64,
) -> [f64; 3] {
    let logs: Vec<f64> = grid.iter().map(|x| f(*x)).collect();
    let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|l| (l - peak).exp()).collect();
    let total: f64 = weights.iter().sum();
    let pairs = || weights.iter().zip(grid);
    let mean = pairs().map(|(w, x)| w * g(*x)).sum::<f64>() / total;
    let square = pairs()
        .map(|(w, x)| w * (g(*x) - mean).powi(2))
        .sum::<f64>()
        / total;
    [peak + (total * step).ln(), mean, square.sqrt()]
}

/// What the fit says of the evidence and of one quantity, against the truth (log evidence, mean, sd): within Monte Carlo error, and the bound
/// within `gap` below the evidence.
///
/// # Panics
/// Where it does not agree.
pub fn agrees(fit: &Fit, name: &str, truth: [f64; 3], gap: f64) {
    let elbo = fit.elbo.as_ref().expect("a bound");
    let (bound, evidence) = (elbo.headline(), elbo.log_evidence);
    let [log_evidence, mean, sd] = truth;
    assert!(
        (evidence.value - log_evidence).abs() < 4.0 * evidence.se + 1e-3,
        "evidence {evidence:?} instead of {log_evidence}"
    );
    assert!(
        bound.value < log_evidence + 4.0 * bound.se + 1e-6
            && bound.value > log_evidence - gap - 4.0 * bound.se,
        "bound {bound:?} under {log_evidence}"
    );
    let row = fit.rows.iter().find(|r| r.name == name).expect(name);
    assert!(
        (row.mean - mean).abs() < 4.0 * row.mcse,
        "{name}: mean {} +- {} instead of {mean}",
        row.mean,
        row.mcse
    );
    assert!(
        (row.sd / sd - 1.0).abs() < 0.06,
        "{name}: sd {} instead of {sd}",
        row.sd
    );
}
