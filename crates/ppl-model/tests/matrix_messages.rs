//! What is said about functions on matrices and kernels.

mod common;

use common::check;

/// A line after the declarations of a square matrix and two vectors.
macro_rules! with {
    ($line:literal) => {
        concat!(
            "axis k = 3;\naxis j = 3;\ndata K[k, k]: real;\ndata v[k]: real;\ndata w[j]: real;\n",
            $line
        )
    };
}

#[test]
fn shapes_of_matrices() {
    let cases = [
        (
            with!("let L = cholesky(v);"),
            "E0109",
            "6:18",
            "takes a square matrix",
            "let A[k, k]",
        ),
        (
            with!("let d = log_det(1);"),
            "E0109",
            "6:17",
            "takes a square matrix",
            "let A[k, k]",
        ),
        (
            with!("let d = inverse(K, K);"),
            "E0106",
            "6:9",
            "takes one square matrix",
            "inverse(K)",
        ),
        (
            with!("let d = quad_form(K, w);"),
            "E0109",
            "6:22",
            "a vector along `k`",
            "give a value along `k`",
        ),
        (
            with!("let d = quad_form(K, K);"),
            "E0109",
            "6:22",
            "a vector along `k`",
            "transpose(B) @ A @ B",
        ),
        (
            with!("let d = solve_tri(K, w);"),
            "E0109",
            "6:22",
            "along `k`, the axis of its factor",
            "along `k`",
        ),
        (
            with!("let d = solve_tri(K);"),
            "E0106",
            "6:9",
            "two arguments",
            "solve_tri(L, b)",
        ),
        (
            with!("let d = outer(K, v);"),
            "E0109",
            "6:15",
            "two vectors",
            "a[i] * b[j]",
        ),
        (
            with!("let d = cholesk(K);"),
            "E0103",
            "6:9",
            "no function `cholesk`",
            "cholesky",
        ),
    ];
    check(&cases, None);
}

#[test]
fn arguments_of_kernels() {
    let cases = [
        (
            with!("let M = exp_quad(v, 1, 2);"),
            "E0106",
            "6:9",
            "its parameters by name",
            "exp_quad(x, scale = …, length = …)",
        ),
        (
            with!("let M = exp_quad(v, scale = 1);"),
            "E0106",
            "6:9",
            "needs its `length`",
            "exp_quad(x, scale = …, length = …)",
        ),
        (
            with!("let M = matern32(v, scale = 1, lenght = 1, length = 1);"),
            "E0106",
            "6:32",
            "no parameter `lenght`",
            "did you mean `length`?",
        ),
        (
            with!("let M = exp_quad(K, scale = 1, length = 1);"),
            "E0109",
            "6:18",
            "takes points",
            "data x[row]: real;",
        ),
        (
            with!("let M = exp_quad(v, scale = v, length = 1);"),
            "E0109",
            "6:29",
            "the same for all points",
            "scale the points",
        ),
        (
            with!("let M = exp_quad(v, v, scale = 1, length = 1);"),
            "E0109",
            "6:9",
            "along two axes",
            "for one set of points",
        ),
    ];
    check(&cases, None);
}

#[test]
fn vectors_beside_square_matrices() {
    check(
        &[
            (
                with!("let a = K * v;"),
                "E0109",
                "6:13",
                "along the rows of the square matrix or along its columns",
                "`diag(v) @ M` scales the rows",
            ),
            (
                with!("let a[k, k] = K + v;"),
                "E0109",
                "6:19",
                "both are `k`",
                "let a[i in k, j in k] = M[i, j] + v[i];",
            ),
            (
                with!("let a[k, k] = v;"),
                "E0109",
                "6:15",
                "along the rows of the left side",
                "[i in k, j in k]",
            ),
            (
                with!("x[k, k] ~ Normal(v, 1);\nfactor x[1, 1];"),
                "E0109",
                "6:18",
                "along the rows of the left side",
                "`…[i]` or `…[j]`",
            ),
            (
                with!("let a = sum(K, over = k);"),
                "E0106",
                "6:23",
                "ambiguous",
                "sum(i in k, j in k: m[i, j])",
            ),
            (
                with!("let a = sum(K);"),
                "E0106",
                "6:9",
                "over which axis",
                "sum(i in k, j in k: m[i, j])",
            ),
        ],
        None,
    );
}
