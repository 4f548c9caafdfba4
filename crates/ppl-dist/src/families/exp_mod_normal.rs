//! ExpModNormal(mean, sd, rate).

use super::parts::{HALF_LN_2_PI, open_unit, standard_normal};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The exponentially modified normal distribution.
pub struct ExpModNormal;

impl Density for ExpModNormal {
    const DEFINITION: Definition = Definition {
        name: "ExpModNormal",
        summary: "The sum of a normal variable and an exponential one.",
        formula: "ln rate - w z + w^2/2 + ln Phi(z - w), z = (x - mean)/sd, w = rate sd",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("mean", Domain::Real, "mean of the normal part"),
                Parameter::scalar(
                    "sd",
                    Domain::Positive,
                    "standard deviation of the normal part",
                ),
                Parameter::scalar("rate", Domain::Positive, "rate of the exponential part"),
            ],
            positional: 3,
        }],
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        p[2][0].ln() + ln_delayed((x[0] - p[0][0]) / p[1][0], p[2][0] * p[1][0])
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let z = (x - p[0][0]) / p[1][0];
        let delayed = ln_delayed(z, p[2][0] * p[1][0]).exp();
        Some((z.phi() - delayed).max(R::lit(0.0)))
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        // P(normal part < z) less P(normal part < z < sum); from -12 down the ratio of the two by Mills' ratios.
        let (z, w) = ((x - p[0][0]) / p[1][0], p[2][0] * p[1][0]);
        let far = z.less(R::lit(-FAR));
        let far_z = far.select(z, R::lit(-FAR));
        let mills = ln_t_mills(w - far_z) - ln_t_mills(-far_z) - (w / -far_z).log1p();
        let near_z = far.select(R::lit(-FAR), z);
        let ln_ratio = far.select(mills, ln_delayed(near_z, w) - near_z.ln_phi());
        Some(z.ln_phi() + (-ln_ratio.expm1()).ln())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        // The larger of the two probabilities leads; at infinity both would be 0.
        let z = ((x - p[0][0]) / p[1][0]).min(R::lit(1e100));
        let normal = (-z).ln_phi();
        let delayed = ln_delayed(z, p[2][0] * p[1][0]);
        let (a, b) = (
            normal + (delayed - normal).softplus(),
            delayed + (normal - delayed).softplus(),
        );
        Some(delayed.less(normal).select(a, b))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let delay = -libm::log(open_unit(rng)) / p[2][0];
        out[0] = p[0][0] + p[1][0] * standard_normal(rng) + delay;
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] + 1.0 / p[2][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(p[1][0] * p[1][0] + 1.0 / (p[2][0] * p[2][0]))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![0.7],
                vec![vec![0.0], vec![1.0], vec![1.5]],
                -1.0713862110796122,
            ),
            (
                vec![-4.0],
                vec![vec![1.0], vec![0.5], vec![0.3]],
                -54.449866673894604,
            ),
            (
                vec![90.0],
                vec![vec![-3.0], vec![2.0], vec![0.5]],
                -46.69314718055995,
            ),
            (
                vec![2.0],
                vec![vec![1.9], vec![0.1], vec![20000.0]],
                0.8841464345810233,
            ),
            (
                vec![1.0],
                vec![vec![0.0], vec![0.5], vec![61.0]],
                -2.1591961378522906,
            ),
            (
                vec![1.0],
                vec![vec![0.0], vec![1.0], vec![12.99]],
                -1.345670695419222,
            ),
            (
                vec![1.0],
                vec![vec![0.0], vec![1.0], vec![13.01]],
                -1.345776517438603,
            ),
            (
                vec![2.0],
                vec![vec![0.5], vec![3.0], vec![9.5]],
                -2.1261227130245435,
            ),
        ]
    }
}

/// From here on Mills' ratio by its asymptotic series.
const FAR: f64 = 12.0;

/// ln of t times Mills' ratio (1 - Phi(t)) / phi(t), for t >= 12: Abramowitz & Stegun 26.2.12, the sum of
/// (-1)^k (2 k - 1)!!/t^(2 k); the first term left out is 3e-17.
fn ln_t_mills<R: Real>(t: R) -> R {
    let r2 = t.recip().square();
    let series = (1..=14).rev().fold(R::lit(0.0), |s, k| {
        R::lit(1.0 - 2.0 * f64::from(k)) * r2 * (R::lit(1.0) + s)
    });
    series.log1p()
}

/// w^2/2 - w z + ln Phi(z - w): ln P(normal part < z < sum), standardised. From w - z = 12 on, where its large terms
/// cancel, by Mills' ratio.
fn ln_delayed<R: Real>(z: R, w: R) -> R {
    let limit = R::lit(FAR);
    let t = w - z;
    let near = t.less(limit);
    let half = R::lit(0.5);
    let near_t = near.select(t, limit);
    let direct = w * (half * w - near.select(z, w - limit)) + (-near_t).ln_phi();
    let far_t = near.select(limit, t);
    let mills = ln_t_mills(far_t) - far_t.ln();
    near.select(direct, mills - half * z.square() - R::lit(HALF_LN_2_PI))
}
