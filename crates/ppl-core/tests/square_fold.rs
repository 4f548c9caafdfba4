//! Square folding: the folded program has no rows left and the same value and gradient, on ill-scaled data too.

use ppl_core::interpret::evaluate;
use ppl_core::passes::{dead::dead, optimise, square_fold::square_fold};
use ppl_core::{
    Axis, AxisId, AxisSet, Builder, DRAW, Expr, Index, NodeId, Op, Program, Real, gradient,
};

const GROUP: AxisId = AxisId(1);
const FEATURE: AxisId = AxisId(2);
const OTHER: AxisId = AxisId(3);
const ROW: AxisId = AxisId(4);
const N: usize = 600;

#[derive(Clone, Copy, Debug)]
enum Case {
    /// y - a - X b, rows weighed.
    Many,
    /// y - a[g] - c[g] x, with a scale for each group.
    Groups,
    /// y - a[g] - c[h] x: two indices.
    Crossed,
}

fn set(axes: &[AxisId]) -> AxisSet {
    AxisSet::of(axes)
}

fn program(case: Case, draws: usize, shift: f64, scale: f64) -> Program {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    let b = Builder::new(vec![
        axis("draw", draws),
        axis("group", 7),
        axis("feature", 6),
        axis("other", 5),
        axis("row", N),
    ]);
    let column = |k: f64| (0..N).map(move |i| (k * i as f64 * i as f64 + k).sin());
    let y = b.data(
        column(0.3).map(|v| scale * v + shift).collect(),
        set(&[ROW]),
    );
    let x = b.data(column(0.7).map(|v| v * scale).collect(), set(&[ROW]));
    let index = |target, step: usize| {
        let size = b.size(target);
        b.index(Index {
            target,
            axes: set(&[ROW]),
            values: (0..N).map(|i| (i * step / 3 % size) as u32).collect(),
        })
    };
    let (g, h) = (index(GROUP, 7), index(OTHER, 2));
    let noise = b.noise(set(&[DRAW])).0 * Expr::Const(0.1);
    let level = b.param(AxisSet::EMPTY).0 * Expr::Const(scale) + Expr::Const(shift) + noise;
    let own = b.param(set(&[GROUP])).0;
    let other = b.param(set(&[OTHER])).0;
    let many = b.param(set(&[FEATURE])).0 * Expr::Const(scale);
    let slopes = own * Expr::Const(0.3) + noise;
    let out = match case {
        Case::Many => {
            let all = (0..6).flat_map(|k| column(1.1 + k as f64));
            let table = b.data(all.collect(), set(&[FEATURE, ROW]));
            let weights = b.data(column(0.9).map(|v| 1.0 + v * v).collect(), set(&[ROW]));
            let form = y - level - b.sum(table * many, set(&[FEATURE]));
            b.sum(weights * form * form, set(&[ROW]))
        }
        Case::Groups => {
            let form = y - level - b.gather(own * Expr::Const(scale), g) - b.gather(slopes, g) * x;
            let precision = b.gather((own * Expr::Const(0.2)).exp(), g);
            b.sum(precision * form * form, set(&[ROW]))
        }
        Case::Crossed => {
            let form = y - level - b.gather(own, g) - b.gather(other, h) * x;
            b.sum(form * form * Expr::Const(-0.5), set(&[ROW]))
        }
    };
    let out = b.sum(out, set(&[DRAW])).node(&b);
    b.finish(vec![out])
}

fn differentiated(p: Program) -> Program {
    let value = p.outputs[0];
    // Programs write their parameters in the same order, but at other numbers.
    let mut params: Vec<(usize, NodeId)> = vec![];
    for (i, node) in p.nodes.iter().enumerate() {
        if let Op::Param { offset } = node.op {
            params.push((offset, NodeId(i as u32)));
        }
    }
    params.sort();
    let params: Vec<NodeId> = params.into_iter().map(|(_, id)| id).collect();
    let b = Builder::from_program(p);
    let mut outputs = vec![value];
    outputs.extend(gradient(&b, value, &params));
    b.finish(outputs)
}

#[test]
fn values_and_gradients_are_those_of_the_rows() {
    for case in [Case::Many, Case::Groups, Case::Crossed] {
        for (shift, scale) in [(0.0, 1.0), (1e3, 1.0), (1e6, 1.0), (0.0, 1e6), (5.0, 1e-5)] {
            let plain = dead(&program(case, 2, shift, scale));
            let folded = square_fold(&plain);
            let long = |p: &Program| {
                let p = optimise(p.clone()).0;
                let rows = |n: &ppl_core::Node| n.axes.contains(ROW);
                p.nodes.iter().filter(|n| rows(n)).count()
            };
            assert_eq!(long(&folded), 0, "{case:?}\n{folded}");
            let (plain, folded) = (differentiated(plain), differentiated(folded));
            let x: Vec<f64> = (0..plain.n_params)
                .map(|i| (1.7 * i as f64).sin())
                .collect();
            let noise = [0.4, -1.1];
            for (a, b) in plain.outputs.iter().zip(&folded.outputs) {
                let a = evaluate(&plain, &x, &noise, &[*a]).concat();
                let b = evaluate(&folded, &x, &noise, &[*b]).concat();
                let size = a.iter().fold(0.0f64, |m, v| m.max(v.abs()));
                // A row's own difference is rounded at the size of what it is taken from.
                let tolerance = 1e-9 + 8.0 * f64::EPSILON * shift / scale;
                for (a, b) in a.iter().zip(&b) {
                    assert!(
                        (a - b).abs() <= tolerance * size,
                        "{case:?}, shift {shift}, scale {scale}: {a} against {b} of {size}"
                    );
                }
            }
        }
    }
}
