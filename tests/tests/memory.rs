//! What one more row takes: bytes of working memory for a value with its gradient, for each row or element of a chain and each draw,
//! as docs/src/speed.md says.

use ppl_infer::timing::LogDensity;
use ppl_tests::{bind, guided};

/// Bytes for each of `n` more rows and each draw, of which data are none.
fn bytes(model: &str, draws: usize, data: impl Fn(usize) -> String) -> f64 {
    let memory = |n: usize| {
        let bound = bind(model, &data(n));
        let density = LogDensity::new(&guided(&bound, "mean-field"), draws);
        density.expect("it compiles").memory() as f64
    };
    // Both beyond the caches, where blocks have more lanes, and cut into as many chunks as there ever are.
    let n = 400_000;
    (memory(2 * n) - memory(n)) / (n * draws) as f64
}

fn column(n: usize) -> String {
    let y = |i: usize| (i * 7_919 % 2_003) as f64 / 400.0 - 2.5;
    let rows: Vec<String> = (0..n).map(|i| format!("{:.3}", y(i))).collect();
    format!("y\n{}\n", rows.join("\n"))
}

fn check(name: &str, model: &str, most: f64, data: impl Fn(usize) -> String) {
    for draws in [1, 4] {
        let got = bytes(model, draws, &data);
        assert!(
            got <= most,
            "{name}, {draws} draws: {got} bytes a row and draw"
        );
    }
}

#[test]
fn rows_of_a_mixture_take_registers_alone() {
    let model = include_str!("../../crates/xtask/bench/gmm_marginal.ppl");
    check("mixture", model, 5.0, column);
}

#[test]
fn rows_in_groups_take_what_their_groups_do() {
    let model = include_str!("../../crates/xtask/bench/poisson_glmm.ppl");
    let data = |n: usize| {
        let row = |i: usize| format!("{},{:.2},{}", i / 20, (i % 97) as f64 / 50.0 - 1.0, i % 4);
        let rows: Vec<String> = (0..n).map(row).collect();
        format!("g,x,y\n{}\n", rows.join("\n"))
    };
    check("groups of 20", model, 5.0, data);
}

#[test]
fn times_of_volatilities_take_five_numbers() {
    let model = include_str!("../../crates/xtask/bench/stoch_vol.ppl");
    check("volatilities", model, 42.0, column);
}

#[test]
fn steps_of_a_hidden_chain_take_their_weights_and_marginals() {
    let model = include_str!("../../crates/xtask/bench/discrete_hmm.ppl");
    check("hidden chain", model, 60.0, column);
}
