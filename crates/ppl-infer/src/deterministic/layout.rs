//! Where a Gaussian over the unconstrained vector stands among a guide's parameters.

use super::dense::Matrix;
use super::gaussian::Gaussian;
use ppl_model::Bound;
use ppl_model::graph::SymbolId;
use ppl_model::lower::{GuideDraw, ParamBlock};

/// A guide that is a Gaussian over the unconstrained vector, every parameter of which is its own.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    blocks: Vec<Block>,
    /// Length of the unconstrained vector.
    pub(crate) d: usize,
}

#[derive(Debug, Clone)]
struct Block {
    /// First parameter of the location.
    location: usize,
    /// First parameter of the scale.
    scale: usize,
    len: usize,
    /// Whether the scale is a Cholesky factor: its strictly lower part over a square, then the logarithms of its diagonal.
    matrix: bool,
    /// The sites that it draws.
    sites: Vec<SymbolId>,
}

impl Layout {
    /// The layout of a guide; `None` where a draw is no Gaussian, or where there are other parameters.
    pub(crate) fn of(draws: &[GuideDraw<'_>], params: &[ParamBlock]) -> Option<Layout> {
        let mut blocks = vec![];
        let mut used = 0;
        for d in draws {
            let g = d.gaussian?;
            let of = |node| params.iter().find(|p| p.value == node);
            let (location, scale) = (of(g.location)?, of(g.scale)?);
            let n = if g.matrix {
                g.len * g.len + g.len
            } else {
                g.len
            };
            let logs = scale.log_scales.len() == g.len && location.log_scales.is_empty();
            if location.init.len() != g.len || scale.init.len() != n || !logs {
                return None;
            }
            used += 2;
            blocks.push(Block {
                location: location.offset,
                scale: scale.offset,
                len: g.len,
                matrix: g.matrix,
                sites: d.sites.clone(),
            });
        }
        (used == params.len() && used > 0).then(|| Layout {
            d: blocks.iter().map(|b| b.len).sum(),
            blocks,
        })
    }

    /// Whether the Gaussian may have any covariance.
    pub(crate) fn is_dense(&self) -> bool {
        matches!(self.blocks.as_slice(), [b] if b.matrix) || self.d == 1
    }

    /// Whether its elements are independent.
    pub(crate) fn is_diagonal(&self) -> bool {
        self.blocks.iter().all(|b| !b.matrix)
    }

    /// The parameters of a Gaussian with this mean and covariance (`None` where that is not positive definite).
    pub(super) fn params(
        &self,
        n_params: usize,
        mean: &[f64],
        covariance: &Matrix,
    ) -> Option<Vec<f64>> {
        let mut out = vec![0.0; n_params];
        let mut first = 0;
        for b in &self.blocks {
            out[b.location..b.location + b.len].copy_from_slice(&mean[first..first + b.len]);
            if b.matrix {
                let l = covariance.cholesky()?;
                // Rows outermost or innermost: the axis of the rows is declared first, so it is the outer one.
                for i in 0..b.len {
                    for j in 0..i {
                        out[b.scale + i * b.len + j] = l.a[i * b.len + j];
                    }
                    out[b.scale + b.len * b.len + i] = l.a[i * b.len + i].ln();
                }
            } else {
                for (i, v) in covariance.diagonal().skip(first).take(b.len).enumerate() {
                    if v <= 0.0 {
                        return None;
                    }
                    out[b.scale + i] = 0.5 * v.ln();
                }
            }
            first += b.len;
        }
        Some(out)
    }

    /// The Gaussian that these parameters stand for, the other way round.
    pub(super) fn gaussian(&self, params: &[f64]) -> Option<Gaussian> {
        let mut mean = vec![];
        let mut precision = Matrix::zeros(self.d);
        for b in &self.blocks {
            let first = mean.len();
            mean.extend_from_slice(&params[b.location..b.location + b.len]);
            if b.matrix {
                let mut l = Matrix::zeros(b.len);
                for i in 0..b.len {
                    let row = b.scale + i * b.len;
                    l.a[i * b.len..i * b.len + i].copy_from_slice(&params[row..row + i]);
                    l.a[i * b.len + i] = params[b.scale + b.len * b.len + i].exp();
                }
                let own = l.inverse_of_factored();
                for i in 0..b.len {
                    let to = (first + i) * self.d + first;
                    precision.a[to..to + b.len].copy_from_slice(own.row(i));
                }
            } else {
                for i in 0..b.len {
                    precision.a[(first + i) * (self.d + 1)] = (-2.0 * params[b.scale + i]).exp();
                }
            }
        }
        precision.symmetrise();
        Gaussian::new(mean, precision)
    }

    /// Names of the unconstrained vector's elements: the element's own where there is one for each, else the site's.
    pub(crate) fn names(&self, bound: &Bound) -> Vec<String> {
        let shapes = bound.site_shapes();
        let mut out = vec![];
        for b in &self.blocks {
            let end = out.len() + b.len;
            for shape in b
                .sites
                .iter()
                .filter_map(|id| shapes.iter().find(|s| s.site == *id))
            {
                let n = shape.n_batch * shape.unconstrained.unwrap_or(0);
                let symbol = &bound.model.symbols[shape.site];
                let elements = bound.element_names(&symbol.name, &symbol.axes);
                // Several axes may be laid out in another order than the declared one.
                match elements.len() == n && symbol.axes.len() <= 1 {
                    true => out.extend(elements),
                    false => out.extend(std::iter::repeat_n(symbol.name.clone(), n)),
                }
            }
            out.resize(end, String::from("an unknown"));
        }
        out
    }
}
