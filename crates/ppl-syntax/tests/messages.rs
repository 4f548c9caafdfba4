//! Each syntax error, as its author sees it: code, place, sentence, advice and mend.

use ppl_syntax::parse;

mod common;
use common::{check, messages};

#[test]
fn missing_semicolon() {
    check(
        "a ~ f(1)\nb ~ f(a);",
        &["1:9 expected `;`, found `b` | add `;` | a ~ f(1);⏎b ~ f(a);"],
    );
    check(
        "a ~ f(1)",
        &["1:9 expected `;`, found the end of the file | add `;` | a ~ f(1);"],
    );
    check(
        "if c { a ~ f(1) }",
        &["1:16 expected `;`, found `}` | add `;` | if c { a ~ f(1); }"],
    );
    check(
        "a ~ f(1) // why\n\nb ~ f(a);",
        &["1:9 expected `;`, found `b` | add `;` | a ~ f(1); // why⏎⏎b ~ f(a);"],
    );
    assert_eq!(parse("a ~ f(1)\nb ~ f(a)\nc ~ f(b);").0.statements.len(), 3);
}

#[test]
fn equals_for_tilde() {
    check(
        "mu = Normal(0, 1);",
        &["1:4 expected `~`, found `=` | `~` draws from a distribution | mu ~ Normal(0, 1);"],
    );
    check(
        "observe y = f(m);",
        &["1:11 expected `~`, found `=` | `~` draws from a distribution | observe y ~ f(m);"],
    );
}

#[test]
fn assignment_without_let() {
    check(
        "x = 3;",
        &["1:3 expected `~`, found `=` | `let` names a value: write `let` before it | let x = 3;"],
    );
}

#[test]
fn arrow_for_tilde() {
    check(
        "m <- Normal(0, 1);",
        &["1:3 expected `~`, found `<-` | `~` draws from a distribution | m ~ Normal(0, 1);"],
    );
    check(
        "observe y <- f(m);",
        &["1:11 expected `~`, found `<-` | `~` draws from a distribution | observe y ~ f(m);"],
    );
    check(
        "m <- 3;",
        &[
            "1:3 expected `~`, found `<-` | `x ~ Normal(0, 1);` draws from a distribution, `let x = …;` names a value",
        ],
    );
}

#[test]
fn hash_comment() {
    check(
        "# don't {\na ~ f(1);",
        &[
            "1:1 expected a statement or an operator, found `#` | comments begin with `//` | // don't {⏎a ~ f(1);",
        ],
    );
}

#[test]
fn stan_declarations() {
    let said = "a declaration does not begin with its kind | data are declared";
    check(
        "real mu;",
        &[&format!(
            "1:1 {said} `data mu[row]: real;`; a latent is drawn: `mu ~ Normal(0, 1);`"
        )],
    );
    check(
        "vector[N] y;",
        &[&format!(
            "1:1 {said} `data y[row]: real;`; a latent is drawn: `y ~ Normal(0, 1);`"
        )],
    );
    check(
        "real<lower=0> s;",
        &[&format!(
            "1:1 {said} `data s[row]: positive;`; a latent is drawn: `s: positive ~ Normal(0, 1);`"
        )],
    );
    check(
        "data real y;",
        &["1:11 expected `:`, found `y` | write `data y[row]: real;`"],
    );
}

#[test]
fn stan_blocks_and_target() {
    let messages = messages("parameters { real mu; }");
    assert!(
        messages[0].starts_with("1:1 there is no `parameters` block"),
        "{messages:?}"
    );
    check(
        "target += f(y);",
        &[
            "1:1 terms of the log density are added with `factor` | write `factor …;` | factor f(y);",
        ],
    );
}

#[test]
fn numbers() {
    check(
        "a ~ f(.5);",
        &["1:7 a number does not begin with a point | write `0.5` | a ~ f(0.5);"],
    );
    check(
        "a ~ f(5.);",
        &[
            "1:8 a number does not end with a point | write a digit behind it, or none at all | a ~ f(5.0);",
        ],
    );
    check(
        "a ~ f(1_000);",
        &["1:7 digits stand together in a number | write `1000` | a ~ f(1000);"],
    );
    check(
        "a ~ f(2x);",
        &["1:7 `2x` is neither a number nor a name | write products with `*`: `2 * x`"],
    );
    check(
        "a ~ f(1e999);",
        &["1:7 `1e999` is too large for a number | write `inf` for infinity"],
    );
}

#[test]
fn misspelt_keywords() {
    for (wrong, right) in [
        ("obsreve y ~ f(1);", "observe"),
        ("observ y ~ f(1);", "observe"),
        ("fro t in row { a ~ f(1); }", "for"),
        ("Factor -0.5 * x;", "factor"),
        ("reprot a = b;", "report"),
        ("parm w = 3;", "param"),
        ("axes k = 3;", "axis"),
        ("dat y[row]: real;", "data"),
        ("giude { a ~ f(1); }", "guide"),
    ] {
        let (word, rest) = wrong.split_once(' ').expect("two words");
        let expected = format!(
            "1:1 `{word}` does not begin a statement | did you mean `{right}`? | {right} {rest}"
        );
        check(wrong, &[&expected]);
    }
}

#[test]
fn lines_without_semicolons_are_explained_one_by_one() {
    let text = "mu = pm.Normal(\"mu\", 0, 1)\nsigma = pm.HalfNormal(\"sigma\", 1)\nk = pm.Poisson(\n  \"k\", mu)\n";
    let (_, found) = ppl_syntax::parse(text);
    let lines: Vec<usize> = found
        .iter()
        .map(|d| ppl_syntax::line_column(text, d.labels[0].span.start).0)
        .collect();
    assert_eq!(lines, [1, 2, 3], "{found:?}");
    assert!(
        found
            .iter()
            .all(|d| d.message == "a draw is written with `~`")
    );
}
