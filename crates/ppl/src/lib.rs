//! The language as a library: parse a model, bind data, fit.
//!
//! ```
//! use ppl_lang::{Dataset, FitOptions, Model, Silent};
//!
//! let (model, messages) = Model::parse("mu ~ Normal(0, 1); observe 0.5 ~ Normal(mu, 1);");
//! assert!(messages.is_empty());
//! let (bound, _) = model.expect("no error").bind(&Dataset::empty()).expect("no data needed");
//! let fit = bound.fit(&FitOptions::default(), &mut Silent).expect("a proper model");
//! assert!((fit.rows[0].mean - 0.25).abs() < 0.1);
//! ```

pub use ppl_data::{Dataset, JsonArray, Source, Table};
pub use ppl_infer::density::{Array, Density, DensityError, Gradient, Point};
pub use ppl_infer::engine::FitError;
pub use ppl_infer::predict::{PredictError, Predictions};
pub use ppl_infer::{
    Certificate, Draws, Elbo, Estimate, Fit, FitOptions, Former, GuideChoice, Mode, Observer,
    Origin, Phase, Progress, Richer, Row, Silent, Starts, Tried, Verdict,
};
pub use ppl_syntax::{Diagnostic, Severity, render};

/// The parts, for those who build on them.
pub mod parts {
    pub use ppl_core as core;
    pub use ppl_data as data;
    pub use ppl_dist as dist;
    pub use ppl_engine as engine;
    pub use ppl_guide as guide;
    pub use ppl_infer as infer;
    pub use ppl_model as model;
    pub use ppl_syntax as syntax;
}

/// A checked model.
#[derive(Debug, Clone)]
pub struct Model {
    graph: ppl_model::Model,
}

impl Model {
    /// Reads and checks a model's text. No model comes back if there are errors; warnings may come along with one.
    pub fn parse(text: &str) -> (Option<Model>, Vec<Diagnostic>) {
        let (file, mut diagnostics) = ppl_syntax::parse(text);
        let (graph, found) = ppl_model::analyse(&file);
        diagnostics.extend(found);
        diagnostics.sort_by_key(|d| d.labels.first().map_or(0, |l| l.span.start));
        let model = (!diagnostics.iter().any(Diagnostic::is_error)).then_some(Model { graph });
        (model, diagnostics)
    }

    /// The graph in words.
    pub fn describe(&self) -> String {
        ppl_model::describe::model(&self.graph)
    }

    /// The graph as text: one line a node.
    pub fn graph_text(&self) -> String {
        ppl_model::graph_view::text(&self.graph)
    }

    /// The graph in DOT: plates are boxes, observed nodes are shaded.
    pub fn graph_dot(&self) -> String {
        ppl_model::graph_view::dot(&self.graph)
    }

    /// The graph as an SVG picture: plates are boxes, observed nodes are shaded.
    pub fn graph_svg(&self) -> String {
        ppl_model::graph_svg::svg(&self.graph)
    }

    /// Binds data; every error of the data is reported, not only the first.
    pub fn bind(&self, data: &Dataset) -> Result<(Bound, Vec<Diagnostic>), Vec<Diagnostic>> {
        ppl_model::bind(&self.graph, data).map(|mut inner| {
            let warnings = std::mem::take(&mut inner.warnings);
            (Bound { inner }, warnings)
        })
    }
}

/// Summaries of predicted quantities, in their order.
pub fn summaries(predictions: &Predictions) -> Vec<Row> {
    let columns = predictions.draws.values.columns();
    columns
        .into_iter()
        .zip(predictions.draws.names.iter().zip(&predictions.roles))
        .map(|(c, (name, role))| ppl_infer::summary::summarise(name.clone(), role, &c.to_vec()))
        .collect()
}

/// A model with its data.
#[derive(Debug, Clone)]
pub struct Bound {
    inner: ppl_model::Bound,
}

impl From<ppl_model::Bound> for Bound {
    fn from(inner: ppl_model::Bound) -> Bound {
        Bound { inner }
    }
}

impl Bound {
    /// The graph in words, with sizes and estimators.
    pub fn describe(&self) -> String {
        ppl_model::describe::bound(&self.inner)
    }

    /// What each pass and the engine made of the objective.
    pub fn explain(&self) -> Result<String, FitError> {
        let draws = FitOptions::default().draws_per_step;
        let guided = ppl_infer::choice::with_guide(&self.inner, GuideChoice::Auto)?;
        let objective = ppl_infer::objective::Objective::new(&guided.bound, draws, 1)?;
        let mut out = format!("guide: {}\n", guided.name);
        for p in &objective.passes {
            out.push_str(&format!("pass {}: {}\n", p.pass, p.summary));
        }
        out.push_str(&objective.kernels);
        Ok(out)
    }

    /// The guide that a fit would begin with, in the language.
    pub fn guide_text(&self, choice: GuideChoice) -> Result<String, Vec<Diagnostic>> {
        if self.inner.model.has_written_guide {
            return Ok(String::from("// the model has a written guide\n"));
        }
        if let Some(text) = ppl_infer::asked_text(&self.inner, choice) {
            return Ok(text);
        }
        ppl_infer::choice::with_guide(&self.inner, choice)
            .map(|g| g.text)
            .map_err(|e| e.diagnostics())
    }

    /// What a fit would do, and why, without doing it.
    pub fn plan(&self, options: &FitOptions) -> Result<ppl_infer::plan::Plan, FitError> {
        ppl_infer::plan::plan(&self.inner, options)
    }

    /// Fits. Uses the rayon pool it is called in; the same seed gives the same bits on any number of threads.
    pub fn fit(&self, options: &FitOptions, observer: &mut dyn Observer) -> Result<Fit, FitError> {
        ppl_infer::engine::fit(&self.inner, options, observer)
    }

    /// The log joint density at a point, statement by statement, with its gradient.
    pub fn density(&self, point: &Point) -> Result<Density, DensityError> {
        ppl_infer::density::density(&self.inner, point)
    }

    /// Which model and which data this is, as hashes.
    pub fn origin(&self) -> Origin {
        Origin::of(&self.inner)
    }

    /// Whether the model has `predict` statements.
    pub fn predicts(&self) -> bool {
        use ppl_model::graph::Statement;
        let statements = &self.inner.model.statements;
        statements
            .iter()
            .any(|s| matches!(s.statement, Statement::Predict { .. }))
    }

    /// The model for new rows, to predict them from the draws of a fit: the table holds the columns that the
    /// predictions read, with the levels that the fit knows.
    pub fn with_rows(&self, table: &Table) -> Result<Bound, Vec<Diagnostic>> {
        let taken = self
            .inner
            .with_rows_taken(&ppl_infer::predict::needed(&self.inner))?;
        // What is taken of the rows of the fit asks for no columns.
        let needed = ppl_infer::predict::needed(&taken);
        taken.with_rows(table, &needed).map(|inner| Bound { inner })
    }

    /// Draws of the `predict` statements, one for each of the fit's draws. One seed gives the same bits on any number of
    /// threads.
    pub fn predict(&self, draws: &Draws, seed: u64) -> Result<Predictions, PredictError> {
        ppl_infer::predict::predict(&self.inner, draws, seed, false)
    }

    /// Sums over rows are no longer folded where data determine them: every row is visited in every step.
    pub fn visit_rows(&mut self) {
        self.inner.folding = ppl_core::passes::Folding::Rows;
    }

    /// Matrices of data are rounded to single precision, which halves the memory that they take and that each step reads.
    pub fn round_matrices(&mut self) {
        self.inner.round_matrices();
    }

    /// The bound model, for those who build on the parts.
    pub fn inner(&self) -> &ppl_model::Bound {
        &self.inner
    }
}
