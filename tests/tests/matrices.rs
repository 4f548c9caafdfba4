//! Functions on matrices and kernels: identities between them, their definitions element by element, and their gradients.

use ppl_tests::{bind, check_gradient, density_at};

/// A symmetric positive definite matrix and a vector that depend on two scalars.
const SETTING: &str = "axis k = 5;
    a ~ Normal(0, 1);
    s ~ HalfNormal(1);
    let A[i in k, j in k] = exp(-(i - j)^2 / (2 * s^2)) + (if i == j { 0.5 + a^2 } else { 0 });
    let B[i in k, j in k] = sin(a * i + s * j) + (if i == j { 3 } else { 0 });
    let v[i in k] = cos(a * i);
    let w[i in k] = 1 / i;
    let L = cholesky(A);
    axis g = {low, high};
    let G[h in g, i in k, j in k] = sin(a * i + s * j * (if h == low { 1 } else { 2 })) + (if i == j { 3 } else { 0 });
    let u[h in g, i in k] = cos(a * i + (if h == low { 0 } else { s }));
";

/// The factor's value at a point of [`SETTING`], and its gradient checked.
#[track_caller]
fn value(factor: &str) -> f64 {
    let point = [("a", 0.7), ("s", 1.3)];
    let with = |factor: &str| bind(&format!("{SETTING}factor {factor};"), "");
    let bound = with(factor);
    check_gradient(&bound, &point);
    density_at(&bound, &point).0 - density_at(&with("0 * a"), &point).0
}

#[track_caller]
fn same(one: &str, other: &str) {
    let (a, b) = (value(one), value(other));
    assert!(a.abs() > 1e-3, "{one} is {a}: nothing is tested");
    assert!(
        (a - b).abs() < 1e-11 * (1.0 + b.abs()),
        "{one} is {a}, {other} is {b}"
    );
}

#[test]
fn identities() {
    same("log_det(A)", "2 * sum(i in k: log(L[i, i]))");
    same("log_det(B @ A)", "log_det(B) + log_det(A)");
    same("quad_form(inverse(A), v)", "sum(solve_tri(L, v)^2)");
    same("quad_form(A, v)", "sum(v * (A @ v))");
    same("quad_form(L @ transpose(L), v)", "quad_form(A, v)");
    same("quad_form(outer(v, w), v)", "sum(v * v) * sum(v * w)");
    same(
        "sum(w * solve_tri(transpose(L), solve_tri(L, v)))",
        "sum(w * (inverse(A) @ v))",
    );
    same(
        "quad_form(inverse(B), v)",
        "quad_form(inverse(transpose(B)), v)",
    );
    same("sum(w * (B @ v))", "sum(v * (transpose(B) @ w))");
    same(
        "quad_form(solve_tri(L, B), v)",
        "sum(v * solve_tri(L, B @ v))",
    );
    same("quad_form(B @ inverse(B) @ A, v)", "quad_form(A, v)");
    same("sum(i in k: (B @ A)[i, i])", "sum(i in k: (A @ B)[i, i])");
}

/// A square matrix for each group: the axis of the matrices is summed, the groups line up.
#[test]
fn products_within_groups() {
    same(
        "sum(sum(u * (G @ u), over = k))",
        "sum(h in g: sum(i in k: sum(j in k: u[h, i] * G[h, i, j] * u[h, j])))",
    );
    same(
        "sum(sum(u * (u @ G), over = k))",
        "sum(h in g: sum(i in k: sum(j in k: u[h, i] * G[h, i, j] * u[h, j])))",
    );
    same(
        "sum(sum(exp(u) * (diag(u) @ G @ u), over = k))",
        "sum(h in g: sum(i in k: sum(j in k: exp(u[h, i]) * u[h, i] * G[h, i, j] * u[h, j])))",
    );
    same(
        "sum(sum(exp(u) * (G @ diag(u) @ u), over = k))",
        "sum(h in g: sum(i in k: sum(j in k: exp(u[h, i]) * G[h, i, j] * u[h, j]^2)))",
    );
    same(
        "sum(sum(u * (G @ G @ u), over = k))",
        "sum(sum(u * (G @ (G @ u)), over = k))",
    );
    same(
        "sum(sum(u * (B @ u), over = k))",
        "sum(h in g: sum(i in k: sum(j in k: u[h, i] * B[i, j] * u[h, j])))",
    );
}

#[test]
fn kernels_are_their_formulas() {
    let gap = "abs(x[i] - x[j])";
    let kernels = [
        (
            "exp_quad(x, scale = a, length = l)",
            format!("a^2 * exp(-{gap}^2 / (2 * l^2))"),
        ),
        (
            "matern32(x, scale = a, length = l)",
            format!("a^2 * (1 + sqrt(3) * {gap} / l) * exp(-sqrt(3) * {gap} / l)"),
        ),
        (
            "matern52(x, scale = a, length = l)",
            format!(
                "a^2 * (1 + sqrt(5) * {gap} / l + 5 * {gap}^2 / (3 * l^2)) * exp(-sqrt(5) * {gap} / l)"
            ),
        ),
        (
            "periodic(x, scale = a, length = l, period = p)",
            format!("a^2 * exp(-2 * sin(pi * {gap} / p)^2 / l^2)"),
        ),
    ];
    let data = "x,y\n0.1,1\n0.4,-1\n0.4,0.5\n1.7,2\n-0.9,0.3\n";
    for (kernel, formula) in kernels {
        let model = |matrix: &str| {
            bind(
                &format!(
                    "data x[row]: real; data y[row]: real; a ~ HalfNormal(1); l ~ HalfNormal(1); p ~ HalfNormal(1);
                     let K[i in row, j in row] = {formula}; let M = {kernel};
                     observe y ~ MultiNormal(0.1 * p, cov = {matrix} + diag(p + 0 * y));"
                ),
                data,
            )
        };
        let point = [("a", 1.3), ("l", 0.8), ("p", 1.9)];
        let (by_kernel, by_formula) = (model("M"), model("K"));
        let (got, expected) = (
            density_at(&by_kernel, &point),
            density_at(&by_formula, &point),
        );
        assert!(
            (got.0 - expected.0).abs() < 1e-11,
            "{kernel}: {} {}",
            got.0,
            expected.0
        );
        check_gradient(&by_kernel, &point);
    }
}

#[test]
fn kernels_of_points_in_the_plane_and_between_two_sets() {
    let data = "x_1,x_2,u,g,y\n0.1,1,0.3,a,1\n0.4,-1,0.1,b,2\n0.4,0.5,0.9,a,1.5\n1.7,2,0.2,b,0\n";
    let model = |matrix: &str| {
        bind(
            &format!(
                "axis d = columns(\"x_*\"); data X[row, d]: real; data y[row]: real; a ~ HalfNormal(1); l[d] ~ HalfNormal(1);
                 let K[i in row, j in row] = a^2 * exp(-0.5 * sum(m in d: (X[i, m] - X[j, m])^2 / l[m]^2));
                 let M = exp_quad(X, scale = a, length = l);
                 observe y ~ MultiNormal(0, cov = {matrix} + diag(0.5 + 0 * y));"
            ),
            data,
        )
    };
    let point = ppl_lang::Point::Unconstrained(vec![0.2, -0.3, 0.4]);
    let (a, b) = (
        model("M").density(&point).unwrap(),
        model("K").density(&point).unwrap(),
    );
    assert!((a.log_density - b.log_density).abs() < 1e-11);
    // Between the rows and a grid: each row's values at the points of the grid.
    let cross = |matrix: &str| {
        bind(
            &format!(
                "axis grid = 3; data u[row]: real; data y[row]: real; l ~ HalfNormal(1); let t[i in grid] = 0.5 * i; b[grid] ~ Normal(0, 1);
                 let M[row, grid] = {matrix}; observe y ~ Normal(M @ b, 1);"
            ),
            data,
        )
    };
    let point = ppl_lang::Point::Unconstrained(vec![0.2, -0.3, 0.4, 0.9]);
    let (a, b) = (
        cross("matern32(u, t, scale = 2, length = l)")
            .density(&point)
            .unwrap(),
        cross("4 * (1 + sqrt(3) * abs(u - t) / l) * exp(-sqrt(3) * abs(u - t) / l)")
            .density(&point)
            .unwrap(),
    );
    assert!((a.log_density - b.log_density).abs() < 1e-11);
}
