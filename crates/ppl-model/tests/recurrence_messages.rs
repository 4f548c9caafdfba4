//! What is said about recurrences that cannot be used.

mod common;

use common::check;

#[test]
fn recurrences() {
    check(
        &[
            (
                "data y[row]: real; a ~ Normal(0, 1);\nfor t in row { let v[t] = a * v[t-1]; observe y[t] ~ Normal(v[t], 1); }",
                "E0123",
                "2:33",
                "is not there",
                "first(t)",
            ),
            (
                "data y[row]: real; a ~ Normal(0, 1);\nfor t in row { let v[t] = if first(t) { 1 } else { a * v[t] + v[t-1] }; }",
                "E0123",
                "2:56",
                "defined by itself",
                "v[t - 1]",
            ),
            (
                "data y[row]: real; a ~ Normal(0, 1);\nfor t in row { observe y[t] ~ Normal(if first(t) { w[t] } else { w[t-1] }, 1); let w[t] = a; }",
                "E0101",
                "2:52",
                "used before it is defined",
                "earlier element",
            ),
            (
                "data y[row]: real; a ~ Normal(0, 1);\nfor t in row skip 1 { let v[t] = a * v[t-1]; observe y[t] ~ Normal(v[t], 1); }",
                "E0113",
                "2:27",
                "skips elements",
                "first(t)",
            ),
            (
                "axis g; data g[row]: g; axis lag = 2; data y[row]: real; a ~ Normal(0, 1);\nfor t in row by g { let v[t] = if first(t) { 1 } else { a * sum(k in lag if k < t: v[t - k]) }; observe y[t] ~ Normal(v[t], 1); }",
                "E0123",
                "2:86",
                "is not there",
                "first(t, 2)",
            ),
        ],
        None,
    );
}
