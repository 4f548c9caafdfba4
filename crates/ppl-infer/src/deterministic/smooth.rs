//! The log density on the unconstrained scale (Jacobians included), a batch of points at a time: values, gradients and
//! products with the Hessian. The guide's noise stands for the unconstrained vector itself.

use crate::objective::{Joint, ObjectiveError};
use ppl_core::{AxisSet, Builder, DRAW, Expr, NodeId, Op, gradient, passes};
use ppl_engine::Kernels;
use ppl_model::Bound;
use ppl_model::lower::{AxisMap, Role};

/// Points that are evaluated together.
pub(super) const BATCH: usize = 16;

/// A smooth target.
pub(super) struct Smooth {
    value: Kernels,
    gradient: Kernels,
    hessian: Kernels,
    /// What products at the same points have in common, and where the results lie among the noise of `hessian`.
    common: Option<(Kernels, Vec<(usize, usize)>)>,
    /// Offset in the noise of each block, and elements of it a point.
    blocks: Vec<(usize, usize)>,
    /// For every block that a derivative exists for, which one it is.
    slices: Vec<usize>,
    noise: Vec<f64>,
    /// Noise and, behind it, a direction.
    directed: Vec<f64>,
    /// First element of each block's direction.
    directions: Vec<usize>,
    params: Vec<f64>,
    /// Length of a point.
    pub(super) d: usize,
    /// Whether the second derivatives are the same everywhere.
    pub(super) quadratic: bool,
    /// Gradients taken so far; a product with the Hessian counts two.
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
        Self::build(bound, keep, true)
    }

    /// The log density, with products of the Hessian at every point by itself rather than summed over the batch.
    pub(super) fn of_each(bound: &Bound) -> Result<Smooth, ObjectiveError> {
        Self::build(bound, |_| true, false)
    }

    fn build(
        bound: &Bound,
        keep: impl Fn(Role) -> bool,
        summed: bool,
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
        let value = builder.snapshot_with(vec![density.node(&builder)]);
        let (value, _) = passes::optimise_with(value, bound.folding);
        let leaves = value.noises();
        let b = Builder::from_program(value.clone());
        let first = gradient(&b, value.outputs[0], &leaves);
        let mut outputs = vec![value.outputs[0]];
        outputs.extend(&first);
        let (with_gradient, _) = passes::optimise_with(b.snapshot_with(outputs), bound.folding);
        // The direction is the same at every point of the batch; what comes back is summed over them where that is wanted.
        let mut directions = vec![];
        let mut dot = Expr::Const(0.0);
        for (leaf, g) in leaves.iter().zip(&first) {
            let own = value.node(*leaf).axes.without(DRAW);
            let (v, offset) = b.noise(own);
            directions.push(offset);
            dot = dot + b.sum(b.literal_or_node(*g) * v, own.with(DRAW));
        }
        let second: Vec<NodeId> = gradient(&b, dot.node(&b), &leaves)
            .into_iter()
            .map(|h| {
                let own = b.axes_of(b.handle(h)).without(DRAW);
                match summed {
                    true => b.broadcast(b.sum(b.literal_or_node(h), draw), own),
                    false => b.broadcast(b.literal_or_node(h), own.with(DRAW)),
                }
                .node(&b)
            })
            .collect();
        let (with_hessian, _) = passes::optimise_with(b.snapshot_with(second), bound.folding);
        let slices = leaves
            .iter()
            .filter_map(|leaf| match value.node(*leaf).op {
                Op::Noise { offset } => blocks.iter().position(|(at, _)| *at == offset),
                _ => None,
            })
            .collect();
        let at =
            |op: &Op| matches!(op, Op::Noise { offset } if blocks.iter().any(|b| b.0 == *offset));
        let quadratic = !with_hessian
            .needed()
            .iter()
            .any(|id| at(&with_hessian.node(*id).op));
        let is_direction = |offset| directions.contains(&offset);
        let (common, with_hessian) = match passes::stage::stage(&with_hessian, is_direction) {
            Some(parts) => (
                Some((Kernels::compile(&parts.once)?, parts.kept)),
                parts.each,
            ),
            None => (None, with_hessian),
        };
        Ok(Smooth {
            quadratic,
            common,
            value: Kernels::compile(&value)?,
            gradient: Kernels::compile(&with_gradient)?,
            hessian: Kernels::compile(&with_hessian)?,
            noise: vec![0.0; value.n_noise],
            directed: vec![0.0; with_hessian.n_noise],
            params: vec![0.0; value.n_params],
            d: blocks.iter().map(|b| b.1).sum(),
            evaluations: 0,
            work: with_gradient.work() / BATCH,
            blocks,
            slices,
            directions,
        })
    }

    /// Values at up to a batch of points.
    pub(super) fn values(&mut self, points: &[f64], out: &mut Vec<f64>) {
        place(&self.blocks, points, self.d, &mut self.noise);
        self.value.run(&self.params, &self.noise);
        out.extend_from_slice(&self.value.output(0)[..points.len() / self.d]);
        self.evaluations += points.len() / self.d / 2;
    }

    /// Adds the gradients at a full batch of points; whether everything was finite.
    pub(super) fn add_gradients(&mut self, points: &[f64], total: &mut [f64]) -> bool {
        place(&self.blocks, points, self.d, &mut self.noise);
        self.gradient.run(&self.params, &self.noise);
        self.evaluations += BATCH;
        let mut finite = self.gradient.output(0).iter().all(|v| v.is_finite());
        for (k, &block) in self.slices.iter().enumerate() {
            let first: usize = self.blocks[..block].iter().map(|b| b.1).sum();
            let len = self.blocks[block].1;
            for row in self.gradient.output(k + 1).chunks(len) {
                for (total, v) in total[first..first + len].iter_mut().zip(row) {
                    *total += v;
                    finite &= v.is_finite();
                }
            }
        }
        finite
    }

    /// Adds the products of the Hessians at a full batch of points with one direction; the points are those of the last
    /// [`Smooth::aim`].
    pub(super) fn add_products(&mut self, direction: &[f64], total: &mut [f64]) {
        for (k, &block) in self.slices.iter().enumerate() {
            let first: usize = self.blocks[..block].iter().map(|b| b.1).sum();
            let len = self.blocks[block].1;
            let at = self.directions[k];
            self.directed[at..at + len].copy_from_slice(&direction[first..first + len]);
        }
        self.hessian.run(&self.params, &self.directed);
        self.evaluations += 2 * BATCH;
        for (k, &block) in self.slices.iter().enumerate() {
            let first: usize = self.blocks[..block].iter().map(|b| b.1).sum();
            let len = self.blocks[block].1;
            let product = self.hessian.output(k);
            for (total, v) in total[first..first + len].iter_mut().zip(product) {
                *total += v;
            }
        }
    }

    /// Sets the points of the next products.
    pub(super) fn aim(&mut self, points: &[f64]) {
        place(&self.blocks, points, self.d, &mut self.directed);
        if let Some((kernels, kept)) = &mut self.common {
            let own = kept.first().map_or(0, |k| k.0);
            kernels.run(&self.params, &self.directed[..own]);
            for (i, (offset, len)) in kept.iter().enumerate() {
                self.directed[*offset..offset + len].copy_from_slice(kernels.output(i));
            }
        }
    }

    /// Values and gradients (a row each) at up to a batch of points.
    pub(super) fn gradients_of_each(
        &mut self,
        points: &[f64],
        values: &mut [f64],
        gradients: &mut [f64],
    ) {
        place(&self.blocks, points, self.d, &mut self.noise);
        self.gradient.run(&self.params, &self.noise);
        let n = points.len() / self.d;
        self.evaluations += n;
        values.copy_from_slice(&self.gradient.output(0)[..n]);
        gradients.fill(0.0);
        for (k, &block) in self.slices.iter().enumerate() {
            self.rows(block, self.gradient.output(k + 1), gradients);
        }
    }

    /// The products of the Hessian at each point of the last [`Smooth::aim`] with one direction, a row each.
    pub(super) fn products_of_each(&mut self, direction: &[f64], products: &mut [f64]) {
        for (k, &block) in self.slices.iter().enumerate() {
            let first: usize = self.blocks[..block].iter().map(|b| b.1).sum();
            let (at, len) = (self.directions[k], self.blocks[block].1);
            self.directed[at..at + len].copy_from_slice(&direction[first..first + len]);
        }
        self.hessian.run(&self.params, &self.directed);
        self.evaluations += 2 * products.len() / self.d;
        products.fill(0.0);
        for (k, &block) in self.slices.iter().enumerate() {
            self.rows(block, self.hessian.output(k), products);
        }
    }

    /// Writes a block's numbers of each point where they belong in its row.
    fn rows(&self, block: usize, from: &[f64], to: &mut [f64]) {
        let first: usize = self.blocks[..block].iter().map(|b| b.1).sum();
        let len = self.blocks[block].1;
        for (to, from) in to.chunks_mut(self.d).zip(from.chunks(len)) {
            to[first..first + len].copy_from_slice(from);
        }
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
