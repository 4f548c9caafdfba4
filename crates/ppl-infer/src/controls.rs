//! A mean with control variates: other functions of the same draws whose means are known.

use crate::elbo::mean_of;
use crate::fit::Estimate;

/// Draws for each control variate, at least: the slopes are fitted to the same draws.
const FOR_EACH: usize = 30;

/// Part of its variance that is added to each control's, so that those which say the same share what there is.
const RIDGE: f64 = 1e-6;

/// The mean of values that come from so many sets of points in turn, each set spread by itself, less what controls explain: its error is
/// that of the sets' own means.
pub(crate) fn controlled_in_sets(values: &[f64], controls: &[Vec<f64>], sets: usize) -> Estimate {
    let (found, left) = explained(values, controls);
    let each = (0..sets.min(left.len())).map(|set| {
        let own = left.iter().skip(set).step_by(sets);
        own.clone().sum::<f64>() / own.count() as f64
    });
    let means: Vec<f64> = each.collect();
    Estimate {
        se: mean_of(means.into_iter()).se,
        ..found
    }
}

/// The mean of values, one a draw, less what controls of known mean 0 at the same draws explain: mean(v) - b' mean(c), with b the
/// least-squares slopes of v on c (Owen and Zhou 2000, for the parts of a mixture that was drawn from). Its standard error is that of what
/// is left; the bias by fitting b is of the order 1 / n. The first of the controls only, where draws are few.
pub(crate) fn controlled(values: &[f64], controls: &[Vec<f64>]) -> Estimate {
    explained(values, controls).0
}

/// The same with what is left of each value.
fn explained(values: &[f64], controls: &[Vec<f64>]) -> (Estimate, Vec<f64>) {
    let plain = mean_of(values.iter().copied());
    let n = values.len();
    let controls = &controls[..controls.len().min(n / FOR_EACH)];
    let k = controls.len();
    if k == 0 {
        return (plain, values.to_vec());
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / n as f64;
    let means: Vec<f64> = controls.iter().map(|c| mean(c)).collect();
    let across = |a: &[f64], (b, centre): (&[f64], f64)| -> f64 {
        let pairs = a.iter().zip(b);
        pairs.map(|(a, b)| a * (b - centre)).sum::<f64>() / n as f64
    };
    // Normal equations by elimination without exchanges: they are definite.
    let mut rows: Vec<Vec<f64>> = vec![];
    for (i, a) in controls.iter().enumerate() {
        let with = |j: usize| across(a, (&controls[j], means[j]));
        let mut row: Vec<f64> = (0..k).map(with).collect();
        row[i] += RIDGE * row[i] + f64::MIN_POSITIVE;
        row.push(across(a, (values, plain.value)));
        rows.push(row);
    }
    for i in 0..k {
        let pivot = rows[i].clone();
        for row in &mut rows[i + 1..] {
            let by = row[i] / pivot[i];
            row.iter_mut()
                .zip(&pivot)
                .skip(i)
                .for_each(|(a, p)| *a -= by * p);
        }
    }
    let mut slopes = vec![0.0; k];
    for i in (0..k).rev() {
        let known: f64 = (i + 1..k).map(|j| rows[i][j] * slopes[j]).sum();
        slopes[i] = (rows[i][k] - known) / rows[i][i];
    }
    let left = (0..n).map(|t| {
        let explained = slopes.iter().zip(controls).map(|(b, c)| b * c[t]);
        values[t] - explained.sum::<f64>()
    });
    let left: Vec<f64> = left.collect();
    let found = mean_of(left.iter().copied());
    // As many numbers were fitted as there are slopes and a mean.
    let se = found.se * ((n - 1) as f64 / (n - 1 - k) as f64).sqrt();
    match found.value.is_finite() && se < plain.se {
        true => (Estimate { se, ..found }, left),
        false => (plain, values.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ppl_engine::random::{Address, fill_normal};

    /// Means of v = 2 + 3 x + e by itself and with x as a control, over many sets of draws.
    #[test]
    fn what_a_control_explains_is_taken_away_and_the_error_is_told_right() {
        let (n, sets) = (300, 400);
        let mut all = vec![0.0; 3 * n * sets];
        let address = Address {
            seed: 1,
            purpose: 9,
            step: 7,
            block: 0,
        };
        fill_normal(&mut all, address);
        let (mut plain, mut better) = (vec![], vec![]);
        for set in all.chunks(3 * n) {
            let (x, rest) = set.split_at(n);
            let (e, other) = rest.split_at(n);
            let values: Vec<f64> = x.iter().zip(e).map(|(x, e)| 2.0 + 3.0 * x + e).collect();
            // The second says the same, the third nothing, the last is no number at all.
            let controls = [x.to_vec(), x.to_vec(), other.to_vec(), vec![0.0; n]];
            plain.push(controlled(&values, &[]));
            better.push(controlled(&values, &controls));
        }
        let spread = |all: &[Estimate], sd: f64| {
            let square = all.iter().map(|e| ((e.value - 2.0) / sd).powi(2));
            square.sum::<f64>() / all.len() as f64
        };
        let told = |all: &[Estimate]| all.iter().map(|e| e.se).sum::<f64>() / all.len() as f64;
        let root = (n as f64).sqrt();
        // Sums of 400 squares: sd 0.07.
        assert!((spread(&plain, 10f64.sqrt() / root) - 1.0).abs() < 0.25);
        assert!((spread(&better, 1.0 / root) - 1.0).abs() < 0.25);
        assert!((told(&plain) * root / 10f64.sqrt() - 1.0).abs() < 0.02);
        assert!((told(&better) * root - 1.0).abs() < 0.02);
    }

    #[test]
    fn few_draws_have_no_controls_and_constants_no_error() {
        let values = [1.0, 2.0, 4.0];
        let found = controlled(&values, &[vec![1.0, 0.0, -1.0]]);
        assert!((found.value - 7.0 / 3.0).abs() < 1e-12);
        let constant = controlled(&[0.5; 100], &[(0..100).map(f64::from).collect()]);
        assert_eq!((constant.value, constant.se), (0.5, 0.0));
    }
}
