//! Products of the Hessian of a program with directions, a batch of points at a time: the gradient of the gradient's product
//! with the direction.
//!
//! What the products at the same points have in common (matrix factors, filters) is computed once for all of them. Where some
//! unknowns reach costly routines and others do not (the scale and length of a kernel, and the function's values), the products
//! of the others among themselves have a program of their own, which leaves out the second derivatives of those routines.

use crate::objective::ObjectiveError;
use ppl_core::passes::{
    linear_in::linear_in,
    narrow::narrow,
    stage::{Staged, stage},
    widen::widen,
};
use ppl_core::{AxisSet, Builder, DRAW, Expr, NodeId, Op, Program, gradient, passes};
use ppl_engine::Kernels;

/// How much less a program for the cheap unknowns has to compute for it to be worth having.
const WORTH: usize = 2;

/// Numbers that a product computes for many at once to be worth a program, and directions for it to be worth running: it computes a whole
/// batch.
const LONG: usize = 200_000;
const SEVERAL: usize = 12;

/// A program for a batch of directions at once.
struct Many {
    program: Program,
    /// Once it was asked for.
    kernels: Option<Kernels>,
    /// Where in its noise the directions begin, part by part.
    places: Vec<usize>,
    /// Whether its points are those of the next products.
    is_aimed: bool,
}

/// Products among some of a density's unknowns.
pub(super) struct Products {
    /// Their noise is the points, behind them a direction, and what products at the same points have in common.
    kernels: Kernels,
    /// The program of the latter, and where its results lie in that noise.
    common: Option<(Kernels, Vec<(usize, usize)>)>,
    many: Option<Many>,
    /// The first element of each part's direction, and the part's unknowns.
    parts: Vec<(usize, Vec<u32>)>,
    /// The slices of the noise that are read, by their offsets.
    read: Vec<usize>,
    /// Whether the second derivatives are the same everywhere.
    pub(super) constant: bool,
    /// Numbers that one product computes, and what all at the same points have in common.
    pub(super) work: usize,
    pub(super) common_work: usize,
}

/// Products that are not compiled yet.
pub(super) struct Plan {
    staged: Staged,
    is_sum: bool,
    /// As in [`Products`].
    parts: Vec<(usize, Vec<u32>)>,
    constant: bool,
}

/// A node of the density that holds some of the unknowns, and no other node does.
struct Part {
    node: NodeId,
    /// The unknown of each element, in the node's order.
    unknowns: Vec<u32>,
}

/// What a product is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// One direction and the sum of the Hessians at all points.
    Sum,
    /// One direction and the Hessian at each point.
    Points,
    /// A batch of directions and the Hessian at one point.
    Directions,
}

/// The density as a program, and where the unknowns of a point lie in its noise: offset and length of each block.
pub(super) struct Density<'p> {
    pub(super) program: &'p Program,
    pub(super) blocks: &'p [(usize, usize)],
    pub(super) over: Over,
    pub(super) folding: passes::Folding,
}

impl Density<'_> {
    /// The products among all unknowns.
    pub(super) fn products(&self) -> Plan {
        self.among(&self.leaves())
    }

    /// The products among the unknowns that reach no costly routine, where that saves much; `all`: those among all unknowns.
    pub(super) fn cheap(&self, all: &Plan) -> Option<Plan> {
        let parts = self.parts()?;
        let reached: Vec<usize> = parts.iter().map(|p| self.routines(p.node)).collect();
        let most = reached.iter().copied().max().unwrap_or(0);
        let len = |parts: &[Part]| parts.iter().map(|p| p.unknowns.len()).sum::<usize>();
        let n = len(&parts);
        let cheap: Vec<Part> = parts
            .into_iter()
            .zip(reached)
            .filter(|(_, reached)| WORTH * reached < most)
            .map(|(part, _)| part)
            .collect();
        if 2 * len(&cheap) < n || cheap.is_empty() {
            return None;
        }
        let found = self.among(&cheap);
        (WORTH * found.work() < all.work()).then_some(found)
    }

    fn among(&self, parts: &[Part]) -> Plan {
        let b = &Builder::from_program(self.program.clone());
        let nodes: Vec<NodeId> = parts.iter().map(|p| p.node).collect();
        let own = |node: &NodeId| self.program.node(*node).axes.without(DRAW);
        // Either there are several directions, at one point, or several points with one direction; what comes back is summed over these
        // where that is wanted.
        let each = |node: &NodeId| match self.over {
            Over::Directions => own(node).with(DRAW),
            Over::Sum | Over::Points => own(node),
        };
        let mut placed = vec![];
        let mut dot = Expr::Const(0.0);
        for (part, g) in parts
            .iter()
            .zip(gradient(b, self.program.outputs[0], &nodes))
        {
            let (v, offset) = b.noise(each(&part.node));
            placed.push((offset, part.unknowns.clone()));
            dot = dot + b.sum(b.literal_or_node(g) * v, own(&part.node).with(DRAW));
        }
        let second = gradient(b, dot.node(b), &nodes);
        let second = second.into_iter().zip(&nodes).map(|(h, node)| {
            b.broadcast(b.literal_or_node(h), own(node).with(DRAW))
                .node(b)
        });
        let second: Vec<NodeId> = second.collect();
        let is_direction = |offset| placed.iter().any(|p| p.0 == offset);
        let (program, _) = passes::optimise_with(b.snapshot_with(second), self.folding);
        let at_points = |op: &Op| matches!(op, Op::Noise { offset } if !is_direction(*offset));
        let needed = program.needed();
        let constant = !needed.iter().any(|id| at_points(&program.node(*id).op));
        let staged = |program: Program| {
            let (program, _) = passes::optimise_with(program, self.folding);
            stage(&program, is_direction)
        };
        let staged = match self.over {
            Over::Sum => {
                // As sums of products, and as they are: what is no short sum of products may become longer.
                let apart = staged(linear_in(&program, DRAW, is_direction));
                let whole = staged(summed(&program));
                match apart.work() < whole.work() {
                    true => apart,
                    false => whole,
                }
            }
            Over::Directions => staged(narrow(&program, DRAW, |offset| !is_direction(offset))),
            Over::Points => stage(&program, is_direction),
        };
        Plan {
            staged,
            is_sum: self.over == Over::Sum,
            parts: placed,
            constant,
        }
    }

    /// The blocks themselves.
    fn leaves(&self) -> Vec<Part> {
        let leaves = self.program.noises().into_iter().filter_map(|node| {
            let Op::Noise { offset } = self.program.node(node).op else {
                return None;
            };
            let block = self.blocks.iter().position(|b| b.0 == offset)?;
            let first: usize = self.blocks[..block].iter().map(|b| b.1).sum();
            let unknowns = (first..first + self.blocks[block].1).map(|i| i as u32);
            Some(Part {
                node,
                unknowns: unknowns.collect(),
            })
        });
        leaves.collect()
    }

    /// The nodes by which single sites are read from the blocks. `None`: something reads a block in another way, or an unknown
    /// twice.
    fn parts(&self) -> Option<Vec<Part>> {
        let leaves = self.leaves();
        let mut parts = vec![];
        for (i, node) in self.program.nodes.iter().enumerate() {
            let id = NodeId(i as u32);
            for leaf in &leaves {
                if !node.op.args().contains(&leaf.node) {
                    continue;
                }
                let unknowns = match &node.op {
                    Op::At(_, _, position) => vec![leaf.unknowns[*position as usize]],
                    Op::Gather(_, index) => {
                        let index = &self.program.indices[index.0 as usize];
                        let own = node.axes.without(DRAW);
                        if own != index.axes || own.contains(index.target) {
                            return None;
                        }
                        index
                            .values
                            .iter()
                            .map(|p| leaf.unknowns[*p as usize])
                            .collect()
                    }
                    _ => return None,
                };
                parts.push(Part { node: id, unknowns });
            }
        }
        let mut seen: Vec<u32> = parts
            .iter()
            .flat_map(|p| p.unknowns.iter().copied())
            .collect();
        let n = seen.len();
        seen.sort_unstable();
        seen.dedup();
        (seen.len() == n).then_some(parts)
    }

    /// What the routines compute that a node reaches.
    fn routines(&self, from: NodeId) -> usize {
        let mut reached = vec![false; self.program.nodes.len()];
        let mut work = 0;
        for (i, node) in self.program.nodes.iter().enumerate() {
            let args = node.op.args();
            reached[i] = i == from.0 as usize || args.iter().any(|a| reached[a.0 as usize]);
            if reached[i] && matches!(node.op, Op::Call(..)) {
                work += self.program.work_of(node);
            }
        }
        work
    }
}

impl Plan {
    /// Numbers that one product computes.
    pub(super) fn work(&self) -> usize {
        self.staged.each.work()
    }

    /// The products themselves.
    pub(super) fn compiled(self) -> Result<Products, ObjectiveError> {
        let (program, staged) = (self.staged.each, self.staged.once);
        let is_direction = |offset| self.parts.iter().any(|p| p.0 == offset);
        let common_work = staged.work();
        let noises = [&program, &staged].map(|p| p.noises().into_iter().map(|id| p.node(id)));
        let read = noises
            .into_iter()
            .flatten()
            .filter_map(|node| match node.op {
                Op::Noise { offset } => Some(offset),
                _ => None,
            });
        let read = read.collect();
        let common = match self.staged.kept.is_empty() {
            true => None,
            false => Some((Kernels::compile(&staged)?, self.staged.kept)),
        };
        let long = self.is_sum && program.work() >= LONG;
        let wide = long.then(|| widen(&program, DRAW, is_direction)).flatten();
        let many = wide.and_then(|wide| {
            let place = |p: &(usize, Vec<u32>)| wide.places.iter().find(|w| w.0 == p.0);
            let places = self.parts.iter().map(|p| Some(place(p)?.1));
            Some(Many {
                places: places.collect::<Option<_>>()?,
                program: wide.program,
                kernels: None,
                is_aimed: false,
            })
        });
        Ok(Products {
            kernels: Kernels::compile(&program)?,
            common,
            many,
            parts: self.parts,
            read,
            constant: self.constant,
            work: program.work(),
            common_work,
        })
    }
}

impl Products {
    /// Sets the points of the next products: the first elements of the noise.
    pub(super) fn aim(&mut self, place: impl Fn(&mut [f64])) {
        let noise = self.kernels.inputs().noise;
        place(noise);
        if let Some((common, kept)) = &mut self.common {
            place(common.inputs().noise);
            common.run_filled();
            for (i, (offset, len)) in kept.iter().enumerate() {
                noise[*offset..offset + len].copy_from_slice(common.output(i));
            }
        }
        if let Some(many) = &mut self.many {
            many.is_aimed = false;
        }
    }

    /// Whether the slice of the noise with this offset is read.
    pub(super) fn reads(&self, offset: usize) -> bool {
        self.read.contains(&offset)
    }

    /// Whether so many directions are better computed at once.
    pub(super) fn takes_many(&mut self, directions: usize) -> bool {
        let Some(many) = self.many.as_mut().filter(|_| directions >= SEVERAL) else {
            return false;
        };
        if many.kernels.is_none() {
            many.kernels = Kernels::compile(&many.program).ok();
        }
        many.kernels.is_some()
    }

    /// Computes the products with up to a batch of directions, a row each, where [`Products::takes_many`]; for each part its unknowns, and
    /// for each direction its elements of the product.
    pub(super) fn run_many(
        &mut self,
        directions: &[f64],
        d: usize,
    ) -> impl Iterator<Item = (&[u32], &[f64])> {
        if let Some(many) = &mut self.many
            && let Some(kernels) = &mut many.kernels
        {
            let noise = kernels.inputs().noise;
            if !many.is_aimed {
                let points = self.kernels.inputs().noise;
                noise[..points.len()].copy_from_slice(points);
                many.is_aimed = true;
            }
            for ((_, unknowns), at) in self.parts.iter().zip(&many.places) {
                let rows = noise[*at..].chunks_mut(unknowns.len().max(1));
                for (to, direction) in rows.zip(directions.chunks(d)) {
                    for (to, unknown) in to.iter_mut().zip(unknowns) {
                        *to = direction[*unknown as usize];
                    }
                }
            }
            kernels.run_filled();
        }
        let kernels = self.many.as_ref().and_then(|many| many.kernels.as_ref());
        let parts = self.parts.iter().enumerate();
        parts.filter_map(move |(k, part)| Some((&*part.1, kernels?.output(k))))
    }

    /// Computes the product with one direction.
    pub(super) fn run(&mut self, direction: &[f64]) {
        let noise = self.kernels.inputs().noise;
        for (at, unknowns) in &self.parts {
            for (to, unknown) in noise[*at..].iter_mut().zip(unknowns) {
                *to = direction[*unknown as usize];
            }
        }
        self.kernels.run_filled();
    }

    /// Computes the products with a batch of directions: a row of `directions` for each, as long as there are any.
    pub(super) fn run_each(&mut self, directions: &[f64], d: usize) {
        let noise = self.kernels.inputs().noise;
        for (at, unknowns) in &self.parts {
            let rows = noise[*at..].chunks_mut(unknowns.len());
            for (to, direction) in rows.zip(directions.chunks(d)) {
                for (to, unknown) in to.iter_mut().zip(unknowns) {
                    *to = direction[*unknown as usize];
                }
            }
        }
        self.kernels.run_filled();
    }

    /// For each part its unknowns and their elements of the product, for each point in turn where it is not summed.
    pub(super) fn results(&self) -> impl Iterator<Item = (&[u32], &[f64])> {
        let parts = self.parts.iter().enumerate();
        parts.map(|(k, part)| (&*part.1, self.kernels.output(k)))
    }
}

/// The program with its outputs summed over the draws.
fn summed(program: &Program) -> Program {
    let outputs = program.outputs.clone();
    let b = Builder::from_program(program.clone());
    let whole = outputs.iter().map(|id| {
        let own = program.node(*id).axes.without(DRAW);
        b.broadcast(b.sum(b.handle(*id), AxisSet::of(&[DRAW])), own)
            .node(&b)
    });
    let whole = whole.collect();
    b.finish(whole)
}
