//! A bound model with other rows: what predictions for them read is taken from their table, all else stays.

use super::{Binder, Bound, BoundAxis, RowLines, Values};
use crate::graph::*;
use ppl_data::{Dataset, Table};
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

impl Bound {
    /// The model for the rows of `table`. Levels of axes are those of the fit: an unknown label is an error. Of the columns
    /// only those are read that `needed` names; data without rows keep their values.
    ///
    /// # Errors
    /// All that is wrong with the columns, and latents along `row`, of which the fit has no draws for new rows.
    pub fn with_rows(
        &self,
        table: &Table,
        needed: &BTreeSet<SymbolId>,
    ) -> Result<Bound, Vec<Diagnostic>> {
        let data = Dataset {
            main: Some(table.clone()),
            ..Dataset::empty()
        };
        let mut model = (*self.model).clone();
        // New rows have no missing cells: those columns are plain data.
        model.imputations.clear();
        let mut axes = self.axes.clone();
        axes[0] = BoundAxis::of_rows(table.n_rows());
        let binder = Binder {
            model: &model,
            data: &data,
            axes: axes.iter().cloned().map(Some).collect(),
            values: HashMap::new(),
            upper_ends: HashMap::new(),
            reads_upper_ends: false,
            diagnostics: vec![],
        };
        let along_rows = |s: &Symbol| s.axes.iter().any(|a| a.axis == 0);
        let mut values: HashMap<SymbolId, Values> = self
            .values
            .iter()
            .filter(|(id, _)| !along_rows(&model.symbols[**id]))
            .map(|(id, v)| (*id, v.clone()))
            .collect();
        let mut errors = vec![];
        for &id in needed {
            let s = &model.symbols[id];
            match &s.role {
                Role::Data { .. } if along_rows(s) => match binder.datum(s) {
                    Ok(v) => {
                        errors.extend(binder.new_values(s, &v));
                        values.insert(id, v);
                    }
                    Err(d) => errors.push(d),
                },
                Role::Site(_) if along_rows(s) || s.is_discrete_site() && s.ty != Ty::Bool || model.is_summed_out(id) => errors.push(
                    Diagnostic::error(
                        "E0113",
                        s.span,
                        format!(
                            "`{}` {}, and the fit has no draws of it for new rows",
                            self.model.reported_name(id),
                            match along_rows(s) {
                                true => "lies along `row`",
                                false => "is a discrete unknown",
                            }
                        ),
                    )
                    .at(match along_rows(s) {
                        true => "drawn for each row of the fit",
                        false => "its posterior takes the rows of the fit",
                    })
                    .help("predict from its distribution: put what it is drawn from into the `predict` statement"),
                ),
                _ => {}
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let bound = Bound {
            axes,
            values,
            rows: RowLines {
                path: table.path().into(),
                lines: table.row_lines(),
            },
            model: Arc::new(model),
            structure: Default::default(),
            ..self.clone()
        };
        let errors = bound.check_elements();
        if errors.is_empty() {
            Ok(bound)
        } else {
            Err(errors)
        }
    }
}

impl Binder<'_> {
    /// Missing cells of a new row, and columns that are not those of the fit.
    fn new_values(&self, s: &Symbol, values: &Values) -> Option<Diagnostic> {
        let table = self.data.main.as_ref()?;
        for a in s.axes.iter().skip(1) {
            let (Levels::Columns(patterns), Role::Data { from: None, .. }) =
                (&self.model.axes[a.axis].levels, &s.role)
            else {
                continue;
            };
            let found: Vec<String> = patterns
                .iter()
                .flat_map(|p| table.matching(p))
                .map(|(_, label)| label)
                .collect();
            let known = self.axes[a.axis].as_ref().map(|b| b.labels.clone())?;
            if found.as_slice() != &*known {
                let name = &self.model.axes[a.axis].name;
                let message = format!(
                    "the columns of `{name}` in `{}` are not those of the fit, in their order",
                    table.path()
                );
                return Some(Diagnostic::error("E0203", s.span, message).help(format!(
                    "the fit has {}",
                    known.iter().take(8).map(|l| format!("`{l}`")).collect::<Vec<_>>().join(", ")
                )));
            }
        }
        let Values::Real(v) = values else {
            return None;
        };
        let cell = v.iter().position(|x| x.is_nan())?;
        let message = format!(
            "this entry of `{}` is missing, and the prediction reads it",
            s.name
        );
        let d = match self.cell(s, cell) {
            Some(place) => Diagnostic::data("E0310", place, message),
            None => Diagnostic::error("E0310", s.span, message),
        };
        Some(d.help("fill the cell, or remove the row"))
    }
}
