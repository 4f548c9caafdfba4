//! Frozen draws: scrambled Sobol points, which fill the space more evenly than independent ones.

use super::Solver;
use ppl_dist::special::inv_phi;
use ppl_engine::random::{Address, fill_uniform};

/// Fewer draws come in antithetic pairs: so few points of a sequence are not yet spread.
const LEAST: usize = 64;

/// Longer vectors as well: their points cost more than they bring.
const MOST: usize = 1024;

/// Purpose of the seeds, apart from all others'.
const PURPOSE: u32 = 7;

impl Solver<'_> {
    /// Draws that gradients and Hessians are means over. They are no independent sample: no standard error can be had from
    /// them.
    ///
    /// Where there are enough, Owen-scrambled Sobol points (Sobol 1967; Owen 1998; Burley 2020) under the inverse of the
    /// normal distribution function, moved so that their mean is zero: the mean of what is linear in them is exact.
    pub(super) fn spread(&self, n: usize, stream: u64) -> Vec<f64> {
        let d = self.smooth.d;
        if n < LEAST || d > MOST {
            return self.draws(n, stream);
        }
        points(n, d, self.seed, stream)
    }
}

/// n points in d dimensions under the inverse of the normal distribution function.
fn points(n: usize, d: usize, seed: u64, stream: u64) -> Vec<f64> {
    let mut out = uniforms(n, d, seed, stream);
    out.iter_mut().for_each(|u| *u = inv_phi(*u));
    let mut mean = vec![0.0; d];
    for point in out.chunks(d) {
        mean.iter_mut()
            .zip(point)
            .for_each(|(m, z)| *m += z / n as f64);
    }
    for point in out.chunks_mut(d) {
        point.iter_mut().zip(&mean).for_each(|(z, m)| *z -= m);
    }
    out
}

/// n points between 0 and 1 in d dimensions, a row each. Sets of dimensions beyond those of the sequence are scrambled and shuffled by
/// themselves.
pub(super) fn uniforms(n: usize, d: usize, seed: u64, stream: u64) -> Vec<f64> {
    let set = sobol_burley::NUM_DIMENSIONS as usize;
    let mut uniform = vec![0.0; d.div_ceil(set)];
    let address = Address {
        seed,
        purpose: PURPOSE,
        step: stream,
        block: 0,
    };
    fill_uniform(&mut uniform, address);
    let seeds: Vec<u32> = uniform.iter().map(|u| (u * 2f64.powi(32)) as u32).collect();
    let mut out = vec![0.0; n * d];
    for (i, point) in out.chunks_mut(d).enumerate() {
        for (j, z) in point.iter_mut().enumerate() {
            let u = sobol_burley::sample(i as u32, (j % set) as u32, seeds[j / set]);
            // The middle of the cell: multiples of 2^-24 from 0 on.
            *z = f64::from(u) + 2f64.powi(-25);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean square over the seeds of a moment's distance from its expectation.
    fn errors(n: usize, d: usize, moment: impl Fn(&[f64]) -> f64, expected: f64) -> f64 {
        let seeds = 1..=40;
        let squares = seeds.map(|seed| {
            let draws = points(n, d, seed, 3);
            let mean = draws.chunks(d).map(&moment).sum::<f64>() / n as f64;
            (mean - expected).powi(2)
        });
        squares.sum::<f64>() / 40.0
    }

    #[test]
    fn moments_are_those_of_the_normal_distribution() {
        for (n, d) in [(64, 3), (256, 10), (256, 300)] {
            // Independent draws have 2 d / n and 24 / n.
            let squares = errors(n, d, |z| z.iter().map(|z| z * z).sum(), d as f64);
            assert!(
                squares < 0.2 * 2.0 * d as f64 / n as f64,
                "{n} {d}: {squares}"
            );
            let fourth = errors(n, d, |z| z[0].powi(4), 3.0);
            assert!(fourth < 0.5 * 96.0 / n as f64, "{n} {d}: {fourth}");
            // Of the first set and of one beyond it.
            let product = errors(n, d, |z| z[0] * z[d - 1], 0.0);
            assert!(product < 2.0 / n as f64, "{n} {d}: {product}");
            let mean = errors(n, d, |z| z[d / 2], 0.0);
            assert!(mean < 1e-28);
        }
    }

    #[test]
    fn one_seed_gives_one_set() {
        assert_eq!(points(64, 5, 1, 2), points(64, 5, 1, 2));
        assert_ne!(points(64, 5, 1, 2), points(64, 5, 2, 2));
        assert_ne!(points(64, 5, 1, 2), points(64, 5, 1, 3));
        assert!(points(1024, 7, 1, 2).iter().all(|z| z.abs() < 6.0));
    }
}
