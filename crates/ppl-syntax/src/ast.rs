//! The tree that the parser makes, the guide generator emits and the printer writes.

use crate::diagnostic::Span;

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Ident {
    /// The text.
    pub name: String,
    /// Where.
    pub span: Span,
}

/// A whole file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct File {
    /// Statements in order.
    pub statements: Vec<Stmt>,
    /// Whether parts of the text could not be read.
    pub broken: bool,
    /// Names that those parts may have defined: what uses them is not wrong for that.
    pub lost: Vec<String>,
}

/// A statement and where it stands (without its `;`).
#[derive(Debug, Clone, PartialEq)]
pub struct Stmt {
    /// Which statement.
    pub kind: StmtKind,
    /// Where.
    pub span: Span,
}

/// The statements of LANGUAGE.md.
#[derive(Debug, Clone, PartialEq)]
pub enum StmtKind {
    /// `axis a = …;`
    Axis {
        /// Name of the axis.
        name: Ident,
        /// Where its levels come from; `None`: the labels found in the data.
        definition: Option<AxisDef>,
    },
    /// `data x[row]: real from "X";`
    Data {
        /// Name and axes.
        target: Target,
        /// Declared kind.
        kind: Kind,
        /// Column name where it differs from the name, or a pattern with `*`.
        from: Option<(String, Span)>,
    },
    /// `param w[axes]: kind = init;`
    Param {
        /// Name and axes.
        target: Target,
        /// Declared kind.
        kind: Option<Kind>,
        /// Initial value.
        init: Expr,
    },
    /// `let a[axes]: kind = expr;`
    Let {
        /// Name and axes.
        target: Target,
        /// Declared kind.
        kind: Option<Kind>,
        /// The value.
        value: Expr,
    },
    /// `x[axes]: kind ~ dist;`
    Sample {
        /// Name and axes.
        target: Target,
        /// Declared kind.
        kind: Option<Kind>,
        /// The distribution: a call, a postfix chain, or an `if`.
        dist: Expr,
    },
    /// `(mu, tau, theta) ~ MultiNormal(…).transformed();` of guides: several sites drawn jointly.
    SampleJoint {
        /// The sites, in the order in which they stand in the joint vector.
        sites: Vec<Ident>,
        /// The distribution over the concatenated vector.
        dist: Expr,
    },
    /// `observe y ~ dist;`, `observe y[i in row] ~ dist;`
    Observe {
        /// The observed expression of data.
        value: Expr,
        /// Binders of `observe y[i in row]`; empty otherwise.
        binders: Vec<Binder>,
        /// The distribution.
        dist: Expr,
    },
    /// `factor expr;`
    Factor {
        /// The term.
        value: Expr,
    },
    /// `for t in row by subject skip 1 { … }`
    For {
        /// Loop variable and its axis.
        binder: Binder,
        /// Grouping datum.
        by: Option<Ident>,
        /// How many first elements are not visited.
        skip: Option<Expr>,
        /// The body.
        body: Vec<Stmt>,
    },
    /// `if cond { … } else { … }`
    If {
        /// The condition.
        condition: Expr,
        /// Taken when true.
        then: Vec<Stmt>,
        /// Taken when false.
        otherwise: Vec<Stmt>,
    },
    /// `fn f(a, b) = expr;`
    Fn {
        /// Its name.
        name: Ident,
        /// Arguments.
        args: Vec<FnArg>,
        /// `let` statements before the value.
        lets: Vec<Stmt>,
        /// The value.
        value: Expr,
    },
    /// `report name = expr;`
    Report {
        /// Name and axes.
        target: Target,
        /// The value.
        value: Expr,
    },
    /// `predict name[axes] ~ dist;`
    Predict {
        /// Name and axes.
        target: Target,
        /// The distribution.
        dist: Expr,
    },
    /// `net f = mlp(hidden = [64], activation = tanh);`
    Net {
        /// Its name.
        name: Ident,
        /// Its layers.
        value: Expr,
    },
    /// `guide { … }`, `guide auto(f);`, `guide site: f;`
    Guide(GuideBody),
}

/// The forms of a guide statement.
#[derive(Debug, Clone, PartialEq)]
pub enum GuideBody {
    /// A written guide.
    Block(Vec<Stmt>),
    /// `guide auto(full_rank);`
    Auto(Ident),
    /// `guide h: markov;`
    Site(Ident, Expr),
}

/// An argument of `fn`.
#[derive(Debug, Clone, PartialEq)]
pub struct FnArg {
    /// Its name.
    pub name: Ident,
    /// Axes that are said of it.
    pub axes: Vec<Ident>,
}

/// `name[i in county, coef]` left of `~`, `=` or `:`.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The name.
    pub name: Ident,
    /// What stands in its bracket.
    pub axes: Vec<TargetAxis>,
    /// The whole left side.
    pub span: Span,
}

/// One place in the bracket of a left side.
#[derive(Debug, Clone, PartialEq)]
pub enum TargetAxis {
    /// An axis, or a loop variable (the checker tells which).
    Name(Ident),
    /// `i in county`
    Binder(Binder),
}

/// `i in county`
#[derive(Debug, Clone, PartialEq)]
pub struct Binder {
    /// The variable.
    pub variable: Ident,
    /// The axis it runs over.
    pub axis: Ident,
}

/// Where an axis's levels come from.
#[derive(Debug, Clone, PartialEq)]
pub enum AxisDef {
    /// `{intercept, slope}`
    Levels(Vec<(String, Span)>),
    /// `1..52`
    Range(Box<Expr>, Box<Expr>),
    /// `columns("x*")`, `columns("age", "bmi")`
    Columns(Vec<(String, Span)>),
    /// A size: `3`, `n`, `size(b) - 1`
    Size(Expr),
}

/// A kind as written: `real`, `real(0, 1)`, `simplex`, `county`, `real?`, `censored real`.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    /// Its name.
    pub name: Ident,
    /// Bounds, where given.
    pub args: Vec<Expr>,
    /// `?`: missing entries allowed.
    pub optional: bool,
    /// `censored`: interval cells allowed.
    pub censored: bool,
    /// Where.
    pub span: Span,
}

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// Which expression.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// Binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `a || b`
    Or,
    /// `a && b`
    And,
    /// `a == b`
    Equal,
    /// `a != b`
    NotEqual,
    /// `a <= b`
    LessEqual,
    /// `a >= b`
    GreaterEqual,
    /// `a < b`
    Less,
    /// `a > b`
    Greater,
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a * b`
    Mul,
    /// `a / b`
    Div,
    /// `a % b`
    Rem,
    /// `a @ b`: the sum of the product over the axis that both sides share.
    MatMul,
    /// `a ^ b`, which binds right.
    Pow,
}

impl BinaryOp {
    /// Whether it compares: `==`, `!=`, `<`, `<=`, `>`, `>=`.
    pub fn is_comparison(self) -> bool {
        use BinaryOp::*;
        matches!(
            self,
            Equal | NotEqual | LessEqual | GreaterEqual | Less | Greater
        )
    }
}

/// Unary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-a`
    Neg,
    /// `!a`
    Not,
}

/// The expressions.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A literal number.
    Number(f64),
    /// `true`, `false`
    Bool(bool),
    /// A string.
    Str(String),
    /// A name.
    Name(String),
    /// `-a`, `!a`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a[i, j]`
    Index(Box<Expr>, Vec<Expr>),
    /// `f(a, name = b)`; distributions too.
    Call(Ident, Vec<Arg>),
    /// `d.truncated(lower = 0)`
    Method(Box<Expr>, Ident, Vec<Arg>),
    /// `sum(k in lag if cond: value)`
    Comprehension {
        /// The reduction.
        function: Ident,
        /// What is run over.
        binders: Vec<Binder>,
        /// Filter.
        filter: Option<Box<Expr>>,
        /// The summand.
        value: Box<Expr>,
    },
    /// `if c { a } else { b }`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `[a, b]`, `[hare = a, lynx = b]`
    Vector(Vec<Arg>),
    /// What stands where a syntax error was; already reported.
    Error,
}

/// A positional or named argument.
#[derive(Debug, Clone, PartialEq)]
pub struct Arg {
    /// `name =`
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}
