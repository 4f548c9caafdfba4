//! Where values are computed: in a register, or where a scatter, a stack or another kernel wants them.

use super::Lowering;
use crate::levels::Task;
use crate::place::View;
use ppl_core::Op;

impl Lowering<'_> {
    /// What only this kernel reads, and a scatter or a stack of it places, can be written there at once.
    pub(super) fn find_homes(&mut self) {
        for task in &self.group.tasks {
            let (a, user, view) = match *task {
                Task::Node(i) => match (self.graph.op(i), &self.graph.slices[i]) {
                    (Op::Scatter(a, _), Some(slice)) => {
                        (*a, (i, 0), slice.view(self.places.own(i)))
                    }
                    _ => continue,
                },
                Task::Part(i, part) => match self.graph.op(i) {
                    Op::Stack(parts, axis) => {
                        (parts[part], (i, part), self.places.own(i).at(*axis, part))
                    }
                    _ => continue,
                },
                Task::CopyOut(_) => continue,
            };
            let a = self.graph.resolve(a);
            let contiguous = self.inner.is_none_or(|inner| view.stride(inner) == 1);
            if self.is_here(a) && !self.levels.in_memory[a] && contiguous {
                self.homes.entry(a).or_insert((user, view));
            }
        }
    }

    /// Where in memory a node is computed, if it is.
    pub(super) fn written_at(&mut self, i: usize) -> Option<View> {
        let home = self.homes.get(&i).map(|(user, view)| {
            self.home.insert(*user);
            view
        });
        self.places.view(i).or(home).cloned()
    }
}
