//! Scans in the engine against the reference interpreter.

#[path = "../../ppl-core/tests/common/scans.rs"]
mod scans;

use ppl_core::interpret::evaluate;
use ppl_core::passes::optimise;
use ppl_engine::Kernels;
use scans::{N, point, program};

#[test]
fn values_and_derivatives_are_those_of_the_interpreter() {
    assert_eq!(N, 5);
    for draws in [1, 2, 9] {
        for (reverse, second) in [(false, false), (true, false), (false, true)] {
            for optimised in [false, true] {
                let mut p = program(draws, reverse, second);
                if optimised {
                    p = optimise(p).0;
                }
                let at = point(p.n_params);
                let noise: Vec<f64> = (0..p.n_noise).map(|i| 0.1 * (i as f64).sin()).collect();
                let expected = evaluate(&p, &at, &noise, &p.outputs);
                let mut kernels = Kernels::compile(&p).unwrap();
                for _ in 0..2 {
                    kernels.run(&at, &noise);
                    for (k, expected) in expected.iter().enumerate() {
                        for (x, y) in kernels.output(k).iter().zip(expected) {
                            assert!(
                                (x - y).abs() <= 1e-12 * (1.0 + y.abs()),
                                "output {k}: {x} {y}"
                            );
                        }
                    }
                }
            }
        }
    }
}

/// A body of a few numbers is run without kernels; the same body over many draws is not.
#[test]
fn short_steps_are_those_of_the_interpreter() {
    use ppl_core::call::scan::{Leaf, Scan};
    use ppl_core::{Axis, AxisId, AxisSet, Builder, DRAW, Expr, Prim, Real, gradient};
    const T: AxisId = AxisId(1);
    for (draws, explained) in [
        (1, "number by number"),
        (2, "number by number"),
        (40, "level 0"),
    ] {
        for reverse in [false, true] {
            let axis = |name: &str, size| Axis {
                name: name.into(),
                size,
            };
            let b = Builder::new(vec![axis("draw", draws), axis("t", 7)]);
            let over = AxisSet::of(&[DRAW]);
            let (a, x) = (b.param(AxisSet::EMPTY).0, b.param(AxisSet::of(&[T])).0);
            let z = b.noise(over.with(T)).0;
            let body = b.sibling();
            let leaf = |axes| {
                let (e, offset) = body.noise(axes);
                (e, Leaf { offset, axes })
            };
            let ((s, state), (by, factor), (now, input)) =
                (leaf(over), leaf(AxisSet::EMPTY), leaf(over));
            let low = Expr::apply(Prim::Less, &[s, Expr::Const(0.1)]);
            let next = Expr::apply(Prim::Select, &[low, s * s + now, (by * s + now).tanh()]);
            let outputs = [next, s * next].map(|e| body.broadcast(e, over).node(&body));
            let body = body.finish(outputs.to_vec());
            let scan = Scan {
                axis: T,
                reverse,
                body,
                states: vec![state],
                inputs: vec![factor, input],
            };
            let parts = b.scan(scan, &[Expr::Const(0.4), a, x + z]);
            let all = over.with(T);
            let total = parts.iter().zip([1.0, 2.0, 3.0]);
            let total = total.fold(Expr::Const(0.0), |sum, (e, w)| {
                sum + b.sum(*e * x * Expr::Const(w), all)
            });
            let of = total.node(&b);
            let params = b.snapshot().params();
            let mut outputs = vec![of];
            outputs.extend(gradient(&b, of, &params));
            let p = optimise(b.finish(outputs)).0;
            let at = point(p.n_params);
            let noise: Vec<f64> = (0..p.n_noise).map(|i| 0.3 * (i as f64).sin()).collect();
            let expected = evaluate(&p, &at, &noise, &p.outputs);
            let mut kernels = Kernels::compile(&p).unwrap();
            assert!(
                kernels.explain().contains(explained),
                "{}",
                kernels.explain()
            );
            for _ in 0..2 {
                kernels.run(&at, &noise);
                for (k, expected) in expected.iter().enumerate() {
                    for (x, y) in kernels.output(k).iter().zip(expected) {
                        assert!((x - y).abs() <= 1e-12 * (1.0 + y.abs()), "{k}: {x} {y}");
                    }
                }
            }
        }
    }
}
