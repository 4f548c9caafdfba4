//! How many draws each rung has, for gradients and for the dearer second derivatives, and what it costs.

/// Draws of each rung.
pub(super) const RUNGS: [usize; 4] = [16, 64, 256, 1024];

/// A rung is left out if one of its steps would compute more numbers than this.
pub(super) const MOST_WORK: f64 = 1e9;

/// A rung is always gone through if one of its steps computes no more numbers than this.
const CHEAP: f64 = 1e7;

/// One whose steps compute more than this is gone through only for what cannot be done without.
const DEAR: f64 = 2e8;

/// One of the numbers of draws that the deterministic engine goes through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rung {
    /// Draws of the mean gradient.
    pub draws: usize,
    /// Those of them that the mean Hessian is taken over.
    pub curvature: usize,
    /// Numbers that a step computes.
    pub work: f64,
}

impl Rung {
    pub(super) fn is_cheap(&self) -> bool {
        self.work < CHEAP
    }

    pub(super) fn is_dear(&self) -> bool {
        self.work > DEAR
    }
}

/// The rungs that can be afforded, at least the first. A Hessian costs as much as `cost` gradients, a gradient `work` numbers; where the
/// second derivatives of all draws are too dear those of a part of them are taken, at least twice as many as a rung below.
pub(super) fn rungs(cost: usize, work: usize) -> Vec<Rung> {
    let mut out: Vec<Rung> = vec![];
    for draws in RUNGS {
        let least = out.last().map_or(draws, |below| 2 * below.curvature);
        let halves = std::iter::successors(Some(draws), |n| Some(n / 2));
        let found = halves.take_while(|n| *n >= least).find_map(|curvature| {
            let numbers = (draws + curvature * cost) as f64 * work as f64;
            (out.is_empty() || numbers <= MOST_WORK).then_some(Rung {
                draws,
                curvature,
                work: numbers,
            })
        });
        match found {
            Some(rung) => out.push(rung),
            None => break,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cost: usize, work: usize) -> Vec<(usize, usize)> {
        let all = rungs(cost, work);
        all.iter().map(|r| (r.draws, r.curvature)).collect()
    }

    #[test]
    fn second_derivatives_of_fewer_draws_where_they_are_dear() {
        assert_eq!(of(4, 100), RUNGS.map(|n| (n, n)));
        // Half of the draws at 256; twice as many are too dear at 1,024.
        assert_eq!(of(82, 63_000), [(16, 16), (64, 64), (256, 128)]);
        // The first always, whatever it costs.
        assert_eq!(of(1_000, 1_000_000), [(16, 16)]);
        assert_eq!(of(1_000, 20_000), [(16, 16), (64, 32)]);
    }
}
