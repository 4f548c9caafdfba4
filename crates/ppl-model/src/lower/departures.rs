//! Guides' draws that are no single Gaussian of independent or correlated numbers: skewed, low-rank, mixtures, flows.

use super::guide::HALF_LN_2PI;
use super::{Lowered, Lowering, NoiseKind};
use crate::departure::Departure;
use crate::graph::*;
use ppl_core::{AxisId, AxisSet, DRAW, Expr, Real};
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// A draw with its log density.
pub(super) struct Joined<'b> {
    /// Its value on the unconstrained scale.
    pub(super) draw: Expr<'b>,
    /// Log density there, before Jacobians.
    pub(super) ln_density: Expr<'b>,
    /// Entropy in closed form, where there is one.
    pub(super) entropy: Option<Expr<'b>>,
    /// Log probability of what was chosen by chance with a probability that is a parameter.
    pub(super) choice: Option<Expr<'b>>,
}

/// The logarithm of the factor by which one coupling layer stretches a number is between minus and plus this.
const MOST_STRETCH: f64 = 2.0;

const ONE: Expr<'static> = Expr::Const(1.0);
const HALF: Expr<'static> = Expr::Const(0.5);

impl<'b> Lowering<'_, 'b> {
    /// A function of standard noise in its place, and the logarithm of its Jacobian; the noise itself where the departure is
    /// of another kind.
    pub(super) fn bent(
        &self,
        departure: &Departure,
        noise: Expr<'b>,
        space: AxisSet,
        span: Span,
    ) -> Lowered<(Expr<'b>, Expr<'b>)> {
        match departure {
            Departure::Skewed(skew, tail) => {
                let (skew, tail) = (self.expr(skew)?, self.expr(tail)?);
                let (value, ln_slope) = sinh_arcsinh(noise, skew, tail);
                let own = self.builder.axes_of(ln_slope).without(DRAW);
                if !space.contains_all(own) {
                    return Err(Box::new(
                        Diagnostic::error(
                            "E0104",
                            span,
                            "`skew` and `tail` have an axis that the draw lacks",
                        )
                        .help("give them the axes of the location"),
                    ));
                }
                Ok((value, self.builder.sum(ln_slope, space)))
            }
            Departure::Flow(parts) => self.coupled(parts, noise, space, span),
            _ => Ok((noise, Expr::Const(0.0))),
        }
    }

    /// Coupling layers (Dinh, Sohl-Dickstein and Bengio 2017): layer l keeps every second number, from the first or the second
    /// on, and from these numbers x a net finds how the others are stretched and moved:
    /// h = tanh(inner x + bias), the others become y exp(stretch h) + shift h.
    fn coupled(
        &self,
        [inner, bias, stretch, shift]: &[TExpr; 4],
        noise: Expr<'b>,
        space: AxisSet,
        span: Span,
    ) -> Lowered<(Expr<'b>, Expr<'b>)> {
        let b = self.builder;
        let id = |a: &AxisRef| self.axes.id(*a);
        let (layer, hidden, free) = (id(&inner.axes[0]), id(&inner.axes[1]), id(&inner.axes[2]));
        if space != AxisSet::of(&[free]) {
            return Err(Box::new(
                Diagnostic::error(
                    "E0104",
                    span,
                    "a flow's draw lies along the last axis of `inner`, and no other",
                )
                .help("`ppl guide --guide flow` prints a complete guide to start from"),
            ));
        }
        let [inner, bias, stretch, shift] = [
            self.expr(inner)?,
            self.expr(bias)?,
            self.expr(stretch)?,
            self.expr(shift)?,
        ];
        let n = b.size(free);
        let (mut x, mut ln_slope) = (noise, Expr::Const(0.0));
        for l in 0..b.size(layer) {
            let kept = |i: usize| f64::from(u8::from((i + l).is_multiple_of(2)));
            let kept: Vec<f64> = (0..n).map(kept).collect();
            let moved: Vec<f64> = kept.iter().map(|k| 1.0 - k).collect();
            let kept = b.data(kept.into(), space);
            let moved = b.data(moved.into(), space);
            let own = |e| b.at(e, layer, l);
            let through = |x, matrix, over| b.sum(own(matrix) * x, AxisSet::of(&[over]));
            let seen = (through(x * kept, inner, free) + own(bias)).tanh();
            let most = Expr::Const(MOST_STRETCH);
            let by = (through(seen, stretch, hidden) / most).tanh() * most * moved;
            x = x * by.exp() + through(seen, shift, hidden) * moved;
            ln_slope = ln_slope + b.sum(by, space);
        }
        Ok((x, ln_slope))
    }

    /// location + scale e + factors u: covariance D² + B B'. With W = B / D and v = (x - location) / D the density needs the
    /// Cholesky factor L of I + W'W alone: v'v - |L^-1 W'v|² and ln |L| (Woodbury; matrix determinant lemma).
    pub(super) fn low_rank(
        &self,
        (location, scale): (Expr<'b>, Expr<'b>),
        factors: &TExpr,
        (noise, space): (Expr<'b>, AxisSet),
        site: SymbolId,
    ) -> Lowered<Joined<'b>> {
        let b = self.builder;
        let axis = factors.axes.last().map(|a| self.axes.id(*a));
        let weights = self.expr(factors)?;
        let own = b.axes_of(weights);
        let Some(rank) = axis.filter(|a| own == space.with(*a) && !space.contains(*a)) else {
            return Err(Box::new(
                Diagnostic::error(
                    "E0104",
                    factors.span,
                    "the factors have the draw's axes and, last, one of their own",
                )
                .help("write `axis rank = 3; param B[free, rank] = 0;`"),
            ));
        };
        let Some(other) = factors.axes.last().map(|a| AxisRef { copy: 1, ..*a }) else {
            return Err(Box::new(Diagnostic::error(
                "E0104",
                factors.span,
                "factors have axes",
            )));
        };
        let other = self.axes.id(other);
        let along = AxisSet::of(&[rank]);
        let common = self.new_noise(along, NoiseKind::Normal, site);
        let n: usize = space.iter().map(|a| b.size(a)).product();
        let w = weights / scale;
        let v = noise + b.sum(w * common, along);
        let square = b.sum(w * b.rename(w, rank, other), space)
            + b.square(rank, other, |i, j| f64::from(u8::from(i == j)));
        let l = (b.cholesky((square, rank, other)), rank, other);
        let seen = b.solve_lower(l, (b.sum(w * v, space), rank), false);
        let ln_volume = b.sum(scale.ln(), space) + b.sum(b.diagonal(l).ln(), along);
        let squares = b.sum(v.square(), space) - b.sum(seen.square(), along);
        let constant = n as f64 * HALF_LN_2PI;
        Ok(Joined {
            draw: location + scale * v,
            ln_density: -HALF * squares - ln_volume - Expr::Const(constant),
            entropy: Some(ln_volume + Expr::Const(constant + 0.5 * n as f64)),
            choice: None,
        })
    }

    /// One of several Gaussians, drawn by softmax(weights). The log density is that of the mixture, whichever was drawn.
    pub(super) fn one_of(
        &self,
        (location, scale, second): (Expr<'b>, Expr<'b>, Option<(AxisId, AxisId)>),
        weights: &TExpr,
        (noise, space): (Expr<'b>, AxisSet),
        site: SymbolId,
    ) -> Lowered<Joined<'b>> {
        let b = self.builder;
        let part = self.axes.id(weights.axes[0]);
        let over = AxisSet::of(&[part]);
        let k = b.size(part);
        let weights = b.broadcast(self.expr(weights)?, over);
        let (location, scale) = (
            b.broadcast(location, b.axes_of(location).with(part)),
            b.broadcast(scale, b.axes_of(scale).with(part)),
        );
        let ln_weight = weights - b.log_sum_exp(weights, over);
        let up_to = b.running_sum(ln_weight.exp(), part, false);
        let chance = self.new_noise(AxisSet::EMPTY, NoiseKind::Uniform, site);
        // The last part takes what rounding leaves.
        let passed = up_to.less(chance * b.at(up_to, part, k - 1));
        let number = b.stop(b.sum(passed, over));
        let numbers = b.data((0..k).map(|i| i as f64).collect(), over);
        let chosen = number.equal(numbers);
        let spread = match second {
            None => scale * noise,
            Some((first, second)) => self.spread((scale, first, second), noise),
        };
        let draw = b.sum(chosen * (location + spread), over);
        let centred = draw - location;
        let (standard, ln_scale) = match second {
            None => (centred / scale, b.sum(scale.ln(), space)),
            Some((first, second)) => {
                let l = (scale, first, second);
                let standard = b.solve_lower(l, (centred, first), false);
                (standard, b.sum(b.diagonal(l).ln(), space))
            }
        };
        let n: usize = space.iter().map(|a| b.size(a)).product();
        let constant = Expr::Const(n as f64 * HALF_LN_2PI);
        let each = ln_weight - HALF * b.sum(standard.square(), space) - ln_scale - constant;
        Ok(Joined {
            draw,
            ln_density: b.log_sum_exp(each, over),
            entropy: None,
            choice: Some(b.sum(chosen * ln_weight, over)),
        })
    }
}

/// sinh((asinh z + skew) / tail) and the logarithm of its slope (Jones and Pewsey 2009, Biometrika 96).
fn sinh_arcsinh<'b>(z: Expr<'b>, skew: Expr<'b>, tail: Expr<'b>) -> (Expr<'b>, Expr<'b>) {
    let square = z.square();
    // asinh |z| = log1p(|z| + z² / (1 + sqrt(1 + z²))), without cancellation.
    let root = (ONE + square).sqrt();
    let size = (z.abs() + square / (ONE + root)).log1p();
    let asinh = z.less(Expr::Const(0.0)).select(-size, size);
    let t = (asinh + skew) / tail;
    let value = (t.expm1() - (-t).expm1()) * HALF;
    let ln_cosh = (t + t).softplus() - t - Expr::Const(std::f64::consts::LN_2);
    (value, ln_cosh - tail.ln() - square.log1p() * HALF)
}
