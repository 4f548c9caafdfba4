//! What a matrix is by the way it is made: of a factor and of a covariance the lower triangle alone is read, so that one in the place of
//! the other would pass for something else.

use super::Checker;
use crate::affine::same;
use crate::graph::*;
use ppl_dist::{Definition, Domain, Parameter, Prim, Support};
use ppl_syntax::diagnostic::Diagnostic;

/// What is known of a square matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Diagonal,
    Lower,
    Upper,
    Symmetric,
    /// Neither triangular nor symmetric.
    Full,
    Unknown,
}

impl Form {
    fn transposed(self) -> Form {
        match self {
            Form::Lower => Form::Upper,
            Form::Upper => Form::Lower,
            other => other,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Form::Lower => "lower triangular",
            Form::Upper => "upper triangular",
            Form::Symmetric => "symmetric",
            _ => "neither triangular nor symmetric",
        }
    }
}

impl Checker {
    /// Refuses a covariance, or a transposed factor, where a lower factor is expected, and the reverse.
    pub(super) fn matrix_argument(
        &mut self,
        def: &Definition,
        parameter: &Parameter,
        e: &TExpr,
    ) -> Option<()> {
        let instead = |domain| {
            let forms = def.forms.iter().flat_map(|form| form.parameters);
            { forms }.find(|p| p.domain == domain).map(|p| p.name)
        };
        let other = match parameter.domain {
            Domain::CholeskyFactor => instead(Domain::Covariance),
            Domain::Covariance => instead(Domain::CholeskyFactor),
            _ => return Some(()),
        };
        let what = format!("`{}` ({})", parameter.name, parameter.doc);
        self.matrix_form(e, &what, parameter.domain == Domain::CholeskyFactor, other)
    }

    /// The same of any place that takes a lower factor, or else a symmetric matrix; `other`: the argument for the other one.
    pub(super) fn matrix_form(
        &mut self,
        e: &TExpr,
        what: &str,
        lower: bool,
        other: Option<&str>,
    ) -> Option<()> {
        let form = self.form(e);
        let (right, want) = match lower {
            true => (Form::Lower, "lower triangular"),
            false => (Form::Symmetric, "symmetric"),
        };
        if [right, Form::Diagonal, Form::Unknown].contains(&form) {
            return Some(());
        }
        let help = match (form, other) {
            (Form::Symmetric, Some(name)) => {
                format!("did you mean `{name} = …`? The factor of a covariance is `cholesky(…)`")
            }
            (Form::Symmetric, None) => "its factor is `cholesky(…)`".to_owned(),
            (Form::Upper, None) if lower => {
                "the transpose is taken within the call, of the factor itself: `solve_tri(transpose(L), b)`".to_owned()
            }
            (Form::Upper, _) if lower => {
                "the factor itself is lower triangular: leave `transpose` away".to_owned()
            }
            (Form::Lower | Form::Upper, Some(name)) => {
                format!("did you mean `{name} = …`? A factor `L` has the covariance `L @ transpose(L)`")
            }
            (Form::Lower | Form::Upper, None) => {
                "a factor `L` has the covariance `L @ transpose(L)`".to_owned()
            }
            _ => "a covariance is scaled from both sides, `diag(s) @ R @ diag(s)`; a factor from the left, `diag(s) @ L` with `L` from LkjCholesky".to_owned(),
        };
        let message = format!("{what} must be {want}, but this is {}", form.words());
        let d = Diagnostic::error("E0107", e.span, message)
            .at(form.words())
            .help(help);
        self.fail(d)
    }

    fn form(&self, e: &TExpr) -> Form {
        let Some(pair) = square(e) else {
            return Form::Unknown;
        };
        match &e.kind {
            TKind::Diag(..) => Form::Diagonal,
            TKind::Symbol(id) => self.form_of(*id),
            TKind::Gather(inner, by)
                if square(inner) == Some(pair) && by.iter().all(|(a, _)| a.axis != pair) =>
            {
                self.form(inner)
            }
            TKind::Linear(call) => match (call.op, call.args.as_slice()) {
                (LinearOp::Cholesky, _) => Form::Lower,
                (LinearOp::Transpose, [m]) => self.form(m).transposed(),
                (LinearOp::Inverse, [m]) => match self.form(m) {
                    Form::Full => Form::Unknown,
                    known => known,
                },
                (LinearOp::Outer, [a, b]) if same(a, b) => Form::Symmetric,
                _ => Form::Unknown,
            },
            TKind::MatMul(l, r, ..) => self.product(l, r),
            TKind::Prim(Prim::Add, args) => {
                let joined = self.elementwise(args, |a, b| match (a, b) {
                    (a, b) if a == b && a != Form::Full => a,
                    (Form::Diagonal, other) | (other, Form::Diagonal) => other,
                    _ => Form::Unknown,
                });
                // A number that is added stands in both triangles.
                match args.iter().all(|e| square(e).is_some()) {
                    false if joined != Form::Symmetric => Form::Unknown,
                    _ => joined,
                }
            }
            TKind::Prim(Prim::Mul, args) => self.elementwise(args, |a, b| match (a, b) {
                (Form::Diagonal, _) | (_, Form::Diagonal) => Form::Diagonal,
                (a, b) if a == b && a != Form::Full => a,
                _ => Form::Unknown,
            }),
            TKind::Vector(rows, _) => written(rows),
            _ => Form::Unknown,
        }
    }

    fn form_of(&self, id: SymbolId) -> Form {
        let symbol = &self.model.symbols[id];
        match (&symbol.kind, &symbol.role) {
            (Some(Kind::CorrCholesky | Kind::CovCholesky), _) => Form::Lower,
            (Some(Kind::Corr | Kind::Cov), _) => Form::Symmetric,
            (_, Role::Let(inner)) => self.form(inner),
            (_, Role::Site(d)) => match d.distribution.definition().support {
                Support::CorrCholesky => Form::Lower,
                Support::Correlation | Support::Covariance => Form::Symmetric,
                _ => Form::Unknown,
            },
            _ => Form::Unknown,
        }
    }

    /// A product of matrices.
    fn product(&self, l: &TExpr, r: &TExpr) -> Form {
        if let TKind::Linear(call) = &self.resolved(r).kind
            && call.op == LinearOp::Transpose
            && same(l, &call.args[0])
        {
            return Form::Symmetric;
        }
        // Scaled from both sides: (D S) D and D (S D).
        let scaled = |outer: &TExpr, product: &TExpr, left: bool| {
            let TKind::MatMul(a, b, ..) = &self.resolved(product).kind else {
                return false;
            };
            let (inner, middle) = if left { (a, b) } else { (b, a) };
            match (&self.resolved(outer).kind, &self.resolved(inner).kind) {
                (TKind::Diag(v, ..), TKind::Diag(w, ..)) => {
                    same(v, w) && self.form(middle) == Form::Symmetric
                }
                _ => false,
            }
        };
        if scaled(r, l, true) || scaled(l, r, false) {
            return Form::Symmetric;
        }
        match (self.form(l), self.form(r)) {
            (Form::Diagonal, Form::Diagonal) => Form::Diagonal,
            (Form::Lower | Form::Diagonal, Form::Lower | Form::Diagonal) => Form::Lower,
            (Form::Upper | Form::Diagonal, Form::Upper | Form::Diagonal) => Form::Upper,
            (Form::Diagonal, Form::Symmetric) | (Form::Symmetric, Form::Diagonal) => Form::Full,
            _ => Form::Unknown,
        }
    }

    /// Matrices, and single numbers beside them, element by element.
    fn elementwise(&self, args: &[TExpr], join: impl Fn(Form, Form) -> Form) -> Form {
        let single = |e: &&TExpr| e.axes.iter().all(|a| a.is_loop());
        let matrices = args.iter().filter(|e| !single(e));
        let forms = matrices.map(|m| self.form(m));
        forms.reduce(join).unwrap_or(Form::Unknown)
    }
}

/// The axis of a square matrix.
fn square(e: &TExpr) -> Option<usize> {
    let second = e.axes.iter().rfind(|a| a.copy == 1)?;
    let first = AxisRef::of(second.axis);
    e.axes.contains(&first).then_some(second.axis)
}

/// A matrix written out row by row.
fn written(rows: &[TExpr]) -> Form {
    let cells = |row: &'_ TExpr| match &row.kind {
        TKind::Vector(cells, _) => Some(cells.clone()),
        _ => None,
    };
    let Some(cells) = rows.iter().map(cells).collect::<Option<Vec<_>>>() else {
        return Form::Unknown;
    };
    let n = cells.len();
    if cells.iter().any(|row| row.len() != n) {
        return Form::Unknown;
    }
    let pairs = || (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
    let zero = |e: &TExpr| matches!(e.kind, TKind::Number(v) if v == 0.0);
    let below = pairs().all(|(i, j)| zero(&cells[i][j]));
    let above = pairs().all(|(i, j)| zero(&cells[j][i]));
    let alike = pairs().all(|(i, j)| same(&cells[i][j], &cells[j][i]));
    match (below, above) {
        (true, true) => Form::Diagonal,
        (false, true) => Form::Lower,
        (true, false) => Form::Upper,
        _ if alike => Form::Symmetric,
        _ => Form::Unknown,
    }
}
