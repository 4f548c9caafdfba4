//! What is said about models that cannot be used: code, place, message and proposal.

mod common;

use common::{check, diagnostics};

#[test]
fn names() {
    check(
        &[
            (
                "mu ~ Norml(0, 1);",
                "E0102",
                "1:6",
                "no distribution `Norml`",
                "`Normal`",
            ),
            (
                "data y[row]: real;\nmu ~ Normal(0, 1);\nobserve y ~ Normal(muu, 1);",
                "E0101",
                "3:20",
                "nothing is named `muu`",
                "`mu`",
            ),
            (
                "data y[row]: real;\nobserve y ~ Normal(mu, 1);\nmu ~ Normal(0, 1);",
                "E0101",
                "2:20",
                "used before it is defined",
                "move the definition",
            ),
            (
                "mu ~ Normal(mu, 1);",
                "E0101",
                "1:13",
                "its own definition",
                "itself",
            ),
            (
                "mu ~ Normal(ln(2), 1);",
                "E0103",
                "1:13",
                "no function `ln`",
                "`log`",
            ),
            (
                "mu ~ Normal(exq(2), 1);",
                "E0103",
                "1:13",
                "no function `exq`",
                "`exp`",
            ),
            (
                "mu[count] ~ Normal(0, 1);",
                "E0104",
                "1:4",
                "no axis `count`",
                "axis count;",
            ),
            (
                "mu ~ Normal(0, 1);\nmu ~ Normal(0, 1);",
                "E0105",
                "2:1",
                "defined twice",
                "rename",
            ),
            (
                "data y[row]: real;\ndata y[row]: real;",
                "E0105",
                "2:6",
                "defined twice",
                "rename",
            ),
            (
                "axis k = n;\nmu[k] ~ Normal(0, 1);",
                "E0101",
                "1:10",
                "nothing is named `n`",
                "--set n=3",
            ),
            (
                "axis k = 2;\nmu[k] ~ Normal(0, 1);\na ~ Normal(k, 1);",
                "E0101",
                "3:12",
                "`k` is an axis",
                "data k[row]: k;",
            ),
            (
                "pi ~ Normal(0, 1);",
                "E0105",
                "1:1",
                "meaning of its own",
                "",
            ),
            (
                "data y[row]: reel;",
                "E0111",
                "1:14",
                "no kind `reel`",
                "`real`",
            ),
        ],
        None,
    );
}

#[test]
fn arguments() {
    check(
        &[
            (
                "mu ~ Normal(0, 1, 2);",
                "E0106",
                "1:19",
                "Normal takes 2 arguments",
                "Normal(mean, sd)",
            ),
            (
                "mu ~ Normal(0);",
                "E0106",
                "1:6",
                "Normal needs its `sd`",
                "Normal(mean, sd)",
            ),
            (
                "mu ~ Normal(0, sdd = 1);",
                "E0106",
                "1:16",
                "no parameter `sdd`",
                "Normal(mean, sd)",
            ),
            (
                "mu ~ Normal(0, mean = 1);",
                "E0106",
                "1:23",
                "given twice",
                "Normal(mean, sd)",
            ),
            (
                "mu ~ Normal(0, -1);",
                "E0107",
                "1:16",
                "must be positive",
                "did you mean 1?",
            ),
            (
                "mu ~ Normal(0, 0);",
                "E0107",
                "1:16",
                "must be positive",
                "positive",
            ),
            (
                "b ~ Normal(0, 1);\nmu ~ Normal(0, b);",
                "E0107",
                "2:16",
                "`b` can be any value",
                "exp(b)",
            ),
            (
                "mu ~ Normal(exp(1, 2), 1);",
                "E0106",
                "1:13",
                "`exp` takes 1 argument",
                "position",
            ),
            (
                "p ~ HalfNormal(1);\nx ~ Bernoulli(p);",
                "E0107",
                "2:15",
                "between 0 and 1",
                "inv_logit(p)",
            ),
            ("mu ~ 3;", "E0102", "1:6", "distribution is expected", "let"),
            (
                "tau: simplex ~ Normal(0, 1);",
                "E0118",
                "1:1",
                "does not go with Normal",
                "Dirichlet",
            ),
            (
                "x ~ Normal(0, 1).transformed();",
                "E0117",
                "1:18",
                "belongs into a guide",
                "positive",
            ),
        ],
        None,
    );
}

/// Each of these would give a wrong posterior if it were let through.
#[test]
fn holes() {
    check(
        &[
            // The right side wider than the left: K terms a row.
            (
                "axis k = 3;\ndata y[row]: real;\nmu[k] ~ Normal(0, 1);\nobserve y ~ Normal(mu, 1);",
                "E0108",
                "4:20",
                "wider than the left",
                "over = k",
            ),
            (
                "data y[row]: real;\nmu ~ Normal(y, 1);",
                "E0108",
                "2:13",
                "wider than the left",
                "over = row",
            ),
            // A whole array inside a loop: N² terms.
            (
                "data y[row]: real;\nmu ~ Normal(0, 1);\nfor i in row { observe y ~ Normal(mu, 1); }",
                "E0115",
                "3:16",
                "does not mention `i`",
                "move it out",
            ),
            // A scalar latent or an un-indexed factor inside a plate.
            (
                "data y[row]: real;\nfor i in row { mu ~ Normal(0, 1); }",
                "E0115",
                "2:16",
                "does not mention `i`",
                "move it out",
            ),
            (
                "mu ~ Normal(0, 1);\nfor i in row { factor mu; }",
                "E0115",
                "2:16",
                "factor does not mention `i`",
                "move it out",
            ),
            (
                "data y[row]: real;\nmu ~ Normal(0, 1);\nfor i in row { factor log_density(Normal(mu, 1), y); }",
                "E0115",
                "3:16",
                "factor does not mention `i`",
                "index it",
            ),
            // A latent on the left of observe, bare or transformed.
            (
                "mu ~ Normal(0, 1);\nobserve mu ~ Normal(0, 1);",
                "E0112",
                "2:9",
                "depends on a latent",
                "observe the data itself",
            ),
            (
                "data y[row]: real;\nmu ~ Normal(0, 1);\nobserve y - mu ~ Normal(0, 1);",
                "E0112",
                "3:9",
                "depends on a latent",
                "observe the data itself",
            ),
            // A sample statement for data would ignore the data.
            (
                "data y[row]: real;\ny ~ Normal(0, 1);",
                "E0112",
                "2:1",
                "is data",
                "observe",
            ),
            // The same cells observed twice; data on the right of its own observation.
            (
                "data y[row]: real;\nmu ~ Normal(0, 1);\nobserve y ~ Normal(mu, 1);\nobserve y ~ Normal(mu, 1);",
                "W0121",
                "4:9",
                "observed twice",
                "delete one",
            ),
            (
                "data y[row]: real;\nmu ~ Normal(0, 1);\nlet z = y - mean(y);\nobserve y ~ Normal(mu + z, 1);",
                "W0122",
                "4:13",
                "both sides",
                "no likelihood",
            ),
            // Two operands of which neither contains the other.
            (
                "axis j = 2;\naxis k = 3;\na[j] ~ Normal(0, 1);\nb[k] ~ Normal(0, 1);\nlet c = a + b;",
                "E0109",
                "5:9",
                "do not line up",
                "",
            ),
            // A prior that is improper and unused.
            (
                "data y[row]: real;\na ~ Flat();\nmu ~ Normal(0, 1);\nobserve y ~ Normal(mu, 1);",
                "E0119",
                "2:1",
                "is Flat",
                "proper prior",
            ),
            // The order of components that differ by latents has no known normaliser.
            (
                "axis k = 2;\nm[k] ~ Normal(0, 1);\nx[k]: ordered ~ Normal(m, 1);",
                "E0118",
                "3:1",
                "ordered",
                "same distribution",
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
                "column",
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

#[test]
fn guides() {
    check(
        &[
            (
                "mu ~ Normal(0, 1);\ntau ~ HalfNormal(1);\nguide { param m = 0; }",
                "E0117",
                "3:1",
                "does not draw `mu`, `tau`",
                "prints a complete one",
            ),
            (
                "mu ~ Normal(0, 1);\nguide { mu[row] ~ Normal(0, 1); }",
                "E0117",
                "2:9",
                "`mu` is a scalar in the model",
                "same axes",
            ),
            (
                "t[row] ~ Normal(0, 1);\nguide { t[row, row] ~ Normal(0, 1); }",
                "E0117",
                "2:9",
                "`t` is `t[row]` in the model",
                "same axes",
            ),
            (
                "tau ~ HalfNormal(1);\nguide { tau ~ Normal(0, 1); }",
                "E0117",
                "2:15",
                "supports differ",
                ".transformed()",
            ),
            (
                "mu ~ Normal(0, 1);\nguide { mu ~ LogNormal(0, 1); }",
                "E0117",
                "2:14",
                "supports differ",
                ".transformed()",
            ),
            (
                "mu ~ Normal(0, 1);\nguide { mu ~ Bernoulli(0.5); }",
                "E0117",
                "2:14",
                "supports differ",
                "Bernoulli",
            ),
            (
                "mu ~ Normal(0, 1);\nguide { mu ~ Cauchi(0, 1); }",
                "E0102",
                "2:14",
                "no distribution",
                "`Cauchy`",
            ),
            (
                "mu ~ Normal(0, 1);\nguide { m ~ Normal(0, 1); mu ~ Normal(0, 1); }",
                "E0117",
                "2:9",
                "no site `m`",
                "`mu`",
            ),
            (
                "mu ~ Normal(0, 1);\nguide { mu ~ Normal(0, 1); mu ~ Normal(0, 1); }",
                "E0117",
                "2:1",
                "more than once",
                "",
            ),
            (
                "mu ~ Normal(0, 1);\nguide auto(fullrank);",
                "E0117",
                "2:12",
                "no guide family",
                "full_rank",
            ),
            (
                "axis k = 2;\nmu ~ Normal(0, 1);\nguide { param m[k] = 0; mu ~ Normal(m, 1); }",
                "E0108",
                "3:37",
                "wider than the left",
                "over = k",
            ),
        ],
        None,
    );
}

#[test]
fn orders_and_limits() {
    let many: &'static str = Box::leak(
        (0..63)
            .map(|i| format!("axis a{i} = 1;\n"))
            .collect::<String>()
            .into_boxed_str(),
    );
    check(
        &[
            (
                "data y[row]: real;\nfor y in row { }",
                "E0105",
                "2:5",
                "`y` is defined already",
                "for i in row",
            ),
            (
                "data y[row]: real;\nfor i in row { observe i ~ Normal(0, 1); }",
                "E0114",
                "2:28",
                "the left side is a label",
                "declared as a number",
            ),
            (
                "s ~ HalfNormal(1);\nx ~ Normal(0, -s);",
                "E0107",
                "2:15",
                "`s` never is",
                "did you mean `s`?",
            ),
            (
                "axis j = 2;\naxis k = 3;\na[j, k] ~ Normal(0, 1);\nb[k, j] ~ Normal(0, 1);\nlet c = a @ b;",
                "E0109",
                "5:9",
                "these share `k` and `j`",
                "over = k",
            ),
            (
                "axis g;\ndata g[row]: g;\nm[g]: ordered ~ Normal(0, 1);",
                "E0118",
                "3:1",
                "ordered",
                "axis g = {low",
            ),
            (
                "axis c = {a, b};\nm[c] ~ Normal(0, 1);\nlet d = a;",
                "E0101",
                "3:9",
                "is a level of `c`",
                "m[a]",
            ),
            (many, "E0120", "63:6", "at most 63 axes", "named levels"),
        ],
        None,
    );
}

#[test]
fn left_out_of_this_version() {
    check(
        &[
            (
                "n ~ Poisson(3);",
                "E0113",
                "1:5",
                "discrete latent `n`",
                "finitely many values",
            ),
            (
                "k ~ Gamma(2, 1);\nn ~ Binomial(k, 0.5);",
                "E0107",
                "2:14",
                "must be a whole number",
                "discrete unknown",
            ),
            (
                "h[row] ~ Normal(0, 1);\nfor t in row { factor h[t * 2]; }",
                "E0113",
                "2:25",
                "Arithmetic in a bracket",
                "limits.md",
            ),
        ],
        None,
    );
}

#[test]
fn chains() {
    check(
        &[
            (
                "h[row] ~ Normal(0, 1);\nfor t in row { factor h[t - 1]; }",
                "E0123",
                "2:25",
                "reads 1 before `t`",
                "skip 1",
            ),
            (
                "data y[row]: real;\nfor t in row skip 1 { observe y[t] ~ Normal(y[t - 2], 1); }",
                "E0123",
                "2:47",
                "reads 2 before `t`",
                "first(t, 2)",
            ),
            (
                "for t in row { h[t] ~ if first(t) { Normal(0, 1) } else { Normal(h[t], 1) }; }",
                "E0123",
                "1:66",
                "defined by itself",
                "h[t - 1]",
            ),
            (
                "axis c;\ndata g[row]: c;\na[c] ~ Normal(0, 1);\nfor i in c skip 1 { factor a[i - 1]; }",
                "E0123",
                "4:30",
                "have no order",
                "list them in order",
            ),
            (
                "data y[row]: real;\nfor t in row by y { observe y[t] ~ Normal(0, 1); }",
                "E0123",
                "2:17",
                "does not group",
                "column of labels",
            ),
            (
                "for t in row skip 1 { h[t] ~ Normal(0, 1); }",
                "E0113",
                "1:23",
                "skips elements",
                "first(t)",
            ),
            (
                "x ~ if 1 < 2 { Normal(0, 1) } else { Exponential(1) };\nfactor x;",
                "E0118",
                "1:5",
                "a site has one support",
                "",
            ),
        ],
        None,
    );
}

#[test]
fn several_errors_are_told_together() {
    let text = "data y[row]: real;\nmu ~ Norml(0, 5);\ntau ~ HalfNormal(-1);\nobserve yy ~ Normall(mu, tau);\n";
    let codes: Vec<&str> = diagnostics(text, None).iter().map(|d| d.code).collect();
    assert_eq!(codes, ["E0102", "E0107", "E0101", "E0102"]);
}

#[test]
fn right_models_are_let_through() {
    for text in [
        "data y[row]: real;\nmu ~ Normal(0, 5);\nobserve y ~ Normal(mu, 1);",
        "data y[row]: real;\nmu ~ Normal(0, 5);\nfor i in row { observe y[i] ~ Normal(mu, 1); }",
        "data n: int;\naxis k = n;\nb[k] ~ Normal(0, 1);",
        "axis k = n;\ndata n: int;\nb[k] ~ Normal(0, 1);",
        "axis c;\ndata g[row]: c;\ndata y[row]: real;\na[c] ~ Normal(0, 1);\nobserve y ~ Normal(a[g], 1);",
        "axis k = 2;\nw[k] ~ Dirichlet(1);\nL[k, k] ~ LkjCholesky(2);\nu[k]: ordered ~ Normal(0, 1);\nfactor sum(u);",
        "tau ~ HalfNormal(1);\nguide { param m = 0; tau ~ LogNormal(m, 1); }",
        "tau ~ HalfNormal(1);\nguide { param m = 0; tau ~ Normal(m, 1).transformed(); }",
        "axis k = 2;\nb[k] ~ Normal(0, 1);\nguide { param m[k] = 0; b ~ Normal(m, 1); }",
        "x ~ Bernoulli(0.5);\nguide { param p = 0; x ~ Bernoulli(inv_logit(p)); }",
        "axis j = 2;\naxis k = 3;\na[j] ~ Normal(0, 1);\nb[k] ~ Normal(0, 1);\nlet c[j, k] = a + b;",
    ] {
        let found = diagnostics(text, None);
        assert!(found.is_empty(), "{text}\n{found:?}");
    }
}
