//! Arguments that are provably wrong together: weights read by columns, cutpoints in any order, ends that leave nothing between.

use super::Checker;
use crate::graph::*;
use ppl_dist::{Bound, Definition, Parameter, Support};
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    /// `Categorical(transpose(P)[z[t-1]])`, `Categorical(P @ now)`: rows of P add up to 1, its columns do not.
    pub(super) fn weights_by_columns<T>(
        &mut self,
        def: &Definition,
        e: &TExpr,
        along: AxisRef,
        (site, at): (SymbolId, Span),
    ) -> Option<T> {
        let symbol = self.model.symbols[site].clone();
        let name = &symbol.name;
        let last = symbol.axes.last().copied().unwrap_or(along);
        let along = self.model.axis_name(along).to_string();
        let square = symbol.axes.iter().filter(|a| a.axis == last.axis).count() == 2;
        let (what, help) = if square {
            (
                format!("the rows of `{name}` add up to 1, its columns do not"),
                format!(
                    "the first bracket of `{name}` says where from: `{name}[now]` is a row, `now @ {name}` an average of rows"
                ),
            )
        } else {
            let sums = self.model.axis_name(last).to_string();
            (
                format!("`{name}` adds up to 1 along `{sums}`, not along `{along}`"),
                format!(
                    "give `{name}` the axis `{along}` last: `{name}[…, {along}] ~ Dirichlet(1)`"
                ),
            )
        };
        let message = format!("the weights of {} must add up to 1, but {what}", def.name);
        let mut d = Diagnostic::error("E0107", e.span, message).at("not probabilities");
        if at.end <= e.span.start || at.start >= e.span.end {
            d = d.label(at, "read here");
        }
        self.fail(d.label(symbol.span, "declared here").help(help))
    }

    /// `c[cut] ~ Normal(0, 3)` as cutpoints: most draws are in no order, and have no density.
    pub(super) fn cutpoints_without_order(
        &mut self,
        def: &Definition,
        parameter: &Parameter,
        e: &TExpr,
    ) -> Option<()> {
        let mut source = e;
        while let TKind::Rename(inner, ..) | TKind::Gather(inner, _) = &source.kind {
            source = inner;
        }
        let TKind::Symbol(id) = source.kind else {
            return Some(());
        };
        let symbol = self.model.symbols[id].clone();
        let ordered = matches!(symbol.kind, Some(Kind::Ordered | Kind::PositiveOrdered));
        if ordered || !matches!(symbol.role, Role::Site(_)) || symbol.axes.is_empty() {
            return Some(());
        }
        let (name, bracket) = (&symbol.name, self.bracket(&symbol.axes));
        let message = format!(
            "`{}` of {} must increase, but `{name}` is drawn in any order",
            parameter.name, def.name
        );
        let d = Diagnostic::error("E0107", e.span, message).at("can leave its domain");
        self.fail(
            d.label(symbol.span, "declared here")
                .help(format!("give it the kind: `{name}{bracket}: ordered ~ …`")),
        )
    }

    /// `Uniform(-inf, inf)`, `Normal(0, inf)`: no density goes with an argument that is infinite.
    pub(super) fn finite_arguments(
        &mut self,
        parameters: &[ppl_dist::Parameter],
        def: &Definition,
        args: &[TExpr],
    ) -> Option<()> {
        let value = |e: &TExpr| match e.kind {
            TKind::Number(v) => Some(v),
            _ => None,
        };
        let infinite = |e: &&TExpr| value(e).is_some_and(f64::is_infinite);
        let Some(at) = args.iter().position(|e| infinite(&e)) else {
            return Some(());
        };
        let (e, parameter) = (&args[at], parameters.get(at)?);
        let ends = matches!(
            def.support,
            Support::Interval(Bound::Parameter(_), Bound::Parameter(_))
        );
        let printed = |e: &TExpr| match (&e.kind, e.whole_symbol()) {
            (TKind::Number(v), _) => format!("{v}"),
            (_, Some(id)) if e.axes.is_empty() => self.model.symbols[id].name.clone(),
            _ => "…".to_owned(),
        };
        let help = match args {
            [low, high] if ends => {
                let kind = match (value(low), value(high)) {
                    (Some(l), Some(h)) if l.is_infinite() && h.is_infinite() => String::new(),
                    (Some(0.0), _) => ": positive".to_owned(),
                    _ => format!(": real({}, {})", printed(low), printed(high)),
                };
                format!("a prior without an end has no density that adds up to 1: `x{kind} ~ Flat();`, whose evidence is not defined, or a wide one, `x{kind} ~ Normal(0, 100);`")
            }
            _ => "give a number that is finite; a prior that prefers no value is `x ~ Flat();`, whose evidence is not defined".to_owned(),
        };
        let message = format!(
            "`{}` ({}) of {} must be finite",
            parameter.name, parameter.doc, def.name
        );
        let d = Diagnostic::error("E0107", e.span, message);
        self.fail(d.at(format!("this is {}", printed(e))).help(help))
    }

    /// `Uniform(1, 0)`: no number lies between the ends.
    pub(super) fn empty_support(&mut self, def: &Definition, args: &[TExpr]) -> Option<()> {
        let (Support::Interval(Bound::Parameter(i), Bound::Parameter(j))
        | Support::Integers(Bound::Parameter(i), Bound::Parameter(j))) = def.support
        else {
            return Some(());
        };
        let (Some(low), Some(high)) = (args.get(i), args.get(j)) else {
            return Some(());
        };
        let (TKind::Number(l), TKind::Number(h)) = (&low.kind, &high.kind) else {
            return Some(());
        };
        let whole = matches!(def.support, Support::Integers(..));
        if l < h || (whole && l == h) {
            return Some(());
        }
        let message = format!("{} draws nothing between {l} and {h}", def.name);
        let d = Diagnostic::error("E0107", low.span.to(high.span), message);
        self.fail(
            d.at("the first end must be the smaller one")
                .help(format!("did you mean `{}({h}, {l})`?", def.name)),
        )
    }
}
