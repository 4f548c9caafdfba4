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
