//! Simulation-based calibration in small: ranks of true values among draws of fits to simulated data are uniform (Talts and others
//! 2018). `cargo xtask sbc tests/sbc/*.ppl` does it with 500 fits of six models.

use ppl_lang::parts::infer::simulate::{SimulateError, simulate};
use ppl_lang::{Bound, FitOptions, Silent};
use ppl_tests::bind;

const MODEL: &str = "data x[row]: real; data y[row]: real;
m ~ Normal(0, 2); b ~ Normal(0, 1); s ~ Gamma(20, 20); observe y ~ Normal(m + b * x, s);";

const FITS: usize = 80;
const RANKED: usize = 99;
const BINS: usize = 8;

/// 99.9% of the chi-square distribution with 7 degrees of freedom (scipy.stats.chi2.ppf(0.999, 7)).
const LIMIT: f64 = 24.322;

fn bound() -> Bound {
    let rows: String = (0..12).map(|i| format!("{},0\n", i % 5)).collect();
    bind(MODEL, &format!("x,y\n{rows}"))
}

/// Chi-square of the ranks of the unknowns, with the distances of the true values from the means stretched by each factor.
fn squares(stretches: [f64; 2]) -> [Vec<f64>; 2] {
    let bound = bound();
    let simulated = simulate(bound.inner(), FITS, 3).expect("a model that can be drawn from");
    let names = ["m", "b", "s"];
    let mut counts = [[[0usize; BINS]; 3]; 2];
    for s in 0..FITS {
        let mut inner = bound.inner().clone();
        for (id, values) in &simulated.data {
            inner = inner.with_numbers(*id, values.row(s).to_vec());
        }
        let options = FitOptions {
            seed: s as u64,
            ..FitOptions::default()
        };
        let fit = Bound::from(inner).fit(&options, &mut Silent);
        let fit = fit.expect("a model that can be fitted");
        for (k, name) in names.iter().enumerate() {
            let place = |names: &[String]| names.iter().position(|n| n == name).expect("it");
            let truth = simulated.sites.values[[s, place(&simulated.sites.names)]];
            let draws = fit.draws.values.column(place(&fit.draws.names));
            let mean = draws.mean().expect("draws");
            let step = draws.len() / RANKED;
            for (stretch, counts) in stretches.iter().zip(&mut counts) {
                let truth = mean + stretch * (truth - mean);
                let below = (0..RANKED).filter(|i| draws[i * step] < truth).count();
                counts[k][below * BINS / (RANKED + 1)] += 1;
            }
        }
    }
    let expected = FITS as f64 / BINS as f64;
    let square = |c: &usize| (*c as f64 - expected).powi(2) / expected;
    counts.map(|all| all.iter().map(|c| c.iter().map(square).sum()).collect())
}

#[test]
fn ranks_are_uniform_and_those_of_too_narrow_posteriors_are_not() {
    let [right, narrow] = squares([1.0, 2.0]);
    assert!(right.iter().all(|s| *s < LIMIT), "{right:?}");
    assert!(narrow.iter().any(|s| *s > LIMIT), "{narrow:?}");
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let data = "y\n1\n2\n";
    let refused = |model: &str| {
        let bound = bind(model, data);
        let found = simulate(bound.inner(), 3, 1);
        matches!(found, Err(SimulateError::Refused(_)))
    };
    assert!(refused(
        "data y[row]: real; m ~ Flat(); observe y ~ Normal(m, 1);"
    ));
    assert!(refused(
        "data y[row]: real; m: positive ~ Normal(0, 1); observe y ~ Normal(m, 1);"
    ));
    assert!(refused(
        "data y[row]: real; m ~ Normal(0, 1); observe log(y) ~ Normal(m, 1);"
    ));
    assert!(refused(
        "data y[row]: real; m ~ Normal(0, 1); factor -m ^ 2; observe y ~ Normal(m, 1);"
    ));
}
