//! Linear algebra and kernels to nodes.

use super::{Lowered, Lowering};
use crate::graph::{Kernel, LinearCall, LinearOp, TExpr, TKind};
use ppl_core::{AxisId, AxisSet, DRAW, Expr, Prim, Real};

/// Products along fewer elements than this are sums of elementwise products, which the engine takes without storing them.
const SHORT: usize = 16;

impl<'a, 'b> Lowering<'a, 'b> {
    pub(super) fn linear(&self, call: &LinearCall) -> Lowered<Expr<'b>> {
        let b = self.builder;
        let (r, c) = (self.axes.id(call.row), self.axes.id(call.column));
        let args: Vec<Expr<'b>> = call
            .args
            .iter()
            .map(|e| self.number(e))
            .collect::<Lowered<_>>()?;
        let both = AxisSet::of(&[r, c]);
        for (value, e) in args.iter().zip(&call.args) {
            self.not_mixed(*value, both, e.span)?;
        }
        // A matrix of literals may have lost an axis.
        let matrix = |e| (b.broadcast(e, both), r, c);
        Ok(match call.op {
            LinearOp::Cholesky => b.cholesky(matrix(args[0])),
            LinearOp::Inverse => b.inverse(matrix(args[0])),
            LinearOp::LogDet => b.ln_abs_det(matrix(args[0])),
            LinearOp::Transpose => b.transpose(args[0], r, c),
            LinearOp::Outer => {
                // Both along one axis: the second turns into the matrix's columns.
                let columns = if call.row.axis == call.column.axis {
                    b.rename(args[1], r, c)
                } else {
                    args[1]
                };
                args[0] * columns
            }
            LinearOp::QuadForm => {
                let columns = b.rename(args[1], r, c);
                let product = b.sum(args[0] * columns, AxisSet::of(&[c]));
                b.sum(product * args[1], AxisSet::of(&[r]))
            }
            LinearOp::SolveTri => {
                let right = b.broadcast(args[1], AxisSet::of(&[r]));
                match &call.args[0].kind {
                    TKind::Linear(inner) if inner.op == LinearOp::Transpose => {
                        let l = self.number(&inner.args[0])?;
                        b.solve_lower(matrix(l), (right, r), true)
                    }
                    _ => b.solve_lower(matrix(args[0]), (right, r), false),
                }
            }
            LinearOp::Kernel(kernel) => self.kernel(kernel, call, &args, (r, c))?,
        })
    }

    /// `Σ x y` along `along` of x and `also` of y by a routine, where both sides have axes of their own and the sum is long;
    /// `also` may be an axis that x has too (square matrices). `None`: the sum of an elementwise product is better.
    pub(super) fn long_product(
        &self,
        (x, along): (Expr<'b>, AxisId),
        (y, also): (Expr<'b>, AxisId),
    ) -> Option<Expr<'b>> {
        let b = self.builder;
        let (of_x, of_y) = (b.axes_of(x).without(along), b.axes_of(y).without(also));
        let own = |own: AxisSet, other: AxisSet| own.minus(other).without(DRAW);
        let (rows, columns) = (own(of_x, of_y), own(of_y, of_x));
        if b.size(along) < SHORT || rows.is_empty() || columns.is_empty() {
            return None;
        }
        let list = |set: AxisSet| set.iter().collect::<Vec<_>>();
        let (rows, columns) = (list(rows), list(columns));
        Some(b.matrix_product(
            (x, &rows, &[along]),
            (y, &[also], &columns),
            (&rows, &columns),
        ))
    }

    /// scale² k(|x - x'| / length); Rasmussen & Williams 2006, equations 4.9, 4.17 and 4.31.
    fn kernel(
        &self,
        kernel: Kernel,
        call: &LinearCall,
        args: &[Expr<'b>],
        (r, c): (AxisId, AxisId),
    ) -> Lowered<Expr<'b>> {
        let b = self.builder;
        let n_points = args.len() - if kernel == Kernel::Periodic { 3 } else { 2 };
        let other = if n_points == 2 {
            args[1]
        } else {
            b.rename(args[0], r, c)
        };
        let (scale, length) = (args[n_points], args[n_points + 1]);
        let gap = args[0] - other;
        let dimension = call
            .dimension
            .map_or(AxisSet::EMPTY, |d| AxisSet::of(&[self.axes.id(d)]));
        let gap = match kernel {
            Kernel::Periodic => {
                let angle = gap * (Expr::Const(std::f64::consts::PI) / args[n_points + 2]);
                Expr::apply(Prim::Sin, &[angle])
            }
            _ => gap,
        };
        // One length for all coordinates stays outside of the sum, so that the squares of data are taken once.
        let own_lengths = !b.axes_of(length).intersection(dimension).is_empty();
        let (inside, outside) = if own_lengths {
            (length.recip(), Expr::Const(1.0))
        } else {
            (Expr::Const(1.0), length.recip())
        };
        let squared = b.sum((gap * inside).square(), dimension);
        let lit = Expr::Const;
        let distance = |factor: f64| {
            // The derivative of a root at 0 is infinite, that of these kernels is not.
            let same = squared.equal(lit(0.0));
            let root = same.select(lit(0.0), same.select(lit(1.0), squared).sqrt());
            root * outside * lit(factor.sqrt())
        };
        let shape = match kernel {
            Kernel::ExpQuad => (squared * outside.square() * lit(-0.5)).exp(),
            Kernel::Periodic => (squared * outside.square() * lit(-2.0)).exp(),
            Kernel::Matern32 => {
                let d = distance(3.0);
                (lit(1.0) + d) * (-d).exp()
            }
            Kernel::Matern52 => {
                let d = distance(5.0);
                (lit(1.0) + d + d.square() * lit(1.0 / 3.0)) * (-d).exp()
            }
        };
        Ok(scale.square() * shape)
    }
}

impl TExpr {
    /// The arguments of a function on matrices.
    pub(crate) fn linear_arguments(&self) -> &[TExpr] {
        match &self.kind {
            TKind::Linear(call) => &call.args,
            _ => &[],
        }
    }
}
