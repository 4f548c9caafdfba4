//! Which nodes stand already: a table of their numbers, by a hash of what they are. The nodes themselves stay where they are.

use crate::program::Node;
use ppl_dist::NodeId;
use std::hash::{Hash, Hasher};

/// A slot without a node.
const FREE: u32 = u32::MAX;

/// Numbers of nodes in slots, at most half of them taken.
#[derive(Default)]
pub(super) struct Seen {
    slots: Vec<u32>,
    taken: usize,
}

impl Seen {
    /// Of all these nodes.
    pub(super) fn of(nodes: &[Node]) -> Seen {
        let mut seen = Seen::default();
        seen.grow(nodes, nodes.len());
        for n in 0..nodes.len() {
            seen.insert(&nodes[..=n]);
        }
        seen
    }

    /// The number of an equal node.
    pub(super) fn find(&self, nodes: &[Node], node: &Node) -> Option<NodeId> {
        let found = *self.slots.get(self.slot(nodes, node)?)?;
        (found != FREE).then_some(NodeId(found))
    }

    /// Adds the last of the nodes; of equal ones the first stays.
    pub(super) fn insert(&mut self, nodes: &[Node]) {
        if 2 * (self.taken + 1) > self.slots.len() {
            self.grow(nodes, self.taken + 1);
        }
        let last = nodes.len() - 1;
        if let Some(slot) = self.slot(nodes, &nodes[last])
            && self.slots[slot] == FREE
        {
            self.slots[slot] = last as u32;
            self.taken += 1;
        }
    }

    /// The slot of an equal node, else the free one where it belongs; none without slots.
    fn slot(&self, nodes: &[Node], node: &Node) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut hash = Quick(0);
        node.hash(&mut hash);
        let mut slot = hash.finish() as usize & mask;
        loop {
            let found = self.slots[slot];
            if found == FREE || nodes[found as usize] == *node {
                return Some(slot);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Room for twice as many.
    fn grow(&mut self, nodes: &[Node], n: usize) {
        let size = (4 * n).next_power_of_two().max(64);
        let old = std::mem::replace(&mut self.slots, vec![FREE; size]);
        for found in old.into_iter().filter(|found| *found != FREE) {
            if let Some(slot) = self.slot(nodes, &nodes[found as usize]) {
                self.slots[slot] = found;
            }
        }
    }
}

/// A hash of a few small numbers.
struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u64((*b).into()));
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(word.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_u64(&mut self, word: u64) {
        // An odd number with about as many ones as zeros: 2^64 divided by the golden ratio.
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        let product = u128::from(self.0.rotate_left(5) ^ word) * u128::from(FACTOR);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use crate::{AxisSet, Node, NodeId, Op, Prim};

    #[test]
    fn every_node_is_found_and_no_other() {
        let node = |i: u32| Node {
            op: match i % 3 {
                0 => Op::Const(u64::from(i) << 52),
                1 => Op::Map(Prim::Add, vec![NodeId(i / 7), NodeId(i)]),
                _ => Op::Sum(NodeId(i)),
            },
            axes: AxisSet::EMPTY,
        };
        let nodes: Vec<Node> = (0..2_000).map(node).collect();
        let mut seen = Seen::default();
        for n in 0..1_000 {
            assert_eq!(seen.find(&nodes[..n], &nodes[n]), None);
            seen.insert(&nodes[..=n]);
        }
        for (i, node) in nodes.iter().enumerate() {
            let expected = (i < 1_000).then_some(NodeId(i as u32));
            assert_eq!(seen.find(&nodes[..1_000], node), expected);
            if i % 100 == 0 {
                assert_eq!(
                    Seen::of(&nodes[..1_000]).find(&nodes[..1_000], node),
                    expected
                );
            }
        }
    }
}
