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
            (
                "axis k = {a, b};\ndata z[row]: k;\np ~ Beta(1, 1);\nq ~ Beta(1, 1);\nlet r = 0.5 * q;\nobserve z ~ Categorical([p, r]);",
                "E0107",
                "6:25",
                "moves with `p` and `q`",
                "[p, 1 - p]",
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
fn several_errors_are_told_together() {
    let text = "data y[row]: real;\nmu ~ Norml(0, 5);\ntau ~ HalfNormal(-1);\nobserve yy ~ Normall(mu, tau);\n";
    let codes: Vec<&str> = diagnostics(text, None).iter().map(|d| d.code).collect();
    assert_eq!(codes, ["E0102", "E0107", "E0101", "E0102"]);
    // Every argument of a call; names in the arguments too.
    let text = "mu ~ Normal(mu = 0, sigmaa = x, precision = 1);\nx ~ Normal(0, mean = 1, foo = 2, bar = nosuch);";
    let found = diagnostics(text, None);
    let told: Vec<String> = found
        .iter()
        .map(|d| format!("{} {} {}", d.code, common::at(text, d), d.message))
        .collect();
    assert_eq!(
        told,
        [
            "E0106 1:13 Normal has no parameter `mu`",
            "E0106 1:21 Normal has no parameter `sigmaa`",
            "E0106 1:33 Normal has no parameter `precision`",
            "E0101 1:30 `x` is used before it is defined",
            "E0106 2:22 `mean` is given twice",
            "E0106 2:25 Normal has no parameter `foo`",
            "E0106 2:34 Normal has no parameter `bar`",
            "E0101 2:40 nothing is named `nosuch` here",
        ]
    );
}

/// A statement that cannot be read takes no other with it, and what it would have defined is not missed.
#[test]
fn a_syntax_error_hides_no_other() {
    let text = "data y[row]: real;\nmu ~ Normal(0 5);\naxis k {a, b};\ntau ~ HalfNormal(-1);\nlet z = mu + nosuch;\n\
        b[k] ~ Normal(0, 1);\nfor i in row { observe y[i] ~ Norml(mu, 1); q ~ ; }\nlet s = q + exp(y;\nobserve yy ~ Normal(s, 1);\n\
        fn f(x = x + 1;\nreport r = f(b[a]) + c;\nguide { mu ~ Normal(0, 1); }";
    let found = diagnostics(text, None);
    let told: Vec<String> = found
        .iter()
        .map(|d| format!("{} {}", d.code, common::at(text, d)))
        .collect();
    assert_eq!(
        told,
        [
            "E0001 2:15",
            "E0001 3:8",
            "E0001 7:49",
            "E0001 8:18",
            "E0001 10:8",
            "E0107 4:18",
            "E0101 5:14",
            "E0102 7:31",
            "E0101 9:9",
            "E0101 11:22",
        ]
    );
}

#[test]
fn right_models_are_let_through() {
    for text in [
        "data y[row]: real;\nmu ~ Normal(0, 5);\nobserve y ~ Normal(mu, 1);",
        "data y[row]: real;\nmu ~ Normal(0, 5);\nfor i in row { observe y[i] ~ Normal(mu, 1); }",
        "data n: int;\naxis k = n;\nb[k] ~ Normal(0, 1);",
        "axis k = n;\ndata n: int;\nb[k] ~ Normal(0, 1);",
        "axis c;\ndata g[row]: c;\ndata y[row]: real;\na[c] ~ Normal(0, 1);\nobserve y ~ Normal(a[g], 1);",
        "axis k = 2;\nw[k] ~ Dirichlet(1);\nL[k, k] ~ LkjCholesky(2);\nu[k]: ordered ~ Normal(0, 1);\nreport v[k] = w;\nreport M[k, k] = L;\nfactor sum(u);",
        "tau ~ HalfNormal(1);\nguide { param m = 0; tau ~ LogNormal(m, 1); }",
        "tau ~ HalfNormal(1);\nguide { param m = 0; tau ~ Normal(m, 1).transformed(); }",
        "axis k = 2;\nb[k] ~ Normal(0, 1);\nguide { param m[k] = 0; b ~ Normal(m, 1); }",
        "x ~ Bernoulli(0.5);\nguide { param p = 0; x ~ Bernoulli(inv_logit(p)); }",
        "axis k = {a, b, c};\ndata z[row]: k;\np ~ Beta(1, 1);\nlet q = (1 - p) / 2;\nobserve z ~ Categorical([p, q, q]);",
        "axis k = {a, b};\naxis j = 3;\ndata z[row]: k;\nw[j] ~ Dirichlet(1);\nobserve z ~ Categorical([w[1] + w[2], w[3]]);",
        "axis k = 3;\ndata c[row, k]: int;\na[k] ~ Gamma(2, 1);\nlet n[row] = sum(c, over = k);\nobserve c ~ DirichletMultinomial(n, a);",
        "data y[row]: real;\ns ~ Normal(0, 1).truncated(lower = 0);\nobserve y ~ Normal(0, s);",
        "data y[row]: real;\nt ~ HalfNormal(1);\ns: real(0, t) ~ Flat();\nobserve y ~ Normal(0, s);",
        "axis k = 3;\ns[k]: ordered ~ HalfNormal(5);\np[k]: ordered ~ Beta(2, 2);\nu[k]: ordered ~ Normal(0, 1).truncated(upper = 3);\nfactor sum(s + p + u);",
        "axis j = 2;\naxis k = 3;\na[j] ~ Normal(0, 1);\nb[k] ~ Normal(0, 1);\nlet c[j, k] = a + b;",
    ] {
        let found = diagnostics(text, None);
        assert!(found.is_empty(), "{text}\n{found:?}");
    }
}
