//! Sums over rows of several forms, divided: the same value and gradient, no choices left, and none where it does not pay.

use ppl_core::interpret::evaluate;
use ppl_core::passes::{cases::cases, dead::dead};
use ppl_core::{
    Axis, AxisId, AxisSet, Builder, DRAW, Expr, Index, Op, Prim, Program, Real, gradient,
};

const K: AxisId = AxisId(1);
const ROW: AxisId = AxisId(2);
const N: usize = 60;

fn builder() -> Builder {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    Builder::new(vec![axis("draw", 2), axis("k", 3), axis("row", N)])
}

fn rows() -> AxisSet {
    AxisSet::of(&[ROW])
}

fn column(b: &Builder, f: impl Fn(usize) -> f64) -> Expr<'_> {
    b.data((0..N).map(f).collect(), rows())
}

fn select<'b>(c: Expr<'b>, x: Expr<'b>, y: Expr<'b>) -> Expr<'b> {
    Expr::apply(Prim::Select, &[c, x, y])
}

/// Values and gradients, by draw.
fn all(program: Program) -> Vec<Vec<f64>> {
    let (leaves, value) = (program.noises(), program.outputs[0]);
    let b = Builder::from_program(program);
    let total = b.sum(b.handle(value), AxisSet::of(&[DRAW])).node(&b);
    let mut outputs = vec![value];
    outputs.extend(gradient(&b, total, &leaves));
    let program = b.finish(outputs);
    let at: Vec<f64> = (0..program.n_noise)
        .map(|i| (i * 7 % 11) as f64 / 9.0 - 0.5)
        .collect();
    evaluate(&program, &[], &at, &program.outputs)
}

/// The divided program, once it is known to be the same function.
fn divided(program: Program) -> Program {
    let divided = dead(&cases(&program));
    let (old, new) = (all(program), all(divided.clone()));
    assert_eq!(old.len(), new.len());
    for (old, new) in old.iter().flatten().zip(new.iter().flatten()) {
        assert!((old - new).abs() <= 1e-12 * (1.0 + old.abs()), "{divided}");
    }
    divided
}

fn choices(program: &Program) -> usize {
    let select = |op: &Op| matches!(op, Op::Map(Prim::Select, _));
    program.nodes.iter().filter(|n| select(&n.op)).count()
}

/// A walk whose first element has a form of its own, which reads the element after it too.
#[test]
fn a_first_element_has_a_term_of_its_own() {
    let b = builder();
    let (h, _) = b.noise(AxisSet::of(&[DRAW, ROW]));
    let (s, _) = b.noise(AxisSet::of(&[DRAW]));
    let before = b.index(Index {
        target: ROW,
        axes: rows(),
        values: (0..N as u32).map(|t| t.saturating_sub(1)).collect(),
    });
    let first = column(&b, |t| f64::from(u8::from(t == 0)));
    let z = h - s * b.gather(h, before);
    let form = select(first, (h - s.exp()).exp(), z * z + (z * s).tanh());
    let out = b.sum(form, rows()).node(&b);
    assert_eq!(choices(&divided(b.finish(vec![out]))), 0);
}

/// A regression on three columns with effects of groups; every third row is censored, another third from above.
#[test]
fn censored_rows_are_sums_of_their_own() {
    let b = builder();
    let x = b.data(
        (0..3 * N).map(|i| (i * 5 % 13) as f64 / 13.0).collect(),
        AxisSet::of(&[K, ROW]),
    );
    let (beta, _) = b.noise(AxisSet::of(&[DRAW, K]));
    let (u, _) = b.noise(AxisSet::of(&[DRAW, K]));
    let group = b.index(Index {
        target: K,
        axes: rows(),
        values: (0..N as u32).map(|i| i / 20).collect(),
    });
    let mean = b.sum(x * beta, AxisSet::of(&[K])) + b.gather(u, group);
    let z = column(&b, |i| (i % 7) as f64) - mean;
    let [below, above] = [0, 1].map(|k| column(&b, |i| f64::from(u8::from(i % 3 == k))));
    let tails = [z, -z].map(|z| Expr::apply(Prim::LnPhi, &[z]));
    let form = select(below, tails[0], select(above, tails[1], z * z));
    let out = b.sum(form, rows()).node(&b);
    let program = divided(b.finish(vec![out]));
    assert_eq!(choices(&program), 0);
    let tails = program.nodes.iter();
    let tails = tails.filter(|n| matches!(n.op, Op::Map(Prim::LnPhi, _)));
    let lengths: Vec<usize> = tails.map(|n| program.len(n.axes)).collect();
    assert_eq!(lengths, [2 * N / 3, 2 * N / 3]);
}

/// A choice between two scalars costs less than two sums with unknowns picked out of the rows.
#[test]
fn cheap_choices_stay() {
    let b = builder();
    let (h, _) = b.noise(AxisSet::of(&[DRAW, ROW]));
    let (s, _) = b.noise(AxisSet::of(&[DRAW]));
    let odd = column(&b, |t| (t % 2) as f64);
    let out = b.sum(select(odd, s, s * s) * h, rows()).node(&b);
    assert_eq!(choices(&divided(b.finish(vec![out]))), 1);
}

/// What others read is computed anyway.
#[test]
fn what_others_read_stays() {
    let b = builder();
    let (h, _) = b.noise(AxisSet::of(&[DRAW, ROW]));
    let odd = column(&b, |t| f64::from(u8::from(t < N / 2)));
    let form = select(odd, h.exp(), h.tanh());
    let out = b.sum(form, rows()) + b.sum(form * form, rows());
    let out = out.node(&b);
    assert!(choices(&divided(b.finish(vec![out]))) > 0);
}
