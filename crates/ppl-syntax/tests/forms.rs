//! Every form of the language parses, and prints back to itself.

use ppl_syntax::ast::{BinaryOp, ExprKind, GuideBody, StmtKind};
use ppl_syntax::{parse, print, print_expr};

mod common;
use common::{expression, without_spans};

/// Parses without a diagnostic; printing and parsing again gives the same tree and the same text.
fn check(text: &str) {
    let (tree, diagnostics) = parse(text);
    assert!(diagnostics.is_empty(), "{text}\n{diagnostics:#?}");
    let printed = print(&tree);
    let (again, diagnostics) = parse(&printed);
    assert!(diagnostics.is_empty(), "{printed}\n{diagnostics:#?}");
    assert_eq!(without_spans(&tree), without_spans(&again), "{printed}");
    assert_eq!(printed, print(&again));
}

#[test]
fn every_statement_round_trips() {
    for text in [
        "",
        "// only a comment",
        "/* nested /* comment */ ; */ mu ~ Flat();",
        "axis county;",
        "axis k = 3; axis j = n; axis l = size(k) - 1;",
        "axis week = 1..52; axis later = 2..size(week) + 1;",
        "axis coef = {intercept, slope}; axis party = {\"far left\", right,};",
        "axis feature = columns(\"x_*\"); axis some = columns(\"age\", \"bmi\");",
        "data y[row]: real;",
        "data scaling: positive; data n: int(0, 10)?;",
        "data y[row]: real from \"Log Radon (pCi/L)\"; data c[row]: county;",
        "data t[row]: censored real; data u[row]: censored positive? from \"time\";",
        "data a[row]: censored;",
        "param w[hidden, latent] = glorot(); param s: positive = 1;",
        "let start[state] = 0.5; let w[k]: simplex = softmax(u);",
        "let P[i in state, j in state] = if i == j { stay[i] } else { 1 - stay[i] };",
        "mu ~ Normal(0, 5); theta[row] ~ Normal(mu, tau); mu[k]: ordered ~ Normal(0, 10);",
        "beta1: real(0, 1 - alpha1) ~ Flat(); L[coef, coef] ~ LkjCholesky(2);",
        "ab[county, coef] ~ MultiNormal(mu, scale_tril = diag(tau) @ L);",
        "(mu, tau, theta) ~ MultiNormal(loc, scale_tril = L).transformed();",
        "(mu) ~ Normal(0, 1);",
        "observe y ~ Normal(theta, sigma); observe y[t] ~ Normal(0, s[z[t]]);",
        "observe disasters[t in row] ~ Poisson(if t < tau { early } else { late });",
        "observe y[i in row, j] ~ Bernoulli(p); observe y[t-1] * 2 ~ Normal(0, 1);",
        "observe time ~ Weibull(a, s).censored(right = !event).truncated(lower = 0);",
        "observe 0 ~ Normal(sum(phi), 0.01);",
        "factor w * log_density(Normal(mu, sigma), y);",
        "for t in row by subject skip 1 { observe y[t] ~ Normal(y[t-1], s); }",
        "for i in row { for t in occ { if t > entry[i] { factor 1; } } }",
        "if a { factor 1; } else if b { factor 2; } else { factor 3; }",
        "if a { } else { if b { factor 1; } factor 2; }",
        "fn lv(t, n[species], a) = [hare = a * n[lynx], lynx = 1];",
        "fn f() = 1; fn g(x) { let y = x^2; let z = y; y + z }",
        "report slope_sd = tau[slope]; predict y_new[row] ~ Normal(theta, sigma);",
        "guide { param m = 0; mu ~ Normal(m, 1); } guide auto(full_rank); guide h: markov; guide z: lowrank(rank = 2);",
        "let s = sum(k in lag, j in k if k < t: b[k] * y[t - k]);",
        "let x = mean(x, by = school,); let v = [1, 2, 3,];",
        "let from = by + skip * columns - auto + censored;",
        "let größe = α + _x;",
        "\u{feff}mu ~ Normal(0, 1);\r\n",
    ] {
        check(text);
    }
}

#[test]
fn canonical_text() {
    let text = "if  a{factor -  1;}else if b{mu~Normal( 0,1e-7 );}";
    let expected = "if a {\n  factor -1;\n} else if b {\n  mu ~ Normal(0, 1e-7);\n}\n";
    assert_eq!(print(&parse(text).0), expected);
}

#[test]
fn precedence_and_fewest_parentheses() {
    for (text, expected) in [
        ("-x^2", "-x^2"),
        ("(-x)^2", "(-x)^2"),
        ("2^-x^3", "2^-x^3"),
        ("(2^3)^4", "(2^3)^4"),
        ("2^(3^4)", "2^3^4"),
        ("2^-x*y", "2^-x * y"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a-b)-c", "a - b - c"),
        ("a*(b+c)/d@e", "a * (b + c) / d @ e"),
        ("!a==b", "!a == b"),
        ("!(a==b)", "!(a == b)"),
        ("(a<b)==(c<d)", "(a < b) == (c < d)"),
        ("a||b&&c", "a || b && c"),
        ("(a||b)&&c", "(a || b) && c"),
        ("- -a", "--a"),
        ("a - -b", "a - -b"),
        ("-(a+b)", "-(a + b)"),
        ("(a+b)[i].f(x=1)[j]", "(a + b)[i].f(x = 1)[j]"),
        ("(if a {1} else {2}) + 1", "(if a { 1 } else { 2 }) + 1"),
        (
            "if a {1} else if b {2} else {3}",
            "if a { 1 } else if b { 2 } else { 3 }",
        ),
        ("a % b * c", "a % b * c"),
        ("((x))", "x"),
    ] {
        let tree = expression(text);
        assert_eq!(print_expr(&tree), expected);
        assert_eq!(
            without_spans(&tree),
            without_spans(&expression(expected)),
            "{text}"
        );
    }
}

#[test]
fn trees_lean_as_they_should() {
    let ExprKind::Binary(BinaryOp::Sub, left, _) = expression("a - b - c").kind else {
        panic!("a subtraction")
    };
    assert!(matches!(left.kind, ExprKind::Binary(BinaryOp::Sub, ..)));
    let ExprKind::Binary(BinaryOp::Pow, _, right) = expression("a ^ b ^ c").kind else {
        panic!("a power")
    };
    assert!(matches!(right.kind, ExprKind::Binary(BinaryOp::Pow, ..)));
    let ExprKind::Unary(_, inner) = expression("-x^2").kind else {
        panic!("a negation")
    };
    assert!(matches!(inner.kind, ExprKind::Binary(BinaryOp::Pow, ..)));
}

#[test]
fn numbers_keep_their_value() {
    for value in [
        0.0,
        0.1,
        1.0,
        1e-5,
        5e-324,
        1.5e-9,
        1e15,
        1.7976931348623157e308,
        123456.789,
        1.0 / 3.0,
    ] {
        let tree = ppl_syntax::ast::Expr {
            kind: ExprKind::Number(value),
            span: Default::default(),
        };
        assert_eq!(expression(&print_expr(&tree)).kind, ExprKind::Number(value));
    }
}

#[test]
fn spans_cover_the_text_without_what_follows() {
    let text = "mu  ~ Normal( 0 , 1 ) ; // end\nobserve y [ t ] /* c */ ~ Normal((mu), 1);";
    let (file, _) = parse(text);
    let of = |span: ppl_syntax::Span| &text[span.start..span.end];
    assert_eq!(of(file.statements[0].span), "mu  ~ Normal( 0 , 1 )");
    let StmtKind::Sample { target, dist, .. } = &file.statements[0].kind else {
        panic!("a sample")
    };
    assert_eq!((of(target.span), of(dist.span)), ("mu", "Normal( 0 , 1 )"));
    let StmtKind::Observe { value, dist, .. } = &file.statements[1].kind else {
        panic!("an observe")
    };
    assert_eq!(of(value.span), "y [ t ]");
    let ExprKind::Call(name, args) = &dist.kind else {
        panic!("a call")
    };
    assert_eq!((of(name.span), of(args[0].value.span)), ("Normal", "(mu)"));
}

#[test]
fn guide_forms_are_told_apart() {
    let (file, _) = parse("guide auto(x); guide auto: markov; guide {}");
    assert!(matches!(
        &file.statements[0].kind,
        StmtKind::Guide(GuideBody::Auto(_))
    ));
    assert!(matches!(
        &file.statements[1].kind,
        StmtKind::Guide(GuideBody::Site(..))
    ));
    assert!(matches!(
        &file.statements[2].kind,
        StmtKind::Guide(GuideBody::Block(_))
    ));
}
