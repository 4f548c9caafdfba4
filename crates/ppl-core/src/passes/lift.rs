//! Lift: elements of the noise that rows look up again and again become a slice of the noise for each look-up, an element for each row.
//!
//! Of the density so written each row reads numbers of its own, and its Hessian hardly links one row to another: a few products tell
//! all of it, where those by the elements themselves are one for each level of a crossed factor. An element's own second derivatives
//! are the sums of those of its copies.

use super::dead::dead;
use super::rebuild::{copy, live, rebuild};
use crate::axes::DRAW;
use crate::builder::Builder;
use crate::interpret::evaluate;
use crate::program::{IndexId, Op, Program};
use ppl_dist::{Expr, NodeId, Recorder};
use std::collections::HashMap;

/// Operations that one look-up is taken through, at most.
const MOST_OPERATIONS: usize = 64;

/// A program that reads copies of its noise.
pub struct Lifted {
    /// The program, with the copies behind its own noise.
    pub program: Program,
    /// The slices of copies, in order.
    pub copies: Vec<Copies>,
}

/// A slice of the noise that holds copies.
pub struct Copies {
    /// First element of the slice (draws outermost).
    pub offset: usize,
    /// For each element of a draw the one that it stands for, in the noise of the first draw.
    pub of: Vec<usize>,
}

/// The program with copies for elements of the noise that a look-up reads more than once; `None` where there are none, or a routine
/// reads noise. What is done to an array before its elements are looked up is done to what is looked up.
pub fn lift(program: &Program) -> Option<Lifted> {
    let sunk = dead(&sink(program));
    let varying = varying(&sunk);
    let routine = |i: usize| matches!(sunk.nodes[i].op, Op::Call(..)) && varying[i];
    if (0..sunk.nodes.len()).any(routine) {
        return None;
    }
    let moved = moved(&sunk);
    let mut read = vec![false; sunk.nodes.len()];
    sunk.outputs
        .iter()
        .for_each(|id| read[id.0 as usize] = true);
    let live = live(&sunk);
    let others = (0..sunk.nodes.len()).filter(|i| live[*i] && !moved[*i]);
    for i in others {
        let args = sunk.nodes[i].op.args();
        args.iter().for_each(|a| read[a.0 as usize] = true);
    }
    let looked_up = (sunk.nodes.iter().enumerate())
        .filter(|(i, node)| read[*i] && moved[*i] && matches!(node.op, Op::Gather(..)))
        .map(|(i, _)| NodeId(i as u32));
    let looked_up: Vec<NodeId> = looked_up.collect();
    // Moves leave numbers as they are: their own places tell where they come from.
    let places: Vec<f64> = (0..sunk.n_noise).map(|i| i as f64).collect();
    let sources = evaluate(&sunk, &[], &places, &looked_up);
    let mut out = sunk;
    let mut copies = vec![];
    for (id, sources) in looked_up.into_iter().zip(sources) {
        let axes = out.node(id).axes;
        let len = out.len(axes.without(DRAW));
        let of: Vec<usize> = sources[..len].iter().map(|v| *v as usize).collect();
        let mut distinct = of.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() == len {
            continue;
        }
        let offset = out.n_noise;
        out.nodes[id.0 as usize].op = Op::Noise { offset };
        out.n_noise += out.len(axes);
        copies.push(Copies { offset, of });
    }
    (!copies.is_empty()).then(|| Lifted {
        program: dead(&out),
        copies,
    })
}

/// Which nodes depend on noise.
fn varying(program: &Program) -> Vec<bool> {
    super::stage::depends(program, |_| true)
}

/// Which nodes are elements of a slice of the noise with a draw axis, each as it stands there.
fn moved(program: &Program) -> Vec<bool> {
    let mut moved = vec![false; program.nodes.len()];
    for (i, node) in program.nodes.iter().enumerate() {
        moved[i] = match &node.op {
            Op::Noise { .. } => node.axes.contains(DRAW),
            Op::Gather(src, index) => {
                let index = &program.indices[index.0 as usize];
                moved[src.0 as usize] && index.target != DRAW && !index.axes.contains(DRAW)
            }
            Op::At(src, axis, _) => moved[src.0 as usize] && *axis != DRAW,
            _ => false,
        };
    }
    moved
}

/// The program with look-ups taken through elementwise operations on noise, to what these are done to.
fn sink(program: &Program) -> Program {
    let varying = varying(program);
    rebuild(program, |b, id, of| match program.node(id).op {
        Op::Gather(src, index) if varying[src.0 as usize] => {
            let mut known = HashMap::new();
            let sunk = looked_up(b, of(src), index, &mut known);
            sunk.unwrap_or_else(|| copy(b, program, id, of))
        }
        _ => copy(b, program, id, of),
    })
}

/// What a look-up in `e` gives, with operations on noise done to what was looked up; `None` where they are many.
fn looked_up<'b>(
    b: &'b Builder,
    e: Expr<'b>,
    index: IndexId,
    known: &mut HashMap<NodeId, Expr<'b>>,
) -> Option<Expr<'b>> {
    let (target, _) = b.index_axes(index);
    let Expr::Node(id, _) = e else {
        return Some(e);
    };
    if !b.axes_of(e).contains(target) {
        return Some(e);
    }
    if let Some(found) = known.get(&id) {
        return Some(*found);
    }
    let found = match b.op_of(id) {
        Op::Map(prim, args) if !b.is_fixed(id) => {
            if known.len() >= MOST_OPERATIONS {
                return None;
            }
            let args: Option<Vec<NodeId>> = { args.iter() }
                .map(|a| Some(looked_up(b, b.literal_or_node(*a), index, known)?.node(b)))
                .collect();
            b.literal_or_node(b.apply(prim, &args?))
        }
        _ => b.gather(e, index),
    };
    known.insert(id, found);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::lift;
    use crate::interpret::evaluate;
    use crate::{Axis, AxisId, AxisSet, Builder, DRAW, Index, Program, Real};

    const ROWS: [u32; 5] = [2, 0, 1, 2, 2];

    /// sum(exp((s z)[g] + c)) + sum(z^2) over these rows, with s and z from one slice of the noise.
    fn program(rows: &[u32]) -> Program {
        let axes = [("draw", 2), ("all", 4), ("g", 3), ("row", rows.len())];
        let axes = axes.map(|(name, size)| Axis {
            name: name.into(),
            size,
        });
        let b = Builder::new(axes.into());
        let [all, g, row] = [1, 2, 3].map(AxisId);
        let (noise, _) = b.noise(AxisSet::of(&[DRAW, all]));
        let own = b.index(Index {
            target: all,
            axes: AxisSet::of(&[g]),
            values: [3, 1, 2].into(),
        });
        let index = b.index(Index {
            target: g,
            axes: AxisSet::of(&[row]),
            values: rows.into(),
        });
        let (s, z) = (b.at(noise, all, 0), b.gather(noise, own));
        let c: Vec<f64> = (0..rows.len()).map(|i| 0.1 * i as f64).collect();
        let c = b.data(c.into(), AxisSet::of(&[row]));
        let density = b.sum((b.gather(s * z, index) + c).exp(), AxisSet::of(&[row]));
        let density = density + b.sum(z * z, AxisSet::of(&[g]));
        let out = density.node(&b);
        b.finish(vec![out])
    }

    #[test]
    fn rows_read_copies_of_their_own() {
        let program = program(&ROWS);
        let lifted = lift(&program).unwrap();
        assert_eq!(lifted.copies.len(), 1);
        let copies = &lifted.copies[0];
        // Rows 2, 0, 1, 2, 2 of what lies at 3, 1, 2.
        assert_eq!(copies.of, [2, 3, 1, 2, 2]);
        let noise = [0.4, -0.3, 1.1, 0.7, 0.9, 0.2, -1.3, 0.8];
        let mut with = noise.to_vec();
        with.resize(lifted.program.n_noise, 0.0);
        for (s, draw) in noise.chunks(4).enumerate() {
            for (k, from) in copies.of.iter().enumerate() {
                with[copies.offset + s * ROWS.len() + k] = draw[*from];
            }
        }
        let value = |p: &Program, noise: &[f64]| evaluate(p, &[], noise, &p.outputs)[0].clone();
        let expected = value(&program, &noise);
        for (value, expected) in value(&lifted.program, &with).iter().zip(&expected) {
            assert!((value - expected).abs() < 1e-14 * expected.abs());
        }
        // What one row reads moves that row alone.
        with[copies.offset] += 0.5;
        let [s, z, c] = [noise[0], noise[2], 0.0];
        let change = (s * (z + 0.5) + c).exp() - (s * z + c).exp();
        let moved = value(&lifted.program, &with);
        assert!((moved[0] - expected[0] - change).abs() < 1e-14 * expected[0].abs());
        assert!((moved[1] - expected[1]).abs() < 1e-14 * expected[1].abs());
    }

    #[test]
    fn what_is_read_once_stays() {
        assert!(lift(&program(&[2, 0, 1])).is_none());
    }
}
