//! Look-ups under the variables of inner loops over the axis of an outer one: sums against loops written by hand.

use ppl_tests::{arrays, bind, bind_to, density_at, ln_normal};

const G: [usize; 4] = [0, 1, 0, 2];
const X: [f64; 4] = [1.0, 2.0, 4.0, 7.0];
const W: [f64; 3] = [0.1, 0.5, -0.6];
const B: [[f64; 3]; 3] = [[0.1, 0.5, -0.6], [1.1, 0.7, 0.2], [-0.3, 0.9, 2.0]];
const RANK: [[usize; 3]; 4] = [[1, 0, 2], [2, 1, 0], [0, 2, 1], [1, 2, 0]];

/// What the statements add, and what they should.
fn check(statements: &str, want: f64) {
    let model = format!(
        "axis grp = {{a, b, c}}; data g[row]: grp; data x[row]: real;
        m ~ Normal(0, 1);
        let w[grp] = m * [0.1, 0.5, -0.6];
        let B[grp, grp] = m * [[0.1, 0.5, -0.6], [1.1, 0.7, 0.2], [-0.3, 0.9, 2]];
        {statements}"
    );
    let line = |i: usize| format!("{},{}\n", ["a", "b", "c"][G[i]], X[i]);
    let data = "g,x\n".to_owned() + &(0..4).map(line).collect::<String>();
    let bound = bind(&model, &data);
    let found = density_at(&bound, &[("m", 1.0)]).0 - ln_normal(1.0, 0.0, 1.0);
    assert!(
        (found - want).abs() < 1e-10,
        "{statements}: {found}, not {want}"
    );
}

fn pairs(f: impl Fn(usize, usize) -> f64) -> f64 {
    (0..4)
        .flat_map(|i| (0..4).map(move |j| (i, j)))
        .map(|(i, j)| f(i, j))
        .sum()
}

#[test]
fn through_a_column_of_labels() {
    let w = |j: usize| W[G[j]];
    let from = |i: usize, j: usize, v: f64| if j >= i { v } else { 0.0 };
    check(
        "for i in row { factor sum(j in row if j >= i: w[g[j]]); }",
        pairs(|i, j| from(i, j, w(j))),
    );
    check(
        "for i in row { factor sum(j in row: x[i] * w[g[j]]); }",
        pairs(|i, j| X[i] * w(j)),
    );
    check(
        "for i in row { factor sum(j in row: w[g[i]] * x[j] * w[g[j]]); }",
        pairs(|i, j| w(i) * X[j] * w(j)),
    );
    let cox = (0..4).map(|i| {
        let risk: f64 = (0..4).filter(|&j| X[j] >= X[i]).map(|j| w(j).exp()).sum();
        w(i) - risk.ln()
    });
    check(
        "for i in row { factor w[g[i]] - log_sum_exp(j in row if x[j] >= x[i]: w[g[j]]); }",
        cox.sum(),
    );
    check(
        "let K[i in row, j in row] = w[g[j]] * x[i]; factor sum(i in row: sum(j in row: K[i, j] * i));",
        pairs(|i, j| w(j) * X[i] * (i + 1) as f64),
    );
    check(
        "let K[i in row, j in row] = w[g[i]] * w[g[j]] + x[j]; factor sum(i in row: sum(j in row: K[i, j] * i));",
        pairs(|i, j| (w(i) * w(j) + X[j]) * (i + 1) as f64),
    );
    check(
        "let v[row] = w[g]; for i in row { factor sum(j in row if j >= i: v[j]); }",
        pairs(|i, j| from(i, j, w(j))),
    );
}

#[test]
fn of_a_matrix_by_two_columns() {
    let b = |i: usize, j: usize| B[G[i]][G[j]];
    check(
        "let K[i in row, j in row] = B[g[i], g[j]] * (x[i] + 2 * x[j]); factor sum(i in row: sum(j in row: K[i, j] * i));",
        pairs(|i, j| b(i, j) * (X[i] + 2.0 * X[j]) * (i + 1) as f64),
    );
    check(
        "for i in row { factor sum(j in row if j >= i: B[g[i], g[j]] - 2 * B[g[j], g[i]] + 3 * B[g[j], g[j]]); }",
        pairs(|i, j| {
            let v = b(i, j) - 2.0 * b(j, i) + 3.0 * b(j, j);
            if j >= i { v } else { 0.0 }
        }),
    );
    check(
        "for i in row { factor sum(j in row: x[i] * B[g[j], a] + x[j] * B[b, g[i]]); }",
        pairs(|i, j| X[i] * B[G[j]][0] + X[j] * B[1][G[i]]),
    );
}

/// Places of one ranking, after each of them the items that are left (Plackett and Luce).
#[test]
fn of_a_matrix_of_labels() {
    let mut want = 0.0;
    for ranked in RANK {
        for p in 0..3 {
            let left: f64 = ranked[p..].iter().map(|k| W[*k].exp()).sum();
            want += W[ranked[p]] - left.ln();
        }
    }
    let model = "axis item = 3; axis place = 3; data rank[row, place]: item; m ~ Normal(0, 1);
        let w[item] = m * [0.1, 0.5, -0.6];
        for i in row { factor sum(p in place: w[rank[i, p]] - log_sum_exp(q in place if q >= p: w[rank[i, q]])); }";
    let labels: Vec<f64> = RANK.iter().flatten().map(|k| *k as f64 + 1.0).collect();
    let bound = bind_to(model, &arrays(&[("rank", &[4, 3], &labels)]));
    let found = density_at(&bound, &[("m", 1.0)]).0 - ln_normal(1.0, 0.0, 1.0);
    assert!((found - want).abs() < 1e-10, "{found}, not {want}");
}

#[test]
fn lags_of_an_inner_variable() {
    check(
        "for i in row { factor sum(j in row if j <= i: if first(j) { 0 } else { x[i] * x[j-1] }); }",
        pairs(|i, j| {
            if j > 0 && j <= i {
                X[i] * X[j - 1]
            } else {
                0.0
            }
        }),
    );
    check(
        "for i in row { factor sum(j in row if j <= i: if first(j) { 0 } else { x[i] * w[g[j-1]] }); }",
        pairs(|i, j| {
            if j > 0 && j <= i {
                X[i] * W[G[j - 1]]
            } else {
                0.0
            }
        }),
    );
}
