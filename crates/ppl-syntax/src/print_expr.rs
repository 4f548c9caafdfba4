//! Expressions back to canonical text, with the fewest parentheses.

use crate::ast::{Arg, BinaryOp, Expr, ExprKind, UnaryOp};
use crate::parse::{UNARY_BINDING, binding};
use crate::print::binder;

/// How tightly what needs no parentheses binds.
const ATOM: u8 = 9;

/// The canonical text of an expression.
///
/// Numbers are printed with the fewest digits that give the same value. What the grammar cannot say is printed as
/// near as possible: a negative literal as a negation, an infinite one as `inf`, an error as `error`.
pub fn print_expr(expr: &Expr) -> String {
    let mut out = String::new();
    write_expr(&mut out, expr);
    out
}

pub(crate) mod arguments {
    //! Pieces that the printer of statements shares.
    use super::{ATOM, Expr, write_operand};

    /// An expression as the base of an index.
    pub(crate) fn operand(expr: &Expr) -> String {
        let mut out = String::new();
        write_operand(&mut out, expr, ATOM);
        out
    }
}

/// A string in quotes. The language has no escapes, so a quote or a line end within becomes a blank.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace(['"', '\n'], " "))
}

fn write_expr(out: &mut String, expr: &Expr) {
    match &expr.kind {
        ExprKind::Number(value) => out.push_str(&number(*value)),
        ExprKind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        ExprKind::Str(text) => out.push_str(&quoted(text)),
        ExprKind::Name(name) => out.push_str(name),
        ExprKind::Error => out.push_str("error"),
        ExprKind::Unary(op, operand) => {
            out.push(match op {
                UnaryOp::Neg => '-',
                UnaryOp::Not => '!',
            });
            write_operand(out, operand, UNARY_BINDING);
        }
        ExprKind::Binary(op, left, right) => write_binary(out, *op, left, right),
        ExprKind::Index(base, indices) => {
            write_operand(out, base, ATOM);
            out.push('[');
            write_list(out, indices, write_expr);
            out.push(']');
        }
        ExprKind::Call(name, args) => {
            out.push_str(&name.name);
            out.push('(');
            write_list(out, args, write_arg);
            out.push(')');
        }
        ExprKind::Method(base, name, args) => {
            write_operand(out, base, ATOM);
            out.push('.');
            out.push_str(&name.name);
            out.push('(');
            write_list(out, args, write_arg);
            out.push(')');
        }
        ExprKind::Comprehension {
            function,
            binders,
            filter,
            value,
        } => {
            out.push_str(&function.name);
            out.push('(');
            write_list(out, binders, |out, b| out.push_str(&binder(b)));
            if let Some(filter) = filter {
                out.push_str(" if ");
                write_expr(out, filter);
            }
            out.push_str(": ");
            write_expr(out, value);
            out.push(')');
        }
        ExprKind::If(condition, then, otherwise) => {
            out.push_str("if ");
            write_expr(out, condition);
            out.push_str(" { ");
            write_expr(out, then);
            out.push_str(" } else ");
            if matches!(otherwise.kind, ExprKind::If(..)) {
                write_expr(out, otherwise);
            } else {
                out.push_str("{ ");
                write_expr(out, otherwise);
                out.push_str(" }");
            }
        }
        ExprKind::Vector(args) => {
            out.push('[');
            write_list(out, args, write_arg);
            out.push(']');
        }
    }
}

fn write_binary(out: &mut String, op: BinaryOp, left: &Expr, right: &Expr) {
    let own = binding(op);
    // `^` takes an atom on its left and anything from a unary upwards on its right; comparisons take neither side's
    // own strength; all others lean to the left.
    let (least_left, least_right) = match op {
        BinaryOp::Pow => (ATOM, UNARY_BINDING),
        _ if own == binding(BinaryOp::Less) => (own + 1, own + 1),
        _ => (own, own + 1),
    };
    write_operand(out, left, least_left);
    match op {
        BinaryOp::Pow => out.push('^'),
        _ => {
            out.push(' ');
            out.push_str(sign(op));
            out.push(' ');
        }
    }
    write_operand(out, right, least_right);
}

/// Writes an operand, in parentheses where it binds less tightly than needed.
fn write_operand(out: &mut String, expr: &Expr, least: u8) {
    let own = match &expr.kind {
        ExprKind::Binary(op, ..) => binding(*op),
        ExprKind::Unary(..) => UNARY_BINDING,
        ExprKind::Number(value) if value.is_sign_negative() => UNARY_BINDING,
        ExprKind::If(..) => 0,
        _ => ATOM,
    };
    let parentheses = own < least;
    if parentheses {
        out.push('(');
    }
    write_expr(out, expr);
    if parentheses {
        out.push(')');
    }
}

fn write_list<T>(out: &mut String, items: &[T], mut write: impl FnMut(&mut String, &T)) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write(out, item);
    }
}

fn write_arg(out: &mut String, arg: &Arg) {
    if let Some(name) = &arg.name {
        out.push_str(&name.name);
        out.push_str(" = ");
    }
    write_expr(out, &arg.value);
}

/// Shortest text that reads back as the same number.
fn number(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 {
            "inf".to_owned()
        } else {
            "-inf".to_owned()
        };
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        format!("{value:e}")
    } else {
        format!("{value}")
    }
}

fn sign(op: BinaryOp) -> &'static str {
    use BinaryOp::*;
    match op {
        Or => "||",
        And => "&&",
        Equal => "==",
        NotEqual => "!=",
        LessEqual => "<=",
        GreaterEqual => ">=",
        Less => "<",
        Greater => ">",
        Add => "+",
        Sub => "-",
        Mul => "*",
        Div => "/",
        Rem => "%",
        MatMul => "@",
        Pow => "^",
    }
}
