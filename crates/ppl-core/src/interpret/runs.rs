//! Spaces walked run by run: along a run every array moves by a fixed distance, so that the loop over it is a plain one.

use super::Strides;
use crate::axes::AxisSet;
use crate::program::Program;

/// A run: its elements, and for each array where it begins and by how much it moves.
pub(super) struct Run<const N: usize> {
    pub(super) len: usize,
    pub(super) start: [usize; N],
    pub(super) step: [usize; N],
}

impl<const N: usize> Run<N> {
    /// Where the elements of an array lie.
    pub(super) fn places(&self, array: usize) -> impl Iterator<Item = usize> + use<N> {
        let (start, step) = (self.start[array], self.step[array]);
        (0..self.len).map(move |i| start + i * step)
    }
}

/// Calls `f` with the runs of a space, in order. Axes along which all arrays go on where they were are one run.
pub(super) fn for_runs<const N: usize>(
    program: &Program,
    space: AxisSet,
    strides: [&Strides; N],
    mut f: impl FnMut(Run<N>),
) {
    // Size and strides, outermost first.
    let mut loops: Vec<(usize, [usize; N])> = vec![];
    for axis in space.iter() {
        let size = program.axes[axis.0 as usize].size;
        let step = strides.map(|s| s[axis.0 as usize]);
        match loops.last_mut() {
            Some((outer, before)) if (0..N).all(|k| before[k] == step[k] * size) => {
                *outer *= size;
                *before = step;
            }
            _ => loops.push((size, step)),
        }
    }
    let (len, step) = loops.pop().unwrap_or((1, [0; N]));
    if len == 0 || loops.iter().any(|l| l.0 == 0) {
        return;
    }
    let mut position = vec![0; loops.len()];
    let mut start = [0; N];
    loop {
        f(Run { len, start, step });
        let mut axis = loops.len();
        loop {
            let Some(outer) = axis.checked_sub(1) else {
                return;
            };
            axis = outer;
            let (size, step) = loops[axis];
            position[axis] += 1;
            (0..N).for_each(|k| start[k] += step[k]);
            if position[axis] < size {
                break;
            }
            position[axis] = 0;
            (0..N).for_each(|k| start[k] -= step[k] * size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::for_runs;
    use crate::interpret::offsets;
    use crate::{Axis, AxisId, AxisSet, Program};

    #[test]
    fn runs_visit_what_an_odometer_visits() {
        for sizes in [[3, 4, 5], [1, 4, 1], [2, 0, 3]] {
            let program = Program {
                axes: sizes
                    .map(|size| Axis {
                        name: "a".into(),
                        size,
                    })
                    .to_vec(),
                ..Program::default()
            };
            for (space, own) in [(7u8, 7u8), (7, 5), (7, 2), (6, 4), (5, 1), (1, 0), (0, 0)] {
                let set = |bits: u8| {
                    let axes: Vec<AxisId> =
                        (0..3).filter(|a| bits >> a & 1 == 1).map(AxisId).collect();
                    AxisSet::of(&axes)
                };
                let (space, strides) = (
                    set(space),
                    [program.strides(set(own)), program.strides(set(space))],
                );
                let mut got: [Vec<usize>; 2] = [vec![], vec![]];
                for_runs(&program, space, [&strides[0], &strides[1]], |run| {
                    got[0].extend(run.places(0));
                    got[1].extend(run.places(1));
                });
                for (got, strides) in got.iter().zip(&strides) {
                    assert_eq!(*got, offsets(&program, space, strides).collect::<Vec<_>>());
                }
            }
        }
    }
}
