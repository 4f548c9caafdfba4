//! Recurrent values to scans. The lets that read each other's earlier elements are lowered together: what one element
//! needs of them becomes the step's states, and whatever else it reads is lowered outside, over the whole axis, and
//! handed to the step element by element.

use super::{Lowered, Lowering};
use crate::graph::*;
use ppl_core::call::scan::{Leaf, Scan};
use ppl_core::passes::optimise;
use ppl_core::{AxisId, AxisSet, Builder, DRAW, Expr, Index, IndexId, NodeId};
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

/// What a state holds of a recurrent value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    /// The element so many steps before.
    Back(usize),
    /// All of the elements from 1 step before on, along an axis of lags.
    Window(AxisRef),
}

/// What states hold before the first step. No value comes from it, since the checker asks for guards; it lies inside
/// of the domains of logarithms, roots and inverses, so that nothing infinite is made of it either.
const BEFORE_THE_FIRST: f64 = 0.5;

/// One element of the recurrence while it is lowered into the body's builder.
pub(super) struct Step<'s, 'a, 'b, 'c> {
    outer: &'s Lowering<'a, 'b>,
    body: &'c Builder,
    members: &'s [SymbolId],
    axis: AxisRef,
    along: AxisId,
    /// Whether states differ between draws.
    draws: bool,
    current: RefCell<HashMap<SymbolId, Expr<'c>>>,
    states: RefCell<BTreeMap<(SymbolId, Held), (Expr<'c>, Leaf)>>,
    inputs: RefCell<Vec<(Expr<'b>, Expr<'c>, Leaf)>>,
    /// The innovations of a chain, which is the last member, and the log Jacobian that they bring.
    innovations: Option<Expr<'b>>,
    ln_jacobian: RefCell<Option<Expr<'c>>>,
}

/// What replaces parts of expressions while a step is lowered.
pub(super) trait Replace<'c> {
    /// The value that stands for an expression; `None` where it is lowered as usual.
    fn replace(&self, e: &TExpr, inner: &Lowering<'_, 'c>) -> Option<Lowered<Expr<'c>>>;
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// Lowers all values of a recurrence.
    pub(super) fn recurrence(&self, members: &[SymbolId]) -> Lowered<()> {
        let Some((axis, by)) = self.recurrence_axis(members)? else {
            return Ok(());
        };
        let body = self.builder.sibling();
        let step = Step::new(self, &body, (members, axis), None);
        step.lower()?;
        let differ = step
            .inputs
            .borrow()
            .iter()
            .any(|(e, ..)| self.builder.axes_of(*e).contains(DRAW));
        let (values, _) = if differ {
            self.scan(step, by)?
        } else {
            // The same for every draw: once more, without them.
            let body = self.builder.sibling();
            let mut step = Step::new(self, &body, (members, axis), None);
            step.draws = false;
            step.lower()?;
            self.scan(step, by)?
        };
        self.values.borrow_mut().extend(values);
        Ok(())
    }

    /// The last of the members, a site, from its innovations; and the log Jacobian.
    pub(super) fn chain(
        &self,
        members: &[SymbolId],
        innovations: Expr<'b>,
    ) -> Lowered<(Expr<'b>, Expr<'b>)> {
        let (site, found) = (members.last(), self.recurrence_axis(members)?);
        let (Some(site), Some((axis, by))) = (site, found) else {
            return Err(refused(Span::default(), "this chain"));
        };
        let body = self.builder.sibling();
        let step = Step::new(self, &body, (members, axis), Some(innovations));
        step.lower()?;
        let (values, ln_jacobian) = self.scan(step, by)?;
        let value = values.get(site).copied();
        Ok((value.unwrap_or(innovations), ln_jacobian))
    }

    /// The axis along which the members read earlier elements of each other, and its groups.
    fn recurrence_axis(
        &self,
        members: &[SymbolId],
    ) -> Lowered<Option<(AxisRef, Option<SymbolId>)>> {
        let mut found: Option<(AxisRef, Option<SymbolId>)> = None;
        let mut another = None;
        for m in members {
            let mut visit = |e: &TExpr| {
                let TKind::Gather(src, by) = &e.kind else {
                    return;
                };
                if !matches!(src.kind, TKind::Symbol(s) if members.contains(&s)) {
                    return;
                }
                for (_, i) in by {
                    if let TKind::Shift(axis, _, group) = i.kind {
                        match found {
                            None => found = Some((axis, group)),
                            Some((known, _)) if known != axis => another = Some(e.span),
                            _ => {}
                        }
                    }
                }
            };
            for e in self.bound.model.written(*m) {
                e.visit(&mut visit);
            }
        }
        match another {
            Some(span) => Err(refused(span, "a recurrence along two axes")),
            None => Ok(found),
        }
    }

    /// Writes the call of a step's scan: the members' values, and the log Jacobian of innovations.
    fn scan(
        &self,
        step: Step<'_, 'a, 'b, '_>,
        by: Option<SymbolId>,
    ) -> Lowered<(HashMap<SymbolId, Expr<'b>>, Expr<'b>)> {
        let b = self.builder;
        let along = step.along;
        let states = step.states.borrow();
        let (mut outputs, mut leaves, mut parts) = (vec![], vec![], HashMap::new());
        for ((member, held), (_, leaf)) in states.iter() {
            let next = step.next(*member, *held, leaf)?;
            if *held == Held::Back(1) {
                parts.insert(*member, outputs.len());
            }
            outputs.push(next);
            leaves.push(*leaf);
        }
        for member in step.members {
            if !parts.contains_key(member) {
                parts.insert(*member, outputs.len());
                outputs.push(step.settled(*member)?.node(step.body));
            }
        }
        let ln_jacobian = *step.ln_jacobian.borrow();
        let jacobian_part = outputs.len();
        if let (Some(e), Some(site)) = (ln_jacobian, step.members.last()) {
            outputs.push(step.body.broadcast(e, step.own_axes(*site)).node(step.body));
        }
        let program = Builder::snapshot(step.body);
        let program = optimise(ppl_core::Program { outputs, ..program }).0;
        if let Some(m) = step.members.first()
            && program.nodes.iter().any(|n| n.axes.contains(along))
        {
            let span = self.bound.model.symbols[*m].span;
            return Err(refused(
                span,
                "a recurrence that looks its own earlier elements up by data",
            ));
        }
        let order = self.by_group(step.axis, by);
        let mut args: Vec<Expr<'b>> = vec![Expr::Const(BEFORE_THE_FIRST); leaves.len()];
        let inputs = step.inputs.borrow();
        for (outside, ..) in inputs.iter() {
            args.push(match order {
                Some((sorted, _)) => b.gather(*outside, sorted),
                None => *outside,
            });
        }
        let scan = Scan {
            again: None,
            axis: along,
            reverse: false,
            body: program,
            states: leaves,
            inputs: inputs.iter().map(|(.., leaf)| *leaf).collect(),
        };
        let all = b.scan(scan, &args);
        let part = |k: usize| {
            let value = all[k];
            match order {
                Some((_, back)) => b.gather(value, back),
                None => value,
            }
        };
        let values = step.members.iter().map(|m| (*m, part(parts[m])));
        let values = values.collect();
        let ln_jacobian = ln_jacobian.map_or(Expr::Const(0.0), |_| part(jacobian_part));
        Ok((values, ln_jacobian))
    }

    /// Index arrays that bring the elements of each group together, and back; `None` where they stand so already.
    fn by_group(&self, axis: AxisRef, by: Option<SymbolId>) -> Option<(IndexId, IndexId)> {
        let groups = self.groups(axis, by);
        let mut order: Vec<u32> = (0..groups.len() as u32).collect();
        let mut first: HashMap<u32, usize> = HashMap::new();
        for (i, g) in groups.iter().enumerate() {
            first.entry(*g).or_insert(i);
        }
        order.sort_by_key(|&i| first[&groups[i as usize]]);
        if order.is_sorted() {
            return None;
        }
        let mut back = vec![0; order.len()];
        for (place, &i) in order.iter().enumerate() {
            back[i as usize] = place as u32;
        }
        let target = self.axes.id(axis);
        let index = |values: Vec<u32>| {
            self.builder.index(Index {
                target,
                axes: AxisSet::of(&[target]),
                values: values.into(),
            })
        };
        Some((index(order), index(back)))
    }
}

impl<'s, 'a, 'b, 'c> Step<'s, 'a, 'b, 'c> {
    fn new(
        outer: &'s Lowering<'a, 'b>,
        body: &'c Builder,
        (members, axis): (&'s [SymbolId], AxisRef),
        innovations: Option<Expr<'b>>,
    ) -> Self {
        Step {
            outer,
            body,
            members,
            axis,
            along: outer.axes.id(axis),
            draws: true,
            current: Default::default(),
            states: Default::default(),
            inputs: Default::default(),
            innovations,
            ln_jacobian: Default::default(),
        }
    }

    /// Lowers the members' values at one element.
    fn lower(&self) -> Lowered<()> {
        let inner = Lowering::of_step(self.outer.bound, self.outer.axes, self.body, self);
        for member in self.members {
            let value = match &self.outer.bound.model.symbols[*member].role {
                Role::Let(e) => inner.expr(e)?,
                Role::Site(d) => {
                    let (Some(u), Some(units)) = (self.innovations, inner.units(d)?) else {
                        continue;
                    };
                    let (value, ln_jacobian) = units.value(self.input(u));
                    *self.ln_jacobian.borrow_mut() = Some(ln_jacobian);
                    value
                }
                _ => continue,
            };
            self.current.borrow_mut().insert(*member, value);
        }
        Ok(())
    }

    /// Axes of a member at one element.
    fn own_axes(&self, member: SymbolId) -> AxisSet {
        let symbol = &self.outer.bound.model.symbols[member];
        let axes = self.outer.axes.set(&symbol.axes).without(self.along);
        if self.draws { axes.with(DRAW) } else { axes }
    }

    fn leaf(&self, axes: AxisSet) -> (Expr<'c>, Leaf) {
        let (e, offset) = self.body.noise(axes);
        (e, Leaf { offset, axes })
    }

    fn state(&self, member: SymbolId, held: Held) -> Expr<'c> {
        // The element k steps before was the one k - 1 steps before, a step ago.
        if let Held::Back(k) = held
            && k > 1
        {
            self.state(member, Held::Back(k - 1));
        }
        let axes = match held {
            Held::Back(_) => self.own_axes(member),
            Held::Window(lag) => self.own_axes(member).with(self.outer.axes.id(lag)),
        };
        self.states
            .borrow_mut()
            .entry((member, held))
            .or_insert_with(|| self.leaf(axes))
            .0
    }

    /// A member's value at this element, over its axes.
    fn settled(&self, member: SymbolId) -> Lowered<Expr<'c>> {
        let value = self.current.borrow()[&member];
        let own = self.own_axes(member);
        let symbol = &self.outer.bound.model.symbols[member];
        if !own.contains_all(self.body.axes_of(value)) {
            return Err(refused(
                symbol.span,
                "a recurrence that reads a discrete site",
            ));
        }
        Ok(self.body.broadcast(value, own))
    }

    /// What a state holds after this element.
    fn next(&self, member: SymbolId, held: Held, leaf: &Leaf) -> Lowered<NodeId> {
        let value = match held {
            Held::Back(1) => self.settled(member)?,
            Held::Back(k) => self.states.borrow()[&(member, Held::Back(k - 1))].0,
            Held::Window(lag) => {
                let along = self.outer.axes.id(lag);
                let n = self.body.size(along);
                let shift = self.body.index(Index {
                    target: along,
                    axes: AxisSet::of(&[along]),
                    values: (0..n as u32).map(|k| k.saturating_sub(1)).collect(),
                });
                let newest: Vec<f64> = (0..n).map(|k| f64::from(u8::from(k == 0))).collect();
                let newest = self.body.data(newest.into(), AxisSet::of(&[along]));
                let old = self.states.borrow()[&(member, held)].0;
                let moved = self.body.gather(old, shift);
                Expr::apply(
                    ppl_core::Prim::Select,
                    &[newest, self.settled(member)?, moved],
                )
            }
        };
        Ok(self.body.broadcast(value, leaf.axes).node(self.body))
    }

    /// What does not change with the recurrence: lowered outside, read element by element.
    fn import(&self, e: &TExpr) -> Lowered<Expr<'c>> {
        Ok(self.input(self.outer.expr(e)?))
    }

    /// What the step reads of a value outside, element by element.
    fn input(&self, outside: Expr<'b>) -> Expr<'c> {
        let id = match outside {
            Expr::Const(v) => return Expr::Const(v),
            Expr::Node(id, _) => id,
        };
        if let Some(v) = self.outer.builder.literal(id) {
            return Expr::Const(v);
        }
        let known = self.inputs.borrow().iter().find_map(|(o, inside, _)| {
            matches!(o, Expr::Node(known, _) if *known == id).then_some(*inside)
        });
        if let Some(inside) = known {
            return inside;
        }
        let axes = self.outer.builder.axes_of(outside).without(self.along);
        let (inside, leaf) = self.leaf(axes);
        self.inputs.borrow_mut().push((outside, inside, leaf));
        inside
    }

    /// An element of a member: this one, or earlier ones.
    fn element(
        &self,
        member: SymbolId,
        by: &[(AxisRef, TExpr)],
        span: Span,
        inner: &Lowering<'_, 'c>,
    ) -> Lowered<Expr<'c>> {
        let mut rest: Vec<(AxisRef, TExpr)> = vec![];
        let mut value = None;
        for (axis, index) in by {
            if value.is_some() || self.outer.axes.id(*axis) != self.along {
                rest.push((*axis, index.clone()));
                continue;
            }
            value = match index.kind {
                TKind::LoopVariable | TKind::Shift(_, Lag::Literal(0), _) => {
                    self.current.borrow().get(&member).copied()
                }
                TKind::Shift(_, Lag::Literal(k), _) => Some(self.state(member, Held::Back(k))),
                TKind::Shift(_, Lag::Along(lag), _) => Some(self.state(member, Held::Window(lag))),
                _ => None,
            };
        }
        match value {
            Some(value) => inner.look_up(value, &rest),
            None => Err(refused(
                span,
                "this reading of a recurrent value within its own definition",
            )),
        }
    }
}

impl<'c> Replace<'c> for Step<'_, '_, '_, 'c> {
    fn replace(&self, e: &TExpr, inner: &Lowering<'_, 'c>) -> Option<Lowered<Expr<'c>>> {
        let mut read = vec![];
        e.symbols(&mut read);
        if !read.iter().any(|s| self.members.contains(s)) {
            return Some(self.import(e));
        }
        match &e.kind {
            TKind::Symbol(_) => Some(Err(refused(
                e.span,
                "the whole of a recurrent value within its own definition",
            ))),
            TKind::Gather(src, by) => match src.kind {
                TKind::Symbol(m) if self.members.contains(&m) => {
                    Some(self.element(m, by, e.span, inner))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn refused(span: Span, what: &str) -> Box<Diagnostic> {
    Box::new(crate::check::not_available(span, what))
}
