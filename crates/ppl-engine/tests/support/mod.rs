//! Kernels against the reference interpreter.

use ppl_core::interpret::evaluate;
use ppl_core::{Axis, AxisId, AxisSet, Builder, Expr, NodeId, Program};
use ppl_engine::Kernels;

/// Small whole-number generator, enough for shapes and values.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) ^ (self.0 >> 40)
    }
    pub fn real(&mut self) -> f64 {
        (self.next() % 20_001) as f64 / 10_000.0 - 1.0
    }
    pub fn reals(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.real()).collect()
    }
}

pub fn axis(name: &str, size: usize) -> Axis {
    Axis {
        name: name.into(),
        size,
    }
}

pub fn set(axes: &[u8]) -> AxisSet {
    axes.iter().fold(AxisSet::EMPTY, |s, &a| s.with(AxisId(a)))
}

pub fn id(b: &Builder, e: Expr) -> NodeId {
    e.node(b)
}

pub fn check(name: &str, program: &Program, tolerance: f64) {
    let mut numbers = Numbers(7);
    let params = numbers.reals(program.n_params);
    let noise = numbers.reals(program.n_noise);
    let expected = evaluate(program, &params, &noise, &program.outputs);
    let mut kernels = Kernels::compile(program).unwrap();
    for pass in 0..2 {
        kernels.run(&params, &noise);
        for (i, expected) in expected.iter().enumerate() {
            let got = kernels.output(i);
            assert_eq!(got.len(), expected.len(), "{name}, output {i}");
            for (l, (&g, &e)) in got.iter().zip(expected).enumerate() {
                let close = (g - e).abs() <= tolerance * (1.0 + e.abs())
                    || g == e
                    || (g.is_nan() && e.is_nan());
                assert!(
                    close,
                    "{name}, pass {pass}, output {i}, lane {l}: {g} instead of {e}\n{}",
                    kernels.explain()
                );
            }
        }
    }
}
