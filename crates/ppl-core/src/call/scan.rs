//! Recurrences along an axis: `state[t] = f(state[t-1], inputs[t])`.

use crate::axes::{AxisId, AxisSet};
use crate::program::Program;
use std::sync::Arc;

/// A leaf of a scan's body: a slice of its noise vector, laid out over axes (never the scanned one).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// First element.
    pub offset: usize,
    /// Its axes.
    pub axes: AxisSet,
}

/// A recurrence. Its arguments are the initial value of every state, then the inputs (those that have the scanned axis
/// are read element by element, the others are the same at every step; axes that an argument lacks broadcast).
///
/// Its parts are the body's outputs at every element of the axis: first the states after each step, then whatever else
/// the body gives out; after those the states *before* each step; and last the states after the last step, without the axis.
#[derive(Debug)]
pub struct Scan {
    /// The axis that is gone along.
    pub axis: AxisId,
    /// Whether from its last element to its first.
    pub reverse: bool,
    /// One step. Its leaves are noise nodes: the states before the step and the inputs. It has the axes of the program
    /// that calls it (by number); none of its nodes has the scanned axis.
    pub body: Program,
    /// Where the body reads the states; the first outputs of the body are their next values, over the same axes.
    pub states: Vec<Leaf>,
    /// Where the body reads the inputs.
    pub inputs: Vec<Leaf>,
    /// A recurrence the other way whose states before each step the first inputs are, computed again rather than read: their
    /// arguments are its initial states, and those that follow its inputs. So a reverse sweep gets by without an array of all
    /// states: it keeps those at the border of each segment, and of one segment all.
    pub again: Option<Arc<Scan>>,
}

impl Scan {
    /// Name, for printing.
    pub fn name(&self) -> String {
        let axis = &self.body.axes[self.axis.0 as usize].name;
        let back = if self.reverse { "back " } else { "" };
        let again = match &self.again {
            Some(other) => format!(", {} computed again", other.states.len()),
            None => String::new(),
        };
        format!(
            "scan {back}along {axis} ({} states{again}, {} nodes)",
            self.states.len(),
            self.body.nodes.len()
        )
    }

    /// Numbers that all states before each step are.
    pub(crate) fn tape(&self) -> usize {
        let states = self.states.iter().map(|leaf| self.body.len(leaf.axes));
        states.sum::<usize>() * self.body.axes[self.axis.0 as usize].size
    }

    pub(crate) fn n_parts(&self) -> usize {
        self.body.outputs.len() + 2 * self.states.len()
    }

    /// The part that holds a state's value before each step.
    pub fn before(&self, state: usize) -> usize {
        self.body.outputs.len() + state
    }

    /// The part that is a state after the last step.
    pub fn last(&self, state: usize) -> usize {
        self.before(self.states.len()) + state
    }

    pub(crate) fn part_axes(&self, part: usize) -> AxisSet {
        if part >= self.last(0) {
            return self.states[part - self.last(0)].axes;
        }
        let own = match self.body.outputs.get(part) {
            Some(id) => self.body.node(*id).axes,
            None => self.states[part - self.before(0)].axes,
        };
        own.with(self.axis)
    }

    /// The scanned positions in order.
    pub fn order(&self) -> impl Iterator<Item = usize> {
        let n = self.body.axes[self.axis.0 as usize].size;
        let reverse = self.reverse;
        (0..n).map(move |i| if reverse { n - 1 - i } else { i })
    }
}
