//! Arguments in another library's order: `StudentT(mu, sigma, 4)`, as in brms and PyMC.

use super::Checker;
use crate::graph::*;
use ppl_dist::{Definition, Domain, Parameter, Shape};

impl Checker {
    /// The call in this language's order, where an argument that does not go with its place goes with another and the rest
    /// keeps its order.
    pub(super) fn meant_order(&self, d: &TDist) -> Option<String> {
        let def = d.distribution.definition();
        let args: Vec<&TExpr> = d.args.iter().collect();
        self.order_of(def, def.forms[d.form].parameters, &args)
    }

    pub(super) fn order_of(
        &self,
        def: &Definition,
        parameters: &[Parameter],
        args: &[&TExpr],
    ) -> Option<String> {
        let n = args.len();
        let scalar = parameters.iter().all(|p| p.shape == Shape::Scalar);
        if !scalar || n < 2 || n != parameters.len() || args.iter().any(|e| !in_order(e, args)) {
            return None;
        }
        let fits = |order: &[usize]| {
            let mut both = parameters.iter().zip(order);
            both.all(|(p, &i)| self.may_be(p.domain, args[i]))
        };
        let as_written: Vec<usize> = (0..n).collect();
        // A number outside of its domain is a mistake by itself.
        let mut places = parameters.iter().zip(args);
        let outside = places.find(|(p, e)| !self.may_be(p.domain, e))?;
        if matches!(outside.1.kind, TKind::Number(_)) {
            return None;
        }
        // One argument that is known moves, to the front first: that is where others have their last.
        let moved = (0..n)
            .rev()
            .flat_map(|from| (0..n).map(move |to| (from, to)));
        let order = moved
            .filter(|(from, to)| from != to && !args[*from].stochastic)
            .find_map(|(from, to)| {
                let mut order = as_written.clone();
                let one = order.remove(from);
                order.insert(to, one);
                fits(&order).then_some(order)
            })?;
        let printed: Vec<String> = order.iter().map(|&i| self.in_words(args[i])).collect();
        let names: Vec<String> = parameters.iter().map(|p| format!("`{}`", p.name)).collect();
        Some(format!(
            "its arguments are, in this order, {}: write `{}({})`",
            names.join(", "),
            def.name,
            printed.join(", ")
        ))
    }

    /// Whether a value can be an argument of that domain, as far as its text tells.
    fn may_be(&self, domain: Domain, e: &TExpr) -> bool {
        if let TKind::Number(v) = e.kind {
            return match domain {
                Domain::Positive => v > 0.0,
                Domain::NonNegative => v >= 0.0,
                Domain::Unit => (0.0..=1.0).contains(&v),
                Domain::Count => v >= 0.0 && v.fract() == 0.0,
                _ => true,
            };
        }
        let any = self.can_be_any_number(e);
        match domain {
            Domain::Positive | Domain::NonNegative => !any,
            Domain::Unit => !any && (e.ty != Ty::Int || e.stochastic),
            Domain::Count => e.ty == Ty::Int || (!e.stochastic && !any),
            _ => true,
        }
    }

    /// The argument as it was written, where that is short: a number or a name.
    fn in_words(&self, e: &TExpr) -> String {
        match &e.kind {
            TKind::Number(v) => format!("{v}"),
            TKind::Symbol(id) => self.model.symbols[*id].name.clone(),
            _ => "…".to_owned(),
        }
    }
}

/// Whether an argument stands where the order of the text has it: named ones may stand anywhere.
fn in_order(e: &TExpr, args: &[&TExpr]) -> bool {
    let before = args.iter().take_while(|a| a.span != e.span);
    before
        .map(|a| a.span.start)
        .all(|start| start < e.span.start)
}
