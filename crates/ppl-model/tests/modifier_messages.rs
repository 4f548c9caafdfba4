//! What is said about `.truncated(…)`, `.censored(…)` and choices between distributions that cannot be used.

mod common;

use common::{check, table};

#[test]
fn modifiers() {
    check(
        &[
            (
                "x ~ Normal(0, 1).truncated();",
                "E0106",
                "1:18",
                "says nothing",
                "lower = …",
            ),
            (
                "x ~ Normal(0, 1).truncated(0);",
                "E0106",
                "1:28",
                "must be named",
                "lower = …",
            ),
            (
                "x ~ Normal(0, 1).truncated(lowr = 0);",
                "E0106",
                "1:28",
                "no argument `lowr`",
                "lower = …",
            ),
            (
                "x ~ Normal(0, 1).truncated(lower = 3, upper = 1);",
                "E0118",
                "1:47",
                "nothing lies between",
                "lower = 1, upper = 3",
            ),
            (
                "x ~ Normal(0, 1).trunkated(lower = 3);",
                "E0102",
                "1:18",
                "no `.trunkated`",
                "`.truncated",
            ),
            (
                "x ~ Normal(0, 1).truncated(lower = 3).truncated(upper = 4);",
                "E0118",
                "1:39",
                "truncated twice",
                "both bounds in one",
            ),
            (
                "x: real(0, 1) ~ Flat().truncated(lower = 0);\nobserve x ~ Normal(0, 1);",
                "E0118",
                "1:24",
                "no total mass",
                "kind on the left",
            ),
            (
                "axis k = 3;\nx[k] ~ Dirichlet(1).truncated(lower = 0);",
                "E0118",
                "2:21",
                "several numbers",
                "one number",
            ),
            (
                "x ~ Bernoulli(0.5).truncated(lower = 0);",
                "E0118",
                "1:20",
                "not on a scale",
                "numbers",
            ),
            (
                "x ~ Normal(0, 1).censored(left = 1 > 2);",
                "E0118",
                "1:5",
                "only observations are censored",
                "observe",
            ),
            (
                "data y[row]: real;\nx ~ Normal(0, 1);\nobserve y ~ Normal(x, 1).censored(right = y > x);",
                "E0112",
                "3:43",
                "depends on a latent",
                "column",
            ),
            (
                "data y[row]: real;\nx ~ Normal(0, 1);\nobserve y ~ Normal(x, 1).censored(right = y);",
                "E0114",
                "3:43",
                "a condition is expected",
                "`bool` column",
            ),
            (
                "data y[row]: real;\nx ~ Normal(0, 1);\nobserve y ~ Normal(x, 1).censored(right = y > 2).truncated(lower = 0);",
                "E0118",
                "3:50",
                "cannot be truncated",
                "truncate first",
            ),
            (
                "x ~ Normal(0, 1);\nguide {\n  x ~ Normal(0, 1).truncated(lower = 0);\n}",
                "E0117",
                "3:20",
                "belongs into the model",
                "`.transformed()`",
            ),
            (
                "data c: bool;\nx ~ if c { Normal(0, 1).truncated(lower = 0) } else { Normal(0, 1) };",
                "E0118",
                "2:5",
                "truncated differently",
                "same literal bounds",
            ),
            (
                "data y[row]: real;\ndata t[row]: real;\nb ~ Normal(0, 1);\nobserve 0.5 ~ Normal(b, 1).truncated(lower = t);",
                "E0108",
                "4:46",
                "",
                "",
            ),
        ],
        None,
    );
}

#[test]
fn choices() {
    check(
        &[(
            "data y[row]: int;\np ~ Beta(1, 1);\nobserve y ~ if y > 0 { Poisson(2) } else { Normal(p, 1) };",
            "E0118",
            "3:24",
            "the two cannot be compared",
            "two discrete",
        )],
        None,
    );
}

/// Each branch is asked for its own cells, where the data tell which those are.
#[test]
fn cells_of_branches() {
    let data = table("y,g\n3,1\n-1,0\n");
    check(
        &[
            (
                "data y[row]: int;\ndata g[row]: bool;\nl ~ Gamma(1, 1);\nobserve y ~ if g { Poisson(l) } else { Geometric(0.5) };",
                "E0211",
                "data.csv:3:1",
                "Geometric draws",
                "mend",
            ),
            (
                "data y[row]: real;\ndata g[row]: bool;\nl ~ Gamma(1, 1);\nobserve y ~ if g { Exponential(l) } else { Normal(0, 1).truncated(lower = 0) };",
                "E0211",
                "data.csv:3:1",
                "below the lower bound 0",
                "mend",
            ),
        ],
        Some(&data),
    );
    let fine = "data y[row]: real;\ndata g[row]: bool;\nl ~ Gamma(1, 1);\nobserve y ~ if g { Exponential(l) } else { Normal(0, l) };";
    assert!(common::diagnostics(fine, Some(&data)).is_empty());
}

#[test]
fn missing_cells_without_a_distribution() {
    check(
        &[(
            "data y[row]: real?; data x[row]: real; b ~ Normal(0, 1); observe x ~ Normal(b * y, 1);",
            "E0126",
            "1:81",
            "nothing says how they are distributed",
            "observe y ~ Normal(mu_y, s_y);",
        )],
        None,
    );
}

/// Intervals are cells.
#[test]
fn intervals_as_flags() {
    let help = "a cell `[2, 5]` of a column of the kind `censored real`";
    let at = |text: &'static str, place, message| (text, "E0106", place, message, help);
    check(
        &[
            at(
                "data y[row]: real;\nobserve y ~ Normal(0, 1).censored(interval = y);",
                "2:35",
                "no argument `interval`",
            ),
            at(
                "data y[row]: real;\nobserve y ~ Normal(0, 1).censored(y > 3);",
                "2:35",
                "must be named",
            ),
        ],
        None,
    );
}
