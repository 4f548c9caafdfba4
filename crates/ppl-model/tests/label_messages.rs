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
