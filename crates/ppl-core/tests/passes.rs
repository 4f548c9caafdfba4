//! Every pass keeps the outputs' axes and values.

mod common;

use common::models::{MODELS, build};
use common::*;
use ppl_core::interpret::evaluate;
use ppl_core::passes::{dead, fold, linear_fold, merge, optimise, square_fold, unroll};
use ppl_core::{AxisSet, Builder, Expr, Prim, Program, Real, gradient};

type Pass = fn(&Program) -> Program;

#[track_caller]
fn check_same(
    before: &Program,
    after: &Program,
    x: &[f64],
    noise: &[f64],
    tolerance: f64,
    what: &str,
) {
    assert_eq!(
        (before.n_params, before.n_noise),
        (after.n_params, after.n_noise),
        "{what}"
    );
    for (i, (a, b)) in before.outputs.iter().zip(&after.outputs).enumerate() {
        assert_eq!(
            before.node(*a).axes,
            after.node(*b).axes,
            "{what}, axes of output {i}"
        );
    }
    let want = evaluate(before, x, noise, &before.outputs);
    let got = evaluate(after, x, noise, &after.outputs);
    for (i, (want, got)) in want.iter().zip(&got).enumerate() {
        let size = want.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
        for (want, got) in want.iter().zip(got) {
            assert_close(
                got / size,
                want / size,
                tolerance,
                &format!("{what}, output {i}"),
            );
        }
    }
}

fn check_all(program: &Program, x: &[f64], noise: &[f64], what: &str) {
    let passes: [(&str, Pass); 6] = [
        ("dead", dead::dead),
        ("fold", fold::fold),
        ("square_fold", square_fold::square_fold),
        ("unroll", unroll::unroll),
        ("linear_fold", linear_fold::linear_fold),
        ("merge", merge::merge),
    ];
    for (name, pass) in passes {
        check_same(
            program,
            &pass(program),
            x,
            noise,
            1e-12,
            &format!("{what}: {name}"),
        );
    }
    let (optimised, reports) = optimise(program.clone());
    assert!(reports.iter().any(|r| r.pass == "unroll"));
    check_same(
        program,
        &optimised,
        x,
        noise,
        1e-12,
        &format!("{what}: optimise"),
    );
}

#[test]
fn models_keep_their_values_and_gradients() {
    for (name, body) in MODELS {
        let (program, x, noise) = build(body, 7);
        let parameters: usize = program.outputs[1..]
            .iter()
            .map(|o| program.len(program.node(*o).axes))
            .sum();
        assert_eq!(parameters, x.len() + noise.len(), "{name}");
        check_all(&program, &x, &noise, name);
    }
}

#[test]
fn random_programs_keep_their_values_and_gradients() {
    random_seeds(0..120);
}

#[test]
#[ignore = "long"]
fn many_random_programs_keep_their_values_and_gradients() {
    random_seeds(1000..6000);
}

#[test]
fn long_chains_are_optimised_in_linear_time() {
    let b = Builder::new(axes(70));
    let (x, _) = b.param(AxisSet::EMPTY);
    let e = (0..10_000).fold(x, |e, _| Expr::prim(Prim::Sin, &[e]) + x);
    let of = e.node(&b);
    let g = gradient(&b, of, &[x.node(&b)]);
    let start = std::time::Instant::now();
    let (program, _) = optimise(b.finish(vec![of, g[0]]));
    println!(
        "optimise {} nodes: {:?}",
        program.nodes.len(),
        start.elapsed()
    );
}

fn random_seeds(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let (program, of, wrt, x, noise) = random_program(seed, 70);
        let b = Builder::from_program(program);
        let mut outputs = vec![of];
        outputs.extend(gradient(&b, of, &wrt));
        check_all(&b.finish(outputs), &x, &noise, &format!("seed {seed}"));
    }
}

#[test]
fn sizes() {
    for (name, body) in MODELS {
        let (program, ..) = build(body, 7);
        let long = |p: &Program| p.nodes.iter().filter(|n| n.axes.contains(ROW)).count();
        let before = dead::dead(&program);
        let (after, _) = optimise(program);
        println!(
            "{name}: {} nodes, {} over rows -> {}, {}",
            before.nodes.len(),
            long(&before),
            after.nodes.len(),
            long(&after)
        );
        assert!(after.nodes.len() <= 4 * before.nodes.len() + 20, "{name}");
    }
}

/// Differentiating an optimised density gives the same gradient, and no more work over rows.
#[test]
fn optimised_densities_can_be_differentiated() {
    for (name, body) in MODELS {
        let (program, x, noise) = build(body, 7);
        let mut density = program.clone();
        density.outputs.truncate(1);
        let (density, _) = optimise(density);
        let leaves = [density.params(), density.noises()].concat();
        let kept = [program.params(), program.noises()].concat();
        assert_eq!(leaves.len(), kept.len(), "{name}");
        let of = density.outputs[0];
        let b = Builder::from_program(density);
        let g = gradient(&b, of, &leaves);
        let mut outputs = vec![of];
        // Outputs in the order in which the model wrote its leaves.
        let written = program
            .nodes
            .iter()
            .enumerate()
            .filter(|(i, _)| kept.iter().any(|k| k.0 as usize == *i));
        outputs
            .extend(written.map(|(i, _)| g[kept.iter().position(|k| k.0 as usize == i).unwrap()]));
        let (twice, _) = optimise(b.finish(outputs));
        check_same(&program, &twice, &x, &noise, 1e-12, name);
        let long = |p: &Program| p.nodes.iter().filter(|n| n.axes.contains(ROW)).count();
        println!(
            "{name}: {} over rows once, {} twice",
            long(&optimise(program).0),
            long(&twice)
        );
    }
}
