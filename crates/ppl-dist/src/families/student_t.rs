//! StudentT(df, location, scale).

use super::parts::{HALF_LN_2_PI, LN_PI, draw, ln_beta_below};
use crate::bijection::asinh;
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// Student's t distribution.
pub struct StudentT;

impl Density for StudentT {
    const DEFINITION: Definition = Definition {
        name: "StudentT",
        summary: "Student's t distribution, moved and scaled: heavier tails than the normal.",
        formula: "ln Gamma((df+1)/2) - ln Gamma(df/2) - ln(pi df)/2 - ln scale - (df+1)/2 ln(1 + ((x - location)/scale)^2/df)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("df", Domain::Positive, "degrees of freedom"),
                Parameter::scalar("location", Domain::Real, "median"),
                Parameter::scalar(
                    "scale",
                    Domain::Positive,
                    "scale (the standard deviation is larger)",
                ),
            ],
            positional: 3,
        }],
        own_units: Some(Units::Shifted(1, 2)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (df, location, scale) = (p[0][0], p[1][0], p[2][0]);
        let half = R::lit(0.5);
        let z = (x[0] - location) / scale;
        let exponent = half * (df + R::lit(1.0));
        ln_constant(df) - scale.ln() - exponent * (z.square() / df).log1p()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let (half, odds) = symmetric(x, p);
        Some(ln_beta_below(half, half, odds))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let (half, odds) = symmetric(x, p);
        Some(ln_beta_below(half, half, -odds))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = p[1][0] + p[2][0] * draw(rand_distr::StudentT::new(p[0][0]), rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        (p[0][0] > 1.0).then_some(p[1][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        let df = p[0][0];
        (df > 2.0).then_some(p[2][0] * p[2][0] * df / (df - 2.0))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![0.7],
                vec![vec![4.0], vec![0.0], vec![1.0]],
                -1.269725104597407,
            ),
            (
                vec![-30.0],
                vec![vec![0.5], vec![1.0], vec![2.0]],
                -6.63635977990009,
            ),
            (
                vec![2.0],
                vec![vec![99.9], vec![0.5], vec![0.7]],
                -2.831951985763341,
            ),
            (
                vec![2.0],
                vec![vec![100.0], vec![0.5], vec![0.7]],
                -2.8319772029527654,
            ),
            (
                vec![3.0],
                vec![vec![10000000000.0], vec![0.0], vec![1.0]],
                -5.418938531654673,
            ),
            (
                vec![100000.0],
                vec![vec![2.5], vec![0.0], vec![0.01]],
                -51.22129540504675,
            ),
        ]
    }
}

/// ln Gamma((df+1)/2) - ln Gamma(df/2) - ln(pi df)/2. From 100 on, where the two gammas cancel, their expansion
/// (DLMF 5.11.13 in powers of 1/df); the first term left out is 17/(112 df^7).
fn ln_constant<R: Real>(df: R) -> R {
    let half = R::lit(0.5);
    let r = df.recip();
    let r2 = r.square();
    let tail = r * (R::lit(-1.0 / 4.0) + r2 * (R::lit(1.0 / 24.0) + r2 * R::lit(-1.0 / 20.0)));
    let gammas = (half * df + half).ln_gamma() - (half * df).ln_gamma();
    let exact = gammas - half * (df.ln() + R::lit(LN_PI));
    df.less(R::lit(100.0))
        .select(exact, R::lit(-HALF_LN_2_PI) + tail)
}

/// df/2 and the log odds of y, where the distribution function is I_y(df/2, df/2) with y = (1 + z/sqrt(df + z^2))/2: smooth
/// at z = 0, where the usual form in z^2 has a corner (the two are joined by the quadratic transformation of I).
fn symmetric<R: Real>(x: R, p: &[&[R]]) -> (R, R) {
    let z = (x - p[1][0]) / p[2][0];
    let odds = R::lit(2.0) * asinh(z / p[0][0].sqrt());
    (R::lit(0.5) * p[0][0], odds)
}
