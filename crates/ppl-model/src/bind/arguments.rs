//! Arguments that data alone put outside of their domain: a standard deviation of 0 in one row.

use super::cells::{branches, counted};
use super::undefined::Undefined;
use super::{Binder, Bound};
use crate::graph::*;
use ppl_dist::{Domain, Shape};
use ppl_syntax::diagnostic::Diagnostic;

/// How far a calculated value may be off by rounding, relative to the larger of 1 and its size.
const ROUNDING: f64 = 1e-9;

/// A distribution in the model: what it draws or is observed, and the axes of that.
pub(super) struct Place<'m> {
    pub located: &'m Located,
    pub dist: &'m TDist,
    pub observed: Option<&'m TExpr>,
    /// The axes of its draws, without those of one event.
    pub batch: Vec<AxisRef>,
}

impl Binder<'_> {
    /// The first cell of each argument that is outside of its domain whatever the unknowns are.
    pub(super) fn arguments(&self, bound: &Bound) -> Vec<Diagnostic> {
        let places = bound.model.statements.iter().filter_map(|located| {
            let (dist, observed, axes) = match &located.statement {
                Statement::Sample(id) => {
                    let axes = &bound.model.symbols[*id].axes;
                    (bound.model.dist(*id)?, None, axes)
                }
                Statement::Observe { value, dist } => (dist, Some(value), &value.axes),
                Statement::Predict { dist, axes, .. } => (dist, None, axes),
                _ => return None,
            };
            let event = match dist.distribution.definition().event {
                Shape::Scalar | Shape::Sequence => 0,
                _ => dist.event.len(),
            };
            Some(Place {
                located,
                dist,
                observed,
                batch: axes[..axes.len().checked_sub(event)?].to_vec(),
            })
        });
        places.filter_map(|p| self.outside(bound, &p)).collect()
    }

    fn outside(&self, bound: &Bound, place: &Place) -> Option<Diagnostic> {
        for (number, d) in place.dist.branches().into_iter().enumerate() {
            // A prediction by `Constant(e)` is `e` itself, whatever that is.
            if d.is_constant() && matches!(place.located.statement, Statement::Predict { .. }) {
                continue;
            }
            let def = d.distribution.definition();
            for (parameter, e) in def.forms[d.form].parameters.iter().zip(&d.args) {
                if matches!(e.kind, TKind::Number(_)) {
                    continue;
                }
                if let Some(d) = infinite(bound, def, parameter, e) {
                    return Some(d);
                }
                if let Some(d) = self.no_number(bound, place, (number, parameter), e) {
                    return Some(d);
                }
                let Some(want) = wanted(parameter.domain) else {
                    continue;
                };
                let mut axes = place.batch.clone();
                // A loop's copy of an axis is the axis.
                let known = |a: &AxisRef| place.batch.iter().any(|b| b.declared() == *a);
                axes.extend(e.axes.iter().map(|a| a.declared()).filter(|a| !known(a)));
                let Some(values) = bound.certain(e, &axes) else {
                    continue;
                };
                let is_bad = |v: &Option<f64>| v.is_some_and(|v| !inside(parameter.domain, v));
                if !values.iter().any(is_bad) {
                    continue;
                }
                let Some(counts) = self.counts(bound, place, number, &axes) else {
                    continue;
                };
                let mut bad = (0..values.len()).filter(|&i| counts[i] && is_bad(&values[i]));
                let (Some(first), more) = (bad.next(), bad.count()) else {
                    continue;
                };
                let v = values[first].unwrap_or(f64::NAN);
                let what = format!(
                    "`{}` ({}) of {} must be {want}",
                    parameter.name, parameter.doc, def.name
                );
                let others = match more {
                    0 => String::new(),
                    1 => ", and one more is outside".into(),
                    n => format!(", and {n} more are outside"),
                };
                let always = match e.stochastic {
                    true => " whatever the unknowns are",
                    false => "",
                };
                let column = e.whole_symbol().map(|id| &bound.model.symbols[id]);
                let cell = column.and_then(|s| {
                    let same = s
                        .axes
                        .iter()
                        .map(|a| a.axis)
                        .eq(axes.iter().map(|a| a.axis));
                    self.cell(s, first).filter(|_| same)
                });
                let line = bound.line(&axes, first);
                let d = match (column, cell) {
                    (Some(s), Some(cell)) => Diagnostic::data(
                        "E0107",
                        cell,
                        format!("`{}`: {what}, and this is {v}{others}", s.name),
                    )
                    .label(e.span, "an argument here"),
                    _ => Diagnostic::error(
                        "E0107",
                        e.span,
                        format!(
                            "{what}, and data make it {v}{always}{}{line}{others}",
                            bound.where_(&axes, first)
                        ),
                    )
                    .at("leaves its domain"),
                };
                return Some(d.help("mend the data, or leave such elements out: `if` around the statement, with a condition on data, skips them"));
            }
        }
        self.never_drawn(bound, place)
    }

    /// The first element that is no number whatever the unknowns are: `log(x)` of an x of 0. What is on a scale of
    /// logarithms or log odds may be infinite, as may elements of a vector.
    fn no_number(
        &self,
        bound: &Bound,
        place: &Place,
        (branch, parameter): (usize, &ppl_dist::Parameter),
        e: &TExpr,
    ) -> Option<Diagnostic> {
        let mut axes = place.batch.clone();
        let known = |a: &AxisRef| place.batch.iter().any(|b| b.declared() == *a);
        axes.extend(e.axes.iter().map(|a| a.declared()).filter(|a| !known(a)));
        let found = bound.undefined(e, &axes)?;
        let open = parameter.shape != Shape::Scalar || parameter.name.starts_with("log");
        let least = match open {
            true => Undefined::NotANumber,
            false => Undefined::Infinite,
        };
        let counts = self.counts(bound, place, branch, &axes)?;
        let mut bad = (0..found.len()).filter(|&i| counts[i] && found[i] >= least);
        let (first, more) = (bad.next()?, bad.count());
        let others = match more {
            0 => String::new(),
            1 => ", and one more element".into(),
            n => format!(", and {n} more elements"),
        };
        let name = place
            .dist
            .branches()
            .get(branch)?
            .distribution
            .definition()
            .name;
        let message = format!(
            "`{}` ({}) of {name} is no finite number whatever the unknowns are{}{}{others}",
            parameter.name,
            parameter.doc,
            bound.where_(&axes, first),
            bound.line(&axes, first)
        );
        Some(
            Diagnostic::error("E0107", e.span, message)
                .at("data alone make it so")
                .help("a logarithm of 0, a division by 0 or by the standard deviation of a constant column: mend the data, or leave such elements out with an `if` around the statement"),
        )
    }

    /// Whether each element over `axes` counts, in that branch, and is observed.
    pub(super) fn counts(
        &self,
        bound: &Bound,
        place: &Place,
        branch: usize,
        axes: &[AxisRef],
    ) -> Option<Vec<bool>> {
        let counted = counted(bound, place.located, axes)?;
        let taken = branches(bound, place.dist, axes).swap_remove(branch).1?;
        let all = counted.iter().zip(&taken);
        let mut out: Vec<bool> = all.map(|(c, t)| *c != 0.0 && *t != 0.0).collect();
        let observed = place.observed.filter(|v| v.axes == place.batch);
        if let Some(values) = observed.and_then(|v| bound.evaluate(v, &place.batch)) {
            let each = (out.len() / values.len().max(1)).max(1);
            let missing = |i: usize| values.get(i / each).is_some_and(|v| v.is_nan());
            (0..out.len())
                .filter(|i| missing(*i))
                .collect::<Vec<_>>()
                .iter()
                .for_each(|i| out[*i] = false);
        }
        Some(out)
    }
}

/// One number that is infinite, by a name or by arithmetic: `let far = inf; x ~ Uniform(-far, far);`.
fn infinite(
    bound: &Bound,
    def: &ppl_dist::Definition,
    parameter: &ppl_dist::Parameter,
    e: &TExpr,
) -> Option<Diagnostic> {
    if e.stochastic || !e.axes.is_empty() || matches!(e.ty, Ty::Index(_)) {
        return None;
    }
    let values = bound.evaluate(e, &[])?;
    let v = values.first().filter(|v| v.is_infinite())?;
    let message = format!(
        "`{}` ({}) of {} must be finite",
        parameter.name, parameter.doc, def.name
    );
    let d = Diagnostic::error("E0107", e.span, message).at(format!("this is {v}"));
    Some(d.help("give a number that is finite; a prior that prefers no value is `x ~ Flat();`, whose evidence is not defined"))
}

/// What an argument has to be, in words; `None` where any number will do, or where the whole of a vector is looked at elsewhere.
fn wanted(domain: Domain) -> Option<&'static str> {
    Some(match domain {
        Domain::Positive | Domain::PositiveVector => "positive",
        Domain::NonNegative => "0 or above",
        Domain::Unit => "between 0 and 1",
        Domain::Count => "a whole number, 0 or above",
        _ => return None,
    })
}

fn inside(domain: Domain, v: f64) -> bool {
    match domain {
        Domain::Positive | Domain::PositiveVector => v > 0.0,
        Domain::NonNegative => v >= -ROUNDING,
        Domain::Unit => (-ROUNDING..=1.0 + ROUNDING).contains(&v),
        Domain::Count => v >= 0.0 && v.fract() == 0.0,
        _ => true,
    }
}
