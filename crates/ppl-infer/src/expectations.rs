//! Reports of what is summed out: expectations given the other unknowns, whose sd and quantiles are not those of the value.

use crate::refined_words::listed;
use ppl_model::Bound;
use ppl_model::graph::Statement;

/// That reports of what is summed out are expectations, and what to write for the value itself; `None` where there are none.
pub(crate) fn note(bound: &Bound) -> Option<String> {
    let model = &bound.model;
    let reports = model.statements.iter().filter_map(|s| match &s.statement {
        Statement::Report { name, axes, value } if model.reads_summed_out(value) => {
            Some((name.clone(), axes))
        }
        _ => None,
    });
    let (names, axes): (Vec<String>, Vec<_>) = reports.unzip();
    let along = axes.first()?.iter();
    let along: Vec<&str> = along.map(|a| model.axes[a.axis].name.as_str()).collect();
    let target = match along.as_slice() {
        [] => names[0].clone(),
        _ => format!("{}[{}]", names[0], along.join(", ")),
    };
    let (are, its, value) = match names.len() {
        1 => ("is an expectation", "its sd and quantiles are", "the value"),
        _ => ("are expectations", "their sds and quantiles are", "a value"),
    };
    Some(format!(
        "{} {are} over what is summed out, given the other unknowns, and {its} those of the expectation; for those of {value} itself write `predict {target} ~ Constant(…);` in the place of the report",
        listed(&names)
    ))
}
