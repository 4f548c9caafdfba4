//! Sums and scatters pull out the factors that are constant along what they add up.

use super::Builder;
use super::normal_form::Parts;
use crate::axes::AxisSet;
use crate::program::{IndexId, Op};
use ppl_dist::{NodeId, Prim, Recorder};

/// Most factors of a scatter's argument that are looked at.
const MOST_FACTORS: usize = 16;

impl Builder {
    /// Sum of `src` over axes that it has: factors without them come out, factors without a common axis are summed apart.
    pub(super) fn sum_factors(&self, src: NodeId, over: AxisSet) -> NodeId {
        let Parts { literal, nodes } = self.parts(Prim::Mul, src);
        let mut outside: Vec<NodeId> = if literal == 1.0 {
            vec![]
        } else {
            vec![self.constant(literal)]
        };
        let mut islands: Vec<(AxisSet, Vec<NodeId>)> = vec![];
        for id in nodes {
            let mut shared = self.node_axes(id).intersection(over);
            if shared.is_empty() {
                outside.push(id);
                continue;
            }
            let mut members = vec![];
            islands.retain(|(axes, others)| {
                let apart = axes.intersection(shared).is_empty();
                if !apart {
                    shared = shared.union(*axes);
                    members.extend(others.iter().copied());
                }
                apart
            });
            members.push(id);
            islands.push((shared, members));
        }
        if outside.is_empty() && islands.len() == 1 {
            return self.push(Op::Sum(src), self.node_axes(src).minus(over));
        }
        for (axes, members) in islands {
            let product = self.combine(Prim::Mul, &members);
            outside.push(self.push(Op::Sum(product), self.node_axes(product).minus(axes)));
        }
        self.combine(Prim::Mul, &outside)
    }

    /// Scatter of `src` to `axes`: factors that depend on the result's place alone come out, and so do gathers by the
    /// same index.
    pub(super) fn scatter_factors(&self, src: NodeId, index: IndexId, axes: AxisSet) -> NodeId {
        let (target, index_axes) = self.index_axes(index);
        let mut inside = vec![];
        let mut outside = vec![];
        let mut open = vec![src];
        while let Some(id) = open.pop() {
            let here = self.node_axes(id);
            match self.op_of(id) {
                _ if axes.without(target).contains_all(here) => outside.push(id),
                Op::Gather(u, i) if i == index && axes.contains_all(self.node_axes(u)) => {
                    outside.push(u)
                }
                Op::Map(Prim::Mul, args) if open.len() + inside.len() < MOST_FACTORS => {
                    open.extend(args.iter().rev())
                }
                _ => inside.push(id),
            }
        }
        let rest = if outside.is_empty() {
            src
        } else {
            self.combine(Prim::Mul, &inside)
        };
        let kept = axes
            .intersection(self.node_axes(rest).union(index_axes))
            .with(target);
        let scattered = self.push(Op::Scatter(rest, index), kept);
        if outside.is_empty() {
            return scattered;
        }
        outside.push(scattered);
        self.combine(Prim::Mul, &outside)
    }
}
