//! From arguments to a model with its data, every message on the way printed once and together.

use crate::inputs::Inputs;
use crate::messages;
use crate::model_file;
use crate::outcome::Outcome;
use crate::terminal::Terminal;
use ppl_lang::{Bound, Dataset, Diagnostic, FitError, Model};

/// A checked model, its data, and the text that messages point into.
pub struct Session<'a> {
    name: String,
    text: String,
    terminal: &'a Terminal,
    /// The model.
    pub model: Model,
    data: Dataset,
    folding: bool,
    single: bool,
}

impl<'a> Session<'a> {
    /// Reads the model and the data.
    ///
    /// # Errors
    /// [`Outcome::BadInput`]: all errors of both have been printed.
    pub fn open(inputs: &Inputs, terminal: &'a Terminal) -> Result<Session<'a>, Outcome> {
        let name = inputs.model.display().to_string();
        if let Some(error) = inputs.misplaced() {
            messages::print(&[error], &name, "", terminal);
            return Err(Outcome::BadInput);
        }
        let mut diagnostics = vec![];
        let (text, model) = match model_file::read(&inputs.model) {
            Ok(text) => {
                let (model, found) = Model::parse(&text);
                diagnostics.extend(found);
                (text, model)
            }
            Err(error) => {
                diagnostics.push(*error);
                (String::new(), None)
            }
        };
        let (sources, errors) = inputs.sources();
        diagnostics.extend(errors);
        let data = match Dataset::load(&sources) {
            Ok(data) => Some(data),
            Err(errors) => {
                diagnostics.extend(errors);
                None
            }
        };
        messages::print(&diagnostics, &name, &text, terminal);
        match (model, data) {
            (Some(model), Some(data)) if !diagnostics.iter().any(Diagnostic::is_error) => {
                Ok(Session {
                    name,
                    text,
                    terminal,
                    model,
                    data,
                    folding: !inputs.no_folding,
                    single: inputs.single,
                })
            }
            _ => Err(Outcome::BadInput),
        }
    }

    /// Binds the data to the model.
    ///
    /// # Errors
    /// [`Outcome::BadInput`]: the errors have been printed.
    pub fn bind(&self) -> Result<Bound, Outcome> {
        match self.model.bind(&self.data) {
            Ok((mut bound, warnings)) => {
                self.print(&warnings);
                if !self.folding {
                    bound.visit_rows();
                }
                if self.single {
                    bound.round_matrices();
                }
                Ok(bound)
            }
            Err(errors) => Err(self.refuse(&errors)),
        }
    }

    /// Prints errors and gives the outcome they lead to.
    pub fn refuse(&self, errors: &[Diagnostic]) -> Outcome {
        self.print(errors);
        Outcome::BadInput
    }

    /// The line of the model that a place begins on.
    pub fn line(&self, span: ppl_syntax::Span) -> usize {
        ppl_syntax::line_column(&self.text, span.start).0
    }

    /// Prints why there is no fit: what the model cannot do is bad input, anything else a failure.
    pub fn refuse_fit(&self, error: &FitError, bound: &Bound) -> Outcome {
        let mut diagnostics = error.diagnostics();
        if diagnostics.is_empty() {
            messages::print_failure(&error.to_string(), self.terminal);
            return Outcome::Failed;
        }
        if !bound.inner().model.has_written_guide {
            // What concerns a generated guide has places in the guide's text, not in the model's.
            for diagnostic in diagnostics.iter_mut().filter(|d| d.code == "E0117") {
                diagnostic.labels.clear();
                diagnostic.fix = None;
            }
        }
        self.refuse(&diagnostics)
    }

    /// Prints messages.
    pub fn print(&self, diagnostics: &[Diagnostic]) {
        messages::print(diagnostics, &self.name, &self.text, self.terminal);
    }
}
