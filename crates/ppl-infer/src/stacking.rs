//! Weights of models by stacking of predictive distributions.
//!
//! Yao, Vehtari, Simpson and Gelman (2018), "Using stacking to average Bayesian predictive distributions", Bayesian
//! Analysis 13(3): the weights maximise sum_i log sum_k w_k exp(elpd_ik) over the simplex, which is concave.

/// What a row may still gain, on average, where the search ends.
const GAP: f64 = 1e-10;

/// Exchanges between two weights, at most.
const EXCHANGES: usize = 100_000;

/// Halvings of the interval that an exchange is found in.
const HALVINGS: usize = 60;

/// The weights: `elpd[k][i]` is the log predictive density of row i left out, under model k. Weight goes from the model with
/// the smallest gradient to that with the largest, as much as is best for the two, until no exchange gains: at weights w the
/// optimum is no further away than max_k mean_i p_ik / sum_l w_l p_il - 1, for each row.
pub fn stacking(elpd: &[Vec<f64>]) -> Vec<f64> {
    let models = elpd.len();
    let rows = elpd.iter().map(Vec::len).min().unwrap_or(0);
    let mut w = vec![1.0 / models.max(1) as f64; models];
    // Densities of a row matter up to a common factor; a row that no model allows tells none apart.
    let density: Vec<Vec<f64>> = (0..rows)
        .filter_map(|i| {
            let top = elpd.iter().map(|m| m[i]).fold(f64::NEG_INFINITY, f64::max);
            top.is_finite()
                .then(|| elpd.iter().map(|m| (m[i] - top).exp()).collect())
        })
        .collect();
    if models < 2 || density.is_empty() {
        return w;
    }
    let n = density.len() as f64;
    for _ in 0..EXCHANGES {
        let mixed: Vec<f64> = density.iter().map(|p| dot(p, &w)).collect();
        let gradient: Vec<f64> = (0..models)
            .map(|k| {
                density
                    .iter()
                    .zip(&mixed)
                    .map(|(p, m)| p[k] / m)
                    .sum::<f64>()
                    / n
            })
            .collect();
        let by = |a: &usize, b: &usize| gradient[*a].total_cmp(&gradient[*b]);
        let up = (0..models).max_by(by).unwrap_or(0);
        let down = (0..models).filter(|&k| w[k] > 0.0).min_by(by).unwrap_or(0);
        if gradient[up] - 1.0 <= GAP && gradient[up] - gradient[down] <= GAP.sqrt() || up == down {
            break;
        }
        // The derivative of the mean along the exchange falls: its root, or all there is.
        let slope = |t: f64| {
            let each = density.iter().zip(&mixed);
            each.map(|(p, m)| (p[up] - p[down]) / (m + t * (p[up] - p[down])))
                .sum::<f64>()
        };
        let (mut low, mut high) = (0.0, w[down]);
        let end = slope(high);
        if end >= 0.0 {
            w[up] += w[down];
            w[down] = 0.0;
            continue;
        }
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if slope(middle) > 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        if low == 0.0 {
            break;
        }
        w[up] += low;
        w[down] -= low;
    }
    w
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Log densities that any language can repeat.
    fn rows(models: usize, n: usize) -> Vec<Vec<f64>> {
        let at = |k: usize, i: usize| ((i * (k + 2) * 37 + k * 11) % 101) as f64 / 25.0 - 3.0;
        (0..models)
            .map(|k| (0..n).map(|i| at(k, i)).collect())
            .collect()
    }

    fn objective(elpd: &[Vec<f64>], w: &[f64]) -> f64 {
        (0..elpd[0].len())
            .map(|i| {
                let each = elpd.iter().zip(w).map(|(m, w)| w * m[i].exp());
                each.sum::<f64>().ln()
            })
            .sum()
    }

    #[test]
    fn two_models_against_a_grid() {
        let elpd = rows(2, 60);
        let w = stacking(&elpd);
        let best = (0..=100_000)
            .map(|g| f64::from(g) / 100_000.0)
            .max_by(|a, b| {
                let value = |w: f64| objective(&elpd, &[w, 1.0 - w]);
                value(*a).total_cmp(&value(*b))
            });
        let best = best.unwrap();
        assert!(best > 0.05 && best < 0.95, "the optimum is inside: {best}");
        assert!((w[0] - best).abs() <= 1e-5, "{w:?}, not {best}");
        assert!((w[0] + w[1] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn no_direction_gains_with_more_models() {
        let elpd = rows(5, 80);
        let w = stacking(&elpd);
        assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-9 && w.iter().all(|w| *w >= 0.0));
        let value = objective(&elpd, &w);
        for k in 0..5 {
            for step in [1e-3, 0.1, 1.0] {
                let moved: Vec<f64> = w
                    .iter()
                    .enumerate()
                    .map(|(l, w)| (1.0 - step) * w + if l == k { step } else { 0.0 })
                    .collect();
                assert!(objective(&elpd, &moved) <= value + 1e-8, "{k} {step}");
            }
        }
    }

    #[test]
    fn a_model_that_is_worse_in_every_row_gets_nothing() {
        let good = rows(1, 30).remove(0);
        let bad: Vec<f64> = good.iter().map(|v| v - 1.0).collect();
        assert_eq!(stacking(&[bad, good]), [0.0, 1.0]);
    }

    #[test]
    fn equal_models_and_impossible_rows() {
        let same = rows(1, 10).remove(0);
        assert_eq!(stacking(&[same.clone(), same.clone()]), [0.5, 0.5]);
        let never = vec![f64::NEG_INFINITY; 10];
        assert_eq!(stacking(&[never.clone(), same]), [0.0, 1.0]);
        assert_eq!(stacking(&[never.clone(), never]), [0.5, 0.5]);
    }
}
