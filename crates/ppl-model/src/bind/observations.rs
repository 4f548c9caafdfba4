//! Observed cells against the branch that they fall in, its bounds and its flags of censoring.

use super::cells::{branches, counted};
use super::reach::Side;
use super::supports::Range;
use super::{Binder, Bound, Values};
use crate::graph::*;
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// What is wrong with one cell.
struct Mistake {
    code: &'static str,
    message: String,
    help: String,
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
    /// The unknowns at which draws end.
    names: [Option<String>; 2],
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
                && Range::arguments(dist).iter().all(Option::is_none)
            {
                continue;
            }
            // Cells that a condition leaves out are not observed; where latents decide, nobody knows yet.
            let Some(counts) = counted(bound, located, &value.axes) else {
                continue;
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
                .filter(|(i, v)| !v.is_nan() && counts[*i] != 0.0)
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
    let branches = branches(bound, dist, axes).into_iter();
    let leaves = branches.map(|(d, taken)| {
        let value = |e: &Option<Box<TExpr>>| bound.evaluate(e.as_deref()?, axes);
        let ends = Range::arguments(d);
        let end = |i: usize, side| bound.reach(&d.args[ends[i]?], axes, side);
        Leaf {
            dist: d,
            taken,
            lower: value(&d.modifiers.lower),
            upper: value(&d.modifiers.upper),
            left: value(&d.modifiers.left),
            right: value(&d.modifiers.right),
            range: Range::of(d),
            ends: [end(0, Side::Low), end(1, Side::High)],
            names: ends.map(|i| Some(bound.model.symbols[unknown(&d.args[i?])?].name.clone())),
        }
    });
    leaves.collect()
}

/// The unknown that an argument is, or is an element of.
fn unknown(e: &TExpr) -> Option<SymbolId> {
    match &e.kind {
        TKind::Symbol(id) if e.stochastic => Some(*id),
        TKind::Gather(inner, _) => unknown(inner),
        _ => None,
    }
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
            help: "mend the columns that `left` and `right` read: at most one of them is true; an interval is a cell such as `[2, 5]` of a `censored` column".into(),
            label: (d.span, "both flags are true"),
        });
    }
    let (lower, upper) = (at(&leaf.lower), at(&leaf.upper));
    let impossible = |message: String| {
        Some(Mistake {
            code: "E0211",
            message,
            help: "mend the data, or choose a distribution that can draw it".into(),
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
    let message = format!(
        "{name} draws {}, so {shown} cannot be observed",
        range.words()
    );
    // The end that an unknown cannot pass, where that is the one that the cell is beyond.
    let passed = match to < range.low.0 {
        true => (0, "lower", "least"),
        false => (1, "upper", "most"),
    };
    let end = [range.low.0, range.high.0][passed.0];
    match &leaf.names[passed.0] {
        Some(n) if at(&leaf.ends[passed.0]).is_some() && (to < end || from > end) => {
            Some(Mistake {
                code: "E0211",
                message: format!("{message}: `{n}` is {end} at {}", passed.2),
                help: format!(
                    "mend the data, or move the {} end of `{n}`: the bound of its kind, of its `.truncated(…)`, or of its distribution",
                    passed.1
                ),
                label: (d.span, "observed under this"),
            })
        }
        _ => impossible(message),
    }
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
