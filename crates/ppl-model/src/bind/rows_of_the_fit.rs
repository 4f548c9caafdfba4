//! What predictions for other rows read of the rows of the fit as a whole: the mean that a column is centred by is a number of the
//! fit, whatever rows are predicted.

use super::{Bound, Values};
use crate::graph::*;
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The number of the axis `row`.
const ROW: usize = 0;

impl Bound {
    /// The model in which what deterministic values take of all rows together, as means, sizes and totals of groups, has the value
    /// that it has for these rows, so that others may take their place. That holds for values that the density reads, which the fit
    /// saw, and for the same taken once more in a prediction; a mean that predictions alone read is that of the rows that are predicted.
    /// Only values among `needed` are looked at, and `predict` statements.
    ///
    /// # Errors
    /// What is taken of all rows and depends on unknowns, or on the order of the rows: of that there is no value.
    pub fn with_rows_taken(&self, needed: &BTreeSet<SymbolId>) -> Result<Bound, Vec<Diagnostic>> {
        let read = read_by_density(&self.model);
        let mut taking = Taking {
            bound: self,
            known: vec![],
            symbols: vec![],
            values: HashMap::new(),
            errors: vec![],
        };
        let mut model = (*self.model).clone();
        for id in read.intersection(needed) {
            if let Role::Let(e) = &mut model.symbols[*id].role {
                taking.take(e);
            }
        }
        taking.known = self.known(&read);
        for id in needed.difference(&read) {
            if let Role::Let(e) = &mut model.symbols[*id].role {
                taking.take_known(e);
            }
        }
        for located in &mut model.statements {
            if let Statement::Predict { dist, .. } = &mut located.statement {
                let all = dist.expressions_mut().into_iter();
                all.for_each(|e| taking.take_known(e));
            }
        }
        if !taking.errors.is_empty() {
            return Err(taking.errors);
        }
        model.symbols.extend(taking.symbols);
        let mut values = self.values.clone();
        values.extend(taking.values);
        Ok(Bound {
            model: Arc::new(model),
            values,
            structure: Default::default(),
            ..self.clone()
        })
    }
}

/// The expressions of the density's terms.
fn of_density(model: &Model) -> Vec<&TExpr> {
    let mut out = vec![];
    for located in &model.statements {
        out.extend(located.when.as_ref().map(|when| &when.condition));
        match &located.statement {
            Statement::Observe { value, dist } => {
                out.push(value);
                out.extend(dist.expressions());
            }
            Statement::Sample(id) => {
                let own = model.dist(*id).map(TDist::expressions);
                out.extend(own.into_iter().flatten());
            }
            Statement::Factor(e) => out.push(e),
            Statement::Within(_)
            | Statement::Report { .. }
            | Statement::Predict { .. }
            | Statement::GuideSample { .. } => {}
        }
    }
    out
}

/// The deterministic values that terms of the density read, directly or through others.
fn read_by_density(model: &Model) -> BTreeSet<SymbolId> {
    let mut stack = vec![];
    for located in &model.statements {
        if let Statement::Within(id) = &located.statement {
            stack.push(*id);
        }
    }
    let all = of_density(model).into_iter();
    all.for_each(|e| e.symbols(&mut stack));
    let mut read = model.read_through(stack);
    read.retain(|id| matches!(model.symbols[*id].role, Role::Let(_)));
    read
}

/// A value that the density takes of all rows: of which data, along which axes, and what it is.
struct Known {
    data: BTreeSet<SymbolId>,
    axes: Vec<AxisRef>,
    values: Vec<f64>,
}

impl Bound {
    /// The data that an expression reads, directly or through deterministic values.
    fn data_of(&self, e: &TExpr) -> BTreeSet<SymbolId> {
        let mut stack = vec![];
        e.symbols(&mut stack);
        let mut out = self.model.read_through(stack);
        out.retain(|id| matches!(self.model.symbols[*id].role, Role::Data { .. }));
        out
    }

    /// All that the density takes of all rows, itself or by deterministic values that it reads.
    fn known(&self, read: &BTreeSet<SymbolId>) -> Vec<Known> {
        let lets = read
            .iter()
            .filter_map(|id| match &self.model.symbols[*id].role {
                Role::Let(e) => Some(&**e),
                _ => None,
            });
        let mut out = vec![];
        for e in of_density(&self.model).into_iter().chain(lets) {
            e.visit(&mut |e| {
                if is_taken(e)
                    && let Some(values) = self.evaluate(e, &e.axes)
                {
                    out.push(Known {
                        data: self.data_of(e),
                        axes: e.axes.clone(),
                        values,
                    });
                }
            });
        }
        out
    }
}

struct Taking<'b> {
    bound: &'b Bound,
    known: Vec<Known>,
    /// Arrays that stand in the place of expressions.
    symbols: Vec<Symbol>,
    values: HashMap<SymbolId, Values>,
    errors: Vec<Diagnostic>,
}

fn along_rows(e: &TExpr) -> bool {
    e.axes.iter().any(|a| a.axis == ROW)
}

/// Whether rows, or their number, are read inside.
fn mentions_rows(e: &TExpr) -> bool {
    let mut found = false;
    e.visit(&mut |e| found |= along_rows(e) || matches!(e.kind, TKind::Size(ROW)));
    found
}

/// Whether this is a number, or one for each element of other axes, that is made of all rows of data.
fn is_taken(e: &TExpr) -> bool {
    let whole = !along_rows(e) && e.axes.iter().all(|a| !a.is_loop());
    let number = matches!(e.ty, Ty::Real | Ty::Int);
    whole && number && !e.stochastic && mentions_rows(e)
}

impl Taking<'_> {
    /// Puts values in the place of what the density takes of the same data with the same result, from the outermost expressions inwards.
    fn take_known(&mut self, e: &mut TExpr) {
        let found = match is_taken(e) {
            true => self.bound.evaluate(e, &e.axes),
            false => None,
        };
        if let Some(values) = found {
            let data = self.bound.data_of(e);
            let same = |k: &Known| k.data == data && k.axes == e.axes && k.values == values;
            if self.known.iter().any(same) {
                return self.put(e, values);
            }
        }
        let parts = e.parts_mut().into_iter();
        parts.for_each(|part| self.take_known(part));
    }

    /// Puts values in the place of what is taken of all rows, from the outermost expressions inwards.
    fn take(&mut self, e: &mut TExpr) {
        if is_taken(e) {
            match self.bound.evaluate(e, &e.axes) {
                Some(values) => return self.put(e, values),
                None => return self.refuse(e, "has no value of its own"),
            }
        }
        let crosses = !along_rows(e) && e.parts().into_iter().any(along_rows);
        if crosses {
            return self.refuse(
                e,
                "is taken of all rows of the fit, and depends on unknowns",
            );
        }
        if let TKind::Reduce(reduction, _, over) = &e.kind
            && reduction.keeps_axis()
            && over.iter().any(|a| a.axis == ROW)
        {
            return self.refuse(e, "runs over all rows of the fit");
        }
        e.parts_mut().into_iter().for_each(|part| self.take(part));
    }

    fn put(&mut self, e: &mut TExpr, values: Vec<f64>) {
        if let (true, [value]) = (e.axes.is_empty(), &*values) {
            e.kind = TKind::Number(*value);
            return;
        }
        let id = self.bound.model.symbols.len() + self.symbols.len();
        self.symbols.push(Symbol {
            name: format!("a value of the fit ({id})"),
            axes: e.axes.clone(),
            ty: e.ty,
            kind: None,
            role: Role::Data {
                from: None,
                optional: false,
                censored: false,
            },
            stochastic: false,
            span: e.span,
        });
        self.values.insert(id, Values::Real(values.into()));
        e.kind = TKind::Symbol(id);
    }

    fn refuse(&mut self, e: &TExpr, what: &str) {
        let message = format!("this {what}: there is none of it for new rows");
        let d = Diagnostic::error("E0113", e.span, message)
            .at("the rows of the fit are meant here, since the density reads it")
            .help("give its values as a column, or put what does not hang on all rows into the `predict` statement");
        self.errors.push(d);
    }
}
