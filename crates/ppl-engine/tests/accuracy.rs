//! Vectorised functions against `libm` (or an identity that is exact enough), in units of the last place.

use ppl_core::{Axis, AxisId, AxisSet, Builder, Expr, Prim};
use ppl_engine::Kernels;

fn values(prim: Prim, x: &[f64]) -> Vec<f64> {
    let b = Builder::new(vec![
        Axis {
            name: "draw".into(),
            size: 1,
        },
        Axis {
            name: "row".into(),
            size: x.len(),
        },
    ]);
    let x = b.data(x.into(), AxisSet::EMPTY.with(AxisId(1)));
    let y = Expr::apply(prim, &[x]).node(&b);
    let mut kernels = Kernels::compile(&b.finish(vec![y])).unwrap();
    kernels.run(&[], &[]);
    kernels.output(0).to_vec()
}

fn worst(prim: Prim, x: &[f64]) -> f64 {
    let mut worst = 0.0f64;
    for (&x, got) in x.iter().zip(values(prim, x)) {
        let expected = prim.eval(&[x]);
        if got == expected || (got.is_nan() && expected.is_nan()) {
            continue;
        }
        let place = f64::from_bits(expected.abs().to_bits() + 1) - expected.abs();
        let error = (got - expected).abs() / place;
        assert!(
            error < 8.0,
            "{prim:?}({x:e}) is {got:e} instead of {expected:e}"
        );
        worst = worst.max(error);
    }
    worst
}

fn grid(from: f64, to: f64) -> Vec<f64> {
    let n = 1_000_000;
    (0..n)
        .map(|i| from + (to - from) * (i as f64 + 0.37) / n as f64)
        .collect()
}

/// Both signs, from the smallest subnormals to the largest finite numbers, and the special ones.
fn wide() -> Vec<f64> {
    let mut x: Vec<f64> = (0..500_000u64)
        .map(|i| f64::from_bits(i * (f64::MAX.to_bits() / 500_000) + 1))
        .collect();
    x.extend(x.clone().into_iter().map(|v| -v));
    x.extend([
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        f64::MAX,
        f64::MIN_POSITIVE,
    ]);
    x.extend([-800.0, 800.0, -745.2, -745.0, -720.0, 709.7, 709.79, 710.0]);
    x
}

#[test]
fn functions_are_accurate() {
    let cases = [
        (Prim::Exp, 1.5),
        (Prim::Ln, 1.5),
        (Prim::Log1p, 2.0),
        (Prim::Expm1, 2.5),
        (Prim::Tanh, 4.0),
        (Prim::InvLogit, 3.0),
        (Prim::Softplus, 3.0),
        (Prim::Sqrt, 0.0),
        (Prim::Recip, 0.0),
    ];
    for (prim, bound) in cases {
        for x in [
            wide(),
            grid(-750.0, 750.0),
            grid(-3.0, 3.0),
            grid(0.0, 4.0),
            grid(-1e-3, 1e-3),
        ] {
            let found = worst(prim, &x);
            println!("{prim:?}: {found:.2} units in the last place");
            assert!(
                found <= bound,
                "{prim:?} is off by {found} units in the last place"
            );
        }
    }
}

#[test]
fn gamma_functions_are_accurate() {
    let x: Vec<f64> = grid(1e-3, 30.0)
        .into_iter()
        .chain(grid(0.01, 1e5))
        .chain([1e-300, 1.0, 2.0, 1e300, -0.5, 0.0])
        .collect();
    let b = Builder::new(vec![
        Axis {
            name: "draw".into(),
            size: 1,
        },
        Axis {
            name: "row".into(),
            size: x.len(),
        },
    ]);
    let column = b.data(x.as_slice().into(), AxisSet::EMPTY.with(AxisId(1)));
    let ln_gamma = Expr::apply(Prim::LnGamma, &[column]).node(&b);
    let digamma = Expr::apply(Prim::Polygamma, &[Expr::Const(0.0), column]).node(&b);
    let trigamma = Expr::apply(Prim::Polygamma, &[Expr::Const(1.0), column]).node(&b);
    let program = b.finish(vec![ln_gamma, digamma, trigamma]);
    let mut kernels = Kernels::compile(&program).unwrap();
    kernels.run(&[], &[]);
    for (l, &x) in x.iter().enumerate() {
        for (got, want, absolute) in [
            (kernels.output(0)[l], Prim::LnGamma.eval(&[x]), 1e-15),
            (kernels.output(1)[l], Prim::Polygamma.eval(&[0.0, x]), 1e-14),
            (kernels.output(2)[l], Prim::Polygamma.eval(&[1.0, x]), 0.0),
        ] {
            let close = (got - want).abs() <= absolute + 4e-15 * want.abs()
                || got == want
                || (got.is_nan() && want.is_nan());
            assert!(close, "at {x}: {got} instead of {want}");
        }
    }
}

#[test]
fn long_chains_compile() {
    let b = Builder::new(vec![Axis {
        name: "draw".into(),
        size: 1,
    }]);
    let p = b.param(AxisSet::EMPTY).0;
    let chain = (0..100_000).fold(p, |x, _| Expr::apply(Prim::Tanh, &[x]));
    let chain = chain.node(&b);
    let mut kernels = Kernels::compile(&b.finish(vec![chain])).unwrap();
    kernels.run(&[0.5], &[]);
    assert!(kernels.output(0)[0] > 0.0);
}

#[test]
fn special_values() {
    assert_eq!(
        values(Prim::Exp, &[-800.0, 0.0, f64::INFINITY]),
        [0.0, 1.0, f64::INFINITY]
    );
    assert_eq!(
        values(Prim::Ln, &[0.0, 1.0, f64::INFINITY]),
        [f64::NEG_INFINITY, 0.0, f64::INFINITY]
    );
    assert!(
        values(Prim::Ln, &[-1.0, f64::NAN])
            .iter()
            .all(|x| x.is_nan())
    );
    assert!(values(Prim::Exp, &[f64::NAN, 1.0])[0].is_nan());
}
