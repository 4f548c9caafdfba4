//! What is said about labels in comparisons, and about vectors that are written out.

mod common;

use common::check;

#[test]
fn order() {
    check(
        &[
            (
                "axis g;\ndata a[row]: g;\ndata b[row]: g;\nfactor sum(if a < b { 1 } else { 0 });",
                "E0123",
                "4:15",
                "the levels of `g` have no order",
                "axis g = {…};",
            ),
            (
                "axis g = {low, high};\ndata a[row]: g;\nfactor sum(if a >= hihg { 1 } else { 0 });",
                "E0110",
                "3:20",
                "`g` has no level `hihg`",
                "`high`",
            ),
            (
                "axis g = {low, high};\naxis h = {low, high};\ndata a[row]: g;\ndata b[row]: h;\nfactor sum(if a < b { 1 } else { 0 });",
                "E0114",
                "5:15",
                "a label of `g`, not a number",
                "",
            ),
            (
                "axis g = {low, high};\ndata a[row]: g;\nfactor sum(a + 1);",
                "E0114",
                "3:12",
                "a label of `g`, not a number",
                "declare the column as `real`",
            ),
        ],
        None,
    );
}

#[test]
fn vectors() {
    check(
        &[
            (
                "axis k = {a, b};\nlet c[k, k] = [[[1, 2], [3, 4]], [[1, 2], [3, 4]]];",
                "E0110",
                "2:15",
                "nested deeper",
                "",
            ),
            (
                "axis k = {a, b};\nm[k] ~ Normal(0, 1);\nlet c[k] = [m, 2];",
                "E0110",
                "3:13",
                "lies along `k` already",
                "look one element up",
            ),
            (
                "axis k = {a, b};\nlet c[k] = [a = 1, 2];",
                "E0106",
                "2:12",
                "either all values are named or none",
                "",
            ),
            (
                "axis k = {a, b};\nlet c[k] = [a = 1, c = 2];",
                "E0110",
                "2:12",
                "no axis has exactly these levels",
                "axis a = {a, c};",
            ),
            (
                "axis k = {a, b};\nlet c[k] = [1, 2, 3];",
                "E0110",
                "2:12",
                "3 values, but `k` has 2 levels",
                "",
            ),
            (
                "let c = [1, 2];",
                "E0110",
                "1:9",
                "lie along no axis",
                "let w[k]",
            ),
        ],
        None,
    );
}

#[test]
fn labels_and_loops() {
    check(
        &[
            (
                "axis c = {left, right};\nm[c] ~ Normal(0, 1);\nlet d = m[rigth];",
                "E0110",
                "3:11",
                "neither a level nor an index",
                "`right`",
            ),
            (
                "data g[row]: real;\naxis c = 2;\nm[c] ~ Normal(0, 1);\nlet d = m[g];",
                "E0110",
                "4:11",
                "not an index",
                "data g[row]: c;",
            ),
            (
                "axis c = {a, b};\ndata g[row]: c;\nlet d = g + 1;",
                "E0114",
                "3:9",
                "a label of `c`",
                "look values up",
            ),
            (
                "axis c = {a, a};",
                "E0105",
                "1:14",
                "listed twice",
                "delete it",
            ),
            (
                "axis c = 2;\nfor i in c { for j in c { } }",
                "E0115",
                "2:23",
                "inside a loop over",
                "",
            ),
            (
                "for i in rwo { }",
                "E0104",
                "1:10",
                "no axis `rwo`",
                "`row`",
            ),
            (
                "data y[row]: real;\nfor i in row { observe y[row] ~ Normal(0, 1); }",
                "E0110",
                "2:26",
                "`row` is an axis",
                "`y[i]`",
            ),
            (
                "axis c = 2;\naxis c = 3;",
                "E0105",
                "2:6",
                "declared twice",
                "delete",
            ),
        ],
        None,
    );
}
