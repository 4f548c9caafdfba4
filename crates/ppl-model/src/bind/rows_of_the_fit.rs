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
    /// saw; a mean that predictions alone read is that of the rows that are predicted. Only values among `needed` are looked at.
    ///
    /// # Errors
    /// What is taken of all rows and depends on unknowns, or on the order of the rows: of that there is no value.
    pub fn with_rows_taken(&self, needed: &BTreeSet<SymbolId>) -> Result<Bound, Vec<Diagnostic>> {
        let mut taking = Taking {
            bound: self,
            symbols: vec![],
            values: HashMap::new(),
            errors: vec![],
        };
        let mut model = (*self.model).clone();
        for id in read_by_density(&model).intersection(needed) {
            if let Role::Let(e) = &mut model.symbols[*id].role {
                taking.take(e);
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

/// The deterministic values that terms of the density read, directly or through others.
fn read_by_density(model: &Model) -> BTreeSet<SymbolId> {
    let mut stack = vec![];
    for located in &model.statements {
        if let Some(when) = &located.when {
            when.condition.symbols(&mut stack);
        }
        match &located.statement {
            Statement::Observe { value, dist } => {
                value.symbols(&mut stack);
                let all = dist.expressions().into_iter();
                all.for_each(|e| e.symbols(&mut stack));
            }
            Statement::Sample(id) => {
                let own = model.dist(*id).map(TDist::expressions);
                let all = own.into_iter().flatten();
                all.for_each(|e| e.symbols(&mut stack));
            }
            Statement::Factor(e) => e.symbols(&mut stack),
            Statement::Within(id) => stack.push(*id),
            Statement::Report { .. }
            | Statement::Predict { .. }
            | Statement::GuideSample { .. } => {}
        }
    }
    let mut seen = BTreeSet::new();
    while let Some(id) = stack.pop() {
        if let Role::Let(e) = &model.symbols[id].role
            && seen.insert(id)
        {
            e.symbols(&mut stack);
        }
    }
    seen
}

struct Taking<'b> {
    bound: &'b Bound,
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

impl Taking<'_> {
    /// Puts values in the place of what is taken of all rows, from the outermost expressions inwards.
    fn take(&mut self, e: &mut TExpr) {
        let whole = !along_rows(e) && e.axes.iter().all(|a| !a.is_loop());
        let number = matches!(e.ty, Ty::Real | Ty::Int);
        if whole && number && !e.stochastic && mentions_rows(e) {
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
