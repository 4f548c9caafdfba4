//! Small models as programs whose outputs are a log density and its gradient.

use super::*;
use ppl_core::gradient;

/// Rows of the plates.
pub const ROWS: usize = 80;

type Body = for<'b> fn(&'b Builder, &mut Random) -> Expr<'b>;

/// Name and body of every model.
pub const MODELS: [(&str, Body); 12] = [
    ("gaussian plate", gaussian),
    ("hierarchical with draws", hierarchical),
    ("poisson", poisson),
    ("mixture", mixture),
    ("mixture with component index", indexed_mixture),
    ("logistic regression", logistic),
    ("small matvec", small_matvec),
    ("random walk", random_walk),
    ("square matrix", square_matrix),
    ("transitions between components", transitions),
    ("masked rows", masked),
    ("stacked elements", stacked),
];

/// The program of a model: outputs are the density and the gradient by every parameter, and by a noise if there is one.
pub fn build(body: Body, seed: u64) -> (Program, Vec<f64>, Vec<f64>) {
    let b = Builder::new(axes(ROWS));
    let mut r = Random(seed);
    let density = body(&b, &mut r).node(&b);
    let snapshot = b.snapshot();
    let leaf = |i: &usize| {
        matches!(
            snapshot.nodes[*i].op,
            ppl_core::Op::Param { .. } | ppl_core::Op::Noise { .. }
        )
    };
    let wrt: Vec<NodeId> = (0..snapshot.nodes.len())
        .filter(leaf)
        .map(|i| NodeId(i as u32))
        .collect();
    let mut outputs = vec![density];
    outputs.extend(gradient(&b, density, &wrt));
    let program = b.finish(outputs);
    let x = r.reals(program.n_params);
    let noise = r.reals(program.n_noise);
    (program, x, noise)
}

fn column<'b>(b: &'b Builder, r: &mut Random, over: &[AxisId]) -> Expr<'b> {
    let axes = AxisSet::of(over);
    let n = axes.iter().map(|a| b.size(a)).product();
    b.data(r.reals(n).into(), axes)
}

fn param<'b>(b: &'b Builder, over: &[AxisId]) -> Expr<'b> {
    b.param(AxisSet::of(over)).0
}

fn index(b: &Builder, r: &mut Random, target: AxisId, over: &[AxisId]) -> ppl_core::IndexId {
    let axes = AxisSet::of(over);
    let n: usize = axes.iter().map(|a| b.size(a)).product();
    let values: Vec<u32> = (0..n).map(|_| r.below(b.size(target)) as u32).collect();
    b.index(Index {
        target,
        axes,
        values: values.into(),
    })
}

fn normal<'b>(y: Expr<'b>, mean: Expr<'b>, deviation: Expr<'b>) -> Expr<'b> {
    let z = (y - mean) / deviation;
    Expr::Const(-0.5) * (z * z) - deviation.ln() - Expr::Const(0.918_938_533_204_672_7)
}

fn all(b: &Builder, e: Expr<'_>) -> AxisSet {
    b.axes_of(e)
}

fn total<'b>(b: &'b Builder, e: Expr<'b>) -> Expr<'b> {
    b.sum(e, all(b, e))
}

fn gaussian<'b>(b: &'b Builder, r: &mut Random) -> Expr<'b> {
    let y = column(b, r, &[ROW]);
    b.sum(
        normal(y, param(b, &[]), param(b, &[]).exp()),
        AxisSet::of(&[ROW]),
    )
}

fn hierarchical<'b>(b: &'b Builder, r: &mut Random) -> Expr<'b> {
    let (y, x) = (column(b, r, &[ROW]), column(b, r, &[ROW]));
    let g = index(b, r, GROUP, &[ROW]);
    let noise = b.noise(AxisSet::of(&[DRAW, GROUP])).0;
    let tau = param(b, &[]).exp();
    let effect = param(b, &[]) + tau * (param(b, &[GROUP]) + param(b, &[GROUP]).exp() * noise);
    let mean = b.gather(effect, g) + param(b, &[]) * x;
    let density = b.sum(normal(y, mean, param(b, &[]).exp()), AxisSet::of(&[ROW]));
    b.sum(density, AxisSet::of(&[DRAW])) * Expr::Const(0.5)
        + total(b, normal(noise, Expr::Const(0.0), Expr::Const(1.0)))
}

fn poisson<'b>(b: &'b Builder, r: &mut Random) -> Expr<'b> {
    let counts: Vec<f64> = (0..ROWS).map(|_| r.below(7) as f64).collect();
    let y = b.data(counts.into(), AxisSet::of(&[ROW]));
    let g = index(b, r, GROUP, &[ROW]);
    let x = column(b, r, &[ROW]);
    let eta = b.gather(param(b, &[GROUP]), g) + param(b, &[]) * x + param(b, &[]);
    total(b, y * eta - eta.exp() - (y + Expr::Const(1.0)).ln_gamma())
}

fn mixture<'b>(b: &'b Builder, r: &mut Random) -> Expr<'b> {
    let y = column(b, r, &[ROW]);
    let logits = param(b, &[K]);
    let weights = logits - b.log_sum_exp(logits, AxisSet::of(&[K]));
    let each = weights + normal(y, param(b, &[K]), param(b, &[K]).softplus());
    total(b, b.log_sum_exp(each, AxisSet::of(&[K])))
}

fn indexed_mixture<'b>(b: &'b Builder, r: &mut Random) -> Expr<'b> {
    let y = column(b, r, &[ROW]);
    let which = index(b, r, K, &[ROW]);
    let x = column(b, r, &[K, ROW]);
    let chosen = b.gather(x * param(b, &[K]).exp() + param(b, &[ROW]), which)
        + b.gather(param(b, &[K]), which);
    let previous = index(b, r, ROW, &[K, ROW]);
    let shifted = b.gather((x * param(b, &[K])).tanh(), previous);
    total(b, normal(y, chosen, Expr::Const(2.0))) + total(b, shifted * shifted)
}

fn logistic<'b>(b: &'b Builder, r: &mut Random) -> Expr<'b> {
    let x = column(b, r, &[GROUP, ROW]);
    let counts: Vec<f64> = (0..ROWS).map(|_| r.below(2) as f64).collect();
    let y = b.data(counts.into(), AxisSet::of(&[ROW]));
    let eta = param(b, &[]) + b.sum(x * param(b, &[GROUP]), AxisSet::of(&[GROUP]));
    total(b, y * eta - eta.softplus())
}

fn small_matvec<'b>(b: &'b Builder, r: &mut Random) -> Expr<'b> {
    let x = column(b, r, &[K, ROW]);
    let noise = b.noise(AxisSet::of(&[DRAW, K])).0;
    let coefficients = param(b, &[K]) + param(b, &[K]).exp() * noise;
    let eta = b.sum(x * coefficients, AxisSet::of(&[K]));
    total(b, normal(column(b, r, &[ROW]), eta, param(b, &[]).exp()))
}

fn random_walk<'b>(b: &'b Builder, r: &mut Random) -> Expr<'b> {
    let h = param(b, &[ROW]);
    let before: Vec<u32> = (0..ROWS).map(|i| i.saturating_sub(1) as u32).collect();
    let before = b.index(Index {
        target: ROW,
        axes: AxisSet::of(&[ROW]),
        values: before.into(),
    });
    let previous = b.gather(h, before);
    let second = b.gather(previous, before);
    let (phi, sigma) = (param(b, &[]).tanh(), param(b, &[]).exp());
    let y = column(b, r, &[ROW]);
    let steps = normal(h, phi * previous + Expr::Const(0.1) * second, sigma);
    total(b, steps) + total(b, normal(y, Expr::Const(0.0), (h * Expr::Const(0.5)).exp()))
}

fn square_matrix<'b>(b: &'b Builder, r: &mut Random) -> Expr<'b> {
    let m = param(b, &[GROUP, GROUP2]);
    let x = param(b, &[GROUP]);
    let weights = column(b, r, &[GROUP, GROUP2]);
    let product = b.sum(
        m * weights * b.rename(x, GROUP, GROUP2),
        AxisSet::of(&[GROUP2]),
    );
    let g = index(b, r, GROUP, &[ROW]);
    total(b, product * x) + total(b, b.gather(product.tanh(), g) * column(b, r, &[ROW]))
}

fn transitions<'b>(b: &'b Builder, r: &mut Random) -> Expr<'b> {
    let state = b.log_sum_exp(
        param(b, &[K, ROW]) + column(b, r, &[ROW]),
        AxisSet::of(&[K]),
    );
    let next = index(b, r, K, &[K]);
    let permuted = b.gather(param(b, &[K]), next) * param(b, &[K, ROW]);
    let peak = b.stop(b.max_over(permuted, AxisSet::of(&[K, ROW])));
    let into_k = index(b, r, K, &[ROW]);
    let counts = b.scatter(state.tanh(), into_k, AxisSet::of(&[K]));
    let spread = b.scatter(
        state.exp() * Expr::Const(0.01),
        into_k,
        AxisSet::of(&[K, ROW]),
    );
    total(b, state)
        + total(b, (permuted - peak).exp())
        + total(b, counts * counts)
        + total(b, (spread * permuted).tanh())
}

fn masked<'b>(b: &'b Builder, r: &mut Random) -> Expr<'b> {
    let (x, y) = (column(b, r, &[ROW]), column(b, r, &[ROW]));
    let slope = param(b, &[]);
    let positive = Expr::Const(0.0)
        .less(x)
        .select((slope.exp() * x).ln(), slope * y);
    let bounded = positive.min(Expr::Const(0.7)).max(y);
    total(b, bounded * param(b, &[ROW])) + total(b, x.abs() * slope)
}

fn stacked<'b>(b: &'b Builder, r: &mut Random) -> Expr<'b> {
    let free = param(b, &[GROUP]);
    let parts: Vec<Expr<'_>> = (0..3)
        .map(|i| b.at(free, GROUP, i).exp() + Expr::Const(i as f64))
        .collect();
    let simplex = b.stack(&parts, K);
    let simplex = simplex / b.sum(simplex, AxisSet::of(&[K]));
    let rows = column(b, r, &[K, ROW]);
    let at_row = b.at(param(b, &[ROW]), ROW, 17);
    total(b, b.sum(simplex * rows.exp(), AxisSet::of(&[K])).ln()) * at_row
        + b.at(simplex, K, 1).ln()
}
