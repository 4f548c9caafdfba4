//! Rows that a chain takes for neighbours and that are none: another subject's, or later by more than one step.

use super::Binder;
use super::times::{Times, id_like, is_counting, is_cyclic, is_time};
use crate::graph::*;
use ppl_data::{Column, Table};
use ppl_dist::Shape;
use ppl_syntax::diagnostic::{Diagnostic, FilePlace, Severity, Span};
use std::collections::{HashMap, HashSet};

/// A statement that reads the row before, and the groups within which it does.
struct Chain {
    span: Span,
    by: Option<SymbolId>,
}

impl Binder<'_> {
    /// Warns of chains over the rows of the main table that go on where the rows do not.
    pub(super) fn broken_chains(&self) -> Vec<Diagnostic> {
        let Some(table) = &self.data.main else {
            return vec![];
        };
        let (chains, compared) = self.chains();
        let mut seen = HashSet::new();
        let chains = chains.into_iter().filter(|c| seen.insert(c.by));
        chains
            .filter_map(|c| self.broken(table, &c, &compared))
            .collect()
    }

    /// The chains over `row`, and the names of the columns that the model itself compares with the row before.
    fn chains(&self) -> (Vec<Chain>, HashSet<&str>) {
        let mut chains = vec![];
        let mut compared = HashSet::new();
        self.model.each_expression(&mut |e| {
            e.visit(&mut |e| {
                let TKind::Gather(src, by) = &e.kind else {
                    return;
                };
                for (_, index) in by {
                    let TKind::Shift(axis, lag, group) = index.kind else {
                        continue;
                    };
                    if axis.axis != 0 || lag == Lag::Literal(0) {
                        continue;
                    }
                    match src.whole_symbol() {
                        Some(id) if self.is_covariate(id) => {
                            compared.insert(self.column_name(&self.model.symbols[id]));
                        }
                        _ => chains.push(Chain {
                            span: e.span,
                            by: group,
                        }),
                    }
                }
            });
        });
        for d in self.distributions() {
            let sequence = d.distribution.definition().event == Shape::Sequence;
            if sequence && d.event.first().is_some_and(|a| a.axis == 0) {
                chains.push(Chain {
                    span: d.span,
                    by: None,
                });
            }
        }
        (chains, compared)
    }

    fn distributions(&self) -> impl Iterator<Item = &TDist> {
        let sites = self.model.symbols.iter().filter_map(|s| match &s.role {
            Role::Site(d) => Some(&**d),
            _ => None,
        });
        let statements = self.model.statements.iter();
        sites.chain(statements.filter_map(|s| match &s.statement {
            Statement::Observe { dist, .. } => Some(dist),
            _ => None,
        }))
    }

    /// Labels, and times: read one row back to tell where a chain begins, or how long a step is.
    fn is_covariate(&self, id: SymbolId) -> bool {
        let s = &self.model.symbols[id];
        let name = self.column_name(s);
        let covariate = matches!(s.ty, Ty::Index(_)) || is_time(name) || is_counting(name);
        matches!(s.role, Role::Data { .. }) && covariate
    }

    fn column_name<'s>(&'s self, s: &'s Symbol) -> &'s str {
        match &s.role {
            Role::Data {
                from: Some(from), ..
            } => from,
            _ => &s.name,
        }
    }

    fn broken(&self, table: &Table, chain: &Chain, compared: &HashSet<&str>) -> Option<Diagnostic> {
        let columns = || table.column_names().filter(|n| !compared.contains(n));
        if chain.by.is_none() {
            // A declared column of labels tells more than one that the model does not read.
            let labels = columns().filter(|n| {
                self.declared(n)
                    .is_some_and(|s| matches!(s.ty, Ty::Index(_)))
            });
            let others =
                columns().filter(|n| self.declared(n).is_none_or(|s| matches!(s.ty, Ty::Int)));
            let others = others.filter(|n| table.column(n).is_some_and(|c| id_like(n, c)));
            let mut candidates = labels.filter(|n| !is_time(n)).chain(others);
            let found = candidates.find_map(|n| Some((n, blocks(table.column(n)?)?)));
            if let Some((name, row)) = found {
                return self.across(table.column(name)?, row, chain);
            }
        }
        let names = columns().filter(|n| is_time(n) || is_counting(n));
        let mut times = names.filter_map(|n| Times::of(table.column(n)?));
        times.find_map(|t| self.out_of_step(&t, chain, compared.iter().any(|n| is_time(n))))
    }

    fn declared(&self, column: &str) -> Option<&Symbol> {
        let mut symbols = self.model.symbols.iter();
        symbols.find(|s| matches!(s.role, Role::Data { .. }) && self.column_name(s) == column)
    }

    fn across(&self, column: Column, row: usize, chain: &Chain) -> Option<Diagnostic> {
        let name = column.name();
        let message = format!(
            "the chain goes on from `{name}` {} to {}",
            column.text(row - 1),
            column.text(row)
        );
        let declare = match self.declared(name) {
            Some(_) => String::new(),
            None => format!(", with `axis {name}; data {name}[row]: {name};`"),
        };
        Some(warning("W0222", column.place(row), message, chain.span).help(format!(
            "start a chain for each: `for t in row by {name} {{ … }}`{declare}; if the rows are one series, nothing is wrong"
        )))
    }

    /// A step back in time, or one that is longer than the others; `measured`: the model reads how long steps are.
    fn out_of_step(&self, times: &Times, chain: &Chain, measured: bool) -> Option<Diagnostic> {
        let groups = match chain.by.map(|id| self.values.get(&id)) {
            Some(Some(super::Values::Index(groups))) => Some(groups),
            Some(_) => return None,
            None => None,
        };
        let mut before: HashMap<u32, usize> = HashMap::new();
        let mut steps: Vec<(usize, usize, f64)> = vec![];
        for row in 0..times.len() {
            let group = groups.map_or(0, |g| g[row]);
            if let Some(earlier) = before.insert(group, row) {
                steps.push((earlier, row, times.at(row) - times.at(earlier)));
            }
        }
        let (name, column) = (times.column.name(), times.column);
        let back = match is_counting(name) {
            false => steps.iter().find(|s| s.2 <= 0.0),
            true => Some(counted_back(times, &steps)?),
        };
        if let Some(&(earlier, row, _)) = back {
            if is_cyclic(name) {
                return None;
            }
            let message = match times.at(row) == times.at(earlier) {
                true => format!(
                    "`{name}` stands still at {}, and the chain goes on",
                    column.text(row)
                ),
                false => format!(
                    "`{name}` goes back from {} to {}, and the chain goes on",
                    column.text(earlier),
                    column.text(row)
                ),
            };
            return Some(warning("W0222", column.place(row), message, chain.span).help(
                "a chain takes the rows as they come: sort them, and start a chain for each series, `for t in row by subject { … }`",
            ));
        }
        let shortest = steps.iter().map(|s| s.2).fold(f64::INFINITY, f64::min);
        let &(earlier, row, _) = steps.iter().find(|s| s.2 > times.most(shortest))?;
        if measured {
            return None;
        }
        let message = format!(
            "`{name}` goes from {} to {} in one step of the chain",
            column.text(earlier),
            column.text(row)
        );
        Some(warning("W0223", column.place(row), message, chain.span).help(format!(
            "add the missing lines, with empty cells of a `real?` column, or let the length of the step enter: `{name}[t] - {name}[t-1]`"
        )))
    }
}

/// The first step back of a column that counts, if it is not in the order of the rows. Such a column may begin anew, at its smallest value,
/// or stand still. Labels in no order go back too: it has to go back alone, or to count on by one if it were sorted.
fn counted_back<'s>(
    times: &Times,
    steps: &'s [(usize, usize, f64)],
) -> Option<&'s (usize, usize, f64)> {
    let smallest = (0..times.len()).fold(f64::INFINITY, |v, row| v.min(times.at(row)));
    let mut back = { steps.iter() }.filter(|s| s.2 < 0.0 && times.at(s.1) != smallest);
    let first = back.next()?;
    let backwards = steps.iter().all(|s| s.2 <= 0.0);
    let stands_still = steps.iter().any(|s| s.2 == 0.0);
    let mut values: Vec<f64> = (0..times.len()).map(|row| times.at(row)).collect();
    values.sort_unstable_by(f64::total_cmp);
    let by_one = values
        .windows(2)
        .all(|w| [0.0, 1.0].contains(&(w[1] - w[0])));
    (backwards || (by_one && !stands_still)).then_some(first)
}

/// Where the second block begins, of a column whose every value stands in one block of rows, most of several rows.
fn blocks(column: Column) -> Option<usize> {
    let n = column.len();
    if n == 0 || (0..n).any(|row| column.is_missing(row)) {
        return None;
    }
    let starts: Vec<usize> = (1..n)
        .filter(|&row| column.text(row) != column.text(row - 1))
        .collect();
    let mut seen: HashSet<&str> = [column.text(0)].into();
    let once = starts.iter().all(|&row| seen.insert(column.text(row)));
    let long = n >= 2 * (starts.len() + 1);
    starts.first().copied().filter(|_| once && long)
}

fn warning(code: &'static str, place: FilePlace, message: String, chain: Span) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::data(code, place, message)
    }
    .label(chain, "reads the row before")
}
