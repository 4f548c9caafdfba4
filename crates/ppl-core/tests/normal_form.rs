//! The normal form: what is written when an expression is.

mod common;

use common::*;
use ppl_core::{Axis, AxisId, AxisSet, Builder, DRAW, Expr, Index, NodeId, Op, Prim, Real};

fn setup() -> Builder {
    Builder::new(axes(100))
}

fn row() -> AxisSet {
    AxisSet::of(&[ROW])
}

/// The live program of an expression as text, without the outputs.
fn text<'b>(b: &'b Builder, e: Expr<'b>) -> String {
    let mut program = b.snapshot();
    let before = program.nodes.len();
    program.outputs = vec![e.node(b)];
    if program.outputs[0].0 as usize >= before {
        program = b.snapshot();
        program.outputs = vec![e.node(b)];
    }
    ppl_core::passes::dead::dead(&program).to_string()
}

fn same<'b>(b: &'b Builder, x: Expr<'b>, y: Expr<'b>) {
    assert_eq!(text(b, x), text(b, y));
}

#[test]
fn literals_fold() {
    let b = setup();
    let x = b.param(row()).0;
    let one = Expr::Const(1.0);
    same(&b, x + Expr::Const(0.0), x);
    same(&b, x * one, x);
    same(&b, -(-x), x);
    same(&b, (x + one) + one, x + Expr::Const(2.0));
    same(
        &b,
        Expr::Const(2.0) * (x * Expr::Const(3.0)),
        x * Expr::Const(6.0),
    );
    same(&b, x + x, Expr::Const(2.0) * x);
    same(&b, x - x, Expr::Const(0.0));
    same(&b, x * Expr::Const(3.0) - x, x * Expr::Const(2.0));
    same(&b, x * Expr::Const(0.0), Expr::Const(0.0));
    same(&b, x.pow(Expr::Const(2.0)), x * x);
    same(&b, x.pow(one), x);
}

#[test]
fn inverse_functions_cancel() {
    let b = setup();
    let x = b.param(row()).0;
    same(&b, x.exp().ln(), x);
    same(&b, x.ln().exp(), x);
    same(&b, x.recip().recip(), x);
    same(&b, x.exp().recip(), (-x).exp());
    same(&b, x.recip().ln(), -x.ln());
    same(
        &b,
        (Expr::Const(2.0) * x.exp()).ln(),
        x + Expr::Const(2f64.ln()),
    );
}

#[test]
fn equal_products_merge() {
    let b = setup();
    let (x, y) = (b.param(row()).0, b.param(row()).0);
    same(&b, x * y, y * x);
    same(&b, x + y, y + x);
    let s = b.param(AxisSet::EMPTY).0;
    same(&b, (s * x) * y, (y * s) * x);
}

/// s leaves the square, and then the sum: one multiplication over rows is left.
#[test]
fn scales_leave_squares_and_sums() {
    let b = setup();
    let y = b.data((0..100).map(f64::from).collect(), row());
    let (m, s) = (b.param(AxisSet::EMPTY).0, b.param(AxisSet::EMPTY).0);
    let z = (y - m) / s;
    let id = b.sum(z * z, row()).node(&b);
    let mut program = b.snapshot();
    program.outputs = vec![id];
    let program = ppl_core::passes::dead::dead(&program);
    let over_rows: Vec<&Op> = program
        .nodes
        .iter()
        .filter(|n| n.axes == row())
        .map(|n| &n.op)
        .collect();
    assert!(
        matches!(
            over_rows[..],
            [Op::Data(_), Op::Map(Prim::Add, _), Op::Map(Prim::Mul, _)]
        ),
        "{program}"
    );
}

#[test]
fn separable_sums_come_apart() {
    let b = setup();
    let (k, x) = (b.param(AxisSet::of(&[K])).0, b.param(row()).0);
    let sum = b.sum(k * x, row().with(K));
    same(&b, sum, b.sum(k, AxisSet::of(&[K])) * b.sum(x, row()));
    let n = b.noise(row().with(DRAW)).0;
    same(
        &b,
        b.sum(n, row().with(DRAW)),
        b.sum(b.sum(n, row()), AxisSet::of(&[DRAW])),
    );
}

#[test]
fn functions_move_before_gathers_and_scatters_drop_them() {
    let b = setup();
    let g = b.index(Index {
        target: GROUP,
        axes: row(),
        values: (0..100).map(|i| i % 5).collect(),
    });
    let (u, x, s) = (
        b.param(AxisSet::of(&[GROUP])).0,
        b.param(row()).0,
        b.param(AxisSet::EMPTY).0,
    );
    same(&b, b.gather(u, g).exp(), b.gather(u.exp(), g));
    same(&b, b.gather(u, g) * b.gather(u, g), b.gather(u * u, g));
    let groups = AxisSet::of(&[GROUP]);
    same(
        &b,
        b.scatter(s * (b.gather(u, g) * x), g, groups),
        s * (u * b.scatter(x, g, groups)),
    );
}

#[test]
fn renames_move_before_gathers() {
    let b = setup();
    let g = b.index(Index {
        target: GROUP,
        axes: row(),
        values: (0..100).map(|i| i % 5).collect(),
    });
    let u = b.param(AxisSet::of(&[GROUP, GROUP2])).0;
    let free = AxisId(5);
    let b2 = b.add_axis(Axis {
        name: "free".into(),
        size: 5,
    });
    assert_eq!(b2, Some(free));
    let renamed = b.rename(b.gather(u, g), GROUP2, free);
    same(&b, renamed, b.gather(b.rename(u, GROUP2, free), g));
    same(
        &b,
        renamed.exp(),
        b.gather(b.rename(u, GROUP2, free).exp(), g),
    );
    // The axis that the look-up itself goes along or makes keeps its place.
    let along = b.rename(b.gather(u, g), ROW, ROW);
    same(&b, along, b.gather(u, g));
}

#[test]
fn a_look_up_of_one_place_is_an_element() {
    let b = setup();
    let third = b.index(Index {
        target: GROUP,
        axes: AxisSet::EMPTY,
        values: [3].into(),
    });
    let u = b.param(AxisSet::of(&[GROUP, ROW])).0;
    same(&b, b.gather(u, third), b.at(u, GROUP, 3));
}

#[test]
fn a_condition_is_asked_once() {
    let b = setup();
    let [c, x, y, z] = [0; 4].map(|_| b.param(row()).0);
    same(&b, c.select(c.select(x, y), z), c.select(x, z));
    same(&b, c.select(x, c.select(y, z)), c.select(x, z));
    same(&b, c.select(x, z.select(y, x)), c.select(x, z.select(y, x)));
}

#[test]
fn a_shared_product_is_written_once() {
    let b = setup();
    let factors: Vec<Expr<'_>> = (0..40).map(|_| b.param(row()).0).collect();
    let mut product = factors[0];
    let mut total = Expr::Const(0.0);
    for f in &factors[1..] {
        product = product * *f;
        total = total + product;
    }
    let NodeId(last) = total.node(&b);
    assert!(last < 40 + 2 * 40, "{last} nodes");
}
