//! Gradients against central differences: every primitive, twice, and random programs.

mod common;

use common::*;
use ppl_core::interpret::evaluate;
use ppl_core::{AxisSet, Builder, Expr, Prim, Real, gradient};

/// Points at which each argument of a primitive is smooth.
fn points(prim: Prim) -> Vec<Vec<f64>> {
    use Prim::*;
    match prim {
        Ln | Sqrt | LnGamma => vec![vec![0.3], vec![1.0], vec![2.7], vec![41.5]],
        Log1p => vec![vec![-0.4], vec![0.2], vec![8.0]],
        Recip => vec![vec![-2.0], vec![0.4], vec![5.0]],
        InvPhi => vec![vec![0.1], vec![0.5], vec![0.83]],
        Pow => vec![
            vec![0.4, 2.3],
            vec![2.0, -1.5],
            vec![3.0, 2.0],
            vec![1.7, 0.5],
        ],
        Add | Mul | Max | Min | Less | LessEq | Equal => {
            vec![vec![0.3, -1.2], vec![-2.0, 1.5], vec![3.0, 2.0]]
        }
        Select => vec![vec![1.0, 0.4, 2.0], vec![-2.0, 0.7, 0.1]],
        Floor => vec![vec![0.4], vec![-1.6]],
        LnGammaLower(0) | LnGammaUpper(0) | LnGammaLowerSlope(0) | LnGammaUpperSlope(0) => vec![
            vec![0.4, 0.3],
            vec![2.5, 1.0],
            vec![2.5, 6.0],
            vec![40.0, 35.0],
        ],
        LnBetaLower(..) | LnBetaLowerSlope(..) => vec![
            vec![0.4, 0.7, 0.3],
            vec![2.5, 1.2, -3.0],
            vec![40.0, 35.0, 0.2],
        ],
        LnSkewPhi => vec![vec![-1.5, 2.0], vec![0.4, 1.5], vec![2.0, -0.7]],
        LnPolyaLower(..) => vec![vec![0.4, 0.7], vec![2.5, 30.0]],
        LnVonMisesArc(0) => vec![
            vec![-2.5, 0.3, 1.5],
            vec![0.4, 2.9, 6.0],
            vec![1.0, 5.5, 0.3],
            vec![-7.0, -5.0, 1.0],
        ],
        LnBesselI0e | BesselGap => vec![vec![0.3], vec![2.7], vec![41.5]],
        _ => vec![vec![-2.1], vec![-0.3], vec![0.4], vec![1.9], vec![3.3]],
    }
}

const PRIMS: [Prim; 38] = {
    use Prim::*;
    [
        Add,
        Mul,
        Recip,
        Exp,
        Ln,
        Log1p,
        Expm1,
        Sqrt,
        Pow,
        Tanh,
        InvLogit,
        Softplus,
        Sin,
        Cos,
        Atan,
        Abs,
        Sign,
        Floor,
        Max,
        Min,
        Less,
        LessEq,
        Equal,
        Select,
        LnGamma,
        Erf,
        Phi,
        LnPhi,
        InvPhi,
        Polygamma,
        LnGammaLower(0),
        LnGammaUpper(0),
        LnBetaLower(0, 0),
        LnSkewPhi,
        LnBesselI0e,
        BesselGap,
        LnVonMisesArc(0),
        LnPolyaLower(0, 0),
    ]
};

fn apply<'b>(prim: Prim, args: &[Expr<'b>]) -> Expr<'b> {
    match prim {
        Prim::Polygamma => Expr::prim(
            prim,
            &[Expr::Const(1.0), args[0] * args[0] + Expr::Const(0.5)],
        ),
        Prim::LnPolyaLower(..) => {
            let counts = Expr::Const(ppl_dist::special::below_of(4.0, 11.0));
            Expr::prim(prim, &[counts, args[0], args[1]])
        }
        _ => Expr::prim(prim, args),
    }
}

#[test]
fn every_primitive_once_and_twice() {
    for prim in PRIMS {
        for x in points(prim) {
            let b = Builder::new(axes(6));
            let args: Vec<Expr<'_>> = x.iter().map(|_| b.param(AxisSet::EMPTY).0).collect();
            let wrt: Vec<_> = args.iter().map(|a| a.node(&b)).collect();
            let of = apply(prim, &args).node(&b);
            let first = gradient(&b, of, &wrt);
            let second: Vec<_> = first.iter().map(|g| gradient(&b, *g, &wrt)).collect();
            let program = b.finish(vec![of]);
            check_gradient(
                &program,
                of,
                &first,
                &x,
                &[],
                2e-9,
                &format!("{prim:?} at {x:?}"),
            );
            for (g, row) in first.iter().zip(&second) {
                check_gradient(
                    &program,
                    *g,
                    row,
                    &x,
                    &[],
                    2e-8,
                    &format!("{prim:?} twice at {x:?}"),
                );
            }
        }
    }
}

#[test]
fn literal_powers() {
    for exponent in [0.0, 1.0, 2.0, 3.0, 4.0, -1.0, -2.0, 0.5, 2.5, 7.0] {
        let b = Builder::new(axes(6));
        let (e, _) = b.param(AxisSet::EMPTY);
        let of = (e.pow(Expr::Const(exponent)) + Expr::Const(2.0).pow(e) + Expr::Const(0.0) * e)
            .node(&b);
        let wrt = [e.node(&b)];
        let first = gradient(&b, of, &wrt);
        let second = gradient(&b, first[0], &wrt);
        let program = b.finish(vec![of]);
        check_gradient(&program, of, &first, &[1.3], &[], 1e-9, "power");
        check_gradient(
            &program,
            first[0],
            &second,
            &[1.3],
            &[],
            1e-9,
            "power twice",
        );
    }
    // No logarithm of zero anywhere.
    let b = Builder::new(axes(6));
    let (x, _) = b.param(AxisSet::EMPTY);
    let (n, _) = b.param(AxisSet::EMPTY);
    let of = x.pow(n).node(&b);
    let g = gradient(&b, of, &[x.node(&b), n.node(&b)]);
    let program = b.finish(vec![]);
    assert_eq!(
        evaluate(&program, &[0.0, 2.0], &[], &g),
        vec![vec![0.0], vec![0.0]]
    );
}

#[test]
fn the_branch_not_taken_gives_no_nan() {
    let b = Builder::new(axes(6));
    let (x, _) = b.param(AxisSet::of(&[K]));
    let safe = Expr::Const(0.0).less(x).select((x.ln() * x).sqrt(), x * x);
    let of = b.sum(safe, AxisSet::of(&[K])).node(&b);
    let g = gradient(&b, of, &[x.node(&b)]);
    let program = b.finish(vec![]);
    let got = &evaluate(&program, &[0.0, -1.0, 2.0], &[], &g)[0];
    assert_eq!(got[..2], [0.0, -2.0]);
    assert_close(
        got[2],
        (2f64.ln() + 1.0) / (2.0 * (2.0 * 2f64.ln()).sqrt()),
        1e-12,
        "taken branch",
    );
}

#[test]
fn random_programs() {
    for seed in 0..150 {
        let (program, of, wrt, x, noise) = random_program(seed, 6);
        let b = Builder::from_program(program);
        let g = gradient(&b, of, &wrt);
        let program = b.finish(vec![of]);
        check_gradient(&program, of, &g, &x, &noise, 1e-7, &format!("seed {seed}"));
    }
}

#[test]
fn random_hessian_vector_products() {
    for seed in 200..240 {
        let (program, of, wrt, x, noise) = random_program(seed, 5);
        let b = Builder::from_program(program);
        let g = gradient(&b, of, &wrt);
        let mut r = Random(seed);
        let along = g.iter().fold(Expr::Const(0.0), |s, id| {
            let e = b.handle(*id);
            let axes = b.axes_of(e);
            let n = axes.iter().map(|a| b.size(a)).product();
            s + b.sum(e * b.data(r.reals(n).into(), axes), axes)
        });
        let along = along.node(&b);
        let h = gradient(&b, along, &wrt);
        let program = b.finish(vec![of]);
        check_gradient(
            &program,
            along,
            &h,
            &x,
            &noise,
            1e-6,
            &format!("seed {seed}"),
        );
    }
}

#[test]
fn absent_parameters_have_zero_gradient_with_their_axes() {
    let b = Builder::new(axes(6));
    let (x, _) = b.param(AxisSet::of(&[K]));
    let (y, _) = b.param(AxisSet::EMPTY);
    let g = gradient(&b, (y * y).node(&b), &[x.node(&b), y.node(&b)]);
    assert_eq!(b.axes_of(b.handle(g[0])), AxisSet::of(&[K]));
    let program = b.finish(vec![]);
    assert_eq!(
        evaluate(&program, &[1.0, 2.0, 3.0, 4.0], &[], &g),
        vec![vec![0.0; 3], vec![8.0]]
    );
}

#[test]
fn long_chains_need_no_stack_and_little_time() {
    let b = Builder::new(axes(6));
    let (x, _) = b.param(AxisSet::EMPTY);
    let mut e = x;
    for _ in 0..100_000 {
        e = Expr::prim(Prim::Sin, &[e]) + Expr::Const(1e-3);
    }
    let of = e.node(&b);
    let start = std::time::Instant::now();
    let g = gradient(&b, of, &[x.node(&b)]);
    println!("gradient of 200,000 nodes: {:?}", start.elapsed());
    let program = b.finish(vec![of]);
    assert!(evaluate(&program, &[1.0], &[], &g)[0][0].is_finite());
}
