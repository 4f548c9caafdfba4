//! The formatter: idempotent, the same tree, every comment.

use ppl_syntax::{FormatError, format, parse};

mod common;
use common::without_spans;

/// Formats, and checks what holds for every text.
#[track_caller]
fn formatted(text: &str) -> String {
    let (tree, diagnostics) = parse(text);
    assert!(diagnostics.is_empty(), "{text}\n{diagnostics:#?}");
    let once = format(text).unwrap_or_else(|error| panic!("{text}\n{error:?}"));
    let (again, diagnostics) = parse(&once);
    assert!(diagnostics.is_empty(), "{once}\n{diagnostics:#?}");
    assert_eq!(without_spans(&tree), without_spans(&again), "{once}");
    let twice = format(&once).unwrap_or_else(|error| panic!("{once}\n{error:?}"));
    assert_eq!(once, twice, "from\n{text}");
    assert!(
        once.contains("/*") || !once.contains(" \n"),
        "blanks at the end of a line:\n{once}"
    );
    once
}

const TEXTS: &[&str] = &[
    "observe outcome ~ NegBinomial(mean = exp(intercept + slope * predictor + group_effect[group] - offset_of_all), \
     dispersion = exp(log_dispersion)).truncated(lower = 0); let a = b;",
    "for t in row { let total[t] = first_coefficient * first_predictor[t] + second_coefficient * (second_predictor[t] \
     - its_mean) - if some_condition_of_the_row[t] { one_long_consequence } else { another_long_consequence }; }",
    "axis many = {first_label, second_label, third_label, fourth_label, fifth_label, sixth_label, seventh_label, last};",
    "if a_rather_long_condition[of_a_row] > another_long_value[of_it] && !(yet_another_one_is_true || so_is_this) { \
     factor sum(k in lag, j in some_other_axis if k < t && j > k: weights[k] * values_of_the_series[t - k] ^ 2); }",
    "",
    "// only a comment",
    "/* nested /* comment */ ; */ mu ~ Flat();",
    "axis county; axis k = 3; axis week = 1..52; axis later = 2 .. size(week)+1;",
    "axis coef = {intercept, slope}; axis party = {\"far left\", right,};",
    "axis some = columns(\"age\", \"bmi\"); data y[row]: real from \"Log Radon (pCi/L)\";",
    "data t[row]: censored positive? from \"time\"; data n: int(0, 10)?; data a[row]: censored;",
    "param w[hidden, latent] = glorot(); param s: positive = 1; param q: real = -1;",
    "let P[i in state, j in state] = if i == j { stay[i] } else if i<j {1 - stay[i]} else { -x^-2 };",
    "L[coef, coef] ~ LkjCholesky(2); ab[county, coef] ~ MultiNormal(mu, scale_tril = diag(tau) @ L);",
    "(mu, tau, theta) ~ MultiNormal(loc, scale_tril = L).transformed();",
    "observe time ~ Weibull(a, s).censored(right = !event).truncated(lower = 0);",
    "observe y[i in row, j] ~ Bernoulli(p); observe y[t-1] * 2 ~ Normal(0, 1); observe (a) ~ Flat();",
    "for t in row by subject skip if a { 1 } else { 2 } { observe y[t] ~ Normal(y[t-1], s); }",
    "for i in row { for t in occ { if t > entry[i] { factor 1; } } }",
    "if a { factor 1; } else if b { factor 2; } else { factor 3; }",
    "if a { } else { if b { factor 1; } factor 2; }",
    "if (if a { b } else { c }) { factor if a { b } else { c }; }",
    "if if a { b } else { c } { factor 1; } else if if a { b } else { c } { factor 2; }",
    "fn lv(t, n[species], a) = [hare = a * n[lynx], lynx = 1]; fn h(a) = if a { 1 } else { 2 };",
    "fn f() = 1; fn g(x) { let y = x^2; let z = if y { x } else { y }; y + z }",
    "fn g(x) { if x { 1 } else { 2 } } fn k(x) { let a = [x, 1]; a }",
    "guide { param m = 0; mu ~ Normal(m, 1); } guide auto(full_rank); guide h: markov; guide z: lowrank(rank = 2);",
    "let s = sum(k in lag, j in k if k < t && !(t>=2||k!=1): b[k] * y[t - k] % 2 / 3);",
    "let größe = α + _x; let x = mean(x, by = school,); let v = [1, 2, 3,]; let e = 1e-7+1.5E+3;",
    "\u{feff}mu ~ Normal(0, 1);\r\n\r\n\r\n// a\r\nx ~ Normal(0, 1);\r\n",
];

#[test]
fn every_form() {
    for text in TEXTS {
        formatted(text);
    }
}

#[test]
fn statements_and_blank_lines() {
    let text = "\n\n// head\n\n\n\nmu~Normal( 0,1 ) ;x ~ Normal( mu , -1 );// last\n/* own */ for i in row{// open\n\n\
                factor -x[ i ]^2;\n\n\n}\n";
    let expected = "// head\n\nmu ~ Normal(0, 1);\nx ~ Normal(mu, -1); // last\n/* own */\nfor i in row { // open\n  \
                    factor -x[i]^2;\n}\n";
    assert_eq!(formatted(text), expected);
    assert_eq!(
        formatted("if a{factor 1;}\n// why\nelse{factor 2;} // end"),
        "if a {\n  factor 1;\n}\n// why\nelse {\n  factor 2;\n} // end\n"
    );
}

#[test]
fn comments_in_odd_places() {
    for (text, expected) in [
        ("mu ~ Normal(0, 1) // c\n;", "mu ~ Normal(0, 1); // c\n"),
        (
            "mu ~ Normal(0, // mean\n1 // sd\n);",
            "mu ~ Normal(\n  0, // mean\n  1 // sd\n);\n",
        ),
        (
            "for i in row // each\n{ factor 1; }",
            "for i in row { // each\n  factor 1;\n}\n",
        ),
        (
            "mu /* a */ ~ /* b */ Normal(/* c */ 0, 1 /* d */) /* e */;",
            "mu /* a */ ~ /* b */ Normal( /* c */ 0, 1 /* d */); /* e */\n",
        ),
        ("let a = b // one\n+ c;", "let a = b // one\n  + c;\n"),
        ("if a { /* none */ }", "if a { /* none */\n}\n"),
    ] {
        assert_eq!(formatted(text), expected);
    }
}

#[test]
fn long_lines_are_broken() {
    let long = "observe outcome ~ NegBinomial(mean = exp(intercept + slope * predictor + group_effect[group]), \
                dispersion = exp(log_dispersion)).truncated(lower = 0);";
    let got = formatted(long);
    assert!(got.lines().all(|l| l.len() <= 100), "{got}");
    let sum = format!(
        "let total = {};",
        ["coefficient * predictor"; 12].join(" + ")
    );
    let got = formatted(&sum);
    assert!(
        got.lines().count() > 2 && got.lines().all(|l| l.len() <= 100),
        "{got}"
    );
    let labels: Vec<String> = (0..60).map(|i| format!("label_{i}")).collect();
    let got = formatted(&format!("axis a = {{{}}};", labels.join(",")));
    assert!(
        got.lines().count() < 12 && got.lines().all(|l| l.len() <= 100),
        "{got}"
    );
}

#[test]
fn syntax_errors_are_told() {
    assert!(matches!(format("mu ~ ;"), Err(FormatError::Syntax(d)) if !d.is_empty()));
}

/// Comments at any place between two tokens of any text.
#[test]
fn random_comments() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % n
    };
    let comments = [
        " // line\n",
        "\n// own\n",
        "/* in */",
        "\n/* own */\n",
        "/* two\n   lines */",
        "\n\n\n",
        " //\n",
        "/**/",
        "\n  // /* no\n",
        "/* // */",
    ];
    for round in 0..8000 {
        let text = TEXTS[round % TEXTS.len()];
        let places = gaps(text);
        let mut chosen: Vec<usize> = (0..1 + next(5))
            .map(|_| places[next(places.len())])
            .collect();
        chosen.sort_unstable();
        let mut out = text.to_owned();
        for at in chosen.into_iter().rev() {
            out.insert_str(at, comments[next(comments.len())]);
        }
        if parse(&out).1.is_empty() {
            formatted(&out);
        }
    }
}

/// Places outside of words, strings and comments, as far as needed here.
fn gaps(text: &str) -> Vec<usize> {
    let mut quoted = false;
    let mut out = vec![];
    for (at, c) in text.char_indices() {
        if !quoted && (c == ' ' || "()[]{},;".contains(c)) {
            out.push(at);
        }
        quoted ^= c == '"';
    }
    out.push(text.len());
    out
}
