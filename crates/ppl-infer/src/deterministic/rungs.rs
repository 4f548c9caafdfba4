//! How many draws each rung has, for gradients and for the dearer second derivatives, and what it costs.

/// Draws of each rung.
pub(super) const RUNGS: [usize; 4] = [16, 64, 256, 1024];

/// A rung whose steps compute more numbers than this waits until it is known which parametrisation needs it.
pub(super) const MOST_WORK: f64 = 1e9;

/// A rung is left out if one of its steps would compute more numbers than this. It starts from the rung below and takes a handful of
/// steps, where the stochastic engine, which would go on instead, takes some 10^5 gradients: those of 10^3 draws a step cost less.
const MOST_FURTHER: f64 = 5e9;

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

    /// Whether it is gone through only for a parametrisation that may be the best.
    pub fn is_further(&self) -> bool {
        self.work > MOST_WORK
    }
}

/// The rungs that can be afforded, at least the first. A Hessian costs as much as `cost` gradients, a gradient `work` numbers; where the
/// second derivatives of all draws are too dear those of a part of them are taken, at least twice as many as a rung below.
pub(super) fn rungs(cost: usize, work: usize) -> Vec<Rung> {
    let mut out: Vec<Rung> = vec![];
    for draws in RUNGS {
        let least = out.last().map_or(draws, |below| 2 * below.curvature);
        let rung = |curvature: usize| Rung {
            draws,
            curvature,
            work: (draws + curvature * cost) as f64 * work as f64,
        };
        let halves = std::iter::successors(Some(draws), |n| Some(n / 2));
        let mut all = halves.take_while(|n| *n >= least).map(rung);
        // What is dear even so has the fewest that are of use.
        let fewest = rung(least.min(draws));
        let first = out.is_empty();
        let found = all
            .find(|r| first || !r.is_further())
            .or_else(|| (fewest.work <= MOST_FURTHER).then_some(fewest));
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
        // Half of the draws at 256; at 1,024 even a quarter is dear.
        assert_eq!(
            of(82, 63_000),
            [(16, 16), (64, 64), (256, 128), (1024, 256)]
        );
        assert!(rungs(82, 63_000)[3].is_further());
        // The first always, whatever it costs.
        assert_eq!(of(1_000, 1_000_000), [(16, 16)]);
        assert_eq!(
            of(1_000, 20_000),
            [(16, 16), (64, 32), (256, 64), (1024, 128)]
        );
        // A kernel's matrix of 80 points: the Hessian of the function's values is cheap beside it.
        let gp = rungs(6, 1_300_000);
        let further: Vec<bool> = gp.iter().map(Rung::is_further).collect();
        assert_eq!(further, [false, false, true, true]);
        assert_eq!((gp[2].curvature, gp[3].curvature), (128, 256));
    }
}
