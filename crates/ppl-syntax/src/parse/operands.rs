//! What stands between operators: names, numbers, calls, brackets, `if`.

use pest::iterators::Pair;

use crate::ast::{Arg, Binder, Expr, ExprKind, Ident, UnaryOp};
use crate::diagnostic::{Diagnostic, Span};

use super::expressions::{Pending, Tall};
use super::{Builder, MAX_CHAIN, Rule, parts};

impl Builder<'_> {
    /// An operand; its signs are pushed onto the waiting operators.
    pub(super) fn operand(&mut self, pair: Pair<'_, Rule>, operators: &mut Vec<Pending>) -> Tall {
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
        let mut height = 0;
        let part = pair
            .into_inner()
            .next()
            .expect("invariant: a primary is one of its alternatives");
        // Its own: behind a name, a primary has the blanks too.
        let span = self.span(&part);
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

    fn named_args(&mut self, pair: Pair<'_, Rule>, height: &mut usize) -> (Ident, Vec<Arg>) {
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
