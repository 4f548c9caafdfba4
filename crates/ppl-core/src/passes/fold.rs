//! Fold: what depends on data and literals alone is evaluated once, here.

use super::rebuild::{copy, live, rebuild};
use crate::interpret::evaluate;
use crate::numbers::Numbers;
use crate::program::{Op, Program};
use ppl_dist::{Expr, NodeId};
use std::collections::HashMap;

/// Longest array that is written whatever the size of the data.
const ALWAYS: usize = 1 << 20;

/// Every largest data-only node becomes a column, or a literal if it is a scalar. An array longer than all the data
/// together (an outer product of columns) is left to be computed.
pub fn fold(program: &Program) -> Program {
    let targets = maximal(program);
    if targets.is_empty() {
        return program.clone();
    }
    let values = evaluate(program, &[], &[], &targets);
    let folded: HashMap<NodeId, Numbers> = targets
        .into_iter()
        .zip(values.into_iter().map(Numbers::from))
        .collect();
    rebuild(program, |b, id, of| match folded.get(&id) {
        Some(values) if program.node(id).axes.is_empty() => Expr::Const(values[0]),
        Some(values) => b.data(values.clone(), program.node(id).axes),
        None => copy(b, program, id, of),
    })
}

/// Data-only nodes that are no leaves and that an output or a node that is not folded uses.
fn maximal(program: &Program) -> Vec<NodeId> {
    let limit = program
        .data
        .iter()
        .map(|d| d.len())
        .sum::<usize>()
        .max(ALWAYS);
    let live = live(program);
    let mut fixed = vec![false; program.nodes.len()];
    let mut foldable = vec![false; program.nodes.len()];
    for (i, node) in program.nodes.iter().enumerate() {
        let leaf = matches!(node.op, Op::Param { .. } | Op::Noise { .. });
        fixed[i] = !leaf && node.op.args().iter().all(|a| fixed[a.0 as usize]);
        // A scalar column counts as a node to fold: it becomes a literal.
        let folds_to_itself = matches!(node.op, Op::Const(_))
            || (matches!(node.op, Op::Data(_)) && !node.axes.is_empty());
        foldable[i] = live[i] && fixed[i] && !folds_to_itself && program.len(node.axes) <= limit;
    }
    let mut used = vec![false; program.nodes.len()];
    for id in &program.outputs {
        used[id.0 as usize] = true;
    }
    for (i, node) in program.nodes.iter().enumerate() {
        if live[i] && !foldable[i] {
            for a in node.op.args() {
                used[a.0 as usize] = true;
            }
        }
    }
    (0..program.nodes.len())
        .filter(|i| foldable[*i] && used[*i])
        .map(|i| NodeId(i as u32))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::fold;
    use crate::passes::dead::dead;
    use crate::{Axis, AxisId, AxisSet, Builder, Real};

    #[test]
    fn data_alone_becomes_a_column_or_a_literal() {
        let axis = |name: &str, size| Axis {
            name: name.into(),
            size,
        };
        let b = Builder::new(vec![axis("draw", 1), axis("row", 2)]);
        let row = AxisSet::of(&[AxisId(1)]);
        let y = b.data([1.0, 4.0].into(), row);
        let p = b.param(AxisSet::EMPTY).0;
        let column = (y.sqrt() * p).node(&b);
        let scalar = (b.sum(y, row) + p).node(&b);
        let program = dead(&fold(&b.finish(vec![column, scalar])));
        let expected = "%0 = param @0 : []\n%1 = data 1 : [row]\n%2 = mul %0 %1 : [row]\n%3 = 5.0 : []\n\
                        %4 = add %3 %0 : []\noutputs %2 %4\n";
        assert_eq!(program.to_string(), expected);
        assert_eq!(program.data[1][..], [1.0, 2.0]);
    }
}
