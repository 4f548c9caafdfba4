//! The checked graph: names resolved, every expression with its type and axes. Data may still be missing.

pub use crate::modifiers::Modifiers;
pub use crate::partial::PartialGuide;
use ppl_dist::{Distribution, Prim};
use ppl_syntax::diagnostic::Span;
use std::collections::{HashMap, HashSet};

/// One use of an axis. Copy 0 is the axis itself, copy 1 the second axis of a square matrix, copy 2 and above the axis as
/// a loop runs over it (an array indexed by the loop variable; 3 for the second loop of a matrix).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AxisRef {
    /// Index into [`Model::axes`].
    pub axis: usize,
    /// Which copy.
    pub copy: u8,
}

impl AxisRef {
    /// The axis itself.
    pub fn of(axis: usize) -> Self {
        AxisRef { axis, copy: 0 }
    }
    /// The axis as declared: a loop's copy is the axis itself, a second loop's the second axis of a square matrix.
    pub fn declared(self) -> Self {
        AxisRef {
            copy: if self.is_loop() {
                self.copy - 2
            } else {
                self.copy
            },
            ..self
        }
    }
    /// Whether a loop runs over it.
    pub fn is_loop(self) -> bool {
        self.copy >= 2
    }
}

/// Type of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ty {
    /// A real number.
    Real,
    /// A whole number.
    Int,
    /// 0 or 1.
    Bool,
    /// A value of an axis.
    Index(usize),
}

/// Where an axis's levels come from.
#[derive(Debug, Clone)]
pub enum Levels {
    /// The lines of the main table.
    Rows,
    /// Labels found in the data.
    Found,
    /// Listed.
    Listed(Vec<String>),
    /// A size; labelled 1..n.
    Size(TExpr),
    /// A range of whole numbers, both ends included.
    Range(TExpr, TExpr),
    /// Columns by pattern or name.
    Columns(Vec<String>),
    /// The missing cells of a datum.
    Missing(SymbolId),
}

/// An axis of the model.
#[derive(Debug, Clone)]
pub struct AxisDecl {
    /// Name.
    pub name: String,
    /// Its levels.
    pub levels: Levels,
    /// Where it was declared.
    pub span: Span,
}

/// A declared kind, resolved.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Real numbers, with bounds where given.
    Real(Option<TExpr>, Option<TExpr>),
    /// Whole numbers, with bounds.
    Int(Option<TExpr>, Option<TExpr>),
    /// 0 or 1.
    Bool,
    /// Non-negative, summing to 1 along the last axis.
    Simplex,
    /// Increasing along the last axis.
    Ordered,
    /// Positive and increasing.
    PositiveOrdered,
    /// Cholesky factor of a correlation matrix over the last two axes.
    CorrCholesky,
    /// Cholesky factor of a covariance matrix over the last two axes.
    CovCholesky,
    /// Correlation matrix over the last two axes.
    Corr,
    /// Covariance matrix over the last two axes.
    Cov,
    /// Summing to 0 along the last axis.
    SumToZero,
    /// A value of an axis.
    Index(usize),
}

impl Kind {
    /// How many of the last axes it is a statement about: 0 for numbers, 1 for vectors, 2 for matrices.
    pub fn event_axes(&self) -> usize {
        match self {
            Kind::Simplex | Kind::Ordered | Kind::PositiveOrdered | Kind::SumToZero => 1,
            Kind::CorrCholesky | Kind::CovCholesky | Kind::Corr | Kind::Cov => 2,
            Kind::Real(..) | Kind::Int(..) | Kind::Bool | Kind::Index(_) => 0,
        }
    }

    /// The map of a vector whose elements have a distribution of numbers.
    pub fn vector_map<R: ppl_dist::Real>(&self) -> Option<ppl_dist::Bijection<R>> {
        match self {
            Kind::Simplex => Some(ppl_dist::Bijection::Simplex),
            Kind::Ordered => Some(ppl_dist::Bijection::Ordered),
            Kind::PositiveOrdered => Some(ppl_dist::Bijection::PositiveOrdered),
            Kind::SumToZero => Some(ppl_dist::Bijection::SumToZero),
            _ => None,
        }
    }

    /// As it is written, without bounds.
    pub fn keyword(&self) -> &'static str {
        let is = |e: &Option<TExpr>, b: f64| matches!(e, Some(TExpr { kind: TKind::Number(v), .. }) if *v == b);
        match self {
            Kind::Real(lo, None) if is(lo, 0.0) => "positive",
            Kind::Real(lo, hi) if is(lo, 0.0) && is(hi, 1.0) => "unit",
            Kind::Real(..) => "real",
            Kind::Int(..) => "int",
            Kind::Bool => "bool",
            Kind::Simplex => "simplex",
            Kind::Ordered => "ordered",
            Kind::PositiveOrdered => "positive_ordered",
            Kind::CorrCholesky => "corr_cholesky",
            Kind::CovCholesky => "cov_cholesky",
            Kind::Corr => "corr",
            Kind::Cov => "cov",
            Kind::SumToZero => "sum_to_zero",
            Kind::Index(_) => "an axis",
        }
    }
}

/// What a name stands for.
#[derive(Debug, Clone)]
pub enum Role {
    /// A datum: column or pattern where given.
    Data {
        /// `from "…"`
        from: Option<String>,
        /// Missing entries allowed.
        optional: bool,
        /// Cells may give an interval.
        censored: bool,
    },
    /// A latent.
    Site(Box<TDist>),
    /// A deterministic value.
    Let(Box<TExpr>),
    /// Optimised, without a prior; its initial value.
    Param(Box<TExpr>),
}

/// A named value of the model.
#[derive(Debug, Clone)]
pub struct Symbol {
    /// Name.
    pub name: String,
    /// Axes in declared order (no loop copies).
    pub axes: Vec<AxisRef>,
    /// Element type.
    pub ty: Ty,
    /// Declared kind.
    pub kind: Option<Kind>,
    /// What it is.
    pub role: Role,
    /// Whether it depends on latents or params.
    pub stochastic: bool,
    /// Where it was declared.
    pub span: Span,
}

impl Symbol {
    /// Whether it is a datum with missing entries allowed.
    pub fn is_optional(&self) -> bool {
        matches!(self.role, Role::Data { optional: true, .. })
    }

    /// Whether it is a datum whose cells may give an interval.
    pub fn is_censored(&self) -> bool {
        matches!(self.role, Role::Data { censored: true, .. })
    }

    /// Whether it is a discrete site: label, bool or whole number.
    pub fn is_discrete_site(&self) -> bool {
        matches!(
            (&self.role, self.ty),
            (Role::Site(_), Ty::Index(_) | Ty::Bool | Ty::Int)
        )
    }
}

/// Number of a symbol in its model.
pub type SymbolId = usize;

/// A typed expression.
#[derive(Debug, Clone)]
pub struct TExpr {
    /// Which expression.
    pub kind: TKind,
    /// Its axes, in order.
    pub axes: Vec<AxisRef>,
    /// Element type.
    pub ty: Ty,
    /// Whether it depends on latents or params.
    pub stochastic: bool,
    /// Where.
    pub span: Span,
}

/// How far back an earlier element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lag {
    /// A literal number of elements.
    Literal(usize),
    /// The label, a whole number from 1, of each element of a sum's axis.
    Along(AxisRef),
}

/// Reductions over axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// The sum.
    Sum,
    /// The mean.
    Mean,
    /// The standard deviation, with n - 1.
    Sd,
    /// The variance, with n - 1.
    Var,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// ln Σ exp.
    LogSumExp,
    /// The product.
    Prod,
    /// exp of each over the sum of all.
    Softmax,
    /// Its logarithm.
    LogSoftmax,
    /// The sum up to each element.
    CumSum,
}

impl Reduction {
    /// Whether the axis stays: one value for each element.
    pub fn keeps_axis(self) -> bool {
        use Reduction::*;
        matches!(self, Softmax | LogSoftmax | CumSum)
    }
}

/// Functions on matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinearOp {
    /// The lower factor L with L L' the matrix.
    Cholesky,
    /// The solution of a lower triangular system.
    SolveTri,
    /// The inverse.
    Inverse,
    /// ln |det|.
    LogDet,
    /// The outer product of two vectors.
    Outer,
    /// x' A x.
    QuadForm,
    /// Rows as columns.
    Transpose,
    /// The covariance matrix of points.
    Kernel(Kernel),
}

/// Covariance kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Squared exponential.
    ExpQuad,
    /// Matérn with ν = 3/2.
    Matern32,
    /// Matérn with ν = 5/2.
    Matern52,
    /// Periodic.
    Periodic,
}

/// A function on matrices with its arguments.
#[derive(Clone)]
pub struct LinearCall {
    /// Which.
    pub op: LinearOp,
    /// The arguments; a kernel's points, then its parameters.
    pub args: Vec<TExpr>,
    /// The axis of the rows of the matrix: the argument, or the result of `outer` and of a kernel.
    pub row: AxisRef,
    /// The axis of its columns.
    pub column: AxisRef,
    /// The axis of the coordinates of a kernel's points.
    pub dimension: Option<AxisRef>,
}

/// The typed expressions.
#[derive(Clone)]
pub enum TKind {
    /// A literal.
    Number(f64),
    /// A named value.
    Symbol(SymbolId),
    /// The loop variable's own axis: an index, or a number 1..n.
    LoopVariable,
    /// A label of an axis, resolved to a position when the levels are known.
    Label(usize, String),
    /// Number of elements of an axis.
    Size(usize),
    /// The start of a layer's weights: spread at random, by the sizes of its sides.
    Glorot,
    /// An elementwise primitive.
    Prim(Prim, Vec<TExpr>),
    /// An elementwise function from the table.
    Function(&'static crate::functions::Function, Vec<TExpr>),
    /// Look-up: which axis of the source by which index.
    Gather(Box<TExpr>, Vec<(AxisRef, TExpr)>),
    /// An axis renamed: the second axis of a matrix becomes the first.
    Rename(Box<TExpr>, AxisRef, AxisRef),
    /// A reduction.
    Reduce(Reduction, Box<TExpr>, Vec<AxisRef>),
    /// A reduction within the groups that an index of data makes.
    Group(Reduction, Box<TExpr>, Box<TExpr>),
    /// Sum of a product over one axis of each side.
    MatMul(Box<TExpr>, Box<TExpr>, AxisRef, AxisRef),
    /// A vector as a diagonal matrix.
    Diag(Box<TExpr>, AxisRef, AxisRef),
    /// A function on matrices, or a kernel.
    Linear(LinearCall),
    /// Elements along an axis.
    Vector(Vec<TExpr>, AxisRef),
    /// `t - k`: the element k before, within the groups of a datum.
    Shift(AxisRef, Lag, Option<SymbolId>),
    /// Whether an element is among the first n, within the groups of a datum.
    First(AxisRef, usize, Option<SymbolId>),
    /// Whether an element is among the last n.
    Last(AxisRef, usize, Option<SymbolId>),
    /// A number that the function of an equation is given: the time, the state, the inputs.
    Slot(usize),
    /// The solution of a differential equation.
    Ode(Box<TOde>),
    /// Log density of a value, elementwise over the batch.
    LogDensity(Box<TDist>, Box<TExpr>),
}

impl std::fmt::Debug for TKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            TKind::Number(v) => return write!(f, "{v}"),
            TKind::Symbol(s) => return write!(f, "symbol {s}"),
            TKind::LoopVariable => "loop variable",
            TKind::Label(..) => "label",
            TKind::Size(_) => "size",
            TKind::Glorot => "glorot",
            TKind::Prim(p, a) => return write!(f, "{p:?}{a:?}"),
            TKind::Function(g, a) => return write!(f, "{}{a:?}", g.name),
            TKind::Gather(..) => "gather",
            TKind::Rename(..) => "rename",
            TKind::Reduce(..) => "reduce",
            TKind::Group(..) => "group",
            TKind::MatMul(..) => "matmul",
            TKind::Diag(..) => "diag",
            TKind::Linear(call) => return write!(f, "{:?}", call.op),
            TKind::Vector(..) => "vector",
            TKind::Shift(_, k, _) => return write!(f, "shift {k:?}"),
            TKind::First(_, n, _) => return write!(f, "first {n}"),
            TKind::Last(_, n, _) => return write!(f, "last {n}"),
            TKind::Slot(_) => "slot",
            TKind::Ode(_) => "ode",
            TKind::LogDensity(..) => "log_density",
        };
        f.write_str(name)
    }
}

/// A differential equation.
#[derive(Debug, Clone)]
pub struct TOde {
    /// The derivative: the function's body over slots (0: the time, 1: the state, then the inputs).
    pub body: TExpr,
    /// The state at the start, the start, the times, the inputs.
    pub args: Vec<TExpr>,
    /// Axes of the state and of each input that one equation reads as a whole.
    pub own: Vec<Vec<AxisRef>>,
    /// The axis of the times; `None` where each element of the times has an equation of its own.
    pub time: Option<AxisRef>,
    /// Relative tolerance.
    pub relative: f64,
    /// Absolute tolerance.
    pub absolute: f64,
}

/// A distribution with its arguments, in the order of the form it was called by.
#[derive(Clone)]
pub struct TDist {
    /// The definition.
    pub distribution: &'static dyn Distribution,
    /// Which of its forms.
    pub form: usize,
    /// Arguments, one for each parameter of that form.
    pub args: Vec<TExpr>,
    /// `.transformed()`: an unconstrained draw pushed through the site's bijection (guides only).
    pub transformed: bool,
    /// Sites drawn in units of their own prior (guides only): `.transformed(noncentered = [theta])`.
    pub noncentered: Vec<SymbolId>,
    /// What each unconstrained number is times the one before along an axis (guides only): `.transformed(markov = b, over = t)`.
    pub markov: Option<Box<(TExpr, AxisRef)>>,
    /// Weights by which each unconstrained number hangs on others (guides only): `.transformed(linked = w)`.
    pub linked: Option<Box<TExpr>>,
    /// `.truncated(…)` and `.censored(…)`.
    pub modifiers: Modifiers,
    /// `if c { this } else { other }`: the condition and the other.
    pub otherwise: Option<Box<(TExpr, TDist)>>,
    /// Axes of one event, the last ones of the draw.
    pub event: Vec<AxisRef>,
    /// Where.
    pub span: Span,
}

impl TDist {
    /// Every expression in it: arguments, modifiers, conditions, the branches' arguments.
    pub fn expressions(&self) -> Vec<&TExpr> {
        let mut out: Vec<&TExpr> = self.args.iter().collect();
        out.extend(self.modifiers.expressions());
        out.extend(self.markov.iter().map(|m| &m.0));
        out.extend(self.linked.as_deref());
        if let Some(other) = &self.otherwise {
            out.push(&other.0);
            out.extend(other.1.expressions());
        }
        out
    }
}

impl std::fmt::Debug for TDist {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:?}", self.distribution.definition().name, self.args)
    }
}

/// A statement of the graph, in order of generation.
#[derive(Debug, Clone)]
pub enum Statement {
    /// `x ~ D`: the symbol holds the distribution.
    Sample(SymbolId),
    /// `observe value ~ D`.
    Observe {
        /// What was observed.
        value: TExpr,
        /// Its distribution.
        dist: TDist,
    },
    /// A term of the log density.
    Factor(TExpr),
    /// A deterministic value with a kind: the density is 0 where it is something else.
    Within(SymbolId),
    /// A quantity to summarise.
    Report {
        /// Its name.
        name: String,
        /// Its axes in declared order.
        axes: Vec<AxisRef>,
        /// Its value.
        value: TExpr,
    },
    /// Draws from the posterior predictive distribution.
    Predict {
        /// Their name.
        name: String,
        /// Axes of the draws; a loop's copy where it stands in one.
        axes: Vec<AxisRef>,
        /// Their distribution.
        dist: TDist,
    },
    /// A site of the model drawn by a guide.
    GuideSample {
        /// The sites, in order; more than one when drawn jointly.
        sites: Vec<SymbolId>,
        /// The distribution.
        dist: TDist,
    },
}

/// A statement and where it stands.
#[derive(Debug, Clone)]
pub struct Located {
    /// The statement.
    pub statement: Statement,
    /// Where.
    pub span: Span,
    /// The loop that it stands in, for `check`.
    pub in_loop: bool,
    /// `skip n` of the loop: the first n elements along its axis (of each group) have no term.
    pub skip: Option<(AxisRef, usize, Option<SymbolId>)>,
    /// The conditions of the `if`s that it stands in.
    pub when: Option<When>,
}

/// When a statement counts.
#[derive(Debug, Clone)]
pub struct When {
    /// A scalar, or one for each element of the loops around it.
    pub condition: TExpr,
    /// Which `if`s it stands in (by their place in the text), and whether in the first branch.
    pub branches: Vec<(usize, bool)>,
}

/// A datum whose missing cells are latents.
#[derive(Debug, Clone)]
pub struct Imputation {
    /// The datum.
    pub data: SymbolId,
    /// The site: an element for each missing cell.
    pub site: SymbolId,
    /// Where each missing cell stands, along each axis of the datum.
    pub positions: Vec<SymbolId>,
    /// What the observation that gives the distribution skips.
    pub skip: Option<(AxisRef, usize, Option<SymbolId>)>,
    /// Axes of that observation.
    pub axes: Vec<AxisRef>,
}

/// A checked model, or a model together with its guide.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Axes; the first is `row`.
    pub axes: Vec<AxisDecl>,
    /// Named values.
    pub symbols: Vec<Symbol>,
    /// By name, model scope.
    pub names: HashMap<String, SymbolId>,
    /// Statements in order.
    pub statements: Vec<Located>,
    /// The written or generated guide's statements; empty where there is none.
    pub guide: Vec<Located>,
    /// Family asked for by `guide auto(f);`.
    pub guide_family: Option<(String, Span)>,
    /// Data whose missing cells are latents.
    pub imputations: Vec<Imputation>,
    /// Whether the author wrote a guide for all sites.
    pub has_written_guide: bool,
    /// The written guide that leaves sites out.
    pub partial_guide: Option<PartialGuide>,
    /// Families asked for by `guide h: full_rank;`.
    pub site_families: Vec<(SymbolId, String)>,
    /// Discrete sites that a guide draws; all others are summed out.
    pub sampled: HashSet<SymbolId>,
}

impl Model {
    /// Whether a symbol is a discrete site that the compiler sums out.
    pub fn is_summed_out(&self, id: SymbolId) -> bool {
        self.symbols[id].is_discrete_site() && !self.sampled.contains(&id)
    }

    /// A named value as an expression.
    pub fn whole(&self, id: SymbolId) -> TExpr {
        let s = &self.symbols[id];
        TExpr {
            kind: TKind::Symbol(id),
            axes: s.axes.clone(),
            ty: s.ty,
            stochastic: s.stochastic,
            span: s.span,
        }
    }

    /// Whether an expression reads a summed-out site, directly or through deterministic values.
    pub fn reads_summed_out(&self, e: &TExpr) -> bool {
        let mut stack = vec![];
        e.symbols(&mut stack);
        let mut seen = HashSet::new();
        while let Some(id) = stack.pop() {
            if self.is_summed_out(id) {
                return true;
            }
            if let (true, Role::Let(inner)) = (seen.insert(id), &self.symbols[id].role) {
                inner.symbols(&mut stack);
            }
        }
        false
    }

    /// The latent sites that a guide draws, in order: all but the summed-out ones.
    pub fn sites(&self) -> impl Iterator<Item = (SymbolId, &Symbol)> {
        self.statements.iter().filter_map(|s| match s.statement {
            Statement::Sample(id) if !self.is_summed_out(id) => Some((id, &self.symbols[id])),
            _ => None,
        })
    }

    /// Whether the components of an ordered site differ by data: the ordering's normaliser is then a constant that nobody knows.
    pub fn unknown_normaliser(&self, s: &Symbol) -> bool {
        let ordered = matches!(s.kind, Some(Kind::Ordered | Kind::PositiveOrdered));
        match (&s.role, s.axes.last()) {
            (Role::Site(d), Some(last)) if ordered => {
                d.expressions().iter().any(|e| e.axes.contains(last))
            }
            _ => false,
        }
    }

    /// The name under which a site is reported: missing cells have that of their column.
    pub fn reported_name(&self, site: SymbolId) -> &str {
        let of = self.imputations.iter().find(|i| i.site == site);
        &self.symbols[of.map_or(site, |i| i.data)].name
    }

    /// The distribution of a site.
    pub fn dist(&self, site: SymbolId) -> Option<&TDist> {
        match &self.symbols[site].role {
            Role::Site(d) => Some(d),
            _ => None,
        }
    }

    /// An axis's name.
    pub fn axis_name(&self, a: AxisRef) -> &str {
        &self.axes[a.axis].name
    }

    /// `[county, coef]`, or nothing for a scalar.
    pub fn bracket(&self, axes: &[AxisRef]) -> String {
        if axes.is_empty() {
            return String::new();
        }
        let names: Vec<&str> = axes.iter().map(|&a| self.axis_name(a)).collect();
        format!("[{}]", names.join(", "))
    }
}
