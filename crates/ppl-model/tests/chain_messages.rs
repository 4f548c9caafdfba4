//! What is said about chains: loops whose iterations read earlier elements.

mod common;

use common::check;

#[test]
fn chains() {
    check(
        &[
            (
                "h[row] ~ Normal(0, 1);\nfor t in row { factor h[t - 1]; }",
                "E0123",
                "2:25",
                "reads 1 before `t`",
                "skip 1",
            ),
            (
                "data y[row]: real;\nfor t in row skip 1 { observe y[t] ~ Normal(y[t - 2], 1); }",
                "E0123",
                "2:47",
                "reads 2 before `t`",
                "first(t, 2)",
            ),
            (
                "for t in row { h[t] ~ if first(t) { Normal(0, 1) } else { Normal(h[t], 1) }; }",
                "E0123",
                "1:66",
                "defined by itself",
                "h[t - 1]",
            ),
            (
                "axis c;\ndata g[row]: c;\na[c] ~ Normal(0, 1);\nfor i in c skip 1 { factor a[i - 1]; }",
                "E0123",
                "4:30",
                "have no order",
                "list them in order",
            ),
            (
                "data y[row]: real;\nfor t in row by y { observe y[t] ~ Normal(0, 1); }",
                "E0123",
                "2:17",
                "does not group",
                "column of labels",
            ),
            (
                "for t in row skip 1 { h[t] ~ Normal(0, 1); }",
                "E0113",
                "1:23",
                "skips elements",
                "first(t)",
            ),
            (
                "x ~ if 1 < 2 { Normal(0, 1) } else { Exponential(1) };\nfactor x;",
                "E0118",
                "1:5",
                "a site has one support",
                "",
            ),
        ],
        None,
    );
}
