//! A scan with two coupled states, for the tests of the core and of the engine.

use ppl_core::call::scan::{Leaf, Scan};
use ppl_core::passes::optimise;
use ppl_core::{Axis, AxisId, AxisSet, Builder, DRAW, Expr, Program, Real, Routine, gradient};
use std::sync::Arc;

const G: AxisId = AxisId(1);
const T: AxisId = AxisId(2);
/// Elements of the scanned axis.
pub const N: usize = 5;

fn axes(draws: usize) -> Vec<Axis> {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    vec![axis("draw", draws), axis("group", 2), axis("t", N)]
}

/// `s[g,t] = tanh(a * s[g,t-1] + x[t] * r[t-1]) + w[g]`, `r[t] = r[t-1] * tanh(s summed over g) + 0.1 x[t]`, and `s * r` given out.
fn coupled(b: &Builder, reverse: bool) -> Routine {
    let body = b.sibling();
    let (draws, groups) = (AxisSet::of(&[DRAW]), AxisSet::of(&[DRAW, G]));
    let leaf = |axes| {
        let (e, offset) = body.noise(axes);
        (e, Leaf { offset, axes })
    };
    let (s, s_at) = leaf(groups);
    let (r, r_at) = leaf(draws);
    let (a, a_at) = leaf(AxisSet::EMPTY);
    let (x, x_at) = leaf(draws);
    let (w, w_at) = leaf(AxisSet::of(&[G]));
    let s_new = (a * s + x * r).tanh() + w;
    let r_new = r * body.sum(s, AxisSet::of(&[G])).tanh() + Expr::Const(0.1) * x;
    let out = s_new * r_new;
    let outputs = [(s_new, groups), (r_new, draws), (out, groups)]
        .map(|(e, axes)| body.broadcast(e, axes).node(&body));
    Routine::Scan(Arc::new(Scan {
        again: None,
        axis: T,
        reverse,
        body: optimise(body.finish(outputs.to_vec())).0,
        states: vec![s_at, r_at],
        inputs: vec![a_at, x_at, w_at],
    }))
}

/// A scalar that all parts of the scan enter, as a program over parameters (scalar a, s0 over groups, w, x over t) and noise.
pub fn program(draws: usize, reverse: bool, second: bool) -> Program {
    written(Builder::new(axes(draws)), reverse, second)
}

/// The same, with states that the reverse sweep computes again.
pub fn again(draws: usize, reverse: bool, second: bool) -> Program {
    let b = Builder::new(axes(draws));
    b.limit_tapes(0);
    written(b, reverse, second)
}

fn written(b: Builder, reverse: bool, second: bool) -> Program {
    let a = b.param(AxisSet::EMPTY).0;
    let s0 = b.param(AxisSet::of(&[G])).0;
    let w = b.param(AxisSet::of(&[G])).0;
    let x = b.param(AxisSet::of(&[T])).0;
    let z = b.noise(AxisSet::of(&[DRAW, T])).0;
    let routine = coupled(&b, reverse);
    let call = b.call(&routine, &[s0, Expr::Const(0.7), a, x + z, w]);
    let all = AxisSet::of(&[DRAW, G, T]);
    let weight = x * x + Expr::Const(0.3);
    let mut of = Expr::Const(0.0);
    for part in 0..5 {
        let e = b.call_part(call, part);
        of = of
            + b.sum(
                e * weight * Expr::Const(1.0 + part as f64),
                all.intersection(b.axes_of(e)),
            );
    }
    let mut of = of.node(&b);
    if second {
        // A directional derivative, to be differentiated again.
        let params = b.snapshot().params();
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
    let params = b.snapshot().params();
    let mut outputs = vec![of];
    outputs.extend(gradient(&b, of, &params));
    b.finish(outputs)
}

/// A parameter vector.
pub fn point(n: usize) -> Vec<f64> {
    (0..n).map(|i| 0.4 * ((i * 7 % 5) as f64 - 1.7)).collect()
}
