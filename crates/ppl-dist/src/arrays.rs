//! Whole arrays of an event, for densities of long vectors and matrices. Elementwise arithmetic of [`Expr`] lines axes up by name,
//! so what is missing here is what goes along the event's axes.

use crate::expr::Expr;

/// One event's arrays in a program: vectors lie along the event's axis, matrices along it and its second copy. All other
/// axes are batches and need no care.
pub trait Arrays<'b> {
    /// Elements K of the event's axis.
    fn size(&self) -> usize;
    /// A vector of literals.
    fn vector(&self, f: &dyn Fn(usize) -> f64) -> Expr<'b>;
    /// The identity matrix.
    fn identity(&self) -> Expr<'b>;
    /// Sum of a vector's elements; a number counts K times.
    fn sum(&self, vector: Expr<'b>) -> Expr<'b>;
    /// Sum of the squares of a matrix's elements.
    fn sum_of_squares(&self, matrix: Expr<'b>) -> Expr<'b>;
    /// The matrix with zeros above its diagonal.
    fn lower(&self, matrix: Expr<'b>) -> Expr<'b>;
    /// A matrix's diagonal.
    fn diagonal(&self, matrix: Expr<'b>) -> Expr<'b>;
    /// The lower Cholesky factor; NaN where there is none.
    fn cholesky(&self, matrix: Expr<'b>) -> Expr<'b>;
    /// x with L x = b, or L' x = b; with a matrix for b, each of its columns.
    fn solve_lower(&self, l: Expr<'b>, b: Expr<'b>, transposed: bool) -> Expr<'b>;
    /// M v, or M' v.
    fn multiply(&self, matrix: Expr<'b>, vector: Expr<'b>, transposed: bool) -> Expr<'b>;

    /// The elements of a vector at positions that data alone determine, along the positions' axes; `None` where data do not.
    fn elements(&self, vector: Expr<'b>, positions: Expr<'b>) -> Option<Expr<'b>>;
    /// A sum over the axes of `like`.
    fn total(&self, e: Expr<'b>, like: Expr<'b>) -> Expr<'b>;
    /// The values of what data alone determine, row-major.
    fn known(&self, e: Expr<'b>) -> Option<Vec<f64>>;

    /// ln of the product of a triangular matrix's diagonal.
    fn ln_diagonal(&self, l: Expr<'b>) -> Expr<'b> {
        self.sum(crate::real::Real::ln(self.diagonal(l)))
    }
}
