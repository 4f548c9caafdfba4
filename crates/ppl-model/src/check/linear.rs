//! Linear algebra over repeated axes (`K[x, x]`): `cholesky`, `solve_tri`, `inverse`, `log_det`, `outer`, `quad_form`,
//! `transpose`.

use super::Checker;
use crate::graph::*;
use ppl_syntax::ast::{self, Arg};
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// The functions with their numbers of arguments.
const FUNCTIONS: &[(&str, LinearOp, usize)] = &[
    ("cholesky", LinearOp::Cholesky, 1),
    ("inverse", LinearOp::Inverse, 1),
    ("log_det", LinearOp::LogDet, 1),
    ("transpose", LinearOp::Transpose, 1),
    ("solve_tri", LinearOp::SolveTri, 2),
    ("quad_form", LinearOp::QuadForm, 2),
    ("outer", LinearOp::Outer, 2),
];

/// Names of the functions on matrices, kernels included.
pub(super) fn names<'a>() -> impl Iterator<Item = &'a str> {
    let kernels = super::kernels::KERNELS.iter().map(|k| k.0);
    FUNCTIONS.iter().map(|f| f.0).chain(kernels)
}

fn without(axes: &[AxisRef], gone: &[AxisRef]) -> Vec<AxisRef> {
    axes.iter().copied().filter(|a| !gone.contains(a)).collect()
}

/// The axes of both, each once.
pub(super) fn union(a: &[AxisRef], b: &[AxisRef]) -> Vec<AxisRef> {
    let mut out = a.to_vec();
    out.extend(b.iter().filter(|x| !a.contains(x)));
    out
}

impl Checker {
    /// A call of a function on matrices; outer `None` where the name is none of them.
    pub(super) fn linear_call(
        &mut self,
        name: &ast::Ident,
        args: &[Arg],
        span: Span,
    ) -> Option<Option<TExpr>> {
        if let Some((_, kernel)) = super::kernels::KERNELS.iter().find(|k| k.0 == name.name) {
            return Some(self.kernel(*kernel, name, args, span));
        }
        let (_, op, arity) = FUNCTIONS.iter().find(|f| f.0 == name.name)?;
        Some(self.linear(*op, *arity, name, args, span))
    }

    fn linear(
        &mut self,
        op: LinearOp,
        arity: usize,
        name: &ast::Ident,
        args: &[Arg],
        span: Span,
    ) -> Option<TExpr> {
        if args.len() != arity || args.iter().any(|a| a.name.is_some()) {
            let form = match op {
                LinearOp::SolveTri => "solve_tri(L, b)",
                LinearOp::QuadForm => "quad_form(A, v)",
                LinearOp::Outer => "outer(a, b)",
                _ => {
                    let form = format!("{}(K)", name.name);
                    self.report(wrong_number(name, "one square matrix", &form, span));
                    self.names_in(args);
                    return None;
                }
            };
            self.report(wrong_number(name, "two arguments", form, span));
            self.names_in(args);
            return None;
        }
        let typed: Vec<Option<TExpr>> = args.iter().map(|a| self.expr(&a.value, None)).collect();
        let typed: Vec<TExpr> = typed.into_iter().collect::<Option<_>>()?;
        self.all_numeric(&typed)?;
        let first = &typed[0];
        match op {
            LinearOp::Cholesky => {
                self.matrix_form(first, "the matrix of `cholesky`", false, None)?;
            }
            LinearOp::SolveTri => {
                // A transposed one is solved from the other end.
                let factor = match &first.kind {
                    TKind::Linear(call) if call.op == LinearOp::Transpose => &call.args[0],
                    _ => first,
                };
                self.matrix_form(factor, "the factor of `solve_tri`", true, None)?;
            }
            _ => {}
        }
        let ([row, column], axes) = match op {
            LinearOp::Outer => self.outer_axes(&typed[0], &typed[1])?,
            LinearOp::Cholesky | LinearOp::Inverse | LinearOp::Transpose => {
                (self.square_axes(name, first)?, first.axes.clone())
            }
            LinearOp::LogDet => {
                let pair = self.square_axes(name, first)?;
                (pair, without(&first.axes, &pair))
            }
            LinearOp::SolveTri | LinearOp::QuadForm => {
                let pair = self.square_axes(name, first)?;
                let right = &typed[1];
                let matrix = right.axes.contains(&pair[1]);
                if !right.axes.contains(&pair[0]) || (op == LinearOp::QuadForm && matrix) {
                    let (axis, lies) = (
                        self.model.axis_name(pair[0]).to_string(),
                        self.lies(&right.axes),
                    );
                    let what = match op {
                        LinearOp::QuadForm => format!(
                            "`quad_form(A, v)` takes a vector along `{axis}`, the axis of its matrix"
                        ),
                        _ => format!(
                            "`solve_tri(L, b)` takes a vector or a matrix along `{axis}`, the axis of its factor"
                        ),
                    };
                    return self.fail(
                        Diagnostic::error("E0109", right.span, what)
                            .at(format!("this {lies}"))
                            .label(first.span, "the matrix")
                            .help(match op {
                                LinearOp::QuadForm if matrix => "for a matrix in the middle write the product: `transpose(B) @ A @ B`".to_string(),
                                _ => format!("give a value along `{axis}`"),
                            }),
                    );
                }
                let outside = without(&first.axes, &pair);
                let kept = if op == LinearOp::QuadForm {
                    without(&right.axes, &pair)
                } else {
                    right.axes.clone()
                };
                (pair, union(&outside, &kept))
            }
            LinearOp::Kernel(_) => return None,
        };
        Some(TExpr {
            axes,
            ty: Ty::Real,
            stochastic: typed.iter().any(|e| e.stochastic),
            span,
            kind: TKind::Linear(LinearCall {
                op,
                args: typed,
                row,
                column,
                dimension: None,
            }),
        })
    }

    /// The two copies of the axis that a matrix is square over.
    fn square_axes(&mut self, name: &ast::Ident, e: &TExpr) -> Option<[AxisRef; 2]> {
        let second = e.axes.iter().rev().find(|a| a.copy == 1).copied();
        let first = second.map(|s| AxisRef::of(s.axis));
        if let (Some(first), Some(second)) = (first, second)
            && e.axes.contains(&first)
        {
            return Some([first, second]);
        }
        let lies = self.lies(&e.axes);
        let axis = e.axes.iter().rev().find(|a| !a.is_loop());
        let axis = axis.map_or("k".to_string(), |a| self.model.axis_name(*a).to_string());
        self.fail(
            Diagnostic::error(
                "E0109",
                e.span,
                format!(
                    "`{}` takes a square matrix: one that has an axis twice",
                    name.name
                ),
            )
            .at(format!("this {lies}"))
            .help(format!("name the axis twice where the matrix is declared: `let A[{axis}, {axis}] = …;`, `data A[{axis}, {axis}]: real;`")),
        )
    }

    /// `outer(a, b)`: rows along a's last axis, columns along b's.
    fn outer_axes(&mut self, a: &TExpr, b: &TExpr) -> Option<([AxisRef; 2], Vec<AxisRef>)> {
        let last = |e: &TExpr| e.axes.iter().rev().find(|x| !x.is_loop()).copied();
        for (e, axis) in [(a, last(a)), (b, last(b))] {
            if axis.is_none_or(|x| x.copy != 0) {
                let lies = self.lies(&e.axes);
                return self.fail(
                    Diagnostic::error("E0109", e.span, "`outer` takes two vectors")
                        .at(format!("this {lies}"))
                        .help("`outer(a, b)` has the element a[i] * b[j] in row i and column j"),
                );
            }
        }
        let (row, own) = (last(a)?, last(b)?);
        let column = if row == own {
            AxisRef {
                axis: own.axis,
                copy: 1,
            }
        } else {
            own
        };
        let outside = union(&without(&a.axes, &[row]), &without(&b.axes, &[own]));
        Some(([row, column], union(&outside, &[row, column])))
    }
}

fn wrong_number(name: &ast::Ident, takes: &str, form: &str, span: Span) -> Diagnostic {
    Diagnostic::error("E0106", span, format!("`{}` takes {takes}", name.name))
        .help(format!("write `{form}`"))
}
