//! Every pass keeps the outputs' axes and values.

mod common;

use common::models::{MODELS, build};
use common::*;
use ppl_core::interpret::evaluate;
use ppl_core::passes::{dead, fold, linear_fold, merge, optimise, unroll};
use ppl_core::{Builder, Program, gradient};

#[track_caller]
fn check_same(before: &Program, after: &Program, x: &[f64], noise: &[f64], tolerance: f64, what: &str) {
    assert_eq!((before.n_params, before.n_noise), (after.n_params, after.n_noise), "{what}");
    for (i, (a, b)) in before.outputs.iter().zip(&after.outputs).enumerate() {
        assert_eq!(before.node(*a).axes, after.node(*b).axes, "{what}, axes of output {i}");
    }
    let want = evaluate(before, x, noise, &before.outputs);
    let got = evaluate(after, x, noise, &after.outputs);
    for (i, (want, got)) in want.iter().zip(&got).enumerate() {
        let size = want.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
        for (want, got) in want.iter().zip(got) {
            assert_close(got / size, want / size, tolerance, &format!("{what}, output {i}"));
        }
    }
}

fn check_all(program: &Program, x: &[f64], noise: &[f64], what: &str) {
    let passes: [(&str, fn(&Program) -> Program); 5] = [
        ("dead", dead::dead),
        ("fold", fold::fold),
        ("unroll", unroll::unroll),
        ("linear_fold", linear_fold::linear_fold),
        ("merge", merge::merge),
    ];
    for (name, pass) in passes {
        check_same(program, &pass(program), x, noise, 1e-12, &format!("{what}: {name}"));
    }
    let (optimised, reports) = optimise(program.clone());
    assert!(reports.iter().any(|r| r.pass == "unroll"));
    check_same(program, &optimised, x, noise, 1e-12, &format!("{what}: optimise"));
}

#[test]
fn models_keep_their_values_and_gradients() {
    for (name, body) in MODELS {
        let (program, x, noise) = build(body, 7);
        let parameters: usize = program.outputs[1..].iter().map(|o| program.len(program.node(*o).axes)).sum();
        assert_eq!(parameters, x.len() + noise.len(), "{name}");
        check_all(&program, &x, &noise, name);
    }
}

#[test]
fn random_programs_keep_their_values_and_gradients() {
    for seed in 0..120 {
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
        println!("{name}: {} nodes, {} over rows -> {}, {}", before.nodes.len(), long(&before), after.nodes.len(), long(&after));
        assert!(after.nodes.len() <= 4 * before.nodes.len() + 20, "{name}");
    }
}

#[test]
#[ignore = "prints programs"]
fn show() {
    for (name, body) in MODELS {
        if ["hierarchical with draws", "mixture", "gaussian plate", "poisson", "random walk"].contains(&name) {
            let (program, ..) = build(body, 7);
            println!("== {name}\n{}", optimise(program).0);
        }
    }
}
