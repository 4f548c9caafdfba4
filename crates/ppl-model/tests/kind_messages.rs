//! What is said about kinds of lets and of unknowns.

mod common;

use common::{check, diagnostics, table};

#[test]
fn of_the_text() {
    check(
        &[
            (
                "mu ~ Normal(0, 1);\nlet w: simplex = mu;",
                "E0118",
                "2:5",
                "the kind of a vector",
                "`w[k]: simplex`",
            ),
            (
                "b ~ Normal(0, 1);\nlet up = if b > 0 { 3 / b } else { inf };\nc: real(0, up) ~ Normal(0, 2);\nobserve 1 ~ Normal(b * c, 1);",
                "E0107",
                "3:1",
                "infinite for some values of the unknowns",
                "`factor if x < 3 / b { 0 } else { -inf };`",
            ),
            (
                "axis k = 2;\naxis j = 2;\nx[k, j] ~ Normal(0, 1);\nlet L[k, j]: cov = x;",
                "E0118",
                "4:5",
                "a square matrix",
                "`L[k, k]: cov`",
            ),
            (
                "axis k = 2;\ndata w: simplex;\nb ~ Normal(0, 1);\nobserve w ~ Normal(b, 1);",
                "E0118",
                "2:9",
                "the kind of a vector",
                "",
            ),
            (
                "axis g = {a, b};\ndata x[row]: real;\nlet z[row]: g = x;",
                "E0114",
                "3:17",
                "a level of `g`",
                "an index column",
            ),
            (
                "axis g = {a, b};\ndata x[row]: g;\nlet z[row]: positive = x;",
                "E0114",
                "3:24",
                "declared as `positive`",
                "`: g`",
            ),
            (
                "axis k = 3;\nx[k]: sum_to_zero ~ StudentT(3, 0, 1);",
                "E0118",
                "2:1",
                "does not go with StudentT",
                "`Normal(m, s)` with one `s`",
            ),
            (
                "axis k = 3;\nx[k]: sum_to_zero ~ Normal(0, [1, 2, 3]);",
                "E0118",
                "2:1",
                "does not go with Normal",
                "one standard deviation",
            ),
            (
                "axis k = 3;\nfor i in k { x[i]: sum_to_zero ~ Normal(0, 1); }",
                "E0118",
                "2:14",
                "does not go with Normal",
                "outside of the loop",
            ),
            (
                "x: sum_to_zero ~ Normal(0, 1);",
                "E0118",
                "1:1",
                "the kind of a vector",
                "`w[k]: sum_to_zero`",
            ),
            (
                "axis k = 2;\nC[k, k]: corr ~ Wishart(3, scale_tril = [[1, 0], [0, 1]]);",
                "E0118",
                "2:1",
                "does not go with Wishart",
                "LkjCorr",
            ),
            (
                "axis k = 2;\ns ~ HalfNormal(1);\nx[k]: ordered ~ Normal([0, 3], s);\nfactor sum(x);",
                "E0118",
                "3:1",
                "does not go with Normal",
                "data alone determine",
            ),
            (
                "axis k = 2;\nx[k]: positive_ordered ~ Normal(0, 1).truncated(upper = 3);",
                "E0113",
                "2:1",
                "rdered` vector with truncated components",
                "`positive_ordered`",
            ),
            (
                "axis k = 2;\nlet hi[k] = [1, 2];\nx[k]: ordered ~ Uniform(0, hi);",
                "E0118",
                "3:1",
                "does not go with Uniform",
                "the same ends",
            ),
            (
                "axis k = 2;\nx[k]: positive_ordered ~ Uniform(-1, 1);",
                "E0118",
                "2:1",
                "does not go with Uniform",
                "positive half-line",
            ),
            (
                "mu ~ Normal(0, 1);\nguide {\n  param m = 0;\n  let s: positive = exp(m);\n  mu ~ Normal(m, s);\n}",
                "E0117",
                "4:10",
                "a `let` of a guide has no kind",
                "leave it away",
            ),
        ],
        None,
    );
}

#[test]
fn of_the_data() {
    let data = table("x,n\n1,2\n2,1\n-3,5\n");
    for (text, phrase) in [
        (
            "data x[row]: real;\nlet z[row]: positive = x;",
            "`z[3]` (data.csv:4) is declared to be positive, but it is -3",
        ),
        (
            "data x[row]: real;\nlet z[row]: unit = x / 2;",
            "`z[3]` (data.csv:4) is declared to be at least 0, but it is -1.5",
        ),
        (
            "data x[row]: real;\nlet z[row]: int = x / 2;",
            "`z[1]` (data.csv:2) is declared to be a whole number, but it is 0.5",
        ),
        (
            "data x[row]: real;\nlet z[row]: bool = x;",
            "`z[2]` (data.csv:3) is declared to be 0 or 1, but it is 2",
        ),
        (
            "data x[row]: real;\nlet z[row]: ordered = x;",
            "`z` is declared to be increasing, but 2 is followed by -3",
        ),
        (
            "axis k = 2;\ndata x[row]: real;\nlet z[row, k]: simplex = [x, 1 - x];",
            "`z[2]` (data.csv:3) is declared to be a simplex, but an element is -1",
        ),
        (
            "axis k = 2;\nlet M[k, k]: corr = [[1, 2], [2, 1]];",
            "`M` is declared to be positive definite, and it is not",
        ),
        (
            "axis k = 2;\nlet M[k, k]: cov = [[1, 2], [0, 1]];",
            "`M` is declared to be symmetric, but 0 stands across 2",
        ),
        (
            "axis k = 2;\nlet M[k, k]: corr_cholesky = [[1, 0], [0.5, 0.5]];",
            "rows have the length 1, but one is 0.5",
        ),
        (
            "axis k = 2;\nlet M[k, k]: cov_cholesky = [[1, 0.5], [0.5, 0.5]];",
            "above its diagonal stands 0.5",
        ),
        (
            "axis k = 2;\nlet v[k]: sum_to_zero = [1, 2];",
            "sums to 0, but its elements sum to 3",
        ),
        ("data n[row]: real;\ndata x[row]: real(0, n);", ""),
    ] {
        let found = diagnostics(text, Some(&data));
        let one = found.iter().find(|d| d.code == "E0209");
        let one = one.unwrap_or_else(|| panic!("{text}\n{found:#?}"));
        assert!(one.message.contains(phrase), "{text}\n{}", one.message);
        assert!(one.help.is_some());
    }
}

#[test]
fn what_holds_is_not_mentioned() {
    let data = table("x\n0.25\n0.5\n1\n");
    for text in [
        "data x[row]: real;\nlet z[row]: positive = x;",
        "data x[row]: real;\nlet z[row]: unit = x;",
        "data x[row]: real;\nlet z[row]: ordered = x;",
        "axis k = 2;\ndata x[row]: real;\nlet z[row, k]: simplex = [x, 1 - x];",
        "axis k = 2;\nlet M[k, k]: corr_cholesky = [[1, 0], [0.6, 0.8]];",
        "axis k = 2;\nlet M[k, k]: corr = [[1, 0.5], [0.5, 1]];",
        "axis k = 3;\nlet v[k]: sum_to_zero = [0.1, 0.2, -0.3];",
        "axis x;\ndata x[row]: x;\nlet z[row]: x = x;",
    ] {
        let found = diagnostics(text, Some(&data));
        assert!(found.iter().all(|d| !d.is_error()), "{text}\n{found:#?}");
    }
}

#[test]
fn bounds_may_be_data() {
    let mut data = table("x\n0.25\n0.5\n1\n");
    let text = "data n: real;\ndata x[row]: real(0, n);";
    data.scalars.insert("n".into(), 1.0);
    assert!(diagnostics(text, Some(&data)).is_empty());
    data.scalars.insert("n".into(), 0.75);
    let found = diagnostics(text, Some(&data));
    assert!(
        found[0]
            .message
            .contains("`x[3]` (data.csv:4) is declared to be at most 0.75, but it is 1"),
        "{found:#?}"
    );
}

#[test]
fn whole_numbers_cut_off() {
    check(
        &[
            (
                "b: int(0, 0) ~ Bernoulli(0.3);\nfactor b;",
                "E0118",
                "1:1",
                "does not narrow Bernoulli",
                "leave the bounds away",
            ),
            (
                "n: int(0, 3) ~ Poisson(2).truncated(upper = 5);\nfactor n;",
                "E0118",
                "1:1",
                "does not narrow Poisson",
                ".truncated(lower = …, upper = …)",
            ),
            (
                "n: int(4, 3) ~ Poisson(2);\nfactor n;",
                "E0111",
                "1:4",
                "no number is a",
                "int(3, 4)",
            ),
        ],
        None,
    );
}
