//! Widen: slices of the noise that lack an axis get it, and so does what hangs on them.
//!
//! Where nothing of a product with a Hessian but its direction is left to a program, as many directions go through it at once as the axis
//! has positions: a matrix of the data is read once for all of them.

use super::rebuild::{copy, live, scatter_sums, shell};
use crate::axes::{AxisId, AxisSet};
use crate::call::Routine;
use crate::program::{Op, Program};
use ppl_dist::Expr;

/// A program in which some slices of the noise have one more axis.
pub struct Widened {
    /// All outputs have the axis.
    pub program: Program,
    /// For each of the slices its offset before, and now.
    pub places: Vec<(usize, usize)>,
}

/// The program with `axis` for the slices of the noise (given by their offsets) that `varies` takes; they lie behind all others. `None`
/// where something has the axis already, or a recurrence is written without it.
pub fn widen(program: &Program, axis: AxisId, varies: impl Fn(usize) -> bool) -> Option<Widened> {
    let live = live(program);
    let nodes = || program.nodes.iter().zip(&live).filter(|(_, live)| **live);
    let is_scan = |op: &Op| match op {
        Op::Call(call, ..) => matches!(program.calls[call.0 as usize], Routine::Scan(_)),
        _ => false,
    };
    if nodes().any(|(node, _)| node.axes.contains(axis) || is_scan(&node.op)) {
        return None;
    }
    let mut places = vec![];
    let mut n_noise = program.n_noise;
    for (node, _) in nodes() {
        if let Op::Noise { offset } = node.op
            && varies(offset)
        {
            places.push((offset, n_noise));
            n_noise += program.len(node.axes.with(axis));
        }
    }
    let b = shell(&Program {
        n_noise,
        ..program.clone()
    });
    let outputs = {
        let mut standing = vec![Expr::Const(f64::NAN); program.nodes.len()];
        for i in (0..program.nodes.len()).filter(|i| live[*i]) {
            let id = crate::NodeId(i as u32);
            let node = program.node(id);
            let of = |id: crate::NodeId| standing[id.0 as usize];
            let has_axis = |e: Expr<'_>| b.axes_of(e).contains(axis);
            standing[i] = match &node.op {
                Op::Noise { offset } => match places.iter().find(|p| p.0 == *offset) {
                    Some((_, to)) => b.handle(b.noise_at(*to, node.axes.with(axis))),
                    None => copy(&b, program, id, &of),
                },
                Op::Scatter(src, index) => {
                    let src = b.sum(of(*src), scatter_sums(program, id));
                    let axes = match has_axis(src) {
                        true => node.axes.with(axis),
                        false => node.axes,
                    };
                    b.scatter(src, *index, axes)
                }
                Op::Call(call, part, args) => {
                    let args = args.iter().map(|a| of(*a).node(&b)).collect();
                    b.handle(b.part(*call, *part as usize, args))
                }
                _ => copy(&b, program, id, &of),
            };
        }
        let own = AxisSet::of(&[axis]);
        let out = |id: &crate::NodeId| {
            let axes = program.node(*id).axes.union(own);
            b.broadcast(standing[id.0 as usize], axes).node(&b)
        };
        program.outputs.iter().map(out).collect()
    };
    Some(Widened {
        program: b.finish(outputs),
        places,
    })
}

#[cfg(test)]
mod tests {
    use super::widen;
    use crate::{Axis, AxisId, AxisSet, Builder, DRAW, Index, interpret};

    /// X'(w X v) and a look-up of v that is added where it came from.
    #[test]
    fn each_position_is_a_run_by_itself() {
        let axes = [("draw", 3), ("row", 4), ("column", 2)].map(|(name, size)| Axis {
            name: name.into(),
            size,
        });
        let b = Builder::new(axes.into());
        let [row, column] = [1, 2].map(AxisId);
        let x: Vec<f64> = (0..8).map(|i| (i * i % 5) as f64 - 1.0).collect();
        let x = b.data(x.into(), AxisSet::of(&[row, column]));
        let (w, _) = b.noise(AxisSet::of(&[row]));
        let (v, at) = b.noise(AxisSet::of(&[column]));
        let eta = b.sum(x * v, AxisSet::of(&[column])) * w;
        let index = b.index(Index {
            target: column,
            axes: AxisSet::of(&[row]),
            values: [1, 0, 0, 1].into(),
        });
        let back = b.scatter(b.gather(v, index) * w, index, AxisSet::of(&[column]));
        let out = b.sum(x * eta, AxisSet::of(&[row])) + back;
        let outputs = [out, w].map(|e| e.node(&b)).to_vec();
        let one = b.finish(outputs);
        let many = widen(&one, DRAW, |offset| offset == at).unwrap();
        assert_eq!(many.places.len(), 1);
        let to = many.places[0].1;
        let directions = [1.0, 2.0, -0.5, 0.25, 3.0, -1.0];
        let weights = [0.5, 1.5, 2.0, -1.0];
        let mut noise = vec![0.0; many.program.n_noise];
        noise[..4].copy_from_slice(&weights);
        noise[to..to + 6].copy_from_slice(&directions);
        let run =
            |p: &crate::Program, noise: &[f64]| interpret::evaluate(p, &[], noise, &p.outputs);
        let all = run(&many.program, &noise);
        for (s, direction) in directions.chunks(2).enumerate() {
            let own = run(&one, &[&weights[..], direction].concat());
            assert_eq!(all[0][2 * s..2 * s + 2], own[0][..]);
            assert_eq!(all[1][4 * s..4 * s + 4], own[1][..]);
        }
        // What has draws of its own cannot have them twice.
        assert!(widen(&many.program, DRAW, |_| true).is_none());
    }
}
