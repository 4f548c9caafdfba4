//! The answer does not depend on units, on the order of rows or on that of statements.

use ppl_lang::{Fit, FitOptions};
use ppl_tests::fit;

fn wave(i: usize) -> f64 {
    ((i * 37 + 11) % 101) as f64 / 101.0 - 0.5
}

/// Unknowns in units of u and v; those of the data stay.
fn models(u: f64, v: f64) -> [String; 3] {
    [
        format!(
            "data x[row]: real; data y[row]: real;
a ~ Normal(0, {}); b ~ Normal(0, {}); s ~ HalfNormal({});
observe y ~ Normal(a / {u} + b / {v} * x, s / {u});",
            2.0 * u,
            3.0 * v,
            2.0 * u
        ),
        format!(
            "data x[row]: real; data o[row]: bool;
a ~ Normal(0, {u}); b ~ Normal(0, {v}); observe o ~ BernoulliLogit(a / {u} + b / {v} * x);",
        ),
        format!(
            "axis g; data n[row]: int; data g[row]: g;
m ~ Normal({u}, {u}); t ~ LogNormal(log(0.5 * {v}), 0.3); c[g] ~ Normal(m / {u} * {v}, t);
observe n ~ PoissonLog(c[g] / {v});"
        ),
    ]
}

fn data(order: impl Fn(usize) -> usize) -> String {
    let row = |i: usize| {
        let x = 2.0 * wave(i);
        let y = 1.0 + 0.7 * x + wave(3 * i + 1);
        let (n, o) = ((4.0 + 6.0 * wave(5 * i + 2)) as u32, u8::from(y > 1.0));
        format!("{x},{y},{n},{o},g{}\n", i % 4)
    };
    let rows: String = (0..48).map(|k| row(order(k))).collect();
    format!("x,y,n,o,g\n{rows}")
}

/// Bounds within four standard errors (and 0.01 nat of what is left to climb), one verdict.
fn same(a: &Fit, b: &Fit, what: &str) {
    let bounds = [a, b].map(|f| f.elbo.expect("a bound").headline());
    let error = bounds[0].se.hypot(bounds[1].se);
    let apart = (bounds[0].value - bounds[1].value).abs();
    assert!(apart < 4.0 * error + 0.01, "{what}: {bounds:?}");
    let [a, b] = [a, b].map(|f| &f.verdict);
    assert_eq!(a.word(), b.word(), "{what}: {a:?} {b:?}");
}

#[test]
fn units_do_not_matter() {
    let data = data(|i| i);
    let plain = models(1.0, 1.0).map(|m| fit(&m, &data, &FitOptions::default()));
    for (u, v) in [(1e3, 1e-3), (1e-3, 1e3)] {
        for (plain, model) in plain.iter().zip(models(u, v)) {
            let scaled = fit(&model, &data, &FitOptions::default());
            same(plain, &scaled, &model);
        }
    }
}

#[test]
fn the_order_of_rows_and_statements_does_not_matter() {
    let reversed = |i: usize| 47 - i;
    for model in models(1.0, 1.0) {
        let plain = fit(&model, &data(|i| i), &FitOptions::default());
        let rows = fit(&model, &data(reversed), &FitOptions::default());
        same(&plain, &rows, &model);
    }
    let [first, ..] = models(1.0, 1.0);
    let (head, rest) = first.split_once('\n').expect("two lines");
    let mut statements: Vec<&str> = rest.split(';').map(str::trim).collect();
    statements.retain(|s| !s.is_empty());
    let last = statements.pop().expect("an observation");
    statements.reverse();
    let turned = format!("{head}\n{}; {last};", statements.join("; "));
    let plain = fit(&first, &data(|i| i), &FitOptions::default());
    same(
        &plain,
        &fit(&turned, &data(|i| i), &FitOptions::default()),
        &turned,
    );
}
