//! Slices: look-ups at evenly spaced positions are no work. `h[t-1]`, the rows of one case, one level of an axis: their values
//! are another array's memory seen through a first element and strides, and what is scattered so is written in place.

use crate::place::View;
use ppl_core::{AxisId, AxisSet, Index, Op, Program};

/// Positions along the target: `first` plus a step for each axis of the index.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    target: AxisId,
    first: usize,
    steps: Vec<(AxisId, usize)>,
}

impl Slice {
    /// The slice that an index names, if its positions are evenly spaced along each of its axes and never go back.
    fn of(program: &Program, index: &Index) -> Option<Slice> {
        let first = *index.values.first()?;
        let strides = program.strides(index.axes);
        let mut steps = vec![];
        let mut sizes = vec![];
        for axis in index.axes.iter() {
            let size = program.axes[axis.0 as usize].size;
            let next = index.values.get(strides[axis.0 as usize]);
            let step = match next {
                Some(next) if size > 1 => next.checked_sub(first)?,
                _ => 0,
            };
            steps.push((axis, step));
            sizes.push(size);
        }
        let mut at = vec![0u64; sizes.len()];
        for &value in index.values.iter() {
            let offset = at
                .iter()
                .zip(&steps)
                .map(|(k, (_, step))| k * u64::from(*step));
            if u64::from(value) != u64::from(first) + offset.sum::<u64>() {
                return None;
            }
            for (k, size) in at.iter_mut().zip(&sizes).rev() {
                *k += 1;
                if (*k as usize) < *size {
                    break;
                }
                *k = 0;
            }
        }
        let steps = steps.iter().map(|(axis, step)| (*axis, *step as usize));
        Some(Slice {
            target: index.target,
            first: first as usize,
            steps: steps.collect(),
        })
    }

    /// What node `i` reads or writes, if it is a look-up or a scatter without sums. `axes` are those of the nodes, without
    /// axes of size 1.
    pub(crate) fn find(
        program: &Program,
        axes: &[AxisSet],
        root: &[usize],
        i: usize,
    ) -> Option<Slice> {
        match &program.nodes[i].op {
            Op::Gather(_, index) => Slice::of(program, &program.indices[index.0 as usize]),
            Op::Scatter(src, index) => {
                let index = &program.indices[index.0 as usize];
                let kept = axes[i].without(index.target);
                let summed = axes[root[src.0 as usize]].minus(kept.union(index.axes));
                let slice = Slice::of(program, index).filter(|_| summed.is_empty())?;
                slice.never_twice(program, kept).then_some(slice)
            }
            _ => None,
        }
    }

    /// Whether no position comes twice at one place of the axes that are kept.
    fn never_twice(&self, program: &Program, kept: AxisSet) -> bool {
        let moving =
            |axis: &AxisId| program.axes[axis.0 as usize].size > 1 && !kept.contains(*axis);
        let mut steps: Vec<(usize, usize)> = self
            .steps
            .iter()
            .filter(|(axis, _)| moving(axis))
            .map(|(axis, step)| (*step, program.axes[axis.0 as usize].size))
            .collect();
        steps.sort_unstable();
        let mut reach = 1;
        steps.iter().all(|(step, size)| {
            let clear = *step >= reach;
            reach = step * size;
            clear
        })
    }

    /// The target, the first position and the axis that the positions go on by one along, where that is all.
    pub(crate) fn shift(&self) -> Option<(AxisId, usize, AxisId)> {
        let mut moving = self.steps.iter().filter(|(_, step)| *step > 0);
        match (moving.next(), moving.next()) {
            (Some((along, 1)), None) => Some((self.target, self.first, *along)),
            _ => None,
        }
    }

    /// The part of an array that the slice names, along the axes of its index.
    pub(crate) fn view(&self, whole: &View) -> View {
        let along = whole.stride(self.target);
        let mut view = whole.at(self.target, self.first);
        for (axis, step) in &self.steps {
            view.strides[axis.0 as usize] += step * along;
        }
        view
    }
}

#[cfg(test)]
mod tests {
    use super::Slice;
    use ppl_core::{Axis, AxisId, AxisSet, Index, Program};

    #[test]
    fn evenly_spaced_positions() {
        let axis = |size| Axis {
            name: String::new(),
            size,
        };
        let program = Program {
            axes: [1, 2, 3, 100].map(axis).to_vec(),
            ..Program::default()
        };
        let steps = |axes: &[u8], values: &[u32]| {
            let axes: Vec<AxisId> = axes.iter().map(|a| AxisId(*a)).collect();
            let index = Index {
                target: AxisId(3),
                axes: AxisSet::of(&axes),
                values: values.into(),
            };
            let slice = Slice::of(&program, &index)?;
            let steps: Vec<usize> = slice.steps.iter().map(|(_, step)| *step).collect();
            Some((
                slice.first,
                steps,
                slice.never_twice(&program, AxisSet::EMPTY),
            ))
        };
        assert_eq!(steps(&[], &[7]), Some((7, vec![], true)));
        assert_eq!(steps(&[2], &[4, 5, 6]), Some((4, vec![1], true)));
        assert_eq!(steps(&[2], &[4, 4, 4]), Some((4, vec![0], false)));
        assert_eq!(steps(&[2], &[4, 6, 9]), None);
        assert_eq!(steps(&[2], &[6, 5, 4]), None);
        let pairs = |values| steps(&[1, 2], values);
        assert_eq!(pairs(&[0, 2, 4, 1, 3, 5]), Some((0, vec![1, 2], true)));
        assert_eq!(pairs(&[0, 1, 2, 2, 3, 4]), Some((0, vec![2, 1], false)));
        assert_eq!(pairs(&[0, 1, 2, 9, 10, 12]), None);
    }
}
