//! A plain interpreter: what folding evaluates with, and what kernels are tested against.

mod runs;

use crate::axes::{AxisId, AxisSet};
use crate::program::{Index, Node, Op, Program};
use ppl_dist::{NodeId, Prim};
use runs::{Run, for_runs};
use std::borrow::Cow;

type Strides = [usize; 64];

/// Values of the given nodes, row-major over their axes.
///
/// Every node is evaluated at most once, in the order of the program, and its value is dropped after its last use: time is
/// linear in the number of elements written, and no recursion happens.
pub fn evaluate(
    program: &Program,
    params: &[f64],
    noise: &[f64],
    nodes: &[NodeId],
) -> Vec<Vec<f64>> {
    let mut uses = count_uses(program, nodes);
    let mut values: Vec<Option<Cow<'_, [f64]>>> = vec![None; program.nodes.len()];
    for (i, node) in program.nodes.iter().enumerate() {
        if uses[i] == 0 {
            continue;
        }
        let value = match &node.op {
            Op::Data(id) => Cow::Borrowed(&program.data[*id as usize][..]),
            _ => {
                let of = |id: NodeId| Argument {
                    values: values[id.0 as usize]
                        .as_deref()
                        .expect("arguments come before their uses"),
                    axes: program.node(id).axes,
                };
                Cow::Owned(value_of(program, params, noise, node, &of))
            }
        };
        values[i] = Some(value);
        for a in node.op.args() {
            let left = &mut uses[a.0 as usize];
            *left -= 1;
            if *left == 0 {
                values[a.0 as usize] = None;
            }
        }
    }
    let take = |id: &NodeId| {
        let i = id.0 as usize;
        uses[i] -= 1;
        let value = match uses[i] {
            0 => values[i].take(),
            _ => values[i].clone(),
        };
        value.expect("asked-for nodes are kept").into_owned()
    };
    nodes.iter().map(take).collect()
}

/// How often each node is used by what is needed; asking for a node is a use that never ends.
fn count_uses(program: &Program, nodes: &[NodeId]) -> Vec<usize> {
    let mut uses = vec![0; program.nodes.len()];
    for id in nodes {
        uses[id.0 as usize] += 1;
    }
    for i in (0..program.nodes.len()).rev() {
        if uses[i] > 0 {
            for a in program.nodes[i].op.args() {
                uses[a.0 as usize] += 1;
            }
        }
    }
    uses
}

#[derive(Clone, Copy)]
pub(crate) struct Argument<'a> {
    pub(crate) values: &'a [f64],
    pub(crate) axes: AxisSet,
}

fn value_of<'a>(
    program: &Program,
    params: &[f64],
    noise: &[f64],
    node: &Node,
    of: &dyn Fn(NodeId) -> Argument<'a>,
) -> Vec<f64> {
    let axes = node.axes;
    let len = program.len(axes);
    match &node.op {
        Op::Const(bits) => vec![f64::from_bits(*bits)],
        Op::Data(id) => program.data[*id as usize].to_vec(),
        Op::Param { offset } => params[*offset..offset + len].to_vec(),
        Op::Noise { offset } => noise[*offset..offset + len].to_vec(),
        Op::Map(prim, args) => map(
            program,
            *prim,
            &args.iter().map(|a| of(*a)).collect::<Vec<_>>(),
            axes,
        ),
        Op::Gather(src, index) => {
            gather(program, &of(*src), &program.indices[index.0 as usize], axes)
        }
        Op::Scatter(src, index) => {
            scatter(program, &of(*src), &program.indices[index.0 as usize], axes)
        }
        Op::Sum(src) => reduce(program, &of(*src), axes, 0.0, |a, b| a + b),
        Op::Max(src) => reduce(program, &of(*src), axes, f64::NEG_INFINITY, f64::max),
        Op::Stack(parts, axis) => stack(
            program,
            &parts.iter().map(|a| of(*a)).collect::<Vec<_>>(),
            *axis,
            axes,
        ),
        Op::At(src, axis, position) => {
            let src = of(*src);
            let strides = program.strides(src.axes);
            let base = strides[axis.0 as usize] * *position as usize;
            offsets(program, axes, &strides)
                .map(|o| src.values[base + o])
                .collect()
        }
        Op::Rename(src, from, to) => {
            let src = of(*src);
            let mut strides = program.strides(src.axes);
            strides[to.0 as usize] = strides[from.0 as usize];
            offsets(program, axes, &strides)
                .map(|o| src.values[o])
                .collect()
        }
        Op::Stop(src) => of(*src).values.to_vec(),
        Op::Call(call, part, args) => {
            let args: Vec<Argument<'_>> = args.iter().map(|a| of(*a)).collect();
            let routine = &program.calls[call.0 as usize];
            let mut parts = routine.evaluate(program, &args, &[(*part as usize, axes)]);
            parts.swap_remove(0)
        }
    }
}

fn map(program: &Program, prim: Prim, args: &[Argument<'_>], axes: AxisSet) -> Vec<f64> {
    let strides: Vec<Strides> = args.iter().map(|a| program.strides(a.axes)).collect();
    let mut out = Vec::with_capacity(program.len(axes));
    // Arithmetic has loops of its own: it is what data are mostly folded by.
    match (prim, args, &strides[..]) {
        (_, [a], [s]) => for_runs(program, axes, [s], |run| match prim {
            Prim::Recip => out.extend(run.places(0).map(|i| 1.0 / a.values[i])),
            _ => out.extend(run.places(0).map(|i| prim.eval(&[a.values[i]]))),
        }),
        (_, [a, b], [s, t]) => for_runs(program, axes, [s, t], |run| {
            let own = [a.values, b.values];
            match prim {
                Prim::Add => pairwise(&mut out, own, run, |a, b| a + b),
                Prim::Mul => pairwise(&mut out, own, run, |a, b| a * b),
                _ => pairwise(&mut out, own, run, |a, b| prim.eval(&[a, b])),
            }
        }),
        (_, [a, b, c], [s, t, u]) => for_runs(program, axes, [s, t, u], |run| {
            let triples = run.places(0).zip(run.places(1)).zip(run.places(2));
            let triples = triples.map(|((i, j), k)| [a.values[i], b.values[j], c.values[k]]);
            out.extend(triples.map(|x| prim.eval(&x)));
        }),
        _ => unreachable!("no primitive has another number of arguments"),
    }
    out
}

/// A function of two arrays along a run. Elements that follow each other, and a number for all, have loops of their own.
fn pairwise(out: &mut Vec<f64>, own: [&[f64]; 2], run: Run<2>, f: impl Fn(f64, f64) -> f64) {
    let along = |k: usize| &own[k][run.start[k]..];
    let lane = |k: usize| &along(k)[..run.len];
    match run.step {
        [1, 1] => out.extend(lane(0).iter().zip(lane(1)).map(|(a, b)| f(*a, *b))),
        [1, 0] => {
            let b = along(1)[0];
            out.extend(lane(0).iter().map(|a| f(*a, b)));
        }
        [0, 1] => {
            let a = along(0)[0];
            out.extend(lane(1).iter().map(|b| f(a, *b)));
        }
        _ => {
            let places = run.places(0).zip(run.places(1));
            out.extend(places.map(|(i, j)| f(own[0][i], own[1][j])));
        }
    }
}

fn gather(program: &Program, src: &Argument<'_>, index: &Index, axes: AxisSet) -> Vec<f64> {
    let mut strides = program.strides(src.axes);
    let step = std::mem::take(&mut strides[index.target.0 as usize]);
    let mut out = Vec::with_capacity(program.len(axes));
    let positions = program.strides(index.axes);
    for_runs(program, axes, [&strides, &positions], |run| {
        let places = run.places(0).zip(run.places(1));
        out.extend(places.map(|(o, p)| src.values[o + step * index.values[p] as usize]));
    });
    out
}

fn scatter(program: &Program, src: &Argument<'_>, index: &Index, axes: AxisSet) -> Vec<f64> {
    let mut out = vec![0.0; program.len(axes)];
    let space = src.axes.union(index.axes).union(axes.without(index.target));
    let mut to = program.strides(axes);
    let step = std::mem::take(&mut to[index.target.0 as usize]);
    let (positions, from) = (program.strides(index.axes), program.strides(src.axes));
    for_runs(program, space, [&to, &positions, &from], |run| {
        for ((to, p), from) in run.places(0).zip(run.places(1)).zip(run.places(2)) {
            out[to + step * index.values[p] as usize] += src.values[from];
        }
    });
    out
}

fn reduce(
    program: &Program,
    src: &Argument<'_>,
    axes: AxisSet,
    start: f64,
    f: impl Fn(f64, f64) -> f64,
) -> Vec<f64> {
    let mut out = vec![start; program.len(axes)];
    let (to, from) = (program.strides(axes), program.strides(src.axes));
    for_runs(program, src.axes, [&to, &from], |run| {
        for (to, from) in run.places(0).zip(run.places(1)) {
            out[to] = f(out[to], src.values[from]);
        }
    });
    out
}

fn stack(program: &Program, parts: &[Argument<'_>], axis: AxisId, axes: AxisSet) -> Vec<f64> {
    let mut out = vec![0.0; program.len(axes)];
    let strides = program.strides(axes);
    let space = axes.without(axis);
    for (position, part) in parts.iter().enumerate() {
        let base = position * strides[axis.0 as usize];
        let from = offsets(program, space, &program.strides(part.axes));
        for (to, from) in offsets(program, space, &strides).zip(from) {
            out[base + to] = part.values[from];
        }
    }
    out
}

/// For every element of `space`, in order: where it lies in an array with these strides.
pub(crate) fn offsets(program: &Program, space: AxisSet, strides: &Strides) -> Offsets {
    let loops = space
        .iter()
        .map(|a| (program.axes[a.0 as usize].size, strides[a.0 as usize], 0))
        .collect();
    Offsets {
        loops,
        at: 0,
        left: program.len(space),
    }
}

/// An odometer over a space; see [`offsets`].
pub(crate) struct Offsets {
    /// Size, stride and position of every axis, outermost first.
    loops: Vec<(usize, usize, usize)>,
    at: usize,
    left: usize,
}

impl Iterator for Offsets {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let here = self.at;
        for (size, stride, position) in self.loops.iter_mut().rev() {
            *position += 1;
            self.at += *stride;
            if *position < *size {
                break;
            }
            self.at -= *stride * *size;
            *position = 0;
        }
        Some(here)
    }
}
