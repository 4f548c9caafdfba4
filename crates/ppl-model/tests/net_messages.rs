//! What is said about nets.

mod common;

use common::{check, diagnostics};

#[test]
fn nets() {
    check(
        &[
            (
                "net f = mlp(width = 3);",
                "E0106",
                "1:21",
                "`mlp` takes `hidden =`",
                "net f = mlp(hidden = [64]",
            ),
            (
                "net f = mlp();",
                "E0106",
                "1:9",
                "between 1 and 16 hidden layers",
                "net f",
            ),
            (
                "net f = cnn(hidden = [3]);",
                "E0106",
                "1:9",
                "`mlp(…)`",
                "net f",
            ),
            (
                "net f = mlp(hidden = [2.5]);",
                "E0107",
                "1:23",
                "a whole number",
                "hidden = [64]",
            ),
            (
                "net f = mlp(hidden = [2], activation = pow);",
                "E0103",
                "1:40",
                "`pow` is no function of one number",
                "`tanh`",
            ),
            (
                "net f = mlp(hidden = [2]);\nnet f = mlp(hidden = [3]);",
                "E0105",
                "2:5",
                "the net `f` is defined twice",
                "rename",
            ),
            (
                "let a = mlp(hidden = [2]);",
                "E0103",
                "1:9",
                "`mlp` makes a net",
                "net f = mlp",
            ),
            (
                "axis k = 2;\naxis j = 3;\ndata x[row, k]: real;\nnet f = mlp(hidden = [2]);\nlet h = f(x);",
                "E0106",
                "5:9",
                "has no axes here",
                "let h[row, hidden] = f(x);",
            ),
            (
                "data x[row]: real;\nnet f = mlp(hidden = [2]);\nlet h[row] = f(x);",
                "E0106",
                "3:14",
                "numbers that lie alike",
                "`feature` to `hidden`",
            ),
            (
                "axis k = 2;\naxis j = 3;\ndata x[row, k]: real;\nnet f = mlp(hidden = [2]);\nlet h[row] = f(x);\nlet g[row, j] = f(x);",
                "E0106",
                "6:17",
                "takes `k` to one number elsewhere, and `k` to `j` here",
                "a second net",
            ),
            (
                "axis k = 2;\ndata x[row, k]: real;\nnet f = mlp(hidden = [2]);\nlet h[row] = f(x, x);",
                "E0106",
                "4:14",
                "takes one argument",
                "`f(x)`",
            ),
        ],
        None,
    );
}

#[test]
fn net_is_still_a_name() {
    let found = diagnostics("net ~ Normal(0, 1);\nobserve 1 ~ Normal(net, 1);", None);
    assert!(found.is_empty(), "{found:#?}");
}
