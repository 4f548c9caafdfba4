//! Microseconds for value and gradient of a few models, and nanoseconds for a normal draw: medians of repeated batches.

use ppl_core::{Axis, AxisId, AxisSet, Builder, Expr, Index, Numbers, Prim, Program};
use ppl_engine::Kernels;
use ppl_engine::random::{Address, fill_normal};
use std::sync::Arc;
use std::time::Instant;

fn main() {
    let verbose = std::env::args().any(|a| a == "--explain");
    for draws in [1, 10] {
        time(
            "eight_schools",
            draws,
            eight_schools(draws),
            verbose && draws == 1,
        );
        time(
            "hier_radon",
            draws,
            hier_radon(draws),
            verbose && draws == 1,
        );
        time("gmm", draws, gmm(draws), verbose && draws == 1);
    }
    primitives();
    let mut out = vec![0.0; 4096];
    let mut block = 0;
    let normal = median(|| {
        block += 1;
        fill_normal(
            &mut out,
            Address {
                seed: 1,
                purpose: 2,
                step: 3,
                block,
            },
        );
    });
    println!(
        "fill_normal: {:.2} ns a draw",
        normal * 1e9 / out.len() as f64
    );
}

/// Nanoseconds a lane of single primitives, with the sum that uses them up.
fn primitives() {
    use Prim::*;
    for prim in [
        Abs, Recip, Sqrt, Exp, Ln, Log1p, Expm1, Tanh, InvLogit, Softplus, LnGamma, Phi, Sin,
    ] {
        let n = 4096;
        let b = Builder::new(axes(&[("draw", 1), ("row", n)]));
        let x = b.data(column(n, |i| 0.5 + (i % 100) as f64 / 10.0), set(&[1]));
        let y = b.sum(apply(prim, x), set(&[1])).node(&b);
        let mut kernels = Kernels::compile(&b.finish(vec![y])).expect("the benchmark compiles");
        println!(
            "{prim:?}: {:.2} ns a lane",
            median(|| kernels.run(&[], &[])) * 1e9 / n as f64
        );
    }
    for order in [0.0, 1.0] {
        let n = 4096;
        let b = Builder::new(axes(&[("draw", 1), ("row", n)]));
        let x = b.data(column(n, |i| 0.5 + (i % 100) as f64 / 10.0), set(&[1]));
        let y = b
            .sum(Expr::apply(Polygamma, &[number(order), x]), set(&[1]))
            .node(&b);
        let mut kernels = Kernels::compile(&b.finish(vec![y])).expect("the benchmark compiles");
        println!(
            "Polygamma {order}: {:.2} ns a lane",
            median(|| kernels.run(&[], &[])) * 1e9 / n as f64
        );
    }
}

/// Seconds for one call: the median of 31 batches.
fn median(mut call: impl FnMut()) -> f64 {
    let once = |call: &mut dyn FnMut(), n: usize| {
        let start = Instant::now();
        (0..n).for_each(|_| call());
        start.elapsed().as_secs_f64()
    };
    let warm = once(&mut call, 20) / 20.0;
    let n = ((2e-3 / warm) as usize).clamp(1, 20_000);
    let mut times: Vec<f64> = (0..31).map(|_| once(&mut call, n) / n as f64).collect();
    times.sort_by(f64::total_cmp);
    times[15]
}

fn time(name: &str, draws: usize, program: Program, verbose: bool) {
    for (label, program) in [
        ("as written", program.clone()),
        ("optimised", ppl_core::passes::optimise(program).0),
    ] {
        let mut kernels = Kernels::compile(&program).expect("the benchmark compiles");
        let params = vec![0.1; program.n_params];
        let noise = column(program.n_noise, |i| {
            ((i * 7919) % 1000) as f64 / 500.0 - 1.0
        });
        let seconds = median(|| kernels.run(&params, &noise));
        println!("{name}, S={draws}, {label}: {:.3} us", seconds * 1e6);
        if verbose {
            println!("{}", kernels.explain());
        }
    }
}

fn column(n: usize, f: impl Fn(usize) -> f64) -> Numbers {
    (0..n).map(f).collect()
}

fn axes(sizes: &[(&str, usize)]) -> Vec<Axis> {
    sizes
        .iter()
        .map(|&(name, size)| Axis {
            name: name.into(),
            size,
        })
        .collect()
}

fn set(axes: &[u8]) -> AxisSet {
    axes.iter().fold(AxisSet::EMPTY, |s, &a| s.with(AxisId(a)))
}

fn apply<'b>(prim: Prim, x: Expr<'b>) -> Expr<'b> {
    Expr::apply(prim, &[x])
}

fn number<'b>(x: f64) -> Expr<'b> {
    Expr::Const(x)
}

/// A parameter with one value a draw: location plus noise, as a guide would have it.
fn drawn<'b>(b: &'b Builder, axes: AxisSet, draws: usize) -> Expr<'b> {
    let location = b.param(axes).0;
    if draws == 1 {
        location
    } else {
        location + number(0.1) * b.noise(axes.with(AxisId(0))).0
    }
}

/// ln N(x | m, s) up to a constant.
fn normal<'b>(x: Expr<'b>, m: Expr<'b>, s: Expr<'b>) -> Expr<'b> {
    let z = (x + -m) * apply(Prim::Recip, s);
    z * z * number(-0.5) + -apply(Prim::Ln, s)
}

fn eight_schools(draws: usize) -> Program {
    let b = Builder::new(axes(&[("draw", draws), ("school", 8)]));
    let (s, n) = (set(&[0]), set(&[1]));
    let y = b.data([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0].into(), n);
    let sigma = b.data([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0].into(), n);
    let (mu, ln_tau, z) = (
        drawn(&b, set(&[]), draws),
        drawn(&b, set(&[]), draws),
        drawn(&b, n, draws),
    );
    let tau = apply(Prim::Exp, ln_tau);
    let rows = normal(y, mu + tau * z, sigma) + normal(z, number(0.0), number(1.0));
    let cauchy = -apply(Prim::Log1p, tau * tau * number(1.0 / 25.0)) + ln_tau;
    let value = b.sum(
        b.sum(rows, n) + normal(mu, number(0.0), number(5.0)) + cauchy,
        s,
    );
    finish(&b, value, &[mu, ln_tau, z])
}

fn hier_radon(draws: usize) -> Program {
    let (groups, rows) = (400, 12_500);
    let b = Builder::new(axes(&[("draw", draws), ("county", groups), ("row", rows)]));
    let (s, g, n) = (set(&[0]), set(&[1]), set(&[2]));
    let values: Arc<[u32]> = (0..rows).map(|i| (i * groups / rows) as u32).collect();
    let county = b.index(Index {
        target: AxisId(1),
        axes: n,
        values,
    });
    let x = b.data(column(rows, |i| ((i * 31) % 7) as f64 / 3.5 - 1.0), n);
    let y = b.data(column(rows, |i| ((i * 97) % 113) as f64 / 50.0), n);
    let scalar = || drawn(&b, set(&[]), draws);
    let (mu_a, mu_b, ln_sa, ln_sb, ln_s) = (scalar(), scalar(), scalar(), scalar(), scalar());
    let (za, zb) = (drawn(&b, g, draws), drawn(&b, g, draws));
    let (sa, sb, scale) = (
        apply(Prim::Exp, ln_sa),
        apply(Prim::Exp, ln_sb),
        apply(Prim::Exp, ln_s),
    );
    let eta = b.gather(mu_a + sa * za, county) + b.gather(mu_b + sb * zb, county) * x;
    let zero = number(0.0);
    let one = number(1.0);
    let groups = b.sum(normal(za, zero, one) + normal(zb, zero, one), g);
    let scalars = normal(mu_a, zero, one) + normal(mu_b, zero, one) + normal(ln_sa, zero, one);
    let value = b.sum(
        b.sum(normal(y, eta, scale), n)
            + groups
            + scalars
            + normal(ln_sb, zero, one)
            + normal(ln_s, zero, one),
        s,
    );
    finish(&b, value, &[mu_a, mu_b, ln_sa, ln_sb, ln_s, za, zb])
}

fn gmm(draws: usize) -> Program {
    let rows = 5_000;
    let b = Builder::new(axes(&[("draw", draws), ("k", 3), ("row", rows)]));
    let (s, k, n) = (set(&[0]), set(&[1]), set(&[2]));
    let y = b.data(column(rows, |i| ((i * 97) % 113) as f64 / 20.0 - 2.0), n);
    let (weight, mu, ln_s) = (
        drawn(&b, k, draws),
        drawn(&b, k, draws),
        drawn(&b, k, draws),
    );
    let ln_weight = weight + -b.log_sum_exp(weight, k);
    let parts = ln_weight + normal(y, mu, apply(Prim::Exp, ln_s));
    let prior = normal(mu, number(0.0), number(5.0)) + normal(ln_s, number(0.0), number(1.0));
    let value = b.sum(b.sum(b.log_sum_exp(parts, k), n) + b.sum(prior, k), s);
    finish(&b, value, &[weight, mu, ln_s])
}

/// Value and gradient.
fn finish(b: &Builder, value: Expr<'_>, wrt: &[Expr<'_>]) -> Program {
    let value = value.node(b);
    let wrt: Vec<_> = wrt.iter().map(|e| e.node(b)).collect();
    let outputs = [vec![value], ppl_core::gradient(b, value, &wrt)].concat();
    let mut program = b.snapshot();
    program.outputs = outputs;
    program
}
