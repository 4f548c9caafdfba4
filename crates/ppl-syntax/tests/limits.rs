//! No input panics, overflows the stack or takes long.

use std::time::{Duration, Instant};

use ppl_syntax::{Span, parse, print, render};
use proptest::prelude::*;

/// Parses on a small stack, renders everything, and gives the codes.
fn codes(text: &str) -> Vec<&'static str> {
    let text = text.to_owned();
    let work = move || {
        let start = Instant::now();
        let (file, diagnostics) = parse(&text);
        let copy = print(&file.clone());
        for diagnostic in diagnostics.iter().take(3) {
            render(diagnostic, "m.ppl", &text, false);
        }
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "slow: {:?}",
            start.elapsed()
        );
        drop((copy, file));
        diagnostics.iter().map(|d| d.code).collect()
    };
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(work)
        .expect("a thread");
    thread.join().expect("no panic")
}

#[test]
fn deep_brackets_are_refused_at_the_place() {
    for open in [
        "(",
        "[",
        "{",
        "f(",
        "a[",
        "if a { ",
        "for t in row { ",
        "([{",
        "-(",
        "2^(",
        "sum(k in a: ",
    ] {
        assert_eq!(
            codes(&format!("factor {}", open.repeat(10_000))),
            ["E0002"],
            "{open}"
        );
        assert_eq!(codes(&open.repeat(10_000)), ["E0002"], "{open}");
    }
    let (_, diagnostics) = parse(&format!("factor {}1;", "(".repeat(70)));
    assert_eq!(diagnostics[0].labels[0].span, Span { start: 71, end: 72 });
    assert_eq!(
        codes(&format!("factor {}1{};", "(".repeat(64), ")".repeat(64))),
        [""; 0]
    );
    let closing = format!("{}factor 1;{}", "if a { ".repeat(64), "}".repeat(64));
    assert_eq!(codes(&closing), [""; 0]);
    assert_eq!(
        codes(&format!(
            "factor \"{}\" + 1; // {}",
            "(".repeat(999),
            "(".repeat(999)
        )),
        [""; 0]
    );
}

#[test]
fn the_deepest_expressions_fit_the_stack() {
    for (open, close) in [
        ("f(", ")"),
        ("a[", "]"),
        ("[", "]"),
        ("if a { ", " } else { 1 }"),
        ("-(2^", ")"),
    ] {
        assert_eq!(
            codes(&format!("factor {}1{};", open.repeat(64), close.repeat(64))),
            [""; 0],
            "{open}"
        );
    }
}

#[test]
fn long_chains_are_refused() {
    for (first, more) in [
        ("1", " + 1"),
        ("a", "^a"),
        ("a", "[1]"),
        ("a", ".f()"),
        ("a", " && a"),
        ("if a { 1 } else { 2 }", " * if a { 1 } else { 2 }"),
    ] {
        assert_eq!(
            codes(&format!("factor {first}{};", more.repeat(10_000))),
            ["E0002"],
            "{more}"
        );
        assert_eq!(
            codes(&format!("factor {first}{};", more.repeat(400))),
            [""; 0],
            "{more}"
        );
    }
    for prefix in ["-", "!", "- "] {
        assert_eq!(
            codes(&format!("factor {}a;", prefix.repeat(10_000))),
            ["E0002"]
        );
    }
    let chain = " else if a { 1 }".repeat(10_000);
    assert_eq!(
        codes(&format!("factor if a {{ 1 }}{chain} else {{ 2 }};")),
        ["E0002"]
    );
    let chain = " else if a { factor 1; }".repeat(10_000);
    assert_eq!(codes(&format!("if a {{ factor 1; }}{chain}")), ["E0002"]);
}

#[test]
fn chains_within_brackets_count_together() {
    let level = format!("({}", "1 + ".repeat(20));
    let text = format!("factor {}1{};", level.repeat(64), ")".repeat(64));
    assert!(codes(&text).contains(&"E0002") || codes(&text).is_empty());
}

#[test]
fn large_sources() {
    assert_eq!(codes(&" ".repeat((1 << 20) + 1)), ["E0003"]);
    assert_eq!(codes(&"mu ~ Normal(0, 1);\n".repeat(20_000)), [""; 0]);
    for piece in [
        "x ",
        "x;",
        ";",
        "x ~ f(1)\n",
        "\"",
        "#",
        "/*",
        "}",
        "x ~ (;\n",
        "1 1\n",
        "if a {} ",
        "é",
        "f(\n",
        "{}",
    ] {
        assert!(
            !codes(&piece.repeat((1 << 16) / piece.len())).is_empty() || piece.starts_with("if"),
            "{piece}"
        );
    }
}

#[test]
fn unclosed_blocks_stay_linear() {
    assert_eq!(codes(&"for t in row { x ~ f(1); ".repeat(60)), ["E0001"]);
    assert_eq!(
        codes(&format!(
            "{}{}",
            "for t row { x ~ f(1); ".repeat(60),
            "}".repeat(60)
        ))
        .len(),
        50
    );
    assert_eq!(codes(&"for t row { x ~ f(1); ".repeat(60)), ["E0001"; 2]);
    assert_eq!(codes(&"} ".repeat(100)).len(), 50);
}

/// Pieces of the language in any order: more telling than bytes.
fn soup() -> impl Strategy<Value = String> {
    let pieces = vec![
        "axis ",
        "data ",
        "param ",
        "let ",
        "observe ",
        "factor ",
        "for ",
        " in ",
        "if ",
        "else ",
        "fn ",
        "report ",
        "predict ",
        "guide ",
        "auto",
        "x",
        "y",
        "Normal",
        "real",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ";",
        ",",
        ":",
        "~",
        "=",
        "==",
        "<",
        "<-",
        "-",
        "+",
        "^",
        "@",
        "!",
        "?",
        ".",
        "..",
        "1",
        "0.5",
        ".5",
        "1_0",
        "\"s\"",
        "\"",
        "#",
        "//",
        "/*",
        "*/",
        "\n",
        " ",
        "é",
        "'",
        "&",
        "\0",
        "\u{2028}",
        "censored ",
        "from ",
        "sum(k in a: ",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|v| v.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn soup_never_panics(text in soup()) {
        let (file, diagnostics) = parse(&text);
        for d in &diagnostics {
            for label in &d.labels {
                prop_assert!(label.span.end <= text.len() && label.span.start <= label.span.end, "{d:?}");
                prop_assert!(text.is_char_boundary(label.span.start) && text.is_char_boundary(label.span.end));
            }
            if let Some(fix) = &d.fix {
                prop_assert!(text.get(fix.span.start..fix.span.end).is_some(), "{d:?}");
            }
            render(d, "m.ppl", &text, false);
        }
        let (_, again) = parse(&print(&file));
        prop_assert!(!diagnostics.is_empty() || again.is_empty(), "{text}");
    }

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        for d in parse(&text).1 {
            render(&d, "m.ppl", &text, true);
        }
    }
}
