//! `.transformed(skew = e, tail = d)`, `factors = B`, `mixture = w`, `flow = […]`: a guide's draw that is no single Gaussian
//! of independent or correlated numbers.

use super::Checker;
use crate::departure::Departure;
use crate::graph::*;
use ppl_syntax::ast::{Arg, Expr, ExprKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};

const NAMES: [&str; 5] = ["skew", "tail", "factors", "mixture", "flow"];

/// Whether an argument is one of these.
pub(super) fn is_of_departure(a: &Arg) -> bool {
    a.name
        .as_ref()
        .is_some_and(|n| NAMES.contains(&n.name.as_str()))
}

impl Checker {
    /// The departure; `None` within where there is none.
    pub(super) fn departure(&mut self, args: &[Arg], dist: Span) -> Option<Option<Box<Departure>>> {
        let named = |name: &str| {
            let found = args
                .iter()
                .find(|a| a.name.as_ref().is_some_and(|n| n.name == name));
            found.map(|a| &a.value)
        };
        let [skew, tail, factors, mixture, flow] = NAMES.map(named);
        let kinds = [skew.or(tail), factors, mixture, flow];
        let mut given = kinds.iter().flatten();
        let (Some(_), second) = (given.next(), given.next()) else {
            return Some(None);
        };
        if let Some(second) = second {
            return self.fail(
                Diagnostic::error(
                    "E0117",
                    second.span,
                    "a draw has `skew` with `tail`, `factors`, `mixture` or `flow`, and not two of them",
                )
                .help("delete all but one"),
            );
        }
        let departure = match (skew, tail, factors, mixture, flow) {
            (Some(skew), Some(tail), ..) => {
                Departure::Skewed(self.guide_number(skew)?, self.guide_number(tail)?)
            }
            (Some(one), None, ..) | (None, Some(one), ..) => {
                return self.fail(
                    Diagnostic::error("E0106", one.span, "`skew` and `tail` go together")
                        .label(dist, "this draw")
                        .help("write `.transformed(skew = e, tail = d)`, where 0 and 1 leave the draw as it is"),
                );
            }
            (.., Some(factors), None, None) => Departure::LowRank(self.guide_number(factors)?),
            (.., Some(mixture), None) => self.mixture(mixture)?,
            (.., Some(flow)) => self.flow(flow)?,
            _ => return Some(None),
        };
        Some(Some(Box::new(departure)))
    }

    fn guide_number(&mut self, e: &Expr) -> Option<TExpr> {
        let typed = self.expr(e, None)?;
        self.numeric(&typed)?;
        Some(typed)
    }

    fn mixture(&mut self, weights: &Expr) -> Option<Departure> {
        let typed = self.guide_number(weights)?;
        if typed.axes.len() != 1 {
            return self.fail(
                Diagnostic::error(
                    "E0104",
                    weights.span,
                    format!(
                        "a mixture has one weight for each of its parts, along one axis; this has {}",
                        self.bracket_or_none(&typed.axes)
                    ),
                )
                .help("write `axis part = 2; param w[part] = 0;` and `.transformed(mixture = w)`"),
            );
        }
        Some(Departure::Mixture(typed))
    }

    fn flow(&mut self, arrays: &Expr) -> Option<Departure> {
        let wrong = || {
            Diagnostic::error(
                "E0106",
                arrays.span,
                "a flow is `[inner, bias, stretch, shift]`: `inner[layer, hidden, free]`, `bias[layer, hidden]`, `stretch[layer, free, hidden]` and `shift[layer, free, hidden]`",
            )
            .help("`ppl guide --guide flow` prints a complete guide to start from")
        };
        let ExprKind::Vector(parts) = &arrays.kind else {
            return self.fail(wrong());
        };
        let mut typed = vec![];
        for part in parts {
            typed.push(self.guide_number(&part.value)?);
        }
        let Ok(parts) = <[TExpr; 4]>::try_from(typed) else {
            return self.fail(wrong());
        };
        let axes = |e: &TExpr| e.axes.clone();
        let fits = match (axes(&parts[0]).as_slice(), axes(&parts[1]).as_slice()) {
            ([layer, hidden, free], [l, h]) => {
                let outer = [*layer, *free, *hidden];
                l == layer
                    && h == hidden
                    && layer != free
                    && free != hidden
                    && parts[2..].iter().all(|e| e.axes == outer)
            }
            _ => false,
        };
        match fits {
            true => Some(Departure::Flow(Box::new(parts))),
            false => self.fail(wrong()),
        }
    }

    fn bracket_or_none(&self, axes: &[AxisRef]) -> String {
        match axes.is_empty() {
            true => "none".to_owned(),
            false => format!("`{}`", self.bracket(axes)),
        }
    }

    /// A departure needs a Gaussian draw of the right form, and nothing beside it.
    pub(super) fn departs(&mut self, d: &TDist) -> Option<()> {
        let Some(departure) = &d.departure else {
            return Some(());
        };
        let def = d.distribution.definition();
        let (name, normal) = (departure.name(), def.name == "Normal");
        let fail = |message: String, help: &str| {
            Diagnostic::error("E0117", d.span, message).help(help.to_owned())
        };
        let d = match &**departure {
            _ if d.markov.is_some() => fail(
                format!("a chain cannot have `{name}` as well"),
                "delete `markov` and `over`, or the other",
            ),
            Departure::LowRank(_) if !normal || d.linked.is_some() => fail(
                format!("`{name}` goes with `Normal(location, scale)` alone"),
                "`ppl guide --guide low-rank` prints a complete guide to start from",
            ),
            Departure::Mixture(_) if d.linked.is_some() => fail(
                "the parts of a mixture are not linked".to_owned(),
                "`ppl guide --guide mixture` prints a complete guide to start from",
            ),
            _ if normal || def.name == "MultiNormal" => return Some(()),
            _ => fail(
                format!("`{name}` goes with `Normal` and `MultiNormal`"),
                "draw one of the two",
            ),
        };
        self.fail(d)
    }
}
