//! Reports of what depends on summed-out sites: their expectation over the sites given everything else.
//!
//! A coefficient c that is 0 times the reported value f is added to the log joint density. The derivative of the summed-out
//! log density by c is then E[f | everything else], whatever the structure (Darwiche 2003). A sum over elements is a sum
//! of factors, one for each element, so a report may be linear in sums.

use crate::bind::Bound;
use crate::graph::{Located, Reduction, Role, Statement, TExpr, TKind};
use crate::lower::{AxisMap, Lowered, Lowering};
use ppl_core::{AxisSet, Builder, DRAW, Expr, NodeId, Prim, Real, gradient};
use std::collections::HashMap;

/// Part of a report: a value times its coefficient, over axes along which it is summed.
struct Part<'b> {
    value: Expr<'b>,
    over: AxisSet,
}

/// What stands for an infinite value of a report, which 0 could not be multiplied by.
const HUGE: f64 = 1e300;

/// Expectations beyond this come of infinite values.
const BEYOND: f64 = 1e250;

impl<'a, 'b> Lowering<'a, 'b> {
    /// The expectation of every report that reads summed-out sites, by the number of its statement, for each draw.
    /// Latents must have been set.
    pub fn expectations(&self) -> Lowered<HashMap<usize, Expr<'b>>> {
        let model = self.bound.model.clone();
        let reads = |s: &Located| matches!(&s.statement, Statement::Report { value, .. } if model.reads_summed_out(value));
        if !model.statements.iter().any(reads) {
            return Ok(HashMap::new());
        }
        let b = self.builder;
        let (_, mut factors) = self.statements()?;
        let mut found: Vec<(usize, NodeId, Expr<'b>)> = vec![];
        let mut rest = Expr::Const(0.0);
        for (i, located) in model.statements.iter().enumerate() {
            let Statement::Report { axes, value, .. } = &located.statement else {
                continue;
            };
            if !reads(located) {
                continue;
            }
            let over = self.axes.set(axes);
            // Noise that is never drawn: zeros.
            let (coefficient, _) = b.noise(over.with(DRAW));
            let mut parts = vec![];
            self.take_apart(value, coefficient, over, &mut parts)?;
            for part in parts {
                let factor =
                    self.factor(&located.statement, located.span, part.value, part.over)?;
                match factor {
                    Some(factor) => factors.push(factor),
                    None => rest = rest + b.sum(part.value, part.over.without(DRAW)),
                }
            }
            found.push((i, coefficient.node(b), coefficient));
        }
        let whole = self.reported_sites(factors)? + rest;
        let whole = b.sum(whole, AxisSet::EMPTY.with(DRAW)).node(b);
        let leaves: Vec<NodeId> = found.iter().map(|f| f.1).collect();
        let derivatives = gradient(b, whole, &leaves);
        let value = |((i, ..), id): (&(usize, NodeId, Expr<'b>), NodeId)| {
            let mean = b.handle(id);
            let low = mean.less(Expr::Const(-BEYOND));
            let high = Expr::Const(BEYOND).less(mean);
            let mean = low.select(Expr::Const(f64::NEG_INFINITY), mean);
            (*i, high.select(Expr::Const(f64::INFINITY), mean))
        };
        Ok(found.iter().zip(derivatives).map(value).collect())
    }

    /// Takes a value apart into terms that read one element each, as far as it is linear.
    fn take_apart(
        &self,
        e: &TExpr,
        coefficient: Expr<'b>,
        over: AxisSet,
        out: &mut Vec<Part<'b>>,
    ) -> Lowered<()> {
        let b = self.builder;
        let model = &self.bound.model;
        let reads = |e: &TExpr| model.reads_summed_out(e);
        match &e.kind {
            TKind::Prim(Prim::Add, args) => {
                return args
                    .iter()
                    .try_for_each(|a| self.take_apart(a, coefficient, over, out));
            }
            TKind::Prim(Prim::Mul, args) if !(reads(&args[0]) && reads(&args[1])) => {
                let (fixed, other) = match reads(&args[0]) {
                    true => (&args[1], &args[0]),
                    false => (&args[0], &args[1]),
                };
                return self.take_apart(other, coefficient * self.number(fixed)?, over, out);
            }
            TKind::Symbol(id) => {
                if let Role::Let(inner) = &model.symbols[*id].role
                    && reads(e)
                    && self.lets().recurrence(*id).is_empty()
                {
                    return self.take_apart(inner, coefficient, over, out);
                }
            }
            TKind::Reduce(r @ (Reduction::Sum | Reduction::Mean), inner, axes) if reads(inner) => {
                let set = self.axes.set(axes);
                // The sum is the same for all elements of the report along these axes.
                let outer = over.intersection(set);
                let mut coefficient = b.sum(coefficient, outer);
                if *r == Reduction::Mean {
                    let n: usize = set.iter().map(|a| b.size(a)).product();
                    coefficient = coefficient / Expr::Const(n as f64);
                }
                return self.take_apart(inner, coefficient, over.union(set), out);
            }
            _ => {}
        }
        let value = self.number(e)?;
        let value = if reads(e) {
            let low = value.max(Expr::Const(-HUGE));
            -((-low).max(Expr::Const(-HUGE)))
        } else {
            value
        };
        out.push(Part {
            value: coefficient * value,
            over,
        });
        Ok(())
    }
}

impl Bound {
    /// Refuses reports whose expectation cannot be had. Other messages are the fit's to tell.
    pub(crate) fn check_reports(&self) -> Lowered<()> {
        let model = &self.model;
        let reads = model.statements.iter().any(|s| {
            matches!(&s.statement, Statement::Report { value, .. } if model.reads_summed_out(value))
        });
        let Some(axes) = AxisMap::new(self).filter(|_| reads) else {
            return Ok(());
        };
        let builder = Builder::new(axes.program_axes(1));
        let lowering = Lowering::new(self, &axes, &builder);
        for (id, symbol) in model.sites() {
            lowering.set_latent(id, builder.param(axes.set(&symbol.axes)).0);
        }
        if lowering.terms().is_err() {
            return Ok(());
        }
        lowering.expectations().map(drop)
    }
}
