//! Programs with linear algebra, for the tests of the core and of the engine.

use ppl_core::{Axis, AxisId, AxisSet, Builder, DRAW, Expr, NodeId, Program, Real, gradient};

pub const G: AxisId = AxisId(1);
pub const R: AxisId = AxisId(2);
pub const C: AxisId = AxisId(3);
pub const K: AxisId = AxisId(4);

/// What is tested.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Case {
    Cholesky,
    Solve,
    SolveTransposed,
    SolveMany,
    Product,
    ProductOfSquares,
    Inverse,
    LnDet,
    RunningSum,
    RunningSumFromEnd,
}

pub const ALL: [Case; 10] = [
    Case::Cholesky,
    Case::Solve,
    Case::SolveTransposed,
    Case::SolveMany,
    Case::Product,
    Case::ProductOfSquares,
    Case::Inverse,
    Case::LnDet,
    Case::RunningSum,
    Case::RunningSumFromEnd,
];

fn builder(draws: usize, n: usize) -> Builder {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    Builder::new(vec![
        axis("draw", draws),
        axis("group", 2),
        axis("r", n),
        axis("c", n),
        axis("k", n + 1),
    ])
}

/// The value of a case: a positive definite matrix over (draw, group, r, c), a vector over (group, r), a matrix over
/// (r, k), all from parameters and noise.
fn value<'b>(b: &'b Builder, case: Case, draws: bool) -> Expr<'b> {
    let set = AxisSet::of;
    let m = b.param(set(&[G, R, C])).0;
    let v = b.param(set(&[G, R])).0;
    let w = b.param(set(&[R, K])).0;
    let z = if draws {
        b.noise(set(&[DRAW, R])).0
    } else {
        Expr::Const(0.2)
    };
    let eye = b.square(R, C, |i, j| if i == j { 4.0 } else { 0.0 });
    let spread = m + z * b.rename(v, R, C) * Expr::Const(0.1);
    // Symmetric and diagonally dominant enough: 4 I + small symmetric part.
    let symmetric = eye + (spread + b.transpose(spread, R, C)) * Expr::Const(0.25);
    let lower = symmetric * b.lower_mask(R, C, 1.0);
    match case {
        Case::Cholesky => b.cholesky((symmetric, R, C)),
        Case::Solve => b.solve_lower((lower, R, C), (v + z, R), false),
        Case::SolveTransposed => b.solve_lower((lower, R, C), (v + z, R), true),
        Case::SolveMany => b.solve_lower((lower, R, C), (w * z, R), false),
        Case::Product => b.matrix_product((spread, &[R], &[C]), (w, &[R], &[K]), (&[R], &[K])),
        Case::ProductOfSquares => {
            b.matrix_product((spread, &[R], &[C]), (symmetric, &[R], &[C]), (&[R], &[C]))
        }
        Case::Inverse => b.inverse((eye + spread, R, C)),
        Case::LnDet => b.ln_abs_det((eye + spread, R, C)),
        Case::RunningSum => b.running_sum(w * z, K, false),
        Case::RunningSumFromEnd => b.running_sum(w * z, R, true),
    }
}

/// A smooth scalar of the case's value with weights that no symmetry cancels, its gradient after it; or, for `second`, a
/// directional derivative and its gradient. The value itself comes last.
pub fn program(case: Case, draws: usize, n: usize, second: bool) -> Program {
    let b = builder(draws, n);
    let value = value(&b, case, draws > 0);
    let over = b.axes_of(value);
    let len: usize = over.iter().map(|a| b.size(a)).product();
    let weights: Vec<f64> = (0..len)
        .map(|i| ((i * 37 % 101) as f64 / 50.0) - 0.9)
        .collect();
    let weighted = value * b.data(weights.into(), over);
    let mut of = b.sum(weighted.tanh() + weighted, over).node(&b);
    let params = b.snapshot().params();
    if second {
        let g = gradient(&b, of, &params);
        let dot = params.iter().zip(&g).fold(Expr::Const(0.0), |sum, (p, g)| {
            let over = b.axes_of(b.handle(*p));
            sum + b.sum(
                b.literal_or_node(*g) * (b.handle(*p) * Expr::Const(0.5) + Expr::Const(1.0)),
                over,
            )
        });
        of = dot.node(&b);
    }
    let gradients = gradient(&b, of, &params);
    let mut outputs: Vec<NodeId> = vec![of];
    outputs.extend(gradients);
    outputs.push(value.node(&b));
    b.finish(outputs)
}

/// A parameter vector and noise.
pub fn point(p: &Program) -> (Vec<f64>, Vec<f64>) {
    let at = |i: usize, m: usize, s: f64| s * ((i * 7919 % m) as f64 / m as f64 - 0.47);
    (
        (0..p.n_params).map(|i| at(i, 97, 1.1)).collect(),
        (0..p.n_noise).map(|i| at(i, 53, 2.3)).collect(),
    )
}
