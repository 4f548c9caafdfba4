//! Levels and sizes of axes.

use super::{Binder, BoundAxis, Labels, MAX_AXIS, MAX_SIZED};
use crate::graph::*;
use ppl_data::Table;
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::collections::HashSet;

impl Binder<'_> {
    pub(super) fn axes(&mut self) {
        for axis in 0..self.model.axes.len() {
            if self.axes[axis].is_some() {
                continue;
            }
            match self.levels(axis) {
                Ok(labels) if labels.len() > MAX_AXIS => {
                    let (name, span) = (
                        self.model.axes[axis].name.clone(),
                        self.model.axes[axis].span,
                    );
                    self.diagnostics.push(Diagnostic::error(
                        "E0202",
                        span,
                        format!(
                            "`{name}` has {} elements; the limit is {MAX_AXIS}",
                            labels.len()
                        ),
                    ));
                }
                Ok(labels) => self.axes[axis] = Some(BoundAxis { labels }),
                Err(Some(d)) => self.diagnostics.push(d),
                Err(None) => {}
            }
        }
    }

    /// `Err(None)`: something that was reported already.
    fn levels(&mut self, axis: usize) -> Result<Labels, Option<Diagnostic>> {
        let decl = &self.model.axes[axis];
        match &decl.levels {
            Levels::Rows => {
                let n = match self.rows(axis) {
                    Some(n) => n,
                    None if self.uses(axis) => {
                        return Err(Some(self.no_table(decl.span)));
                    }
                    None => 0,
                };
                Ok(Labels::numbered(1, n))
            }
            // Filled in once the columns are read.
            Levels::Missing(_) => Ok(Labels::listed(vec![])),
            Levels::Listed(l) => Ok(Labels::listed(l.clone())),
            Levels::Size(e) => {
                let n = self.whole(e)?;
                if n < 1.0 {
                    return Err(Some(
                        Diagnostic::error("E0202", e.span, format!("an axis of size {n}"))
                            .help("an axis has at least one element"),
                    ));
                }
                if n > MAX_SIZED {
                    let d = Diagnostic::error(
                        "E0202",
                        e.span,
                        format!("an axis of size {n}; the limit is {MAX_SIZED}"),
                    );
                    return Err(Some(d.help("give it fewer elements; the lines of a data file may be more: they are the axis `row`")));
                }

                Ok(Labels::numbered(1, n as usize))
            }
            Levels::Range(a, b) => {
                let (lo, hi) = (self.whole(a)?, self.whole(b)?);
                if hi < lo {
                    let d = Diagnostic::error(
                        "E0202",
                        a.span.to(b.span),
                        format!("the range {lo}..{hi} is empty"),
                    );
                    return Err(Some(d.help("a range goes from its smaller end to its larger one, both included: `1..52`")));
                }
                if hi - lo >= MAX_SIZED || lo.abs().max(hi.abs()) > 1e15 {
                    let d = Diagnostic::error(
                        "E0202",
                        a.span.to(b.span),
                        format!(
                            "the range {lo}..{hi} is too long; the limit is {MAX_SIZED} elements"
                        ),
                    );
                    return Err(Some(d.help("give it fewer elements")));
                }

                Ok(Labels::numbered(lo as i64, (hi - lo) as usize + 1))
            }
            Levels::Columns(patterns) => {
                let Some(table) = &self.data.main else {
                    return Err(Some(self.no_table(decl.span)));
                };
                let mut labels = vec![];
                for p in patterns {
                    if p.contains('*') {
                        let found = table.matching(p);
                        if found.is_empty() {
                            let d = Diagnostic::error(
                                "E0203",
                                decl.span,
                                format!("no column of `{}` matches \"{p}\"", table.path()),
                            );
                            return Err(Some(
                                d.help(format!("its columns are {}", column_list(table))),
                            ));
                        }
                        labels.extend(found.into_iter().map(|(_, label)| label));
                    } else if table.column(p).is_some() {
                        labels.push(p.clone());
                    } else {
                        return Err(Some(missing_column(table, p, decl.span)));
                    }
                }
                let mut seen = HashSet::new();
                if let Some(twice) = labels.iter().find(|l| !seen.insert(l.as_str())) {
                    return Err(Some(Diagnostic::error(
                        "E0203",
                        decl.span,
                        format!("two columns give the label `{twice}`"),
                    )));
                }
                Ok(Labels::listed(labels))
            }
            Levels::Found => self.found(axis).map(Labels::listed),
        }
    }

    /// Levels of the axis's own table, else the labels found in the data that are declared as its values.
    fn found(&self, axis: usize) -> Result<Vec<String>, Option<Diagnostic>> {
        let decl = &self.model.axes[axis];
        if let Some(table) = self.data.tables.get(&decl.name) {
            let Some(column) = table.column(&decl.name) else {
                let d = Diagnostic::error(
                    "E0204",
                    decl.span,
                    format!(
                        "the table of `{}`, `{}`, has no column `{}`",
                        decl.name,
                        table.path(),
                        decl.name
                    ),
                );
                return Err(Some(d.help(
                    "an axis's own table is keyed by a column of the axis's name",
                )));
            };
            let labels = column.labels().map_err(Some)?;
            let mut seen = HashSet::new();
            if let Some(row) = labels.iter().position(|l| !seen.insert(*l)) {
                return Err(Some(
                    Diagnostic::data(
                        "E0205",
                        column.place(row),
                        format!(
                            "the label `{}` stands twice in the table of `{}`",
                            labels[row], decl.name
                        ),
                    )
                    .help("each level has one row"),
                ));
            }
            return Ok(labels.iter().map(|l| l.to_string()).collect());
        }
        let sources: Vec<&Symbol> = self
            .model
            .symbols
            .iter()
            .filter(|s| s.ty == Ty::Index(axis) && matches!(s.role, Role::Data { .. }))
            .collect();
        if sources.is_empty() {
            let d = Diagnostic::error(
                "E0206",
                decl.span,
                format!("nothing tells the levels of `{}`", decl.name),
            );
            return Err(Some(d.help(format!(
                "give it a size (`axis {0} = 3;`), list its levels (`axis {0} = {{a, b}};`), declare a column of labels (`data {0}[row]: {0};`), or pass its table as `{0}=file.csv`",
                decl.name
            ))));
        }
        let mut order: Vec<String> = vec![];
        let mut seen = HashSet::new();
        for s in sources {
            let Role::Data { from, .. } = &s.role else {
                continue;
            };
            let name = from.as_ref().unwrap_or(&s.name);
            if let Some(array) = self.data.arrays.get(name) {
                for label in array.values.iter().map(f64::to_string) {
                    if seen.insert(label.clone()) {
                        order.push(label);
                    }
                }
                continue;
            }
            let Some((table, _)) = self.table_of(s) else {
                return Err(Some(self.no_table(s.span)));
            };
            let Some(column) = table.column(name) else {
                return Err(Some(missing_column(table, name, s.span)));
            };
            for l in column.levels().map_err(Some)? {
                if !seen.contains(l) {
                    seen.insert(l.to_string());
                    order.push(l.to_string());
                }
            }
        }
        // Numbers in ascending order; other labels in the order in which the file brings them.
        let numbers: Option<Vec<f64>> = order.iter().map(|l| l.parse().ok()).collect();
        if let Some(numbers) = numbers {
            let mut by_number: Vec<usize> = (0..order.len()).collect();
            by_number.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
            order = by_number.into_iter().map(|i| order[i].clone()).collect();
        }
        Ok(order)
    }

    /// The table that a datum's column stands in, and the axis that its lines are.
    pub(super) fn table_of(&self, s: &Symbol) -> Option<(&Table, usize)> {
        let lines = s.axes.first().map_or(0, |a| a.axis);
        let name = &self.model.axes[lines].name;
        let main = self.data.main.as_ref();
        let column = match &s.role {
            Role::Data {
                from: Some(from), ..
            } => from,
            _ => &s.name,
        };
        match self.data.tables.get(name) {
            // What the axis's own table lacks may stand in the main one, the same on all lines of a level.
            Some(t)
                if lines != 0
                    && (t.column(column).is_some()
                        || main.is_none_or(|m| m.column(column).is_none())) =>
            {
                Some((t, lines))
            }
            _ => main.map(|t| (t, 0)),
        }
    }

    /// The lines of the main table; of a JSON file that has none, the length of an array along `row`.
    fn rows(&self, row: usize) -> Option<usize> {
        let along = |s: &Symbol| {
            let Role::Data { from, .. } = &s.role else {
                return None;
            };
            let array = self.data.arrays.get(from.as_ref().unwrap_or(&s.name))?;
            (s.axes.first()?.axis == row).then(|| array.shape.first().copied())?
        };
        match &self.data.main {
            Some(table) => Some(table.n_rows()),
            None => self.model.symbols.iter().find_map(along),
        }
    }

    fn uses(&self, axis: usize) -> bool {
        self.model
            .symbols
            .iter()
            .any(|s| s.axes.iter().any(|a| a.axis == axis))
    }

    fn first_use(&self, axis: usize) -> Span {
        self.model
            .symbols
            .iter()
            .find(|s| s.axes.iter().any(|a| a.axis == axis))
            .map_or(Span::default(), |s| s.span)
    }

    fn no_table(&self, fallback: Span) -> Diagnostic {
        let span = if self.uses(0) {
            self.first_use(0)
        } else {
            fallback
        };
        Diagnostic::error(
            "E0207",
            span,
            "the model reads a table, but no data file was given",
        )
        .help("name it after the model: `ppl fit model.ppl data.csv`")
    }

    /// A whole number known from literals, `--set` scalars and sizes.
    fn whole(&mut self, e: &TExpr) -> Result<f64, Option<Diagnostic>> {
        let v = self.scalar(e)?;
        if v.fract() != 0.0 || !v.is_finite() {
            return Err(Some(
                Diagnostic::error(
                    "E0202",
                    e.span,
                    format!("a whole number is expected, not {v}"),
                )
                .help("sizes and ends of ranges are whole numbers"),
            ));
        }
        Ok(v)
    }

    fn scalar(&mut self, e: &TExpr) -> Result<f64, Option<Diagnostic>> {
        match &e.kind {
            TKind::Number(v) => Ok(*v),
            TKind::Symbol(s) => {
                let symbol = &self.model.symbols[*s];
                match &symbol.role {
                    Role::Data { .. } => self
                        .data
                        .scalars
                        .get(&symbol.name)
                        .copied()
                        .ok_or_else(|| Some(missing_scalar(symbol))),
                    Role::Let(inner) => self.scalar(&inner.clone()),
                    _ => Err(Some(Diagnostic::error(
                        "E0202",
                        e.span,
                        "a size may not depend on a latent",
                    ))),
                }
            }
            TKind::Size(a) => {
                if self.axes[*a].is_none() {
                    let labels = self.levels(*a)?;
                    self.axes[*a] = Some(BoundAxis { labels });
                }
                Ok(self.axes[*a].as_ref().map_or(0.0, |x| x.size() as f64))
            }
            TKind::Prim(p, args) => {
                let values: Vec<f64> = args
                    .iter()
                    .map(|a| self.scalar(a))
                    .collect::<Result<_, _>>()?;
                Ok(p.eval(&values))
            }
            _ => Err(Some(Diagnostic::error(
                "E0202",
                e.span,
                "a size is a number, a scalar datum, `size(axis)`, or arithmetic with them",
            ))),
        }
    }
}

/// `data n: int;` without a value.
pub(super) fn missing_scalar(s: &Symbol) -> Diagnostic {
    Diagnostic::error(
        "E0208",
        s.span,
        format!("the scalar `{}` has no value", s.name),
    )
    .help(format!("pass it: `--set {}=…`", s.name))
}

/// A column that is not there.
pub(super) fn missing_column(table: &Table, name: &str, span: Span) -> Diagnostic {
    let d = Diagnostic::error(
        "E0203",
        span,
        format!("`{}` has no column `{name}`", table.path()),
    );
    let mut names = table.column_names();
    if let (Some(one), None) = (names.next(), names.next())
        && one.split([' ', '|', ':']).any(|part| part == name)
    {
        return d.help(format!(
            "the whole line `{one}` was read as one name: columns are separated by `,`, `;` or a tab"
        ));
    }
    match ppl_syntax::suggest(name, table.column_names()) {
        Some(s) => d.help(format!(
            "did you mean `{s}`? write the column's name, or add `from \"{s}\"` (columns: {})",
            column_list(table)
        )),
        None => d.help(format!(
            "its columns are {}; `from \"…\"` names a column that differs from the datum",
            column_list(table)
        )),
    }
}

fn column_list(table: &Table) -> String {
    let names: Vec<&str> = table.column_names().collect();
    let shown = names
        .iter()
        .take(12)
        .map(|n| format!("`{n}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > 12 {
        format!("{shown} and {} more", names.len() - 12)
    } else {
        shown
    }
}
