//! A copyable handle into a program under construction: arithmetic on it writes the program's nodes.

use crate::prim::Prim;

/// A node of the program under construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// Whatever can write nodes; `ppl-core`'s builder is the one that does.
pub trait Recorder {
    /// A literal.
    fn constant(&self, value: f64) -> NodeId;
    /// An elementwise primitive; axes of the arguments line up by name.
    fn apply(&self, prim: Prim, args: &[NodeId]) -> NodeId;
}

/// A literal (folded at once) or a node.
#[derive(Clone, Copy)]
pub enum Expr<'b> {
    /// A literal.
    Const(f64),
    /// A node of a program.
    Node(NodeId, &'b dyn Recorder),
}

impl<'b> Expr<'b> {
    /// The node, writing a literal where there is none yet.
    pub fn node(self, recorder: &dyn Recorder) -> NodeId {
        match self {
            Expr::Const(v) => recorder.constant(v),
            Expr::Node(id, _) => id,
        }
    }

    /// Applies a primitive; literals alone are evaluated at once, a choice on a literal is
    /// made at once, and a literal 0 is not added nor a literal 1 multiplied.
    pub fn apply(prim: Prim, args: &[Expr<'b>]) -> Expr<'b> {
        if let (Prim::Select, Expr::Const(condition)) = (prim, args[0]) {
            return if condition != 0.0 { args[1] } else { args[2] };
        }
        match (prim, args) {
            (Prim::Add, [Expr::Const(0.0), other] | [other, Expr::Const(0.0)]) => return *other,
            (Prim::Mul, [Expr::Const(1.0), other] | [other, Expr::Const(1.0)]) => return *other,
            _ => {}
        }
        let recorder = args.iter().find_map(|a| match a {
            Expr::Node(_, r) => Some(*r),
            Expr::Const(_) => None,
        });
        match recorder {
            None => {
                let values: Vec<f64> = args
                    .iter()
                    .map(|a| match a {
                        Expr::Const(v) => *v,
                        Expr::Node(..) => unreachable!("no recorder means no node"),
                    })
                    .collect();
                Expr::Const(prim.eval(&values))
            }
            Some(r) => {
                let nodes: Vec<NodeId> = args.iter().map(|a| a.node(r)).collect();
                Expr::Node(r.apply(prim, &nodes), r)
            }
        }
    }
}

impl From<f64> for Expr<'_> {
    fn from(v: f64) -> Self {
        Expr::Const(v)
    }
}
