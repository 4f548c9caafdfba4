//! Maximisation of a smooth function by limited-memory quasi-Newton steps (Nocedal 1980; Nocedal and Wright 2006, chapter 7).

/// Pairs of steps and changes of the gradient that are remembered.
const MEMORY: usize = 12;

/// Longest move of a coordinate in a step.
const LONGEST: f64 = 1.0;

/// Steps that promise or bring less than this, several times running, are the end.
const WORTH: f64 = 1e-4;
const QUIET: usize = 3;

/// Halvings of a step, at most.
const HALVINGS: usize = 25;

/// Where it ended.
pub(crate) struct Peak {
    pub(crate) at: Vec<f64>,
    pub(crate) value: f64,
    /// Calls of the function.
    pub(crate) calls: usize,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Climbs from `start`; `None` where the function is not finite there. The function writes its gradient. At most `most` calls.
pub(crate) fn climb(
    start: Vec<f64>,
    most: usize,
    f: &mut dyn FnMut(&[f64], &mut [f64]) -> f64,
) -> Option<Peak> {
    let n = start.len();
    let mut x = start;
    let mut g = vec![0.0; n];
    let mut value = f(&x, &mut g);
    let mut calls = 1;
    if !value.is_finite() || g.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let mut memory: Vec<(Vec<f64>, Vec<f64>, f64)> = vec![];
    let mut quiet = 0;
    while calls < most && quiet < QUIET {
        let direction = direction(&g, &memory);
        let slope = dot(&g, &direction);
        let longest = direction.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        if !(slope > 0.0 && longest.is_finite()) {
            if memory.is_empty() {
                break;
            }
            memory.clear();
            continue;
        }
        let mut length = (LONGEST / longest).min(1.0);
        let (mut next, mut slopes) = (x.clone(), vec![0.0; n]);
        let mut reached = None;
        for _ in 0..HALVINGS {
            for (to, (x, d)) in next.iter_mut().zip(x.iter().zip(&direction)) {
                *to = x + length * d;
            }
            let here = f(&next, &mut slopes);
            calls += 1;
            let finite = here.is_finite() && slopes.iter().all(|v| v.is_finite());
            if finite && here >= value + 1e-4 * length * slope {
                reached = Some(here);
                break;
            }
            if calls >= most {
                break;
            }
            length *= 0.5;
        }
        let Some(here) = reached else {
            // The remembered curvature may be what misleads.
            if memory.is_empty() {
                break;
            }
            memory.clear();
            quiet += 1;
            continue;
        };
        let step: Vec<f64> = next.iter().zip(&x).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = g.iter().zip(&slopes).map(|(a, b)| a - b).collect();
        let along = dot(&step, &change);
        if along > 1e-10 * dot(&change, &change).sqrt() * dot(&step, &step).sqrt() {
            memory.push((step, change, along));
            if memory.len() > MEMORY {
                memory.remove(0);
            }
        }
        quiet = if here - value < WORTH { quiet + 1 } else { 0 };
        (x, g, value) = (next, slopes, here);
    }
    Some(Peak {
        at: x,
        value,
        calls,
    })
}

/// The two-loop recursion: the gradient times an approximate inverse of minus the Hessian.
fn direction(g: &[f64], memory: &[(Vec<f64>, Vec<f64>, f64)]) -> Vec<f64> {
    let mut q = g.to_vec();
    let mut weights = vec![];
    for (step, change, along) in memory.iter().rev() {
        let a = dot(step, &q) / along;
        q.iter_mut().zip(change).for_each(|(q, y)| *q -= a * y);
        weights.push(a);
    }
    let scale = match memory.last() {
        Some((_, change, along)) => along / dot(change, change),
        None => 1.0 / dot(g, g).sqrt().max(1.0),
    };
    q.iter_mut().for_each(|v| *v *= scale);
    for ((step, change, along), a) in memory.iter().zip(weights.iter().rev()) {
        let b = dot(change, &q) / along;
        q.iter_mut().zip(step).for_each(|(q, s)| *q += (a - b) * s);
    }
    q
}

#[cfg(test)]
mod tests {
    use super::climb;

    #[test]
    fn a_curved_valley_is_climbed_to_its_top() {
        // Minus Rosenbrock's function: its top is 0 at (1, 1).
        let mut f = |x: &[f64], g: &mut [f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            g[0] = 2.0 * a + 400.0 * x[0] * b;
            g[1] = -200.0 * b;
            -(a * a + 100.0 * b * b)
        };
        let peak = climb(vec![-1.2, 1.0], 300, &mut f).expect("a finite start");
        assert!((peak.at[0] - 1.0).abs() < 0.02 && (peak.at[1] - 1.0).abs() < 0.04);
        assert!(peak.calls <= 300);
        assert!(climb(vec![f64::NAN, 0.0], 10, &mut f).is_none());
    }
}
