//! Where a Gaussian over the unconstrained vector stands among a guide's parameters.

use super::dense::Matrix;
use super::gaussian::Gaussian;
use ppl_model::graph::{Kind, SymbolId};
use ppl_model::lower::{GuideDraw, ParamBlock};
use ppl_model::{Bound, SiteShape};
use ppl_sparse::{Elimination, Symmetric};
use std::collections::HashSet;
use std::sync::Arc;

/// What is added to the diagonal of a precision that is singular to rounding.
const ROUNDING: f64 = 1e-14;

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
    shape: Shape,
    /// The sites that it draws.
    sites: Vec<SymbolId>,
}

/// What the Gaussian of a block may be.
#[derive(Debug, Clone, PartialEq)]
enum Shape {
    /// Independent elements.
    Diagonal,
    /// The scale is a Cholesky factor: its strictly lower part over a square, then the logarithms of its diagonal.
    Matrix,
    /// Elements hang on others, by weights from here on.
    Linked { weights: usize },
}

/// An element of the unconstrained vector.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    /// Where it stands.
    pub(super) at: usize,
    /// Whether its site is not bounded: scales, correlations and probabilities are.
    pub(super) is_real: bool,
    /// Whether the prior of another site reads its site.
    pub(super) is_read: bool,
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
            let shape = match g.linked {
                Some(weights) => {
                    let weights = of(weights)?;
                    if !weights.log_scales.is_empty() {
                        return None;
                    }
                    used += 1;
                    Shape::Linked {
                        weights: weights.offset,
                    }
                }
                None if g.matrix => Shape::Matrix,
                None => Shape::Diagonal,
            };
            blocks.push(Block {
                location: location.offset,
                scale: scale.offset,
                len: g.len,
                shape,
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
        matches!(self.blocks.as_slice(), [b] if b.shape == Shape::Matrix) || self.d == 1
    }

    /// Whether it may have any precision of the model's structure.
    pub(crate) fn is_linked(&self) -> bool {
        matches!(self.blocks.as_slice(), [b] if matches!(b.shape, Shape::Linked { .. }))
    }

    /// Whether its elements are independent.
    pub(crate) fn is_diagonal(&self) -> bool {
        self.blocks.iter().all(|b| b.shape == Shape::Diagonal)
    }

    /// The parameters of a Gaussian (`None` where its covariance has no Cholesky factor).
    pub(super) fn params(&self, n_params: usize, q: &Gaussian) -> Option<Vec<f64>> {
        let mut out = vec![0.0; n_params];
        let mut first = 0;
        for b in &self.blocks {
            out[b.location..b.location + b.len].copy_from_slice(&q.mean[first..first + b.len]);
            match b.shape {
                Shape::Matrix => {
                    let l = covariance(q).cholesky()?;
                    // Rows outermost or innermost: the axis of the rows is declared first, so it is the outer one.
                    for i in 0..b.len {
                        for j in 0..i {
                            out[b.scale + i * b.len + j] = l.a[i * b.len + j];
                        }
                        out[b.scale + b.len * b.len + i] = l.a[i * b.len + i].ln();
                    }
                }
                Shape::Diagonal => {
                    for (i, v) in q.precision.diagonal().skip(first).take(b.len).enumerate() {
                        out[b.scale + i] = -0.5 * v.ln();
                    }
                }
                Shape::Linked { weights } => {
                    // L' (x - m) = z, a row at a time: what hangs on later unknowns, over the row's diagonal.
                    let by = q.factor.elimination();
                    let mut at = weights;
                    let mut below = q.factor.below().iter();
                    for (step, v) in q.factor.diagonal().iter().enumerate() {
                        out[b.scale + by.order()[step] as usize] = -v.ln();
                        for l in below.by_ref().take(by.later(step).count()) {
                            out[at] = l / v;
                            at += 1;
                        }
                    }
                }
            }
            first += b.len;
        }
        Some(out)
    }

    /// The Gaussian that these parameters stand for, the other way round.
    pub(super) fn gaussian(&self, by: &Arc<Elimination>, params: &[f64]) -> Option<Gaussian> {
        let mut mean = vec![];
        let mut precision = Symmetric::zeros(by.pattern().clone());
        let mut add = |i: usize, j: usize, v: f64| {
            if let Some(place) = by.pattern().place(i, j) {
                precision.values[place] += v;
            }
        };
        for b in &self.blocks {
            let first = mean.len();
            mean.extend_from_slice(&params[b.location..b.location + b.len]);
            match b.shape {
                Shape::Matrix => {
                    let mut l = Matrix::zeros(b.len);
                    for i in 0..b.len {
                        let row = b.scale + i * b.len;
                        l.a[i * b.len..i * b.len + i].copy_from_slice(&params[row..row + i]);
                        l.a[i * b.len + i] = params[b.scale + b.len * b.len + i].exp();
                    }
                    let own = l.inverse_of_factored();
                    for i in 0..b.len {
                        (0..=i).for_each(|j| add(first + i, first + j, own.a[i * b.len + j]));
                    }
                }
                Shape::Diagonal => {
                    (0..b.len).for_each(|i| {
                        add(first + i, first + i, (-2.0 * params[b.scale + i]).exp())
                    });
                }
                Shape::Linked { weights } => {
                    // Each draw given the later ones adds the square of what stands left of its noise.
                    let mut at = weights;
                    for (step, unknown) in by.order().iter().enumerate() {
                        let own = (-2.0 * params[b.scale + *unknown as usize]).exp();
                        let row: Vec<(usize, f64)> = std::iter::once((*unknown as usize, 1.0))
                            .chain(by.later(step).map(|later| {
                                at += 1;
                                (later as usize, params[at - 1])
                            }))
                            .collect();
                        for (k, (i, u)) in row.iter().enumerate() {
                            row[..=k].iter().for_each(|(j, v)| add(*i, *j, u * v * own));
                        }
                    }
                }
            }
        }
        Gaussian::new(by, mean.clone(), precision.clone()).or_else(|| {
            // Widths so far apart that rounding takes the narrow ones' digits from the wide ones.
            let diagonal = precision.diagonal();
            let more = Symmetric::of_diagonal(by.pattern().clone(), diagonal);
            Gaussian::new(by, mean, precision.combine(1.0, &more, ROUNDING))
        })
    }

    /// The centre of the Gaussian with these parameters.
    pub(crate) fn centre(&self, params: &[f64]) -> Vec<f64> {
        let of = |b: &Block| params[b.location..b.location + b.len].to_vec();
        self.blocks.iter().flat_map(of).collect()
    }

    /// For each element of the unconstrained vector its site, where it has one.
    fn owners(&self, bound: &Bound) -> Vec<Option<SiteShape>> {
        let shapes = bound.site_shapes();
        let mut out = vec![];
        for b in &self.blocks {
            let end = out.len() + b.len;
            for id in &b.sites {
                let shape = shapes.iter().find(|s| s.site == *id);
                let n = shape.map_or(0, elements);
                out.extend(std::iter::repeat_n(shape.cloned(), n));
            }
            out.resize(end, None);
        }
        out
    }

    /// For each element of the unconstrained vector the number of elements of its site.
    pub(super) fn site_lengths(&self, bound: &Bound) -> Vec<usize> {
        let owners = self.owners(bound).into_iter();
        owners
            .map(|o| o.map_or(usize::MAX, |s| elements(&s)))
            .collect()
    }

    /// Whether each element is an unknown by itself, and no part of a vector or a matrix.
    pub(super) fn are_single(&self, bound: &Bound) -> Vec<bool> {
        let owners = self.owners(bound).into_iter();
        owners.map(|o| o.is_some_and(|s| s.n_event == 1)).collect()
    }

    /// The elements of sites that have at most `most` of them, those first that priors of other sites read.
    pub(super) fn few(&self, bound: &Bound, most: usize) -> Vec<Element> {
        let model = &bound.model;
        let mut read = HashSet::new();
        for (id, _) in model.sites() {
            read.extend(model.parents(id).into_iter().filter(|p| *p != id));
        }
        let owners = self.owners(bound).into_iter().enumerate();
        let all = owners.filter_map(|(at, owner)| {
            let site = owner.filter(|s| elements(s) <= most)?;
            Some(Element {
                at,
                is_real: site.is_real,
                is_read: read.contains(&site.site),
            })
        });
        let (mut out, others): (Vec<Element>, Vec<Element>) = all.partition(|e| e.is_read);
        out.extend(others);
        out
    }

    /// For each element of the unconstrained vector whether it is a real number as it stands: that of an unbounded site, or the first of an ordered
    /// one.
    pub(super) fn real(&self, bound: &Bound) -> Vec<bool> {
        let owners = self.owners(bound);
        let site = |i: usize| owners[i].as_ref().map(|s| s.site);
        (0..owners.len())
            .map(|i| {
                let Some(own) = &owners[i] else {
                    return false;
                };
                let kind = &bound.model.symbols[own.site].kind;
                let first = i == 0 || site(i - 1) != Some(own.site);
                own.is_real || matches!(kind, Some(Kind::Ordered)) && own.n_batch == 1 && first
            })
            .collect()
    }

    /// For each element of the unconstrained vector whether the prior of its site has no finite integral.
    pub(super) fn improper(&self, bound: &Bound) -> Vec<bool> {
        let owners = self.owners(bound).into_iter();
        owners
            .map(|owner| {
                let dist = owner.and_then(|s| bound.model.dist(s.site));
                dist.is_some_and(|d| d.distribution.definition().improper)
            })
            .collect()
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
                let n = elements(shape);
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

/// Elements of a site on the unconstrained scale.
fn elements(shape: &SiteShape) -> usize {
    shape.n_batch * shape.unconstrained.unwrap_or(0)
}

/// All of a Gaussian's covariance.
fn covariance(q: &Gaussian) -> Matrix {
    let d = q.mean.len();
    let mut out = Matrix::zeros(d);
    for (j, row) in out.a.chunks_mut(d).enumerate() {
        row[j] = 1.0;
        q.factor.solve(row);
    }
    out
}
