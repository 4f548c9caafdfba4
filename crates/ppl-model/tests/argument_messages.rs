//! What is said about arguments and ends that data put where nothing can be drawn.

mod common;

use common::{check, diagnostics, table};

#[test]
fn arguments_outside_of_their_domains() {
    let data = table("g,y,k,n,se,w\na,1.5,3,5,0.2,0.5\nb,2,0,5,0,1.5\na,0.3,1,2,0,-0.5\n");
    check(
        &[
            (
                "data y[row]: real;\ndata se[row]: real;\nm ~ Normal(0, 1);\nobserve y ~ Normal(m, se);",
                "E0107",
                "data.csv:3:9",
                "`se`: `sd` (standard deviation) of Normal must be positive, and this is 0, and one more is outside",
                "`if` around the statement",
            ),
            (
                "data y[row]: real;\ndata se[row]: real;\nm ~ Normal(0, 1);\nobserve y ~ Normal(m, 2 * se);",
                "E0107",
                "4:23",
                "data make it 0 at row 2 (data.csv:3)",
                "mend the data",
            ),
            (
                "data k[row]: int;\ndata n[row]: int;\ndata w[row]: real;\nobserve k ~ Binomial(n, w);",
                "E0107",
                "data.csv:3:11",
                "between 0 and 1, and this is 1.5",
                "",
            ),
            // Unknowns drawn with such an argument.
            (
                "data se[row]: real;\nu[row] ~ Gamma(se, 1);",
                "E0107",
                "data.csv:3:9",
                "`shape` (shape) of Gamma must be positive",
                "",
            ),
            // 0 whatever the unknown is: a standard deviation cannot be, and a rate cannot where something was counted.
            (
                "data y[row]: real;\ndata se[row]: real;\ns ~ HalfNormal(1);\nobserve y ~ Normal(0, s * se);",
                "E0107",
                "4:23",
                "data make it 0 whatever the unknowns are at row 2",
                "",
            ),
            (
                "data k[row]: int;\ndata se[row]: real;\nb ~ Normal(0, 1);\nlet rate = exp(b) * se;\nobserve k ~ Poisson(rate);",
                "E0211",
                "data.csv:4:7",
                "`k`: Poisson with `rate` 0 cannot draw 1, and data alone make it so",
                "no value of an unknown helps",
            ),
        ],
        Some(&data),
    );
}

#[test]
fn arguments_of_cells_that_do_not_count_may_be_anything() {
    let data = table("y,k,se\n1.5,0,0.2\n2,1,0\nNA,1,0\n");
    let right = [
        "data k[row]: int;\ndata se[row]: real;\nm ~ Normal(0, 1);\nfor i in row { if se[i] > 0 { observe k[i] / 2 ~ Normal(m, se[i]); } }",
        "data k[row]: int;\ndata se[row]: real;\nm ~ Normal(0, 1);\nfor i in row { if se[i] > 0 { observe k[i] ~ Poisson(se[i]); } }",
        "data k[row]: int;\ndata se[row]: real;\nm ~ Normal(0, 1);\nobserve k ~ if se > 0 { Poisson(exp(m) * se) } else { Bernoulli(0.5) };",
        "data k[row]: int;\ndata se[row]: real;\nm ~ Normal(0, 1);\nfor t in row skip 2 { observe k[t] ~ Poisson(se[t-1] + 1); }",
        "data k[row]: int;\ndata se[row]: real;\nm ~ Normal(0, 1);\nobserve k ~ Poisson(exp(m) * se + 0.1);",
    ];
    for text in right {
        let found = common::diagnostics(text, Some(&data));
        let errors: Vec<_> = found.iter().filter(|d| d.is_error()).collect();
        assert!(errors.is_empty(), "{text}: {errors:?}");
    }
}

#[test]
fn ends_of_unknowns_bound_what_is_observed() {
    let data = table("g,c,y,top\na,3,0.5,2\na,61,9,3\nb,2,2,1\n");
    check(
        &[
            (
                "data c[row]: int;\nN[row] ~ Poisson(9).truncated(upper = 60);\nobserve c ~ Binomial(N, 0.5);",
                "E0211",
                "data.csv:3:3",
                "whole numbers between 0 and 60, so 61 cannot be observed: `N` is 60 at most",
                "move the upper end of `N`",
            ),
            (
                "axis g;\ndata g[row]: g;\ndata c[row]: int;\nN[g] ~ Poisson(9).truncated(upper = 60);\nobserve c ~ Binomial(N[g], 0.5);",
                "E0211",
                "data.csv:3:3",
                "`N` is 60 at most",
                "",
            ),
            (
                "data c[row]: int;\nN[row]: int(0, 60) ~ Poisson(9);\nobserve c ~ Binomial(N, 0.5);",
                "E0211",
                "data.csv:3:3",
                "`N` is 60 at most",
                "",
            ),
            (
                "data y[row]: real;\ntop: real(0, 8) ~ HalfNormal(5);\nobserve y ~ Uniform(0, top);",
                "E0211",
                "data.csv:3:6",
                "so 9 cannot be observed: `top` is 8 at most",
                "",
            ),
            (
                "data y[row]: real;\nlow: real(1, 3) ~ Flat();\nobserve y ~ Uniform(low, 20);",
                "E0211",
                "data.csv:2:5",
                "so 0.5 cannot be observed: `low` is 1 at least",
                "lower end of `low`",
            ),
            (
                "data c[row]: int;\ndata top[row]: int;\nm ~ HalfNormal(3);\nobserve c ~ Poisson(m).truncated(upper = top);",
                "E0211",
                "data.csv:2:3",
                "3 lies above the upper bound 2",
                "",
            ),
            // An end that is open stays open where it is cut off.
            (
                "m ~ HalfNormal(3);\nobserve 0 ~ LogNormal(m, 1).truncated(lower = 0);",
                "E0211",
                "2:13",
                "above 0, so 0 cannot be observed",
                "",
            ),
        ],
        Some(&data),
    );
    // The ends themselves.
    let right = [
        "data c[row]: int;\nN[row] ~ Poisson(9).truncated(upper = 61);\nobserve c ~ Binomial(N, 0.5);",
        "data y[row]: real;\nm ~ Normal(0, 1);\nobserve y ~ Normal(m, 1).truncated(lower = 0.5, upper = 9);",
        "data y[row]: real;\ntop: real(0, 9) ~ HalfNormal(5);\nobserve y ~ Uniform(0, top);",
    ];
    for text in right {
        let found = common::diagnostics(text, Some(&data));
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}

#[test]
fn elements_of_one_unknown_are_free_of_each_other() {
    let data = table("g,h,k,n\na,b,1,5\nb,a,2,5\n");
    let head = "axis g;\naxis p = {a, b};\ndata g[row]: g;\ndata h[row]: g;\ndata k[row]: int;\ndata n[row]: int;\nu[g, p] ~ Normal(0, 1);\ns[g] ~ Normal(0, 1);\n";
    let warned = [
        "observe k ~ Binomial(n, u[g, a] - u[g, b]);",
        "observe k ~ Binomial(n, s[g] - s[h]);",
        "let d = u[g, a];\nobserve k ~ Binomial(n, d - 2 * u[g, b]);",
        "for t in row skip 1 { observe k[t] ~ Poisson(s[g[t]] - s[g[t-1]]); }",
        "x[row] ~ Normal(0, 1);\nfor t in row skip 1 { observe k[t] ~ Poisson(x[t] - x[t-1]); }",
    ];
    let silent = [
        "observe k ~ Binomial(n, u[g, a] - u[g, a]);",
        "observe k ~ Poisson(s[g] * s[g]);",
        "observe k ~ Poisson(u[g, a] - sum(u[g], over = p));",
    ];
    for (texts, n) in [(&warned[..], 1), (&silent[..], 0)] {
        for text in texts {
            let found = common::diagnostics(&format!("{head}{text}"), Some(&data));
            let warnings = found.iter().filter(|d| d.code == "W0136").count();
            assert_eq!(warnings, n, "{text}: {found:?}");
        }
    }
    let found = common::diagnostics(&format!("{head}{}", warned[0]), Some(&data));
    assert!(
        found[0]
            .help
            .as_deref()
            .is_some_and(|h| h.contains("`BinomialLogit`"))
    );
}

#[test]
fn infinite_arguments() {
    let data = table("y\n1\n2\n");
    let m = "data y[row]: real;\n";
    let model = |line: &str| -> &'static str {
        Box::leak(format!("{m}{line}\nobserve y ~ Normal(a, 1);").into_boxed_str())
    };
    let finite = "must be finite";
    check(
        &[
            (
                model("a ~ Uniform(-inf, inf);"),
                "E0107",
                "2:13",
                finite,
                "`x ~ Flat();`",
            ),
            (
                model("a ~ Uniform(0, inf);"),
                "E0107",
                "2:16",
                finite,
                "`x: positive ~ Flat();`",
            ),
            (
                model("a ~ Uniform(2, inf);"),
                "E0107",
                "2:16",
                finite,
                "`x: real(2, inf) ~ Flat();`",
            ),
            (
                model("a ~ Normal(0, inf);"),
                "E0107",
                "2:15",
                finite,
                "`x ~ Flat();`",
            ),
            (
                model("let far = inf; a ~ Uniform(-far, far);"),
                "E0107",
                "2:28",
                finite,
                "`x ~ Flat();`",
            ),
        ],
        Some(&data),
    );
}

#[test]
fn arguments_that_data_leave_undefined() {
    let data = table("y,x,c\n1,0,2\n2,1,2\n3,2,2\n");
    let head = "data y[row]: real;\ndata x[row]: real;\ndata c[row]: real;\na ~ Normal(0, 1);\nb ~ Normal(0, 1);\n";
    let said = |rest: &str| -> Vec<(&'static str, String)> {
        let found = common::diagnostics(&format!("{head}{rest}"), Some(&data));
        let errors = found.into_iter().filter(|d| d.is_error());
        errors.map(|d| (d.code, d.message)).collect()
    };
    for (rest, at) in [
        (
            "let lx[row] = log(x);\nobserve y ~ Normal(a + b * lx, 1);",
            "row 1",
        ),
        ("observe y ~ Normal(a / x, 1);", "row 1"),
        (
            "let z[row] = (c - mean(c)) / sd(c);\nobserve y ~ Normal(a + b * z, 1);",
            "row 1",
        ),
        (
            "for i in row { observe y[i] ~ Normal(a + b * log(x[i] - 1), 1); }",
            "row 1",
        ),
    ] {
        let found = said(rest);
        let ok = |f: &(&str, String)| {
            f.0 == "E0107" && f.1.contains("no finite number") && f.1.contains(at)
        };
        assert!(found.len() == 1 && ok(&found[0]), "{rest}\n{found:?}");
    }
    for fine in [
        // The branch that is not taken gives no value.
        "let lx[row] = if x > 0 { log(x) } else { 0 };\nobserve y ~ Normal(a + b * lx, 1);",
        "let lx[row] = log(x);\nfor i in row { if x[i] > 0 { observe y[i] ~ Normal(a + b * lx[i], 1); } }",
        // A rate of 0, on the scale of logarithms.
        "observe 0 ~ PoissonLog(a);\nlet e[row] = exp(b * log(x));\nobserve y ~ Normal(e, 1);",
    ] {
        let found = said(fine);
        assert!(found.is_empty(), "{fine}\n{found:?}");
    }
}

/// The parameters of each form that is proposed give the distribution with the moments that were asked for.
#[test]
fn means_and_spreads_that_no_form_has() {
    let cases = [
        ("Gamma(mean = m, shape = 3)", "Gamma(3, rate = 3 / m)"),
        ("Gamma(mu = 2, rate = m)", "Gamma(2 * m, rate = m)"),
        ("Gamma(scale = m, mean = 3)", "Gamma(3 / m, scale = m)"),
        (
            "Gamma(mean = m + 1, sd = 2)",
            "Gamma(square(m + 1) / square(2), rate = (m + 1) / square(2))",
        ),
        (
            "Gamma(mu = m, variance = 2)",
            "Gamma(square(m) / 2, rate = m / 2)",
        ),
        (
            "InvGamma(mean = m, shape = 3)",
            "InvGamma(3, scale = m * (3 - 1))",
        ),
        (
            "InvGamma(mean = m, sd = 2)",
            "InvGamma(2 + square(m) / square(2), scale = m * (1 + square(m) / square(2)))",
        ),
        (
            "Beta(mean = m, sd = 0.1)",
            "Beta(mean = m, concentration = m * (1 - m) / square(0.1) - 1)",
        ),
        (
            "Beta(mean = m, precision = 9)",
            "Beta(mean = m, concentration = 9)",
        ),
        (
            "NegBinomial(mean = m, sd = 3)",
            "NegBinomial(m, size = square(m) / (square(3) - m))",
        ),
        (
            "NegBinomial(mean = m, probability = 0.3)",
            "NegBinomial(m, size = m * 0.3 / (1 - 0.3))",
        ),
        (
            "Weibull(mean = m, shape = 2)",
            "Weibull(2, scale = m / tgamma(1 + 1 / 2))",
        ),
        ("Exponential(scale = m)", "Exponential(mean = m)"),
        (
            "BetaBinomial(n = 9, mean = m, concentration = 4)",
            "BetaBinomial(9, m * 4, (1 - m) * 4)",
        ),
    ];
    for (call, written) in cases {
        let kind = if call.contains("Bin") { "int" } else { "real" };
        let model =
            |call: &str| format!("data y[row]: {kind}; m ~ Uniform(0, 1); observe y ~ {call};");
        let found = diagnostics(&model(call), None);
        assert_eq!(found.len(), 1, "{call}: {found:?}");
        assert_eq!(found[0].code, "E0106");
        let help = found[0].help.as_deref().unwrap_or_default();
        assert_eq!(help, format!("write `{written}`"), "{call}");
        let accepted = diagnostics(&model(written), None);
        assert!(accepted.is_empty(), "{written}: {accepted:?}");
    }
}
