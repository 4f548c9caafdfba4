//! What is said about `if` as a statement.

mod common;

use common::{check, diagnostics};

#[test]
fn wrong_uses() {
    check(
        &[
            (
                "data y[row]: real;\na ~ Normal(0, 1);\nif a > 0 { b ~ Normal(0, 1); }",
                "E0116",
                "3:12",
                "`b` would be drawn in one branch alone",
                "x ~ if c { D1 } else { D2 };",
            ),
            (
                "data y[row]: real;\na ~ Normal(0, 1);\nfor t in row { if y[t] > 0 { let d[t] = a * y[t]; } }",
                "E0116",
                "3:30",
                "`d` would be defined in one branch alone",
                "leave the bracket away",
            ),
            (
                "a ~ Normal(0, 1);\nif a > 0 { report b = a; }",
                "E0116",
                "2:12",
                "does not depend on conditions",
                "out of the `if`",
            ),
            (
                "data y[row]: real;\na ~ Normal(0, 1);\nif y > 0 { observe y ~ Normal(a, 1); }",
                "E0114",
                "3:4",
                "takes one condition, but this lies along `row`",
                "for i in row",
            ),
            (
                "data y[row]: real;\na ~ Normal(0, 1);\nif a { observe y ~ Normal(a, 1); }",
                "E0114",
                "3:4",
                "a condition is expected",
                "compare it",
            ),
            (
                "data y[row]: real;\na ~ Normal(0, 1);\nfor i in row { if y[i] > 0 { factor a; } }",
                "E0115",
                "3:30",
                "does not mention `i`",
                "index it",
            ),
            (
                "data y[row]: real?;\na ~ Normal(0, 1);\nfor i in row { if a > 0 { observe y[i] ~ Normal(a, 1); } }",
                "E0113",
                "3:35",
                "missing entries, within `if`",
                "choose between distributions",
            ),
            (
                "x ~ Normal(0, 1);\nguide { param m = 0; if 1 < 2 { x ~ Normal(m, 1); } }",
                "E0116",
                "2:25",
                "a guide has no `if` statement",
                "draw from it",
            ),
            (
                "data y[row]: real;\na ~ Normal(0, 1);\nif a > 0 { observe y ~ Normal(a, 1); }\nobserve y ~ Normal(a, 2);",
                "W0121",
                "4:9",
                "observed twice",
                "",
            ),
        ],
        None,
    );
}

/// Branches of one `if` exclude each other: no datum is counted twice.
#[test]
fn complementary_branches() {
    let text = "data y[row]: real;\na ~ Normal(0, 1);\nif a > 0 { observe y ~ Normal(a, 1); } else if a > -1 { observe y ~ Normal(0, 2); } else { observe y ~ Normal(1, 1); }";
    let found = diagnostics(text, None);
    assert!(found.is_empty(), "{found:?}");
}
