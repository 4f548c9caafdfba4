//! Values of names: data, latents, deterministic values, parameters.

use super::{Lowered, Lowering, MAX_EVENT};
use crate::bind::Values;
use crate::graph::*;
use ppl_core::{Expr, Index, IndexId, NodeId, Real};
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashMap;
use std::sync::Arc;

/// A block of the flat parameter vector.
#[derive(Debug, Clone)]
pub struct ParamBlock {
    /// The symbol.
    pub symbol: SymbolId,
    /// First element.
    pub offset: usize,
    /// Initial values on the unconstrained scale.
    pub init: Vec<f64>,
    /// Which of them are logarithms of scales: narrowing a guide's draws lowers them.
    pub log_scales: std::ops::Range<usize>,
    /// The constrained value.
    pub value: NodeId,
}

/// Axes of an index, its positions in declared order, and the symbol where it is one.
type Positions = (Vec<AxisRef>, Arc<[u32]>, Option<SymbolId>);

/// Lets that may be lowered one within the other.
const NESTED: usize = 64;

impl<'a, 'b> Lowering<'a, 'b> {
    /// Lowers some of the lets that a let hangs on, the deepest first, so that few are left to be lowered within each other: a
    /// chain may be as long as a model's text, and the stack is not.
    fn long_chains(&self, id: SymbolId) -> Lowered<()> {
        let lets = self.lets();
        let below = lets.below(id, |s| self.values.borrow().contains_key(&s));
        let mut heights: HashMap<SymbolId, usize> = HashMap::new();
        for component in &below {
            let read = lets.read_by(component).filter_map(|s| heights.get(&s));
            let mut height = 1 + read.max().copied().unwrap_or(0);
            if height % NESTED == 0 && !component.contains(&id) {
                self.symbol(component[0])?;
                height = 0;
            }
            heights.extend(component.iter().map(|m| (*m, height)));
        }
        Ok(())
    }

    /// The value of a named quantity.
    pub fn symbol(&self, id: SymbolId) -> Lowered<Expr<'b>> {
        if let Some(v) = self.latent(id) {
            return if self.is_drawn(id) {
                self.drawn(id, v)
            } else {
                Ok(v)
            };
        }
        if let Some(v) = self.values.borrow().get(&id).copied() {
            return Ok(v);
        }
        if self.is_enumerated(id) {
            return self.enumerated(id);
        }
        let model = self.bound.model.clone();
        let symbol = &model.symbols[id];
        let value = match &symbol.role {
            Role::Data { .. } => self.with_imputed(id, symbol, self.data(id, symbol))?,
            Role::Let(e) => {
                self.long_chains(id)?;
                let lets = self.lets();
                let members = lets.recurrence(id);
                if !members.is_empty() {
                    self.recurrence(members)?;
                    return Ok(self.values.borrow()[&id]);
                }
                // A label under a name is its position, as a column of labels is.
                self.position(e)?
            }
            Role::Param(init) => self.param(id, symbol, init)?,
            Role::Site(_) => {
                return Err(Box::new(
                    Diagnostic::error(
                        "E0117",
                        symbol.span,
                        format!("`{}` is used before the guide has drawn it", symbol.name),
                    )
                    .help("a guide draws a site after those that its support depends on"),
                ));
            }
        };
        self.values.borrow_mut().insert(id, value);
        Ok(value)
    }

    fn data(&self, id: SymbolId, symbol: &Symbol) -> Expr<'b> {
        match self.bound.values.get(&id) {
            // The density of a missing entry or an interval is masked; any number of the column keeps it finite.
            Some(Values::Real(v)) if symbol.is_optional() || symbol.is_censored() => {
                let upper = self.bound.upper_ends.get(&id);
                let number =
                    |(i, x): (usize, &f64)| upper.map_or(!x.is_nan(), |u| u[i] == *x).then_some(*x);
                let stand_in = v.iter().enumerate().find_map(number).unwrap_or(0.0);
                let filled: Vec<f64> = v
                    .iter()
                    .enumerate()
                    .map(|cell| number(cell).unwrap_or(stand_in))
                    .collect();
                self.builder.data(
                    self.axes.to_program(&filled, &symbol.axes).into(),
                    self.axes.set(&symbol.axes),
                )
            }
            Some(Values::Real(v)) => match symbol.axes.len() {
                0 => Expr::Const(v[0]),
                1 => self
                    .builder
                    .data(v.declared().clone(), self.axes.set(&symbol.axes)),
                _ => self.builder.data(
                    self.axes.array_to_program(v, &symbol.axes),
                    self.axes.set(&symbol.axes),
                ),
            },
            // A label as a number: 0-based position, which is what Categorical's density and comparisons read.
            Some(Values::Index(v)) => {
                let numbers: Vec<f64> = v.iter().map(|&p| f64::from(p)).collect();
                if symbol.axes.is_empty() {
                    return Expr::Const(numbers[0]);
                }
                self.builder.data(
                    self.axes.to_program(&numbers, &symbol.axes).into(),
                    self.axes.set(&symbol.axes),
                )
            }
            None => Expr::Const(f64::NAN),
        }
    }

    /// The values of a datum, its missing cells taken from their site where they are latents.
    fn with_imputed(&self, id: SymbolId, symbol: &Symbol, values: Expr<'b>) -> Lowered<Expr<'b>> {
        let model = &self.bound.model;
        let (Some(imputation), Some(Values::Real(cells))) = (
            model.imputations.iter().find(|i| i.data == id),
            self.bound.values.get(&id),
        ) else {
            return Ok(values);
        };
        let site = self.symbol(imputation.site)?;
        let mut next = 0;
        let places: Vec<u32> = cells
            .iter()
            .map(|v| {
                next += u32::from(v.is_nan());
                if v.is_nan() { next - 1 } else { 0 }
            })
            .collect();
        let present: Vec<f64> = cells
            .iter()
            .map(|v| f64::from(u8::from(!v.is_nan())))
            .collect();
        let set = self.axes.set(&symbol.axes);
        let index = self.builder.index(Index {
            target: self.axes.id(model.symbols[imputation.site].axes[0]),
            axes: set,
            values: self.axes.to_program(&places, &symbol.axes).into(),
        });
        let present = self
            .builder
            .data(self.axes.to_program(&present, &symbol.axes).into(), set);
        Ok(present.select(values, self.builder.gather(site, index)))
    }

    /// 1 where an observed datum has its entry, 0 where it is missing; `None` where none can be missing.
    pub(super) fn present(&self, value: &TExpr) -> Option<Expr<'b>> {
        let mut source = value;
        while let TKind::Gather(inner, _) = &source.kind {
            source = inner;
        }
        let TKind::Symbol(id) = source.kind else {
            return None;
        };
        let symbol = &self.bound.model.symbols[id];
        match self.bound.values.get(&id) {
            Some(Values::Real(v)) if symbol.is_optional() => {
                let flags: Vec<f64> = v.iter().map(|x| f64::from(u8::from(!x.is_nan()))).collect();
                Some(self.builder.data(
                    self.axes.to_program(&flags, &symbol.axes).into(),
                    self.axes.set(&symbol.axes),
                ))
            }
            _ => None,
        }
    }

    /// An index expression that data alone determine: its axes and its positions in declared order.
    pub(super) fn positions(&self, e: &TExpr) -> Option<Positions> {
        match &e.kind {
            TKind::Shift(axis, lag, by) => {
                let (axes, values) = self.shifted(*axis, *lag, *by);
                Some((axes, values.into(), None))
            }
            TKind::Symbol(id) => match (
                &self.bound.values.get(id),
                &self.bound.model.symbols[*id].role,
            ) {
                (Some(Values::Index(v)), _) => Some((e.axes.clone(), v.clone(), Some(*id))),
                (_, Role::Let(inner)) => self.positions(inner),
                _ => None,
            },
            TKind::Gather(inner, by) => {
                let (axes, values, id) = self.positions(inner)?;
                if by
                    .iter()
                    .all(|(_, i)| matches!(i.kind, TKind::LoopVariable))
                {
                    return Some(self.at_variables((axes, values, id), by));
                }
                // One index looked up by another.
                let [(along, i)] = by.as_slice() else {
                    return None;
                };
                if axes != [*along] {
                    return None;
                }
                let (outer_axes, outer, _) = self.positions(i)?;
                Some((
                    outer_axes,
                    outer.iter().map(|&p| values[p as usize]).collect(),
                    None,
                ))
            }
            _ => None,
        }
    }

    /// Positions read at loops' variables: those of an inner loop are the axis' copy, not the axis.
    fn at_variables(&self, (axes, values, id): Positions, by: &[(AxisRef, TExpr)]) -> Positions {
        let variable = |a: &AxisRef| {
            let own = by.iter().find(|(b, _)| b == a);
            own.and_then(|(_, i)| i.axes.first().copied()).unwrap_or(*a)
        };
        let read: Vec<AxisRef> = axes.iter().map(variable).collect();
        let mut distinct: Vec<AxisRef> = vec![];
        for a in &read {
            if !distinct.contains(a) {
                distinct.push(*a);
            }
        }
        if distinct.len() == read.len() {
            return (read, values, id);
        }
        // One variable in two places: the elements at which both agree.
        let sizes: Vec<usize> = distinct.iter().map(|a| self.bound.size(*a)).collect();
        let n: usize = sizes.iter().product();
        let mut level = vec![0; distinct.len()];
        let picked = (0..n).map(|element| {
            let mut rest = element;
            for (l, size) in level.iter_mut().zip(&sizes).rev() {
                (*l, rest) = (rest % size, rest / size);
            }
            let place = read.iter().fold(0, |place, a| {
                let own = distinct.iter().position(|d| d == a).unwrap_or(0);
                place * sizes[own] + level[own]
            });
            values[place]
        });
        let picked: Vec<u32> = picked.collect();
        (distinct, picked.into(), None)
    }

    /// The index array of a look-up along `target`.
    pub(super) fn index(&self, e: &TExpr, target: AxisRef) -> Option<IndexId> {
        let (axes, values, symbol) = self.positions(e)?;
        let core = self.axes.id(target);
        let set = self.axes.set(&axes);
        if let Some(id) = symbol
            && let Some(&known) = self.indices.borrow().get(&(id, core, set))
        {
            return Some(known);
        }
        let values = if axes.len() > 1 {
            self.axes.to_program(&values, &axes).into()
        } else {
            values
        };
        let index = self.builder.index(Index {
            target: core,
            axes: set,
            values,
        });
        if let Some(id) = symbol {
            self.indices.borrow_mut().insert((id, core, set), index);
        }
        Some(index)
    }

    /// Refuses an event that is too long to be written out.
    pub(super) fn event_size(
        &self,
        axis: ppl_core::AxisId,
        what: &str,
        span: ppl_syntax::Span,
    ) -> Lowered<usize> {
        let n = self.builder.size(axis);
        if n > MAX_EVENT {
            return Err(Box::new(
                Diagnostic::error(
                    "E0113",
                    span,
                    format!(
                        "{what} has {n} elements; at most {MAX_EVENT} can be used in this version"
                    ),
                )
                .help("docs/src/limits.md lists what is left out, and what to write instead"),
            ));
        }
        Ok(n)
    }
}
