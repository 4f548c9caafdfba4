//! What is said about the starts of params.

mod common;

use common::{check, diagnostics};

#[test]
fn glorot() {
    check(
        &[
            (
                "axis k = 3;\nparam w[k] = glorot();",
                "E0106",
                "2:14",
                "between two axes",
                "param w[…] = 0;",
            ),
            (
                "axis k = 3;\naxis j = 2;\nparam w[j, k] = glorot(2);",
                "E0106",
                "3:17",
                "takes no argument",
                "sizes of the axes",
            ),
            (
                "axis k = 3;\naxis j = 2;\nparam w[j, k]: positive = glorot();",
                "E0106",
                "3:27",
                "takes both signs",
                "leave the kind away",
            ),
            (
                "let w = 1 + glorot();",
                "E0103",
                "1:13",
                "the start of a param",
                "param W",
            ),
        ],
        None,
    );
    let text =
        "axis k = 3;\naxis j = 2;\nparam w[j, k] = glorot();\nx[j] ~ Normal(sum(w, over = k), 1);";
    let found = diagnostics(text, None);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn kinds() {
    check(
        &[
            (
                "param w: simplex = 1;\nfactor w;",
                "E0118",
                "1:7",
                "the kind of a vector",
                "`w[k]: simplex`",
            ),
            (
                "param w: int = 1;\nfactor w;",
                "E0111",
                "1:7",
                "a real number",
                "`positive`",
            ),
        ],
        None,
    );
}
