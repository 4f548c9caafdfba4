//! A checked model meets its data: levels, sizes, columns, and every check that needs them.

mod arguments;
mod array;
mod axes;
mod broken_chains;
mod cells;
mod columns;
mod cutpoints;
mod discrete;
mod imputations;
mod kinds;
mod labels;
mod levels_of_rows;
mod lists;
mod matrices;
mod near_levels;
mod neighbours;
mod never_drawn;
mod new_rows;
mod observations;
mod reach;
mod response;
mod rows_of_the_fit;
mod single;
mod supports;
mod times;
mod totals;
mod undefined;
mod weights;

use crate::graph::*;
pub use array::Array;
pub use labels::Labels;
use lists::arranged;
use ppl_core::passes::Folding;
use ppl_data::Dataset;
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashMap;
use std::sync::Arc;

/// An axis with its labels.
#[derive(Debug, Clone)]
pub struct BoundAxis {
    /// Labels in order; their number is the axis's size.
    pub labels: Labels,
}

impl BoundAxis {
    /// An axis with these labels.
    pub fn new(labels: Vec<String>) -> Self {
        BoundAxis {
            labels: Labels::listed(labels),
        }
    }
    /// The axis of rows: their numbers from 1 on.
    pub fn of_rows(n: usize) -> Self {
        BoundAxis {
            labels: Labels::numbered(1, n),
        }
    }
    /// Number of elements.
    pub fn size(&self) -> usize {
        self.labels.len()
    }
}

/// Values of a datum, row-major over its declared axes.
#[derive(Debug, Clone)]
pub enum Values {
    /// Numbers.
    Real(Array),
    /// Positions along an axis.
    Index(Arc<[u32]>),
}

/// A model with its data.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The checked model, with its guide where it has one.
    pub model: Arc<Model>,
    /// Axes, in the model's order.
    pub axes: Vec<BoundAxis>,
    /// Values of the data, by symbol; of censored columns the lower ends of the cells.
    pub values: HashMap<SymbolId, Values>,
    /// Upper ends of the cells of censored columns.
    pub upper_ends: HashMap<SymbolId, Array>,
    /// Where the rows of the main table stand.
    pub rows: RowLines,
    /// What is allowed and is likely a mistake.
    pub warnings: Vec<Diagnostic>,
    /// Discrete sites of whole numbers: the smallest value, and how many there are.
    pub whole_numbers: HashMap<SymbolId, (f64, usize)>,
    /// Elements of the largest table that summing out may make, for each draw.
    pub table_bound: f64,
    /// Whether sums over rows are folded where data determine them.
    pub folding: Folding,
    /// Which unknowns meet in the log density, once somebody asks.
    pub structure: crate::lower::Structure,
}

/// Where the rows of the main table stand in their file.
#[derive(Debug, Clone, Default)]
pub struct RowLines {
    /// The file, as the user gave it.
    pub path: Arc<str>,
    /// The line of each row, from 1; empty without a table.
    pub lines: Arc<Vec<u32>>,
}

/// Axes may not be longer than this: positions are stored in 32 bits.
pub const MAX_AXIS: usize = 1 << 31;

/// An axis given by a size or a range may not be longer than this: each of its elements has a label.
pub const MAX_SIZED: f64 = 1e7;

/// No array of a model may have more elements than this.
pub const MAX_ELEMENTS: usize = 1 << 31;

/// Binds data to a model. All errors are reported together.
pub fn bind(model: &Model, data: &Dataset) -> Result<Bound, Vec<Diagnostic>> {
    bind_within(model, data, crate::lower::MAX_TABLE)
}

/// The same with another bound on the tables that summing out may make: sites beyond it are drawn by the guide.
pub fn bind_within(
    model: &Model,
    data: &Dataset,
    table_bound: f64,
) -> Result<Bound, Vec<Diagnostic>> {
    let arranged = arranged(model, data);
    let data = arranged.as_ref().unwrap_or(data);
    let mut binder = Binder {
        model,
        data,
        axes: vec![None; model.axes.len()],
        values: HashMap::new(),
        upper_ends: HashMap::new(),
        reads_upper_ends: false,
        diagnostics: vec![],
    };
    binder.unused_arguments();
    // Before labels are made, which take memory.
    binder.literal_sizes();
    if binder.diagnostics.is_empty() {
        binder.axes();
    }
    if binder.diagnostics.is_empty() {
        binder.sizes();
        binder.cutpoints();
    }
    if binder.diagnostics.is_empty() {
        binder.columns();
    }
    let (errors, warnings): (Vec<_>, Vec<_>) = match binder.diagnostics.is_empty() {
        true => binder
            .near_levels()
            .into_iter()
            .partition(Diagnostic::is_error),
        false => (vec![], vec![]),
    };
    binder.diagnostics.extend(errors);
    if binder.diagnostics.is_empty() {
        binder.supports();
        binder.neighbours();
    }
    if !binder.diagnostics.is_empty() {
        return Err(binder.diagnostics);
    }
    let axes = binder
        .axes
        .iter()
        .map(|a| a.clone().unwrap_or_else(|| BoundAxis::new(vec![])))
        .collect();
    let mut bound = Bound {
        model: Arc::new(model.clone()),
        axes,
        values: binder.values.clone(),
        upper_ends: binder.upper_ends.clone(),
        warnings: [
            binder.response_among_predictors(),
            warnings,
            binder.broken_chains(),
        ]
        .concat(),
        rows: match &data.main {
            Some(table) => RowLines {
                path: table.path().into(),
                lines: table.row_lines(),
            },
            None => RowLines::default(),
        },
        whole_numbers: HashMap::new(),
        table_bound,
        folding: Folding::default(),
        structure: Default::default(),
    };
    let mut errors = bound.check_elements();
    if errors.is_empty() {
        imputations::place(&mut bound);
        errors = crate::lower::check_groups(&bound);
    }
    if errors.is_empty() {
        errors = binder.observations(&bound);
        errors.extend(binder.skipped_cells(&bound));
        errors.extend(binder.totals(&bound));
        errors.extend(bound.kinds());
        errors.extend(bound.weights());
        if errors.is_empty() {
            errors = binder.arguments(&bound);
        }
        errors.extend(bound.matrices());
    }
    if errors.is_empty() {
        errors = bound.discrete_sites();
    }
    if errors.is_empty() {
        bound.leave_to_guide();
        bound.check_reports().map_err(|d| vec![*d])?;
        Ok(bound)
    } else {
        Err(errors)
    }
}

struct Binder<'a> {
    model: &'a Model,
    data: &'a Dataset,
    axes: Vec<Option<BoundAxis>>,
    values: HashMap<SymbolId, Values>,
    upper_ends: HashMap<SymbolId, Array>,
    /// Censored columns are read twice: their lower ends, then their upper ends.
    reads_upper_ends: bool,
    diagnostics: Vec<Diagnostic>,
}

/// A table is narrow that has at most this part of the bound for each element that it eliminates: 64.
const NARROW: f64 = 6.4e-6;

/// How many times the bound all narrow tables of alike elements may have together.
const ALIKE: f64 = 50.0;

impl Bound {
    /// Elements that a table may have, for each draw, of which each eliminated element has `each`. What grows with the data
    /// alone, as the components of every row, is bounded by memory; what grows by a factor with each neighbour, sooner.
    pub fn most_cells(&self, each: f64) -> f64 {
        match each <= NARROW * self.table_bound {
            true => ALIKE * self.table_bound,
            false => self.table_bound,
        }
    }

    /// The same data with another guide; axes that the guide brings get their sizes.
    pub fn with_guide(
        &self,
        statements: &[ppl_syntax::ast::Stmt],
    ) -> Result<Bound, Vec<Diagnostic>> {
        let (model, diagnostics) = crate::check::with_guide(&self.model, statements);
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(diagnostics);
        }
        let data = Dataset::empty();
        let mut axes: Vec<Option<BoundAxis>> = self.axes.iter().cloned().map(Some).collect();
        axes.resize(model.axes.len(), None);
        let mut binder = Binder {
            model: &model,
            data: &data,
            axes,
            values: self.values.clone(),
            upper_ends: HashMap::new(),
            reads_upper_ends: false,
            diagnostics: vec![],
        };
        binder.axes();
        if !binder.diagnostics.is_empty() {
            return Err(binder.diagnostics);
        }
        let (axes, values) = (
            binder
                .axes
                .into_iter()
                .map(|a| a.unwrap_or_else(|| BoundAxis::new(vec![])))
                .collect(),
            binder.values,
        );
        Ok(Bound {
            model: Arc::new(model),
            axes,
            values,
            upper_ends: self.upper_ends.clone(),
            rows: self.rows.clone(),
            warnings: vec![],
            whole_numbers: self.whole_numbers.clone(),
            table_bound: self.table_bound,
            folding: self.folding,
            structure: Default::default(),
        })
    }

    /// Number of elements over these axes.
    pub fn len(&self, axes: &[AxisRef]) -> usize {
        axes.iter().map(|a| self.axes[a.axis].size()).product()
    }

    /// Names of a quantity's elements: `theta[3]`, `a[ST LOUIS]`; the plain name for a scalar.
    pub fn element_names(&self, name: &str, axes: &[AxisRef]) -> Vec<String> {
        let mut names = vec![String::new()];
        for a in axes {
            let labels = &self.axes[a.axis].labels;
            names = names
                .iter()
                .flat_map(|n| {
                    labels.iter().map(move |l| {
                        if n.is_empty() {
                            l.clone()
                        } else {
                            format!("{n},{l}")
                        }
                    })
                })
                .collect();
        }
        if axes.is_empty() {
            vec![name.to_string()]
        } else {
            names.into_iter().map(|n| format!("{name}[{n}]")).collect()
        }
    }

    /// The name of one element: `theta[3]`.
    pub fn element(&self, name: &str, axes: &[AxisRef], element: usize) -> String {
        let mut labels = vec![];
        let mut rest = element;
        for a in axes.iter().rev() {
            let axis = &self.axes[a.axis];
            labels.push(axis.labels[rest % axis.size().max(1)].clone());
            rest /= axis.size().max(1);
        }
        labels.reverse();
        match labels.is_empty() {
            true => name.to_string(),
            false => format!("{name}[{}]", labels.join(",")),
        }
    }

    /// ` (data.csv:3)`: where the row of an element stands; nothing for elements of no row.
    fn line(&self, axes: &[AxisRef], element: usize) -> String {
        let row = match axes {
            [rows, rest @ ..] if rows.axis == 0 => element / self.len(rest).max(1),
            _ => return String::new(),
        };
        let line = self.rows.lines.get(row);
        line.map_or(String::new(), |line| {
            format!(" ({}:{line})", self.rows.path)
        })
    }

    /// The same model with other numbers for a column, in its declared order. For simulated data: nothing is checked.
    pub fn with_numbers(&self, id: SymbolId, numbers: Vec<f64>) -> Bound {
        let mut out = self.clone();
        out.values.insert(id, Values::Real(numbers.into()));
        out.structure = Default::default();
        out
    }

    /// Labels in brackets must exist now that the levels are known, and lists be as long as their axes.
    fn check_elements(&self) -> Vec<Diagnostic> {
        let mut out = vec![];
        let mut check = |e: &TExpr| {
            e.visit(&mut |e| {
                if let TKind::Vector(parts, axis) = &e.kind {
                    let (n, name) = (
                        self.axes[axis.axis].size(),
                        &self.model.axes[axis.axis].name,
                    );
                    if parts.len() != n {
                        out.push(crate::lower::wrong_length(e.span, parts.len(), name, n));
                    }
                }
                let TKind::Label(axis, label) = &e.kind else {
                    return;
                };
                let (axis, span) = (*axis, e.span);
                let bound = &self.axes[axis];
                if bound.labels.position(label).is_none() {
                    let name = &self.model.axes[axis].name;
                    let d = Diagnostic::error(
                        "E0110",
                        span,
                        format!("`{name}` has no level `{label}`"),
                    );
                    out.push(
                        match ppl_syntax::suggest(label, bound.labels.iter().map(String::as_str)) {
                            _ if label.parse::<f64>().is_ok()
                                && matches!(
                                    self.model.axes[axis].levels,
                                    Levels::Size(_) | Levels::Range(..) | Levels::Rows
                                ) =>
                            {
                                d.help(format!(
                                    "its labels are the whole numbers from {} to {}",
                                    bound.labels.first().map_or("", |l| l),
                                    bound.labels.last().map_or("", |l| l)
                                ))
                            }
                            Some(s) => d.help(format!("did you mean `{s}`?")),
                            None => d.help(format!(
                                "it has {} levels, from `{}` on",
                                bound.size(),
                                bound.labels.first().map_or("", |l| l)
                            )),
                        },
                    );
                }
            });
        };
        self.model.each_expression(&mut check);
        out
    }
}
