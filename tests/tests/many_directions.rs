//! Hessians of long data take many products at once: the fit is that of the same posterior from short data.

use ppl_lang::{Fit, GuideChoice, Silent};
use ppl_tests::{arrays, bind_to, with_guide};

const COEFFICIENTS: usize = 24;
const ROWS: usize = 1_000;
const TIMES: usize = 10;

fn wave(i: usize) -> f64 {
    ((i * 37 + i / 13 * 11 + 5) % 101) as f64 / 101.0 - 0.5
}

/// A logistic regression in which every row is there so many times, or counted as often.
fn fitted(times: usize, counted: usize) -> Fit {
    let x: Vec<f64> = (0..ROWS * COEFFICIENTS).map(wave).collect();
    let eta = |row: &[f64]| {
        row.iter()
            .enumerate()
            .map(|(k, x)| x * wave(k * 7))
            .sum::<f64>()
    };
    let rows = x.chunks(COEFFICIENTS).enumerate();
    let y = rows.map(|(i, row)| f64::from(u8::from(eta(row) + wave(i * 29 + 3) > 0.0)));
    let y: Vec<f64> = y.map(|y| y * counted as f64).collect();
    let n = ROWS * times;
    let data = arrays(&[
        ("x", &[n, COEFFICIENTS], &x.repeat(times)),
        ("y", &[n], &y.repeat(times)),
    ]);
    let model = format!(
        "axis k = {COEFFICIENTS}; data x[row, k]: real; data y[row]: int;
         b[k] ~ Normal(0, 1); observe y ~ BinomialLogit({counted}, x @ b);"
    );
    bind_to(&model, &data)
        .fit(&with_guide(GuideChoice::FullRank), &mut Silent)
        .expect("a fit")
}

#[test]
fn repeated_rows_are_counted_rows() {
    let (long, short) = (fitted(TIMES, 1), fitted(1, TIMES));
    let bound = |fit: &Fit| fit.elbo.expect("a bound").by_entropy;
    let (a, b) = (bound(&long), bound(&short));
    assert!(
        (a.value - b.value).abs() < 5.0 * a.se.hypot(b.se),
        "{a:?} and {b:?}"
    );
    // Of as many draws as the dearer one has.
    let few = 5.0 / (long.certificate.draws.min(short.certificate.draws) as f64).sqrt();
    for (one, other) in long.guide_rows.iter().zip(&short.guide_rows) {
        let off = (one.mean - other.mean) / other.sd;
        assert!(off.abs() < few, "{}: {off} sds", one.name);
        let ratio = one.sd / other.sd;
        assert!((ratio - 1.0).abs() < few, "{}: {ratio}", one.name);
    }
}
