//! Synthetic targets with their answers.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};

fn normals(n: usize, seed: u64) -> Vec<f64> {
    let mut stream = ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| StandardNormal.sample(&mut stream)).collect()
}

/// Unknowns z with observations b = A z* of unit noise and flat priors: a Gaussian with mean z* and precision A'A, where A is
/// U S V' with two reflections U and V, and singular values from 1 to the root of the condition number.
pub struct Gaussian {
    /// A, row by row.
    pub rows: Vec<f64>,
    /// The observations.
    pub b: Vec<f64>,
    /// Of the posterior.
    pub means: Vec<f64>,
    /// Of the posterior.
    pub sds: Vec<f64>,
    /// Logarithm of the integral of the likelihood: -Σ ln s.
    pub evidence: f64,
}

impl Gaussian {
    /// So many unknowns.
    pub fn new(d: usize, condition: f64) -> Gaussian {
        let unit = |seed: u64| -> Vec<f64> {
            let v = normals(d, seed);
            let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
            v.iter().map(|x| x / length).collect()
        };
        let (u, v) = (unit(1), unit(2));
        let part = |k: usize| k as f64 / (d - 1).max(1) as f64;
        let s: Vec<f64> = (0..d).map(|k| condition.powf(0.5 * part(k))).collect();
        let reflection =
            |v: &[f64], i: usize, j: usize| f64::from(u8::from(i == j)) - 2.0 * v[i] * v[j];
        // S V' u of the reflection that comes after it.
        let turned: Vec<f64> = (0..d)
            .map(|k| (0..d).map(|j| u[j] * s[j] * reflection(&v, j, k)).sum())
            .collect();
        let mut rows = vec![0.0; d * d];
        for (i, row) in rows.chunks_mut(d).enumerate() {
            for (k, cell) in row.iter_mut().enumerate() {
                *cell = s[i] * reflection(&v, i, k) - 2.0 * u[i] * turned[k];
            }
        }
        let means = normals(d, 3);
        let b = rows.chunks(d).map(|row| {
            let products = row.iter().zip(&means);
            products.map(|(a, z)| a * z).sum()
        });
        let b = b.collect();
        let variance = |j: usize| {
            (0..d)
                .map(|k| (reflection(&v, j, k) / s[k]).powi(2))
                .sum::<f64>()
        };
        Gaussian {
            b,
            sds: (0..d).map(|j| variance(j).sqrt()).collect(),
            evidence: -s.iter().map(|s| s.ln()).sum::<f64>(),
            means,
            rows,
        }
    }
}

/// A linear chain x_t ~ Normal(0.9 x_(t-1) + 0.1, 0.4) from Normal(0.3, 1.5), seen with noise of sd 0.7.
pub struct Chain {
    /// The observations.
    pub y: Vec<f64>,
    /// The smoother's.
    pub means: Vec<f64>,
    /// The smoother's.
    pub variances: Vec<f64>,
    /// Log evidence.
    pub evidence: f64,
}

impl Chain {
    /// So long.
    pub fn new(n: usize) -> Chain {
        let (a, c, q, r) = (0.9, 0.1, 0.16_f64, 0.49_f64);
        let noise = normals(2 * n, 4);
        let mut x = 0.3;
        let y: Vec<f64> = (0..n)
            .map(|t| {
                x = a * x + c + q.sqrt() * noise[2 * t];
                // Decimals that a table gives back exactly.
                ((x + r.sqrt() * noise[2 * t + 1]) * 1e6).round() / 1e6
            })
            .collect();
        let (mut means, mut variances) = (vec![], vec![]);
        let mut ahead: Vec<(f64, f64)> = vec![];
        let mut evidence = 0.0;
        for (t, y) in y.iter().enumerate() {
            let (m, v): (f64, f64) = match t {
                0 => (0.3, 2.25),
                _ => (a * means[t - 1] + c, a * a * variances[t - 1] + q),
            };
            ahead.push((m, v));
            let s = v + r;
            evidence -= 0.5 * ((2.0 * std::f64::consts::PI * s).ln() + (y - m).powi(2) / s);
            means.push(m + v / s * (y - m));
            variances.push(v - v * v / s);
        }
        // Rauch, Tung and Striebel (1965).
        for t in (0..n.saturating_sub(1)).rev() {
            let gain = variances[t] * a / ahead[t + 1].1;
            means[t] += gain * (means[t + 1] - ahead[t + 1].0);
            variances[t] += gain * gain * (variances[t + 1] - ahead[t + 1].1);
        }
        Chain {
            y,
            means,
            variances,
            evidence,
        }
    }
}

/// Rows of two crossed factors with so many levels each: every level of the first meets four neighbours in the second, or two random
/// levels.
pub fn crossed(levels: usize, random: bool) -> Vec<(usize, usize, f64)> {
    let mut stream = ChaCha8Rng::seed_from_u64(5);
    let effects = normals(2 * levels, 6);
    let noise = normals(4 * levels, 7);
    let mut rows = vec![];
    let any = Uniform::new(0, levels);
    for a in 0..levels {
        let offsets: &[usize] = if random { &[0, 0] } else { &[0, 1, 2, 5] };
        for offset in offsets {
            let b = match (random, &any) {
                (true, Ok(any)) => any.sample(&mut stream),
                _ => (a + offset) % levels,
            };
            let mean = 1.0 + 0.7 * effects[a] + 0.4 * effects[levels + b];
            rows.push((a, b, mean + 0.5 * noise[rows.len()]));
        }
    }
    rows
}

/// So many rows of two factors, each row of a random level of both, after one for every level: what is eliminated fills in.
pub fn filled((a, b): (usize, usize), rows: usize) -> Vec<(usize, usize, f64)> {
    let mut stream = ChaCha8Rng::seed_from_u64(8);
    let effects = normals(a + b, 9);
    let noise = normals(rows, 10);
    let mut level = |row: usize, levels: usize| match (row < levels, Uniform::new(0, levels)) {
        (false, Ok(any)) => any.sample(&mut stream),
        _ => row % levels.max(1),
    };
    let of = |(row, noise): (usize, &f64)| {
        let (i, j) = (level(row, a), level(rows - 1 - row, b));
        let mean = 1.0 + 0.7 * effects[i] + 0.4 * effects[a + j];
        (i, j, mean + 0.5 * noise)
    };
    noise.iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_has_the_singular_values_and_the_sds_are_those_of_its_inverse() {
        let d = 4;
        let g = Gaussian::new(d, 1e4);
        // A'A, whose trace is the sum of the squared singular values and whose inverse has the variances on its diagonal.
        let at = |i: usize, j: usize| {
            (0..d)
                .map(|k| g.rows[k * d + i] * g.rows[k * d + j])
                .sum::<f64>()
        };
        let trace: f64 = (0..d).map(|i| at(i, i)).sum();
        let squares: f64 = (0..d).map(|k| 1e4f64.powf(k as f64 / 3.0)).sum();
        assert!((trace / squares - 1.0).abs() < 1e-12, "{trace} {squares}");
        // Gauss-Jordan.
        let mut m: Vec<Vec<f64>> = (0..d)
            .map(|i| {
                (0..2 * d)
                    .map(|j| {
                        if j < d {
                            at(i, j)
                        } else {
                            f64::from(u8::from(j - d == i))
                        }
                    })
                    .collect()
            })
            .collect();
        for i in 0..d {
            let pivot = m[i][i];
            m[i].iter_mut().for_each(|v| *v /= pivot);
            let own = m[i].clone();
            for (j, row) in m.iter_mut().enumerate().filter(|(j, _)| *j != i) {
                debug_assert!(j < d);
                let factor = row[i];
                row.iter_mut().zip(&own).for_each(|(v, o)| *v -= factor * o);
            }
        }
        for (i, sd) in g.sds.iter().enumerate() {
            assert!((m[i][d + i].sqrt() / sd - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn rows_are_of_every_level() {
        assert_eq!(crossed(10, false).len(), 40);
        assert_eq!(crossed(10, true).len(), 20);
        let rows = filled((3, 7), 50);
        for level in 0..7 {
            assert!(rows.iter().any(|r| r.1 == level));
            assert!(level >= 3 || rows.iter().any(|r| r.0 == level));
        }
    }
}
