//! A diagnostic as the terminal shows it: the look of rustc.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, FilePlace, Severity, Span};
use crate::position::{ceil_boundary, floor_boundary, line_column};

/// Renders a diagnostic against the source that it is about, without a line end at its end.
///
/// `source_name` stands after `-->`. Spans that lie outside the source are clamped to it, so that any diagnostic can
/// be rendered against any text. A diagnostic with a `place` shows that place of the data file instead.
pub fn render(diagnostic: &Diagnostic, source_name: &str, source: &str, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(&diagnostic.message).id(diagnostic.code));
    if let Some(place) = &diagnostic.place {
        group = group.element(place_snippet(place));
    }
    if !diagnostic.labels.is_empty() {
        let mut snippet = Snippet::source(source).path(source_name);
        for (i, label) in diagnostic.labels.iter().enumerate() {
            let kind = if i == 0 {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let message = Some(label.message.as_str()).filter(|m| !m.is_empty());
            snippet = snippet.annotation(kind.span(clamp(source, label.span)).label(message));
        }
        group = group.element(snippet);
    }
    let mut groups = vec![];
    match (&diagnostic.help, &diagnostic.fix) {
        (help, Some(fix)) => {
            groups.push(group);
            let title = help.as_deref().unwrap_or("try this");
            let patch = Patch::new(clamp(source, fix.span), fix.replacement.as_str());
            groups.push(
                Group::with_title(Level::HELP.secondary_title(title))
                    .element(Snippet::source(source).patch(patch)),
            );
        }
        (Some(help), None) => groups.push(group.element(Level::HELP.message(help))),
        (None, None) => groups.push(group),
    }
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let text = renderer.render(&groups);
    match &diagnostic.place {
        Some(place) => with_true_column(&text, place),
        None => text,
    }
}

/// The excerpt may be cut from a long line, so the column that the renderer counts is replaced by the true one.
fn with_true_column(text: &str, place: &FilePlace) -> String {
    let (_, counted) = line_column(&place.excerpt, place.underline.start);
    let line = place.line.max(1);
    let shown = format!("{}:{line}:{counted}", place.path);
    text.replacen(
        &shown,
        &format!("{}:{line}:{}", place.path, place.column),
        1,
    )
}

fn place_snippet(place: &FilePlace) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    Snippet::source(place.excerpt.as_str())
        .path(place.path.as_str())
        .line_start(place.line.max(1))
        .annotation(AnnotationKind::Primary.span(clamp(&place.excerpt, place.underline)))
}

/// A span within the text, at character boundaries, the right way round.
fn clamp(text: &str, span: Span) -> Range<usize> {
    let start = floor_boundary(text, span.start);
    let end = ceil_boundary(text, span.end).max(start);
    start..end
}
