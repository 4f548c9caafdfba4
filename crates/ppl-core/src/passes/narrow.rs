//! Narrow: slices of the noise that are the same all along an axis lose it, and so does what hangs on them alone.
//!
//! Products of a Hessian with many directions at one point are written for as many points. What depends on the point and not on the
//! direction is then computed once instead of once for each.

use super::rebuild::{copy, rebuild, scatter_sums};
use crate::axes::AxisId;
use crate::program::{Op, Program};

/// The program with those slices of the noise (given by their offsets) that are the `same` all along `axis`: it reads them at the first
/// position alone.
pub fn narrow(program: &Program, axis: AxisId, same: impl Fn(usize) -> bool) -> Program {
    rebuild(program, |b, id, of| {
        let node = program.node(id);
        match &node.op {
            Op::Noise { offset } if same(*offset) => {
                b.handle(b.push(node.op.clone(), node.axes.without(axis)))
            }
            Op::Scatter(src, index) => {
                let src = b.sum(of(*src), scatter_sums(program, id));
                let lost = !b.axes_of(src).contains(axis) && !b.index_axes(*index).1.contains(axis);
                let axes = match lost {
                    true => node.axes.without(axis),
                    false => node.axes,
                };
                b.scatter(src, *index, axes)
            }
            Op::Call(call, part, args) => {
                let args = args.iter().map(|a| of(*a).node(b)).collect();
                b.handle(b.part(*call, *part as usize, args))
            }
            _ => copy(b, program, id, of),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::narrow;
    use crate::{Axis, AxisId, AxisSet, Builder, DRAW, Index, Op, Program, Real, interpret};

    /// exp(u_i) looked up by k, scattered and multiplied by v_i, and a factor of u u' + 1: u has all draws, but they are the same.
    #[test]
    fn the_same_numbers_with_fewer_of_them() {
        let axes = [("draw", 3), ("i", 2), ("j", 2), ("k", 4)].map(|(name, size)| Axis {
            name: name.into(),
            size,
        });
        let b = Builder::new(axes.into());
        let [i, j, k] = [1, 2, 3].map(AxisId);
        let with_draws = |a: &[AxisId]| AxisSet::of(a).with(DRAW);
        let (u, first) = b.noise(with_draws(&[i]));
        let (v, _) = b.noise(with_draws(&[i]));
        let index = b.index(Index {
            target: i,
            axes: AxisSet::of(&[k]),
            values: [0, 1, 1, 0].into(),
        });
        let there = b.gather(u.exp(), index) * b.gather(v, index);
        let back = b.scatter(b.gather(u.exp(), index), index, with_draws(&[i]));
        let one = b.data(vec![1.0, 0.0, 0.0, 1.0].into(), AxisSet::of(&[i, j]));
        let l = b.cholesky((u * b.rename(u, i, j) + one, i, j));
        let factor = b.sum(l * v, AxisSet::of(&[i, j]));
        // The mean over the draws of what is the same for all.
        let mean = b.sum(u, with_draws(&[i]));
        let outputs = [b.sum(there, AxisSet::of(&[k])) + factor + mean, back * v];
        let outputs = outputs.map(|e| e.node(&b)).to_vec();
        let whole = b.finish(outputs);
        let less = narrow(&whole, DRAW, |offset| offset == first);
        let draws_of_calls = |p: &Program| {
            let calls = p.nodes.iter().filter(|n| matches!(n.op, Op::Call(..)));
            calls.filter(|n| n.axes.contains(DRAW)).count()
        };
        assert!(draws_of_calls(&whole) > 0);
        assert_eq!(draws_of_calls(&less), 0);
        assert!(less.work() < whole.work());
        let run = |p: &Program, noise: &[f64]| interpret::evaluate(p, &[], noise, &p.outputs);
        let own = [0.3, -1.2];
        let directions = [1.0, 2.0, -0.5, 0.25, 3.0, -1.0];
        let noise = [[own, own, own].concat(), directions.to_vec()].concat();
        let (expected, found) = (run(&whole, &noise), run(&less, &noise));
        for (e, f) in expected.iter().flatten().zip(found.iter().flatten()) {
            assert!(
                (e - f).abs() < 1e-14 * (1.0 + e.abs()),
                "{f} instead of {e}"
            );
        }
        // Other positions along the axis are not read.
        let other = [[own, [9.0, 9.0], [9.0, 9.0]].concat(), directions.to_vec()].concat();
        assert_eq!(run(&less, &other), found);
    }
}
