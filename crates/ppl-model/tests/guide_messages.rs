//! What is said about guides for some of the sites.

mod common;

use common::{check, diagnostics};

#[test]
fn families_of_sites() {
    check(
        &[
            (
                "h ~ Normal(0, 1);\nobserve 1 ~ Normal(h, 1);\nguide h: markov;",
                "E0117",
                "3:7",
                "one number",
                "along an axis",
            ),
            (
                "h ~ Normal(0, 1);\nobserve 1 ~ Normal(h, 1);\nguide h: meanfield;",
                "E0117",
                "3:10",
                "no guide family `meanfield`",
                "`mean_field`",
            ),
            (
                "h ~ Normal(0, 1);\nobserve 1 ~ Normal(h, 1);\nguide h: 3;",
                "E0117",
                "3:10",
                "the name of a guide family",
                "`full_rank`",
            ),
            (
                "theta ~ Normal(0, 1);\nobserve 1 ~ Normal(theta, 1);\nguide thta: full_rank;",
                "E0117",
                "3:7",
                "no site `thta`",
                "`theta`",
            ),
            (
                "h ~ Normal(0, 1);\nobserve 1 ~ Normal(h, 1);\nguide h: full_rank;\nguide h: mean_field;",
                "E0117",
                "4:7",
                "a second family for `h`",
                "delete one",
            ),
            (
                "z ~ Bernoulli(0.3);\nobserve 1 ~ Normal(z, 1);\nguide z: full_rank;",
                "E0117",
                "3:7",
                "`z` is summed out",
                "delete",
            ),
            (
                "a ~ Normal(0, 1);\nb ~ Normal(a, 1);\nobserve 1 ~ Normal(b, 1);\nguide { param m = 0; a ~ Normal(m, 1); }\nguide a: full_rank;",
                "E0117",
                "5:7",
                "the written guide draws `a` already",
                "delete one",
            ),
            (
                "a ~ Normal(0, 1);\nobserve 1 ~ Normal(a, 1);\nguide { param m = 0; a ~ Normal(m, 1); }\nguide auto(full_rank);",
                "E0117",
                "4:1",
                "the written guide draws every site",
                "delete one",
            ),
            (
                "a ~ Normal(0, 1);\nobserve 1 ~ Normal(a, 1);\nguide { param m = 0; }",
                "E0117",
                "3:1",
                "does not draw `a`",
                "ppl guide",
            ),
        ],
        None,
    );
}

#[test]
fn a_guide_for_some_sites_is_right() {
    for text in [
        "a ~ Normal(0, 1);\nb ~ Normal(a, 1);\nobserve 1 ~ Normal(b, 1);\nguide { param m = 0; a ~ Normal(m, 1); }",
        "a ~ Normal(0, 1);\nb ~ Normal(a, 1);\nobserve 1 ~ Normal(b, 1);\nguide { param m = 0; a ~ Normal(m, 1); }\nguide auto(mean_field);\nguide b: full_rank;",
    ] {
        let found = diagnostics(text, None);
        assert!(found.is_empty(), "{text}\n{found:#?}");
    }
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
fn guides_that_learn_nothing() {
    check(
        &[
            (
                "a ~ Normal(0, 1);\nguide { a ~ Normal(0, 1); }",
                "E0117",
                "2:1",
                "the guide has no `param`",
                "`param m = 0; param s: positive = 1; a ~ Normal(m, s);`",
            ),
            (
                "m ~ HalfNormal(1);\nguide { m ~ Normal(0, 1).transformed(); }",
                "E0117",
                "2:1",
                "the guide has no `param`",
                "`param centre = 0; param s: positive = 1; m ~ Normal(centre, s).transformed();`",
            ),
        ],
        None,
    );
    // A param of the model is something to fit, and so is what is generated for the other sites.
    for fine in [
        "param c = 0;\na ~ Normal(c, 1);\nguide { a ~ Normal(0, 1); }",
        "a ~ Normal(0, 1);\nb ~ Normal(a, 1);\nguide { a ~ Normal(0, 1); }",
    ] {
        let found = common::diagnostics(fine, None);
        assert!(found.iter().all(|d| !d.is_error()), "{found:?}");
    }
}
