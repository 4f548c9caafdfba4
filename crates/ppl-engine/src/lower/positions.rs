//! Instructions that know where along the lanes they are.

use super::{Lowering, Source, Target};
use crate::ops::Code;
use ppl_core::Op;
use ppl_dist::Prim;

impl Lowering<'_> {
    /// A sum with a product whose one factor is a column that is 1 at one position and 0 elsewhere, as the gradient with
    /// respect to the first element of a chain is: the position, the other factor and the other term.
    pub(super) fn single(&self, i: usize) -> Option<(u32, usize, usize)> {
        let Op::Map(Prim::Add, args) = self.graph.op(i) else {
            return None;
        };
        let inner = self.inner?;
        let [x, y] = [0, 1].map(|k| self.graph.resolve(args[k]));
        [(x, y), (y, x)].into_iter().find_map(|(product, rest)| {
            let (a, b) = self.fusible(product)?;
            let (at, value) = match (self.graph.single[a], self.graph.single[b]) {
                (Some(at), None) => (at, b),
                (None, Some(at)) => (at, a),
                _ => return None,
            };
            let once = !self.graph.axes[value].contains(inner)
                && self.graph.axes[product].contains(inner)
                && self.only_here(rest)
                && self.graph.products[rest].is_none();
            once.then_some((at, value, rest))
        })
    }

    /// Such a sum: the term is computed where the sum belongs, and the product is added to one lane of it.
    pub(super) fn add_at(&mut self, i: usize, code: Code, args: Vec<Source>) {
        let [value, rest] = &args[..] else {
            return;
        };
        let mut source = rest.clone();
        if let (Some(view), Source::Register(register)) = (self.written_at(i), rest) {
            for step in &mut self.out.steps {
                if matches!(step.target, Target::Register(r) if r == *register) {
                    step.target = Target::Memory(view.clone());
                }
            }
            source = Source::Memory(view);
        }
        let target = match &source {
            Source::Register(register) => Target::Register(*register),
            Source::Memory(view) => Target::Memory(view.clone()),
        };
        self.push(code, target, vec![value.clone()], None);
        self.done.insert(i, source);
    }
}
