//! Columns of the main table that hold one value for each level of an axis.

use super::axes::missing_scalar;
use super::{Binder, Values};
use crate::graph::*;
use ppl_data::Table;
use ppl_syntax::diagnostic::Diagnostic;

impl Binder<'_> {
    /// A datum along another axis than `row` that stands in the main table, the same on all lines of a level.
    pub(super) fn constant_within(
        &self,
        table: &Table,
        s: &Symbol,
        axis: usize,
        name: &str,
    ) -> Result<Values, Diagnostic> {
        let column = self.column(table, s, name)?;
        let keys: Vec<&Symbol> = (self.model.symbols.iter())
            .filter(|i| {
                i.ty == Ty::Index(axis)
                    && matches!(i.role, Role::Data { .. })
                    && i.axes.as_slice() == [AxisRef::of(0)]
            })
            .collect();
        // Of several columns of labels it is the one that is called as the axis.
        let name_of_axis = &self.model.axes[axis].name;
        let index = match keys.as_slice() {
            [one] => Some(*one),
            _ => keys.iter().find(|k| k.name == *name_of_axis).copied(),
        };
        if let (None, [first, second, ..]) = (index, keys.as_slice()) {
            return Err(Diagnostic::error(
                "E0209",
                s.span,
                format!(
                    "`{}` may go by `{}` or by `{}`: both hold labels of `{name_of_axis}`",
                    s.name, first.name, second.name
                ),
            )
            .help(format!(
                "pass `{name_of_axis}`'s own table as `{name_of_axis}=file.csv`"
            )));
        }
        let Some(index) = index else {
            let axis = &self.model.axes[axis].name;
            return Err(Diagnostic::error("E0209", s.span, format!("nothing tells which line belongs to which `{axis}`"))
                .help(format!("pass `{axis}`'s own table as `{axis}=file.csv`, or declare the column of labels: `data {axis}[row]: {axis};`")));
        };
        let Role::Data { from, .. } = &index.role else {
            return Err(missing_scalar(s));
        };
        let key_column = self.column(table, index, from.as_ref().unwrap_or(&index.name))?;
        let Values::Index(keys) = self.read(index, &key_column)? else {
            return Err(missing_scalar(s));
        };
        let values = self.read(s, &column)?;
        let n = self.size(AxisRef::of(axis));
        let differs = |row: usize, level: u32| {
            let label = self.axes[axis]
                .as_ref()
                .map_or("", |a| &a.labels[level as usize]);
            Diagnostic::data(
                "E0209",
                column.place(row),
                format!(
                    "`{}` is declared for each `{}`, but it differs within `{label}`",
                    s.name, self.model.axes[axis].name
                ),
            )
            .help(format!("declare it for each row: `data {}[row]`", s.name))
        };
        macro_rules! collect {
            ($v:expr, $variant:path) => {{
                let mut out = vec![None; n];
                for (row, (&k, &x)) in keys.iter().zip($v.iter()).enumerate() {
                    match out[k as usize] {
                        None => out[k as usize] = Some(x),
                        Some(old) if old != x => return Err(differs(row, k)),
                        Some(_) => {}
                    }
                }
                if let Some(p) = out.iter().position(Option::is_none) {
                    let label = self.axes[axis].as_ref().map_or("", |a| &a.labels[p]);
                    return Err(Diagnostic::error(
                        "E0209",
                        s.span,
                        format!("no line tells `{}` for `{label}`", s.name),
                    ));
                }
                $variant(out.into_iter().flatten().collect())
            }};
        }
        Ok(match &values {
            Values::Real(v) => collect!(v, Values::Real),
            Values::Index(v) => collect!(v, Values::Index),
        })
    }
}
