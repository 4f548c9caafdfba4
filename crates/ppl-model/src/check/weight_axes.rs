//! Weights of labels lie along the axis of these labels, one for each.

use super::Checker;
use crate::graph::*;
use ppl_dist::{Definition, Domain, Parameter};
use ppl_syntax::ast;
use ppl_syntax::diagnostic::Diagnostic;

impl Checker {
    /// Refuses weights that are the same for every label: of `Categorical(w)` with a `w` for each row they are as many
    /// numbers as there are rows, none of them a label's. One number that is known stands for all labels.
    pub(super) fn along_labels(
        &mut self,
        def: &Definition,
        parameter: &Parameter,
        (e, written): (&TExpr, &ast::Expr),
        (own, batch): (AxisRef, &[AxisRef]),
    ) -> Option<()> {
        if e.axes.contains(&own) || (e.axes.is_empty() && !e.stochastic) {
            return Some(());
        }
        let axis = self.model.axis_name(own).to_string();
        let lies = self.lies(&e.axes);
        let looped = self.loops.iter().find(|l| l.axis.axis == own.axis);
        let help = match looped.filter(|l| e.axes.contains(&l.axis)) {
            Some(l) => format!(
                "they are given together: take the statement out of the loop over `{axis}`, and leave `[{}]` away",
                l.variable
            ),
            None => self.weights_help(def, parameter, (e, written), (own, batch)),
        };
        self.fail(
            Diagnostic::error(
                "E0110",
                e.span,
                format!(
                    "`{}` of {} ({}) lie along `{axis}`, the axis of the labels",
                    parameter.name, def.name, parameter.doc
                ),
            )
            .at(format!("this {lies}"))
            .help(help),
        )
    }

    /// Which value is to be given the axis of the labels, and how.
    fn weights_help(
        &self,
        def: &Definition,
        parameter: &Parameter,
        (e, written): (&TExpr, &ast::Expr),
        (own, batch): (AxisRef, &[AxisRef]),
    ) -> String {
        let axis = self.model.axis_name(own);
        if let Some((source, index)) = self.looked_up_by_label(e, own) {
            let source = &self.model.symbols[source].name;
            return format!(
                "`{source}[{index}]` is that of one label: leave the bracket away, `{source}` has one for each of `{axis}`"
            );
        }
        match self.unknown_in(e) {
            Some(id) => {
                let symbol = &self.model.symbols[id];
                let mut axes: Vec<AxisRef> = symbol.axes.clone();
                // Another axis than that of the labels was meant to be theirs.
                if e.whole_symbol() == Some(id) {
                    axes.retain(|a| batch.iter().any(|b| b.axis == a.axis));
                }
                axes.push(own);
                let prior = match parameter.domain {
                    Domain::Simplex if e.whole_symbol() == Some(id) => "Dirichlet(1)",
                    _ => "…",
                };
                format!(
                    "give what differs from label to label that axis where it is introduced: `{}{} ~ {prior}`",
                    symbol.name,
                    self.bracket(&axes)
                )
            }
            None if parameter.domain == Domain::Simplex => format!(
                "introduce one for each label, `{0}[{axis}] ~ Dirichlet(1);`, and give `{0}` here",
                self.unused_name(&["w", "p", "weight"])
            ),
            None => {
                let name = self.unused_name(&["b", "beta", "coefficient"]);
                let data = match &written.kind {
                    ast::ExprKind::Name(_) | ast::ExprKind::Index(..) => {
                        ppl_syntax::print_expr(written)
                    }
                    _ => format!("({})", ppl_syntax::print_expr(written)),
                };
                format!(
                    "introduce a coefficient for each label: `{name}[{axis}] ~ Normal(0, 1);`, then `{}({name} * {data})`",
                    def.name
                )
            }
        }
    }

    /// `b[grade]` where `grade` is a label: an array along the axis of the labels, and the index that takes one of them.
    fn looked_up_by_label(&self, e: &TExpr, own: AxisRef) -> Option<(SymbolId, String)> {
        let mut found = None;
        self.visit_lets(e, &mut |part| {
            if let TKind::Gather(source, by) = &part.kind
                && let Some((_, index)) = by.iter().find(|(from, _)| from.axis == own.axis)
                && let Some(source) = source.whole_symbol()
            {
                let name = match (&index.kind, index.whole_symbol()) {
                    (TKind::Label(_, level), _) => Some(level.clone()),
                    (_, Some(id)) => Some(self.model.symbols[id].name.clone()),
                    _ => None,
                };
                found = found.take().or(name.map(|n| (source, n)));
            }
        });
        found
    }

    /// The first continuous unknown that a value reads, through its lets.
    fn unknown_in(&self, e: &TExpr) -> Option<SymbolId> {
        let mut found = None;
        self.visit_lets(e, &mut |part| {
            if let TKind::Symbol(id) = part.kind {
                let symbol = &self.model.symbols[id];
                let site = matches!(symbol.role, Role::Site(_)) && !symbol.is_discrete_site();
                found = found.or(site.then_some(id));
            }
        });
        found
    }

    /// Every part of a value, and of the lets that it reads.
    fn visit_lets(&self, e: &TExpr, f: &mut dyn FnMut(&TExpr)) {
        let mut seen = std::collections::HashSet::new();
        let mut lets = vec![];
        let mut note = |part: &TExpr, lets: &mut Vec<SymbolId>| {
            f(part);
            if let TKind::Symbol(id) = part.kind
                && matches!(self.model.symbols[id].role, Role::Let(_))
                && seen.insert(id)
            {
                lets.push(id);
            }
        };
        e.visit(&mut |part| note(part, &mut lets));
        while let Some(id) = lets.pop() {
            if let Role::Let(inner) = &self.model.symbols[id].role {
                inner.visit(&mut |part| note(part, &mut lets));
            }
        }
    }

    /// The first of these names that nothing has yet, for proposals.
    pub(super) fn unused_name(&self, names: &[&'static str]) -> &'static str {
        let free = |name: &&&str| {
            !self.defined.contains_key(**name)
                && self.lookup(name).is_none()
                && self.axis(name).is_none()
        };
        names
            .iter()
            .find(free)
            .or(names.last())
            .copied()
            .unwrap_or("v")
    }
}
