//! Draws that are wider than the guide's: every fifth has one of its standard normal coordinates stretched by 2. Where the
//! posterior's tails are heavier than the guide's, weights against this mixture stay bounded where the guide's own do
//! not; where they are not, a fifth of the draws is lost at most (a defensive mixture: Hesterberg 1995, Technometrics 37).

use ppl_engine::random::{Address, fill_uniform};
use ppl_model::lower::{NoiseBlock, NoiseKind};

/// Share of the draws that are stretched.
const SHARE: f64 = 0.2;

/// By how much.
const STRETCH: f64 = 2.0;

/// Whether there is normal noise to stretch. Uniform noise, which chooses discrete values and parts of mixtures, stays.
pub(crate) fn applies(blocks: &[NoiseBlock]) -> bool {
    blocks.iter().any(|b| b.kind == NoiseKind::Normal)
}

/// Stretches noise in place, and gives for each draw the log of the mixture's density over the standard normal's.
pub(crate) fn widen(
    noise: &mut [f64],
    blocks: &[NoiseBlock],
    draws: usize,
    address: Address,
) -> Vec<f64> {
    let mut chance = vec![0.0; draws];
    fill_uniform(&mut chance, address);
    let normal = || blocks.iter().filter(|b| b.kind == NoiseKind::Normal);
    let d: usize = normal().map(|b| b.len / draws).sum();
    let growth = 0.5 * (1.0 - 1.0 / (STRETCH * STRETCH));
    (0..draws)
        .map(|s| {
            let mut stretched = (chance[s] < SHARE).then(|| {
                let k = (chance[s] / SHARE * d as f64) as usize;
                k.min(d - 1)
            });
            let mut sum = 0.0;
            for b in normal() {
                let len = b.len / draws;
                let own = &mut noise[b.offset + s * len..b.offset + (s + 1) * len];
                if let Some(k) = stretched {
                    match own.get_mut(k) {
                        Some(z) => {
                            *z *= STRETCH;
                            stretched = None;
                        }
                        None => stretched = Some(k - len),
                    }
                }
                sum += own.iter().map(|z| (growth * z * z).exp()).sum::<f64>();
            }
            (1.0 - SHARE + SHARE * sum / (STRETCH * d as f64)).ln()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ppl_engine::random::fill_normal;

    #[test]
    fn weights_against_the_mixture_average_to_one_and_recover_moments() {
        let (draws, d) = (40_000, 3);
        let blocks = [(0, 1), (draws, 2)].map(|(offset, len)| NoiseBlock {
            offset,
            len: len * draws,
            kind: NoiseKind::Normal,
            site: 0,
        });
        let address = |block| Address {
            seed: 3,
            purpose: 9,
            step: 0,
            block,
        };
        let mut noise = vec![0.0; draws * d];
        fill_normal(&mut noise, address(0));
        let log_mixture = widen(&mut noise, &blocks, draws, address(1));
        // A standard normal target: weights are 1 over the mixture's ratio; by each, E[1] = 1 and E[z^2] = 1.
        let weights: Vec<f64> = log_mixture.iter().map(|l| (-l).exp()).collect();
        let mean = weights.iter().sum::<f64>() / draws as f64;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert!(weights.iter().all(|w| *w <= 1.0 / (1.0 - SHARE) + 1e-12));
        let square = (0..draws)
            .map(|s| weights[s] * noise[draws + 2 * s + 1].powi(2))
            .sum::<f64>()
            / draws as f64;
        assert!((square - 1.0).abs() < 0.03, "{square}");
    }
}
