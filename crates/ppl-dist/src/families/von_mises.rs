//! VonMises(mean, concentration).

use super::parts::open_unit;
use crate::definition::*;
use crate::prim::Prim;
use crate::real::Real;
use rand::Rng;
use std::f64::consts::PI;

/// The von Mises distribution.
pub struct VonMises;

impl Density for VonMises {
    const DEFINITION: Definition = Definition {
        name: "VonMises",
        summary: "An angle from -pi to pi around a mean angle: the normal distribution of the circle.",
        formula: "concentration cos(x - mean) - ln(2 pi I_0(concentration)) (Mardia & Jupp 2000, 3.5.17)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("mean", Domain::Real, "mean direction, in radians"),
                Parameter::scalar(
                    "concentration",
                    Domain::Positive,
                    "1/variance where it is large",
                ),
            ],
            positional: 2,
        }],
        support: Support::Interval(Bound::At(-PI), Bound::At(PI)),
        ..Definition::SCALAR
    };

    /// cos d - 1 = -2 sin^2(d/2), beside I_0 without its exponential.
    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let half = R::prim(Prim::Sin, &[R::lit(0.5) * (x[0] - p[0][0])]);
        let fall = R::lit(-2.0) * p[1][0] * half.square();
        fall - R::prim(Prim::LnBesselI0e, &[p[1][0]]) - R::lit((2.0 * PI).ln())
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let below = ln_arc(R::lit(-PI), x.max(R::lit(-PI)), p);
        Some(R::lit(PI).less_eq(x).select(R::lit(0.0), below))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let above = ln_arc(x.min(R::lit(PI)), R::lit(PI), p);
        Some(x.less_eq(R::lit(-PI)).select(R::lit(0.0), above))
    }

    /// Rejection from a wrapped Cauchy distribution (Best & Fisher 1979, Applied Statistics 28).
    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let (mean, kappa) = (p[0][0], p[1][0]);
        if !(kappa > 0.0 && mean.is_finite()) {
            out[0] = f64::NAN;
            return;
        }
        // r = (1 + rho^2)/(2 rho) of the Cauchy's concentration rho, less 1 so that nothing cancels for a large kappa.
        let tau = 1.0 + libm::hypot(1.0, 2.0 * kappa);
        let rho = (tau - (2.0 * tau).sqrt()) / (2.0 * kappa);
        let above_1 = (1.0 - rho) * (1.0 - rho) / (2.0 * rho);
        loop {
            let z = libm::cos(PI * open_unit(rng));
            // cos of the angle is (1 + r z)/(r + z); 1 less it is (r - 1)(1 - z)/(r + z).
            let off = above_1 * (1.0 - z) / (1.0 + above_1 + z);
            let c = kappa * (above_1 + off);
            let u = open_unit(rng);
            if c * (2.0 - c) > u || libm::log(c / u) + 1.0 >= c {
                let angle = 2.0 * libm::asin((0.5 * off).sqrt().min(1.0));
                let signed = if open_unit(rng) < 0.5 { -angle } else { angle };
                let turned = mean + signed;
                out[0] = turned - 2.0 * PI * (turned / (2.0 * PI)).round();
                return;
            }
        }
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.5], vec![vec![0.0], vec![1.0]], -1.1962088630261514),
            (vec![-2.5], vec![vec![1.5], vec![4.0]], -6.877424345379253),
            (vec![3.0], vec![vec![-3.0], vec![0.25]], -1.613398880060135),
            (vec![0.75], vec![vec![0.7], vec![900.0]], 1.3573542377882586),
            (vec![-1.0], vec![vec![2.0], vec![35.0]], -68.79462592291017),
        ]
    }
}

/// ln P(from <= X <= to), which rounding does not carry above 0.
fn ln_arc<R: Real>(from: R, to: R, p: &[&[R]]) -> R {
    let (mean, concentration) = (p[0][0], p[1][0]);
    let circle = R::prim(Prim::LnBesselI0e, &[concentration]) + R::lit((2.0 * PI).ln());
    let arc = R::prim(
        Prim::LnVonMisesArc(0),
        &[from - mean, to - mean, concentration],
    );
    (arc - circle).min(R::lit(0.0))
}
