//! Sums over draws of products with a direction: the parts against the whole.

mod common;

use common::{GROUP, ROW, Random, axes};
use ppl_core::interpret::evaluate;
use ppl_core::passes::{linear_in::linear_in, optimise, stage::stage};
use ppl_core::{AxisSet, Builder, DRAW, Expr, Index, Op, Program, Real, gradient};

/// Rows of the data.
const ROWS: usize = 40;

/// Points of a batch.
const POINTS: usize = 6;

/// The products of the Hessian of a log density with a direction, at each of some points; offset of the directions.
fn products(density: impl for<'b> Fn(&'b Builder, [Expr<'b>; 3]) -> Expr<'b>) -> (Program, usize) {
    let mut all = axes(ROWS);
    all[0].size = POINTS;
    let b = Builder::new(all);
    let draw = AxisSet::EMPTY.with(DRAW);
    let sets = [draw, draw, draw.with(GROUP)];
    let blocks = sets.map(|set| b.noise(set).0);
    let whole = density(&b, blocks).node(&b);
    let ids = blocks.map(|e| e.node(&b));
    let first: Vec<_> = gradient(&b, whole, &ids);
    let mut from = usize::MAX;
    let mut along = Expr::Const(0.0);
    for (g, set) in first.iter().zip(sets) {
        let (v, offset) = b.noise(set.without(DRAW));
        from = from.min(offset);
        along = along + b.sum(b.literal_or_node(*g) * v, set);
    }
    let second = gradient(&b, along.node(&b), &ids).into_iter().zip(sets);
    let second = second.map(|(h, set)| b.broadcast(b.literal_or_node(h), set).node(&b));
    let second: Vec<_> = second.collect();
    (optimise(b.finish(second)).0, from)
}

/// The products summed over points, once by the pass and in two stages, and once afterwards; what is left for each direction.
fn check(density: impl for<'b> Fn(&'b Builder, [Expr<'b>; 3]) -> Expr<'b>) -> Program {
    let (program, from) = products(density);
    let is_direction = |offset: usize| offset >= from;
    let summed = optimise(linear_in(&program, DRAW, is_direction)).0;
    let parts = stage(&summed, is_direction);
    assert!(!parts.kept.is_empty(), "{summed}");
    let mut random = Random(5);
    let noise = random.reals(program.n_noise);
    let before: Vec<Vec<f64>> = evaluate(&program, &[], &noise, &program.outputs);
    let kept = evaluate(&parts.once, &[], &noise, &parts.once.outputs);
    let mut with = noise.clone();
    with.resize(parts.each.n_noise, f64::NAN);
    for ((offset, len), values) in parts.kept.iter().zip(&kept) {
        with[*offset..offset + len].copy_from_slice(values);
    }
    let after = evaluate(&parts.each, &[], &with, &parts.each.outputs);
    agree(&before, &after);
    parts.each
}

/// What was found for each draw adds up to what was found for all.
fn agree(before: &[Vec<f64>], after: &[Vec<f64>]) {
    for (before, after) in before.iter().zip(after) {
        // The draw is the slowest axis.
        for (k, v) in after.iter().enumerate() {
            let sum: f64 = before.chunks(after.len()).map(|row| row[k]).sum();
            let size: f64 = before.iter().fold(1.0, |m, v| m.max(v.abs()));
            assert!((v - sum).abs() < 1e-12 * size, "{v} and {sum}");
        }
    }
}

fn data(b: &Builder, seed: u64) -> Expr<'_> {
    b.data(Random(seed).reals(ROWS).into(), AxisSet::of(&[ROW]))
}

fn by_group(b: &Builder) -> ppl_core::IndexId {
    b.index(Index {
        target: GROUP,
        axes: AxisSet::of(&[ROW]),
        values: (0..ROWS as u32).map(|n| n % 5).collect(),
    })
}

fn without_draws(program: &Program) -> bool {
    !program.nodes.iter().any(|n| n.axes.contains(DRAW))
}

fn has_rows_of_draws(program: &Program) -> bool {
    let set = AxisSet::of(&[DRAW, ROW]);
    let node = |n: &ppl_core::Node| n.axes.contains_all(set) && !matches!(n.op, Op::Noise { .. });
    program.nodes.iter().any(node)
}

#[test]
fn a_regression_is_left_without_draws() {
    let each = check(|b, [a, c, _]| {
        let eta = a + c * data(b, 1);
        b.sum(-(eta.exp()) + eta * data(b, 2), AxisSet::of(&[ROW])) - a * a - c * c
    });
    assert!(without_draws(&each), "{each}");
}

#[test]
fn groups_with_a_latent_scale_are_left_without_rows_of_draws() {
    let each = check(|b, [mu, log_scale, z]| {
        let u = b.gather(mu + log_scale.exp() * z, by_group(b));
        let eta = u + data(b, 3);
        let prior = b.sum(z * z, AxisSet::of(&[GROUP]));
        b.sum(-(eta.exp()), AxisSet::of(&[ROW])) - mu * mu - prior
    });
    assert!(!has_rows_of_draws(&each), "{each}");
}

#[test]
fn groups_in_units_of_a_latent_scale_are_left_without_rows_of_draws() {
    // The slope along the scale adds up the groups' slopes, each with the group's own number as its weight.
    let each = check(|b, [log_noise, log_scale, z]| {
        let r = data(b, 3) - log_scale.exp() * b.gather(z, by_group(b));
        let prior = b.sum(z * z, AxisSet::of(&[GROUP]));
        -(log_noise.exp()) * b.sum(r * r, AxisSet::of(&[ROW])) - prior - log_noise * log_noise
    });
    assert!(!has_rows_of_draws(&each), "{each}");
}

#[test]
fn what_is_no_sum_of_products_is_summed_as_it_stands() {
    // Each row meets the mean of all: products of sums over rows.
    check(|b, [a, c, z]| {
        let eta = a * data(b, 4) + c + b.gather(z, by_group(b));
        let mean = b.sum(eta.exp(), AxisSet::of(&[ROW]));
        let r = eta * mean.ln();
        -b.sum(r * r, AxisSet::of(&[ROW])) - a * a
    });
}

/// A function of a function of a function ...: as deep as a program of many sites that each read the one before.
#[test]
fn deep_programs_are_followed_only_so_far() {
    let (program, from) = products(|b, [x, y, _]| {
        let deep = (0..3_000).fold(x, |e, _| (e * Expr::Const(0.5) + y).tanh());
        deep * b.sum(data(b, 3), AxisSet::of(&[ROW]))
    });
    let summed = linear_in(&program, DRAW, |offset| offset >= from);
    let noise = Random(5).reals(program.n_noise);
    let before = evaluate(&program, &[], &noise, &program.outputs);
    let after = evaluate(&summed, &[], &noise, &summed.outputs);
    agree(&before, &after);
}
