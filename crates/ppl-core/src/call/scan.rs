//! Recurrences along an axis: `state[t] = f(state[t-1], inputs[t])`.

use crate::axes::{AxisId, AxisSet};
use crate::program::Program;

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
/// the body gives out; and after those the states *before* each step.
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
}

impl Scan {
    /// Name, for printing.
    pub fn name(&self) -> String {
        let axis = &self.body.axes[self.axis.0 as usize].name;
        let back = if self.reverse { "back " } else { "" };
        format!(
            "scan {back}along {axis} ({} states, {} nodes)",
            self.states.len(),
            self.body.nodes.len()
        )
    }

    pub(crate) fn n_parts(&self) -> usize {
        self.body.outputs.len() + self.states.len()
    }

    /// The part that holds a state's value before each step.
    pub fn before(&self, state: usize) -> usize {
        self.body.outputs.len() + state
    }

    pub(crate) fn part_axes(&self, part: usize) -> AxisSet {
        let own = match self.body.outputs.get(part) {
            Some(id) => self.body.node(*id).axes,
            None => self.states[part - self.body.outputs.len()].axes,
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
