//! Domains of parameters: literals outside of them, latents that provably leave them.

use super::Checker;
use crate::graph::*;
use crate::simplex::Total;
use ppl_dist::{Bound, Definition, Domain, Parameter, Prim, Support};
use ppl_syntax::diagnostic::Diagnostic;

/// Expressions looked at before it is given up.
const MOST: usize = 10_000;

impl Checker {
    /// Refuses arguments that are provably outside the parameter's domain.
    ///
    /// `along`: the axis of the event, for arguments that are vectors.
    pub(super) fn domain(
        &mut self,
        def: &Definition,
        parameter: &Parameter,
        e: &TExpr,
        along: Option<&AxisRef>,
    ) -> Option<()> {
        // A prediction by `Constant(e)` is `e` itself, whatever that is.
        let constant = matches!(def.support, Support::Integers(a, b) if a == b);
        if constant && self.in_prediction {
            return Some(());
        }
        if let TKind::Number(v) = e.kind {
            let (inside, want) = match parameter.domain {
                Domain::Positive | Domain::PositiveVector => (v > 0.0, "positive"),
                Domain::NonNegative => (v >= 0.0, "0 or above"),
                Domain::Unit => ((0.0..=1.0).contains(&v), "between 0 and 1"),
                Domain::Count => (v >= 0.0 && v.fract() == 0.0, "a whole number, 0 or above"),
                _ => (true, ""),
            };
            if !inside {
                let d = Diagnostic::error(
                    "E0107",
                    e.span,
                    format!("`{}` ({}) must be {want}", parameter.name, parameter.doc),
                )
                .at(format!("this is {v}"));
                let d = if v < 0.0 {
                    d.help(format!("did you mean {}?", -v))
                        .fix(e.span, format!("{}", -v))
                } else {
                    d.help(format!("give a value that is {want}"))
                };
                return self.fail(d);
            }
        }
        self.matrix_argument(def, parameter, e)?;
        match (parameter.domain, along) {
            (Domain::Simplex, Some(&along)) => match self.model.total(e, along) {
                Total::One => return Some(()),
                Total::Elsewhere(site, at) => {
                    return self.weights_by_columns(def, e, along, (site, at));
                }
                Total::Unknown => self.written_weights(parameter, e)?,
            },
            (Domain::Ordered, _) => self.cutpoints_without_order(def, parameter, e)?,
            _ => {}
        }
        if matches!(parameter.domain, Domain::Simplex | Domain::Count) {
            return self.leaves_simplex_or_counts(parameter, e);
        }
        let needs = match parameter.domain {
            Domain::Positive | Domain::PositiveVector | Domain::NonNegative => "positive",
            Domain::Unit => "unit",
            _ => return Some(()),
        };
        let mut source = e;
        while let TKind::Gather(inner, _) | TKind::Rename(inner, ..) = &source.kind {
            source = inner;
        }
        // `-sigma`, of a sigma that is never negative.
        if let TKind::Prim(ppl_dist::Prim::Mul, args) = &source.kind
            && let [
                TExpr {
                    kind: TKind::Number(v),
                    ..
                },
                TExpr {
                    kind: TKind::Symbol(id),
                    ..
                },
            ] = args.as_slice()
            && *v < 0.0
            && self.range(&self.model.symbols[*id]).0 >= 0.0
        {
            let name = self.model.symbols[*id].name.clone();
            return self.fail(
                Diagnostic::error("E0107", e.span, format!("`{}` ({}) must not be negative, but `{name}` never is and this is its negative", parameter.name, parameter.doc))
                    .at("cannot be positive")
                    .help(format!("did you mean `{name}`?")),
            );
        }
        let TKind::Symbol(id) = source.kind else {
            return Some(());
        };
        let symbol = self.model.symbols[id].clone();
        let (low, high) = self.range(&symbol);
        let outside = if needs == "unit" {
            low < 0.0 || high > 1.0
        } else {
            low < 0.0 && high > 0.0 || high <= 0.0
        };
        if !outside || !matches!(symbol.role, Role::Site(_) | Role::Param(_)) {
            return Some(());
        }
        let wording = if needs == "unit" {
            "between 0 and 1"
        } else {
            "positive"
        };
        let fix = if needs == "unit" {
            format!("inv_logit({})", symbol.name)
        } else {
            format!("exp({})", symbol.name)
        };
        self.fail(
            Diagnostic::error("E0107", e.span, format!("`{}` ({}) must be {wording}, but `{}` can be any value from {low} to {high}", parameter.name, parameter.doc, symbol.name))
                .at("can leave its domain")
                .label(symbol.span, "declared here")
                .help(format!("give it a prior on the right support, write its kind (`{}: {needs} ~ …`), or transform it: `{fix}`", symbol.name)),
        )
    }

    /// Refuses a continuous unknown as a count, and unknowns that almost never add up to 1 as probabilities.
    fn leaves_simplex_or_counts(&mut self, parameter: &Parameter, e: &TExpr) -> Option<()> {
        let mut source = e;
        while let TKind::Gather(inner, _) | TKind::Rename(inner, ..) = &source.kind {
            source = inner;
        }
        let site = matches!(source.kind, TKind::Symbol(id) if matches!(self.model.symbols[id].role, Role::Site(_)));
        let counts = parameter.domain == Domain::Count;
        if counts && !site && self.is_continuous(e, &mut MOST.clone()) {
            return self.fail(
                Diagnostic::error(
                    "E0107",
                    e.span,
                    format!(
                        "`{}` ({}) must be a whole number, but this is calculated from continuous unknowns",
                        parameter.name, parameter.doc
                    ),
                )
                .at("no whole number")
                .help("give it a number, data of the kind `int`, or a discrete unknown"),
            );
        }
        let TKind::Symbol(id) = source.kind else {
            return Some(());
        };
        let symbol = self.model.symbols[id].clone();
        let Role::Site(d) = &symbol.role else {
            return Some(());
        };
        let simplex = d.distribution.definition().support == Support::Simplex
            || matches!(symbol.kind, Some(Kind::Simplex));
        let (name, counts) = (&symbol.name, parameter.domain == Domain::Count);
        if symbol.is_discrete_site() || !counts && simplex {
            return Some(());
        }
        let (what, help) = if counts {
            (
                "a whole number, but",
                "give it a number, data of the kind `int`, or a discrete unknown".to_owned(),
            )
        } else {
            (
                "probabilities that add up to 1, but",
                format!(
                    "give it such a prior, `{name}[…] ~ Dirichlet(1)`, or transform it: `softmax({name}, over = …)`"
                ),
            )
        };
        let found = if counts {
            "is a continuous unknown"
        } else {
            "is drawn without that constraint"
        };
        self.fail(
            Diagnostic::error(
                "E0107",
                e.span,
                format!(
                    "`{}` ({}) must be {what} `{name}` {found}",
                    parameter.name, parameter.doc
                ),
            )
            .at("can leave its domain")
            .label(symbol.span, "declared here")
            .help(help),
        )
    }

    /// Whether a value that is calculated moves with a continuous unknown as that does: through arithmetic and functions that have
    /// slopes, and through no choice, comparison or rounding.
    fn is_continuous(&self, e: &TExpr, left: &mut usize) -> bool {
        let Some(less) = left.checked_sub(1) else {
            return false;
        };
        *left = less;
        if !e.stochastic || e.ty != Ty::Real {
            return false;
        }
        let mut one = |parts: &[TExpr]| {
            let mut moving = parts.iter().filter(|p| p.stochastic).peekable();
            moving.peek().is_some() && moving.all(|p| self.is_continuous(p, left))
        };
        match &e.kind {
            TKind::Symbol(id) => match &self.model.symbols[*id].role {
                Role::Let(inner) => one(std::slice::from_ref(&**inner)),
                Role::Site(_) => !self.model.symbols[*id].is_discrete_site(),
                _ => false,
            },
            TKind::Gather(inner, by) => {
                by.iter().all(|(_, i)| !i.stochastic) && one(std::slice::from_ref(&**inner))
            }
            TKind::Prim(Prim::Add | Prim::Mul | Prim::Exp | Prim::Ln | Prim::Recip, parts) => {
                one(parts)
            }
            // Those that keep whole numbers include the ones that make them.
            TKind::Function(f, parts) => !f.keeps_int && one(parts),
            _ => false,
        }
    }

    /// Refuses weights that are written out, `[p, q]`, where unknowns that are free of each other stay in their sum.
    fn written_weights(&mut self, parameter: &Parameter, e: &TExpr) -> Option<()> {
        let mut source = e;
        while let TKind::Symbol(id) = source.kind
            && let Role::Let(inner) = &self.model.symbols[id].role
        {
            source = inner;
        }
        let TKind::Vector(parts, _) = &source.kind else {
            return Some(());
        };
        let sum = self.model.written_sum(parts);
        let left: Vec<&TExpr> = sum.iter().flat_map(|s| s.left()).collect();
        let free: Option<Vec<SymbolId>> = left.iter().map(|t| self.model.free_unknown(t)).collect();
        let Some(mut free) = free.filter(|f| !f.is_empty()) else {
            return Some(());
        };
        free.dedup();
        let names: Vec<String> = free
            .iter()
            .map(|id| format!("`{}`", self.model.symbols[*id].name))
            .collect();
        let first = self.model.symbols[free[0]].clone();
        let names = names.join(" and ");
        let message = format!(
            "`{}` ({}) must be probabilities that add up to 1, but what these add up to moves with {names}",
            parameter.name, parameter.doc
        );
        self.fail(
            Diagnostic::error("E0107", e.span, message)
                .at("can leave its domain")
                .label(first.span, "declared here")
                .help("write the last one as what the others leave, `[p, 1 - p]`, draw them together, `w[k] ~ Dirichlet(1)`, or scale them, `softmax(…)`"),
        )
    }

    /// Smallest and largest value that a symbol can take, as far as its declaration says.
    fn range(&self, s: &Symbol) -> (f64, f64) {
        // An unknown bound may be anything on its side; never an error on that account.
        let end = |e: Option<&TExpr>, open: f64| match e.map(|e| &e.kind) {
            None => open,
            Some(TKind::Number(v)) => *v,
            Some(_) if open < 0.0 => 0.0,
            Some(_) => 1.0,
        };
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        let by_kind = match &s.kind {
            Some(Kind::Real(lo, hi)) => (end(lo.as_ref(), low), end(hi.as_ref(), high)),
            Some(Kind::Simplex) => (0.0, 1.0),
            Some(Kind::PositiveOrdered) => (0.0, f64::INFINITY),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let by_dist = match &s.role {
            Role::Site(d) => match d.distribution.definition().support {
                Support::Interval(lo, hi) => {
                    let end = |b: Bound, open: f64| match b {
                        Bound::At(v) => v,
                        Bound::Parameter(i) => match d.args.get(i).map(|a| &a.kind) {
                            Some(TKind::Number(v)) if d.form == 0 => *v,
                            _ => {
                                if open < 0.0 {
                                    0.0
                                } else {
                                    1.0
                                }
                            }
                        },
                    };
                    (end(lo, -1.0), end(hi, 1.0))
                }
                Support::Simplex | Support::Bool => (0.0, 1.0),
                Support::Integers(..) | Support::Category | Support::OrderedCategory => {
                    (0.0, f64::INFINITY)
                }
                _ => (f64::NEG_INFINITY, f64::INFINITY),
            },
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let truncated = match &s.role {
            Role::Site(d) if d.otherwise.is_none() => {
                let m = &d.modifiers;
                (end(m.lower.as_deref(), low), end(m.upper.as_deref(), high))
            }
            _ => (low, high),
        };
        (
            by_kind.0.max(by_dist.0).max(truncated.0),
            by_kind.1.min(by_dist.1).min(truncated.1),
        )
    }
}
