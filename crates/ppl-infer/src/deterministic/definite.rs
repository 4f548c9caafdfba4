//! What keeps a precision positive definite where the mean curvature is not.

use super::gaussian::Gaussian;
use super::{Shape, Solver};
use ppl_sparse::{Factor, Symmetric};

/// Parts of the present precision's diagonal that are added in turn.
const SHIFTS: [f64; 4] = [0.1, 0.4, 1.6, 6.4];

impl Solver<'_> {
    /// `(1 - r) L + r H` with its factor. Where that is not positive definite `r^2 / 2 (L - H) L^-1 (L - H)` is added (Lin,
    /// Schmidt and Khan 2020), or, where that would fill a sparse precision, as little of L's diagonal as does.
    pub(super) fn definite(
        &self,
        q: &Gaussian,
        h: &Symmetric,
        r: f64,
    ) -> Option<(Symmetric, Factor)> {
        let blended = q.precision.combine(1.0 - r, h, r);
        if let Some(factor) = Factor::new(&self.by, &blended) {
            return Some((blended, factor));
        }
        let with = |precision: Symmetric| {
            let factor = Factor::new(&self.by, &precision)?;
            Some((precision, factor))
        };
        match self.shape {
            Shape::Diagonal | Shape::MatrixFree => {
                let term = q.precision.diagonal().zip(h.diagonal());
                let term = term.map(|(l, h)| (l - h).powi(2) / l);
                let term = Symmetric::of_diagonal(blended.pattern.clone(), term);
                with(blended.combine(1.0, &term, 0.5 * r * r))
            }
            Shape::Dense => {
                let gap = q.precision.combine(1.0, h, -1.0);
                with(blended.combine(1.0, &conjugate(q, &gap), 0.5 * r * r))
            }
            Shape::Sparse => SHIFTS.iter().find_map(|part| {
                with(blended.combine(1.0, &q.precision.only_diagonal(), part * r))
            }),
        }
    }
}

/// `G L^-1 G` for a full pattern.
fn conjugate(q: &Gaussian, g: &Symmetric) -> Symmetric {
    let d = q.mean.len();
    let mut solved = vec![0.0; d * d];
    for (j, column) in solved.chunks_mut(d).enumerate() {
        column[j] = 1.0;
        let mut own = g.times(column);
        q.factor.solve(&mut own);
        column.copy_from_slice(&own);
    }
    let mut out = Symmetric::zeros(g.pattern.clone());
    for j in 0..d {
        let column = g.times(&solved[j * d..(j + 1) * d]);
        for p in g.pattern.column(j) {
            out.values[p] = column[g.pattern.row(p)];
        }
    }
    out
}
