//! What the terminal shows.

use ppl_syntax::{Diagnostic, FilePlace, Span, parse, render};

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

#[test]
fn any_span_renders() {
    let source = "a β\r\n\tγ\n";
    for start in 0..source.len() + 3 {
        for end in 0..source.len() + 3 {
            let diagnostic = Diagnostic::error("E0001", Span { start, end }, "m")
                .label(
                    Span {
                        start: end,
                        end: start,
                    },
                    "l",
                )
                .fix(Span { start, end }, "β");
            for color in [false, true] {
                for text in [source, "", "\n"] {
                    assert!(render(&diagnostic, "m.ppl", text, color).contains("E0001"));
                }
            }
            let place = FilePlace {
                path: "d.csv".into(),
                line: start,
                column: end,
                excerpt: source.into(),
                underline: Span { start, end },
            };
            render(
                &Diagnostic::data("E0301", place, "m"),
                "m.ppl",
                source,
                false,
            );
        }
    }
}
