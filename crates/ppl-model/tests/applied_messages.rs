//! Proposals that work when they are applied as they stand.

mod common;

use common::{diagnostics, table};

/// A text, the code of what is said of it, a phrase of the help, and the text as it is proposed: nothing more is said of that.
type Mended = (&'static str, &'static str, &'static str, &'static str);

fn mended(cases: &[Mended], data: &str) {
    let data = table(data);
    for (text, code, help, right) in cases {
        let found = diagnostics(text, Some(&data));
        let said = found.iter().any(|d| {
            let fix = d.fix.as_ref().map_or("", |f| f.replacement.as_str());
            let words = format!("{} {fix}", d.help.as_deref().unwrap_or(""));
            d.code == *code && words.contains(help)
        });
        assert!(said, "{text}\n{found:?}");
        assert!(accepted(right, &data), "{right}\n{found:?}");
    }
}

/// Whether nothing is said, but that some unknown is not read.
fn accepted(text: &str, data: &ppl_data::Dataset) -> bool {
    diagnostics(text, Some(data))
        .iter()
        .all(|d| d.code == "W0137")
}

/// A text with the declarations that several cases have in common.
fn joined(head: &str, rest: &str) -> &'static str {
    Box::leak(format!("{head}{rest}").into_boxed_str())
}

const ROWS: &str = "g,h,y,x,n,k\na,u,1.5,0.1,10,3\nb,v,2.5,0.2,12,5\na,v,0.5,0.4,9,2\n";

#[test]
fn rows_in_the_bracket_of_groups() {
    let head = "axis g;\naxis h;\ndata g[row]: g;\ndata h[row]: h;\ndata y[row]: real;\nt[g] ~ Normal(0, 1);\nu[g, h] ~ Normal(0, 1);\n";
    let text = |rest: &str| joined(head, rest);
    mended(
        &[
            (
                text("observe y ~ Normal(t[row], 1);"),
                "E0110",
                "by the labels that each `row` has: `t[g]`",
                text("observe y ~ Normal(t[g], 1);"),
            ),
            (
                text("for i in row { observe y[i] ~ Normal(t[row], 1); }"),
                "E0110",
                "`t[g[i]]`",
                text("for i in row { observe y[i] ~ Normal(t[g[i]], 1); }"),
            ),
            (
                text("observe y ~ Normal(u[row], 1);"),
                "E0110",
                "`u[g, h]`",
                text("observe y ~ Normal(u[g, h], 1);"),
            ),
            (
                "axis g;\ndata y[row]: real;\nt[g] ~ Normal(0, 1);\nobserve y ~ Normal(t[row], 1);",
                "E0110",
                "`data g[row]: g;`, and look up by it: `t[g]`",
                "axis g;\ndata g[row]: g;\ndata y[row]: real;\nt[g] ~ Normal(0, 1);\nobserve y ~ Normal(t[g], 1);",
            ),
        ],
        ROWS,
    );
}

#[test]
fn links_the_wrong_way() {
    let head = "data n[row]: int;\ndata k[row]: int;\ndata x[row]: real;\na ~ Normal(0, 2);\nb ~ Normal(0, 1);\np ~ Beta(1, 1);\ns ~ HalfNormal(1);\n";
    let text = |rest: &str| joined(head, rest);
    mended(
        &[
            (
                text("observe k ~ Binomial(n, logit(a + b * x));"),
                "W0136",
                "inv_logit",
                text("observe k ~ Binomial(n, inv_logit(a + b * x));"),
            ),
            (
                text("observe k ~ Binomial(n, probit(a + b * x));"),
                "W0136",
                "Phi",
                text("observe k ~ Binomial(n, Phi(a + b * x));"),
            ),
            (
                text("observe k ~ Binomial(n, inv_Phi(a));"),
                "W0136",
                "Phi",
                text("observe k ~ Binomial(n, Phi(a));"),
            ),
            (
                text("observe k ~ Binomial(n, cloglog(a + b * x));"),
                "W0136",
                "inv_cloglog",
                text("observe k ~ Binomial(n, inv_cloglog(a + b * x));"),
            ),
            (
                text("let q = logit(a + b * x);\nobserve k ~ Binomial(n, q);"),
                "W0136",
                "`inv_logit`",
                text("let q = inv_logit(a + b * x);\nobserve k ~ Binomial(n, q);"),
            ),
            (
                text("observe k ~ Binomial(n, logit(p));"),
                "W0136",
                "leave `logit` away",
                text("observe k ~ Binomial(n, p);"),
            ),
            (
                text("observe k ~ Poisson(log(a + b * x));"),
                "W0136",
                "exp",
                text("observe k ~ Poisson(exp(a + b * x));"),
            ),
            (
                text("observe k ~ Poisson(log(s));"),
                "W0136",
                "leave `log` away",
                text("observe k ~ Poisson(s);"),
            ),
            // The count comes first, whatever the probability is calculated from.
            (
                text("observe k ~ Binomial(inv_logit(a + b * x), n);"),
                "E0107",
                "`n`, `probability`: write `Binomial(n, …)`",
                text("observe k ~ Binomial(n, inv_logit(a + b * x));"),
            ),
            (
                text("let q = inv_logit(a + b * x);\nobserve k ~ Binomial(q, n);"),
                "E0107",
                "write `Binomial(n, q)`",
                text("let q = inv_logit(a + b * x);\nobserve k ~ Binomial(n, q);"),
            ),
        ],
        ROWS,
    );
    let right = [
        "q ~ Uniform(0.6, 0.9);\nobserve k ~ Poisson(logit(q));",
        "observe k ~ Poisson(log(1 + exp(a)));",
        "N ~ Binomial(40, 0.5);\nobserve k ~ Binomial(30 + N, p);",
        "observe k ~ Binomial(12 + round(s), p);",
    ];
    for rest in right {
        assert!(accepted(text(rest), &table(ROWS)), "{rest}");
    }
}

#[test]
fn axes_behind_a_statement() {
    let head = "axis g;\ndata g[row]: g;\ndata y[row]: real;\nm ~ Normal(0, 1);\n";
    let text = |rest: &str| joined(head, rest);
    let plain = text("observe y ~ Normal(m, 1);");
    mended(
        &[
            (
                text("observe y ~ Normal(m, 1) for row;"),
                "E0001",
                "leave this away",
                plain,
            ),
            (
                text("observe y ~ Normal(m, 1) for i in row;"),
                "E0001",
                "those of `data y[row]: …;`",
                plain,
            ),
            (
                text("observe y ~ Normal(m, 1) for each row;"),
                "E0001",
                "leave this away",
                plain,
            ),
            (
                text("observe y[i] ~ Normal(m, 1) for i in row;"),
                "E0001",
                "for i in row { observe y[i] ~ Normal(m, 1); }",
                text("for i in row { observe y[i] ~ Normal(m, 1); }"),
            ),
            (
                text("t ~ Normal(m, 1) for g;\nobserve y ~ Normal(t[g], 1);"),
                "E0001",
                "t[g] ~ Normal(m, 1)",
                text("t[g] ~ Normal(m, 1);\nobserve y ~ Normal(t[g], 1);"),
            ),
            (
                text("t[g] ~ Normal(m, 1) over g;\nobserve y ~ Normal(t[g], 1);"),
                "E0001",
                "the bracket on the left says it",
                text("t[g] ~ Normal(m, 1);\nobserve y ~ Normal(t[g], 1);"),
            ),
            // A loop in front of which the end of a statement is missing.
            (
                text("observe y ~ Normal(m, 1) for i in g { factor m; }"),
                "E0001",
                "add `;`",
                plain,
            ),
        ],
        ROWS,
    );
}

#[test]
fn mixtures_as_sums() {
    let head = "data y[row]: real;\nm ~ Normal(0, 1);\np ~ Beta(1, 1);\n";
    let text = |rest: &str| joined(head, rest);
    let two = "z[row] ~ Bernoulli(p); observe y ~ if z { Normal(m, 1) } else { Normal(0, 1) };";
    let each =
        "z[i] ~ Bernoulli(p); observe y[i] ~ if z[i] { Normal(m, 1) } else { Normal(0, 1) };";
    let three = "axis part = 3; z[row]: part ~ Categorical([0.5, 0.3, 0.2]); observe y ~ if z == 1 { Normal(m, 1) } else if z == 2 { Normal(0, 1) } else { Normal(5, 1) };";
    let prior = "z ~ Bernoulli(0.5); t ~ if z { Normal(m, 1) } else { Normal(0, 3) };";
    mended(
        &[
            (
                text("observe y ~ p * Normal(m, 1) + (1 - p) * Normal(0, 1);"),
                "E0102",
                two,
                text(two),
            ),
            (
                text("for i in row { observe y[i] ~ p * Normal(m, 1) + (1 - p) * Normal(0, 1); }"),
                "E0102",
                each,
                text(&format!("for i in row {{ {each} }}")),
            ),
            (
                text("observe y ~ 0.5 * Normal(m, 1) + Normal(0, 1) * 0.3 + 0.2 * Normal(5, 1);"),
                "E0102",
                three,
                text(three),
            ),
            (
                text("t ~ 0.5 * Normal(m, 1) + 0.5 * Normal(0, 3);\nobserve y ~ Normal(t, 1);"),
                "E0102",
                prior,
                text(&format!("{prior} observe y ~ Normal(t, 1);")),
            ),
            (
                text("t ~ 2 + Normal(m, 1);\nobserve y ~ Normal(t, 1);"),
                "E0102",
                "calculate with that",
                text("u ~ Normal(0, 1); let t = m + 2 * u;\nobserve y ~ Normal(t, 1);"),
            ),
        ],
        ROWS,
    );
}

#[test]
fn labels_of_the_left_side_as_written() {
    mended(
        &[
            (
                "axis k = 2;\ndata y[row]: real;\nm[k] ~ Normal(0, 1);\nw[row] ~ Categorical([0.5, 0.5]);\nobserve y ~ Normal(m[w], 1);",
                "E0110",
                "`w[row]: k ~ Categorical([0.5, 0.5])`",
                "axis k = 2;\ndata y[row]: real;\nm[k] ~ Normal(0, 1);\nw[row]: k ~ Categorical([0.5, 0.5]);\nobserve y ~ Normal(m[w], 1);",
            ),
            (
                "data y[row]: real;\nm ~ Normal(0, 1);\nw ~ Categorical([0.5, 0.5]);\nobserve y ~ Normal(if w == 1 { m } else { 0 }, 1);",
                "E0110",
                "`axis k = 2;`, and say on the left what is drawn: `w: k ~ Categorical([0.5, 0.5])`",
                "axis k = 2;\ndata y[row]: real;\nm ~ Normal(0, 1);\nw: k ~ Categorical([0.5, 0.5]);\nobserve y ~ Normal(if w == 1 { m } else { 0 }, 1);",
            ),
        ],
        ROWS,
    );
}

#[test]
fn names_of_distributions_elsewhere() {
    let names = [
        ("Norm", "`Normal`"),
        ("Gaussian", "`Normal`"),
        ("Half-Normal", "`HalfNormal`"),
        ("half-cauchy", "`HalfCauchy`"),
        ("Student-t", "`StudentT`"),
        ("Neg-Binomial", "`NegBinomial`"),
        ("Inverse-Gamma", "`InvGamma`"),
        ("Bern", "`Bernoulli`"),
        ("Binom", "`Binomial`"),
        ("Pois", "`Poisson`"),
        ("Expon", "`Exponential`"),
        ("Unif", "`Uniform`"),
        ("LogNorm", "`LogNormal`"),
        ("MVN", "`MultiNormal`"),
        ("Cat", "`Categorical`"),
        ("Multinom", "`Multinomial`"),
        ("student_t", "`StudentT`"),
        ("T", "`StudentT(df, location, scale)`"),
        ("dnorm", "not a precision"),
        ("dlnorm", "not a precision"),
        ("dunif", "`Uniform`"),
        ("dgamma", "`Gamma`"),
        ("dbeta", "`Beta`"),
        ("dbern", "`Bernoulli`"),
        ("dbin", "the trials come first"),
        ("dpois", "`Poisson`"),
        ("dexp", "`Exponential`"),
        ("dt", "`StudentT(df, location, scale)`"),
        ("dcat", "`Categorical`"),
        ("ddirch", "`Dirichlet`"),
        ("dmnorm", "`MultiNormal(mean, precision = …)`"),
        ("dnegbin", "`NegBinomial(mean, size = …)`"),
        ("nbinom", "`NegBinomial(mean, size = …)`"),
        ("std_normal", "`Normal(0, 1)`"),
        ("TruncNormal", ".truncated("),
    ];
    for (name, help) in names {
        let found = diagnostics(&format!("x ~ {name}(1, 2);"), None);
        let first = found
            .first()
            .map(|d| (d.code, d.help.clone().unwrap_or_default()));
        let said = first
            .as_ref()
            .is_some_and(|(code, h)| *code == "E0102" && h.contains(help));
        assert!(said, "{name}: {first:?}");
    }
    let functions = [
        ("factor dnorm(0.5, 0, 1);", "`log_density(Normal(…), y)`"),
        ("factor dt(0.5, 4);", "`log_density(StudentT(…), y)`"),
        (
            "factor normal_lpdf(0.5, 0, 1);",
            "`log_density(Normal(…), y)`",
        ),
        ("let a = rnorm(0, 1);", "`predict"),
        (
            "data x[row]: real;\nlet a = median(x);",
            "there is no median here",
        ),
        (
            "data x[row]: real;\nlet a = median(i in row: x[i]);",
            "there is no median here",
        ),
    ];
    for (text, help) in functions {
        let found = diagnostics(text, None);
        let d = found
            .iter()
            .find(|d| d.code == "E0103")
            .expect("an unknown function");
        assert!(
            d.help.as_deref().is_some_and(|h| h.contains(help)),
            "{text}: {d:?}"
        );
        assert!(d.fix.is_none());
    }
}
