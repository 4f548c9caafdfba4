//! Derivatives of the logarithms of distribution functions, and of the Bessel functions.
//!
//! The derivative of ln F by its argument is a primitive, the slope r: the density over F. By their shapes both go on to
//! the same primitive of the next order. As r = e^g, the derivative of r by the argument is r g', and g' is elementary.

use ppl_dist::{Expr, Prim, Real};
use std::f64::consts::{LN_2, PI};

/// dy/dx at `position`.
pub(super) fn derivative<'b>(prim: Prim, position: usize, x: &[Expr<'b>], y: Expr<'b>) -> Expr<'b> {
    use Prim::*;
    let one = Expr::Const(1.0);
    match prim {
        LnGammaLower(k) if position == 0 => Expr::prim(LnGammaLower(k + 1), x),
        LnGammaUpper(k) if position == 0 => Expr::prim(LnGammaUpper(k + 1), x),
        LnGammaLower(k) => Expr::prim(LnGammaLowerSlope(k), x),
        LnGammaUpper(k) => Expr::prim(LnGammaUpperSlope(k), x),
        LnGammaLowerSlope(k) if position == 0 => Expr::prim(LnGammaLowerSlope(k + 1), x),
        LnGammaUpperSlope(k) if position == 0 => Expr::prim(LnGammaUpperSlope(k + 1), x),
        // g' = (a - 1)/x - 1 - r; over the upper tail both r and the slope have the other sign.
        LnGammaLowerSlope(0) | LnGammaUpperSlope(0) => {
            let nothing = y.equal(Expr::Const(0.0));
            let at = nothing.select(one, x[1]);
            y * nothing.select(Expr::Const(0.0), (x[0] - one) * at.recip() - one - y)
        }
        LnBetaLower(i, j) => match position {
            0 => Expr::prim(LnBetaLower(i + 1, j), x),
            1 => Expr::prim(LnBetaLower(i, j + 1), x),
            _ => Expr::prim(LnBetaLowerSlope(i, j), x),
        },
        LnBetaLowerSlope(i, j) => match (position, i, j) {
            (0, ..) => Expr::prim(LnBetaLowerSlope(i + 1, j), x),
            (1, ..) => Expr::prim(LnBetaLowerSlope(i, j + 1), x),
            // g' = a (1 - x) - b x - r.
            (_, 0, 0) => y * (x[0] * (-x[2]).inv_logit() - x[1] * x[2].inv_logit() - y),
            _ => Expr::Const(f64::NAN),
        },
        LnSkewPhi => skew_normal(position, x, y),
        LnBesselI0e => -Expr::prim(BesselGap, x),
        // With A = 1 - y = I_1/I_0, A' = 1 - A/x - A^2 (DLMF 10.29.2).
        BesselGap => (one - y) * x[0].recip() - (y + y) + y * y,
        LnVonMisesArc(order) => von_mises(order, position, x, y),
        LnPolyaLower(i, j) if position == 1 => Expr::prim(LnPolyaLower(i + 1, j), x),
        LnPolyaLower(i, j) => Expr::prim(LnPolyaLower(i, j + 1), x),
        _ => Expr::Const(f64::NAN),
    }
}

/// y = ln Z, Z the integral of e^(k (cos - 1)) from x[0] to x[1], or its derivative by k, the mean of cos - 1.
fn von_mises<'b>(order: u8, position: usize, x: &[Expr<'b>], y: Expr<'b>) -> Expr<'b> {
    if position == 2 {
        return Expr::prim(Prim::LnVonMisesArc(order + 1), x);
    }
    let half = Expr::prim(Prim::Sin, &[Expr::Const(0.5) * x[position]]);
    let cos_less_1 = Expr::Const(-2.0) * (half * half);
    let ln_z = match order {
        0 => y,
        _ => Expr::prim(Prim::LnVonMisesArc(0), x),
    };
    let share = (x[2] * cos_less_1 - ln_z).exp();
    let at_end = if position == 1 { share } else { -share };
    match order {
        0 => at_end,
        1 => at_end * (cos_less_1 - y),
        _ => Expr::Const(f64::NAN),
    }
}

/// y = ln F(z), F' = 2 phi(z) Phi(shape z); the derivative of F by the shape is that of -2 T(z, shape), Owen's T:
/// -e^(-z^2 (1 + shape^2)/2) / (pi (1 + shape^2)).
fn skew_normal<'b>(position: usize, x: &[Expr<'b>], y: Expr<'b>) -> Expr<'b> {
    let (z, shape) = (x[0], x[1]);
    let square = Expr::Const(-0.5) * (z * z);
    if position == 0 {
        let constant = Expr::Const(LN_2 - 0.5 * (2.0 * PI).ln());
        return (constant + square + (shape * z).ln_phi() - y).exp();
    }
    let wide = Expr::Const(1.0) + shape * shape;
    -(square * wide - y - (Expr::Const(PI) * wide).ln()).exp()
}
