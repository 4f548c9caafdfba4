//! Pieces that several families share.

use crate::prim::Prim;
use crate::real::Real;
use crate::special::{COUNTS, below_of};
use rand::{Rng, RngExt};
use rand_distr::Distribution;
use std::f64::consts::LN_2;

/// ln(2 pi) / 2
pub const HALF_LN_2_PI: f64 = 0.918_938_533_204_672_8;
/// ln pi
pub const LN_PI: f64 = 1.144_729_885_849_400_2;

/// ln p, and -inf at p = 0 with gradient 0 there: a state of probability zero is not chosen, and must not turn the
/// gradient of the others into 0 * inf.
pub fn ln_or_never<R: Real>(p: R) -> R {
    let never = p.equal(R::lit(0.0));
    never.select(R::lit(f64::NEG_INFINITY), never.select(R::lit(1.0), p).ln())
}

/// ln(1 - p), in the same sense, accurate for small p.
pub fn ln_one_minus_or_never<R: Real>(p: R) -> R {
    let never = p.equal(R::lit(1.0));
    never.select(
        R::lit(f64::NEG_INFINITY),
        (-never.select(R::lit(0.0), p)).log1p(),
    )
}

/// ln(1 - e^l) for l < 0, accurate at both ends.
pub fn ln_one_minus_exp<R: Real>(l: R) -> R {
    let small = l.less(R::lit(-LN_2));
    let tail = (-small.select(l, R::lit(-1.0)).exp()).log1p();
    small.select(tail, (-small.select(R::lit(-0.5), l).expm1()).ln())
}

/// count * ln_p, and 0 where the count is 0 whatever ln_p is.
pub fn count_times<R: Real>(count: R, ln_p: R) -> R {
    count.select(count * ln_p, R::lit(0.0))
}

/// ln of the binomial coefficient.
pub fn ln_choose<R: Real>(n: R, x: R) -> R {
    let one = R::lit(1.0);
    (n + one).ln_gamma() - (x + one).ln_gamma() - (n - x + one).ln_gamma()
}

/// ln Gamma(a + x) - ln Gamma(a) - x ln a for x >= 0. From a = 100 on, where the gammas cancel, by Stirling's series
/// (DLMF 5.11.1); the first term left out is 1/(1188 a^9).
pub fn ln_rising<R: Real>(a: R, x: R) -> R {
    let near = a.less(R::lit(100.0));
    let small = near.select(a, R::lit(1.0));
    let direct = (small + x).ln_gamma() - small.ln_gamma() - x * small.ln();
    let large = near.select(R::lit(100.0), a);
    let half = R::lit(0.5);
    let power = (large + x - half) * (x / large).log1p() - x;
    near.select(direct, power + stirling(large + x) - stirling(large))
}

/// ln Gamma(a) - ((a - 1/2) ln a - a + ln(2 pi)/2) for large a.
fn stirling<R: Real>(a: R) -> R {
    let r = a.recip();
    let r2 = r.square();
    let tail = R::lit(1.0 / 1260.0) - r2 * R::lit(1.0 / 1680.0);
    r * (R::lit(1.0 / 12.0) - r2 * (R::lit(1.0 / 360.0) - r2 * tail))
}

/// ln P(a, x), P the regularised lower incomplete gamma function.
pub fn ln_gamma_below<R: Real>(a: R, x: R) -> R {
    R::prim(Prim::LnGammaLower(0), &[a, x])
}

/// ln(1 - P(a, x)).
pub fn ln_gamma_above<R: Real>(a: R, x: R) -> R {
    R::prim(Prim::LnGammaUpper(0), &[a, x])
}

/// ln I_x(a, b) of the log odds for x; ln(1 - I_x(a, b)) is that of (b, a) at minus the log odds.
pub fn ln_beta_below<R: Real>(a: R, b: R, log_odds: R) -> R {
    R::prim(Prim::LnBetaLower(0, 0), &[a, b, log_odds])
}

/// ln P(X < k) for the successes X in n draws from Pólya's urn: BetaBinomial(n, a, b); for negative weights
/// Hypergeometric(n, -a, -b). NaN for n of 2^26 or more.
pub fn ln_urn_below<R: Real>(k: R, n: R, a: R, b: R) -> R {
    let held = n.less(R::lit(COUNTS)).select(n, R::lit(f64::NAN));
    R::prim(Prim::LnPolyaLower(0, 0), &[below_of(k, held), a, b])
}

/// ln x - ln(1 - x), held at its ends outside (0, 1).
pub fn log_odds<R: Real>(x: R) -> R {
    let inside = x.max(R::lit(0.0)).min(R::lit(1.0));
    inside.ln() - (-inside).log1p()
}

/// Number of counts 0, 1, … not above x; 0 below 0.
pub fn events_up_to<R: Real>(x: R) -> R {
    R::prim(Prim::Floor, &[x.max(R::lit(-1.0))]) + R::lit(1.0)
}

/// Rates beyond which a count up to `hi` is so improbable that its probability and that of all of them cancel in rounding.
const FAR_RATE: f64 = 1e3;
const FAR_RATIO: f64 = 20.0;

/// Terms that matter to 1e-16 where each is less than 1 / `FAR_RATIO` of the one before it.
const FAR_TERMS: usize = 13;

/// [`crate::Density::far_share`] of a Poisson count: with hi the most probable of lo + 1, …, hi the mass is p(hi) times
/// 1 + hi / rate + hi (hi - 1) / rate² + …, as far as lo + 1, and e^-rate cancels.
pub fn far_poisson<R: Real>(x: R, lo: Option<R>, hi: R, (rate, ln_rate): (R, R)) -> (R, R) {
    let one = R::lit(1.0);
    let count = events_up_to(hi);
    let hi = count - one;
    let far = (count * R::lit(FAR_RATIO)).max(R::lit(FAR_RATE));
    let is_far = far.less(rate);
    // Never smaller than where it is used.
    let share = rate.max(far).recip();
    let lowest = lo.map_or(R::lit(0.0), events_up_to);
    let mut sum = one;
    for k in (0..FAR_TERMS).rev() {
        let at = hi - R::lit(k as f64);
        // From p(at) to p(at - 1), which is among them or not.
        let is_in = lowest.less(at);
        sum = is_in.select(one + at * share * sum, one);
    }
    let values = (x - hi) * ln_rate - (x + one).ln_gamma() + (hi + one).ln_gamma() - sum.ln();
    (is_far, values)
}

/// `below` for x < 0, `between` up to 1, `above` from there.
pub fn steps<R: Real>(x: R, below: R, between: R, above: R) -> R {
    let rest = x.less(R::lit(1.0)).select(between, above);
    x.less(R::lit(0.0)).select(below, rest)
}

/// ln of the sum of exponentials.
pub fn ln_sum_exp<R: Real>(v: &[R]) -> R {
    let top = v.iter().copied().fold(R::lit(f64::NEG_INFINITY), R::max);
    top + sum(v.iter().map(|&a| (a - top).exp())).ln()
}

/// `v[x]` for a label x.
pub fn pick<R: Real>(x: R, v: &[R]) -> R {
    let last = v.len() - 1;
    (0..last).rev().fold(v[last], |rest, k| {
        x.equal(R::lit(k as f64)).select(v[k], rest)
    })
}

/// The sum; 0 for nothing.
pub fn sum<R: Real>(terms: impl Iterator<Item = R>) -> R {
    terms.reduce(|a, b| a + b).unwrap_or(R::lit(0.0))
}

/// Element k of a vector argument; one number is repeated.
pub fn element<R: Copy>(v: &[R], k: usize) -> R {
    if v.len() == 1 { v[0] } else { v[k] }
}

/// A standard normal draw.
pub fn standard_normal(mut rng: &mut dyn Rng) -> f64 {
    rand_distr::StandardNormal.sample(&mut rng)
}

/// A uniform draw from (0, 1): both ends excluded.
pub fn open_unit(mut rng: &mut dyn Rng) -> f64 {
    rand_distr::Open01.sample(&mut rng)
}

/// A draw, or NaN where the parameters were refused.
pub fn draw<D: Distribution<f64>, E>(distribution: Result<D, E>, mut rng: &mut dyn Rng) -> f64 {
    distribution.map_or(f64::NAN, |d| d.sample(&mut rng))
}

/// A label drawn with the given weights, which sum to `total`.
pub fn draw_label(weights: impl Iterator<Item = f64>, total: f64, rng: &mut dyn Rng) -> f64 {
    let mut left = rng.random::<f64>() * total;
    let mut label = f64::NAN;
    for (k, w) in weights.enumerate() {
        if w > 0.0 {
            label = k as f64;
            if left < w {
                break;
            }
            left -= w;
        }
    }
    label
}

/// A binomial draw.
pub fn draw_binomial(n: f64, probability: f64, mut rng: &mut dyn Rng) -> f64 {
    match rand_distr::Binomial::new(n as u64, probability) {
        Ok(d) if n >= 0.0 => d.sample(&mut rng) as f64,
        _ => f64::NAN,
    }
}

/// A Poisson draw.
pub fn draw_poisson(rate: f64, rng: &mut dyn Rng) -> f64 {
    if rate == 0.0 {
        0.0
    } else {
        draw(rand_distr::Poisson::new(rate), rng)
    }
}
