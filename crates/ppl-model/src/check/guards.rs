//! What a condition makes sure of: how many elements come before, in the branch where it holds and in the other.

use super::Checker;
use crate::graph::*;
use ppl_syntax::ast::{self, BinaryOp, ExprKind, UnaryOp};

/// So many elements of that loop's axis come before.
pub(super) type Guard = (AxisRef, usize);

/// In the branch where a condition holds, and where it does not.
pub(super) type Guards = [Vec<Guard>; 2];

impl Checker {
    /// Reads a condition: `first(t, n)`, comparisons of a loop's variable with numbers, levels and values of its axis,
    /// `!`, `&&` and `||` of such.
    pub(super) fn guards_of(&mut self, condition: &ast::Expr) -> Guards {
        let none = || [vec![], vec![]];
        match &condition.kind {
            ExprKind::Call(name, args) if name.name == "first" => {
                [vec![], self.end_arguments(args).into_iter().collect()]
            }
            ExprKind::Unary(UnaryOp::Not, inner) => {
                let [holds, fails] = self.guards_of(inner);
                [fails, holds]
            }
            ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), l, r) => {
                let ([a, b], [c, d]) = (self.guards_of(l), self.guards_of(r));
                match op {
                    BinaryOp::And => [[a, c].concat(), vec![]],
                    _ => [vec![], [b, d].concat()],
                }
            }
            ExprKind::Binary(op, l, r) => {
                let op = *op;
                let found = match self.compared(op, l, r) {
                    None => flipped(op).and_then(|op| self.compared(op, r, l)),
                    found => found,
                };
                match found {
                    Some((true, guard)) => [vec![guard], vec![]],
                    Some((false, guard)) => [vec![], vec![guard]],
                    None => none(),
                }
            }
            _ => none(),
        }
    }

    /// `t > e`: how many come before, where it holds (true) or where it does not. Within groups a label does not say how
    /// many of the group come before.
    fn compared(&mut self, op: BinaryOp, l: &ast::Expr, r: &ast::Expr) -> Option<(bool, Guard)> {
        let ExprKind::Name(variable) = &l.kind else {
            return None;
        };
        let axis = self.loop_axis(variable)?;
        if self.loop_group(axis).is_some() {
            return None;
        }
        // Elements before whatever is greater than the right side.
        let beyond = self.position(axis, r)?;
        let (holds, n) = match op {
            BinaryOp::Greater => (true, beyond),
            BinaryOp::LessEqual => (false, beyond),
            BinaryOp::GreaterEqual => (true, beyond.checked_sub(1)?),
            BinaryOp::Less => (false, beyond.checked_sub(1)?),
            BinaryOp::Equal if beyond == 1 && self.is_literal(axis, r) => (false, 1),
            BinaryOp::NotEqual if beyond == 1 && self.is_literal(axis, r) => (true, 1),
            _ => return None,
        };
        (n > 0).then_some((holds, (axis, n)))
    }

    /// How many elements there are at least up to and with the one that an expression names.
    fn position(&mut self, axis: AxisRef, e: &ast::Expr) -> Option<usize> {
        let levels = self.model.axes[axis.axis].levels.clone();
        match (&e.kind, &levels) {
            (ExprKind::Number(k), Levels::Rows | Levels::Size(_)) => {
                (*k >= 1.0 && *k < 1e6).then_some(*k as usize)
            }
            (ExprKind::Name(name), Levels::Listed(known)) if known.contains(name) => {
                known.iter().position(|l| l == name).map(|p| p + 1)
            }
            (ExprKind::Number(_), _) => None,
            _ => {
                // What is wrong with it is told where the condition itself is checked.
                let before = self.diagnostics.len();
                let typed = self.expr(e, None);
                self.diagnostics.truncate(before);
                let typed = typed?;
                let symbol = typed.whole_symbol().filter(|_| typed.ty == Ty::Int);
                if let Some(id) = symbol
                    && matches!(self.model.symbols[id].role, Role::Data { .. })
                {
                    self.compared_numbers.push((axis, id));
                }
                (typed.ty == Ty::Index(axis.axis)).then_some(1)
            }
        }
    }

    fn is_literal(&self, axis: AxisRef, e: &ast::Expr) -> bool {
        match (&e.kind, &self.model.axes[axis.axis].levels) {
            (ExprKind::Number(_), _) => true,
            (ExprKind::Name(name), Levels::Listed(known)) => known.contains(name),
            _ => false,
        }
    }
}

/// The comparison with its sides exchanged.
fn flipped(op: BinaryOp) -> Option<BinaryOp> {
    Some(match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessEqual => BinaryOp::GreaterEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterEqual => BinaryOp::LessEqual,
        BinaryOp::Equal => BinaryOp::Equal,
        BinaryOp::NotEqual => BinaryOp::NotEqual,
        _ => return None,
    })
}
