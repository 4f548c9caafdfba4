//! What is said about functions on matrices and kernels.

mod common;

use common::{check, diagnostics, table};

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

/// A line after the declarations of what a multivariate normal may have as its matrix.
macro_rules! normal {
    ($line:literal) => {
        concat!(
            "axis k = 2;\ndata y[k]: real;\ns[k] ~ HalfNormal(1);\nL[k, k] ~ LkjCholesky(2);\nR[k, k] ~ LkjCorr(2);\n",
            $line
        )
    };
}

#[test]
fn factors_and_covariances_in_the_place_of_each_other() {
    let factor = "neither triangular nor symmetric";
    let cases = [
        (
            normal!("observe y ~ MultiNormal(0, scale_tril = R);"),
            "E0107",
            "6:41",
            "this is symmetric",
            "`cov = …`",
        ),
        (
            normal!("observe y ~ MultiNormal(0, scale_tril = diag(s) @ R);"),
            "E0107",
            "6:41",
            factor,
            "LkjCholesky",
        ),
        (
            normal!("observe y ~ MultiNormal(0, scale_tril = transpose(L));"),
            "E0107",
            "6:41",
            "upper triangular",
            "leave `transpose` away",
        ),
        (
            normal!("observe y ~ MultiNormal(0, cov = diag(s) @ L);"),
            "E0107",
            "6:34",
            "this is lower triangular",
            "`scale_tril = …`",
        ),
        (
            normal!("let A[k, k] = diag(s) @ L;\nobserve y ~ MultiNormal(0, precision = A);"),
            "E0107",
            "7:40",
            "lower triangular",
            "`scale_tril = …`",
        ),
        (
            normal!("observe y ~ MultiNormal(0, cov = diag(s) @ R);"),
            "E0107",
            "6:34",
            factor,
            "diag(s) @ R @ diag(s)",
        ),
        (
            normal!("observe y ~ MultiNormal(0, cov = [[1, 0], [s[1], 1]]);"),
            "E0107",
            "6:34",
            "lower triangular",
            "`scale_tril",
        ),
        (
            normal!("observe y ~ MultiNormal(0, scale_tril = cholesky(L));"),
            "E0107",
            "6:50",
            "matrix of `cholesky`",
            "L @ transpose(L)",
        ),
        (
            normal!("let c = sum(solve_tri(R, y));\nobserve y ~ MultiNormal(c, cov = R);"),
            "E0107",
            "6:23",
            "factor of `solve_tri`",
            "cholesky",
        ),
        (
            normal!(
                "let U = transpose(L);\nlet c = sum(solve_tri(U, y));\nobserve y ~ MultiNormal(c, cov = R);"
            ),
            "E0107",
            "7:23",
            "upper triangular",
            "solve_tri(transpose(L), b)",
        ),
        (
            normal!("V[k, k] ~ Wishart(4, scale = L);\nobserve y ~ MultiNormal(0, cov = V);"),
            "E0107",
            "6:30",
            "lower triangular",
            "`scale_tril",
        ),
    ];
    check(&cases, None);
}

#[test]
fn what_is_a_factor_or_a_covariance_is_taken() {
    for line in [
        "scale_tril = L",
        "scale_tril = diag(s) @ L",
        "scale_tril = 2 * L",
        "scale_tril = cholesky(diag(s) @ R @ diag(s))",
        "scale_tril = diag(s)",
        "cov = R",
        "cov = diag(s)",
        "cov = diag(s) @ R @ diag(s)",
        "cov = diag(s) @ (R @ diag(s))",
        "cov = 3 * R",
        "cov = R + diag(s)",
        "cov = outer(s, s) * R",
        "cov = outer(s, s) + diag(s)",
        "cov = L @ transpose(L)",
        "precision = inverse(R)",
        "cov = A @ transpose(A)",
        "cov = diag(s) @ L @ transpose(L) @ diag(s)",
        "scale_tril = [[1, 0], [s[1], 1]]",
        "cov = [[1, s[1]], [s[1], 2]]",
        "cov = [[1, s[1]], [s[2], 2]]",
        "scale_tril = diag(s) @ L @ diag(s)",
        "cov = R * R",
        "scale_tril = L + diag(s)",
        "cov = R + 1",
    ] {
        let text = format!(
            "axis k = 2;\ndata y[k]: real;\ns[k] ~ HalfNormal(1);\nL[k, k] ~ LkjCholesky(2);\nR[k, k] ~ LkjCorr(2);\n\
             let A[k, k] = diag(s) @ L;\nlet c = sum(solve_tri(transpose(A), y));\nobserve y ~ MultiNormal(c, {line});\n"
        );
        let found = diagnostics(&text, None);
        let errors = found.iter().filter(|d| d.is_error());
        let said: Vec<&String> = errors.map(|d| &d.message).collect();
        assert!(said.is_empty(), "{line}: {said:?}");
    }
}

#[test]
fn matrices_of_data_are_looked_at() {
    let data = table("y\n1\n");
    let cases = [
        (
            "axis k = 2;\nx[k] ~ MultiNormal(0, cov = [[2, 0.9], [0.1, 2]]);\nobserve y ~ Normal(x[1], 1);\ndata y[row]: real;",
            "E0107",
            "2:29",
            "[1, 2] is 0.9 and [2, 1] is 0.1",
            "scale_tril",
        ),
        (
            "axis k = 2;\nlet C[k, k] = [[2, 0.9], [0.1, 2]];\nx[k] ~ MultiNormal(0, scale_tril = C);\nobserve y ~ Normal(x[1], 1);\ndata y[row]: real;",
            "E0107",
            "3:36",
            "[1, 2] is 0.9",
            "cholesky",
        ),
    ];
    check(&cases, Some(&data));
    let fine = "axis k = 2;\nlet C[k, k] = [[2, 0.1 + 0.2], [0.3, 2]];\nx[k] ~ MultiNormal(0, cov = C);\nobserve y ~ Normal(x[1], 1);\ndata y[row]: real;";
    assert!(!diagnostics(fine, Some(&data)).iter().any(|d| d.is_error()));
}
