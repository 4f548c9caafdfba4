//! Log densities of statements.

use super::marginal::Factor;
use super::modified::Within;
use super::{Lowered, Lowering};
use crate::graph::{AxisRef, Kind, Statement, SymbolId, TDist, TKind};
use ppl_core::{AxisId, AxisSet, DRAW, Expr, Real};
use ppl_dist::{Shape, Support};
use ppl_syntax::Span;
use ppl_syntax::diagnostic::Diagnostic;

/// What a term of the log joint density belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The prior of a site.
    Prior(SymbolId),
    /// An observation or a factor.
    Likelihood,
}

/// A term of the log joint density: one number a draw.
#[derive(Clone, Copy)]
pub struct Term<'b> {
    /// What it belongs to.
    pub role: Role,
    /// The statement.
    pub span: Span,
    /// Its value, over at most the draw axis.
    pub value: Expr<'b>,
}

/// How many of a draw's last axes are one event's.
pub(super) fn n_event_axes(d: &TDist) -> usize {
    match d.distribution.definition().event {
        // A sequence is lowered elementwise.
        Shape::Scalar | Shape::Sequence => 0,
        _ => d.event.len(),
    }
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// Arguments in canonical form, each flat.
    pub(super) fn arguments(&self, d: &TDist, event: &[AxisId]) -> Lowered<Vec<Vec<Expr<'b>>>> {
        let def = d.distribution.definition();
        let mut out = vec![];
        for (parameter, arg) in def.forms[d.form].parameters.iter().zip(&d.args) {
            if parameter.domain == ppl_dist::Domain::Element {
                let value = self.position(arg)?;
                let axis = arg.axes.last().map(|a| self.axes.id(*a));
                let parts = axis.map_or(vec![value], |a| {
                    let each = 0..self.builder.size(a);
                    each.map(|i| self.component(value, a, i)).collect()
                });
                out.push(parts);
                continue;
            }
            let value = self.number(arg)?;
            out.push(match (parameter.shape, event.last()) {
                (Shape::Scalar | Shape::Sequence, _) | (_, None) => vec![value],
                (Shape::Vector | Shape::OwnAxis, Some(&e)) => (0..self.builder.size(e))
                    .map(|i| self.component(value, e, i))
                    .collect(),
                (Shape::Matrix, Some(_)) => {
                    let axis = d.event.last().map_or(0, |a| a.axis);
                    let (r, c) = (
                        self.axes.id(AxisRef { axis, copy: 0 }),
                        self.axes.id(AxisRef { axis, copy: 1 }),
                    );
                    let n = self.builder.size(r);
                    (0..n * n)
                        .map(|i| self.component(self.component(value, r, i / n), c, i % n))
                        .collect()
                }
            });
        }
        Ok(if d.form == 0 {
            out
        } else {
            d.distribution.canonical_expr(d.form, &out)
        })
    }

    pub(super) fn event_axes(&self, d: &TDist) -> Vec<AxisId> {
        d.event.iter().map(|&a| self.axes.id(a)).collect()
    }

    /// Refuses an event that is too long to be written out element by element.
    pub(super) fn written_out(&self, d: &TDist, event: &[AxisId]) -> Lowered<()> {
        for &e in event {
            self.event_size(
                e,
                &format!("one draw of {}", d.distribution.definition().name),
                d.span,
            )?;
        }
        Ok(())
    }

    /// The numbers of one event of `value`.
    pub fn event_parts(&self, value: Expr<'b>, event: &[AxisId]) -> Vec<Expr<'b>> {
        match event {
            [] => vec![value],
            [e] => (0..self.builder.size(*e))
                .map(|i| self.component(value, *e, i))
                .collect(),
            [r, c, ..] => {
                let n = self.builder.size(*r);
                (0..n * n)
                    .map(|i| self.component(self.component(value, *r, i / n), *c, i % n))
                    .collect()
            }
        }
    }

    /// Log density of `value`, elementwise over the batch.
    pub(super) fn density(&self, d: &TDist, value: Expr<'b>) -> Lowered<Expr<'b>> {
        self.density_within(d, value, &Within::default())
    }

    /// The same, narrowed to what a kind on the left says, or of cells that give an interval.
    pub(super) fn density_within(
        &self,
        d: &TDist,
        value: Expr<'b>,
        within: &Within<'b>,
    ) -> Lowered<Expr<'b>> {
        let def = d.distribution.definition();
        if def.improper {
            return Ok(Expr::Const(0.0));
        }
        if let Some(other) = &d.otherwise {
            let first = TDist {
                otherwise: None,
                ..d.clone()
            };
            let first = self.density_within(&first, value, within)?;
            let second = self.density_within(&other.1, value, within)?;
            return Ok(self.expr(&other.0)?.select(first, second));
        }
        if let Some(density) = self.array_density(d, value)? {
            return Ok(density);
        }
        if def.event == Shape::Sequence {
            let (args, density) = self.sequence(d, value)?;
            let slices: Vec<&[Expr<'b>]> = args.iter().map(Vec::as_slice).collect();
            return Ok(self.guarded(d, &slices, value, density, within.inside));
        }
        let event = self.event_axes(d);
        self.written_out(d, &event)?;
        let args = self.arguments(d, &event)?;
        let slices: Vec<&[Expr<'b>]> = args.iter().map(Vec::as_slice).collect();
        // A category draw is one number although its weights are a vector.
        let x = if def.event == Shape::Scalar {
            vec![value]
        } else {
            self.event_parts(value, &event)
        };
        let plain = d.distribution.ln_density_expr(&x, &slices);
        let plain = self.guarded(d, &slices, value, plain, within.inside);
        self.modified(d, &slices, value, plain, within)
    }

    /// Sums a density over everything but the draw, counting elements it does not vary over.
    fn total(&self, density: Expr<'b>, batch: &[AxisRef]) -> Expr<'b> {
        self.builder
            .sum(density, self.axes.set(batch).without(DRAW))
    }

    /// The log joint density's terms, in order of the statements; summed-out sites' at the end. Latents must have been set.
    pub fn terms(&self) -> Lowered<Vec<Term<'b>>> {
        let (mut terms, factors) = self.statements()?;
        terms.extend(self.sum_out(factors)?);
        Ok(terms)
    }

    /// A term for each statement, and the factors of those that read summed-out sites.
    pub(super) fn statements(&self) -> Lowered<(Vec<Term<'b>>, Vec<Factor<'b>>)> {
        let model = self.bound.model.clone();
        let mut terms = vec![];
        let mut factors = vec![];
        for located in &model.statements {
            let span = located.span;
            let (role, density, batch) = match &located.statement {
                Statement::Sample(id) => {
                    let (density, batch) = self.site_density(*id)?;
                    (Role::Prior(*id), density, batch)
                }
                Statement::Observe { value, dist } => {
                    let within = Within {
                        cells: self.cells(value),
                        ..Within::default()
                    };
                    let density = match self.observed_label(value, dist)? {
                        Some(density) => density,
                        None => self.density_within(dist, self.position(value)?, &within)?,
                    };
                    // A missing entry integrates to one: it has no term.
                    let density = match self.present(value) {
                        Some(_) if dist.distribution.definition().event != Shape::Scalar => {
                            return Err(Box::new(
                                Diagnostic::error("E0113", value.span, "missing entries of a multivariate observation cannot be used in this version")
                                    .help("docs/src/limits.md lists what is left out, and what to write instead"),
                            ));
                        }
                        Some(present) => present.select(density, Expr::Const(0.0)),
                        None => density,
                    };
                    let n_batch = value.axes.len() - n_event_axes(dist);
                    (Role::Likelihood, density, value.axes[..n_batch].to_vec())
                }
                Statement::Factor(e) => (Role::Likelihood, self.number(e)?, e.axes.clone()),
                Statement::Within(id) => match self.within_kind(*id)? {
                    Some((density, batch)) => (Role::Likelihood, density, batch),
                    None => continue,
                },
                Statement::Report { .. }
                | Statement::Predict { .. }
                | Statement::GuideSample { .. } => continue,
            };
            // `skip n`: the first elements have no term.
            let density = match located.skip {
                Some((axis, n, by)) if batch.contains(&axis) => self
                    .end_flags(axis, n, by, false)
                    .select(Expr::Const(0.0), density),
                _ => density,
            };
            // Where the condition of an `if` does not hold there is no term.
            let density = match &located.when {
                Some(when) => self
                    .expr(&when.condition)?
                    .select(density, Expr::Const(0.0)),
                None => density,
            };
            let over = self.axes.set(&batch);
            let own = match self.factor(&located.statement, span, density, over)? {
                Some(factor) => {
                    self.note_observed(located, &batch, None)?;
                    factors.push(factor);
                    Expr::Const(0.0)
                }
                None => {
                    self.note_observed(located, &batch, Some(density))?;
                    self.total(density, &batch)
                }
            };
            terms.push(Term {
                role,
                span,
                value: own + self.constant(&located.statement),
            });
        }
        Ok((terms, factors))
    }

    /// What a statement's term has beside the sum of its densities: K! orderings of exchangeable components fold onto one.
    fn constant(&self, statement: &Statement) -> Expr<'b> {
        let Statement::Sample(id) = statement else {
            return Expr::Const(0.0);
        };
        let symbol = &self.bound.model.symbols[*id];
        let improper = self
            .bound
            .model
            .dist(*id)
            .is_none_or(|d| d.distribution.definition().improper);
        match (&symbol.kind, symbol.axes.split_last()) {
            (Some(Kind::Ordered | Kind::PositiveOrdered), Some((last, outer)))
                if !improper && !self.bound.model.unknown_normaliser(symbol) =>
            {
                let k = self.bound.size(*last) as f64;
                Expr::Const(self.bound.len(outer) as f64 * Real::ln_gamma(k + 1.0))
            }
            _ => Expr::Const(0.0),
        }
    }

    /// Log prior density of a site, elementwise over its batch, normalised on the support that its kind narrows it to.
    pub(super) fn site_density(&self, id: SymbolId) -> Lowered<(Expr<'b>, Vec<AxisRef>)> {
        let symbol = &self.bound.model.symbols[id];
        let value = self.symbol(id)?;
        let Some(d) = self.bound.model.dist(id) else {
            return Ok((Expr::Const(0.0), vec![]));
        };
        let batch = symbol.axes[..symbol.axes.len() - n_event_axes(d)].to_vec();
        if self.is_enumerated(id) {
            return Ok((self.enumerated_density(id)?, batch));
        }
        if self.is_drawn(id) && symbol.ty != crate::graph::Ty::Bool {
            return Ok((self.drawn_density(id, value)?, batch));
        }
        let mut within = Within {
            inside: true,
            ..Within::default()
        };
        if let Some(Kind::Real(lo, hi)) = &symbol.kind
            && !self.same_support(d, lo.as_ref(), hi.as_ref())
        {
            within.lower = lo.as_ref().map(|e| self.expr(e)).transpose()?;
            within.upper = hi.as_ref().map(|e| self.expr(e)).transpose()?;
        }
        // Of draws from the whole line only the positive ones are kept.
        if let Some(Kind::PositiveOrdered) = &symbol.kind
            && d.distribution.definition().support == Support::Real
            && crate::check::has_cdf(d)
        {
            within.lower = Some(Expr::Const(0.0));
        }
        let density = self.density_within(d, value, &within)?;
        let constraint = match &symbol.kind {
            Some(Kind::SumToZero) => self.on_the_plane(d, symbol)?,
            _ => Expr::Const(0.0),
        };
        Ok((density + constraint, batch))
    }

    /// What makes the density of K independent normal numbers that of the numbers given that they sum to 0, with respect to the
    /// volume of that subspace, shared equally among the K: (ln(2 pi sd^2) + K m^2 / sd^2) / 2, m being the mean of their means.
    fn on_the_plane(&self, d: &TDist, symbol: &crate::graph::Symbol) -> Lowered<Expr<'b>> {
        let (Some(ls), Some(&last)) = (
            d.distribution.definition().location_scale,
            symbol.axes.last(),
        ) else {
            return Ok(Expr::Const(0.0));
        };
        let (args, axis) = (self.arguments(d, &[])?, self.axes.id(last));
        let k = Expr::Const(self.bound.size(last) as f64);
        let (mean, sd) = (args[ls.location][0], args[ls.scale][0]);
        let mean = self.builder.sum(mean, AxisSet::of(&[axis])) / k;
        let ln_two_pi = Expr::Const((2.0 * std::f64::consts::PI).ln());
        let half = Expr::Const(0.5);
        Ok((half * ln_two_pi + sd.ln()) / k + half * (mean / sd).square())
    }

    /// Whether declared bounds are just the distribution's own.
    fn same_support(
        &self,
        d: &TDist,
        lo: Option<&crate::graph::TExpr>,
        hi: Option<&crate::graph::TExpr>,
    ) -> bool {
        let number = |e: Option<&crate::graph::TExpr>, open: f64| match e.map(|e| &e.kind) {
            None => Some(open),
            Some(TKind::Number(v)) => Some(*v),
            _ => None,
        };
        let (lo, hi) = (number(lo, f64::NEG_INFINITY), number(hi, f64::INFINITY));
        match d.distribution.definition().support {
            Support::Real => lo == Some(f64::NEG_INFINITY) && hi == Some(f64::INFINITY),
            Support::Interval(ppl_dist::Bound::At(a), ppl_dist::Bound::At(b)) => {
                lo.is_some_and(|l| l <= a) && hi.is_some_and(|h| h >= b)
            }
            _ => lo == Some(f64::NEG_INFINITY) && hi == Some(f64::INFINITY),
        }
    }
}
