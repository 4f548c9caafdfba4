//! A call of an author's function is its body written out.

use ppl_tests::{bind, csv, estimate, spread};

#[track_caller]
fn assert_same_model(a: &str, b: &str, data: &str) {
    let (x, y) = (estimate(&bind(a, data)), estimate(&bind(b, data)));
    assert_eq!(x.len(), y.len());
    for (x, y) in x.iter().zip(&y) {
        assert!((x - y).abs() <= 1e-11 * (1.0 + x.abs()), "{a}\n{x} {y}");
    }
}

fn data() -> String {
    let g: Vec<f64> = (0..12).map(|i| (i * 7 % 3) as f64).collect();
    csv(&[("g", &g), ("x", &spread(12, 0.1)), ("y", &spread(12, 0.6))])
}

const HEAD: &str = "axis g; axis species = {hare, lynx}; axis k = 2; data g[row]: g; data x[row]: real; data y[row]: real;
    a ~ Normal(0, 1); m[g] ~ Normal(0, 1); n[species] ~ Normal(0, 1); W[species, k] ~ Normal(0, 1); Q[k, k] ~ Normal(0, 1);";

#[test]
fn calls_are_their_bodies() {
    let cases = [
        // A scalar function lifts over any axes, of data and of unknowns.
        (
            "fn f(u, v) = u * exp(-v);",
            "observe y ~ Normal(f(x, m[g]), f(1, 0.3));",
            "observe y ~ Normal(x * exp(-m[g]), exp(-0.3));",
        ),
        // Shared intermediate values; a call within a call.
        (
            "fn sq(u) = u * u;\nfn f(u) { let v = sq(u) + 1; let w = sq(v); w / v }",
            "observe y ~ Normal(f(f(x + a)), 1);",
            "observe y ~ Normal(((x + a)^2 + 1)^2 + 1, 1);",
        ),
        // A stated axis is the argument's own; others lift, so that the sum is over species for each k.
        (
            "fn f(v[species], s) = sum(v) * s + v[lynx];",
            "observe y ~ Normal(sum(f(W, a)), 1);",
            "observe y ~ Normal(sum(sum(W, over = species) * a + W[lynx]), 1);",
        ),
        // A vector with named levels brings its axis.
        (
            "fn lv(t, n[species], a) = [hare = a * n[lynx] + t, lynx = n[hare] * n[lynx]];",
            "let d[species] = lv(0.5, n, a); observe y ~ Normal(d[hare] + 2 * d[lynx], 1);",
            "observe y ~ Normal(a * n[lynx] + 0.5 + 2 * n[hare] * n[lynx], 1);",
        ),
        // In a loop, of a row at a time, with a sum over the same axis within.
        (
            "fn f(u, v[row]) = sum(i in row: v[i] * u) / size(row);",
            "for t in row { observe y[t] ~ Normal(a, exp(0.1 * a * x[t])); } factor f(a, x);",
            "for t in row { observe y[t] ~ Normal(a, exp(0.1 * a * x[t])); } factor a * sum(x) / size(row);",
        ),
        (
            "fn near(u, c) = sum(j in k: exp(-(u - c * j)^2));",
            "for t in row { observe y[t] ~ Normal(near(x[t], a), 1); }",
            "observe y ~ Normal(exp(-(x - a)^2) + exp(-(x - 2 * a)^2), 1);",
        ),
        // The argument may be the second axis of a matrix, a whole matrix, or an index.
        (
            "fn tr(M[k, k]) = sum(j in k: M[j, j]);",
            "factor tr(Q);",
            "factor Q[1, 1] + Q[2, 2];",
        ),
        (
            "fn pick(v[g], i) = 3 * v[i];",
            "observe y ~ Normal(pick(m, g), 1);",
            "observe y ~ Normal(3 * m[g], 1);",
        ),
        // Local vectors.
        (
            "fn f(u) { let v[species] = [u, 2 * u]; let w[s in species] = v[s] ^ 2; sum(w) }",
            "observe y ~ Normal(f(x), exp(f(a / 4)));",
            "observe y ~ Normal(5 * x^2, exp(5 * (a / 4)^2));",
        ),
        // Earlier elements of the site that is being drawn.
        (
            "fn next(h, rho) { let d = rho * h; d + d * h }",
            "for t in row { h[t] ~ if first(t) { Normal(0, 1) } else { Normal(next(h[t - 1], a), 1) }; } observe y ~ Normal(h, 1);",
            "for t in row { h[t] ~ if first(t) { Normal(0, 1) } else { Normal(a * h[t - 1] + a * h[t - 1]^2, 1) }; } observe y ~ Normal(h, 1);",
        ),
    ];
    for (function, with, without) in cases {
        assert_same_model(
            &format!("{HEAD}\n{function}\n{with}"),
            &format!("{HEAD}\n{without}"),
            &data(),
        );
        // Where the function stands in the file does not matter.
        assert_same_model(
            &format!("{HEAD}\n{with}\n{function}"),
            &format!("{HEAD}\n{without}"),
            &data(),
        );
    }
}

#[test]
fn matrices_are_read_both_ways() {
    let at = |i: usize, j: usize| format!("Q[{i}, {j}]");
    let cases = [
        // Transposed.
        (
            "let T[i in k, j in k] = Q[j, i]; factor a * T[1, 2] + 3 * T[2, 1] + T[1, 1] * T[2, 2]^2;",
            format!(
                "factor a * {} + 3 * {} + {} * {}^2;",
                at(2, 1),
                at(1, 2),
                at(1, 1),
                at(2, 2)
            ),
        ),
        // Q + Q', elementwise.
        (
            "let S[i in k, j in k] = Q[i, j] * (1 + exp(Q[j, i])); factor S[1, 2];",
            format!("factor {} * (1 + exp({}));", at(1, 2), at(2, 1)),
        ),
        // The diagonal, and sums of rows.
        (
            "let d[i in k] = Q[i, i] * 2; factor d[1] * d[2]^2;",
            format!("factor 2 * {} * (2 * {})^2;", at(1, 1), at(2, 2)),
        ),
        (
            "let A[i in k, j in k] = Q[i, j] * log_sum_exp(Q[j]); factor A[1, 2] + 5 * A[2, 1];",
            format!(
                "factor {0} * log(exp({1}) + exp({2})) + 5 * {1} * log(exp({3}) + exp({0}));",
                at(1, 2),
                at(2, 1),
                at(2, 2),
                at(1, 1)
            ),
        ),
        // A product of two square matrices, by its definition.
        (
            "let P[i in k, j in k] = sum(l in species: W[l, i] * W[l, j]); factor P[1, 2] * a;",
            "factor a * (W[hare, 1] * W[hare, 2] + W[lynx, 1] * W[lynx, 2]);".into(),
        ),
    ];
    for (short, long) in cases {
        let end = "observe y ~ Normal(a, 1);";
        assert_same_model(
            &format!("{HEAD}\n{short}\n{end}"),
            &format!("{HEAD}\n{long}\n{end}"),
            &data(),
        );
    }
}
