//! Stage: what many evaluations have in common is computed once for all of them.
//!
//! A product of the Hessian with a direction is asked for again and again at the same points. The factors and solutions that
//! depend on the points alone (a Cholesky factor, a filter's states) are taken out into a program of their own, and stand in
//! the other one as noise. So are sums, of all draws or of a matrix's columns, that are shorter than what they add up.
//! Elementwise operations stay where they are: they cost less than reading their results from memory.

use super::dead::dead;
use crate::program::{Node, Op, Program};
use ppl_dist::NodeId;

/// How many numbers a sum that is kept must add up for each of its own.
const SHORTER: usize = 4;

/// Most numbers of a result that is kept.
const MOST_KEPT: usize = 1 << 22;

/// Evaluations that have the first part in common, at least.
const IN_COMMON: usize = 8;

/// A program in two parts.
#[derive(Debug, Clone)]
pub struct Staged {
    /// What is computed once: its outputs are what the other part reads, in the order of `kept`.
    pub once: Program,
    /// The program itself, with these results as noise behind its own.
    pub each: Program,
    /// Where each result lies in the noise of `each`: first element and length.
    pub kept: Vec<(usize, usize)>,
}

/// Which nodes depend on the noise that varies, given by its offset.
pub(super) fn depends(program: &Program, varies: impl Fn(usize) -> bool) -> Vec<bool> {
    let mut varying = vec![false; program.nodes.len()];
    for (i, node) in program.nodes.iter().enumerate() {
        varying[i] = match &node.op {
            Op::Noise { offset } => varies(*offset),
            op => op.args().iter().any(|a| varying[a.0 as usize]),
        };
    }
    varying
}

/// Whether a node that stays the same is dearer to compute again than to read.
fn is_kept(program: &Program, node: &Node) -> bool {
    let len = program.len(node.axes);
    match &node.op {
        Op::Call(..) => true,
        Op::Sum(src) | Op::Max(src) | Op::Scatter(src, _) => {
            let from = program.len(program.node(*src).axes);
            len <= MOST_KEPT && from >= SHORTER * len
        }
        _ => false,
    }
}

impl Staged {
    /// Numbers that an evaluation computes, where several have the first part in common.
    pub fn work(&self) -> usize {
        self.each.work() + self.once.work() / IN_COMMON
    }
}

/// Splits a program by the noise that varies between evaluations, given by its offset. Nothing is kept where no routine's
/// results and no sums stay the same.
pub fn stage(program: &Program, varies: impl Fn(usize) -> bool) -> Staged {
    let n = program.nodes.len();
    let varying = depends(program, varies);
    let mut needed = vec![false; n];
    for id in &program.outputs {
        needed[id.0 as usize] = true;
    }
    let mut found = vec![];
    for i in (0..n).rev() {
        if !needed[i] {
            continue;
        }
        let node = &program.nodes[i];
        match !varying[i] && is_kept(program, node) {
            true => found.push(NodeId(i as u32)),
            false => node
                .op
                .args()
                .iter()
                .for_each(|a| needed[a.0 as usize] = true),
        }
    }
    found.reverse();
    let mut each = program.clone();
    let mut kept = vec![];
    for id in &found {
        let (offset, len) = (each.n_noise, program.len(program.node(*id).axes));
        each.nodes[id.0 as usize].op = Op::Noise { offset };
        each.n_noise += len;
        kept.push((offset, len));
    }
    let once = Program {
        outputs: found,
        ..program.clone()
    };
    Staged {
        once: dead(&once),
        each: dead(&each),
        kept,
    }
}

#[cfg(test)]
mod tests {
    use super::stage;
    use crate::{Axis, AxisId, AxisSet, Builder, DRAW, Op, Program, Real, interpret};

    /// sum(cholesky(A(u)) v): the factor is taken once, the product for each v.
    #[test]
    fn the_parts_make_the_whole() {
        let axes = |n: &[(&str, usize)]| {
            n.iter()
                .map(|(name, size)| Axis {
                    name: (*name).into(),
                    size: *size,
                })
                .collect::<Vec<_>>()
        };
        let b = Builder::new(axes(&[("draw", 2), ("i", 3), ("j", 3)]));
        let [i, j] = [1, 2].map(AxisId);
        let (u, _) = b.noise(AxisSet::of(&[DRAW, i]));
        let (v, at) = b.noise(AxisSet::of(&[j]));
        let eye: Vec<f64> = (0..9).map(|k| f64::from(u8::from(k % 4 == 0))).collect();
        let a = u * b.rename(u, i, j) + b.data(eye.into(), AxisSet::of(&[i, j]));
        let l = b.cholesky((a, i, j));
        let out = b.sum(l * v, AxisSet::of(&[i, j])).exp().node(&b);
        let whole = b.finish(vec![out]);
        let parts = stage(&whole, |offset| offset == at);
        assert!(
            !parts
                .each
                .nodes
                .iter()
                .any(|n| matches!(n.op, Op::Call(..)))
        );
        let noise = [0.3, -1.0, 2.0, 0.5, 0.1, -0.7, 1.0, -2.0, 0.25];
        let run = |p: &Program, noise: &[f64]| interpret::evaluate(p, &[], noise, &p.outputs);
        let expected = run(&whole, &noise);
        let results = run(&parts.once, &noise);
        let mut with = noise.to_vec();
        with.resize(parts.each.n_noise, 0.0);
        for ((offset, len), values) in parts.kept.iter().zip(&results) {
            with[*offset..offset + len].copy_from_slice(values);
        }
        assert_eq!(run(&parts.each, &with), expected);
        assert!(stage(&whole, |_| true).kept.is_empty());
    }
}
