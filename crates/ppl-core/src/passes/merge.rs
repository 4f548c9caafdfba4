//! Merge: equal nodes become one, and everything is brought to normal form, by writing the program anew. The literals of a sum
//! become one: each site's density brings its own.

use super::rebuild::{copy, live, rebuild};
use crate::program::{Op, Program};
use ppl_dist::{Expr, NodeId, Prim};

/// The same program, written anew through a builder.
pub fn merge(program: &Program) -> Program {
    let uses = uses(program);
    let sums = sums(program, &uses);
    rebuild(program, |b, id, of| match &sums[id.0 as usize] {
        Some(sum) => {
            let literal = Expr::Const(sum.literal);
            let mut terms = sum.terms.iter().map(|term| of(*term));
            let first = terms.next().map_or(literal, |first| first + literal);
            terms.fold(first, |sum, term| sum + term)
        }
        None => copy(b, program, id, of),
    })
}

/// A sum of several literals and other terms.
struct Sum {
    literal: f64,
    terms: Vec<NodeId>,
}

/// How often each node is an argument of a node that is needed, or an output.
fn uses(program: &Program) -> Vec<usize> {
    let mut uses = vec![0; program.nodes.len()];
    let needed = live(program);
    for (node, _) in program.nodes.iter().zip(needed).filter(|(_, live)| *live) {
        for a in node.op.args() {
            uses[a.0 as usize] += 1;
        }
    }
    for id in &program.outputs {
        uses[id.0 as usize] += 1;
    }
    uses
}

fn terms(program: &Program, id: NodeId) -> Option<[NodeId; 2]> {
    match &program.node(id).op {
        Op::Map(Prim::Add, args) => <[NodeId; 2]>::try_from(&args[..]).ok(),
        _ => None,
    }
}

/// The sums that have more than one literal, each at the node that nothing adds to.
fn sums(program: &Program, uses: &[usize]) -> Vec<Option<Sum>> {
    let n = program.nodes.len();
    let within = |id: NodeId, outer: NodeId| {
        uses[id.0 as usize] == 1
            && terms(program, id).is_some()
            && program.node(id).axes == program.node(outer).axes
    };
    let mut part = vec![false; n];
    let mut sums: Vec<Option<Sum>> = (0..n).map(|_| None).collect();
    for i in (0..n).rev() {
        let id = NodeId(i as u32);
        let Some(both) = terms(program, id).filter(|_| uses[i] > 0) else {
            continue;
        };
        for a in both.into_iter().filter(|a| within(*a, id)) {
            part[a.0 as usize] = true;
        }
        if part[i] {
            continue;
        }
        let (mut literals, mut others) = (vec![], vec![]);
        let mut open = vec![both[1], both[0]];
        while let Some(id) = open.pop() {
            match (&program.node(id).op, terms(program, id)) {
                (Op::Const(bits), _) => literals.push(f64::from_bits(*bits)),
                (_, Some([x, y])) if part[id.0 as usize] || within(id, NodeId(i as u32)) => {
                    open.extend([y, x]);
                }
                _ => others.push(id),
            }
        }
        if literals.len() > 1 {
            sums[i] = Some(Sum {
                literal: literals.iter().sum(),
                terms: others,
            });
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::merge;
    use crate::{AxisSet, Builder, NodeId, Op, Prim, Real};

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

    #[test]
    fn literals_of_a_sum_become_one() {
        let b = Builder::new(vec![]);
        let [x, y, z] = [0, 1, 2].map(|_| b.param(AxisSet::EMPTY).0);
        let c = crate::Expr::Const;
        let sum = (x * y + c(1.5)) + ((y + c(2.0)) + z.exp());
        // What something else reads stays as it is.
        let read = z + c(0.25);
        let outputs = [sum, (read + c(4.0)) + read * y].map(|e| e.node(&b));
        let program = crate::passes::dead::dead(&b.finish(outputs.to_vec()));
        let merged = crate::passes::dead::dead(&merge(&program));
        let literals = |p: &crate::Program| {
            let literal = |n: &&crate::Node| matches!(n.op, Op::Const(_));
            p.nodes.iter().filter(literal).count()
        };
        assert_eq!((literals(&program), literals(&merged)), (4, 3), "{merged}");
        let at = [0.3, -1.2, 0.7];
        let value = |p| crate::interpret::evaluate(p, &at, &[], &p.outputs);
        for (got, expected) in value(&merged).iter().zip(value(&program)) {
            assert!((got[0] - expected[0]).abs() < 1e-14, "{got:?} {expected:?}");
        }
    }
}
