//! Sequences along an axis in order: one density for all elements, of each given those before it.

use super::{Lowered, Lowering};
use crate::graph::{Lag, TDist};
use ppl_core::{AxisSet, Expr, Index, Real};
use ppl_dist::Shape;
use ppl_syntax::diagnostic::Diagnostic;

impl<'b> Lowering<'_, 'b> {
    /// The arguments in canonical form, and the log density of every element of `value` given the earlier ones.
    pub(super) fn sequence(
        &self,
        d: &TDist,
        value: Expr<'b>,
    ) -> Lowered<(Vec<Vec<Expr<'b>>>, Expr<'b>)> {
        let def = d.distribution.definition();
        let (Some(&time), own) = (d.event.first(), d.event.get(1)) else {
            return Err(Box::new(Diagnostic::error(
                "E0110",
                d.span,
                format!("a draw from {} lies along an axis", def.name),
            )));
        };
        let mut args = vec![];
        for (parameter, arg) in def.forms[d.form].parameters.iter().zip(&d.args) {
            let whole = self.expr(arg)?;
            args.push(match (parameter.shape, own) {
                (Shape::OwnAxis, Some(&own)) => {
                    let axis = self.axes.id(own);
                    self.event_size(
                        axis,
                        &format!("`{}` of {}", parameter.name, def.name),
                        d.span,
                    )?;
                    (0..self.builder.size(axis))
                        .map(|i| self.component(whole, axis, i))
                        .collect()
                }
                _ => vec![whole],
            });
        }
        if d.form > 0 {
            args = d.distribution.canonical_expr(d.form, &args);
        }
        let slices: Vec<&[Expr<'b>]> = args.iter().map(Vec::as_slice).collect();
        let lags = d.distribution.lags(&slices);
        let target = self.axes.id(time);
        // What no longer depends on time still has its element for each time.
        let value = self.builder.broadcast(
            value,
            self.builder.axes_of(value).union(AxisSet::of(&[target])),
        );
        let before: Vec<Expr<'b>> = (1..=lags)
            .map(|k| {
                let (_, positions) = self.shifted(time, Lag::Literal(k), None);
                let index = self.builder.index(Index {
                    target,
                    axes: AxisSet::of(&[target]),
                    values: positions.into(),
                });
                self.builder.gather(value, index)
            })
            .collect();
        let nothing = Expr::Const(f64::NAN);
        let start = d
            .distribution
            .ln_start_expr(value, &slices)
            .unwrap_or(nothing);
        let step = d
            .distribution
            .ln_step_expr(value, &before, &slices)
            .unwrap_or(nothing);
        let density = self.end_flags(time, lags, None, false).select(start, step);
        Ok((args, density))
    }
}
