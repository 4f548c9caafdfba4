//! Syntax errors within statements: brackets, declarations, left sides, conditions, signs.

use ppl_syntax::{line_column, parse};

mod common;
use common::check;

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
            "1:10 expected the name of an axis, found `1` | a loop runs over an axis: `for t in row { … }`, or one of its own, `axis step = 9;`, then `for t in step { … }`",
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
fn words_that_belong_elsewhere() {
    check(
        "predict y = 3;",
        &[
            "1:11 expected `~`, found `=` | `predict name ~ …` draws; `report name = …` gives a value | report y = 3;",
        ],
    );
    check(
        "guide full_rank;",
        &[
            "1:7 `guide` needs a site, `auto` or a block | write `guide auto(full_rank);` for one family over all sites | guide auto(full_rank);",
        ],
    );
    check(
        "y ~ f(1) T[0, ];",
        &[
            "1:10 expected `;`, found `T` | write `.truncated(lower = …, upper = …)` behind the distribution",
        ],
    );
    check(
        "a ~ f(x 1);",
        &["1:9 expected `)` or `,`, found `1` | separate them with `,` | a ~ f(x, 1);"],
    );
    check("if a factor 1;", &["1:6 expected `{`, found `factor`"]);
    check(
        "a ~ f(1\nb ~ f(a);",
        &["2:1 expected `)` or `,`, found `b` | close it with `);` | a ~ f(1);⏎b ~ f(a);"],
    );
}

#[test]
fn other_languages_statements() {
    check(
        "let m[row] = if (x > 0) a + b * x else a;",
        &[
            "1:25 expected `{`, found `a` | the branches stand in braces: `if x > 0 { a } else { b }` | let m[row] = if (x > 0) { a + b * x } else { a };",
        ],
    );
    check(
        "data p[row]: positive;\nlog(p) ~ Normal(m, s);",
        &[
            "2:1 the left side of `~` is a name, and this calls `log` | a function of data is observed | data p[row]: positive;⏎observe log(p) ~ Normal(m, s);",
        ],
    );
    check(
        "log(tau) ~ Normal(m, s);",
        &[
            "1:1 the left side of `~` is a name, and this calls `log` | draw the unknown itself, from the distribution of what its logarithm is drawn from: `tau ~ LogNormal(…);`",
        ],
    );
    check(
        "s: real(0,) ~ Normal(0, 5);",
        &[
            "1:11 expected a bound, found `)` | an end that is open is `inf` | s: real(0, inf) ~ Normal(0, 5);",
        ],
    );
    check(
        "s: real(, 1) ~ Normal(0, 5);",
        &[
            "1:9 expected a bound, found `,` | an end that is open is `-inf` | s: real(-inf, 1) ~ Normal(0, 5);",
        ],
    );
    check(
        "data y[row]: real;\nfactor y ~ Normal(a, s);",
        &[
            "2:10 `factor` adds a number to the log density, and this draws | the log density of data is added by `observe` | data y[row]: real;⏎observe y ~ Normal(a, s);",
        ],
    );
    check(
        "factor u ~ Normal(a, s);",
        &[
            "1:10 `factor` adds a number to the log density, and this draws | the log density of an unknown is added by its `~` | u ~ Normal(a, s);",
        ],
    );
    check(
        "report a / b;",
        &["1:8 what is reported has a name | write `report name = …;` | report reported = a / b;"],
    );
    check(
        "report exp(a);",
        &["1:8 what is reported has a name | write `report name = …;` | report reported = exp(a);"],
    );
    check(
        "observe y ~ Normal(a, s) | x > 0;",
        &[
            "1:26 `|` is not an operator | which rows count is said by `if`: `for i in row { if x[i] > 0 { observe y[i] ~ …; } }`",
        ],
    );
    check(
        "mu = Normal(\"mu\", 0, 1);",
        &[
            "1:1 a draw is written with `~` | the name stands on the left, its axes in a bracket behind it; data are observed | mu ~ Normal(0, 1);",
        ],
    );
    check(
        "b = pm.Normal(\"b\", 0, 1, shape=3);",
        &[
            "1:1 a draw is written with `~` | the name stands on the left, its axes in a bracket behind it; data are observed | axis b_axis = 3; b[b_axis] ~ Normal(0, 1);",
        ],
    );
    check(
        "data y[row]: real;\nNormal(a, 1) = y;",
        &[
            "2:1 a distribution stands right of `~` | what is drawn from it stands on the left | data y[row]: real;⏎observe y ~ Normal(a, 1);",
        ],
    );
    check(
        "observe y ~ Normal(a, s) weight x;",
        &[
            "1:26 expected `;`, found `weight` | a likelihood with weights is a `factor` in place of the observation: `factor w * log_density(Normal(m, s), y);` | factor x * log_density(Normal(a, s), y);",
        ],
    );
    check(
        "observe y ~ Normal(x + (1 | g), s);",
        &[
            "1:27 `|` is not an operator: effects of groups are unknowns | write `axis g; data g[row]: g; tau ~ HalfNormal(1); u[g] ~ Normal(0, tau);`, and add `u[g]`",
        ],
    );
}
