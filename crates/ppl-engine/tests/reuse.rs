//! Arrays that share memory: long sequences of kernels, each of which needs whole arrays of those before, some of them from far
//! back, against the reference interpreter.

use ppl_core::interpret::evaluate;
use ppl_core::{Axis, AxisId, AxisSet, Builder, DRAW, Index, Prim, Real};
use ppl_engine::Kernels;

const ROW: AxisId = AxisId(1);
const GROUP: AxisId = AxisId(2);

#[test]
fn arrays_that_share_memory_keep_their_values() {
    for (draws, n) in [(1, 3000), (3, 700), (2, 5)] {
        let axis = |name: &str, size| Axis {
            name: name.into(),
            size,
        };
        let b = Builder::new(vec![
            axis("draw", draws),
            axis("row", n),
            axis("group", n / 2 + 1),
        ]);
        let rows = AxisSet::of(&[ROW]);
        let index = |target, of: &dyn Fn(usize) -> usize| {
            b.index(Index {
                target,
                axes: rows,
                values: (0..n).map(|i| of(i) as u32).collect(),
            })
        };
        let groups = n / 2 + 1;
        let mixed = index(ROW, &|i| (i * 7 + 3) % n);
        let later = index(ROW, &|i| (i + 1) % n);
        let group = index(GROUP, &|i| (i * i) % groups);
        let half = index(GROUP, &|i| i / 2);
        let z = b.noise(AxisSet::of(&[DRAW, ROW])).0;
        let mut values = vec![z, b.param(rows).0 * z];
        let mut outputs = vec![];
        for k in 0..14 {
            let last = values[values.len() - 1];
            let before = values[values.len() / 2];
            let looked_up = match k % 5 {
                0 => b.gather(last, mixed) * before,
                1 => b.gather(last, later).exp() + values[0],
                2 => {
                    let sums = b.scatter(last, group, AxisSet::of(&[DRAW, GROUP]));
                    b.gather(sums, half) * last
                }
                3 => {
                    let placed = b.scatter(before, half, AxisSet::of(&[DRAW, GROUP]));
                    b.gather(placed, group) + b.gather(last, mixed)
                }
                _ => last * b.sum(before, rows),
            };
            let small = ppl_core::Expr::apply(Prim::Tanh, &[looked_up]);
            if k % 4 == 2 {
                outputs.push(small.node(&b));
            }
            values.push(small);
        }
        outputs.push(b.sum(values[values.len() - 1] * values[3], rows).node(&b));
        let program = b.finish(outputs);
        let wave = |n: usize| -> Vec<f64> { (0..n).map(|i| (0.37 * i as f64).sin()).collect() };
        let (params, noise) = (wave(program.n_params), wave(program.n_noise));
        let expected = evaluate(&program, &params, &noise, &program.outputs);
        let mut kernels = Kernels::compile(&program).unwrap();
        for _ in 0..2 {
            kernels.run(&params, &noise);
            for (i, expected) in expected.iter().enumerate() {
                for (got, e) in kernels.output(i).iter().zip(expected) {
                    assert!(
                        (got - e).abs() < 1e-9 * (1.0 + e.abs()),
                        "{n}, {i}: {got} {e}"
                    );
                }
            }
        }
    }
}
