//! Observed values against the supports of their distributions, sizes of arrays, and arguments that nothing reads.

use super::{Binder, MAX_ELEMENTS, Values};
use crate::graph::*;
use ppl_dist::{Bound, Shape, Support};
use ppl_syntax::diagnostic::{Diagnostic, FilePlace, Span};

/// Where observations may fall: both ends, whether each belongs to it, and whether only whole numbers do.
pub(super) struct Range {
    pub low: (f64, bool),
    pub high: (f64, bool),
    pub whole: bool,
}

/// An end of a support by the value of an argument: its place among the arguments, unless that is a number.
pub(super) fn end_argument(d: &TDist, b: Bound) -> Option<usize> {
    let Bound::Parameter(i) = b else { return None };
    let def = d.distribution.definition();
    let name = def.parameters()[i].name;
    let own = def.forms[d.form].parameters.iter();
    let place = own.map(|p| p.name).position(|n| n == name)?;
    let number = matches!(d.args.get(place)?.kind, TKind::Number(_));
    (!number).then_some(place)
}

impl Range {
    /// The arguments at which the values end from which draws are, where these are no numbers.
    pub fn arguments(d: &TDist) -> [Option<usize>; 2] {
        match d.distribution.definition().support {
            Support::Interval(lo, hi) | Support::Integers(lo, hi) => {
                [end_argument(d, lo), end_argument(d, hi)]
            }
            _ => [None, None],
        }
    }

    /// The same with ends that are known now.
    pub fn within(&self, low: Option<f64>, high: Option<f64>) -> Range {
        Range {
            low: (low.unwrap_or(self.low.0), self.low.1),
            high: (high.unwrap_or(self.high.0), self.high.1),
            whole: self.whole,
        }
    }

    /// As far as it is known before inference; `None` where everything may be observed.
    pub fn of(d: &TDist) -> Option<Range> {
        let def = d.distribution.definition();
        let counts = matches!(def.support, Support::Counts(_));
        if (def.event != Shape::Scalar && !counts) || def.improper {
            return None;
        }
        let end = |b: Bound, open: f64| match b {
            Bound::At(v) => v,
            Bound::Parameter(i) => match d.args.get(i).map(|a| &a.kind) {
                Some(TKind::Number(v)) if d.form == 0 => *v,
                _ => open,
            },
        };
        let (lo, hi, whole) = match def.support {
            Support::Interval(lo, hi) => (lo, hi, false),
            Support::Integers(lo, hi) => (lo, hi, true),
            Support::Bool => (Bound::At(0.0), Bound::At(1.0), true),
            Support::Counts(_) => (Bound::At(0.0), Bound::At(f64::INFINITY), true),
            _ => return None,
        };
        // An end belongs to the support if the density is finite there for any of the known parameter values.
        let closed = |b: Bound| match b {
            Bound::At(v) if !whole && v.is_finite() => {
                d.distribution.golden().iter().any(|(_, p, _)| {
                    let p: Vec<&[f64]> = p.iter().map(Vec::as_slice).collect();
                    d.distribution.ln_density(&[v], &p).is_finite()
                })
            }
            _ => true,
        };
        Some(Range {
            low: (end(lo, f64::NEG_INFINITY), closed(lo)),
            high: (end(hi, f64::INFINITY), closed(hi)),
            whole,
        })
    }

    /// Without branches, which data such as 0 and 1 in no order would make dear.
    pub fn contains(&self, v: f64) -> bool {
        /// From here on all numbers are whole ones.
        const WHOLE: f64 = (1u64 << 52) as f64;
        let above = (v > self.low.0) | (self.low.1 & (v == self.low.0));
        let below = (v < self.high.0) | (self.high.1 & (v == self.high.0));
        // Adding it rounds what is smaller to a whole number.
        let size = v.abs();
        let is_whole = (size >= WHOLE) | ((size + WHOLE) - WHOLE == size);
        above & below & (!self.whole | is_whole)
    }

    /// What helps with a value outside of it.
    pub fn help(&self) -> String {
        let angles = self.high.0 == std::f64::consts::PI && self.low.0 == -self.high.0;
        let help = "mend the data, or choose a distribution that can draw it";
        match angles {
            true => format!(
                "it draws angles in radians: degrees are `pi / 180 * y`, less a full turn, `2 * pi`, beyond pi; else {help}"
            ),
            false => help.to_owned(),
        }
    }

    pub fn words(&self) -> String {
        let numbers = if self.whole {
            "whole numbers"
        } else {
            "numbers"
        };
        match (self.low.0.is_finite(), self.high.0.is_finite()) {
            (true, true) if self.whole && self.low.0 == 0.0 && self.high.0 == 1.0 => {
                "0 or 1".into()
            }
            (true, true) => format!("{numbers} between {} and {}", self.low.0, self.high.0),
            (true, false) if self.low.1 => format!("{numbers} from {} on", self.low.0),
            (true, false) => format!("{numbers} above {}", self.low.0),
            (false, true) => format!("{numbers} up to {}", self.high.0),
            (false, false) => numbers.into(),
        }
    }
}

impl Binder<'_> {
    /// Observed values that no draw can be.
    pub(super) fn supports(&mut self) {
        for located in &self.model.statements {
            let Statement::Observe { value, dist } = &located.statement else {
                continue;
            };
            // Branches, modifiers and what stands under a condition are looked at cell by cell, once the conditions are known.
            let censored = value
                .whole_symbol()
                .is_some_and(|id| self.model.symbols[id].is_censored());
            if censored
                || located.when.is_some()
                || dist.otherwise.is_some()
                || dist.modifiers.expressions().next().is_some()
                || Range::arguments(dist).iter().any(Option::is_some)
            {
                continue;
            }
            let Some(range) = Range::of(dist) else {
                continue;
            };
            let name = dist.distribution.definition().name;
            if let TKind::Number(v) = value.kind {
                if !range.contains(v) {
                    let d = Diagnostic::error(
                        "E0211",
                        value.span,
                        format!("{name} draws {}, so {v} cannot be observed", range.words()),
                    );
                    self.diagnostics
                        .push(d.help("mend the value, or choose another distribution"));
                }
                continue;
            }
            let Some(id) = value.whole_symbol() else {
                continue;
            };
            let Some(Values::Real(values)) = self.values.get(&id) else {
                continue;
            };
            let outside = |v: &f64| !v.is_nan() & !range.contains(*v);
            // All of them without a branch first, and only then which.
            if !values.iter().fold(false, |any, v| any | outside(v)) {
                continue;
            }
            let Some(first) = values.iter().position(outside) else {
                continue;
            };
            let more = values[first..]
                .iter()
                .filter(|v| !range.contains(**v))
                .count()
                - 1;
            let s = &self.model.symbols[id];
            let others = match more {
                0 => String::new(),
                1 => ", nor can one value more".into(),
                n => format!(", nor can {n} values more"),
            };
            let what = format!(
                "{name} draws {}, so {} cannot be observed{others}",
                range.words(),
                values[first]
            );
            let d = match self.cell(s, first) {
                Some(place) => Diagnostic::data("E0211", place, format!("`{}`: {what}", s.name))
                    .label(dist.span, "observed under this"),
                None => Diagnostic::error(
                    "E0211",
                    dist.span,
                    format!("`{}`, element {}: {what}", s.name, first + 1),
                )
                .label(s.span, "declared here"),
            };
            self.diagnostics.push(d.help(range.help()));
        }
    }

    /// The cell of an element of a column of the main table, or of one column for each level of an axis.
    pub(super) fn cell(&self, s: &Symbol, element: usize) -> Option<FilePlace> {
        let Role::Data { from, .. } = &s.role else {
            return None;
        };
        let (table, lines) = self.table_of(s)?;
        if lines != 0 || self.data.arrays.contains_key(&s.name) {
            return None;
        }
        match s.axes.as_slice() {
            [rows] if *rows == AxisRef::of(0) => Some(
                table
                    .column(from.as_ref().unwrap_or(&s.name))?
                    .place(element),
            ),
            [rows, across] if *rows == AxisRef::of(0) => {
                let names = self.columns_across(table, across.axis, from.as_ref());
                let n = names.len().max(1);
                Some(table.column(&names[element % n])?.place(element / n))
            }
            _ => None,
        }
    }

    /// Arrays that could not be held, as far as literals tell.
    pub(super) fn literal_sizes(&mut self) {
        let number = |e: &TExpr| match e.kind {
            TKind::Number(v) => v,
            _ => 1.0,
        };
        let sizes = self.model.axes.iter().map(|a| match &a.levels {
            Levels::Size(e) => number(e),
            Levels::Range(a, b) => number(b) - number(a) + 1.0,
            _ => 1.0,
        });
        // A single axis that is too long has a message of its own.
        let sizes: Vec<f64> = sizes
            .map(|n| if n > super::MAX_SIZED { 1.0 } else { n })
            .collect();
        self.too_large(&sizes);
    }

    /// Arrays that could not be held.
    pub(super) fn sizes(&mut self) {
        let size = |a: &Option<super::BoundAxis>| a.as_ref().map_or(0.0, |a| a.size() as f64);
        let sizes: Vec<f64> = self.axes.iter().map(size).collect();
        self.too_large(&sizes);
    }

    /// `sizes`: of each axis.
    fn too_large(&mut self, sizes: &[f64]) {
        let too_large = |axes: &[AxisRef]| {
            axes.iter().map(|a| sizes[a.axis]).product::<f64>() > MAX_ELEMENTS as f64
        };
        let large: Vec<(Span, String)> = self
            .model
            .symbols
            .iter()
            .filter(|s| too_large(&s.axes))
            .map(|s| (s.span, format!("{}{}", s.name, self.model.bracket(&s.axes))))
            .collect();
        for (span, what) in large {
            let d = Diagnostic::error(
                "E0202",
                span,
                format!("`{what}` would have more than {MAX_ELEMENTS} elements"),
            );
            self.diagnostics
                .push(d.help("give its axes fewer elements"));
        }
    }

    /// `--set` and tables of axes whose names the model does not know.
    pub(super) fn unused_arguments(&mut self) {
        let find = |name: &str| {
            self.model
                .symbols
                .iter()
                .find(|s| s.name == name && matches!(s.role, Role::Data { .. }))
        };
        let mut found = vec![];
        for name in &self.data.settings {
            match find(name) {
                Some(s) if s.axes.is_empty() => {}
                Some(s) => found.push(
                    Diagnostic::error("E0212", s.span, format!("`--set {name}=…` gives one number, but `{name}{}` is an array", self.model.bracket(&s.axes)))
                        .help(format!("its values come from a data file; for one number declare `data {name}: real;`")),
                ),
                None => {
                    let scalars = self.model.symbols.iter().filter(|s| s.axes.is_empty() && matches!(s.role, Role::Data { .. }));
                    let mut d = Diagnostic::error("E0212", Span::default(), format!("the model has no scalar `{name}`, which `--set` gives"));
                    d.labels.clear();
                    found.push(match ppl_syntax::suggest(name, scalars.map(|s| s.name.as_str())) {
                        Some(s) => d.help(format!("did you mean `--set {s}=…`?")),
                        None => match self.model.symbols.iter().find(|s| s.axes.is_empty() && matches!(s.role, Role::Data { .. })) {
                            Some(s) => d.help(format!("it has `{0}`: `--set {0}=…`; or declare `data {name}: real;`", s.name)),
                            None => d.help(format!("declare it in the model: `data {name}: real;`, or leave the option away")),
                        },
                    });
                }
            }
        }
        for (name, table) in &self.data.tables {
            if self.model.axes.iter().any(|a| a.name == *name) {
                continue;
            }
            let mut d = Diagnostic::error(
                "E0212",
                Span::default(),
                format!(
                    "the model has no axis `{name}`, whose table `{}` is given",
                    table.path()
                ),
            );
            d.labels.clear();
            found.push(
                match ppl_syntax::suggest(name, self.model.axes.iter().map(|a| a.name.as_str())) {
                    Some(s) => d.help(format!("did you mean `{s}={}`?", table.path())),
                    None => d.help(format!(
                        "declare it in the model: `axis {name};`, or leave the argument away"
                    )),
                },
            );
        }
        self.diagnostics.extend(found);
    }
}
