//! Labels that are likely meant to be one: `01` and `1`, `North` and `north`.

use super::{Binder, BoundAxis};
use crate::graph::*;
use ppl_data::Column;
use ppl_syntax::diagnostic::{Diagnostic, Severity};
use std::collections::{HashMap, HashSet};

/// Levels that a message lists.
const FEW: usize = 8;

/// What labels that differ in their spelling alone have in common: the number that they say, else their letters and digits.
fn canonical(label: &str) -> String {
    match label.trim().parse::<f64>() {
        Ok(v) if v.is_finite() => v.to_string(),
        _ => {
            let words: Vec<&str> = label.split_whitespace().collect();
            words.join(" ").to_lowercase()
        }
    }
}

/// The level that a label without one is likely meant to be.
pub(super) fn near<'a>(label: &str, axis: &'a BoundAxis) -> Option<&'a str> {
    let wanted = canonical(label);
    let mut levels = axis.labels.iter().map(String::as_str);
    levels
        .find(|l| canonical(l) == wanted)
        .or_else(|| ppl_syntax::suggest(label, axis.labels.iter().map(String::as_str)))
}

/// Whether a label is a number that lies outside of those of an axis of numbers.
fn beyond(label: &str, axis: &super::BoundAxis) -> bool {
    let number = |l: &String| l.parse::<f64>().ok();
    let ends = (
        axis.labels.first().and_then(number),
        axis.labels.last().and_then(number),
    );
    match (label.parse::<f64>(), ends) {
        (Ok(v), (Some(low), Some(high))) => v < low || v > high || v.fract() != 0.0,
        _ => false,
    }
}

impl Binder<'_> {
    /// What to do about a label that is no level.
    pub(super) fn no_such_level(&self, axis: usize, label: &str) -> String {
        let decl = &self.model.axes[axis];
        let Some(known) = &self.axes[axis] else {
            return "mend the cell".to_owned();
        };
        let from_zero = label == "0" && matches!(decl.levels, Levels::Size(_));
        if from_zero {
            return format!(
                "a size counts its levels from 1; where ids begin at 0, say so: `axis {} = 0..{};`",
                decl.name,
                known.size() - 1
            );
        }
        let numbers = matches!(
            decl.levels,
            Levels::Size(_) | Levels::Range(..) | Levels::Rows
        );
        match near(label, known) {
            // Another number is another level, not another spelling.
            _ if numbers && beyond(label, known) => format!(
                "its labels are the whole numbers from {} to {}: mend the cell, or widen the axis",
                known.labels.first().map_or("", |x| x),
                known.labels.last().map_or("", |x| x)
            ),
            Some(level) => format!("did you mean `{level}`?"),
            None if known.size() <= FEW => {
                let all: Vec<String> = known.labels.iter().map(|l| format!("`{l}`")).collect();
                format!("its levels are {}", all.join(", "))
            }
            None => format!(
                "its {} levels run from `{}` to `{}`",
                known.size(),
                known.labels.first().map_or("", |x| x),
                known.labels.last().map_or("", |x| x)
            ),
        }
    }

    /// Found levels that differ in their spelling alone: a warning within a column, an error between columns.
    pub(super) fn near_levels(&self) -> Vec<Diagnostic> {
        let found = self.model.axes.iter().enumerate();
        let found = found.filter(|(_, a)| matches!(a.levels, Levels::Found));
        let own_table = |a: &AxisDecl| self.data.tables.contains_key(&a.name);
        found
            .filter(|(_, a)| !own_table(a))
            .filter_map(|(axis, _)| self.near_levels_of(axis))
            .collect()
    }

    fn near_levels_of(&self, axis: usize) -> Option<Diagnostic> {
        let mut columns: Vec<(Column, HashSet<&str>)> = vec![];
        // The first spelling of each label, with the place of its column.
        let mut first: HashMap<String, (&str, usize)> = HashMap::new();
        let sources = self.model.symbols.iter();
        let sources = sources.filter(|s| s.ty == Ty::Index(axis));
        for s in sources {
            let Role::Data { from, .. } = &s.role else {
                continue;
            };
            let (table, _) = self.table_of(s)?;
            let Some(column) = table.column(from.as_ref().unwrap_or(&s.name)) else {
                continue;
            };
            let levels = column.levels().ok()?;
            columns.push((column, levels.iter().copied().collect()));
            let here = columns.len() - 1;
            for (label, row) in levels.into_iter().zip(&column.factor().first_rows) {
                let (other, there) = *first.entry(canonical(label)).or_insert((label, here));
                if other != label {
                    let between = there != here && !columns[there].1.contains(label);
                    return Some(self.near_level(axis, column, *row as usize, other, between));
                }
            }
        }
        None
    }

    fn near_level(
        &self,
        axis: usize,
        column: Column,
        row: usize,
        other: &str,
        between: bool,
    ) -> Diagnostic {
        let (label, name) = (column.text(row), &self.model.axes[axis].name);
        let span = self.model.axes[axis].span;
        let message = format!("`{label}` and `{other}` would be two levels of `{name}`");
        let place = column.place(row);
        let d = match between {
            true => Diagnostic::data("E0215", place, message)
                .help(format!("the columns spell one label in two ways: write it in one, or list the levels, `axis {name} = {{…}};`")),
            false => Diagnostic {
                severity: Severity::Warning,
                ..Diagnostic::data("W0224", place, message)
            }
            .help("each gets its own unknowns and half of the data: spell them alike if they are one"),
        };
        d.label(span, "its levels are those found in the data")
    }
}
