//! The density of one number by the slopes of its logarithm at some points: between them the logarithm is the cubic that they give, in
//! straight pieces, beyond them it goes on as it ends. What is independent of all others given theta has such a density whatever its
//! shape is, and a Gaussian around its mode is only the beginning: draws and densities are those of the pieces, exactly.

use rand::{Rng, RngExt};

/// Points on one side of the mode, in sds by the curvature there: close where the mass is, and as far as polynomial tails are worth a look.
const SIDE: [f64; 13] = [
    0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.5, 8.5, 12.0, 18.0,
];

/// All points: one side, the mode, the other.
pub(super) const NODES: usize = 2 * SIDE.len() + 1;

/// Straight pieces between two points.
const PIECES: usize = 4;

/// What is so many nats below the highest point is left to the tails.
const DEEP: f64 = 32.0;

/// Where it falls by so many nats from one point to the next, it is one straight piece.
const CLIFF: f64 = 15.0;

/// The least slope of a tail, for each sd.
const LEAST_SLOPE: f64 = 0.05;

/// The points, in sds from the mode.
pub(super) const NODE: [f64; NODES] = {
    let mut out = [0.0; NODES];
    let mut k = 0;
    while k < SIDE.len() {
        out[SIDE.len() - 1 - k] = -SIDE[k];
        out[SIDE.len() + 1 + k] = SIDE[k];
        k += 1;
    }
    out
};

/// A density.
pub(super) struct Curve {
    mode: f64,
    sd: f64,
    /// Ends of the pieces, in sds from the mode, with the log density there, relative to the highest.
    ends: Vec<(f64, f64)>,
    /// Mass of the pieces, added up, where the highest density is 1; the left tail's first, the right tail's last.
    mass: Vec<f64>,
    /// Slopes of the tails, towards the middle, both positive.
    tails: [f64; 2],
}

/// Whether the slopes are those of something that falls off to both sides, as far as they are numbers. At the mode there must be one.
pub(super) fn falls_off(slopes: &[f64]) -> bool {
    let (left, right) = slopes.split_at(SIDE.len());
    let first = left.iter().find(|s| s.is_finite());
    let last = right.iter().rfind(|s| s.is_finite());
    let at_mode = right.first().is_some_and(|s| s.is_finite());
    at_mode && first.is_some_and(|s| *s > 0.0) && last.is_some_and(|s| *s < 0.0)
}

/// The integral of exp over a straight piece between two ends, where exp is `low` and `high`.
fn piece(ends: &[(f64, f64)], low: f64, high: f64) -> f64 {
    let (length, rise) = (ends[1].0 - ends[0].0, ends[1].1 - ends[0].1);
    let mean = match rise.abs() < 1e-3 {
        // Of the arithmetic mean, not the middle: 1 - rise^2 / 12 + ...
        true => 0.5 * (low + high) * (1.0 - rise * rise / 12.0),
        false => (high - low) / rise,
    };
    length * mean
}

impl Curve {
    /// By the slopes at the points; `None` where there is none at the mode.
    pub(super) fn new(mode: f64, sd: f64, slopes: &[f64]) -> Option<Curve> {
        let centre = SIDE.len();
        let mut slope = [0.0; NODES];
        slope.iter_mut().zip(slopes).for_each(|(s, g)| *s = g * sd);
        if !(slope[centre].is_finite() && sd.is_finite() && sd > 0.0) {
            return None;
        }
        // To either side, as far as there are slopes and mass.
        let side = |outward: bool| {
            let along = |k: usize| if outward { centre + k } else { centre - k };
            let towards = if outward { 1.0 } else { -1.0 };
            let mut ends: Vec<(f64, f64)> = Vec::with_capacity(2 * NODES * PIECES);
            let (mut height, mut peak, mut last) = (0.0f64, 0.0f64, along(0));
            let mut bent = bend(&slope, last);
            for k in 1..=SIDE.len() {
                let next = along(k);
                if !slope[next].is_finite() {
                    break;
                }
                let length = (NODE[next] - NODE[last]).abs();
                let (from, to) = (towards * slope[last], towards * slope[next]);
                let bends = bend(&slope, next);
                // What the trapezium has too much, by the slopes' own slopes at both ends.
                let excess = match (bent, bends) {
                    (Some(from), Some(to)) => length * length * (to - from) / 12.0,
                    _ => 0.0,
                };
                let rise = 0.5 * length * (from + to) - excess;
                for p in 1..=PIECES {
                    let t = p as f64 / PIECES as f64;
                    let at = NODE[last] + towards * length * t;
                    // A cubic through a cliff would swing.
                    let risen = match rise < -CLIFF {
                        true => t * rise,
                        false => cubic(t, rise, length * from, length * to),
                    };
                    ends.push((at, height + risen));
                }
                height += rise;
                (last, bent) = (next, bends);
                peak = peak.max(height);
                if height < peak - DEEP {
                    break;
                }
            }
            (ends, (-towards * slope[last]).max(LEAST_SLOPE))
        };
        let ((mut ends, left), (right, right_tail)) = (side(false), side(true));
        ends.reverse();
        ends.push((0.0, 0.0));
        ends.extend(right);
        let peak = ends.iter().map(|end| end.1).fold(0.0, f64::max);
        ends.iter_mut().for_each(|end| end.1 -= peak);
        let (first, last) = (ends[0].1, ends[ends.len() - 1].1);
        let mut mass = Vec::with_capacity(ends.len() + 1);
        mass.push(first.exp() / left);
        let (mut total, mut from) = (mass[0], first.exp());
        for pair in ends.windows(2) {
            let to = pair[1].1.exp();
            total += piece(pair, from, to);
            from = to;
            mass.push(total);
        }
        mass.push(total + last.exp() / right_tail);
        let curve = Curve {
            mode,
            sd,
            ends,
            mass,
            tails: [left, right_tail],
        };
        curve.total().is_finite().then_some(curve)
    }

    fn total(&self) -> f64 {
        self.mass[self.mass.len() - 1]
    }

    /// Log density.
    pub(super) fn ln_density(&self, x: f64) -> f64 {
        let x = (x - self.mode) / self.sd;
        let (first, last) = (self.ends[0], self.ends[self.ends.len() - 1]);
        let height = if x <= first.0 {
            first.1 + self.tails[0] * (x - first.0)
        } else if x >= last.0 {
            last.1 - self.tails[1] * (x - last.0)
        } else {
            let k = self.ends.partition_point(|end| end.0 <= x);
            let ((a, from), (b, to)) = (self.ends[k - 1], self.ends[k]);
            from + (to - from) * (x - a) / (b - a)
        };
        height - self.total().ln() - self.sd.ln()
    }

    /// A draw, by the inverse of the distribution function.
    pub(super) fn draw(&self, stream: &mut impl Rng) -> f64 {
        // Not 0, whose logarithm the tails take.
        let uniform = 1.0 - stream.random::<f64>();
        let wanted = uniform * self.total();
        let k = self.mass.partition_point(|mass| *mass < wanted);
        let (first, last) = (self.ends[0], self.ends[self.ends.len() - 1]);
        let x = if k == 0 {
            first.0 + (wanted / self.mass[0]).ln() / self.tails[0]
        } else if k >= self.ends.len() {
            let beyond = (self.total() - self.mass[self.ends.len() - 1]).max(f64::MIN_POSITIVE);
            let left = (self.total() - wanted).max(f64::MIN_POSITIVE);
            last.0 - (left / beyond).min(1.0).ln() / self.tails[1]
        } else {
            let ((a, from), (b, to)) = (self.ends[k - 1], self.ends[k]);
            let part = (wanted - self.mass[k - 1]) / (self.mass[k] - self.mass[k - 1]);
            let rise = to - from;
            let along = match rise.abs() < 1e-6 {
                true => part,
                false => (part * rise.exp_m1()).ln_1p() / rise,
            };
            a + (b - a) * along.clamp(0.0, 1.0)
        };
        self.mode + self.sd * x
    }
}

/// The slopes' own slope at a point between others; `None` where it is no number.
fn bend(slopes: &[f64; NODES], k: usize) -> Option<f64> {
    if k == 0 || k + 1 == NODES {
        return None;
    }
    let (h, g) = (NODE[k] - NODE[k - 1], NODE[k + 1] - NODE[k]);
    let (back, on) = (
        (slopes[k] - slopes[k - 1]) / h,
        (slopes[k + 1] - slopes[k]) / g,
    );
    let found = (g * back + h * on) / (h + g);
    found.is_finite().then_some(found)
}

/// Hermite's cubic from 0 to `rise` at `t`, with these slopes at its ends.
fn cubic(t: f64, rise: f64, from: f64, to: f64) -> f64 {
    let u = 1.0 - t;
    t * u * u * from + t * t * (3.0 - 2.0 * t) * rise - t * t * u * to
}

#[cfg(test)]
mod tests {
    use super::{Curve, NODE, NODES, SIDE, falls_off};
    use ppl_dist::special::ln_gamma;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    /// A log density, its first and second derivative, and its mode with the sd by the curvature there.
    struct Known {
        ln_density: fn(f64) -> f64,
        slope: fn(f64) -> f64,
        bend: fn(f64) -> f64,
        mode: f64,
        sd: f64,
    }

    /// ln of the integral of exp(x - e^x - x^2 / 2), by adaptive quadrature (scipy).
    const LN_VOLUME: f64 = -0.432_544_348_929_980_2;

    fn known() -> [Known; 4] {
        [
            Known {
                ln_density: |x| -0.125 * (x - 0.3).powi(2) - 2f64.ln() - 0.918_938_533_204_672_8,
                slope: |x| -(x - 0.3) / 4.0,
                bend: |_| 0.25,
                mode: 0.3,
                sd: 2.0,
            },
            // The logarithm of an exponential number.
            Known {
                ln_density: |x| x - x.exp(),
                slope: |x| 1.0 - x.exp(),
                bend: f64::exp,
                mode: 0.0,
                sd: 1.0,
            },
            // Student's t with 3 degrees of freedom.
            Known {
                ln_density: |x| {
                    let ends = ln_gamma(2.0) - ln_gamma(1.5);
                    ends - 0.5 * (3.0 * std::f64::consts::PI).ln() - 2.0 * (x * x / 3.0).ln_1p()
                },
                slope: |x| -4.0 * x / (3.0 + x * x),
                bend: |x| 4.0 * (3.0 - x * x) / (3.0 + x * x).powi(2),
                mode: 0.0,
                sd: (0.75f64).sqrt(),
            },
            // The log rate of a count of 1, standard normal beforehand.
            Known {
                ln_density: |x| x - x.exp() - 0.5 * x * x - LN_VOLUME,
                slope: |x| 1.0 - x.exp() - x,
                bend: |x| x.exp() + 1.0,
                mode: 0.0,
                sd: std::f64::consts::FRAC_1_SQRT_2,
            },
        ]
    }

    fn curve(of: &Known) -> Curve {
        let slopes: Vec<f64> = (0..NODES)
            .map(|k| (of.slope)(of.mode + of.sd * NODE[k]))
            .collect();
        Curve::new(of.mode, of.sd, &slopes).unwrap_or_else(|| panic!("no curve"))
    }

    #[test]
    fn densities_near_the_true_ones() {
        for of in known() {
            let curve = curve(&of);
            for k in -40i32..=40 {
                let x = of.mode + 0.1 * f64::from(k) * of.sd;
                // A chord of an eighth of an sd; the cubic and the integral over it add less than that.
                let further = x + 0.125 * of.sd * f64::from(k.signum());
                let bend = (of.bend)(x).abs().max((of.bend)(further).abs()) * of.sd * of.sd;
                let chord = 0.125f64.powi(2) / 8.0 * bend;
                let truth = (of.ln_density)(x);
                if truth > -20.0 {
                    let off = (curve.ln_density(x) - truth).abs();
                    assert!(off < 1.5 * chord + 1.5e-3, "{off} at {x}, {chord}");
                }
            }
        }
    }

    #[test]
    fn the_density_integrates_to_one_and_its_draws_follow_it() {
        for of in known() {
            let curve = curve(&of);
            // The trapezium's rule on pieces far shorter than the curve's own, over 300 sds.
            let (from, to, n) = (-150.0, 150.0, 1_200_000);
            let step = of.sd * (to - from) / f64::from(n);
            let mass: f64 = (0..=n)
                .map(|k| {
                    curve
                        .ln_density(of.mode + of.sd * from + step * f64::from(k))
                        .exp()
                        * step
                })
                .sum();
            assert!((mass - 1.0).abs() < 1e-4, "{mass}");
            let mut stream = StdRng::seed_from_u64(3);
            let draws: Vec<f64> = (0..40_000).map(|_| curve.draw(&mut stream)).collect();
            for k in -6..=6 {
                let x = of.mode + 0.5 * f64::from(k) * of.sd;
                let found = draws.iter().filter(|d| **d < x).count() as f64 / draws.len() as f64;
                let below: f64 = (0..=n)
                    .map(|k| of.mode + of.sd * from + step * f64::from(k))
                    .take_while(|at| *at < x)
                    .map(|at| curve.ln_density(at).exp() * step)
                    .sum();
                let se = ((below * (1.0 - below)).max(0.0) / draws.len() as f64).sqrt();
                assert!(
                    (found - below).abs() < 4.5 * se + 1e-4,
                    "{found} for {below}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_density_gives_none_and_cliffs_are_no_harm() {
        assert!(Curve::new(0.0, 1.0, &[f64::NAN; NODES]).is_none());
        assert!(Curve::new(0.0, f64::NAN, &[0.0; NODES]).is_none());
        // What falls off has a curve: a hole at the mode is told before.
        let mut holed: [f64; NODES] = std::array::from_fn(|k| -NODE[k]);
        assert!(falls_off(&holed));
        holed[SIDE.len()] = f64::NAN;
        assert!(Curve::new(0.0, 1.0, &holed).is_none() && !falls_off(&holed));
        // A wall at two sds: slopes without end beyond.
        let walled: Vec<f64> = (0..NODES)
            .map(|k| {
                if NODE[k] > 2.0 {
                    f64::NEG_INFINITY
                } else {
                    -NODE[k]
                }
            })
            .collect();
        let curve = Curve::new(0.0, 1.0, &walled).map(|c| c.ln_density(0.0));
        assert!(
            curve.is_some_and(|c| (c + 0.918_938_533).abs() < 0.05),
            "{curve:?}"
        );
        let steep: Vec<f64> = (0..NODES).map(|k| -NODE[k].powi(5) * 1e3).collect();
        let curve = Curve::new(0.0, 1.0, &steep).map(|c| c.ln_density(0.1));
        assert!(curve.is_some_and(f64::is_finite), "{curve:?}");
    }
}
