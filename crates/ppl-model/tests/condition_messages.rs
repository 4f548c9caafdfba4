//! What is said about `if` as a statement.

mod common;

use common::{at, check, diagnostics};

#[test]
fn wrong_uses() {
    check(
        &[
            (
                "data y[row]: real;\na ~ Normal(0, 1);\nif a > 0 { b ~ Normal(0, 1); }",
                "E0116",
                "3:12",
                "`b` would be drawn in one branch alone",
                "x ~ if c { D1 } else { D2 };",
            ),
            (
                "data y[row]: real;\na ~ Normal(0, 1);\nfor t in row { if y[t] > 0 { let d[t] = a * y[t]; } }",
                "E0116",
                "3:30",
                "`d` would be defined in one branch alone",
                "leave the bracket away",
            ),
            (
                "a ~ Normal(0, 1);\nif a > 0 { report b = a; }",
                "E0116",
                "2:12",
                "does not depend on conditions",
                "out of the `if`",
            ),
            (
                "data y[row]: real;\na ~ Normal(0, 1);\nif y > 0 { observe y ~ Normal(a, 1); }",
                "E0114",
                "3:4",
                "takes one condition, but this lies along `row`",
                "for i in row",
            ),
            (
                "data y[row]: real;\na ~ Normal(0, 1);\nif a { observe y ~ Normal(a, 1); }",
                "E0114",
                "3:4",
                "a condition is expected",
                "compare it",
            ),
            (
                "data y[row]: real;\na ~ Normal(0, 1);\nfor i in row { if a > 0 { factor a; } }",
                "E0115",
                "3:27",
                "does not mention `i`",
                "index it",
            ),
            (
                "data y[row]: real?;\na ~ Normal(0, 1);\nfor i in row { if a > 0 { observe y[i] ~ Normal(a, 1); } }",
                "E0113",
                "3:35",
                "missing entries, within `if`",
                "choose between distributions",
            ),
            (
                "x ~ Normal(0, 1);\nguide { param m = 0; if 1 < 2 { x ~ Normal(m, 1); } }",
                "E0116",
                "2:25",
                "a guide has no `if` statement",
                "draw from it",
            ),
            (
                "data y[row]: real;\na ~ Normal(0, 1);\nif a > 0 { observe y ~ Normal(a, 1); }\nobserve y ~ Normal(a, 2);",
                "W0121",
                "4:9",
                "observed twice",
                "",
            ),
        ],
        None,
    );
}

/// Branches of one `if` exclude each other: no datum is counted twice.
#[test]
fn complementary_branches() {
    let text = "data y[row]: real;\na ~ Normal(0, 1);\nif a > 0 { observe y ~ Normal(a, 1); } else if a > -1 { observe y ~ Normal(0, 2); } else { observe y ~ Normal(1, 1); }";
    let found = diagnostics(text, None);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn densities_that_jump() {
    let model = |choice: &str, rest: &str| {
        format!(
            "data t[row]: real;\ndata y[row]: int;\ns ~ Uniform(0, 9);\ne ~ Exponential(1);\nl ~ Exponential(1);\n{rest}observe y ~ Poisson({choice});\n"
        )
    };
    let said = |text: &str| -> Vec<(&str, String)> {
        let found = diagnostics(text, None);
        found.iter().map(|d| (d.code, at(text, d))).collect()
    };
    let jump = model("if t < s { e } else { l }", "");
    assert_eq!(said(&jump), [("W0138", "6:24".to_owned())]);
    let through = model(
        "m",
        "let early[row] = t < s;\nlet m[row] = if early { e } else { 2 * l };\n",
    );
    assert_eq!(said(&through), [("W0138", "7:17".to_owned())]);
    // The values meet, or nobody's density has the step.
    let hinge = model("if t < s { e } else { e + l * (t - s) }", "");
    assert!(said(&hinge).is_empty(), "{:?}", said(&hinge));
    let broken = model("1 + (if t < s { e } else { l }) * (s - t)", "");
    assert!(said(&broken).is_empty(), "{:?}", said(&broken));
    let scaled = model("1 + (if t < s { e } else { l }) * e", "");
    assert_eq!(said(&scaled), [("W0138", "6:29".to_owned())]);
    let told = model("e + l + s", "report late = if s > 4 { 1 } else { 0 };\n");
    assert!(said(&told).is_empty(), "{:?}", said(&told));
    let by_data = model("if t < 4 { e } else { l + s }", "");
    assert!(said(&by_data).is_empty());
}
