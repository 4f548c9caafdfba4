//! Linear algebra: values against their defining equations, gradients against differences, twice.

#[path = "common/blocks.rs"]
mod blocks;

use blocks::{ALL, C, Case, R, point, program};
use ppl_core::interpret::evaluate;
use ppl_core::passes::optimise;
use ppl_core::{Axis, AxisSet, Builder, Expr, NodeId, Program};

/// Five-point differences.
fn against_differences(case: Case, program: &Program) {
    let (at, noise) = point(program);
    let value = |at: &[f64]| evaluate(program, at, &noise, &program.outputs[..1])[0][0];
    let n = program.outputs.len();
    let outputs: Vec<NodeId> = program.outputs[1..n - 1].to_vec();
    let gradient: Vec<f64> = evaluate(program, &at, &noise, &outputs).concat();
    assert_eq!(gradient.len(), at.len());
    let mut largest = 0.0f64;
    for i in 0..at.len() {
        let h = 1e-3;
        let moved = |step: f64| {
            let mut at = at.clone();
            at[i] += step * h;
            value(&at)
        };
        let difference =
            (8.0 * (moved(1.0) - moved(-1.0)) - (moved(2.0) - moved(-2.0))) / (12.0 * h);
        largest = largest.max(difference.abs());
        assert!(
            (gradient[i] - difference).abs() < 2e-8 * (1.0 + difference.abs()),
            "{case:?}, parameter {i}: {} against {difference}",
            gradient[i]
        );
    }
    assert!(largest > 1e-2, "{case:?}: nothing was tested");
}

#[test]
fn gradients_are_those_of_differences() {
    for case in ALL {
        for draws in [1, 3] {
            against_differences(case, &program(case, draws, 3, false));
        }
    }
}

#[test]
fn second_derivatives_are_those_of_differences() {
    for case in ALL {
        against_differences(case, &program(case, 2, 3, true));
    }
}

#[test]
fn passes_change_no_value() {
    for case in ALL {
        for second in [false, true] {
            let p = program(case, 2, 3, second);
            let (at, noise) = point(&p);
            let (q, _) = optimise(p.clone());
            let before = evaluate(&p, &at, &noise, &p.outputs).concat();
            let after = evaluate(&q, &at, &noise, &q.outputs).concat();
            for (x, y) in before.iter().zip(&after) {
                assert!(
                    (x - y).abs() <= 1e-11 * (1.0 + x.abs()),
                    "{case:?}: {x} {y}"
                );
            }
        }
    }
}

/// A builder over a square axis, and a matrix of it.
fn square(n: usize) -> (Builder, Vec<f64>) {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    let b = Builder::new(vec![
        axis("draw", 1),
        axis("group", 1),
        axis("r", n),
        axis("c", n),
        axis("k", 5),
    ]);
    let a = (0..n * n)
        .map(|i| {
            ((i * 7919 % 1009) as f64 / 1009.0 - 0.5)
                + if i % (n + 1) == 0 {
                    n as f64 / 4.0 + 1.0
                } else {
                    0.0
                }
        })
        .collect();
    (b, a)
}

/// Sizes around the blocking of the routines and beyond it.
const SIZES: [usize; 8] = [1, 2, 5, 31, 32, 33, 70, 131];

fn multiply(n: usize, a: &[f64], b: &[f64]) -> Vec<f64> {
    let dot = |i: usize, j: usize| (0..n).map(|k| a[i * n + k] * b[k * n + j]).sum();
    (0..n * n).map(|i| dot(i / n, i % n)).collect()
}

fn transposed(n: usize, a: &[f64]) -> Vec<f64> {
    (0..n * n).map(|i| a[i % n * n + i / n]).collect()
}

fn close(a: &[f64], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len());
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() <= tolerance * (1.0 + y.abs()), "{x} {y}");
    }
}

#[test]
fn a_factor_times_its_transpose_is_the_matrix() {
    for n in SIZES {
        let (b, a) = square(n);
        let spd = multiply(n, &a, &transposed(n, &a));
        let m = b.data(spd.clone().into(), AxisSet::of(&[R, C]));
        let id = b.cholesky((m, R, C)).node(&b);
        let l = evaluate(&b.snapshot(), &[], &[], &[id]).concat();
        for i in 0..n {
            assert!(l[i * n + i] > 0.0);
            assert!((i + 1..n).all(|j| l[i * n + j] == 0.0));
        }
        close(&multiply(n, &l, &transposed(n, &l)), &spd, 1e-11);
    }
}

/// Whatever way D the factor moves, its matrix moves by `D L' + L D'`: the adjoint sees the same change in both.
#[test]
fn the_adjoint_of_a_factor_sees_what_the_factor_sees() {
    for n in SIZES {
        let (b, a) = square(n);
        let axes = AxisSet::of(&[R, C]);
        let lower = |f: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let at = |i| if i % n > i / n { 0.0 } else { f(i) };
            (0..n * n).map(at).collect()
        };
        let l = lower(&|i| a[i]);
        // What stands above the diagonal moves nothing.
        let weights: Vec<f64> = (0..n * n).map(|i| (0.7 * i as f64).sin()).collect();
        let (m, offset) = b.param(axes);
        assert_eq!(offset, 0);
        let weighted = b.cholesky((m, R, C)) * b.data(weights.clone().into(), axes);
        let of = b.sum(weighted, axes).node(&b);
        let outputs = ppl_core::gradient(&b, of, &[m.node(&b)]);
        let at = multiply(n, &l, &transposed(n, &l));
        let s = evaluate(&b.snapshot(), &at, &[], &outputs).concat();
        assert_eq!(s, transposed(n, &s));
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        for way in 1..4 {
            let d = lower(&|i| (i as f64 * f64::from(way)).cos());
            let half = multiply(n, &d, &transposed(n, &l));
            let moved: Vec<f64> = half
                .iter()
                .zip(transposed(n, &half))
                .map(|(x, y)| x + y)
                .collect();
            close(&[dot(&s, &moved)], &[dot(&weights, &d)], 1e-9);
        }
    }
}

#[test]
fn solutions_solve() {
    for n in SIZES {
        for transpose in [false, true] {
            let (b, a) = square(n);
            let axes = AxisSet::of(&[R, C]);
            // What stands above the diagonal must not be read.
            let l: Vec<f64> = (0..n * n)
                .map(|i| if i % n > i / n { f64::NAN } else { a[i] })
                .collect();
            let zeroed: Vec<f64> = l
                .iter()
                .map(|v| if v.is_nan() { 0.0 } else { *v })
                .collect();
            let left = if transpose {
                transposed(n, &zeroed)
            } else {
                zeroed
            };
            let right = transposed(n, &a);
            let l = b.data(l.into(), axes);
            let many = b.solve_lower(
                (l, R, C),
                (b.data(right.clone().into(), axes), R),
                transpose,
            );
            let one = b.solve_lower(
                (l, R, C),
                (b.data(right[..n].into(), AxisSet::of(&[R])), R),
                transpose,
            );
            let ids = [many.node(&b), one.node(&b)];
            let x = evaluate(&b.snapshot(), &[], &[], &ids);
            close(&multiply(n, &left, &x[0]), &right, 1e-10);
            let product: Vec<f64> = (0..n)
                .map(|i| (0..n).map(|k| left[i * n + k] * x[1][k]).sum())
                .collect();
            close(&product, &right[..n], 1e-10);
        }
    }
}

#[test]
fn the_inverse_inverts_and_determinants_multiply() {
    for n in [1, 2, 5, 33, 70] {
        let (b, mut a) = square(n);
        // Rows out of order: pivots must be looked for.
        a.rotate_left(n * (n / 2));
        let m = b.data(a.clone().into(), AxisSet::of(&[R, C]));
        let ids = [
            b.inverse((m, R, C)).node(&b),
            b.ln_abs_det((m, R, C)).node(&b),
        ];
        let x = evaluate(&b.snapshot(), &[], &[], &ids);
        let eye: Vec<f64> = (0..n * n)
            .map(|i| f64::from(u8::from(i % (n + 1) == 0)))
            .collect();
        close(&multiply(n, &a, &x[0]), &eye, 1e-11);
        // det(A A') = det(A)²
        let (b, _) = square(n);
        let spd = b.data(
            multiply(n, &a, &transposed(n, &a)).into(),
            AxisSet::of(&[R, C]),
        );
        let l = b.diagonal((b.cholesky((spd, R, C)), R, C)).node(&b);
        let diagonal = evaluate(&b.snapshot(), &[], &[], &[l]).concat();
        let expected: f64 = diagonal.iter().map(|v| v.ln()).sum();
        close(&x[1], &[expected], 1e-11);
    }
}

#[test]
fn products_are_sums_of_products() {
    for n in SIZES {
        let (b, a) = square(n);
        let m = b.data(a.clone().into(), AxisSet::of(&[R, C]));
        let product = b.matrix_product((m, &[R], &[C]), (m, &[R], &[C]), (&[R], &[C]));
        close(&values_of(&b, product), &multiply(n, &a, &a), 1e-12);
    }
}

fn values_of(b: &Builder, e: Expr<'_>) -> Vec<f64> {
    let id = e.node(b);
    evaluate(&b.snapshot(), &[], &[], &[id]).concat()
}

#[test]
fn what_has_no_factor_or_inverse_is_nan() {
    let (b, _) = square(2);
    let axes = AxisSet::of(&[R, C]);
    for bad in [[1.0, 2.0, 2.0, 1.0], [0.0; 4], [1.0, 0.0, 0.0, f64::NAN]] {
        let m = b.data(bad.to_vec().into(), axes);
        assert!(
            values_of(&b, b.cholesky((m, R, C)))
                .iter()
                .all(|v| v.is_nan())
        );
    }
    let singular = b.data(vec![1.0, 2.0, 2.0, 4.0].into(), axes);
    assert!(
        values_of(&b, b.inverse((singular, R, C)))
            .iter()
            .all(|v| v.is_nan())
    );
    assert!(values_of(&b, b.ln_abs_det((singular, R, C)))[0].is_nan());
}

#[test]
fn running_sums_add_up() {
    let (b, _) = square(3);
    let axes = AxisSet::of(&[R, C]);
    let m = b.data((1..10).map(f64::from).collect(), axes);
    assert_eq!(
        values_of(&b, b.running_sum(m, C, false)),
        [1., 3., 6., 4., 9., 15., 7., 15., 24.]
    );
    assert_eq!(
        values_of(&b, b.running_sum(m, R, true)),
        [12., 15., 18., 11., 13., 15., 7., 8., 9.]
    );
}
