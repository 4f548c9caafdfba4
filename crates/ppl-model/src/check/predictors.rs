//! A linear predictor where a probability, a rate or a scale belongs: it takes every value, also those outside of the domain.

use super::Checker;
use super::element_reads::Element;
use crate::graph::*;
use ppl_dist::{Domain, Prim};
use ppl_syntax::diagnostic::Diagnostic;

/// Expressions looked at before it is given up.
const MOST: usize = 10_000;

impl Checker {
    /// Warns of `Bernoulli(a + x * b)`, `Poisson(a + x * b)`, `Normal(m, a + x * b)` with latents that are any number.
    pub(super) fn predictors(&mut self) {
        let mut found = vec![];
        for located in &self.model.statements {
            let dist = self.model.dist_of(&located.statement);
            for d in dist.map(TDist::branches).into_iter().flatten() {
                let parameters = d.distribution.definition().forms[d.form].parameters;
                for (parameter, e) in parameters.iter().zip(&d.args) {
                    let (must, leaves) = match parameter.domain {
                        Domain::Unit => ("between 0 and 1", "it can be any number"),
                        Domain::Positive | Domain::NonNegative | Domain::PositiveVector => {
                            ("positive", "it can be negative")
                        }
                        _ => continue,
                    };
                    let Some(free) = self.free_latent(e, &mut MOST.clone()) else {
                        let name = d.distribution.definition().name;
                        found.extend(self.link_of_probability(name, parameter, e));
                        continue;
                    };
                    let (name, latent) = (
                        d.distribution.definition().name,
                        &self.model.symbols[free.site],
                    );
                    let message = format!(
                        "`{}` of {name} must be {must}, but `{}` in it is any real number",
                        parameter.name, latent.name
                    );
                    let link = match parameter.domain {
                        Domain::Unit => "Logit",
                        _ => "Log",
                    };
                    let sibling = ppl_dist::find(&format!("{name}{link}"))
                        .map(|s| s.definition().name)
                        .filter(|_| !matches!(parameter.name, "size"));
                    let warning = Diagnostic::warning("W0136", e.span, message)
                        .at(leaves)
                        .label(latent.span, "declared here");
                    if let Some(order) = self.meant_order(d) {
                        found.push(warning.help(order));
                        continue;
                    }
                    found.push(match (sibling, parameter.domain) {
                        (Some(s), Domain::Unit) => {
                            warning.help(format!("write `{s}`, which takes this as log odds"))
                        }
                        (Some(s), _) => {
                            warning.help(format!("write `{s}`, which takes this as the logarithm"))
                        }
                        (None, Domain::Unit) => {
                            warning.help("map it to a probability: `inv_logit(…)`")
                        }
                        (None, Domain::PositiveVector) => warning.help(format!(
                            "give `{0}` a prior on positive numbers, or the kind: `{0}: positive ~ …`",
                            latent.name
                        )),
                        (None, _) => warning.help("map it to positive numbers: `exp(…)`"),
                    });
                }
            }
        }
        self.diagnostics.extend(found);
    }

    /// A latent that is any real number and that alone, whatever the other values are, carries the expression beyond any bound
    /// on either side.
    fn free_latent(&self, e: &TExpr, left: &mut usize) -> Option<Element> {
        *left = left.checked_sub(1)?;
        match &e.kind {
            TKind::Symbol(id) => match &self.model.symbols[*id].role {
                Role::Let(inner) => self.free_latent(inner, left),
                _ => self.is_any_number(*id).then(|| self.element_of(e))?,
            },
            TKind::Gather(inner, _) => match inner.kind {
                TKind::Symbol(id) if self.is_any_number(id) => self.element_of(e),
                _ => self.any_element(inner, left),
            },
            TKind::Rename(inner, ..)
            | TKind::Reduce(Reduction::Sum | Reduction::Mean, inner, _) => {
                self.any_element(inner, left)
            }
            TKind::Prim(Prim::Add | Prim::Mul, parts) => self.free_operand(parts, left),
            TKind::MatMul(l, r, ..) => self
                .any_element(l, left)
                .filter(|free| !self.reads(r, free))
                .or_else(|| {
                    self.any_element(r, left)
                        .filter(|free| !self.reads(l, free))
                }),
            _ => None,
        }
    }

    /// The same of an expression whose elements do not stay where they are.
    fn any_element(&self, e: &TExpr, left: &mut usize) -> Option<Element> {
        self.free_latent(e, left)
            .map(|free| Element::any(free.site))
    }

    /// Whether a value takes every real number by itself: a latent, or what one carries along.
    pub(super) fn can_be_any_number(&self, e: &TExpr) -> bool {
        self.free_latent(e, &mut MOST.clone()).is_some()
    }

    /// Whether a symbol is drawn from all real numbers.
    fn is_any_number(&self, id: SymbolId) -> bool {
        let s = &self.model.symbols[id];
        let Role::Site(d) = &s.role else { return false };
        let real = d.distribution.definition().support == ppl_dist::Support::Real;
        // A latent by itself is told by its declaration, where it is an error.
        real && s.ty == Ty::Real && s.kind.is_none() && !d.modifiers.truncates()
    }

    /// A free latent of one operand that the others do not read.
    fn free_operand(&self, parts: &[TExpr], left: &mut usize) -> Option<Element> {
        (0..parts.len()).find_map(|i| {
            // 0 times anything is 0.
            let zero = |e: &TExpr| matches!(e.kind, TKind::Number(0.0));
            let free = self.free_latent(&parts[i], left)?;
            let mut others = parts.iter().enumerate().filter(|(j, _)| *j != i);
            others
                .all(|(_, e)| !zero(e) && !self.reads(e, &free))
                .then_some(free)
        })
    }
}
