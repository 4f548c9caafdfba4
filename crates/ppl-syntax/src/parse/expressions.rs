//! Pairs of the grammar's flat `expr` to trees with precedence, without recursion except into brackets.

use pest::iterators::Pair;

use crate::ast::{Arg, BinaryOp, Binder, Expr, ExprKind, UnaryOp};
use crate::diagnostic::{Diagnostic, Span};

use super::{Builder, MAX_CHAIN, MAX_HEIGHT, Rule, parts};

/// A tree and its height, which is kept within `MAX_HEIGHT` so that whoever walks the tree needs no care.
struct Tall {
    expr: Expr,
    height: usize,
}

/// An operator that waits for its right operand.
enum Pending {
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
    fn tall(&mut self, pair: Pair<'_, Rule>) -> Tall {
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
    fn limited(&mut self, tall: Tall, whole: Span) -> Tall {
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

    fn operand(&mut self, pair: Pair<'_, Rule>, operators: &mut Vec<Pending>) -> Tall {
        let whole = self.span(&pair);
        let mut chain = 0;
        let mut tall = Tall {
            expr: Expr {
                kind: ExprKind::Error,
                span: whole,
            },
            height: 1,
        };
        for part in pair.into_inner() {
            let end = self.span(&part).end;
            match part.as_rule() {
                Rule::prefix => {
                    chain += 1;
                    let span = self.span(&part);
                    if chain == MAX_CHAIN + 1 {
                        let message = format!("more than {MAX_CHAIN} unary operators in a row");
                        self.report(Diagnostic::error("E0002", span, message).help("remove them"));
                    }
                    if chain <= MAX_CHAIN {
                        let op = if part.as_str() == "-" {
                            UnaryOp::Neg
                        } else {
                            UnaryOp::Not
                        };
                        operators.push(Pending::Unary(op, span));
                    }
                }
                Rule::primary => tall = self.primary(part),
                rule => {
                    let span = Span {
                        start: tall.expr.span.start,
                        end,
                    };
                    let mut height = tall.height;
                    let kind = if rule == Rule::index {
                        let indices = self.exprs(part, &mut height);
                        ExprKind::Index(Box::new(tall.expr), indices)
                    } else {
                        let (name, args) = self.named_args(part, &mut height);
                        ExprKind::Method(Box::new(tall.expr), name, args)
                    };
                    tall = self.limited(
                        Tall {
                            expr: Expr { kind, span },
                            height: height + 1,
                        },
                        whole,
                    );
                }
            }
        }
        tall
    }

    fn primary(&mut self, pair: Pair<'_, Rule>) -> Tall {
        let span = self.span(&pair);
        let mut height = 0;
        let part = pair
            .into_inner()
            .next()
            .expect("invariant: a primary is one of its alternatives");
        let text = part.as_str();
        let kind = match part.as_rule() {
            Rule::number => self.number(text, span),
            Rule::boolean => ExprKind::Bool(text == "true"),
            Rule::string => ExprKind::Str(unquote(text)),
            Rule::ident => ExprKind::Name(text.to_owned()),
            Rule::call => {
                let (name, args) = self.named_args(part, &mut height);
                ExprKind::Call(name, args)
            }
            Rule::vector => {
                ExprKind::Vector(parts(part).map(|p| self.arg(p, &mut height)).collect())
            }
            Rule::comprehension => self.comprehension(part, &mut height),
            Rule::if_expr => return self.if_expr(part),
            Rule::paren => {
                let inner = parts(part)
                    .next()
                    .expect("invariant: parentheses hold an expression");
                let mut inner = self.tall(inner);
                inner.expr.span = span;
                return inner;
            }
            _ => ExprKind::Error,
        };
        self.limited(
            Tall {
                expr: Expr { kind, span },
                height: height + 1,
            },
            span,
        )
    }

    fn number(&mut self, text: &str, span: Span) -> ExprKind {
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => ExprKind::Number(value),
            _ => {
                let message = format!("`{text}` is too large for a number");
                self.report(
                    Diagnostic::error("E0001", span, message).help("write `inf` for infinity"),
                );
                ExprKind::Error
            }
        }
    }

    /// Every `expr` among the parts of a pair; `height` becomes the greatest of theirs and its own.
    fn exprs(&mut self, pair: Pair<'_, Rule>, height: &mut usize) -> Vec<Expr> {
        parts(pair).map(|p| self.measured(p, height)).collect()
    }

    fn measured(&mut self, pair: Pair<'_, Rule>, height: &mut usize) -> Expr {
        let tall = self.tall(pair);
        *height = tall.height.max(*height);
        tall.expr
    }

    fn named_args(
        &mut self,
        pair: Pair<'_, Rule>,
        height: &mut usize,
    ) -> (crate::ast::Ident, Vec<Arg>) {
        let mut inner = pair.into_inner();
        let name = self.ident(&inner.next().expect("invariant: a call has a name"));
        let args = inner.next().expect("invariant: a call has parentheses");
        (name, parts(args).map(|p| self.arg(p, height)).collect())
    }

    fn arg(&mut self, pair: Pair<'_, Rule>, height: &mut usize) -> Arg {
        let mut inner = parts(pair);
        let first = inner.next().expect("invariant: an argument has a value");
        match inner.next() {
            Some(value) => Arg {
                name: Some(self.ident(&first)),
                value: self.measured(value, height),
            },
            None => Arg {
                name: None,
                value: self.measured(first, height),
            },
        }
    }

    fn comprehension(&mut self, pair: Pair<'_, Rule>, height: &mut usize) -> ExprKind {
        let mut inner = parts(pair);
        let function = self.ident(
            &inner
                .next()
                .expect("invariant: a comprehension has a function"),
        );
        let mut binders = vec![];
        let mut filter = None;
        let mut value = ExprKind::Error;
        let mut span = function.span;
        for part in inner {
            match part.as_rule() {
                Rule::binder => binders.push(self.binder(part)),
                Rule::filter => {
                    let condition = parts(part)
                        .next()
                        .expect("invariant: a filter has a condition");
                    filter = Some(Box::new(self.measured(condition, height)));
                }
                _ => {
                    let expr = self.measured(part, height);
                    (value, span) = (expr.kind, expr.span);
                }
            }
        }
        ExprKind::Comprehension {
            function,
            binders,
            filter,
            value: Box::new(Expr { kind: value, span }),
        }
    }

    /// `i in county`
    pub(super) fn binder(&self, pair: Pair<'_, Rule>) -> Binder {
        let mut inner = parts(pair);
        let variable = self.ident(&inner.next().expect("invariant: a binder has a variable"));
        let axis = self.ident(&inner.next().expect("invariant: a binder has an axis"));
        Binder { variable, axis }
    }

    /// `if` chains are read flat and folded from the last branch to the first.
    fn if_expr(&mut self, pair: Pair<'_, Rule>) -> Tall {
        let whole = self.span(&pair);
        let mut branches = vec![];
        let mut last = Tall {
            expr: Expr {
                kind: ExprKind::Error,
                span: whole,
            },
            height: 1,
        };
        for part in parts(pair) {
            if part.as_rule() == Rule::branch {
                let start = self.span(&part).start;
                let mut inner = parts(part);
                let condition =
                    self.tall(inner.next().expect("invariant: a branch has a condition"));
                let value = self.braced(inner.next().expect("invariant: a branch has a value"));
                branches.push((start, condition, value));
            } else {
                last = self.braced(part);
            }
        }
        self.check_chain(branches.len(), whole);
        branches.truncate(MAX_CHAIN);
        for (start, condition, value) in branches.into_iter().rev() {
            let height = condition.height.max(value.height).max(last.height) + 1;
            let kind = ExprKind::If(
                Box::new(condition.expr),
                Box::new(value.expr),
                Box::new(last.expr),
            );
            // The span of an inner `if` begins at its condition: `else if` is one piece of text.
            let span = Span {
                start,
                end: whole.end,
            };
            last = self.limited(
                Tall {
                    expr: Expr { kind, span },
                    height,
                },
                whole,
            );
        }
        last.expr.span = whole;
        last
    }

    /// Reports a chain of `else if` that is too long.
    pub(super) fn check_chain(&mut self, length: usize, whole: Span) {
        if length > MAX_CHAIN {
            let message = format!("more than {MAX_CHAIN} branches in one `if`");
            self.report(
                Diagnostic::error("E0002", whole, message)
                    .help("look the value up along an axis instead"),
            );
        }
    }

    fn braced(&mut self, pair: Pair<'_, Rule>) -> Tall {
        let inner = parts(pair)
            .next()
            .expect("invariant: braces hold an expression");
        self.tall(inner)
    }
}

/// The text between the quotes.
pub(super) fn unquote(text: &str) -> String {
    text.trim_matches('"').to_owned()
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
