//! Lists of a JSON file, which says of none along which axis it lies: the model does.

use super::{Binder, Values};
use crate::graph::*;
use ppl_data::{Dataset, Table};

/// The data with those lists as the main table that the model declares along `row`, where others were taken for it.
pub(super) fn arranged(model: &Model, data: &Dataset) -> Option<Dataset> {
    let table = data.main.as_ref().filter(|_| data.lists)?;
    let mut declared = model.symbols.iter().filter_map(|s| {
        let Role::Data { from, .. } = &s.role else {
            return None;
        };
        let name = from.as_ref().unwrap_or(&s.name);
        let along_rows = s.axes.first()?.axis == 0;
        let array = data.arrays.get(name).and_then(|a| a.shape.first().copied());
        let column = || table.column(name).map(|c| c.len());
        array.or_else(column).filter(|_| along_rows)
    });
    let n_rows = declared.next()?;
    if n_rows == table.n_rows() || declared.any(|n| n != n_rows) {
        return None;
    }
    data.with_rows(n_rows)
}

impl Binder<'_> {
    /// A list of the main table's length that the model declares along another axis of that length, in the order of its levels.
    pub(super) fn list_along(&self, table: &Table, s: &Symbol, name: &str) -> Option<Values> {
        let [along] = s.axes.as_slice() else {
            return None;
        };
        let column = table.column(name).filter(|_| self.data.lists)?;
        let n = self.size(*along);
        (along.axis != 0 && n == column.len()).then(|| self.read(s, &column).ok())?
    }
}
