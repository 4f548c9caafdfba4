//! Scatters by a sorted index over many chunks: each chunk keeps sums for the positions that its rows meet, not for all there are.

use ppl_core::interpret::evaluate;
use ppl_core::{Axis, AxisId, AxisSet, Builder, DRAW, Expr, Index, Prim, Program};
use ppl_engine::Kernels;

const GROUP: AxisId = AxisId(1);
const KIND: AxisId = AxisId(2);
const ROW: AxisId = AxisId(3);

/// Sums by group of a function of draws and rows, one for each kind; `group_of` says which group a row belongs to.
fn program(
    draws: usize,
    kinds: usize,
    groups: usize,
    rows: usize,
    group_of: impl Fn(usize) -> usize,
) -> Program {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    let b = Builder::new(vec![
        axis("draw", draws),
        axis("group", groups),
        axis("kind", kinds),
        axis("row", rows),
    ]);
    let row = AxisSet::of(&[ROW]);
    let index = b.index(Index {
        target: GROUP,
        axes: row,
        values: (0..rows).map(|i| group_of(i) as u32).collect(),
    });
    let x = b.data(
        (0..rows)
            .map(|i| (i * 31 % 101) as f64 / 50.0 - 1.0)
            .collect(),
        row,
    );
    let theta = b.param(AxisSet::of(&[DRAW, KIND])).0;
    let value = Expr::apply(Prim::Exp, &[x * theta]);
    let sums = b.scatter(value, index, AxisSet::of(&[DRAW, GROUP, KIND]));
    let output = sums.node(&b);
    b.finish(vec![output])
}

fn params(program: &Program) -> Vec<f64> {
    (0..program.n_params)
        .map(|i| (0.7 * i as f64).sin())
        .collect()
}

/// Draws, kinds and groups of a case, and which group a row is of.
type Case = (usize, usize, usize, Box<dyn Fn(usize) -> usize>);

#[test]
fn sums_by_group_are_those_of_the_interpreter() {
    let n = 30_000;
    let sorted = |groups: usize| move |i: usize| i * groups / n;
    let cases: [Case; 7] = [
        (1, 1, 1_500, Box::new(sorted(1_500))),
        (3, 1, 1_500, Box::new(sorted(1_500))),
        (2, 3, 1_500, Box::new(sorted(1_500))),
        // Groups that go over many chunks, and groups without rows.
        (1, 1, 5, Box::new(sorted(5))),
        (2, 1, 4_000, Box::new(move |i| 2 * (i * 1_000 / n) + 700)),
        // Nearly sorted, and not at all.
        (
            2,
            1,
            1_500,
            Box::new(move |i| ((i ^ 5).min(n - 1)) * 1_500 / n),
        ),
        (1, 1, 1_500, Box::new(move |i| i * 7_919 % 1_500)),
    ];
    for (draws, kinds, groups, group_of) in cases {
        let program = program(draws, kinds, groups, n, group_of);
        let params = params(&program);
        let expected = evaluate(&program, &params, &[], &program.outputs);
        let bits = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let mut kernels = Kernels::compile(&program).unwrap();
                // What a run leaves behind is nothing to the next.
                kernels.run(&params.iter().map(|x| x + 1.0).collect::<Vec<_>>(), &[]);
                kernels.run(&params, &[]);
                kernels.output(0).to_vec()
            })
        };
        let got = bits(1);
        assert!(
            bits(3)
                .iter()
                .zip(&got)
                .all(|(a, b)| a.to_bits() == b.to_bits())
        );
        for (got, expected) in got.iter().zip(&expected[0]) {
            assert!(
                (got - expected).abs() < 1e-11 * (1.0 + expected.abs()),
                "{got} {expected}"
            );
        }
    }
}

#[test]
fn a_chunk_keeps_sums_for_its_own_groups() {
    let (rows, groups) = (1_000_000, 100_000);
    let memory = |draws| {
        let program = program(draws, 1, groups, rows, |i| i * groups / rows);
        Kernels::compile(&program).unwrap().memory()
    };
    // The sums themselves and those of the chunks, 8 bytes for each group and draw; registers.
    let registers = 1 << 20;
    assert!(memory(1) < 2 * 8 * groups + registers, "{}", memory(1));
    assert!(
        memory(10) < 2 * 80 * groups + 2 * registers,
        "{}",
        memory(10)
    );
}
