//! Linear algebra in the engine against the reference interpreter, on one thread and on several.

#[path = "../../ppl-core/tests/common/blocks.rs"]
mod blocks;

use blocks::{ALL, Case, point, program};
use ppl_core::Program;
use ppl_core::interpret::evaluate;
use ppl_core::passes::optimise;
use ppl_engine::Kernels;

fn run(p: &Program, threads: usize) -> Vec<Vec<f64>> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let (at, noise) = point(p);
    pool.install(|| {
        let mut kernels = Kernels::compile(p).unwrap();
        kernels.run(&at, &noise);
        kernels.run(&at, &noise);
        (0..p.outputs.len())
            .map(|k| kernels.output(k).to_vec())
            .collect()
    })
}

#[test]
fn values_and_derivatives_are_those_of_the_interpreter() {
    for case in ALL {
        for (draws, n, second) in [(1, 3, false), (3, 3, true), (2, 40, false)] {
            let p = optimise(program(case, draws, n, second)).0;
            let (at, noise) = point(&p);
            let expected = evaluate(&p, &at, &noise, &p.outputs);
            for (got, expected) in run(&p, 1).iter().zip(&expected) {
                for (x, y) in got.iter().zip(expected) {
                    assert!(
                        (x - y).abs() <= 1e-10 * (1.0 + y.abs()),
                        "{case:?}: {x} {y}"
                    );
                }
            }
        }
    }
}

#[test]
fn threads_change_no_bit() {
    for case in [Case::Cholesky, Case::SolveMany, Case::Inverse] {
        let p = program(case, 20, 48, false);
        let bits = |threads| -> Vec<Vec<u64>> {
            let run = run(&p, threads);
            run.iter()
                .map(|v| v.iter().map(|x| x.to_bits()).collect())
                .collect()
        };
        assert!(Kernels::compile(&p).unwrap().explain().contains("shares"));
        assert_eq!(bits(1), bits(4), "{case:?}");
    }
}
