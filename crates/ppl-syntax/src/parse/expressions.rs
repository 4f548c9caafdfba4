//! The grammar's flat `expr` to a tree with precedence, without recursion except into brackets.

use pest::iterators::Pair;

use crate::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::diagnostic::{Diagnostic, Span};

use super::{Builder, MAX_HEIGHT, Rule};

/// A tree and its height, which is kept within `MAX_HEIGHT` so that whoever walks the tree needs no care.
pub(super) struct Tall {
    /// The tree.
    pub expr: Expr,
    /// How many nodes lie on its longest way down.
    pub height: usize,
}

/// An operator that waits for its right operand.
pub(super) enum Pending {
    Unary(UnaryOp, Span),
    Binary(BinaryOp),
}

impl Pending {
    fn binding(&self) -> u8 {
        match self {
            Pending::Unary(..) => UNARY_BINDING,
            Pending::Binary(op) => binding(*op),
        }
    }
}

/// How tightly unary operators bind: looser than `^`, tighter than all else.
pub(crate) const UNARY_BINDING: u8 = 6;

/// How tightly a binary operator binds.
pub(crate) fn binding(op: BinaryOp) -> u8 {
    use BinaryOp::*;
    match op {
        Or => 1,
        And => 2,
        Equal | NotEqual | LessEqual | GreaterEqual | Less | Greater => 3,
        Add | Sub => 4,
        Mul | Div | Rem | MatMul => 5,
        Pow => 7,
    }
}

impl Builder<'_> {
    /// The tree of an `expr` pair.
    pub(super) fn expr(&mut self, pair: Pair<'_, Rule>) -> Expr {
        self.tall(pair).expr
    }

    /// Reads operands and operators from left to right with two stacks (Dijkstra's shunting yard).
    pub(super) fn tall(&mut self, pair: Pair<'_, Rule>) -> Tall {
        let whole = self.span(&pair);
        let mut operands: Vec<Tall> = vec![];
        let mut operators: Vec<Pending> = vec![];
        for part in pair.into_inner() {
            if part.as_rule() == Rule::operand {
                let operand = self.operand(part, &mut operators);
                operands.push(operand);
                continue;
            }
            let op = binary_op(part.as_str());
            let strength = binding(op);
            while operators.last().is_some_and(|o| {
                o.binding() > strength || (o.binding() == strength && op != BinaryOp::Pow)
            }) {
                if strength == 3 && operators.last().is_some_and(|o| o.binding() == 3) {
                    self.comparison_chain(&part);
                }
                self.reduce(&mut operators, &mut operands, whole);
            }
            operators.push(Pending::Binary(op));
        }
        while !operators.is_empty() {
            self.reduce(&mut operators, &mut operands, whole);
        }
        operands
            .pop()
            .expect("invariant: the grammar gives an expression at least one operand")
    }

    fn comparison_chain(&mut self, operator: &Pair<'_, Rule>) {
        let span = self.span(operator);
        self.report(
            Diagnostic::error("E0001", span, "comparisons do not chain")
                .help("write `a < b && b < c`, or put one comparison into parentheses"),
        );
    }

    fn reduce(&mut self, operators: &mut Vec<Pending>, operands: &mut Vec<Tall>, whole: Span) {
        let operator = operators
            .pop()
            .expect("invariant: called with an operator waiting");
        let right = operands
            .pop()
            .expect("invariant: every operator has a right operand");
        let tall = match operator {
            Pending::Unary(op, span) => {
                let height = right.height + 1;
                let span = span.to(right.expr.span);
                Tall {
                    expr: Expr {
                        kind: ExprKind::Unary(op, Box::new(right.expr)),
                        span,
                    },
                    height,
                }
            }
            Pending::Binary(op) => {
                let left = operands
                    .pop()
                    .expect("invariant: every binary operator has a left operand");
                let height = left.height.max(right.height) + 1;
                let span = left.expr.span.to(right.expr.span);
                let kind = ExprKind::Binary(op, Box::new(left.expr), Box::new(right.expr));
                Tall {
                    expr: Expr { kind, span },
                    height,
                }
            }
        };
        operands.push(self.limited(tall, whole));
    }

    /// The tree itself, or an error node where it has grown too high.
    pub(super) fn limited(&mut self, tall: Tall, whole: Span) -> Tall {
        if tall.height <= MAX_HEIGHT {
            return tall;
        }
        let message = format!("this expression chains more than {MAX_HEIGHT} operations");
        let end = tall.expr.span.end;
        let known = self
            .diagnostics
            .iter()
            .any(|d| d.code == "E0002" && d.labels.iter().any(|l| l.span == whole));
        if !known {
            self.report(
                Diagnostic::error("E0002", whole, message).help(
                    "name parts of it with `let`, or lay the terms along an axis and use `sum`",
                ),
            );
        }
        Tall {
            expr: Expr {
                kind: ExprKind::Error,
                span: Span {
                    start: whole.start,
                    end,
                },
            },
            height: 1,
        }
    }
}

fn binary_op(text: &str) -> BinaryOp {
    use BinaryOp::*;
    match text {
        "||" => Or,
        "&&" => And,
        "==" => Equal,
        "!=" => NotEqual,
        "<=" => LessEqual,
        ">=" => GreaterEqual,
        "<" => Less,
        ">" => Greater,
        "+" => Add,
        "-" => Sub,
        "*" => Mul,
        "/" => Div,
        "%" => Rem,
        "@" => MatMul,
        _ => Pow,
    }
}
