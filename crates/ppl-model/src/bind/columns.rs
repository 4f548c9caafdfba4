//! Columns of data: types, kinds, and labels to positions.

use super::axes::{missing_column, missing_scalar};
use super::{Array, Binder, BoundAxis, Labels, Values};
use crate::graph::*;
use ppl_core::Numbers;
use ppl_data::{Column, Interval, Table};
use ppl_syntax::diagnostic::Diagnostic;

impl Binder<'_> {
    pub(super) fn columns(&mut self) {
        for id in 0..self.model.symbols.len() {
            let s = &self.model.symbols[id];
            if !matches!(s.role, Role::Data { .. }) {
                continue;
            }
            match self.datum(s) {
                Ok(v) => {
                    self.diagnostics.extend(self.vector_kind(s, &v));
                    self.values.insert(id, v);
                    if s.is_censored() {
                        self.reads_upper_ends = true;
                        if let Ok(Values::Real(upper)) = self.datum(s) {
                            self.upper_ends.insert(id, upper);
                        }
                        self.reads_upper_ends = false;
                    }
                }
                Err(d) => self.diagnostics.push(d),
            }
        }
    }

    /// Whether vectors along the last axis are what their kind says.
    fn vector_kind(&self, s: &Symbol, values: &Values) -> Option<Diagnostic> {
        let (Values::Real(values), Some(&last)) = (values, s.axes.last()) else {
            return None;
        };
        let increasing = |v: &[f64]| v.windows(2).all(|w| w[0] < w[1]);
        let what = match &s.kind {
            Some(Kind::Simplex) => "a simplex: 0 or above, summing to 1",
            Some(Kind::Ordered) => "ordered: increasing",
            Some(Kind::PositiveOrdered) => "positive and ordered: increasing from above 0",
            _ => return None,
        };
        let holds = |v: &[f64]| match &s.kind {
            Some(Kind::Simplex) => {
                v.iter().all(|x| *x >= 0.0) && (v.iter().sum::<f64>() - 1.0).abs() < 1e-6
            }
            Some(Kind::Ordered) => increasing(v),
            _ => increasing(v) && v.iter().all(|x| *x > 0.0),
        };
        let wrong = values
            .chunks(self.size(last).max(1))
            .position(|v| !holds(v))?;
        let vector = if s.axes.len() == 1 {
            String::new()
        } else {
            format!(", vector {}", wrong + 1)
        };
        let d = Diagnostic::error(
            "E0209",
            s.span,
            format!(
                "`{}`{vector} is declared to be {what}; the data are not",
                s.name
            ),
        );
        Some(d.help(format!("mend the data, or declare `{}` as `real`", s.name)))
    }

    pub(super) fn size(&self, a: AxisRef) -> usize {
        self.axes[a.axis].as_ref().map_or(0, BoundAxis::size)
    }

    pub(super) fn datum(&self, s: &Symbol) -> Result<Values, Diagnostic> {
        let Role::Data { from, .. } = &s.role else {
            return Err(missing_scalar(s));
        };
        let n: usize = s.axes.iter().map(|&a| self.size(a)).product();
        if s.axes.is_empty() {
            let v = self
                .data
                .scalars
                .get(&s.name)
                .copied()
                .ok_or_else(|| {
                    let d = missing_scalar(s);
                    match &self.data.main {
                        Some(table) if table.column(&s.name).is_some() => d.help(format!(
                            "for the column `{0}` of `{1}` write `data {0}[row]`; one number is passed as `--set {0}=…`",
                            s.name,
                            table.path()
                        )),
                        _ => d,
                    }
                })?;
            if let Ty::Index(axis) = s.ty {
                return self.labels_of_numbers(s, axis, &[v]);
            }
            self.kind_of_number(s, v, 0)
                .map_err(|m| Diagnostic::error("E0209", s.span, m))?;
            return Ok(Values::Real(vec![v].into()));
        }
        if let Some(array) = self.data.arrays.get(from.as_ref().unwrap_or(&s.name)) {
            let shape: Vec<usize> = s.axes.iter().map(|&a| self.size(a)).collect();
            if array.shape != shape {
                let d = Diagnostic::error(
                    "E0209",
                    s.span,
                    format!(
                        "`{}` has the shape {:?} in the data, but its axes have {:?}",
                        s.name, array.shape, shape
                    ),
                );
                return Err(d);
            }
            if let Ty::Index(axis) = s.ty {
                return self.labels_of_numbers(s, axis, &array.values);
            }
            for (i, v) in array.values.iter().enumerate() {
                self.kind_of_number(s, *v, i)
                    .map_err(|m| Diagnostic::error("E0209", s.span, m))?;
            }
            return Ok(Values::Real(array.values.clone().into()));
        }
        let Some((table, lines)) = self.table_of(s) else {
            return Err(Diagnostic::error(
                "E0207",
                s.span,
                format!("no table was given that could hold `{}`", s.name),
            )
            .help("name the data file after the model"));
        };
        match s.axes.as_slice() {
            [one] if one.axis == lines => {
                let column = self.column(table, s, from.as_ref().unwrap_or(&s.name))?;
                let values = self.read(s, &column)?;
                Ok(if lines == 0 { values } else { self.reorder(table, one.axis, values)? })
            }
            // A value for each level, constant within the level, in the main table.
            [one] => {
                let name = from.as_ref().unwrap_or(&s.name);
                let constant = self.constant_within(table, s, one.axis, name);
                constant.or_else(|d| self.list_along(table, s, name).ok_or(d))
            }
            [rows, across] if rows.axis == lines && matches!(self.model.axes[across.axis].levels, Levels::Columns(_) | Levels::Listed(_)) => {
                self.matrix(table, s, lines, across.axis, from.as_ref(), n)
            }
            _ => Err(Diagnostic::error("E0209", s.span, format!("a table has no place for `{}{}`", s.name, self.model.bracket(&s.axes)))
                .help(match (s.axes.as_slice(), &s.role) {
                    ([_, across], Role::Data { from, .. }) => {
                        let axis = &self.model.axes[across.axis].name;
                        let pattern = from.clone().unwrap_or_else(|| format!("{}*", s.name));
                        format!("the second axis is one of columns, `axis {axis} = columns(\"{pattern}\");`, or lists its levels, `axis {axis} = {{a, b}};`; other arrays come from a JSON file")
                    }
                    _ => "columns lie along `row` and one axis of columns; other arrays come from a JSON file".to_owned(),
                })),
        }
    }

    /// Positions of levels whose labels are numbers: those of a scalar, and of an array that is no column.
    fn labels_of_numbers(
        &self,
        s: &Symbol,
        axis: usize,
        values: &[f64],
    ) -> Result<Values, Diagnostic> {
        let known = self.axes[axis].as_ref();
        let position = |(i, v): (usize, &f64)| {
            let label = v.to_string();
            known
                .and_then(|a| a.labels.position(&label))
                .ok_or_else(|| {
                    let name = &self.model.axes[axis].name;
                    let element = match s.axes.is_empty() {
                        true => String::new(),
                        false => format!(", element {} of {}", i + 1, values.len()),
                    };
                    let message = format!("`{}`{element}: `{name}` has no level `{label}`", s.name);
                    let d = Diagnostic::error("E0210", s.span, message);
                    d.help(self.no_such_level(axis, &label))
                })
        };
        let positions: Result<Vec<u32>, Diagnostic> =
            values.iter().enumerate().map(position).collect();
        Ok(Values::Index(positions?.into()))
    }

    pub(super) fn column<'t>(
        &self,
        table: &'t Table,
        s: &Symbol,
        name: &str,
    ) -> Result<Column<'t>, Diagnostic> {
        table
            .column(name)
            .ok_or_else(|| missing_column(table, name, s.span))
    }

    pub(super) fn read(&self, s: &Symbol, column: &Column) -> Result<Values, Diagnostic> {
        Ok(match s.ty {
            Ty::Index(axis) => {
                let known = self.axes[axis].as_ref();
                let factor = column.factor();
                let position = |(l, row): (&str, &u32)| {
                    known.and_then(|a| a.labels.position(l)).ok_or_else(|| {
                        let name = &self.model.axes[axis].name;
                        let d = Diagnostic::data(
                            "E0210",
                            column.place(*row as usize),
                            format!("`{l}` is not a level of `{name}`"),
                        );
                        d.help(self.no_such_level(axis, l))
                    })
                };
                let levels = column.levels()?.into_iter().zip(&factor.first_rows);
                let positions: Vec<u32> = levels.map(position).collect::<Result<_, _>>()?;
                let codes = factor.codes.iter();
                Values::Index(codes.map(|code| positions[*code as usize]).collect())
            }
            Ty::Bool => Values::Real(column.bools()?.into()),
            ty if s.is_censored() => {
                let cells = column.intervals(ty == Ty::Int, s.is_optional())?;
                for (row, c) in cells.iter().enumerate() {
                    self.kind_of_interval(s, *c).map_err(|m| {
                        Diagnostic::data("E0209", column.place(row), m)
                            .help("mend the cell, or widen the declared kind: `real` has no bounds")
                    })?;
                }
                let end = |c: Interval| {
                    if self.reads_upper_ends {
                        c.upper
                    } else {
                        c.lower
                    }
                };
                Values::Real(cells.into_iter().map(end).collect())
            }
            ty => {
                let values: Numbers = if s.is_optional() {
                    let cells = column.optional_reals()?;
                    if cells.iter().all(Option::is_none) {
                        return Err(Diagnostic::data(
                            "E0209",
                            column.name_place(),
                            format!("every entry of `{}` is missing", s.name),
                        ));
                    }
                    cells.into_iter().map(|c| c.unwrap_or(f64::NAN)).collect()
                } else if ty == Ty::Int {
                    column.integers()?
                } else {
                    column.reals()?
                };
                let checked = match takes_any_number(s) {
                    true => &[],
                    false => &values[..],
                };
                for (row, v) in checked.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
                    self.kind_of_number(s, *v, row).map_err(|m| {
                        Diagnostic::data("E0209", column.place(row), m)
                            .help("mend the cell, or widen the declared kind: `real` has no bounds")
                    })?;
                }
                Values::Real(values.into())
            }
        })
    }

    /// Whether a number is what its kind says.
    #[inline]
    fn kind_of_number(&self, s: &Symbol, v: f64, _row: usize) -> Result<(), String> {
        if takes_any_number(s) {
            return Ok(());
        }
        let bound = |e: &Option<TExpr>| match e {
            Some(TExpr {
                kind: TKind::Number(b),
                ..
            }) => Some(*b),
            _ => None,
        };
        let (lo, hi, open) = match &s.kind {
            Some(Kind::Real(lo, hi)) => (bound(lo), bound(hi), true),
            Some(Kind::Int(lo, hi)) => (bound(lo), bound(hi), false),
            Some(Kind::Bool) if v != 0.0 && v != 1.0 => {
                return Err(format!("`{}` is declared as bool, but this is {v}", s.name));
            }
            _ => (None, None, false),
        };
        if s.ty == Ty::Int && v.fract() != 0.0 {
            return Err(format!("`{}` is declared as int, but this is {v}", s.name));
        }
        // `positive` means above 0; the ends of other intervals are allowed.
        let strictly_positive = open && lo == Some(0.0) && hi.is_none();
        if lo.is_some_and(|b| v < b) || (strictly_positive && v <= 0.0) {
            let want = if strictly_positive {
                "positive".to_string()
            } else {
                format!("at least {}", lo.unwrap_or(0.0))
            };
            return Err(format!(
                "`{}` is declared to be {want}, but this is {v}",
                s.name
            ));
        }
        if let Some(b) = hi.filter(|b| v > *b) {
            return Err(format!(
                "`{}` is declared to be at most {b}, but this is {v}",
                s.name
            ));
        }
        Ok(())
    }

    /// Whether a cell leaves anything of what its kind says.
    fn kind_of_interval(&self, s: &Symbol, c: Interval) -> Result<(), String> {
        if c.lower.is_nan() {
            return Ok(());
        }
        if c.lower == c.upper {
            return self.kind_of_number(s, c.lower, 0);
        }
        let bound = |e: &Option<TExpr>| match e.as_ref().map(|e| &e.kind) {
            Some(TKind::Number(b)) => Some(*b),
            _ => None,
        };
        let (Some(Kind::Real(lo, hi)) | Some(Kind::Int(lo, hi))) = &s.kind else {
            return Ok(());
        };
        let open = matches!(s.kind, Some(Kind::Real(..)));
        if let Some(b) = bound(lo).filter(|b| c.upper < *b || (open && c.upper == *b)) {
            return Err(format!(
                "`{}` is declared to lie above {b}, and this cell says that it is at most {}",
                s.name, c.upper
            ));
        }
        if let Some(b) = bound(hi).filter(|b| c.lower > *b || (open && c.lower == *b)) {
            return Err(format!(
                "`{}` is declared to lie below {b}, and this cell says that it is at least {}",
                s.name, c.lower
            ));
        }
        Ok(())
    }

    /// Values of an axis's own table, in the order of the axis's levels.
    fn reorder(&self, table: &Table, axis: usize, values: Values) -> Result<Values, Diagnostic> {
        let (Some(bound), Some(keys)) =
            (&self.axes[axis], table.column(&self.model.axes[axis].name))
        else {
            return Ok(values);
        };
        let mut place: Vec<Option<usize>> = vec![None; bound.size()];
        for (row, label) in keys.labels()?.iter().enumerate() {
            if let Some(p) = bound.labels.position(label) {
                place[p as usize] = Some(row);
            }
        }
        if let Some(p) = place.iter().position(Option::is_none) {
            let d = Diagnostic::data(
                "E0204",
                keys.name_place(),
                format!(
                    "`{}` has no line for the level `{}`",
                    table.path(),
                    bound.labels[p]
                ),
            );
            return Err(d.help("every level needs a line in its axis's table"));
        }
        let order: Vec<usize> = place.into_iter().flatten().collect();
        Ok(match values {
            Values::Real(v) => Values::Real(order.iter().map(|&r| v[r]).collect()),
            Values::Index(v) => Values::Index(order.iter().map(|&r| v[r]).collect()),
        })
    }

    /// Refuses a second array of the columns of an axis, which would hold the same numbers as the first.
    fn columns_read_twice(
        &self,
        table: &Table,
        s: &Symbol,
        across: usize,
    ) -> Result<(), Diagnostic> {
        let Levels::Columns(patterns) = &self.model.axes[across].levels else {
            return Ok(());
        };
        let reads_them = |other: &&Symbol| {
            let own = matches!(&other.role, Role::Data { from: None, .. });
            own && other.axes == s.axes && !self.data.arrays.contains_key(&other.name)
        };
        let first = self.model.symbols.iter().find(reads_them);
        let Some(first) = first.filter(|first| first.name != s.name) else {
            return Ok(());
        };
        let axis = &self.model.axes[across].name;
        let message = format!(
            "`{}` and `{}` would be the same columns, those of the axis `{axis}`",
            first.name, s.name
        );
        let own = format!("{}_*", s.name);
        let pattern = match (table.matching(&own).is_empty(), patterns.first()) {
            (true, Some(pattern)) => pattern.clone(),
            _ => own,
        };
        let help = format!(
            "say which columns it reads, a `*` for the level: `data {}{}: {} from \"{pattern}\";`",
            s.name,
            self.model.bracket(&s.axes),
            s.kind.as_ref().map_or("real", Kind::keyword),
        );
        Err(Diagnostic::error("E0209", s.span, message)
            .at("reads the same columns again")
            .label(first.span, "reads them first")
            .help(help))
    }

    /// The column of each level of an axis, in their order.
    pub(super) fn columns_across(
        &self,
        table: &Table,
        across: usize,
        from: Option<&String>,
    ) -> Vec<String> {
        let labels = self.axes[across]
            .as_ref()
            .map_or_else(|| Labels::listed(vec![]), |a| a.labels.clone());
        match (&self.model.axes[across].levels, from) {
            (_, Some(pattern)) => labels.iter().map(|l| pattern.replace('*', l)).collect(),
            (Levels::Columns(patterns), None) => {
                let mut names = vec![];
                for p in patterns {
                    if p.contains('*') {
                        names.extend(table.matching(p).into_iter().map(|(name, _)| name));
                    } else {
                        names.push(p.clone());
                    }
                }
                names
            }
            _ => labels.to_vec(),
        }
    }

    /// `X[row, feature]`: a column for each level.
    fn matrix(
        &self,
        table: &Table,
        s: &Symbol,
        _lines: usize,
        across: usize,
        from: Option<&String>,
        n: usize,
    ) -> Result<Values, Diagnostic> {
        if from.is_none() {
            self.columns_read_twice(table, s, across)?;
        }
        let names = self.columns_across(table, across, from);
        let columns: Result<Vec<Column>, Diagnostic> = names
            .iter()
            .map(|name| self.column(table, s, name))
            .collect();
        let columns = columns?;
        let plain = s.ty == Ty::Real && !s.is_optional() && !s.is_censored();
        if let Some(values) = plain.then(|| table.matrix(&columns)).flatten()
            && (takes_any_number(s) || values.iter().all(|v| self.kind_of_number(s, *v, 0).is_ok()))
        {
            return Ok(Values::Real(Array::of_columns(values, table.n_rows())));
        }
        let k = names.len().max(1);
        let mut out = vec![0.0; n];
        for (j, column) in columns.iter().enumerate() {
            match self.read(s, column)? {
                Values::Real(v) => v.iter().enumerate().for_each(|(i, x)| out[i * k + j] = *x),
                Values::Index(_) => {
                    return Err(Diagnostic::error(
                        "E0209",
                        s.span,
                        "a table of labels over an axis of columns cannot be read",
                    )
                    .help("declare it as numbers"));
                }
            }
        }
        Ok(Values::Real(out.into()))
    }
}

/// Whether every number is of the symbol's kind.
fn takes_any_number(s: &Symbol) -> bool {
    matches!(s.kind, None | Some(Kind::Real(None, None))) && s.ty == Ty::Real
}
