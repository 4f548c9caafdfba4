//! Typed expressions.

use super::{AxisRef, SymbolId, TDist, Ty};
use ppl_dist::Prim;
use ppl_syntax::diagnostic::Span;

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

impl TExpr {
    /// Whether an element is among the first n along an axis, of each group where there is a column of these: what `skip n` leaves out.
    pub fn first((axis, n, by): (AxisRef, usize, Option<SymbolId>), span: Span) -> TExpr {
        TExpr {
            kind: TKind::First(axis, n, by),
            axes: vec![axis],
            ty: Ty::Bool,
            stochastic: false,
            span,
        }
    }
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
