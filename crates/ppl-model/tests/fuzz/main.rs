//! The fuzz target: inputs from a seeded generator through parser, checker, formatter and binder. No panic, no hang, and every rejection
//! has a place inside of the file.
//!
//! The seed corpus is tests/corpus (inputs that are odd on purpose) with all models of examples, tests/posteriordb and tests/suite. The
//! long runs: `cargo test --release -p ppl-model --test fuzz -- --ignored`.

mod generator;

use generator::{Numbers, corpus, mutant, random_bytes, random_model};
use ppl_syntax::{Diagnostic, FormatError};
use std::panic::catch_unwind;
use std::time::{Duration, Instant};

/// No input may take longer, in an unoptimised build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// All properties of one input. Gives whether it is a model.
fn examine(text: &str) -> bool {
    let (file, syntax) = ppl_syntax::parse(text);
    let (model, checked) = ppl_model::analyse(&file);
    let found: Vec<&Diagnostic> = syntax.iter().chain(&checked).collect();
    for d in &found {
        assert!(!d.labels.is_empty(), "no place: {d:?}");
        for label in &d.labels {
            let inside = text.get(label.span.start..label.span.end).is_some();
            assert!(inside, "outside of the text of {} bytes: {d:?}", text.len());
        }
        if let Some(fix) = &d.fix {
            assert!(
                text.get(fix.span.start..fix.span.end).is_some(),
                "fix outside: {d:?}"
            );
        }
    }
    if let Some(d) = found.first() {
        assert!(ppl_syntax::render(d, "m.ppl", text, false).contains(d.code));
    }
    formatting(text, syntax.iter().any(Diagnostic::is_error));
    let right = !found.iter().any(|d| d.is_error());
    if right {
        ppl_model::describe::model(&model);
        ppl_model::graph_view::dot(&model);
        drop(ppl_model::bind(&model, &ppl_data::Dataset::empty()));
    }
    right
}

/// What has no syntax error is laid out, and its layout stays as it is.
fn formatting(text: &str, broken: bool) {
    match ppl_syntax::format(text) {
        Ok(once) => {
            let twice = ppl_syntax::format(&once).expect("what was laid out has no syntax error");
            assert_eq!(once, twice, "not idempotent:\n{text}");
        }
        Err(FormatError::Syntax(_)) => assert!(broken, "refused by the formatter alone:\n{text}"),
        Err(FormatError::Unfaithful) => panic!("the formatter would change the meaning of\n{text}"),
    }
}

/// Runs the properties on many inputs; gives how many of them were models.
fn run(n: usize, seed: u64, make: impl Fn(&mut Numbers) -> String) -> usize {
    let mut numbers = Numbers::new(seed);
    let mut right = 0;
    for round in 0..n {
        let text = make(&mut numbers);
        let started = Instant::now();
        let outcome = catch_unwind(|| examine(&text));
        let seconds = started.elapsed();
        match outcome {
            Ok(is_model) => right += usize::from(is_model),
            Err(_) => panic!(
                "round {round} of seed {seed} fails on\n{text}\n{:?}",
                text.as_bytes()
            ),
        }
        assert!(seconds < PATIENCE, "{seconds:?} for\n{text}");
    }
    right
}

fn mutants(n: usize, seed: u64) {
    let corpus = corpus();
    let right = run(n, seed, |numbers| mutant(&corpus, numbers));
    assert!(
        right * 100 > n,
        "only {right} of {n} mutants were still models"
    );
}

fn bytes(n: usize, seed: u64) {
    let corpus = corpus();
    run(n, seed, |numbers| random_bytes(&corpus, numbers));
}

fn models(n: usize, seed: u64) {
    run(n, seed, |numbers| {
        let text = random_model(numbers);
        let (_, errors) = ppl_syntax::parse(&text);
        assert!(errors.is_empty(), "{errors:?}\n{text}");
        text
    });
}

#[test]
fn the_corpus() {
    let corpus = corpus();
    assert!(corpus.len() > 100, "{} seeds", corpus.len());
    for text in &corpus {
        examine(text);
    }
}

#[test]
fn some_mutated_models() {
    mutants(600, 1);
}

#[test]
fn some_byte_strings() {
    bytes(6_000, 2);
}

#[test]
fn some_random_models() {
    models(300, 3);
}

#[test]
#[ignore = "minutes"]
fn ten_thousand_mutated_models() {
    mutants(10_000, 4);
}

#[test]
#[ignore = "minutes"]
fn a_million_byte_strings() {
    bytes(1_000_000, 5);
}

#[test]
#[ignore = "minutes"]
fn ten_thousand_random_models() {
    models(10_000, 6);
}
