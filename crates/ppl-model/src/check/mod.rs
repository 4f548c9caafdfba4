//! From the tree to the checked graph. Never fails: what was understood comes back with everything that was wrong.

mod argument_order;
mod bracket_axes;
mod brackets;
mod branches;
mod broken_heads;
mod calls;
mod chains;
mod comprehensions;
mod conditions;
mod covariance_sums;
mod declarations;
mod departures;
mod discrete;
mod distributions;
mod domains;
mod element_reads;
mod equality;
mod equations;
mod exchangeable;
mod expressions;
mod forms;
mod frames;
mod function_bodies;
mod guards;
mod guides;
mod idle_guides;
mod imputation;
mod joint;
mod jumps;
mod kernels;
mod kind_supports;
mod kinds;
mod label_weights;
mod lifting;
mod linear;
mod link_functions;
mod lints;
mod markov;
mod matrices;
mod matrix_forms;
mod modifiers;
mod narrowed_counts;
mod neighbours;
mod nets;
mod no_distribution;
mod one_for_all;
mod operators;
mod other_densities;
mod other_forms;
mod other_names;
mod own_axis;
mod prediction;
mod predictors;
mod reached;
mod recurrences;
mod reduced_values;
mod reductions;
mod sampling;
mod statements;
mod unread;
mod user_functions;
mod values;
mod vector_domains;
mod vectors;
mod weight_axes;

pub(crate) use statements::not_available;

pub(crate) use expressions::number;
pub(crate) use kind_supports::has_cdf;

use crate::graph::*;
use ppl_syntax::ast;
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::collections::HashMap;

/// Checks a model file.
pub fn analyse(file: &ast::File) -> (Model, Vec<Diagnostic>) {
    let mut checker = Checker::new(Model {
        joint: joint::text(file),
        ..Model::default()
    });
    checker.model.axes.push(AxisDecl {
        name: "row".into(),
        levels: Levels::Rows,
        span: Span::default(),
    });
    checker.broken = file.broken;
    checker.poisoned.extend(file.lost.iter().cloned());
    checker.definitions(&file.statements);
    checker.declare(&file.statements);
    checker.declare_functions(&file.statements);
    checker.declare_nets(&file.statements);
    checker.statements(&file.statements);
    checker.impute();
    checker.written_guides(&file.statements);
    checker.uncalled_functions();
    checker.too_many_axes();
    // What the whole model says is known where all of it was understood.
    let whole = |c: &Checker| !c.broken && c.diagnostics.iter().all(|d| !d.is_error());
    if whole(&checker) {
        checker.unreached_flat();
    }
    checker.observed_twice();
    if whole(&checker) {
        checker.lints();
    }
    (checker.model, checker.diagnostics)
}

/// Checks a generated guide against its model and adds it.
pub fn with_guide(model: &Model, statements: &[ast::Stmt]) -> (Model, Vec<Diagnostic>) {
    let mut checker = Checker::new(model.clone());
    checker.model.guide.clear();
    if let Some(written) = &model.partial_guide {
        checker.declare_functions(&written.functions);
        checker.declare_nets(&written.functions);
    }
    checker.guide(statements, Span::default());
    (checker.model, checker.diagnostics)
}

/// A loop that is being checked.
pub(crate) struct Loop {
    variable: String,
    axis: AxisRef,
    span: Span,
    by: Option<SymbolId>,
    skip: usize,
}

/// The state of a check.
pub(crate) struct Checker {
    pub(crate) model: Model,
    pub(crate) diagnostics: Vec<Diagnostic>,
    scopes: Vec<HashMap<String, SymbolId>>,
    loops: Vec<Loop>,
    in_guide: bool,
    /// Whether a `predict` statement is looked at.
    in_prediction: bool,
    poisoned: std::collections::HashSet<String>,
    /// Whether parts of the file could not be read.
    broken: bool,
    /// Elements that are sure to come before, by loop axis: innermost last.
    guards: Vec<(AxisRef, usize)>,
    /// Columns of numbers that conditions compare with a loop's variable: what they say of it is not known.
    compared_numbers: Vec<(AxisRef, SymbolId)>,
    /// Variables t and k of which k < t is sure, so that `[t - k]` exists.
    lag_guards: Vec<(AxisRef, AxisRef)>,
    /// The axis whose labels are drawn by the distribution that is read, as the kind on its left says.
    label_of: Option<usize>,
    /// The datum whose observation is read: no proposal looks anything up by it on the right of its own `~`.
    observed_datum: Option<SymbolId>,
    /// The name left of the `~` of an unknown, for proposals.
    drawn_name: Option<String>,
    /// The site whose own statement is being checked, and whether an earlier element of it is being read.
    defining: Option<(SymbolId, bool)>,
    /// Lets of the loops being checked that are not defined yet, though earlier elements of them may be read.
    expected: std::collections::HashSet<SymbolId>,
    /// Whether earlier elements of an array are being read: what stands before a bracket with `t - 1`.
    reading_earlier: bool,
    /// The branch of `if` statements that is being checked.
    when: Option<When>,
    /// Whether the left side of an observation is being read: the one place for a datum with missing entries.
    observing: bool,
    /// `?` columns that are read elsewhere than in their own observation, and where first.
    imputed: Vec<(SymbolId, Span)>,
    /// Where the statements of the file define names: the name and the statement.
    defined: HashMap<String, (Span, Span)>,
    /// The file's own functions.
    functions: user_functions::UserFunctions,
    /// The file's nets.
    nets: HashMap<String, std::rc::Rc<nets::Net>>,
}

/// Most axes of a model, `row` included.
const MAX_AXES: usize = 63;

/// Names with a meaning of their own.
const RESERVED: &[&str] = &["pi", "inf", "row"];

impl Checker {
    fn new(model: Model) -> Self {
        let names = model.names.clone();
        Checker {
            model,
            diagnostics: vec![],
            scopes: vec![names],
            loops: vec![],
            in_guide: false,
            in_prediction: false,
            poisoned: Default::default(),
            broken: false,
            guards: vec![],
            compared_numbers: vec![],
            lag_guards: vec![],
            label_of: None,
            observed_datum: None,
            drawn_name: None,
            defining: None,
            expected: Default::default(),
            reading_earlier: false,
            when: None,
            observing: false,
            imputed: vec![],
            defined: HashMap::new(),
            functions: Default::default(),
            nets: HashMap::new(),
        }
    }

    pub(crate) fn report(&mut self, d: Diagnostic) {
        self.diagnostics.push(d);
    }

    /// Reports an error and gives nothing, for `return self.fail(…)`.
    pub(crate) fn fail<T>(&mut self, d: Diagnostic) -> Option<T> {
        self.diagnostics.push(d);
        None
    }

    pub(crate) fn axis(&self, name: &str) -> Option<usize> {
        self.model.axes.iter().position(|a| a.name == name)
    }

    /// An axis by name, or an error with a proposal.
    pub(crate) fn axis_or_fail(&mut self, ident: &ast::Ident) -> Option<usize> {
        if let Some(a) = self.axis(&ident.name) {
            return Some(a);
        }
        if self.poisoned.contains(&ident.name) {
            return None;
        }
        let mut d = Diagnostic::error(
            "E0104",
            ident.span,
            format!("there is no axis `{}`", ident.name),
        )
        .at("not an axis");
        d = match ppl_syntax::suggest(&ident.name, self.model.axes.iter().map(|a| a.name.as_str()))
        {
            Some(s) => d.help(format!("did you mean `{s}`?")).fix(ident.span, s),
            None if self.lookup(&ident.name).is_some_and(|id| {
                let s = &self.model.symbols[id];
                s.axes.is_empty() && s.ty == Ty::Int && matches!(s.role, Role::Data { .. })
            }) =>
            {
                d.help(format!(
                    "`{0}` is a number, and an axis has a name: the lines of the table are `row`, another axis of this size is `axis k = {0};`",
                    ident.name
                ))
            }
            None if let Some(n) = self.lookup(&ident.name).and_then(|id| self.size_in_let(id)) => {
                let name = &ident.name;
                let axis = self.unused_name(&["k", "level", "group"]);
                d.help(format!(
                    "`{name}` is a number, and an axis has a name: `axis {axis} = {n};`, and `{axis}` here"
                ))
            }
            None if self.lookup(&ident.name).is_some_and(|id| {
                !matches!(self.model.symbols[id].role, Role::Data { .. })
            }) =>
            {
                d.help(format!(
                    "`{}` is a value, and an axis has a name: `axis k = 3;`, and `k` here",
                    ident.name
                ))
            }
            None if self.lookup(&ident.name).is_some() => d.help(format!(
                "`{0}` is a value; for a column of labels declare both: `axis {0}; data {0}[row]: {0};`",
                ident.name
            )),
            None => d.help(format!(
                "declare it above: `axis {0};` (levels found in the data), `axis {0} = 3;`, or `axis {0} = columns(\"x_*\");` (columns of the table)",
                ident.name
            )),
        };
        self.fail(d)
    }

    /// The whole number that a `let` gives a name to, as one may that counts what an axis has.
    fn size_in_let(&self, id: SymbolId) -> Option<f64> {
        match &self.model.symbols[id].role {
            Role::Let(e) => match e.kind {
                TKind::Number(v) if v >= 1.0 && v.fract() == 0.0 => Some(v),
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) fn lookup(&self, name: &str) -> Option<SymbolId> {
        self.scopes.iter().rev().find_map(|s| s.get(name).copied())
    }

    pub(crate) fn loop_axis(&self, name: &str) -> Option<AxisRef> {
        self.loops
            .iter()
            .rev()
            .find(|l| l.variable == name)
            .map(|l| l.axis)
    }

    /// Adds a name to the innermost scope; a name that exists is an error.
    fn define(&mut self, ident: &ast::Ident, symbol: Symbol) -> Option<SymbolId> {
        if RESERVED.contains(&ident.name.as_str()) {
            return self.fail(
                Diagnostic::error(
                    "E0105",
                    ident.span,
                    format!("`{}` has a meaning of its own", ident.name),
                )
                .at("choose another name")
                .help(format!("`{0}0` is free, or a longer name", ident.name)),
            );
        }
        let clash = if self.in_guide {
            self.scopes.last().and_then(|s| s.get(&ident.name).copied())
        } else {
            self.lookup(&ident.name)
        };
        if let Some(old) = clash {
            let first = self.model.symbols[old].span;
            let help = match (&self.model.symbols[old].role, &symbol.role) {
                (Role::Param(_), Role::Site(_)) => {
                    "a latent is declared by its `~` alone; a `param` has no prior: remove it"
                }
                _ => "rename one of them",
            };
            return self.fail(
                Diagnostic::error(
                    "E0105",
                    ident.span,
                    format!("`{}` is defined twice", ident.name),
                )
                .at("second definition")
                .label(first, "first definition")
                .help(help),
            );
        }
        let id = self.model.symbols.len();
        self.model.symbols.push(symbol);
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(ident.name.clone(), id);
        }
        if self.scopes.len() == 1 && !self.in_guide {
            self.model.names.insert(ident.name.clone(), id);
        }
        Some(id)
    }

    /// Marks a name whose definition failed, so that its uses are not reported too.
    fn poison(&mut self, name: &str) {
        self.poisoned.insert(name.to_string());
    }

    /// `[a, b]` for messages.
    pub(crate) fn bracket(&self, axes: &[AxisRef]) -> String {
        self.model.bracket(axes)
    }

    /// "is a scalar" or "lies along `row`".
    pub(crate) fn lies(&self, axes: &[AxisRef]) -> String {
        if axes.is_empty() {
            return "is a scalar".into();
        }
        let names: Vec<String> = axes
            .iter()
            .map(|&a| format!("`{}`", self.model.axis_name(a)))
            .collect();
        format!("lies along {}", names.join(" and "))
    }

    /// A datum that looks values up along that axis for each element of a frame, for proposals: `county`, `county[i]`.
    pub(crate) fn index_into(&self, axis: usize, frame: &[AxisRef]) -> Option<String> {
        let of_frame = |a: &AxisRef| frame.iter().find(|f| f.axis == a.axis);
        let symbols = self.model.symbols.iter().enumerate();
        let others = symbols.filter(|(id, _)| Some(*id) != self.observed_datum);
        let index = others.map(|(_, s)| s).find(|s| {
            s.ty == Ty::Index(axis)
                && matches!(s.role, Role::Data { .. })
                && !s.axes.is_empty()
                && s.axes.iter().all(|a| of_frame(a).is_some())
        })?;
        let place = |a: &AxisRef| of_frame(a).filter(|f| f.is_loop());
        let loops: Vec<&str> = (index.axes.iter().filter_map(place))
            .filter_map(|f| self.loops.iter().find(|l| l.axis == *f))
            .map(|l| l.variable.as_str())
            .collect();
        Some(match loops.is_empty() {
            true => index.name.clone(),
            false => format!("{}[{}]", index.name, loops.join(", ")),
        })
    }

    /// Sets of axes are kept in 64 bits, one of which the draws take.
    fn too_many_axes(&mut self) {
        if let Some(axis) = self.model.axes.get(MAX_AXES) {
            let message = format!("a model has at most {MAX_AXES} axes");
            let d = Diagnostic::error("E0120", axis.span, message).at("one too many");
            self.report(d.help("lay things of one kind along one axis with named levels"));
        }
    }

    /// Notes which names the file defines, for uses that come too early.
    fn definitions(&mut self, statements: &[ast::Stmt]) {
        use ast::StmtKind;
        for s in statements {
            match &s.kind {
                StmtKind::Sample { target, .. }
                | StmtKind::Let { target, .. }
                | StmtKind::Param { target, .. } => {
                    self.defined
                        .entry(target.name.name.clone())
                        .or_insert((target.name.span, s.span));
                }
                StmtKind::For { body, .. } => self.definitions(body),
                _ => {}
            }
        }
    }

    /// A name that the file defines, but not before this use of it.
    pub(crate) fn used_too_early(&self, name: &str, at: Span) -> Option<Diagnostic> {
        let &(span, statement) = self.defined.get(name)?;
        if statement.start <= at.start && at.end <= statement.end {
            let d = Diagnostic::error(
                "E0101",
                at,
                format!("`{name}` stands in its own definition"),
            )
            .at("not defined yet");
            return Some(d.label(span, "this name").help(format!(
                "a value cannot depend on itself; an earlier element of it is read in a loop: `for t in row {{ {name}[t] ~ if first(t) {{ … }} else {{ Normal({name}[t - 1], s) }}; }}`"
            )));
        }
        (span.start > at.start).then(|| {
            Diagnostic::error("E0101", at, format!("`{name}` is used before it is defined"))
                .at("not defined yet")
                .label(span, "defined here")
                .help("order in the file is the order of generation: move the definition above this statement")
        })
    }
}
