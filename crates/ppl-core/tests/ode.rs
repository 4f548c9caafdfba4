//! Differential equations against closed forms, and their gradients against differences.

use ppl_core::call::ode::{Equation, Tolerance};
use ppl_core::call::scan::Leaf;
use ppl_core::interpret::evaluate;
use ppl_core::{Axis, AxisId, AxisSet, Builder, DRAW, Expr, Program, Real, gradient};

const K: AxisId = AxisId(1);
const T: AxisId = AxisId(2);
const TIGHT: Tolerance = Tolerance {
    relative: 1e-10,
    absolute: 1e-12,
};

fn builder(draws: usize, n_times: usize) -> Builder {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    Builder::new(vec![axis("draw", draws), axis("k", 2), axis("t", n_times)])
}

/// An equation over the axis of two from its right side, with scalar inputs.
fn equation<const N: usize>(
    b: &Builder,
    right: impl for<'c> Fn(Expr<'c>, [Expr<'c>; 2], [Expr<'c>; N]) -> [Expr<'c>; 2],
) -> Equation {
    let body = b.sibling();
    let leaf = |axes| {
        let (e, offset) = body.noise(axes);
        (e, Leaf { offset, axes })
    };
    let (t, time) = leaf(AxisSet::EMPTY);
    let (y, state) = leaf(AxisSet::of(&[K]));
    let inputs: Vec<_> = (0..N).map(|_| leaf(AxisSet::EMPTY)).collect();
    let values: [Expr<'_>; N] = std::array::from_fn(|i| inputs[i].0);
    let out = right(t, [body.at(y, K, 0), body.at(y, K, 1)], values);
    let out = body.broadcast(body.stack(&out, K), AxisSet::of(&[K]));
    let out = out.node(&body);
    Equation {
        time,
        state,
        inputs: inputs.iter().map(|i| i.1).collect(),
        right: body.snapshot_with(vec![out]),
    }
}

/// A damped oscillator x'' = -a x - c x' + sin-like forcing by time, as a program over y0 (2), t0, times, a, c.
fn oscillator(draws: usize, times: usize, tolerance: Tolerance) -> Program {
    let b = builder(draws, times);
    let e = equation(&b, |_, [x, v], [a, c]| [v, -(a * x) - c * v]);
    let y0 = b.param(AxisSet::of(&[K])).0;
    let t0 = b.param(AxisSet::EMPTY).0;
    let ts = b.param(AxisSet::of(&[T])).0;
    let a = b.param(AxisSet::EMPTY).0 + b.noise(AxisSet::of(&[DRAW])).0;
    let c = b.param(AxisSet::EMPTY).0;
    let y = b.ode(&e, (t0, y0), (ts, T), &[a, c], tolerance).unwrap();
    b.snapshot_with(vec![y.node(&b)])
}

#[test]
fn an_oscillator_has_its_closed_form() {
    // x'' = -a x - c x', underdamped, from (1.2, -0.3) at t0 = 0.5; times on both sides, unsorted, one at the start.
    let times = [2.0, 0.5, 7.3, -1.0, 0.9, 2.0];
    let (a, c, t0) = (2.0f64, 0.4f64, 0.5);
    let p = oscillator(1, times.len(), TIGHT);
    let mut at = vec![1.2, -0.3, t0];
    at.extend(times);
    at.extend([a, c]);
    let y = &evaluate(&p, &at, &[0.0], &p.outputs)[0];
    let w = (a - c * c / 4.0).sqrt();
    for (k, t) in times.iter().enumerate() {
        let s = t - t0;
        let (p, q) = (1.2, (-0.3 + c / 2.0 * 1.2) / w);
        let x = (-c / 2.0 * s).exp() * (p * (w * s).cos() + q * (w * s).sin());
        // Axes k, t: row-major.
        assert!((y[k] - x).abs() < 1e-8, "{t}: {} against {x}", y[k]);
    }
}

fn against_differences(p: Program, at: &[f64], noise: &[f64], tolerance: f64) {
    let b = Builder::from_program(p.clone());
    let y = b.handle(p.outputs[0]);
    let all = AxisSet::of(&[DRAW, K, T]);
    let of = b.sum(
        (y * y * Expr::Const(0.3) + y).tanh(),
        all.intersection(b.axes_of(y)),
    );
    let of = of.node(&b);
    let params = b.snapshot().params();
    let mut outputs = vec![of];
    outputs.extend(gradient(&b, of, &params));
    let p = b.finish(outputs);
    let value = |at: &[f64]| evaluate(&p, at, noise, &p.outputs[..1])[0][0];
    let g = evaluate(&p, at, noise, &p.outputs[1..]).concat();
    assert_eq!(g.len(), at.len());
    for i in 0..at.len() {
        let h = 1e-4 * at[i].abs().max(0.1);
        let moved = |by: f64| {
            let mut at = at.to_vec();
            at[i] += by;
            value(&at)
        };
        let d = (8.0 * (moved(h) - moved(-h)) - (moved(2.0 * h) - moved(-2.0 * h))) / (12.0 * h);
        assert!(
            (g[i] - d).abs() < tolerance * (1.0 + d.abs()),
            "parameter {i}: {} against {d}",
            g[i]
        );
    }
}

#[test]
fn gradients_are_those_of_differences() {
    let times = [2.0, 0.55, 7.3, -1.0, 0.9];
    for draws in [1, 3] {
        let p = oscillator(draws, times.len(), TIGHT);
        let mut at = vec![1.2, -0.3, 0.5];
        at.extend(times);
        at.extend([2.0, 0.4]);
        against_differences(p, &at, &vec![0.1; draws], 1e-6);
    }
}

/// Van der Pol with a large constant: stiff.
fn van_der_pol(mu: f64) -> (Program, Vec<f64>) {
    let b = builder(1, 3);
    let e = equation(&b, |_, [x, v], [m]| {
        [v, m * ((Expr::Const(1.0) - x * x) * v) - x]
    });
    let y0 = b.param(AxisSet::of(&[K])).0;
    let m = b.param(AxisSet::EMPTY).0;
    let ts = b.data([0.5, 1.0, 2.0].into(), AxisSet::of(&[T]));
    let tolerance = Tolerance {
        relative: 1e-8,
        absolute: 1e-10,
    };
    let y = b
        .ode(&e, (Expr::Const(0.0), y0), (ts, T), &[m], tolerance)
        .unwrap();
    let p = b.snapshot_with(vec![y.node(&b)]);
    (p, vec![2.0, 0.0, mu])
}

#[test]
fn a_stiff_equation_is_solved_by_the_implicit_method() {
    // Limit of large mu: v is slaved to x, v = -x / (mu (x^2 - 1)), so ln x - x^2 / 2 falls ... by t / mu.
    let mu = 1e5;
    let (p, at) = van_der_pol(mu);
    let y = &evaluate(&p, &at, &[], &p.outputs)[0];
    for (k, t) in [0.5, 1.0, 2.0].iter().enumerate() {
        let x: f64 = y[k];
        let invariant = |x: f64| x.ln() - x * x / 2.0;
        assert!(
            (invariant(x) - invariant(2.0) - t / mu).abs() < 1e-9,
            "x = {x} at {t}"
        );
    }
    against_differences(p, &at, &[], 1e-5);
}

#[test]
fn what_is_long_at_rest_takes_no_short_steps() {
    // y' = m (z - y), z' = -z from (2, 1): y follows m / (m - 1) exp(-t) once the start is forgotten.
    for m in [1e4, 1e6, 1e8] {
        let b = builder(1, 2);
        let e = equation(&b, |_, [y, z], [m]| [m * (z - y), -z]);
        let ts = b.data([1.5, 20.0].into(), AxisSet::of(&[T]));
        let y0 = b.data([2.0, 1.0].into(), AxisSet::of(&[K]));
        let usual = Tolerance {
            relative: 1e-6,
            absolute: 1e-8,
        };
        let rate = b.param(AxisSet::EMPTY).0;
        let y = b.ode(&e, (Expr::Const(0.0), y0), (ts, T), &[rate], usual);
        let y = y.unwrap().node(&b);
        let p = b.finish(vec![y]);
        let y = &evaluate(&p, &[m], &[], &p.outputs)[0];
        for (k, t) in [1.5f64, 20.0].iter().enumerate() {
            let exact = m / (m - 1.0) * (-t).exp();
            let error = (y[k] - exact).abs();
            assert!(error < 1e-5 * exact + 1e-7, "{m}, {t}: {} {exact}", y[k]);
        }
    }
}

#[test]
fn an_equation_that_reads_the_time() {
    // y' = t y: y = exp(t^2 / 2); the second component counts.
    let b = builder(1, 2);
    let e = equation(&b, |t, [y, _], []| [t * y, Expr::Const(1.0)]);
    let ts = b.data([1.0, 2.0].into(), AxisSet::of(&[T]));
    let y0 = b.data([1.0, 0.0].into(), AxisSet::of(&[K]));
    let y = b
        .ode(&e, (Expr::Const(0.0), y0), (ts, T), &[], TIGHT)
        .unwrap()
        .node(&b);
    let p = b.finish(vec![y]);
    let y = &evaluate(&p, &[], &[], &p.outputs)[0];
    for (got, exact) in y.iter().zip([0.5f64.exp(), 2f64.exp(), 1.0, 2.0]) {
        assert!((got - exact).abs() < 1e-8 * exact, "{got} {exact}");
    }
}

#[test]
fn what_blows_up_is_not_a_number() {
    // y' = y^2 from 1 is infinite at t = 1.
    let b = builder(1, 2);
    let e = equation(&b, |_, [y, z], []| [y * y, z]);
    let ts = b.data([0.5, 2.0].into(), AxisSet::of(&[T]));
    let y0 = b.data([1.0, 1.0].into(), AxisSet::of(&[K]));
    let y = b
        .ode(&e, (Expr::Const(0.0), y0), (ts, T), &[], TIGHT)
        .unwrap()
        .node(&b);
    let p = b.finish(vec![y]);
    assert!(
        evaluate(&p, &[], &[], &p.outputs)[0]
            .iter()
            .all(|v| v.is_nan())
    );
}
