//! Covariances and factors that data alone tell: of either the lower triangle is read, so that the other one has to be what goes with it.

use super::Bound;
use crate::graph::*;
use ppl_dist::{Domain, Parameter};
use ppl_syntax::diagnostic::Diagnostic;

/// How far the halves of a covariance may be apart by rounding, relative to its variances.
const ROUNDING: f64 = 1e-9;

impl Bound {
    /// Covariances that are not symmetric, and factors that are not lower triangular.
    pub(super) fn matrices(&self) -> Vec<Diagnostic> {
        let arguments = self.distributions().flat_map(|d| {
            let parameters = d.distribution.definition().forms[d.form].parameters;
            parameters.iter().zip(&d.args)
        });
        arguments
            .filter_map(|(p, e)| self.wrong_matrix(p, e))
            .collect()
    }

    fn wrong_matrix(&self, parameter: &Parameter, e: &TExpr) -> Option<Diagnostic> {
        let lower = match parameter.domain {
            Domain::CholeskyFactor => true,
            Domain::Covariance => false,
            _ => return None,
        };
        let [.., row, column] = e.axes[..] else {
            return None;
        };
        if e.stochastic || row.axis != column.axis {
            return None;
        }
        let n = self.len(&[row]);
        let values = self.evaluate(e, &e.axes)?;
        let labels = &self.axes[row.axis].labels;
        let wrong = |matrix: &[f64]| {
            let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (j, i)));
            { pairs }.find(|&(i, j)| {
                let (above, below) = (matrix[i * n + j], matrix[j * n + i]);
                let size = (matrix[i * n + i] * matrix[j * n + j]).abs().sqrt();
                let expected = if lower { 0.0 } else { below };
                (above - expected).abs() > ROUNDING * size.max(below.abs())
            })
        };
        let (matrix, (i, j)) = { values.chunks_exact((n * n).max(1)) }
            .find_map(|matrix| Some((matrix, wrong(matrix)?)))?;
        let (above, below) = (matrix[i * n + j], matrix[j * n + i]);
        let (i, j) = (&labels[i], &labels[j]);
        let (want, found, help) = match lower {
            true => (
                "lower triangular",
                format!("[{i}, {j}] is {above}"),
                "a covariance goes into the argument of that name, or through `cholesky(…)`",
            ),
            false => (
                "symmetric",
                format!("[{i}, {j}] is {above} and [{j}, {i}] is {below}"),
                "mend the data; a Cholesky factor goes into `scale_tril`",
            ),
        };
        let message = format!(
            "`{}` ({}) must be {want}, but {found}",
            parameter.name, parameter.doc
        );
        Some(
            Diagnostic::error("E0107", e.span, message)
                .at(format!("not {want}"))
                .help(help),
        )
    }
}
