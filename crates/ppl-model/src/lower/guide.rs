//! Guides: the sites' values as functions of parameters and noise, with their log densities and entropies.

use super::constrain::Free;
use super::departures::Joined;
use super::{Lowered, Lowering};
use crate::departure::Departure;
use crate::graph::*;
use ppl_core::call::linear::Matrix;
use ppl_core::call::scan::{Leaf, Scan};
use ppl_core::{AxisId, AxisSet, Builder, DRAW, Expr, Index, NodeId, Real};
use ppl_dist::LocationScale;
use ppl_syntax::diagnostic::Diagnostic;

/// Which standard noise a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoiseKind {
    /// Standard normal.
    Normal,
    /// Uniform on (0, 1).
    Uniform,
}

/// A block of the noise buffer.
#[derive(Debug, Clone)]
pub struct NoiseBlock {
    /// First element.
    pub offset: usize,
    /// Number of elements (draws outermost).
    pub len: usize,
    /// What it holds.
    pub kind: NoiseKind,
    /// First site it draws: the address of its random numbers.
    pub site: SymbolId,
}

/// One statement of the guide, lowered.
#[derive(Clone)]
pub struct GuideDraw<'b> {
    /// The sites it draws.
    pub sites: Vec<SymbolId>,
    /// Log density of the draw, one number a draw.
    pub log_q: Expr<'b>,
    /// Entropy of the unconstrained Gaussian in closed form, where there is one.
    pub entropy: Option<Expr<'b>>,
    /// Log Jacobian of the transform, one number a draw; the site's entropy is `entropy` plus its mean.
    pub log_jacobian: Expr<'b>,
    /// Needs the score-function estimator: the value does not depend smoothly on the parameters.
    pub score: bool,
    /// Log probability of the part of a mixture that was drawn: its own gradient is the score function's.
    pub choice: Option<Expr<'b>>,
    /// What makes it a Gaussian with parameters of its own.
    pub gaussian: Option<GaussianDraw>,
    /// The probabilities of a discrete site's values.
    pub discrete: Option<DiscreteDraw<'b>>,
}

/// The probabilities of each element's values.
#[derive(Clone, Copy)]
pub struct DiscreteDraw<'b> {
    /// Along which the values are listed.
    pub slot: AxisId,
    /// The probabilities.
    pub q: Expr<'b>,
    /// Their logarithms.
    pub ln_q: Expr<'b>,
}

/// A draw `location + scale * noise` with one location for every element.
#[derive(Debug, Clone, Copy)]
pub struct GaussianDraw {
    /// The location.
    pub location: NodeId,
    /// The scale, or the Cholesky factor.
    pub scale: NodeId,
    /// Number of elements.
    pub len: usize,
    /// Whether the scale is a matrix.
    pub matrix: bool,
    /// Weights of the links, where elements hang on others.
    pub linked: Option<NodeId>,
}

impl GaussianDraw {
    fn new(
        b: &Builder,
        (location, scale): (Expr<'_>, Expr<'_>),
        (space, matrix): (AxisSet, bool),
    ) -> Option<Self> {
        let (Expr::Node(at, _), Expr::Node(by, _)) = (location, scale) else {
            return None;
        };
        let own = b.axes_of(location) == space && (matrix || b.axes_of(scale) == space);
        own.then(|| GaussianDraw {
            location: at,
            scale: by,
            len: space.iter().map(|a| b.size(a)).product(),
            matrix,
            linked: None,
        })
    }
}

/// Joint draws of at least this many numbers go through a routine.
const LONG_DRAW: usize = 16;

pub(super) const HALF_LN_2PI: f64 = 0.918_938_533_204_672_8;

impl<'a, 'b> Lowering<'a, 'b> {
    /// Lowers the guide: afterwards every site has a value.
    pub fn guide(&self) -> Lowered<Vec<GuideDraw<'b>>> {
        let model = self.bound.model.clone();
        let mut out = vec![];
        for located in &model.guide {
            if let Statement::GuideSample { sites, dist } = &located.statement {
                out.push(self.draw(sites, dist)?);
            }
        }
        self.reads_of_guide();
        Ok(out)
    }

    fn draw(&self, sites: &[SymbolId], d: &TDist) -> Lowered<GuideDraw<'b>> {
        let def = d.distribution.definition();
        if let Some(ls) = def.location_scale {
            return self.location_scale_draw(sites, d, ls);
        }
        match sites {
            [site] if def.is_discrete() => self.discrete_draw(*site, d),
            _ => Err(Box::new(
                Diagnostic::error("E0117", d.span, format!("a guide cannot draw from {} in this version", def.name))
                    .help("draw `Normal(location, scale).transformed()`, MultiNormal, LogNormal, Bernoulli or Categorical"),
            )),
        }
    }

    pub(super) fn new_noise(&self, axes: AxisSet, kind: NoiseKind, site: SymbolId) -> Expr<'b> {
        let (leaf, offset) = self.builder.noise(axes.with(DRAW));
        let len = axes
            .with(DRAW)
            .iter()
            .map(|a| self.builder.size(a))
            .product();
        self.noise.borrow_mut().push(NoiseBlock {
            offset,
            len,
            kind,
            site,
        });
        leaf
    }

    /// `location + scale * noise`, pushed through the sites' supports where `.transformed()` says so.
    fn location_scale_draw(
        &self,
        sites: &[SymbolId],
        d: &TDist,
        ls: LocationScale,
    ) -> Lowered<GuideDraw<'b>> {
        let matrix =
            d.distribution.definition().parameters()[ls.scale].shape == ppl_dist::Shape::Matrix;
        if d.form != 0 {
            return Err(Box::new(
                Diagnostic::error(
                    "E0117",
                    d.span,
                    "a guide draws from this distribution by its Cholesky factor",
                )
                .help("write `scale_tril = …`"),
            ));
        }
        let (location, scale) = (
            self.expr(&d.args[ls.location])?,
            self.expr(&d.args[ls.scale])?,
        );
        let b = self.builder;
        // The space of the unconstrained draw.
        let mut space = b.axes_of(location).union(b.axes_of(scale)).without(DRAW);
        let second = if matrix {
            let Some(last) = d.args[ls.scale].axes.iter().find(|a| a.copy == 1) else {
                return Err(Box::new(Diagnostic::error(
                    "E0117",
                    d.args[ls.scale].span,
                    "the Cholesky factor is a square matrix",
                )));
            };
            let second = self.axes.id(*last);
            space = space.without(second);
            Some((self.axes.id(AxisRef::of(last.axis)), second))
        } else {
            None
        };
        if let Some(Departure::Mixture(weights)) = d.departure.as_deref() {
            space = space.minus(self.axes.set(&weights.axes));
        }
        if !d.transformed {
            space = space.union(self.axes.set(&self.bound.model.symbols[sites[0]].axes));
        } else if let ([site], false) = (sites, matrix || d.linked.is_some()) {
            // Scalars in the guide still draw every element of the site's batch.
            let map = self.site_map(*site)?;
            let batch = self.batch_set(*site, &map.event);
            space = space.union(batch);
            if map.event.is_empty() {
                space = space.union(self.axes.set(&self.bound.model.symbols[*site].axes));
            } else if space.minus(batch).is_empty() {
                return Err(Box::new(
                    Diagnostic::error(
                        "E0117",
                        d.span,
                        "the location needs an axis for the unconstrained elements of the site",
                    )
                    .help("`ppl guide` prints a complete guide to start from"),
                ));
            }
        }
        let noise = self.new_noise(space, NoiseKind::Normal, sites[0]);
        let n: usize = space.iter().map(|a| b.size(a)).product();
        let mut own_gaussian = (d.transformed || !ls.exponentiated)
            .then(|| GaussianDraw::new(b, (location, scale), (space, second.is_some())))
            .flatten();
        let chain = match &d.markov {
            Some(m) if second.is_none() && space.contains(self.axes.id(m.1)) => Some(m),
            Some(m) => {
                let axis = self.bound.model.axis_name(m.1);
                return Err(Box::new(
                    Diagnostic::error(
                        "E0117",
                        d.span,
                        format!("this draw is no chain along `{axis}`"),
                    )
                    .help("draw `Normal(m, s)` along that axis"),
                ));
            }
            None => None,
        };
        own_gaussian = own_gaussian.filter(|_| chain.is_none());
        let linked = d.linked.as_deref().map(|w| self.expr(w)).transpose()?;
        let departure = d.departure.as_deref().filter(|_| !self.of_noise);
        own_gaussian = own_gaussian.filter(|_| d.departure.is_none());
        // A function of the noise in its place has a Jacobian of its own.
        let standard = noise;
        let (noise, bend) = match departure {
            Some(departure) => self.bent(departure, noise, space, d.span)?,
            None => (noise, Expr::Const(0.0)),
        };
        let (draw, ln_scale) = match second {
            _ if self.of_noise => (noise, Expr::Const(0.0)),
            None if let Some(m) = chain => {
                let coefficients = self.expr(&m.0)?;
                let gone = self.gone_along(coefficients, scale * noise, self.axes.id(m.1));
                (location + gone, b.sum(scale.ln(), space))
            }
            None if let (Some(weights), Some(w)) = (linked, d.linked.as_deref()) => {
                let hung = self.hung((weights, w.span), scale * noise, space)?;
                let Expr::Node(weights, _) = weights else {
                    return Err(self.no_links(w.span, 0));
                };
                own_gaussian = own_gaussian.map(|g| GaussianDraw {
                    linked: Some(weights),
                    ..g
                });
                (location + hung, b.sum(scale.ln(), space))
            }
            None => (location + scale * noise, b.sum(scale.ln(), space)),
            Some((first, second)) => {
                let spread = self.spread((scale, first, second), noise);
                let positions: Vec<u32> = (0..b.size(first) as u32).collect();
                let diagonal = b.index(Index {
                    target: second,
                    axes: AxisSet::of(&[first]),
                    values: positions.into(),
                });
                (
                    location + spread,
                    b.sum(b.gather(scale, diagonal).ln(), space),
                )
            }
        };
        let half_square = b.sum(standard.square(), space) * Expr::Const(-0.5);
        let gaussian = half_square - ln_scale - Expr::Const(n as f64 * HALF_LN_2PI);
        let entropy = ln_scale + Expr::Const(n as f64 * (HALF_LN_2PI + 0.5));
        let Joined {
            draw,
            ln_density,
            entropy,
            choice,
        } = match departure {
            Some(Departure::LowRank(factors)) => {
                self.low_rank((location, scale), factors, (noise, space), sites[0])?
            }
            Some(Departure::Mixture(weights)) => {
                self.one_of((location, scale, second), weights, (noise, space), sites[0])?
            }
            _ => Joined {
                draw,
                ln_density: gaussian,
                entropy: Some(entropy),
                choice: None,
            },
        };
        let entropy = entropy.filter(|e| !b.axes_of(*e).contains(DRAW));
        let mut log_jacobian = bend;
        if d.transformed {
            log_jacobian = self.push_through(sites, draw, space, d)? + bend;
        } else {
            let site = sites[0];
            let map = self.site_map(site)?;
            let real = matches!(map.bijection, ppl_dist::Bijection::Identity);
            let positive =
                matches!(map.bijection, ppl_dist::Bijection::Lower(Expr::Const(l)) if l == 0.0);
            if (ls.exponentiated && !positive) || (!ls.exponentiated && !real) {
                let name = &self.bound.model.symbols[site].name;
                return Err(Box::new(
                    Diagnostic::error("E0117", d.span, format!("the supports differ: `{name}` is not drawn on the same set in the model"))
                        .label(self.bound.model.symbols[site].span, "the model's support")
                        .help("append `.transformed()`: it pushes the draw through the site's support"),
                ));
            }
            let value = if ls.exponentiated {
                log_jacobian = b.sum(draw, space) + bend;
                draw.exp()
            } else {
                draw
            };
            self.set_latent(site, value);
        }
        Ok(GuideDraw {
            sites: sites.to_vec(),
            log_q: ln_density - log_jacobian,
            entropy,
            log_jacobian,
            score: false,
            choice,
            gaussian: own_gaussian,
            discrete: None,
        })
    }

    /// `d[t] = b[t] d[t-1] + e[t]` along an axis, from 0.
    fn gone_along(&self, by: Expr<'b>, e: Expr<'b>, axis: AxisId) -> Expr<'b> {
        let b = self.builder;
        let all = b.axes_of(by).union(b.axes_of(e)).with(axis);
        let (by, e) = (
            b.broadcast(by, b.axes_of(by).with(axis)),
            b.broadcast(e, all),
        );
        let axes = all.without(axis);
        let body = b.sibling();
        let own = b.axes_of(by).without(axis);
        let ((before, state), (link, factor), (now, input)) =
            (body.noise(axes), body.noise(own), body.noise(axes));
        let after = body.broadcast(link * before + now, axes).node(&body);
        let leaf = |offset, axes| Leaf { offset, axes };
        let scan = Scan {
            again: None,
            axis,
            reverse: false,
            states: vec![leaf(state, axes)],
            inputs: vec![leaf(factor, own), leaf(input, axes)],
            body: body.finish(vec![after]),
        };
        b.scan(scan, &[Expr::Const(0.0), by, e])[0]
    }

    /// `L` times noise along its rows' axis: long vectors by a routine, all draws in one product.
    pub(super) fn spread(&self, (l, first, second): Matrix<'b>, noise: Expr<'b>) -> Expr<'b> {
        let b = self.builder;
        if b.size(first) < LONG_DRAW {
            let columns = b.rename(noise, first, second);
            return b.sum(l * columns, AxisSet::of(&[second]));
        }
        let columns = (noise, &[first][..], &[][..]);
        b.matrix_product((l, &[first], &[second]), columns, (&[first], &[]))
    }

    /// Pushes an unconstrained draw through the sites' supports, one after another; returns the log Jacobian.
    fn push_through(
        &self,
        sites: &[SymbolId],
        draw: Expr<'b>,
        space: AxisSet,
        d: &TDist,
    ) -> Lowered<Expr<'b>> {
        let b = self.builder;
        let mut log_jacobian = Expr::Const(0.0);
        let mut offset = 0;
        let first = self.site_map(sites[0])?;
        let batch = self.batch_set(sites[0], &first.event);
        let joint = sites.len() > 1
            || d.linked.is_some()
            || !space.contains_all(batch)
            || (first.event.is_empty() && space != batch);
        for &site in sites {
            let map = self.site_map(site)?;
            let n_event: usize = map.event.iter().map(|&e| b.size(e)).product();
            let base = map.bijection.unconstrained_len(n_event);
            let batch = self.batch_set(site, &map.event);
            let source = if joint {
                let Some(axis) = space.iter().next().filter(|_| space.len() == 1) else {
                    return Err(Box::new(Diagnostic::error(
                        "E0117",
                        d.span,
                        "a joint draw lies along one axis, the concatenation of its sites",
                    )));
                };
                let from = offset;
                offset += base * batch.iter().map(|a| b.size(a)).product::<usize>();
                Free::Slice(draw, axis, from)
            } else {
                let extra = space.minus(batch);
                match (extra.iter().next(), map.event.as_slice()) {
                    (None, []) => Free::Number(draw),
                    (Some(axis), [_, ..]) if extra.len() == 1 && b.size(axis) == base => {
                        Free::Along(draw, axis)
                    }
                    _ => {
                        let name = &self.bound.model.symbols[site].name;
                        return Err(Box::new(
                            Diagnostic::error("E0117", d.span, format!("`{name}` has {base} unconstrained elements; the draw has another shape"))
                                .help("`ppl guide` prints a complete guide to start from"),
                        ));
                    }
                }
            };
            let standardised = d.noncentered.contains(&site);
            let (value, jacobian) = self.constrain(site, &map, source, standardised)?;
            self.set_latent(site, value);
            log_jacobian = log_jacobian + b.sum(jacobian, batch);
        }
        if joint && let Some(axis) = space.iter().next() {
            let have = b.size(axis);
            if have != offset {
                return Err(Box::new(
                    Diagnostic::error("E0117", d.span, format!("the sites have {offset} unconstrained elements together; the draw has {have}"))
                        .help("`ppl guide` prints a complete guide to start from"),
                ));
            }
        }
        Ok(log_jacobian)
    }

    /// A discrete site: the value at which the running sum of its probabilities passes uniform noise.
    fn discrete_draw(&self, site: SymbolId, d: &TDist) -> Lowered<GuideDraw<'b>> {
        let b = self.builder;
        let symbol = &self.bound.model.symbols[site];
        let space = self.axes.set(&symbol.axes);
        let (slot, values) = self.own_values(site)?;
        let mut ln_q = self.guide_densities(d, values)?;
        if symbol.ty == Ty::Int
            && let Some(inside) = self.inside_ends(site, values)?
        {
            // Some elements have fewer values: the probabilities of those that they have are made to add up to 1.
            let never = Expr::Const(f64::NEG_INFINITY);
            ln_q = inside.select(ln_q, never);
            ln_q = ln_q - b.log_sum_exp(ln_q, AxisSet::of(&[slot]));
        }
        let ln_q = b.broadcast(ln_q, b.axes_of(ln_q).with(slot));
        let q = ln_q.exp();
        let up_to = self.running(q, slot, Expr::Const(0.0), &|sum, q| sum + q);
        let all = b.at(up_to, slot, b.size(slot) - 1);
        let noise = self.new_noise(space, NoiseKind::Uniform, site);
        let passed = up_to.less(noise * all);
        let (first, _) = self.bound.values_of(site);
        let value = b.sum(passed, AxisSet::of(&[slot])) + Expr::Const(first);
        let value = b.stop(value);
        self.set_latent(site, value);
        let log_q = b.sum(self.at_drawn(ln_q, slot, values, value), space);
        Ok(GuideDraw {
            sites: vec![site],
            log_q,
            entropy: None,
            log_jacobian: Expr::Const(0.0),
            score: true,
            choice: None,
            gaussian: None,
            discrete: Some(DiscreteDraw { slot, q, ln_q }),
        })
    }

    /// Whether each value of a site of whole numbers lies between the ends of each element; `None` where all do.
    fn inside_ends(&self, site: SymbolId, values: Expr<'b>) -> Lowered<Option<Expr<'b>>> {
        let Some(d) = self.bound.model.dist(site) else {
            return Ok(None);
        };
        let mut inside: Option<Expr<'b>> = None;
        for (low, high) in self.ends(d)? {
            let this = low.less_eq(values) * values.less_eq(high);
            inside = Some(match inside {
                None => this,
                Some(other) => this.max(other),
            });
        }
        Ok(inside.and_then(|i| self.unless_sure(i)))
    }
}
