//! Recurrences whose step is affine in their states, as scans and as what the builder makes of them, for the tests of the
//! core and of the engine.

use ppl_core::call::scan::{Leaf, Scan};
use ppl_core::passes::optimise;
use ppl_core::{
    Axis, AxisId, AxisSet, Builder, DRAW, Expr, Index, NodeId, Prim, Program, Real, Routine,
    gradient,
};
use std::sync::Arc;

const G: AxisId = AxisId(1);
const T: AxisId = AxisId(2);
/// Elements of the scanned axis: more than are held at once.
const N: usize = 150;

/// Which routine does it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum By {
    Scan,
    Builder,
    /// The builder, where arrays of coefficients would be too much memory.
    Long,
}

/// `s_i[g,t] = if t is the first { 1 } else { Σ_j a_ij[g,t] s_j[g,t-1] + x[t] w[g] }`, some of the coefficients the same at
/// every step, one 1, the others 0; beside the states `tanh(s_0) s_last`.
fn step(b: &Builder, n_states: usize, reverse: bool) -> Scan {
    let body = b.sibling();
    let (draws, groups) = (AxisSet::of(&[DRAW]), AxisSet::of(&[DRAW, G]));
    let leaf = |axes| {
        let (e, offset) = body.noise(axes);
        (e, Leaf { offset, axes })
    };
    let states: Vec<_> = (0..n_states).map(|_| leaf(groups)).collect();
    let (a, a_at) = leaf(AxisSet::EMPTY);
    let (x, x_at) = leaf(draws);
    let (w, w_at) = leaf(AxisSet::of(&[G]));
    let (first, first_at) = leaf(AxisSet::EMPTY);
    let s = |i: usize| states[i].0;
    let next = |i: usize| {
        let own = match i {
            0 => a * s(0) + w * x * (s(0) + Expr::Const(2.0)) * Expr::Const(0.3) + x,
            _ => s(i - 1) + -(a * (s(i) + -w)) * Expr::Const(0.5),
        };
        let coupled = match i {
            0 => own + x.tanh() * s(n_states - 1) * Expr::Const(0.2),
            _ => own,
        };
        Expr::apply(Prim::Select, &[first, Expr::Const(1.0), coupled])
    };
    let mut outputs: Vec<Expr<'_>> = (0..n_states).map(next).collect();
    outputs.push(s(0).tanh() * s(n_states - 1) + x);
    let outputs: Vec<_> = outputs
        .into_iter()
        .map(|e| body.broadcast(e, groups).node(&body))
        .collect();
    let states = states.into_iter().map(|s| s.1).collect();
    Scan {
        again: None,
        axis: T,
        reverse,
        body: optimise(body.finish(outputs)).0,
        states,
        inputs: vec![a_at, x_at, w_at, first_at],
    }
}

/// A scalar that all parts enter, with its gradient, as a program over parameters (a, the first states over groups, w, x over
/// t) and noise; or a directional derivative of it with its gradient.
pub fn program(by: By, (n_states, draws): (usize, usize), reverse: bool, second: bool) -> Program {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    let b = Builder::new(vec![axis("draw", draws), axis("group", 2), axis("t", N)]);
    let a = b.param(AxisSet::EMPTY).0;
    let initial = b.param(AxisSet::of(&[G])).0;
    let w = b.param(AxisSet::of(&[G])).0;
    let x = b.param(AxisSet::of(&[T])).0 * Expr::Const(0.2);
    let z = b.noise(AxisSet::of(&[DRAW, T])).0;
    let first = (0..N).map(|t| f64::from(u8::from(t == 80))).collect();
    let first = b.data(first, AxisSet::of(&[T]));
    let mut args = vec![initial; n_states];
    args.extend([a, x + z, w, first]);
    let scan = step(&b, n_states, reverse);
    let parts = match by {
        By::Builder => b.scan(scan, &args),
        By::Long => {
            b.limit_tapes(0);
            let mut parts = b.scan(scan, &args);
            // Not the states after the last step, which the others have not.
            parts.truncate(2 * n_states + 1);
            parts
        }
        By::Scan => {
            let n_parts = 2 * n_states + 1;
            let call = b.call(&Routine::Scan(Arc::new(scan)), &args);
            (0..n_parts).map(|k| b.call_part(call, k)).collect()
        }
    };
    let all = all_of(&b, &parts, x, second);
    optimise(b.finish(all)).0
}

/// `h[t] = Σ_k f[k] h[t-k] + x[t]`, as a state of the last elements, newest first, from `initial`.
pub fn windowed(by: By, (lags, draws): (usize, usize), second: bool) -> Program {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    let b = Builder::new(vec![axis("draw", draws), axis("lag", lags), axis("t", N)]);
    let (f, initial) = (b.param(AxisSet::of(&[G])).0, b.param(AxisSet::EMPTY).0);
    let x = b.param(AxisSet::of(&[T])).0 * Expr::Const(0.2);
    let z = b.noise(AxisSet::of(&[DRAW, T])).0;
    let body = b.sibling();
    let (draws, along) = (AxisSet::of(&[DRAW]), AxisSet::of(&[G]));
    let leaf = |axes| {
        let (e, offset) = body.noise(axes);
        (e, Leaf { offset, axes })
    };
    let ((window, state), (by_lag, factor), (now, input)) =
        (leaf(draws.union(along)), leaf(along), leaf(draws));
    let h = body.sum(by_lag * window, along) * Expr::Const(0.3) + now;
    let shift = body.index(Index {
        target: G,
        axes: along,
        values: (0..lags as u32).map(|k| k.saturating_sub(1)).collect(),
    });
    let newest = (0..lags).map(|k| f64::from(u8::from(k == 0))).collect();
    let newest = body.data(newest, along);
    let moved = body.gather(window, shift);
    let next = Expr::apply(Prim::Select, &[newest, h, moved]);
    let outputs = [
        body.broadcast(next, draws.union(along)).node(&body),
        body.broadcast(h, draws).node(&body),
    ];
    let snapshot = Builder::snapshot_with(&body, outputs.to_vec());
    let scan = Scan {
        again: None,
        axis: T,
        reverse: false,
        body: optimise(snapshot).0,
        states: vec![state],
        inputs: vec![factor, input],
    };
    let args = [initial, f, x + z];
    let parts = match by {
        By::Builder => b.scan(scan, &args),
        By::Long => {
            b.limit_tapes(0);
            let mut parts = b.scan(scan, &args);
            // Not the states after the last step, which the others have not.
            parts.truncate(3);
            parts
        }
        By::Scan => {
            let call = b.call(&Routine::Scan(Arc::new(scan)), &args);
            (0..3).map(|k| b.call_part(call, k)).collect()
        }
    };
    let all = all_of(&b, &parts, x, second);
    optimise(b.finish(all)).0
}

/// A scalar that all parts enter, with its gradient; or a directional derivative of it with its gradient.
fn all_of<'b>(b: &'b Builder, parts: &[Expr<'b>], x: Expr<'b>, second: bool) -> Vec<NodeId> {
    let all = AxisSet::of(&[DRAW, G, T]);
    let weight = x * x + Expr::Const(0.3);
    let mut of = Expr::Const(0.0);
    for (k, e) in parts.iter().enumerate() {
        let e = *e * weight * Expr::Const(1.0 + k as f64);
        of = of + b.sum(e, all);
    }
    let mut of = of.node(b);
    if second {
        let params = b.snapshot().params();
        let g = gradient(b, of, &params);
        let dot = params.iter().zip(&g).fold(Expr::Const(0.0), |sum, (p, g)| {
            let over = b.axes_of(b.handle(*p));
            let direction = b.handle(*p) * Expr::Const(0.5) + Expr::Const(1.0);
            sum + b.sum(b.literal_or_node(*g) * direction, over)
        });
        of = dot.node(b);
    }
    let params = b.snapshot().params();
    let mut outputs = vec![of];
    outputs.extend(gradient(b, of, &params));
    outputs
}

/// A parameter vector.
pub fn point(n: usize) -> Vec<f64> {
    (0..n).map(|i| 0.3 * ((i * 7 % 5) as f64 - 1.7)).collect()
}
