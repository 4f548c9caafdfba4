//! The log density on the unconstrained scale (Jacobians included), a batch of points at a time: values, gradients and
//! products with the Hessian. The guide's noise stands for the unconstrained vector itself.

use super::products::{Density, Over, Plan, Products};
use crate::objective::{Joint, ObjectiveError};
use ppl_core::passes::lift::lift;
use ppl_core::{AxisSet, Builder, DRAW, Expr, Op, Program, gradient, passes};
use ppl_engine::Kernels;
use ppl_model::Bound;
use ppl_model::lower::{AxisMap, ByCopies, Role};
use ppl_sparse::{Colouring, Pattern};
use std::ops::Range;
use std::sync::Arc;

/// Points that are evaluated together.
pub(super) const BATCH: usize = 16;

/// A smooth target.
pub(super) struct Smooth {
    value: Kernels,
    gradient: Kernels,
    hessian: Products,
    /// The products among the cheap unknowns alone.
    cheap: Option<Products>,
    /// The products with a batch of directions at one point.
    each: Option<Products>,
    dear: Vec<bool>,
    /// Where the points of products with copies lie in their noise: the blocks, those of copies last, and whether one is read.
    product_blocks: Vec<(usize, usize, bool)>,
    /// How the Hessian is read from products with copies of the unknowns, if it is.
    by_copies: Option<Arc<ByCopies>>,
    /// The unknowns of each block.
    ranges: Vec<Range<usize>>,
    /// Offset in the noise of each block, and elements of it a point.
    blocks: Vec<(usize, usize)>,
    /// For every block that a derivative exists for, which one it is.
    slices: Vec<usize>,
    /// The points of the last [`Smooth::aim`].
    aimed: Vec<f64>,
    /// Length of a point.
    pub(super) d: usize,
    /// Whether the second derivatives are the same everywhere.
    pub(super) quadratic: bool,
    /// Gradients taken so far; a product with the Hessian counts as those that compute as much.
    pub(super) evaluations: usize,
    /// Numbers that one gradient of one point computes.
    pub(super) work: usize,
}

impl Smooth {
    /// The log density of model and data, or of the terms that `keep` takes.
    pub(super) fn new(
        bound: &Bound,
        keep: impl Fn(Role) -> bool,
    ) -> Result<Smooth, ObjectiveError> {
        Self::build(bound, keep, (Over::Sum, false))
    }

    /// The same with products of many directions at one point beside those that are summed, see [`Smooth::products_with_each`].
    pub(super) fn with_directions(
        bound: &Bound,
        keep: impl Fn(Role) -> bool,
    ) -> Result<Smooth, ObjectiveError> {
        Self::build(bound, keep, (Over::Sum, true))
    }

    /// The log density, with products of the Hessian at every point by itself rather than summed over the batch.
    pub(super) fn of_each(bound: &Bound) -> Result<Smooth, ObjectiveError> {
        Self::build(bound, |_| true, (Over::Points, false))
    }

    fn build(
        bound: &Bound,
        keep: impl Fn(Role) -> bool,
        (over, directions): (Over, bool),
    ) -> Result<Smooth, ObjectiveError> {
        let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
        let builder = Builder::new(axes.program_axes(BATCH));
        let draw = AxisSet::EMPTY.with(DRAW);
        let joint = Joint::of_noise(bound, &axes, &builder)?;
        let jacobian = joint
            .draws
            .iter()
            .fold(Expr::Const(0.0), |sum, d| sum + d.log_jacobian);
        let density = builder.broadcast(joint.log_density(keep) + jacobian, draw);
        let blocks: Vec<(usize, usize)> = joint
            .lowering
            .noise
            .borrow()
            .iter()
            .map(|b| (b.offset, b.len / BATCH))
            .collect();
        let whole = builder.snapshot_with(vec![density.node(&builder)]);
        let (value, _) = passes::optimise_with(whole.clone(), bound.folding);
        let leaves = value.noises();
        let b = Builder::from_program(value.clone());
        let first = gradient(&b, value.outputs[0], &leaves);
        let mut outputs = vec![value.outputs[0]];
        outputs.extend(&first);
        let (with_gradient, _) = passes::optimise_with(b.snapshot_with(outputs), bound.folding);
        let slices: Vec<usize> = leaves
            .iter()
            .filter_map(|leaf| match value.node(*leaf).op {
                Op::Noise { offset } => blocks.iter().position(|(at, _)| *at == offset),
                _ => None,
            })
            .collect();
        let density = Density {
            program: &value,
            blocks: &blocks,
            over,
            folding: bound.folding,
        };
        let hessian = density.products();
        let each = match directions {
            true => Some(
                Density {
                    over: Over::Directions,
                    ..density
                }
                .products()
                .compiled()?,
            ),
            false => None,
        };
        let cheap = density.cheap(&hessian);
        let copies = match directions || cheap.is_some() {
            true => None,
            false => copies(bound, &whole, &density, &hessian),
        };
        let (hessian, product_blocks, by_copies) = match copies {
            Some(found) => (found.plan, found.blocks, Some(found.known)),
            None => (hessian, vec![], None),
        };
        let (hessian, cheap) = (hessian.compiled()?, cheap.map(Plan::compiled).transpose()?);
        let product_blocks = product_blocks.into_iter();
        let product_blocks = product_blocks.map(|(at, len)| (at, len, hessian.reads(at)));
        let product_blocks = product_blocks.collect();
        let mut d = 0;
        let ranges = blocks.iter().map(|b| {
            d += b.1;
            d - b.1..d
        });
        let ranges: Vec<Range<usize>> = ranges.collect();
        let mut dear = vec![cheap.is_some(); d];
        for (unknowns, _) in cheap.iter().flat_map(Products::results) {
            unknowns.iter().for_each(|i| dear[*i as usize] = false);
        }
        Ok(Smooth {
            quadratic: hessian.constant,
            value: Kernels::compile(&value)?,
            gradient: Kernels::compile(&with_gradient)?,
            hessian,
            cheap,
            each,
            dear,
            product_blocks,
            by_copies,
            aimed: vec![],
            d,
            ranges,
            evaluations: 0,
            work: with_gradient.work() / BATCH,
            blocks,
            slices,
        })
    }

    /// The unknowns that reach costly routines, where there is a program for products among the others.
    pub(super) fn dear(&self) -> &[bool] {
        &self.dear
    }

    /// Length of the directions of products and of what these give: that of a point, or with all copies.
    pub(super) fn product_len(&self) -> usize {
        self.by_copies.as_ref().map_or(self.d, |by| by.of.len())
    }

    /// How a part of the Hessian is read from products: its places among some unknowns, numbered by their place in this list, where
    /// ascending.
    pub(super) fn colouring(&self, pattern: Arc<Pattern>, unknowns: &[usize]) -> Colouring {
        let Some(by) = &self.by_copies else {
            return self.plain_colouring(pattern, unknowns);
        };
        let mut number = vec![None; self.d];
        for (k, i) in unknowns.iter().enumerate() {
            number[*i] = Some(k);
        }
        by.colouring
            .onto(pattern, |copy| number[by.of[copy] as usize])
    }

    /// The same for differences of gradients, which have no copies.
    pub(super) fn plain_colouring(&self, pattern: Arc<Pattern>, unknowns: &[usize]) -> Colouring {
        let apart: Vec<bool> = unknowns.iter().map(|i| self.dear[*i]).collect();
        Colouring::with_apart(pattern, &apart).within(unknowns)
    }

    /// Gradients that products with so many directions cost a point, `dear` of them with dear unknowns.
    pub(super) fn cost_of_products(&self, dear: usize, others: usize) -> f64 {
        // A product for all points of a batch costs no less than a gradient at one of them.
        let gradient = (self.work * BATCH).max(1) as f64;
        let one = |p: &Products| (p.work as f64 / gradient).max(1.0 / BATCH as f64);
        let common = |p: &Products| p.common_work as f64 / gradient;
        let all = &self.hessian;
        let own = self.cheap.as_ref().map_or(0.0, common);
        let cheap = self.cheap.as_ref().unwrap_or(all);
        common(all) + own + dear as f64 * one(all) + others as f64 * one(cheap)
    }

    /// Values at up to a batch of points.
    pub(super) fn values(&mut self, points: &[f64], out: &mut Vec<f64>) {
        let noise = self.value.inputs().noise;
        place(&self.blocks, points, self.d, noise);
        self.value.run_filled();
        out.extend_from_slice(&self.value.output(0)[..points.len() / self.d]);
        self.evaluations += points.len() / self.d / 2;
    }

    /// Adds the gradients at a full batch of points; whether everything was finite.
    pub(super) fn add_gradients(&mut self, points: &[f64], total: &mut [f64]) -> bool {
        let noise = self.gradient.inputs().noise;
        place(&self.blocks, points, self.d, noise);
        self.gradient.run_filled();
        self.evaluations += BATCH;
        let mut finite = self.gradient.output(0).iter().all(|v| v.is_finite());
        for (k, &block) in self.slices.iter().enumerate() {
            let range = self.ranges[block].clone();
            for row in self.gradient.output(k + 1).chunks(range.len()) {
                for (total, v) in total[range.clone()].iter_mut().zip(row) {
                    *total += v;
                    finite &= v.is_finite();
                }
            }
        }
        finite
    }

    /// Adds the products of the Hessians at a full batch of points with one direction; the points are those of the last
    /// [`Smooth::aim`]. Of a direction without dear unknowns, the product's elements at dear unknowns are left out.
    pub(super) fn add_products(&mut self, direction: &[f64], total: &mut [f64]) {
        for (unknowns, product) in self.product(direction).results() {
            for (i, v) in unknowns.iter().zip(product) {
                total[*i as usize] += v;
            }
        }
    }

    /// The same for several directions, a row of `totals` for each.
    pub(super) fn add_products_with(&mut self, directions: &[f64], totals: &mut [f64]) {
        let d = self.product_len();
        let (rows, totals) = (directions.chunks(BATCH * d), totals.chunks_mut(BATCH * d));
        for (directions, totals) in rows.zip(totals) {
            let n = directions.len() / d;
            if self.cheap.is_some() || !self.hessian.takes_many(n) {
                for (direction, total) in directions.chunks(d).zip(totals.chunks_mut(d)) {
                    self.add_products(direction, total);
                }
                continue;
            }
            self.evaluations += n * (self.hessian.work / self.work.max(1)).max(1);
            for (unknowns, products) in self.hessian.run_many(directions, d) {
                for (total, product) in totals.chunks_mut(d).zip(products.chunks(unknowns.len())) {
                    for (i, v) in unknowns.iter().zip(product) {
                        total[*i as usize] += v;
                    }
                }
            }
        }
    }

    /// Runs the program for a direction.
    fn product(&mut self, direction: &[f64]) -> &Products {
        let mut moved = direction.iter().zip(&self.dear);
        let products = match &mut self.cheap {
            Some(cheap) if !moved.any(|(v, dear)| *dear && *v != 0.0) => cheap,
            _ => &mut self.hessian,
        };
        products.run(direction);
        self.evaluations += (products.work / self.work.max(1)).max(1);
        products
    }

    /// Sets the points of the next products.
    pub(super) fn aim(&mut self, points: &[f64]) {
        // A shorter step from the same place asks for the same points.
        if self.aimed == points {
            return;
        }
        if let Some(by) = &self.by_copies {
            let place = |noise: &mut [f64]| {
                place_copies(&self.product_blocks, points, (self.d, &by.of), noise);
            };
            self.hessian.aim(place);
        }
        let plain = self.by_copies.is_none().then_some(&mut self.hessian);
        for products in self.cheap.iter_mut().chain(plain) {
            products.aim(|noise| place(&self.blocks, points, self.d, noise));
        }
        self.aimed.clear();
        self.aimed.extend_from_slice(points);
    }

    /// Values and gradients (a row each) at up to a batch of points.
    pub(super) fn gradients_of_each(
        &mut self,
        points: &[f64],
        values: &mut [f64],
        gradients: &mut [f64],
    ) {
        let noise = self.gradient.inputs().noise;
        place(&self.blocks, points, self.d, noise);
        self.gradient.run_filled();
        let n = points.len() / self.d;
        self.evaluations += n;
        values.copy_from_slice(&self.gradient.output(0)[..n]);
        gradients.fill(0.0);
        for (k, &block) in self.slices.iter().enumerate() {
            rows(
                self.ranges[block].clone(),
                self.d,
                self.gradient.output(k + 1),
                gradients,
            );
        }
    }

    /// The products of the Hessian at each point of the last [`Smooth::aim`] with one direction, a row each; as
    /// [`Smooth::add_products`] otherwise.
    pub(super) fn products_of_each(&mut self, direction: &[f64], products: &mut [f64]) {
        let d = self.product_len();
        if self.cheap.is_some() {
            products.fill(0.0);
        }
        for (unknowns, product) in self.product(direction).results() {
            for (to, from) in products.chunks_mut(d).zip(product.chunks(unknowns.len())) {
                for (i, v) in unknowns.iter().zip(from) {
                    to[*i as usize] = *v;
                }
            }
        }
    }
}

impl Smooth {
    /// Sets the one point of the next [`Smooth::products_with_each`].
    pub(super) fn aim_at(&mut self, point: &[f64]) {
        if let Some(each) = &mut self.each {
            each.aim(|noise| place(&self.blocks, point, self.d, noise));
        }
    }

    /// The products of the Hessian at that point with up to a batch of directions, a row each; whether they are known.
    pub(super) fn products_with_each(&mut self, directions: &[f64], products: &mut [f64]) -> bool {
        let Some(each) = &mut self.each else {
            return false;
        };
        let d = self.d;
        each.run_each(directions, d);
        self.evaluations += (each.work / self.work.max(1)).max(1);
        for (unknowns, product) in each.results() {
            for (to, from) in products.chunks_mut(d).zip(product.chunks(unknowns.len())) {
                for (i, v) in unknowns.iter().zip(from) {
                    to[*i as usize] = *v;
                }
            }
        }
        true
    }

    /// Gradients that a product with one of a batch of directions costs.
    pub(super) fn cost_of_each(&self) -> f64 {
        let each = self.each.as_ref().map_or(0, |p| p.work);
        each as f64 / (self.work * BATCH).max(1) as f64
    }
}

/// Products with copies of the unknowns, see [`lift`].
struct WithCopies {
    plan: Plan,
    blocks: Vec<(usize, usize)>,
    known: Arc<ByCopies>,
}

/// The products with copies, where those that all of the Hessian takes compute half as much as without.
fn copies(
    bound: &Bound,
    whole: &Program,
    density: &Density<'_>,
    plain: &Plan,
) -> Option<WithCopies> {
    let known = bound.by_copies()?;
    let lifted = lift(whole)?;
    let mut blocks = density.blocks.to_vec();
    blocks.extend(lifted.copies.iter().map(|c| (c.offset, c.of.len())));
    // Some terms of the density alone may read other copies.
    let d: usize = density.blocks.iter().map(|b| b.1).sum();
    let unknown = |place: usize| {
        let mut first = 0;
        for (offset, len) in density.blocks {
            if (*offset..offset + len).contains(&place) {
                return first + place - offset;
            }
            first += len;
        }
        usize::MAX
    };
    let of = lifted.copies.iter().flat_map(|c| c.of.iter());
    let of = (0..d).chain(of.map(|place| unknown(*place)));
    if !of.eq(known.of.iter().map(|i| *i as usize)) {
        return None;
    }
    let (program, _) = passes::optimise_with(lifted.program, density.folding);
    let plan = Density {
        program: &program,
        blocks: &blocks,
        ..*density
    }
    .products();
    let by_copies = known.colouring.n_colours() * (plan.work() + known.of.len());
    let without = bound.plain_products()? * plain.work();
    (2 * by_copies <= without).then(|| WithCopies {
        plan,
        blocks,
        known: known.clone(),
    })
}

/// Writes a block's numbers of each point where they belong in its row.
fn rows(block: Range<usize>, d: usize, from: &[f64], to: &mut [f64]) {
    for (to, from) in to.chunks_mut(d).zip(from.chunks(block.len())) {
        to[block.clone()].copy_from_slice(from);
    }
}

/// Puts points (a row each) into a noise buffer; a missing row repeats the first.
pub(super) fn place(blocks: &[(usize, usize)], points: &[f64], d: usize, noise: &mut [f64]) {
    let n = points.len() / d;
    for s in 0..BATCH {
        let mut at = if s < n { s * d } else { 0 };
        for &(offset, len) in blocks {
            noise[offset + s * len..offset + (s + 1) * len].copy_from_slice(&points[at..at + len]);
            at += len;
        }
    }
}

/// The same for blocks that hold copies, where they are read: element k of all blocks is element `of[k]` of a point.
fn place_copies(
    blocks: &[(usize, usize, bool)],
    points: &[f64],
    (d, of): (usize, &[u32]),
    noise: &mut [f64],
) {
    let n = points.len() / d;
    for s in 0..BATCH {
        let point = &points[if s < n { s * d } else { 0 }..];
        let mut of = of;
        for &(offset, len, is_read) in blocks {
            let (own, later) = of.split_at(len);
            if is_read {
                let to = noise[offset + s * len..].iter_mut().zip(own);
                to.for_each(|(to, i)| *to = point[*i as usize]);
            }
            of = later;
        }
    }
}
