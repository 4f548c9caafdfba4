//! Merge: equal nodes become one, and everything is brought to normal form, by writing the program anew.

use super::rebuild::{copy, rebuild};
use crate::program::Program;

/// The same program, written anew through a builder.
pub fn merge(program: &Program) -> Program {
    rebuild(program, |b, id, of| copy(b, program, id, of))
}

#[cfg(test)]
mod tests {
    use super::merge;
    use crate::{AxisSet, Builder, NodeId, Op, Prim};

    #[test]
    fn equal_nodes_become_one() {
        let b = Builder::new(vec![]);
        let p = b.param(AxisSet::EMPTY).0.node(&b);
        let mut program = b.finish(vec![NodeId(1), NodeId(2)]);
        for _ in 0..2 {
            let node = crate::Node {
                op: Op::Map(Prim::Exp, vec![p]),
                axes: AxisSet::EMPTY,
            };
            program.nodes.push(node);
        }
        assert_eq!(
            merge(&program).to_string(),
            "%0 = param @0 : []\n%1 = exp %0 : []\noutputs %1 %1\n"
        );
    }
}
