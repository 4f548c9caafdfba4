//! The derivative of every primitive, written in primitives.

use super::tails;
use crate::builder::Builder;
use crate::call::CallId;
use crate::program::Op;
use ppl_dist::{Expr, NodeId, Prim, Real};
use std::f64::consts::{FRAC_2_SQRT_PI, PI};

/// The arguments that gradient can flow to.
pub(super) fn carries_gradient(
    op: &Op,
    differentiable: impl Fn(CallId, usize) -> bool,
) -> impl Iterator<Item = NodeId> {
    let all = match op {
        Op::Stop(_)
        | Op::Max(_)
        | Op::Map(Prim::Less | Prim::LessEq | Prim::Equal | Prim::Sign | Prim::Floor, _) => vec![],
        Op::Map(Prim::Select | Prim::Polygamma | Prim::LnPolyaLower(..), args) => {
            args[1..].to_vec()
        }
        Op::Call(call, _, args) => (0..args.len())
            .filter(|&a| differentiable(*call, a))
            .map(|a| args[a])
            .collect(),
        other => other.args().to_vec(),
    };
    all.into_iter()
}

/// What `y = prim(x)` hands to its argument at `position` when its own adjoint is `adjoint`.
pub(super) fn contribution<'b>(
    builder: &Builder,
    prim: Prim,
    position: usize,
    x: &[Expr<'b>],
    y: Expr<'b>,
    adjoint: Expr<'b>,
) -> Option<Expr<'b>> {
    use Prim::*;
    let zero = Expr::Const(0.0);
    let masked = |condition: Expr<'b>, taken: bool| {
        if taken {
            condition.select(adjoint, zero)
        } else {
            condition.select(zero, adjoint)
        }
    };
    match prim {
        Add => return Some(adjoint),
        Less | LessEq | Equal | Sign | Floor => return None,
        // Ties go to the first.
        Max => return Some(masked(x[1].less_eq(x[0]), position == 0)),
        Min => return Some(masked(x[0].less_eq(x[1]), position == 0)),
        Select => return (position > 0).then(|| masked(x[0], position == 1)),
        Polygamma | LnPolyaLower(..) if position == 0 => return None,
        _ => {}
    }
    Some(times(builder, adjoint, derivative(prim, position, x, y)))
}

/// dy/dx at `position`, for the primitives that are smooth.
fn derivative<'b>(prim: Prim, position: usize, x: &[Expr<'b>], y: Expr<'b>) -> Expr<'b> {
    use Prim::*;
    let lit = Expr::Const;
    let a = x[0];
    match prim {
        Mul => x[1 - position],
        Recip => -(y * y),
        Exp => y,
        Ln => a.recip(),
        Log1p => (lit(1.0) + a).recip(),
        // Not y + 1, which loses all digits for very negative arguments.
        Expm1 => a.exp(),
        Sqrt => lit(0.5) * y.recip(),
        Pow if position == 0 => x[1] * a.pow(x[1] - lit(1.0)),
        Pow => a.equal(lit(0.0)).select(lit(0.0), y * a.ln()),
        Tanh => lit(1.0) - y * y,
        InvLogit => y * (lit(1.0) - y),
        Softplus => a.inv_logit(),
        Sin => Expr::prim(Cos, &[a]),
        Cos => -Expr::prim(Sin, &[a]),
        Atan => (lit(1.0) + a * a).recip(),
        Abs => Expr::prim(Sign, &[a]),
        LnGamma => Expr::prim(Polygamma, &[lit(0.0), a]),
        Polygamma => Expr::prim(Polygamma, &[a + lit(1.0), x[1]]),
        Erf => lit(FRAC_2_SQRT_PI) * (-(a * a)).exp(),
        Phi => lit(1.0 / (2.0 * PI).sqrt()) * (lit(-0.5) * (a * a)).exp(),
        // Normal density over Phi, in logs: both underflow together.
        LnPhi => (lit(-0.5) * (a * a) - y - lit(0.5 * (2.0 * PI).ln())).exp(),
        InvPhi => lit((2.0 * PI).sqrt()) * (lit(0.5) * (y * y)).exp(),
        LnGammaLower(_) | LnGammaUpper(_) | LnBetaLower(..) | LnGammaLowerSlope(_)
        | LnGammaUpperSlope(_) | LnBetaLowerSlope(..) | LnSkewPhi | LnBesselI0e | BesselGap
        | LnVonMisesArc(_) | LnPolyaLower(..) => tails::derivative(prim, position, x, y),
        Add | Less | LessEq | Equal | Sign | Floor | Max | Min | Select => lit(0.0),
    }
}

/// `adjoint * derivative`, with the factor moved inside a mask: where the mask is off the result is 0 even if the
/// derivative is infinite or undefined there (`0 * inf` would be NaN). Masks within masks are gone into.
fn times<'b>(builder: &Builder, adjoint: Expr<'b>, derivative: Expr<'b>) -> Expr<'b> {
    if let Expr::Node(id, _) = adjoint
        && let (Expr::Node(_, recorder), Op::Map(Prim::Select, args)) = (adjoint, builder.op_of(id))
    {
        let of = |id: NodeId| match builder.literal(id) {
            Some(v) => Expr::Const(v),
            None => Expr::Node(id, recorder),
        };
        let (condition, then, otherwise) = (of(args[0]), of(args[1]), of(args[2]));
        if matches!(otherwise, Expr::Const(0.0)) {
            return condition.select(times(builder, then, derivative), otherwise);
        }
        if matches!(then, Expr::Const(0.0)) {
            return condition.select(then, times(builder, otherwise, derivative));
        }
    }
    // Where a mask that varies has been summed, an adjoint of exactly 0 says that no element was taken.
    if let (Expr::Node(id, _), Expr::Node(slope, _)) = (adjoint, derivative)
        && !builder.is_fixed(slope)
        && sums_mask(builder, id, 4)
    {
        let none = adjoint.equal(Expr::Const(0.0));
        return none.select(Expr::Const(0.0), adjoint * derivative);
    }
    adjoint * derivative
}

/// Whether a node adds up what stands under a mask.
fn sums_mask(builder: &Builder, id: NodeId, depth: usize) -> bool {
    let below = |a: NodeId| depth > 0 && sums_mask(builder, a, depth - 1);
    match builder.op_of(id) {
        Op::Sum(a) | Op::Scatter(a, _) => {
            let masked = match builder.op_of(a) {
                Op::Map(Prim::Select, args) => {
                    args[1..].iter().any(|v| builder.literal(*v) == Some(0.0))
                }
                Op::Map(Prim::Mul, args) => args.into_iter().any(below),
                _ => false,
            };
            masked || below(a)
        }
        Op::Map(Prim::Add | Prim::Mul, args) => args.into_iter().any(below),
        _ => false,
    }
}
