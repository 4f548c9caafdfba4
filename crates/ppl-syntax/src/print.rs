//! Statements back to canonical text.

use crate::ast::*;
use crate::print_expr::{arguments, print_expr, quoted};

/// The canonical text of a file: one statement a line, two blanks for each block.
///
/// `parse(print(file))` is `file` again up to spans, for every tree that [`crate::parse`] gives without an error.
pub fn print(file: &File) -> String {
    print_statements(&file.statements)
}

/// The canonical text of some statements, each ended by a line end.
pub fn print_statements(statements: &[Stmt]) -> String {
    let mut out = String::new();
    write_statements(&mut out, statements, 0);
    out
}

fn write_statements(out: &mut String, statements: &[Stmt], depth: usize) {
    for statement in statements {
        indent(out, depth);
        write_statement(out, &statement.kind, depth);
        out.push('\n');
    }
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn write_statement(out: &mut String, statement: &StmtKind, depth: usize) {
    let line = match statement {
        StmtKind::Axis { name, definition } => match definition {
            None => format!("axis {}", name.name),
            Some(definition) => format!("axis {} = {}", name.name, axis_definition(definition)),
        },
        StmtKind::Data { target, kind, from } => {
            let from = from.as_ref().map_or(String::new(), |(column, _)| {
                format!(" from {}", quoted(column))
            });
            format!("data {}: {}{from}", self::target(target), self::kind(kind))
        }
        StmtKind::Param { target, kind, init } => {
            format!(
                "param {}{} = {}",
                self::target(target),
                optional_kind(kind),
                print_expr(init)
            )
        }
        StmtKind::Let {
            target,
            kind,
            value,
        } => let_line(target, kind, value),
        StmtKind::Sample { target, kind, dist } => {
            format!(
                "{}{} ~ {}",
                self::target(target),
                optional_kind(kind),
                print_expr(dist)
            )
        }
        StmtKind::SampleJoint { sites, dist } => {
            format!("({}) ~ {}", names(sites), print_expr(dist))
        }
        StmtKind::Observe {
            value,
            binders,
            dist,
        } => {
            format!(
                "observe {} ~ {}",
                observed(value, binders),
                print_expr(dist)
            )
        }
        StmtKind::Factor { value } => format!("factor {}", print_expr(value)),
        StmtKind::Report { target, value } => {
            format!("report {} = {}", self::target(target), print_expr(value))
        }
        StmtKind::Predict { target, dist } => {
            format!("predict {} ~ {}", self::target(target), print_expr(dist))
        }
        StmtKind::Net { name, value } => format!("net {} = {}", name.name, print_expr(value)),
        StmtKind::Guide(GuideBody::Auto(family)) => format!("guide auto({})", family.name),
        StmtKind::Guide(GuideBody::Site(site, family)) => {
            format!("guide {}: {}", site.name, print_expr(family))
        }
        StmtKind::Fn {
            name,
            args,
            lets,
            value,
        } if lets.is_empty() => {
            format!("{} = {}", fn_head(name, args), print_expr(value))
        }
        blocks => return write_blocks(out, blocks, depth),
    };
    out.push_str(&line);
    out.push(';');
}

/// The statements that end with a brace.
fn write_blocks(out: &mut String, statement: &StmtKind, depth: usize) {
    match statement {
        StmtKind::For {
            binder,
            by,
            skip,
            body,
        } => {
            out.push_str(&format!("for {}", self::binder(binder)));
            if let Some(by) = by {
                out.push_str(&format!(" by {}", by.name));
            }
            if let Some(skip) = skip {
                out.push_str(&format!(" skip {}", print_expr(skip)));
            }
            write_block(out, body, depth);
        }
        StmtKind::If {
            condition,
            then,
            otherwise,
        } => {
            let (mut condition, mut then, mut otherwise) = (condition, then, otherwise);
            loop {
                out.push_str(&format!("if {}", print_expr(condition)));
                write_block(out, then, depth);
                match otherwise.as_slice() {
                    [] => break,
                    [
                        Stmt {
                            kind:
                                StmtKind::If {
                                    condition: c,
                                    then: t,
                                    otherwise: o,
                                },
                            ..
                        },
                    ] => {
                        out.push_str(" else ");
                        (condition, then, otherwise) = (c, t, o);
                    }
                    statements => {
                        out.push_str(" else");
                        write_block(out, statements, depth);
                        break;
                    }
                }
            }
        }
        StmtKind::Guide(GuideBody::Block(body)) => {
            out.push_str("guide");
            write_block(out, body, depth);
        }
        StmtKind::Fn {
            name,
            args,
            lets,
            value,
        } => {
            out.push_str(&fn_head(name, args));
            out.push_str(" {\n");
            write_statements(out, lets, depth + 1);
            indent(out, depth + 1);
            out.push_str(&print_expr(value));
            out.push('\n');
            indent(out, depth);
            out.push('}');
        }
        _ => {}
    }
}

fn write_block(out: &mut String, body: &[Stmt], depth: usize) {
    out.push_str(" {\n");
    write_statements(out, body, depth + 1);
    indent(out, depth);
    out.push('}');
}

fn let_line(target: &Target, kind: &Option<Kind>, value: &Expr) -> String {
    format!(
        "let {}{} = {}",
        self::target(target),
        optional_kind(kind),
        print_expr(value)
    )
}

fn axis_definition(definition: &AxisDef) -> String {
    match definition {
        AxisDef::Levels(labels) => {
            let labels: Vec<String> = labels.iter().map(|(l, _)| label(l)).collect();
            format!("{{{}}}", labels.join(", "))
        }
        AxisDef::Range(first, last) => format!("{}..{}", print_expr(first), print_expr(last)),
        AxisDef::Columns(patterns) => {
            let patterns: Vec<String> = patterns.iter().map(|(p, _)| quoted(p)).collect();
            format!("columns({})", patterns.join(", "))
        }
        AxisDef::Size(size) => print_expr(size),
    }
}

/// A label as a word where it is one for sure, otherwise as a string.
fn label(text: &str) -> String {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !crate::parse::is_keyword(text);
    if is_word {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn target(target: &Target) -> String {
    let axes: Vec<String> = target
        .axes
        .iter()
        .map(|axis| match axis {
            TargetAxis::Name(name) => name.name.clone(),
            TargetAxis::Binder(b) => binder(b),
        })
        .collect();
    if axes.is_empty() {
        target.name.name.clone()
    } else {
        format!("{}[{}]", target.name.name, axes.join(", "))
    }
}

pub(crate) fn binder(binder: &Binder) -> String {
    format!("{} in {}", binder.variable.name, binder.axis.name)
}

fn optional_kind(kind: &Option<Kind>) -> String {
    kind.as_ref()
        .map_or(String::new(), |k| format!(": {}", self::kind(k)))
}

fn kind(kind: &Kind) -> String {
    let args: Vec<String> = kind.args.iter().map(print_expr).collect();
    let args = if args.is_empty() {
        String::new()
    } else {
        format!("({})", args.join(", "))
    };
    let censored = if kind.censored { "censored " } else { "" };
    let optional = if kind.optional { "?" } else { "" };
    format!("{censored}{}{args}{optional}", kind.name.name)
}

fn names(names: &[Ident]) -> String {
    names
        .iter()
        .map(|n| n.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn fn_head(name: &Ident, args: &[FnArg]) -> String {
    let args: Vec<String> = args
        .iter()
        .map(|a| {
            if a.axes.is_empty() {
                a.name.name.clone()
            } else {
                format!("{}[{}]", a.name.name, names(&a.axes))
            }
        })
        .collect();
    format!("fn {}({})", name.name, args.join(", "))
}

/// The left side of an observe: binders go back into the bracket.
fn observed(value: &Expr, binders: &[Binder]) -> String {
    let ExprKind::Index(base, indices) = &value.kind else {
        return print_expr(value);
    };
    let mut waiting = binders.iter().peekable();
    let places: Vec<String> = indices
        .iter()
        .map(|index| match &index.kind {
            ExprKind::Name(name) if waiting.peek().is_some_and(|b| b.variable.name == *name) => {
                waiting.next().map_or(String::new(), binder)
            }
            _ => print_expr(index),
        })
        .collect();
    format!("{}[{}]", arguments::operand(base), places.join(", "))
}
