//! Densities of truncated distributions and of censored observations.
//!
//! Truncated to [L, U] a draw has density p(x) / P(L <= X <= U) inside and 0 outside. A right-censored observation at v
//! counts P(X >= v), a left-censored one P(X <= v), an interval P(l <= X <= u), each within the bounds and divided by
//! their mass. For whole numbers every end belongs to its event.

use super::mass::{Ends, Family};
use super::{Lowered, Lowering};
use crate::bind::Values;
use crate::graph::{TDist, TExpr};
use ppl_core::{Expr, Real};

/// What narrows a density beside the distribution's own modifiers.
#[derive(Clone, Copy, Default)]
pub(super) struct Within<'b> {
    /// Bounds of a kind.
    pub lower: Option<Expr<'b>>,
    /// The other bound.
    pub upper: Option<Expr<'b>>,
    /// The value is inside of all bounds by construction: a site's draw.
    pub inside: bool,
    /// Cells that may give an interval.
    pub cells: Option<Cells<'b>>,
}

/// An observed column with censored cells.
#[derive(Clone, Copy)]
pub(super) struct Cells<'b> {
    /// 1 where the cell is a number.
    pub exact: Expr<'b>,
    /// Smallest value that a cell stands for; none where no cell has one.
    pub lower: Option<Expr<'b>>,
    /// Largest one.
    pub upper: Option<Expr<'b>>,
}

/// The larger of two bounds, where there are two.
fn narrow<'b>(a: Option<Expr<'b>>, b: Option<Expr<'b>>, upper: bool) -> Option<Expr<'b>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if upper { a.min(b) } else { a.max(b) }),
        (a, b) => a.or(b),
    }
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// `plain`, the density of `value` under `d` without its modifiers, with them.
    pub(super) fn modified(
        &self,
        d: &TDist,
        arguments: &[&[Expr<'b>]],
        value: Expr<'b>,
        plain: Expr<'b>,
        within: &Within<'b>,
    ) -> Lowered<Expr<'b>> {
        let read = |e: &Option<Box<TExpr>>| -> Lowered<Option<Expr<'b>>> {
            e.as_ref().map(|e| self.expr(e)).transpose()
        };
        let own = (read(&d.modifiers.lower)?, read(&d.modifiers.upper)?);
        let lower = narrow(own.0, within.lower, false);
        let upper = narrow(own.1, within.upper, true);
        let (left, right) = (read(&d.modifiers.left)?, read(&d.modifiers.right)?);
        let bounded = lower.is_some() || upper.is_some();
        if !bounded && left.is_none() && right.is_none() && within.cells.is_none() {
            return Ok(plain);
        }
        let family = Family::new(d, arguments);
        let never = Expr::Const(f64::NEG_INFINITY);
        // A summed-out site is tried at values that another element has.
        let inside = within.inside && !d.distribution.definition().is_discrete();
        let within_bounds = |mut term: Expr<'b>| {
            if let Some(lo) = lower.filter(|_| !inside) {
                term = lo.less_eq(value).select(term, never);
            }
            if let Some(hi) = upper.filter(|_| !inside) {
                term = value.less_eq(hi).select(term, never);
            }
            term
        };
        let mut term = within_bounds(plain);
        if let Some(cells) = within.cells {
            let ends = Ends {
                lower: narrow(cells.lower, lower, false),
                upper: narrow(cells.upper, upper, true),
            };
            term = cells.exact.select(term, family.ln_mass(ends));
        }
        // Where there is no flag, one and the same value: nothing is asked of it, and it costs nothing.
        let flagged = |flag: Expr<'b>| Some(flag.select(value, family.somewhere()));
        if let Some(flag) = left {
            let ends = Ends {
                lower,
                upper: narrow(flagged(flag), upper, true),
            };
            term = flag.select(family.ln_mass(ends), term);
        }
        if let Some(flag) = right {
            let ends = Ends {
                lower: narrow(flagged(flag), lower, false),
                upper,
            };
            term = flag.select(family.ln_mass(ends), term);
        }
        if !bounded {
            return Ok(term);
        }
        let share = term - family.ln_mass(Ends { lower, upper });
        let is_plain = left.is_none() && right.is_none() && within.cells.is_none();
        let far = upper.filter(|_| is_plain).and_then(|hi| {
            let lo = lower.map(|lo| family.before(lo));
            let distribution = d.distribution;
            distribution.far_share_expr(value, lo, hi, arguments)
        });
        Ok(match far {
            Some((is_far, far)) => is_far.select(within_bounds(far), share),
            None => share,
        })
    }

    /// The cells of an observed column, where they may be intervals.
    pub(super) fn cells(&self, value: &TExpr) -> Option<Cells<'b>> {
        let id = value.whole_symbol()?;
        let upper = self.bound.upper_ends.get(&id)?;
        let Values::Real(lower) = self.bound.values.get(&id)? else {
            return None;
        };
        let axes = &self.bound.model.symbols[id].axes;
        let column = |values: Vec<f64>| {
            self.builder.data(
                self.axes.to_program(&values, axes).into(),
                self.axes.set(axes),
            )
        };
        let pairs = || lower.iter().zip(upper.iter());
        let is_number = |l: &f64, u: &f64| l == u;
        if pairs().all(|(l, u)| is_number(l, u) || l.is_nan()) {
            return None;
        }
        let exact = if pairs().any(|(l, u)| is_number(l, u)) {
            column(
                pairs()
                    .map(|(l, u)| f64::from(u8::from(is_number(l, u))))
                    .collect(),
            )
        } else {
            Expr::Const(0.0)
        };
        // Numbers and missing cells have a density of their own, or none: nothing is asked of their interval.
        let ends = |of: &dyn Fn(f64, f64) -> f64, open: f64| {
            let values: Vec<f64> = pairs()
                .map(|(&l, &u)| {
                    if is_number(&l, &u) || l.is_nan() {
                        open
                    } else {
                        of(l, u)
                    }
                })
                .collect();
            values.iter().any(|v| *v != open).then(|| column(values))
        };
        Some(Cells {
            exact,
            lower: ends(&|l, _| l, f64::NEG_INFINITY),
            upper: ends(&|_, u| u, f64::INFINITY),
        })
    }
}
