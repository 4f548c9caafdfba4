//! Labels that nothing tells apart: the posterior has a copy of itself for each order of them.

use super::Checker;
use crate::graph::*;
use ppl_syntax::diagnostic::Diagnostic;

impl Checker {
    /// Warns of discrete sites whose labels can be exchanged without any change of the density.
    pub(super) fn exchangeable_labels(&mut self) {
        let mut found = vec![];
        let mut told = vec![];
        for located in &self.model.statements {
            let Statement::Sample(id) = located.statement else {
                continue;
            };
            let Ty::Index(axis) = self.model.symbols[id].ty else {
                continue;
            };
            let single = match &self.model.axes[axis].levels {
                Levels::Size(e) => matches!(e.kind, TKind::Number(n) if n <= 1.0),
                Levels::Listed(l) => l.len() <= 1,
                _ => false,
            };
            if single || told.contains(&axis) || !self.is_symmetric(axis) {
                continue;
            }
            let vector = |s: &&Symbol| {
                s.axes.len() == 1 && s.axes[0].axis == axis && s.kind.is_none() && is_real(s)
            };
            let along = |s: &&Symbol| s.ty == Ty::Real && s.axes.iter().any(|a| a.axis == axis);
            let sites = || self.model.sites().map(|s| s.1);
            let in_order = sites().find(vector);
            let Some(component) = in_order.or_else(|| sites().find(along)) else {
                continue;
            };
            told.push(axis);
            let (name, z) = (&self.model.axes[axis].name, &self.model.symbols[id]);
            let copies = match &self.model.axes[axis].levels {
                Levels::Listed(l) => format!("{}! times", l.len()),
                Levels::Size(TExpr {
                    kind: TKind::Number(n),
                    ..
                }) => format!("{n}! times"),
                _ => "once for each order of them".to_owned(),
            };
            let message = format!(
                "nothing tells the labels of `{name}` apart, so the posterior holds the same answer {copies}"
            );
            let order = match in_order {
                Some(component) => format!(
                    "order one vector: `{}[{name}]: ordered ~ …`",
                    component.name
                ),
                None => format!(
                    "let a vector tell them apart, `u[{name}]: ordered ~ …`, or read no number of a single label"
                ),
            };
            let help = format!(
                "{order}; a guide finds one of the copies, or a mean of several that is none"
            );
            found.push(
                Diagnostic::warning("W0135", z.span, message)
                    .at(format!("draws a label of `{name}`"))
                    .label(component.span, "exchangeable: alike for all labels")
                    .help(help),
            );
        }
        self.diagnostics.extend(found);
    }

    /// Whether no statement tells the levels of an axis apart: no data and no literal lies along it, no label of it is named,
    /// no kind or running sum knows their order.
    fn is_symmetric(&self, axis: usize) -> bool {
        let on = |a: &AxisRef| a.axis == axis;
        let apart = |s: &Symbol| match &s.role {
            Role::Data { .. } => s.ty == Ty::Index(axis) || s.axes.iter().any(on),
            Role::Param(_) => s.axes.iter().any(on),
            _ => {
                let ordered = matches!(s.kind, Some(Kind::Ordered | Kind::PositiveOrdered));
                ordered && s.axes.last().is_some_and(on)
            }
        };
        if self.model.symbols.iter().any(apart) {
            return false;
        }
        let mut symmetric = true;
        self.model
            .each_expression(&mut |e| symmetric &= self.alike(e, axis));
        symmetric
    }

    fn alike(&self, e: &TExpr, axis: usize) -> bool {
        let on = |a: &AxisRef| a.axis == axis;
        let own = match &e.kind {
            TKind::Label(a, _) => *a != axis,
            TKind::Vector(_, along) => !on(along),
            TKind::LoopVariable | TKind::Shift(..) | TKind::First(..) | TKind::Last(..) => {
                !e.axes.iter().any(on)
            }
            TKind::Reduce(Reduction::CumSum, _, over) => !over.iter().any(on),
            _ => true,
        };
        // A loop's variable as an index takes each level alike.
        let plain = |i: &&TExpr| matches!(i.kind, TKind::LoopVariable);
        own && match &e.kind {
            TKind::Gather(src, by) => {
                let mut indices = by.iter().map(|(_, i)| i).filter(|i| !plain(i));
                self.alike(src, axis) && indices.all(|i| self.alike(i, axis))
            }
            _ => e.parts().into_iter().all(|p| self.alike(p, axis)),
        }
    }
}

fn is_real(s: &Symbol) -> bool {
    let of_numbers = |d: &TDist| d.distribution.definition().event == ppl_dist::Shape::Scalar;
    s.ty == Ty::Real && matches!(&s.role, Role::Site(d) if of_numbers(d))
}
