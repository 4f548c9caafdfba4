//! Walks through typed expressions.

use crate::graph::*;
use std::collections::BTreeSet;

impl TExpr {
    /// The expressions directly inside, in the order in which they are written.
    pub fn parts(&self) -> Vec<&TExpr> {
        match &self.kind {
            TKind::Number(_)
            | TKind::Symbol(_)
            | TKind::LoopVariable
            | TKind::Label(..)
            | TKind::Size(_)
            | TKind::Glorot
            | TKind::Shift(..)
            | TKind::First(..)
            | TKind::Slot(_)
            | TKind::Last(..) => vec![],
            TKind::Prim(_, a) | TKind::Function(_, a) | TKind::Vector(a, _) => a.iter().collect(),
            TKind::Gather(src, by) => {
                let mut out = vec![&**src];
                out.extend(by.iter().map(|(_, i)| i));
                out
            }
            TKind::Rename(e, ..) | TKind::Reduce(_, e, _) | TKind::Diag(e, ..) => vec![e],
            TKind::Linear(_) => self.linear_arguments().iter().collect(),
            TKind::MatMul(l, r, ..) | TKind::Group(_, l, r) => vec![l, r],
            TKind::Ode(o) => o.args.iter().chain([&o.body]).collect(),
            TKind::LogDensity(d, x) => {
                let mut out = d.expressions();
                out.push(x);
                out
            }
        }
    }

    /// The same, to be changed; of a distribution inside, the arguments alone.
    pub(crate) fn parts_mut(&mut self) -> Vec<&mut TExpr> {
        match &mut self.kind {
            TKind::Number(_)
            | TKind::Symbol(_)
            | TKind::LoopVariable
            | TKind::Label(..)
            | TKind::Size(_)
            | TKind::Glorot
            | TKind::Shift(..)
            | TKind::First(..)
            | TKind::Slot(_)
            | TKind::Last(..) => vec![],
            TKind::Prim(_, a) | TKind::Function(_, a) | TKind::Vector(a, _) => {
                a.iter_mut().collect()
            }
            TKind::Gather(src, by) => {
                let mut out = vec![&mut **src];
                out.extend(by.iter_mut().map(|(_, i)| i));
                out
            }
            TKind::Rename(e, ..) | TKind::Reduce(_, e, _) | TKind::Diag(e, ..) => vec![e],
            TKind::Linear(call) => call.args.iter_mut().collect(),
            TKind::MatMul(l, r, ..) | TKind::Group(_, l, r) => vec![l, r],
            TKind::Ode(o) => o.args.iter_mut().chain([&mut o.body]).collect(),
            TKind::LogDensity(d, x) => d.args.iter_mut().chain([&mut **x]).collect(),
        }
    }

    /// Calls `f` with the expression and everything inside it.
    pub fn visit(&self, f: &mut dyn FnMut(&TExpr)) {
        f(self);
        for part in self.parts() {
            part.visit(f);
        }
    }

    /// The symbol that this is the whole of, also where a loop runs over it.
    pub fn whole_symbol(&self) -> Option<SymbolId> {
        match &self.kind {
            TKind::Symbol(s) => Some(*s),
            TKind::Gather(inner, indices)
                if indices
                    .iter()
                    .all(|(_, i)| matches!(i.kind, TKind::LoopVariable)) =>
            {
                inner.whole_symbol()
            }
            _ => None,
        }
    }

    /// Pushes the symbols that the expression names.
    pub fn symbols(&self, out: &mut Vec<SymbolId>) {
        self.collect_symbols(true, out);
    }

    /// Whether this is an index some elements back.
    fn is_earlier(&self) -> bool {
        matches!(self.kind, TKind::Shift(_, lag, _) if lag != Lag::Literal(0))
    }

    /// The axis along which the expression reads earlier elements, if it does.
    pub fn chain_axis(&self) -> Option<AxisRef> {
        if let TKind::Gather(_, by) = &self.kind {
            let axis = by.iter().find_map(|(_, i)| match i.kind {
                TKind::Shift(axis, ..) if i.is_earlier() => Some(axis),
                _ => None,
            });
            if axis.is_some() {
                return axis;
            }
        }
        self.parts().into_iter().find_map(Self::chain_axis)
    }

    /// Pushes the symbols, but for arrays of which only earlier elements are read.
    pub(crate) fn symbols_read_now(&self, out: &mut Vec<SymbolId>) {
        self.collect_symbols(false, out);
    }

    fn collect_symbols(&self, earlier: bool, out: &mut Vec<SymbolId>) {
        match &self.kind {
            TKind::Symbol(s) => out.push(*s),
            TKind::Gather(_, by) if !earlier && by.iter().any(|(_, i)| i.is_earlier()) => {
                by.iter().for_each(|(_, i)| i.collect_symbols(earlier, out));
            }
            _ => {
                for part in self.parts() {
                    part.collect_symbols(earlier, out);
                }
            }
        }
    }
}

impl Model {
    /// These symbols, and those that deterministic values among them read, directly or through others.
    pub(crate) fn read_through(&self, mut stack: Vec<SymbolId>) -> BTreeSet<SymbolId> {
        let mut seen = BTreeSet::new();
        while let Some(id) = stack.pop() {
            if seen.insert(id)
                && let Role::Let(e) = &self.symbols[id].role
            {
                e.symbols(&mut stack);
            }
        }
        seen
    }

    /// Calls `f` with every expression: of the symbols, then of the statements, then of the guide.
    pub fn each_expression(&self, f: &mut dyn FnMut(&TExpr)) {
        for s in &self.symbols {
            match &s.role {
                Role::Let(e) | Role::Param(e) => f(e),
                Role::Site(d) => d.expressions().into_iter().for_each(&mut *f),
                Role::Data { .. } => {}
            }
        }
        self.each_statement_expression(f);
    }

    /// Calls `f` with every expression of the statements, then of the guide; distributions of sites are the symbols'.
    pub fn each_statement_expression(&self, f: &mut dyn FnMut(&TExpr)) {
        for s in self.statements.iter().chain(&self.guide) {
            if let Some(when) = &s.when {
                f(&when.condition);
            }
            match &s.statement {
                Statement::Observe { value, dist } => {
                    f(value);
                    dist.expressions().into_iter().for_each(&mut *f);
                }
                Statement::Factor(e) | Statement::Report { value: e, .. } => f(e),
                Statement::GuideSample { dist, .. } | Statement::Predict { dist, .. } => {
                    dist.expressions().into_iter().for_each(&mut *f)
                }
                Statement::Sample(_) | Statement::Within(_) => {}
            }
        }
    }
}
