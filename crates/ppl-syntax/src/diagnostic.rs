//! Diagnostics as data: what was expected, what was found, where, and a proposed fix.

/// A half-open byte range of a source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The model cannot be used.
    Error,
    /// The model can be used, but something in it is likely a mistake.
    Warning,
    /// For information.
    Note,
}

/// A part of the text that is underlined, and what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// What is underlined.
    pub span: Span,
    /// What stands beside the underline; may be empty.
    pub message: String,
}

/// A place in a data file: these messages carry their own excerpt, as data files are not kept in memory for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePlace {
    /// Path as the user gave it.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line's text, cut to at most some 120 characters around the place.
    pub excerpt: String,
    /// Byte range to underline within `excerpt`.
    pub underline: Span,
}

/// A replacement text that would mend the error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What to replace.
    pub span: Span,
    /// By what.
    pub replacement: String,
}

/// One message to the author of a model or of its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code such as `E0102`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// Underlined parts of the model text; the first is where it happened.
    pub labels: Vec<Label>,
    /// A place in a data file, for messages about data.
    pub place: Option<FilePlace>,
    /// What to do about it.
    pub help: Option<String>,
    /// A mechanical mend.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error at a place of the model text.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: vec![Label {
                span,
                message: String::new(),
            }],
            place: None,
            help: None,
            fix: None,
        }
    }

    /// A warning at a place of the model text.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    /// An error about a data file.
    pub fn data(code: &'static str, place: FilePlace, message: impl Into<String>) -> Self {
        Diagnostic {
            labels: vec![],
            place: Some(place),
            ..Self::error(code, Span::default(), message)
        }
    }

    /// Sets what is said beside the first underline.
    pub fn at(mut self, message: impl Into<String>) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.message = message.into();
        }
        self
    }

    /// Adds an underlined part.
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            message: message.into(),
        });
        self
    }

    /// Sets the advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the mechanical mend.
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix {
            span,
            replacement: replacement.into(),
        });
        self
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
