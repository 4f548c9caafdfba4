//! Each syntax error, as its author sees it: code, place, sentence, advice and mend.

use ppl_syntax::{Diagnostic, FilePlace, Span, line_column, parse, render};

/// `line:column message | help | the text after the mend, where it differs`, one line for each diagnostic.
fn messages(text: &str) -> Vec<String> {
    parse(text).1.iter().map(|d| line(text, d)).collect()
}

fn line(text: &str, d: &Diagnostic) -> String {
    assert_eq!(d.code, "E0001");
    let (line, column) = line_column(text, d.labels[0].span.start);
    let mut out = format!("{line}:{column} {}", d.message);
    if let Some(help) = &d.help {
        out.push_str(&format!(" | {help}"));
    }
    if let Some(fix) = &d.fix {
        let mended = format!(
            "{}{}{}",
            &text[..fix.span.start],
            fix.replacement,
            &text[fix.span.end..]
        );
        out.push_str(&format!(" | {}", mended.replace('\n', "⏎")));
    }
    out
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(messages(text), expected, "{text}");
}

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
            "1:1 {said} `data x[row]: real;`; a latent is drawn: `x ~ Normal(0, 1);`"
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
        &["1:8 a number does not end with a point | write `5.0` or `5` | a ~ f(5.0);"],
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
fn brackets() {
    check(
        "a ~ f(1;\nb ~ f(a);",
        &["1:8 expected `)` or `,`, found `;` | close it with `)` | a ~ f(1);⏎b ~ f(a);"],
    );
    check(
        "a ~ f(0 1);",
        &["1:9 expected `)` or `,`, found `1` | separate them with `,` | a ~ f(0, 1);"],
    );
    check("a ~ f(b[1);", &["1:10 expected `,` or `]`, found `)`"]);
    check("a ~ f(1, );", &[]);
    check("a ~ f(, 1);", &["1:7 expected an expression, found `,`"]);
    check(
        "if c { a ~ f(1);",
        &["1:6 this `{` is never closed | add `}` where the block ends"],
    );
    check(
        "a ~ f(1); }",
        &["1:11 this `}` closes nothing | remove it | a ~ f(1); "],
    );
    check(
        "axis k = {a, b;\nb ~ f(1);",
        &["1:10 this `{` is never closed | end the list with `}` | axis k = {a, b};⏎b ~ f(1);"],
    );
}

#[test]
fn strings_and_comments() {
    check(
        "a ~ f(\"b, 1);\nb ~ f(a);",
        &["1:7 this string is not closed on its line | end it with `\"`"],
    );
    check(
        "a ~ f(1); /* b",
        &["1:11 this comment is never closed | end it with `*/`"],
    );
}

#[test]
fn declarations() {
    check("data y[row];", &["1:12 expected `:`, found `;`"]);
    check(
        "data y[row]: ;",
        &["1:14 expected a kind such as `real`, found `;`"],
    );
    check(
        "data ~ f(1);",
        &["1:1 `data` is a word of the language and cannot be a name | choose another name"],
    );
    check(
        "a ~ f(data);",
        &[
            "1:7 expected an expression, found `data` | `data` is a word of the language: choose another name",
        ],
    );
    check(
        "let x ~ f(1);",
        &["1:7 expected `=`, found `~` | a draw has no keyword: remove `let` | x ~ f(1);"],
    );
    check(
        "s: real(lower = 0) ~ Flat();",
        &[
            "1:15 bounds have no names | write the lower and the upper bound: `real(0, 1)`, `real(0, inf)`",
        ],
    );
}

#[test]
fn left_sides_and_loops() {
    let shift =
        "a left side names axes or loop variables; shift on the right: `h[t] ~ Normal(h[t-1], s);`";
    check(
        "h[t+1] ~ f(1);",
        &[&format!("1:4 expected `]`, found `+` | {shift}")],
    );
    check(
        "for t in 1..9 { a ~ f(1); }",
        &[
            "1:10 expected the name of an axis, found `1` | a loop runs over an axis: `axis step = 10;`, then `for t in step { … }`",
        ],
    );
    check(
        "for (t in row) { a ~ f(1); }",
        &["1:5 expected a name, found `(` | write `for t in row { … }` without parentheses"],
    );
}

#[test]
fn conditions() {
    check(
        "if a = b { c ~ f(1); }",
        &["1:6 `=` does not compare | write `==` | if a == b { c ~ f(1); }"],
    );
    check(
        "a ~ if b { f(1) };",
        &["1:18 expected `else`, found `;` | an `if` that gives a value needs both branches"],
    );
    check(
        "else { a ~ f(1); }",
        &["1:1 this `else` follows no `if` block | write `if condition { … } else { … }`"],
    );
    check(
        "if a { } elif b { }",
        &["1:10 there is no `elif` | write `else if` | if a { } else if b { }"],
    );
    check(
        "factor a < b < c;",
        &[
            "1:14 comparisons do not chain | write `a < b && b < c`, or put one comparison into parentheses",
        ],
    );
}

#[test]
fn signs_of_other_languages() {
    check(
        "factor a ** 2;",
        &["1:10 powers are not written `**` | write `^` | factor a ^ 2;"],
    );
    check(
        "factor a & b;",
        &["1:10 `&` is not an operator | write `&&` | factor a && b;"],
    );
    check(
        "a ~ f(y | b);",
        &["1:9 `|` is not an operator | \"or\" is `||`; arguments are separated by `,`"],
    );
    check(
        "factor a';",
        &[
            "1:9 `'` is not part of the language | strings stand in double quotes; transpose with `transpose(x)`",
        ],
    );
}

#[test]
fn all_errors_of_a_file_are_told_once_each() {
    let text = "a ~ ;\nfor t in row {\n  b ~ f(0 1);\n  c ~ f(1);\n  obsreve d ~ f(1);\n}\ne = 3;\ng ~ f(1);\n";
    let places: Vec<(usize, usize)> = parse(text)
        .1
        .iter()
        .map(|d| line_column(text, d.labels[0].span.start))
        .collect();
    assert_eq!(places, [(1, 5), (3, 11), (5, 3), (7, 3)]);
    assert_eq!(parse(text).0.statements.len(), 2);
}

#[test]
fn the_whole_look() {
    let text = "mu ~ Normal(0, 1)\ntau ~ HalfNormal(1);\n";
    let expected = "\
error[E0001]: expected `;`, found `tau`
 --> model.ppl:1:18
  |
1 | mu ~ Normal(0, 1)
  |                  ^ the statement ends here
  |
help: add `;`
  |
1 | mu ~ Normal(0, 1);
  |                  +";
    let diagnostic = &parse(text).1[0];
    assert_eq!(render(diagnostic, "model.ppl", text, false), expected);
    assert!(render(diagnostic, "model.ppl", text, true).contains("\u{1b}["));
}

#[test]
fn a_place_in_a_data_file() {
    let place = FilePlace {
        path: "schools.csv".into(),
        line: 17,
        column: 205,
        excerpt: "…,3.5,n/a,2".into(),
        underline: Span { start: 8, end: 11 },
    };
    let diagnostic = Diagnostic::data("E0301", place, "expected a number, found `n/a`")
        .help("declare it `real?`");
    let expected = "\
error[E0301]: expected a number, found `n/a`
  --> schools.csv:17:205
   |
17 | …,3.5,n/a,2
   |       ^^^
   |
   = help: declare it `real?`";
    assert_eq!(render(&diagnostic, "model.ppl", "", false), expected);
}

#[test]
fn warnings_and_second_labels() {
    let text = "a ~ f(1);\nb ~ f(a);\n";
    let diagnostic = Diagnostic::warning("W0001", Span { start: 10, end: 11 }, "`b` is never used")
        .at("drawn here")
        .label(Span { start: 0, end: 1 }, "as is this");
    let shown = render(&diagnostic, "m.ppl", text, false);
    assert!(
        shown.starts_with("warning[W0001]: `b` is never used\n --> m.ppl:2:1\n"),
        "{shown}"
    );
    assert!(
        shown.contains("- as is this") && shown.contains("^ drawn here"),
        "{shown}"
    );
}
