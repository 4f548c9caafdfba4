//! Observed cells against the branch that they fall in, its bounds and its flags of censoring.

use super::supports::Range;
use super::{Binder, Bound, Values};
use crate::graph::*;
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// What is wrong with one cell.
struct Mistake {
    code: &'static str,
    message: String,
    help: &'static str,
    label: (Span, &'static str),
}

/// A branch with what the data say about it; `None` where that depends on latents.
struct Leaf<'m> {
    dist: &'m TDist,
    /// Whether each cell falls in this branch.
    taken: Option<Vec<f64>>,
    lower: Option<Vec<f64>>,
    upper: Option<Vec<f64>>,
    left: Option<Vec<f64>>,
    right: Option<Vec<f64>>,
    /// Where its draws are as far as the text tells, and the ends that data tell.
    range: Option<Range>,
    ends: [Option<Vec<f64>>; 2],
}

/// Whether draws end at an argument that data alone determine: the trials of `Binomial`.
fn ends_in_data(dist: &TDist) -> bool {
    let mut places = Range::arguments(dist).into_iter().flatten();
    places.any(|i| !dist.args[i].stochastic)
}

impl Binder<'_> {
    /// Cells that their distribution cannot draw, or that are censored on both sides; the first of each observation.
    pub(super) fn observations(&self, bound: &Bound) -> Vec<Diagnostic> {
        let mut out = vec![];
        for located in &self.model.statements {
            let Statement::Observe { value, dist } = &located.statement else {
                continue;
            };
            let symbol = value.whole_symbol();
            let upper_ends = symbol.and_then(|id| self.upper_ends.get(&id));
            if upper_ends.is_none()
                && located.when.is_none()
                && dist.otherwise.is_none()
                && dist.modifiers.expressions().next().is_none()
                && !ends_in_data(dist)
            {
                continue;
            }
            // Cells that a condition leaves out are not observed; where latents decide, nobody knows yet.
            let counts = match &located.when {
                None => None,
                Some(when) if when.condition.axes.iter().all(|a| value.axes.contains(a)) => {
                    match bound.evaluate(&when.condition, &value.axes) {
                        Some(counts) => Some(counts),
                        None => continue,
                    }
                }
                Some(_) => continue,
            };
            let leaves = leaves(bound, dist, &value.axes);
            let cells = match symbol {
                Some(id) => match self.values.get(&id) {
                    Some(Values::Real(v)) => v.to_vec(),
                    _ => continue,
                },
                None => match bound.evaluate(value, &value.axes) {
                    Some(v) => v,
                    None => continue,
                },
            };
            let found = cells
                .iter()
                .enumerate()
                .filter(|(i, v)| !v.is_nan() && counts.as_ref().is_none_or(|c| c[*i] != 0.0))
                .find_map(|(i, &from)| {
                    let to = upper_ends.map_or(from, |u| u[i]);
                    Some((i, mistake(&leaves, i, (from, to))?))
                });
            let Some((element, m)) = found else { continue };
            let place = symbol.map(|id| {
                let s = &self.model.symbols[id];
                (s, self.cell(s, element))
            });
            let d = match place {
                Some((s, Some(place))) => {
                    Diagnostic::data(m.code, place, format!("`{}`: {}", s.name, m.message))
                        .label(m.label.0, m.label.1)
                }
                Some((s, None)) if !s.axes.is_empty() => Diagnostic::error(
                    m.code,
                    m.label.0,
                    format!(
                        "`{}`: {}",
                        bound.element(&s.name, &s.axes, element),
                        m.message
                    ),
                )
                .label(s.span, "declared here"),
                _ => Diagnostic::error(m.code, m.label.0, m.message),
            };
            out.push(d.help(m.help));
        }
        out
    }
}

fn leaves<'m>(bound: &Bound, dist: &'m TDist, axes: &[AxisRef]) -> Vec<Leaf<'m>> {
    let n = bound.len(axes);
    let mut out = vec![];
    // The cells that no earlier branch has taken.
    let mut left_over = Some(vec![1.0; n]);
    let mut next = Some(dist);
    while let Some(d) = next {
        let value = |e: &Option<Box<TExpr>>| bound.evaluate(e.as_deref()?, axes);
        let condition = d.otherwise.as_ref().map(|o| bound.evaluate(&o.0, axes));
        let both = |a: &[f64], b: &[f64], yes: bool| {
            let pairs = a.iter().zip(b);
            pairs
                .map(|(a, b)| f64::from(u8::from(*a != 0.0 && (*b != 0.0) == yes)))
                .collect::<Vec<f64>>()
        };
        let (taken, rest) = match (&left_over, condition) {
            (all, None) => (all.clone(), None),
            (Some(all), Some(Some(c))) => (Some(both(all, &c, true)), Some(both(all, &c, false))),
            (_, Some(_)) => (None, None),
        };
        left_over = rest;
        out.push(Leaf {
            dist: d,
            taken,
            lower: value(&d.modifiers.lower),
            upper: value(&d.modifiers.upper),
            left: value(&d.modifiers.left),
            right: value(&d.modifiers.right),
            range: Range::of(d),
            ends: Range::arguments(d).map(|i| bound.evaluate(&d.args[i?], axes)),
        });
        next = d.otherwise.as_ref().map(|o| &o.1);
    }
    out
}

/// What is wrong with the cell at `i`: for the branch it falls in, or for all of those that it may fall in.
fn mistake(leaves: &[Leaf], i: usize, cell: (f64, f64)) -> Option<Mistake> {
    let mut first = None;
    for leaf in leaves {
        if leaf.taken.as_ref().is_some_and(|t| t[i] == 0.0) {
            continue;
        }
        let found = leaf_mistake(leaf, i, cell)?;
        first = first.or(Some(found));
    }
    first
}

fn leaf_mistake(leaf: &Leaf, i: usize, cell: (f64, f64)) -> Option<Mistake> {
    let d = leaf.dist;
    let (v, shown) = (cell.0, shown(cell));
    let name = d.distribution.definition().name;
    let at = |values: &Option<Vec<f64>>| values.as_ref().map(|v| v[i]);
    let flag = |values: &Option<Vec<f64>>| at(values).is_some_and(|f| f != 0.0);
    let (left, right) = (flag(&leaf.left), flag(&leaf.right));
    if left && right {
        return Some(Mistake {
            code: "E0213",
            message: format!("{shown} is censored on the left and on the right"),
            help: "mend the columns that `left` and `right` read: at most one of them is true; an interval is a cell such as `[2, 5]` of a `censored` column",
            label: (d.span, "both flags are true"),
        });
    }
    let (lower, upper) = (at(&leaf.lower), at(&leaf.upper));
    let impossible = |message: String| {
        Some(Mistake {
            code: "E0211",
            message,
            help: "mend the data, or choose a distribution that can draw it",
            label: (d.span, "observed under this"),
        })
    };
    if let (Some(lo), Some(hi)) = (lower, upper)
        && lo > hi
    {
        return impossible(format!(
            "truncated between {lo} and {hi}, where nothing lies"
        ));
    }
    // The values that the cell stands for.
    let (from, to) = match (left, right) {
        (true, _) => (f64::NEG_INFINITY, v),
        (_, true) => (v, f64::INFINITY),
        _ => cell,
    };
    if lower.is_some_and(|lo| to < lo) || upper.is_some_and(|hi| from > hi) {
        let side = match (lower, upper) {
            (Some(lo), _) if to < lo => format!("below the lower bound {lo}"),
            (_, hi) => format!("above the upper bound {}", hi.unwrap_or(f64::INFINITY)),
        };
        return impossible(format!("{shown} lies {side} of the truncated {name}"));
    }
    let range = leaf.range.as_ref()?;
    let range = range.within(at(&leaf.ends[0]), at(&leaf.ends[1]));
    if range.low.0 > range.high.0 {
        return impossible(format!(
            "{name} draws nothing between {} and {}",
            range.low.0, range.high.0
        ));
    }
    let reaches = to > range.low.0 || (range.low.1 && to == range.low.0);
    let starts = from < range.high.0 || (range.high.1 && from == range.high.0);
    let possible = if from == to {
        range.contains(v)
    } else {
        reaches && starts
    };
    if possible {
        return None;
    }
    impossible(format!(
        "{name} draws {}, so {shown} cannot be observed",
        range.words()
    ))
}

/// A cell as it may be written.
fn shown((from, to): (f64, f64)) -> String {
    if from == to {
        format!("{from}")
    } else if from == f64::NEG_INFINITY {
        format!("<={to}")
    } else if to == f64::INFINITY {
        format!(">={from}")
    } else {
        format!("[{from}, {to}]")
    }
}
