//! Look-ups at even positions and what is scattered to them, in the engine against the reference interpreter: along the lanes
//! and across them, blocks and chunks that end elsewhere, sources that lack axes, two scatters of one value.

use ppl_core::interpret::evaluate;
use ppl_core::{Axis, AxisId, AxisSet, Builder, DRAW, Expr, Index, IndexId, Program, Real};
use ppl_engine::Kernels;

const LONG: AxisId = AxisId(1);
const OUTER: AxisId = AxisId(2);
const INNER: AxisId = AxisId(3);

fn index(b: &Builder, axes: &[AxisId], of: impl Fn(usize, usize) -> usize) -> IndexId {
    let size = |a: &AxisId| b.size(*a);
    let inner = axes.last().map_or(1, size);
    let n: usize = axes.iter().map(size).product();
    b.index(Index {
        target: LONG,
        axes: AxisSet::of(axes),
        values: (0..n).map(|i| of(i / inner, i % inner) as u32).collect(),
    })
}

/// A long axis seen through its parts: all of them beside each other, one shorter, by columns, by single elements.
fn program(draws: usize, outer: usize, inner: usize) -> Program {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    let b = Builder::new(vec![
        axis("draw", draws),
        axis("long", outer * inner + 1),
        axis("outer", outer),
        axis("inner", inner),
    ]);
    let h = b.noise(AxisSet::of(&[DRAW, LONG])).0;
    let column = b.param(AxisSet::of(&[LONG])).0;
    let whole = AxisSet::of(&[DRAW, LONG]);
    let pairs = index(&b, &[OUTER, INNER], |o, i| o * inner + i + 1);
    let before = index(&b, &[OUTER, INNER], |o, i| o * inner + i);
    let columns = index(&b, &[OUTER, INNER], |o, i| o + i * outer);
    let starts = index(&b, &[OUTER], |_, o| o * inner);
    let one = index(&b, &[], |_, _| outer * inner / 2);
    let same = index(&b, &[INNER], |_, _| 3);
    let g = |e, i| b.gather(e, i);
    let step = (g(h, pairs) - Expr::Const(0.5) * g(h, before)).tanh();
    let by_columns = g(h, columns) * g(column, pairs);
    let mut out = vec![
        b.scatter(step, pairs, whole) + b.scatter(step, before, whole),
        b.scatter(by_columns, columns, whole),
        b.scatter(g(h, starts).exp(), starts, whole),
        b.scatter(g(h, one), one, whole) + h,
        // Several go to one place, and a value that lacks the index's axes.
        b.scatter(step, same, whole),
        b.scatter(g(h, one), starts, whole),
        b.sum(step * step, AxisSet::of(&[OUTER, INNER])),
        b.sum(g(h, same) * step, AxisSet::of(&[OUTER, INNER])),
        g(column, starts),
        g(h, pairs),
    ];
    // Of what a kernel computes, and of a look-up itself.
    let squares = h * h + column;
    out.push(b.sum(g(squares, columns).exp() * step, AxisSet::of(&[INNER])));
    out.push(g(g(h, starts), {
        b.index(Index {
            target: OUTER,
            axes: AxisSet::EMPTY,
            values: [1].into(),
        })
    }));
    let out = out.into_iter().map(|e| e.node(&b)).collect();
    b.finish(out)
}

fn run(p: &Program, threads: usize) -> Vec<Vec<f64>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let points = |n: usize, k: usize| -> Vec<f64> {
        (0..n)
            .map(|i| ((i + k) * 7 % 23) as f64 / 9.0 - 1.2)
            .collect()
    };
    pool.build().unwrap().install(|| {
        let mut kernels = Kernels::compile(p).unwrap();
        // Whatever the run before left must not be seen.
        kernels.run(&points(p.n_params, 5), &points(p.n_noise, 3));
        let (at, noise) = (points(p.n_params, 0), points(p.n_noise, 1));
        kernels.run(&at, &noise);
        let expected = evaluate(p, &at, &noise, &p.outputs);
        for (k, expected) in expected.iter().enumerate() {
            for (x, y) in kernels.output(k).iter().zip(expected) {
                assert!(
                    (x - y).abs() <= 1e-12 * (1.0 + y.abs()),
                    "output {k}: {x} {y}"
                );
            }
        }
        (0..p.outputs.len())
            .map(|k| kernels.output(k).to_vec())
            .collect()
    })
}

#[test]
fn values_are_those_of_the_interpreter() {
    for (draws, outer, inner) in [
        (1, 2, 3),
        (3, 4, 17),
        (1, 3, 1300),
        (2, 700, 5),
        (1, 9, 1),
        (3, 700, 1),
    ] {
        run(&program(draws, outer, inner), 1);
    }
}

#[test]
fn threads_change_no_bit() {
    let p = program(8, 30, 1500);
    assert!(!Kernels::compile(&p).unwrap().explain().contains("gather"));
    let bits = |threads| -> Vec<u64> {
        let run = run(&p, threads);
        run.iter().flatten().map(|x| x.to_bits()).collect()
    };
    assert_eq!(bits(1), bits(3));
}
