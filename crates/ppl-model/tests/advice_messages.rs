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
