//! What the test files share: axes, a seeded generator, central differences, random programs.
#![allow(dead_code)]

pub mod models;

use ppl_core::interpret::evaluate;
use ppl_core::{Axis, AxisId, AxisSet, Builder, DRAW, Expr, Index, NodeId, Prim, Program, Real};

/// Axis of mixture components.
pub const K: AxisId = AxisId(1);
/// Axis of groups.
pub const GROUP: AxisId = AxisId(2);
/// A second axis as long as the groups, for square matrices.
pub const GROUP2: AxisId = AxisId(3);
/// Axis of rows.
pub const ROW: AxisId = AxisId(4);

/// draw 2, k 3, group 5, group2 5, row `n_rows`.
pub fn axes(n_rows: usize) -> Vec<Axis> {
    [
        ("draw", 2),
        ("k", 3),
        ("group", 5),
        ("group2", 5),
        ("row", n_rows),
    ]
    .map(|(name, size)| Axis {
        name: name.into(),
        size,
    })
    .to_vec()
}

/// A small generator (SplitMix64); tests need no more.
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }
    /// Uniform in (-1, 1).
    pub fn real(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
    pub fn reals(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.real()).collect()
    }
}

/// Five-point central difference of `f` in coordinate `i`.
pub fn difference(f: &dyn Fn(&[f64]) -> f64, x: &[f64], i: usize) -> f64 {
    let h = 1e-3 * x[i].abs().max(0.1);
    let at = |step: f64| {
        let mut moved = x.to_vec();
        moved[i] += step * h;
        f(&moved)
    };
    (8.0 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0))) / (12.0 * h)
}

#[track_caller]
pub fn assert_close(got: f64, want: f64, tolerance: f64, what: &str) {
    let same = got == want || (got.is_nan() && want.is_nan());
    assert!(
        same || (got - want).abs() <= tolerance * want.abs().max(1.0),
        "{what}: {got} instead of {want}"
    );
}

/// The gradient nodes of scalar `of` by all of `wrt` against differences in the parameter vector `x`, when `wrt` are
/// all parameters in order of their offsets.
#[track_caller]
pub fn check_gradient(
    program: &Program,
    of: NodeId,
    gradients: &[NodeId],
    x: &[f64],
    noise: &[f64],
    tolerance: f64,
    what: &str,
) {
    let got: Vec<f64> = evaluate(program, x, noise, gradients).concat();
    assert_eq!(got.len(), x.len(), "{what}");
    let f = |x: &[f64]| evaluate(program, x, noise, &[of])[0][0];
    for (i, got) in got.iter().enumerate() {
        assert_close(
            *got,
            difference(&f, x, i),
            tolerance,
            &format!("{what}, coordinate {i}"),
        );
    }
}

/// Smooth one-argument steps that keep values moderate.
fn smooth<'b>(r: &mut Random, e: Expr<'b>) -> Expr<'b> {
    match r.below(12) {
        0 => e.tanh(),
        1 => e.inv_logit(),
        2 => e.softplus(),
        3 => (e.tanh() * Expr::Const(0.5)).exp(),
        4 => (e * e + Expr::Const(1.3)).recip(),
        5 => (e * e + Expr::Const(0.7)).ln(),
        6 => Expr::prim(Prim::Sin, &[e]),
        7 => e.atan(),
        8 => (e * e + Expr::Const(1.0)).sqrt().recip(),
        9 => e.tanh().exp().ln() * Expr::Const(-1.5),
        10 => e.tanh().exp().recip(),
        _ => -e,
    }
}

/// A random scalar program over {draw, k, group, row}: the builder, its scalar, its parameters, and the two vectors.
pub fn random_program(
    seed: u64,
    n_rows: usize,
) -> (Program, NodeId, Vec<NodeId>, Vec<f64>, Vec<f64>) {
    let mut r = Random(seed);
    let b = Builder::new(axes(n_rows));
    let shapes: [&[AxisId]; 5] = [&[], &[K], &[GROUP], &[GROUP, GROUP2], &[ROW]];
    let mut pool: Vec<Expr<'_>> = vec![];
    let mut wrt = vec![];
    for shape in shapes {
        let (e, _) = b.param(AxisSet::of(shape));
        wrt.push(e.node(&b));
        pool.push(e);
    }
    pool.push(b.noise(AxisSet::of(&[DRAW])).0);
    pool.push(b.noise(AxisSet::of(&[DRAW, ROW])).0);
    pool.push(b.data(r.reals(n_rows).into(), AxisSet::of(&[ROW])));
    pool.push(b.data(r.reals(3 * n_rows).into(), AxisSet::of(&[K, ROW])));
    let mut index = |target: AxisId, axis: AxisId| {
        let values: Vec<u32> = (0..b.size(axis))
            .map(|_| r.below(b.size(target)) as u32)
            .collect();
        b.index(Index {
            target,
            axes: AxisSet::of(&[axis]),
            values: values.into(),
        })
    };
    let indices = [
        index(GROUP, ROW),
        index(K, ROW),
        index(ROW, ROW),
        index(GROUP, GROUP),
        index(K, GROUP),
        index(ROW, GROUP),
    ];
    for _ in 0..25 {
        let x = pool[r.below(pool.len())];
        let y = pool[r.below(pool.len())];
        let axes = b.axes_of(x);
        let axis = [DRAW, K, GROUP, GROUP2, ROW][r.below(5)];
        let one = AxisSet::of(&[axis]);
        let scale = Expr::Const(1.0 / b.size(axis) as f64);
        let i = indices[r.below(indices.len())];
        let e = match r.below(14) {
            0 | 1 => x + y,
            2 | 3 => x * y,
            4 | 5 => smooth(&mut r, x),
            6 => b.sum(x * y, one) * scale,
            7 => b.log_sum_exp(x, one),
            8 => b.gather(x, i),
            9 => {
                let (target, over) = b.index_axes(i);
                b.scatter(x * y, i, axes.union(b.axes_of(y)).minus(over).with(target))
                    * Expr::Const(0.1)
            }
            10 => b.at(x, axis, r.below(b.size(axis))),
            11 if axes.contains(GROUP) && !axes.contains(GROUP2) => b.rename(x, GROUP, GROUP2),
            11 if !axes.contains(K) => {
                b.stack(&[x, y.tanh(), Expr::Const(0.3)].map(|p| b.at(p, K, 1)), K)
            }
            12 => Expr::prim(Prim::Select, &[pool[7].less(Expr::Const(0.1)), x, y]),
            _ => x - y * Expr::Const(0.5),
        };
        if !matches!(e, Expr::Const(_)) && b.axes_of(e).len() <= 4 {
            pool.push(e.tanh());
        }
    }
    let all = AxisSet::of(&[DRAW, K, GROUP, GROUP2, ROW]);
    let scalar = pool.iter().rev().take(12).fold(Expr::Const(0.0), |s, e| {
        let over = b.axes_of(*e);
        let n: usize = over.iter().map(|a| b.size(a)).product();
        s + b.sum(*e, all.intersection(over)) * Expr::Const(1.0 / n as f64)
    });
    let of = scalar.node(&b);
    let program = b.finish(vec![of]);
    let x = r.reals(program.n_params);
    let noise = r.reals(program.n_noise);
    (program, of, wrt, x, noise)
}
