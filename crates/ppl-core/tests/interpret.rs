//! The interpreter against values worked out by hand, and its time on long columns.

mod common;

use common::*;
use ppl_core::interpret::evaluate;
use ppl_core::{AxisId, AxisSet, Builder, DRAW, Expr, Index, Op, Real};
use std::time::Instant;

const A: AxisId = AxisId(1);
const B: AxisId = AxisId(2);

fn small() -> Builder {
    let axis = |name: &str, size| ppl_core::Axis {
        name: name.into(),
        size,
    };
    Builder::new(vec![axis("draw", 1), axis("a", 2), axis("b", 3)])
}

fn values<'b>(b: &'b Builder, e: Expr<'b>) -> Vec<f64> {
    let id = e.node(b);
    evaluate(&b.snapshot(), &[], &[], &[id]).remove(0)
}

#[test]
fn every_operation() {
    let b = small();
    let (a_axis, b_axis) = (AxisSet::of(&[A]), AxisSet::of(&[B]));
    let x = b.data([1.0, 2.0].into(), a_axis);
    let y = b.data([10.0, 20.0, 30.0].into(), b_axis);
    let m = b.data([1.0, 2.0, 3.0, 4.0, 5.0, 6.0].into(), a_axis.union(b_axis));
    assert_eq!(values(&b, x + y), [11.0, 21.0, 31.0, 12.0, 22.0, 32.0]);
    assert_eq!(values(&b, b.sum(m, a_axis)), [5.0, 7.0, 9.0]);
    assert_eq!(values(&b, b.sum(m, b_axis)), [6.0, 15.0]);
    assert_eq!(values(&b, b.sum(x, b_axis)), [3.0, 6.0]);
    assert_eq!(values(&b, b.max_over(m, b_axis)), [3.0, 6.0]);
    assert_eq!(values(&b, b.at(m, B, 1)), [2.0, 5.0]);
    assert_eq!(values(&b, b.at(m, A, 1)), [4.0, 5.0, 6.0]);
    assert_eq!(
        values(&b, b.stack(&[y, Expr::Const(7.0)], A)),
        [10.0, 20.0, 30.0, 7.0, 7.0, 7.0]
    );
    let index = b.index(Index {
        target: A,
        axes: b_axis,
        values: [1, 0, 1].into(),
    });
    assert_eq!(values(&b, b.gather(x, index)), [2.0, 1.0, 2.0]);
    assert_eq!(values(&b, b.gather(m, index)), [4.0, 2.0, 6.0]);
    assert_eq!(values(&b, b.scatter(y, index, a_axis)), [20.0, 40.0]);
    assert_eq!(
        values(&b, b.scatter(y, index, a_axis.union(b_axis))),
        [0.0, 20.0, 0.0, 10.0, 0.0, 30.0]
    );
    assert_eq!(
        values(&b, b.scatter(Expr::Const(1.0), index, a_axis)),
        [1.0, 2.0]
    );
    let back = b.index(Index {
        target: B,
        axes: b_axis,
        values: [0, 0, 1].into(),
    });
    assert_eq!(
        values(&b, b.gather(m, back)),
        [1.0, 1.0, 2.0, 4.0, 4.0, 5.0]
    );
    assert_eq!(
        values(&b, b.scatter(m, back, a_axis.union(b_axis))),
        [3.0, 3.0, 0.0, 9.0, 6.0, 0.0]
    );
    assert_eq!(
        values(&b, b.broadcast(x, a_axis.union(b_axis))),
        [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]
    );
}

#[test]
fn renamed_matrices_are_transposed() {
    let b = Builder::new(axes(6));
    let (from, to) = (AxisSet::of(&[K, GROUP]), AxisSet::of(&[K, GROUP2]));
    let x: Vec<f64> = (0..15).map(f64::from).collect();
    let m = b.data(x.clone().into(), from);
    assert_eq!(values(&b, b.rename(m, GROUP, GROUP2)), x);
    let square: Vec<f64> = (0..25).map(f64::from).collect();
    let s = b.data(square.into(), AxisSet::of(&[GROUP, GROUP2]));
    let row = b.rename(b.at(s, GROUP, 2), GROUP2, GROUP);
    assert_eq!(values(&b, row), [10.0, 11.0, 12.0, 13.0, 14.0]);
    assert_eq!(b.axes_of(b.rename(m, GROUP, GROUP2)), to);
}

#[test]
fn parameters_and_noise_come_from_their_slices() {
    let b = small();
    let (first, _) = b.param(AxisSet::EMPTY);
    let (second, offset) = b.param(AxisSet::of(&[A]));
    let (noise, _) = b.noise(AxisSet::of(&[DRAW]));
    assert_eq!(offset, 1);
    let ids = [first, second, noise].map(|e| e.node(&b));
    let program = b.finish(vec![]);
    assert_eq!(
        evaluate(&program, &[1.0, 2.0, 3.0], &[4.0], &ids),
        vec![vec![1.0], vec![2.0, 3.0], vec![4.0]]
    );
    assert!(matches!(program.node(ids[0]).op, Op::Param { offset: 0 }));
}

#[test]
fn long_columns_fold_in_milliseconds() {
    let n = 100_000;
    let b = Builder::new(axes(n));
    let y = b.data((0..n).map(|i| i as f64).collect(), AxisSet::of(&[ROW]));
    let values = (0..n).map(|i| (i % 5) as u32).collect();
    let g = b.index(Index {
        target: GROUP,
        axes: AxisSet::of(&[ROW]),
        values,
    });
    let e = b.gather(b.scatter(y, g, AxisSet::of(&[GROUP])), g) + (y + Expr::Const(1.0)).ln_gamma()
        - y * y;
    let id = b.sum(e, AxisSet::of(&[ROW])).node(&b);
    let program = b.finish(vec![id]);
    let start = Instant::now();
    assert!(evaluate(&program, &[], &[], &[id])[0][0].is_finite());
    assert!(start.elapsed().as_millis() < 1000, "{:?}", start.elapsed());
}
