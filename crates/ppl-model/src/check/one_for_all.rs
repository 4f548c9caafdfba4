//! A concentration that lies along another axis than what it concentrates: it is then one number for all elements.

use super::Checker;
use crate::graph::*;
use ppl_dist::{Domain, Shape, Support};
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashSet;

impl Checker {
    /// Warns of `p[row] ~ Dirichlet(1); observe n ~ DirichletMultinomial(total, s * p)` with `n[row, k]`: shares among rows where
    /// those of the categories are meant.
    pub(super) fn one_for_all(&mut self) {
        let mut found = vec![];
        for located in &self.model.statements {
            let dist = self.model.dist_of(&located.statement);
            for d in dist.map(TDist::branches).into_iter().flatten() {
                let definition = d.distribution.definition();
                let parameters = definition.forms[d.form].parameters.iter();
                let Some(&along) = d.event.last() else {
                    continue;
                };
                for (parameter, e) in parameters.zip(&d.args) {
                    let vector = parameter.domain == Domain::PositiveVector
                        && parameter.shape == Shape::Vector;
                    if !vector || e.axes.iter().any(|a| a.axis == along.axis) {
                        continue;
                    }
                    let Some(site) = self.shares_along(e) else {
                        continue;
                    };
                    let (site, own) = (&self.model.symbols[site], self.lies(&e.axes));
                    let along = self.model.axis_name(along);
                    let message = format!(
                        "`{}` of {} is one number for all of `{along}` here, though `{}` in it is a vector of shares",
                        parameter.name, definition.name, site.name
                    );
                    found.push(
                        Diagnostic::warning("W0139", e.span, message)
                            .at(format!("this {own}"))
                            .label(site.span, "shares among these")
                            .help(format!(
                                "shares of `{along}` lie along it: `{}[{along}] ~ Dirichlet(1);`",
                                site.name
                            )),
                    );
                }
            }
        }
        self.diagnostics.extend(found);
    }

    /// A simplex that an expression reads along one of its axes.
    fn shares_along(&self, e: &TExpr) -> Option<SymbolId> {
        let mut stack = vec![];
        e.symbols(&mut stack);
        let mut seen = HashSet::new();
        while let Some(id) = stack.pop() {
            let s = &self.model.symbols[id];
            match &s.role {
                Role::Let(inner) if seen.insert(id) => inner.symbols(&mut stack),
                Role::Site(d) => {
                    let simplex = matches!(s.kind, Some(Kind::Simplex))
                        || d.distribution.definition().support == Support::Simplex;
                    let last = s.axes.last();
                    if simplex && last.is_some_and(|l| e.axes.iter().any(|a| a.axis == l.axis)) {
                        return Some(id);
                    }
                }
                _ => {}
            }
        }
        None
    }
}
