//! A recorder that evaluates what is written, to compare programs with values.

use ppl_dist::{Expr, NodeId, Prim, Recorder};
use std::cell::RefCell;

/// Nodes as `(primitive, arguments)`, literals as values.
#[derive(Default)]
pub struct Tape(RefCell<Vec<Node>>);

enum Node {
    Literal(f64),
    Apply(Prim, Vec<NodeId>),
}

impl Tape {
    fn push(&self, node: Node) -> NodeId {
        let mut nodes = self.0.borrow_mut();
        nodes.push(node);
        NodeId(nodes.len() as u32 - 1)
    }

    /// Numbers as nodes, not as literals.
    pub fn inputs(&self, values: &[f64]) -> Vec<Expr<'_>> {
        values
            .iter()
            .map(|&v| Expr::Node(self.constant(v), self))
            .collect()
    }

    /// The value of an expression.
    pub fn value(&self, e: Expr) -> f64 {
        let wanted = match e {
            Expr::Const(v) => return v,
            Expr::Node(id, _) => id.0 as usize,
        };
        let nodes = self.0.borrow();
        let mut values: Vec<f64> = Vec::new();
        for node in &nodes[..=wanted] {
            values.push(match node {
                Node::Literal(v) => *v,
                Node::Apply(prim, arguments) => {
                    assert_eq!(arguments.len(), prim.arity());
                    let a: Vec<f64> = arguments.iter().map(|i| values[i.0 as usize]).collect();
                    prim.eval(&a)
                }
            });
        }
        values[wanted]
    }
}

impl Recorder for Tape {
    fn constant(&self, value: f64) -> NodeId {
        self.push(Node::Literal(value))
    }
    fn apply(&self, prim: Prim, args: &[NodeId]) -> NodeId {
        self.push(Node::Apply(prim, args.to_vec()))
    }
}

/// Equal up to rounding; equal infinities are equal.
pub fn close(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || (a - b).abs() <= tolerance * a.abs().max(1.0)
}
