//! Discrete sites: what values they can have.

use super::Bound;
use crate::graph::*;
use crate::lower::{AxisMap, Lowering, MOST_MIXED};
use ppl_core::{Builder, Expr};
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::BTreeSet;

/// Values that a discrete site may have.
const MAX_VALUES: f64 = 10_000.0;

impl Bound {
    /// Finds the ends of the sites of whole numbers, which are data or numbers.
    pub(super) fn discrete_sites(&mut self) -> Vec<Diagnostic> {
        let model = self.model.clone();
        let mut errors = vec![];
        let sites = (0..model.symbols.len())
            .filter(|&id| model.symbols[id].ty == Ty::Int && model.is_summed_out(id));
        for id in sites {
            let Some(d) = model.dist(id) else { continue };
            match self.ends(d) {
                Ok((low, high)) => {
                    self.whole_numbers
                        .insert(id, (low, (high - low + 1.0) as usize));
                }
                Err(e) => errors.push(*e),
            }
        }
        errors
    }

    /// The smallest and the largest value of any element.
    fn ends(&self, d: &TDist) -> Result<(f64, f64), Box<Diagnostic>> {
        let Some(axes) = AxisMap::new(self) else {
            return Ok((0.0, 0.0));
        };
        let builder = Builder::new(axes.program_axes(1));
        let lowering = Lowering::new(self, &axes, &builder);
        let found = lowering.ends(d)?;
        let numbers = |e: Expr<'_>| match e {
            Expr::Const(v) => Some(vec![v]),
            Expr::Node(id, _) if builder.is_fixed(id) => {
                let program = builder.snapshot();
                ppl_core::interpret::evaluate(&program, &[], &[], &[id]).pop()
            }
            Expr::Node(..) => None,
        };
        let refused = |what: String| {
            Box::new(
                Diagnostic::error("E0113", d.span, what)
                    .at("cannot be summed out in this version")
                    .help("give ends that are numbers or data, and not far apart"),
            )
        };
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for (l, h) in found {
            let (Some(l), Some(h)) = (numbers(l), numbers(h)) else {
                return Err(refused(
                    "the number of values of this discrete site depends on a latent".into(),
                ));
            };
            low = l.into_iter().fold(low, f64::min);
            high = h.into_iter().fold(high, f64::max);
        }
        if !(low.fract() == 0.0 && high.fract() == 0.0 && low <= high) {
            return Err(refused(format!(
                "whole numbers from {low} to {high}: there are none"
            )));
        }
        if high - low >= MAX_VALUES {
            return Err(refused(format!(
                "this discrete site has {} values, from {low} to {high}; at most {MAX_VALUES} can be summed out",
                high - low + 1.0
            )));
        }
        Ok((low, high))
    }

    /// The smallest value of a discrete site, as a number, and how many values it has.
    pub fn values_of(&self, site: SymbolId) -> (f64, usize) {
        match self.model.symbols[site].ty {
            Ty::Index(axis) => (0.0, self.axes[axis].size()),
            Ty::Int => self.whole_numbers.get(&site).copied().unwrap_or((0.0, 1)),
            Ty::Bool | Ty::Real => (0.0, 2),
        }
    }

    /// The sites that are summed out, each with an upper bound on the number of ways in which it is read.
    pub(crate) fn ways_to_read(&self) -> Vec<(SymbolId, usize)> {
        let model = &self.model;
        let mut ways: Vec<(SymbolId, usize)> = (0..model.symbols.len())
            .filter(|&id| model.is_summed_out(id))
            .map(|id| (id, 1))
            .collect();
        if ways.is_empty() {
            return ways;
        }
        // Where elements are reduced with each other, each is read by itself.
        let mut reduced: BTreeSet<(SymbolId, usize)> = BTreeSet::new();
        let mut look = |e: &TExpr| {
            e.visit(&mut |e| match &e.kind {
                TKind::Gather(src, by) => {
                    let looked_up = by
                        .iter()
                        .any(|(_, i)| !matches!(i.kind, TKind::LoopVariable));
                    if let (TKind::Symbol(id), true) = (&src.kind, looked_up)
                        && let Some(w) = ways.iter_mut().find(|w| w.0 == *id)
                    {
                        w.1 += 1;
                    }
                }
                TKind::Reduce(_, _, over) => {
                    let elements = over.iter().map(|a| self.size(*a)).product();
                    let mixed = |id: SymbolId| {
                        let axes = &model.symbols[id].axes;
                        elements <= MOST_MIXED
                            && axes.iter().any(|a| over.iter().any(|o| o.axis == a.axis))
                    };
                    let sites = ways.iter().filter(|w| mixed(w.0));
                    reduced.extend(sites.map(|w| (w.0, elements)));
                }
                _ => {}
            })
        };
        for s in &model.symbols {
            match &s.role {
                Role::Let(e) => look(e),
                Role::Site(d) => d.expressions().into_iter().for_each(&mut look),
                Role::Data { .. } | Role::Param(_) => {}
            }
        }
        for s in &model.statements {
            match &s.statement {
                Statement::Observe { value, dist } => {
                    look(value);
                    dist.expressions().into_iter().for_each(&mut look);
                }
                Statement::Factor(e) | Statement::Report { value: e, .. } => look(e),
                Statement::Predict { dist, .. } => {
                    dist.expressions().into_iter().for_each(&mut look)
                }
                Statement::Sample(_) | Statement::Within(_) | Statement::GuideSample { .. } => {}
            }
        }
        for (id, elements) in reduced {
            if let Some(w) = ways.iter_mut().find(|w| w.0 == id) {
                w.1 += elements;
            }
        }
        ways
    }
}
