//! What messages advise where a natural form means something else here.

mod common;

use common::{check, diagnostics, table};

#[test]
fn axes_where_values_belong() {
    check(
        &[
            (
                "axis p = 3;\ndata x[row]: real;\nlet v[row, p] = x ^ p;",
                "E0101",
                "3:21",
                "`p` is an axis",
                "`let v[i in row, k in p] = x[i] ^ k;`",
            ),
            (
                "axis p = 3;\nlet v[p] = (p - 2);",
                "E0101",
                "2:13",
                "`p` is an axis",
                "`for k in p { … }`",
            ),
            (
                "data y[row]: real;\nlet v = y[row - 1];",
                "E0101",
                "2:11",
                "`row` is an axis",
                "`for t in row { … y[t - 1] … }`",
            ),
            (
                "axis g;\ndata grp[row]: g;\nm[g] ~ Normal(0, 1);\nobserve 0 ~ Normal(m[g], 1);",
                "E0110",
                "4:22",
                "`g` is an axis",
                "look up by the column: `m[grp]`",
            ),
            (
                "axis mode = {bus, car};\ndata mode[row]: mode;\nb ~ Normal(0, 1);\nlet eta[row, mode] = if mode == bus { 0 } else { b };\nobserve mode ~ CategoricalLogit(eta);",
                "W0122",
                "5:16",
                "both sides",
                "`let eta[i in row, k in mode] =",
            ),
        ],
        None,
    );
}

#[test]
fn names_from_elsewhere() {
    check(
        &[
            (
                "data y[row]: bool;\nb ~ Normal(0, 1);\nobserve y ~ Bernoulli(logits = b);",
                "E0106",
                "3:23",
                "no parameter `logits`",
                "write `BernoulliLogit`, which takes log odds",
            ),
            (
                "data k[row]: int;\nb ~ Normal(0, 1);\nobserve k ~ Binomial(5, logits = b);",
                "E0106",
                "3:25",
                "no parameter `logits`",
                "write `BinomialLogit`",
            ),
            (
                "data k[row]: int;\nb ~ Normal(0, 1);\nobserve k ~ Poisson(log_rate = b);",
                "E0106",
                "3:21",
                "no parameter `log_rate`",
                "write `PoissonLog`, which takes the logarithm",
            ),
            (
                "data y[row]: real;\nlet x = lag(y, 1);",
                "E0103",
                "2:9",
                "no function `lag`",
                "`for t in row skip 1 { … y[t - 1] … }`",
            ),
            (
                "axis k = 2;\nw[k] ~ Dirichlet(1, 1);",
                "E0106",
                "2:21",
                "takes 1 argument",
                "`Dirichlet([a, b])`",
            ),
        ],
        None,
    );
}

#[test]
fn data_elsewhere() {
    let data = table("year,y\n1995,3.2\n2005,3.5\n");
    check(
        &[
            (
                "axis year = 1995..2004;\ndata year[row]: year;",
                "E0210",
                "data.csv:3:1",
                "`2005` is not a level",
                "the whole numbers from 1995 to 2004",
            ),
            (
                "axis year = 1995..2004;\nm[year] ~ Normal(0, 1);\nobserve 0 ~ Normal(m[2005], 1);",
                "E0110",
                "3:22",
                "no level `2005`",
                "the whole numbers from 1995 to 2004",
            ),
            (
                "data y[row]: real;\nm ~ Normal(0, 1);\nobserve y ~ VonMises(m, 2);",
                "E0211",
                "data.csv:2:6",
                "VonMises draws numbers between",
                "angles in radians",
            ),
        ],
        Some(&data),
    );
}

#[test]
fn missing_cells_that_a_condition_leaves_out() {
    let text = "data works[row]: bool;\ndata lw[row]: real?;\nm ~ Normal(0, 1);\nfor i in row { if works[i] { observe lw[i] ~ Normal(m, 1); factor 0.1 * lw[i]; } }";
    let found = diagnostics(text, None);
    assert_eq!(found.len(), 2);
    for d in found {
        let help = d.help.unwrap_or_default();
        assert!(help.contains("any number, such as 0"), "{help}");
    }
}

#[test]
fn numbers_lie_where_the_left_side_says() {
    let right = [
        "data y[row]: real;\naxis k = {a, b};\nm[k] ~ Normal(0, 1);\nz[row]: k ~ Categorical([0.5, 0.5]);\nobserve y ~ Normal(m[z], 1);",
        "data y[row]: real;\naxis k = 2;\nm[k] ~ Normal(0, 1);\np ~ Beta(1, 1);\nz[row]: k ~ Categorical([p, 1 - p]);\nobserve y ~ Normal(m[z], 1);",
        "axis k;\ndata k[row]: k;\nobserve k ~ Categorical([0.5, 0.5]);",
        "axis p = {a, b};\nr ~ Uniform(-1, 1);\nlet S[p, p] = [[1, r], [r, 1]];\nu[p] ~ MultiNormal(0, cov = S);\nobserve 1 ~ Normal(sum(u), 1);",
        "axis p = {a, b};\nt ~ HalfNormal(1);\nlet D[p, p] = diag([1, t]);\nu[p] ~ MultiNormal(0, cov = D);\nobserve 1 ~ Normal(sum(u), 1);",
        "axis p = {a, b};\nt ~ HalfNormal(1);\nu[p] ~ MultiNormal(0, cov = diag([1, t]));\nobserve 1 ~ Normal(sum(u), 1);",
        "axis p = {a, b};\nt ~ HalfNormal(1);\nL[p, p] ~ LkjCholesky(2);\nu[p] ~ MultiNormal(0, scale_tril = diag([1, t]) @ L);\nobserve 1 ~ Normal(sum(u), 1);",
    ];
    for text in right {
        let found = diagnostics(text, Some(&table("y,k\n1,a\n2,b\n")));
        assert!(found.is_empty(), "{text}: {found:?}");
    }
    check(
        &[
            (
                "data y[row]: real;\naxis k = 2;\nm[k] ~ Normal(0, 1);\nz[row] ~ Categorical([0.5, 0.5]);",
                "E0110",
                "4:22",
                "along no axis",
                "`z[row]: k ~ Categorical([0.5, 0.5])`",
            ),
            (
                "axis p = {a, b};\nr ~ Uniform(-1, 1);\nlet S = [[1, r], [r, 1]];",
                "E0110",
                "3:9",
                "along no axes",
                "`let S[p, p] = …;`",
            ),
        ],
        None,
    );
}

#[test]
fn arguments_in_another_order() {
    let head = "data y[row]: real;\ndata x[row]: real;\ndata k[row]: int;\ndata n[row]: int;\na ~ Normal(0, 5);\ns ~ HalfNormal(2);\np ~ Beta(1, 1);\n";
    let said = |rest: &str| {
        let found = diagnostics(&format!("{head}{rest}"), None);
        let mut found = found.into_iter().filter(|d| d.code != "W0137");
        let first = found.next();
        assert!(found.next().is_none(), "{rest}");
        first.map(|d| (d.code, d.help.unwrap_or_default()))
    };
    let order = "its arguments are, in this order, `df`, `location`, `scale`: write ";
    // brms and PyMC give the degrees of freedom last.
    assert_eq!(
        said("observe y ~ StudentT(a + x, s, 4);"),
        Some(("W0136", format!("{order}`StudentT(4, …, s)`")))
    );
    assert_eq!(
        said("observe y ~ StudentT(a, s, 4);"),
        Some(("E0107", format!("{order}`StudentT(4, a, s)`")))
    );
    assert_eq!(said("observe y ~ StudentT(4, a, s);"), None);
    let binomial = said("observe k ~ Binomial(p, n);").unwrap();
    assert!(
        binomial.1.contains("write `Binomial(n, p)`"),
        "{binomial:?}"
    );
    // An unknown scale without its kind is no matter of order.
    let kind = said("observe y ~ Normal(s, a);").unwrap();
    assert!(kind.1.contains("write its kind"), "{kind:?}");
}

#[test]
fn arguments_of_other_libraries() {
    check(
        &[
            (
                "b ~ Normal(0, 1, shape=3);",
                "E0106",
                "1:18",
                "Normal has no parameter `shape`",
                "`axis k = 3;` above, then `x[k] ~ …;`",
            ),
            (
                "b ~ Normal(\"b\", 0, 1);",
                "E0106",
                "1:12",
                "a name in quotes is no argument",
                "`b ~ Normal(…)`, without the quotes",
            ),
            (
                "let K = 3;\nw[K] ~ Dirichlet(1);",
                "E0104",
                "2:3",
                "there is no axis `K`",
                "`axis k = 3;`, and `k` here",
            ),
            (
                "data x[row]: real;\nlet v = x[row];",
                "E0110",
                "2:11",
                "`row` is an axis",
                "leave the bracket away to take each line's own: `x`",
            ),
            (
                "axis occ = 4;\ndata f[row]: int;\nfor i in row { for t in occ { alive[i, t] ~ if t <= f[i] { Bernoulli(0.5) } else { Bernoulli(0.5 * alive[i, t-1]) }; } }",
                "E0123",
                "3:109",
                "reads 1 before `t`",
                "`data f[row]: occ;`",
            ),
            (
                "axis k = 2;\naxis d = 2;\ndata y[row]: real;\nmu[k, d] ~ Normal(0, 1);\nz[row] ~ Categorical([0.5, 0.5]);\nobserve y ~ Normal(0, 1);",
                "E0110",
                "5:22",
                "along no axis",
                "`z[row]: k ~ Categorical([0.5, 0.5])`",
            ),
        ],
        None,
    );
    let columns = table("y_1,y_2\n1,2\n");
    check(
        &[(
            "axis d = 2;\ndata y[row, d]: real from \"y_*\";\nm ~ Normal(0, 1);\nobserve y ~ Normal(m, 1);",
            "E0209",
            "2:6",
            "a table has no place for `y[row, d]`",
            "`axis d = columns(\"y_*\");`",
        )],
        Some(&columns),
    );
}

#[test]
fn numbers_where_the_logarithm_or_the_diagonal_is_meant() {
    let codes = |text: &str| -> Vec<&'static str> {
        diagnostics(text, None).iter().map(|d| d.code).collect()
    };
    let rate = |e: &str| {
        codes(&format!(
            "data k[row]: int;\ndata n[row]: int;\ndata x[row]: real;\na ~ Normal(0, 1);\nobserve k ~ PoissonLog({e});"
        ))
    };
    assert_eq!(rate("n * exp(a)"), ["W0131"]);
    assert_eq!(rate("2 * n * exp(a)"), ["W0131"]);
    // A coefficient that is never negative.
    assert!(rate("x * exp(a)").is_empty());
    assert!(rate("log(n) + a").is_empty());
    let kernel = |e: &str| {
        codes(&format!(
            "data x[row]: real;\ndata y[row]: real;\nl ~ InvGamma(5, 5);\ns ~ HalfNormal(1);\nlet noise[row] = s^2;\nlet level[i in row, j in row] = s^2;\nlet K[row, row] = {e};\nobserve y ~ MultiNormal(0, cov = K + diag(noise));"
        ))
    };
    let exp_quad = "exp_quad(x, scale = 1, length = l)";
    assert_eq!(kernel(&format!("{exp_quad} + s^2")), ["W0140"]);
    assert_eq!(kernel(&format!("2 * {exp_quad} + 0.001")), ["W0140"]);
    assert!(!kernel(&format!("{exp_quad} + diag(noise)")).contains(&"W0140"));
    assert!(!kernel(&format!("{exp_quad} + level")).contains(&"W0140"));
}

#[test]
fn functions_and_weights_of_other_libraries() {
    let head =
        "axis g;\ndata y[row]: real;\ndata x[row]: real;\ndata grp[row]: g;\na ~ Normal(0, 1);\n";
    for (rest, code, help) in [
        (
            "let p = normal_cdf(a, 0, 2);",
            "E0103",
            "`Phi((a - (0)) / (2))`",
        ),
        ("let c = median(x);", "E0103", "`--set c=…`"),
        (
            "observe y ~ Normal(a, 1) * x;",
            "E0102",
            "`factor x * log_density(Normal(a, 1), y);`",
        ),
        ("tau: positive ~ Flat;", "E0102", "`Flat()`"),
        (
            "observe y ~ Normal(if grp == a { a } else { 0 }, 1);",
            "E0114",
            "stands in quotes: `\"a\"`",
        ),
    ] {
        let found = diagnostics(&format!("{head}{rest}"), None);
        let errors: Vec<_> = found.iter().filter(|d| d.is_error()).collect();
        let help_of = |d: &ppl_syntax::Diagnostic| d.help.clone().unwrap_or_default();
        let ok = errors.len() == 1 && errors[0].code == code && help_of(errors[0]).contains(help);
        assert!(ok, "{rest}\n{errors:?}");
    }
}
