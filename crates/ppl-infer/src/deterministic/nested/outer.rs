//! q(theta): a mixture, a member of a known family for each of its numbers, or nothing where theta is empty.

use super::adapt::{self, Cloud};
use super::conditional::{Conditional, Given};
use super::families::Member;
use super::further::further;
use super::mixture::Mixture;
use crate::deterministic::dense::Matrix;
use ppl_engine::random::Address;

/// q(theta).
pub(super) enum Outer {
    /// Theta = centre + scale y, with y the mixture's variable.
    Mixture {
        mixture: Mixture,
        centre: Vec<f64>,
        scale: Matrix,
    },
    /// Independent members.
    Members(Vec<Member>),
}

/// Thetas, a row each, and their log densities.
type Drawn = (Vec<f64>, Vec<f64>);

impl Outer {
    /// Draws, a row each, with their log densities; `stream` tells sets apart.
    pub(super) fn draws(&self, n: usize, seed: u64, stream: u64) -> Drawn {
        match self {
            Outer::Mixture {
                mixture,
                centre,
                scale,
            } => {
                let y = adapt::draws(mixture, n, seed, (1 << 32) + stream);
                with_densities(mixture, (centre, scale), &y)
            }
            Outer::Members(members) => {
                let address = Address {
                    seed,
                    purpose: super::PURPOSE,
                    step: (5 << 32) + stream,
                    block: 0,
                };
                let mut numbers = address.stream();
                let mut rows = vec![];
                let mut logs = vec![];
                for _ in 0..n {
                    let mut log = 0.0;
                    for m in members {
                        let u = m.draw(&mut numbers);
                        log += m.ln_density(u);
                        rows.push(u);
                    }
                    logs.push(log);
                }
                (rows, logs)
            }
        }
    }

    /// Draws of a mixture by sets of points that are spread evenly, a draw of each in turn, with their log densities.
    pub(super) fn spread(&self, sets: (usize, usize), seed: u64, stream: u64) -> Option<Drawn> {
        let Outer::Mixture {
            mixture,
            centre,
            scale,
        } = self
        else {
            return None;
        };
        let y = adapt::spread(mixture, sets, seed, (1 << 32) + stream);
        Some(with_densities(mixture, (centre, scale), &y))
    }

    /// Thetas, a row each, in units in which the fitted Gaussian is standard, with the mixture in these units.
    pub(super) fn in_units(&self, thetas: &[f64]) -> Option<(Vec<f64>, &Mixture)> {
        let Outer::Mixture {
            mixture,
            centre,
            scale,
        } = self
        else {
            return None;
        };
        let of = |theta: &[f64]| -> Vec<f64> {
            let mut y: Vec<f64> = theta.iter().zip(centre).map(|(t, c)| t - c).collect();
            scale.solve_lower(&mut y);
            y
        };
        Some((thetas.chunks(centre.len()).flat_map(of).collect(), mixture))
    }

    /// The same with the mixture that fits best what is known and what further rounds of draws tell, from log densities of thetas.
    pub(super) fn further(
        &self,
        cloud: &mut Cloud,
        per_round: (usize, u64),
        mut marginals: impl FnMut(&[f64]) -> Vec<f64>,
    ) -> Option<Outer> {
        let Outer::Mixture { centre, scale, .. } = self else {
            return None;
        };
        let mixture = further(cloud, scale, per_round, |y| {
            marginals(&thetas(centre, scale, y))
        })?;
        Some(Outer::Mixture {
            mixture,
            centre: centre.clone(),
            scale: scale.clone(),
        })
    }

    /// Numbers whose mean is known to be 0 over draws of this, at thetas, a row each.
    pub(super) fn controls(&self, thetas: &[f64]) -> Vec<Vec<f64>> {
        let own = self.in_units(thetas);
        own.map_or(vec![], |(y, mixture)| mixture.controls(&y))
    }

    /// Lets searches of a conditional begin where those for these thetas ended.
    pub(super) fn remember(&self, conditional: &Conditional, thetas: &[f64], found: Vec<Given>) {
        if let Outer::Mixture { scale, .. } = self {
            conditional.remember(scale, thetas, found);
        }
    }

    /// Log density of one theta.
    pub(super) fn ln_density(&self, theta: &[f64]) -> f64 {
        match self {
            Outer::Mixture {
                mixture,
                centre,
                scale,
            } => {
                let mut y: Vec<f64> = theta.iter().zip(centre).map(|(t, c)| t - c).collect();
                scale.solve_lower(&mut y);
                mixture.ln_densities(&y)[0] - ln_volume(scale)
            }
            Outer::Members(members) => {
                let each = members.iter().zip(theta);
                each.map(|(m, u)| m.ln_density(*u)).sum()
            }
        }
    }
}

/// Thetas of rows in the mixture's units, with their log densities.
fn with_densities(mixture: &Mixture, (centre, scale): (&[f64], &Matrix), y: &[f64]) -> Drawn {
    let volume = ln_volume(scale);
    let logs = mixture.ln_densities(y).into_iter();
    let logs = logs.map(|log| log - volume).collect();
    (thetas(centre, scale, y), logs)
}

fn ln_volume(scale: &Matrix) -> f64 {
    scale.diagonal().map(f64::ln).sum()
}

/// centre + scale y, for rows y.
pub(super) fn thetas(centre: &[f64], scale: &Matrix, y: &[f64]) -> Vec<f64> {
    let k = centre.len();
    let of = |y: &[f64]| -> Vec<f64> {
        (0..k)
            .map(|i| {
                let row = &scale.a[i * k..i * k + i + 1];
                centre[i] + row.iter().zip(y).map(|(l, y)| l * y).sum::<f64>()
            })
            .collect()
    };
    y.chunks(k).flat_map(of).collect()
}
