//! Discrete sites: which of them have finitely many values that are known before the fit.

use super::Checker;
use super::statements::not_available;
use crate::graph::*;
use ppl_dist::{Bound, Support};
use ppl_syntax::ast::{self, ExprKind};
use ppl_syntax::diagnostic::Diagnostic;

impl Checker {
    /// The type of a site's elements, from the first branch of its distribution that can be read without the site itself.
    pub(super) fn expected_type(&mut self, dist: &ast::Expr, axes: &[AxisRef]) -> Option<Ty> {
        match &dist.kind {
            ExprKind::If(c, a, b) => {
                let [holds, fails] = self.guards_of(c);
                let first = self.guarded(holds, |this| this.expected_type(a, axes));
                first.or_else(|| self.guarded(fails, |this| this.expected_type(b, axes)))
            }
            ExprKind::Call(name, _) => match ppl_dist::find(&name.name)?.definition().support {
                Support::Bool => Some(Ty::Bool),
                Support::Integers(..) => Some(Ty::Int),
                Support::Category => {
                    let before = self.diagnostics.len();
                    let found = self.distribution(dist, axes, None);
                    self.diagnostics.truncate(before);
                    found?.event.first().map(|a| Ty::Index(a.axis))
                }
                _ => Some(Ty::Real),
            },
            ExprKind::Method(inner, ..) => self.expected_type(inner, axes),
            _ => None,
        }
    }

    /// Refuses a site of whole numbers without ends, or with ends that depend on latents.
    pub(super) fn finite(&mut self, name: &str, dist: &TDist) -> Option<()> {
        let def = dist.distribution.definition();
        if let Support::Counts(_) = def.support {
            let what = format!(
                "the discrete latent `{name}` ~ {}, a vector of counts,",
                def.name
            );
            let d = not_available(dist.span, &what);
            return self.fail(d.help("a label for each of the things that are counted is summed out: `z[row] ~ Categorical(p);`"));
        }
        if let Support::Integers(low, high) = def.support {
            let open = |b: Bound| matches!(b, Bound::At(v) if !v.is_finite());
            let cut = |e: &Option<Box<TExpr>>| e.as_ref().is_some_and(|e| !e.stochastic);
            let (below, above) = (cut(&dist.modifiers.lower), cut(&dist.modifiers.upper));
            if (open(low) && !below) || (open(high) && !above) {
                let d = not_available(
                    dist.span,
                    &format!(
                        "the discrete latent `{name}` ~ {}, whose values have no end,",
                        def.name
                    ),
                );
                return self.fail(d.help("a distribution with finitely many values is summed out: Binomial, BetaBinomial, DiscreteUniform, Categorical, or one that is cut off where hardly anything is left: `.truncated(upper = 100)`, or by its kind, `int(0, 100)`"));
            }
            let latent = |b: Bound| matches!(b, Bound::Parameter(i) if dist.form == 0 && dist.args.get(i).is_some_and(|a| a.stochastic));
            if (latent(low) && !below) || (latent(high) && !above) {
                let d = not_available(
                    dist.span,
                    &format!(
                        "the discrete latent `{name}` ~ {}, whose number of values depends on a latent,",
                        def.name
                    ),
                );
                return self.fail(d.help("give the ends as data or numbers"));
            }
        }
        match &dist.otherwise {
            Some(other) => self.finite(name, &other.1),
            None => Some(()),
        }
    }

    /// Whether two branches of a discrete site draw values of one kind.
    pub(super) fn same_values(a: &TDist, b: &TDist) -> bool {
        use Support::*;
        let support = |d: &TDist| d.distribution.definition().support;
        match (support(a), support(b)) {
            (Integers(..), Integers(..)) => true,
            (Category, Category) => a.event == b.event,
            (x, y) => x == y,
        }
    }

    /// Whether an index depends on nothing unknown but summed-out sites.
    pub(super) fn reads_labels_only(&self, index: &TExpr) -> bool {
        let mut stack = vec![];
        index.symbols(&mut stack);
        let mut seen = std::collections::HashSet::new();
        while let Some(id) = stack.pop() {
            let symbol = &self.model.symbols[id];
            if !symbol.stochastic || !seen.insert(id) || symbol.is_discrete_site() {
                continue;
            }
            match &symbol.role {
                // The site that is being defined: its type is known, its distribution not yet.
                Role::Let(_) if self.defining.is_some_and(|d| d.0 == id) => {
                    if symbol.ty == Ty::Real {
                        return false;
                    }
                }
                Role::Let(e) => e.symbols(&mut stack),
                _ => return false,
            }
        }
        true
    }

    /// Notes that a guide draws a discrete site, which is then not summed out.
    pub(super) fn drawn_by_guide(&mut self, site: SymbolId, dist: &TDist) -> Option<()> {
        let symbol = &self.model.symbols[site];
        match symbol.ty {
            Ty::Bool | Ty::Int | Ty::Index(_) if symbol.is_discrete_site() => {
                let labels = dist.event.first().map(|a| a.axis);
                let wrong = match symbol.ty {
                    Ty::Bool => labels.is_some(),
                    _ => labels.is_none(),
                };
                if wrong {
                    let d = Diagnostic::error(
                        "E0117",
                        dist.span,
                        format!("the supports differ: `{}` takes other values", symbol.name),
                    );
                    let what = match symbol.ty {
                        Ty::Bool => "draw it from Bernoulli",
                        _ => "draw it from Categorical, with a weight for each of its values",
                    };
                    return self.fail(d.label(symbol.span, "the model's support").help(what));
                }
                self.model.sampled.insert(site);
                Some(())
            }
            _ => Some(()),
        }
    }
}
