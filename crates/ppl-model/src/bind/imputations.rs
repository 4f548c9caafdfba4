//! The missing cells of columns that are read: their places, now that the data are known.

use super::{Binder, Bound, BoundAxis, Values};
use crate::graph::*;
use ppl_syntax::diagnostic::Diagnostic;
use std::sync::Arc;

/// Where the missing cells of a column stand, as positions in its values.
fn missing(values: &Values) -> Vec<usize> {
    match values {
        Values::Real(v) => (0..v.len()).filter(|&i| v[i].is_nan()).collect(),
        Values::Index(_) => vec![],
    }
}

/// Gives the axes of missing cells their labels and places; a column without missing cells loses its site.
pub(super) fn place(bound: &mut Bound) {
    let mut model = (*bound.model).clone();
    let imputations = std::mem::take(&mut model.imputations);
    for imputation in imputations {
        let data = model.symbols[imputation.data].clone();
        let cells = bound.values.get(&imputation.data).map_or(vec![], missing);
        if cells.is_empty() {
            remove(&mut model, &imputation);
            continue;
        }
        let names = bound.element_names("", &data.axes);
        let labels = cells
            .iter()
            .map(|&i| names[i].trim_matches(['[', ']']).to_string())
            .collect();
        let along = model.symbols[imputation.site].axes[0].axis;
        bound.axes[along] = BoundAxis::new(labels);
        let mut step: usize = 1;
        for (axis, symbol) in data.axes.iter().zip(&imputation.positions).rev() {
            let size = bound.size(*axis);
            let positions: Vec<u32> = cells.iter().map(|&i| (i / step % size) as u32).collect();
            bound
                .values
                .insert(*symbol, Values::Index(positions.into()));
            step *= size;
        }
        model.imputations.push(imputation);
    }
    bound.model = Arc::new(model);
}

fn remove(model: &mut Model, imputation: &Imputation) {
    let site = imputation.site;
    let draws = |s: &Located| match &s.statement {
        Statement::Sample(id) => *id == site,
        Statement::GuideSample { sites, .. } => sites.as_slice() == [site],
        _ => false,
    };
    model.statements.retain(|s| !draws(s));
    model.guide.retain(|s| !draws(s));
    let span = model.symbols[site].span;
    for id in imputation.positions.iter().chain([&site]) {
        let symbol = &mut model.symbols[*id];
        symbol.axes = vec![];
        symbol.ty = Ty::Real;
        symbol.role = Role::Let(Box::new(crate::check::number(0.0, span)));
    }
}

impl Binder<'_> {
    /// Missing cells that their observation skips: nothing says how they are distributed.
    pub(super) fn skipped_cells(&self, bound: &Bound) -> Vec<Diagnostic> {
        let mut out = vec![];
        for imputation in &bound.model.imputations {
            let Some(skip) = imputation.skip else {
                continue;
            };
            let s = &self.model.symbols[imputation.data];
            let first = TExpr::first(skip, s.span);
            let (Some(skipped), Some(values)) = (
                bound.evaluate(&first, &imputation.axes),
                bound.values.get(&imputation.data),
            ) else {
                continue;
            };
            let Some(cell) = missing(values).into_iter().find(|&i| skipped[i] != 0.0) else {
                continue;
            };
            let message = format!(
                "this entry of `{}` is missing, and the observation that would tell its distribution skips it",
                s.name
            );
            let d = match self.cell(s, cell) {
                Some(place) => Diagnostic::data("E0126", place, message),
                None => Diagnostic::error("E0126", s.span, message),
            };
            out.push(d.help("write `if first(t) { … } else { … }` in place of `skip`, so that every entry has a distribution"));
        }
        out
    }
}
