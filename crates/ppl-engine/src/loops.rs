//! The loops of a kernel: the lanes of its innermost axis, and the axes around them. Neighbouring axes that all arrays go through in one
//! stride are one loop. Short axes, such as the values of discrete sites or the sides of a small matrix, would otherwise make blocks of
//! two or three lanes, and a loop for each of many sites.

use crate::graph::Graph;
use crate::lower::{Lowered, Source, Step, Target};
use crate::place::Places;
use ppl_core::{AxisId, AxisSet};

/// Lanes from which on longer blocks gain nothing.
const ENOUGH: usize = 256;

/// Neighbouring axes that are gone through as one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loop {
    /// The innermost of them: its strides are the loop's.
    pub(crate) axis: AxisId,
    /// Positions of all of them.
    pub(crate) size: usize,
}

/// The loops of a kernel.
pub(crate) struct Loops {
    /// What runs as lanes; none in a kernel over no axis.
    pub(crate) lanes: Option<Loop>,
    /// The others, outermost first.
    pub(crate) outer: Vec<Loop>,
}

impl Loops {
    /// Those of a kernel over a space.
    pub(crate) fn of(graph: &Graph, places: &Places, space: AxisSet, lowered: &Lowered) -> Loops {
        let alone = |axis| Loop {
            axis,
            size: graph.size(axis),
        };
        let each: Vec<Loop> = space.iter().map(alone).collect();
        let Some((&innermost, outer)) = each.split_last() else {
            return Loops {
                lanes: None,
                outer: vec![],
            };
        };
        let steps = &lowered.steps;
        if outer.is_empty() || steps.iter().any(|step| step.product.is_some()) {
            // Products with matrices count rows and positions by themselves.
            return Loops {
                lanes: Some(innermost),
                outer: outer.to_vec(),
            };
        }
        let arrays: Vec<[usize; 64]> = steps
            .iter()
            .flat_map(|step| strides(graph, places, step))
            .collect();
        let goes_on = |next: AxisId, within: Loop| {
            let on =
                |of: &[usize; 64]| of[next.0 as usize] == of[within.axis.0 as usize] * within.size;
            arrays.iter().all(on)
        };
        // Indices and positions count lanes along one axis.
        let indexed =
            (steps.iter()).any(|step| step.index.is_some() || step.code.position().is_some());
        let mut lanes = innermost;
        let mut rest = outer.iter().rev().peekable();
        while let Some(next) = rest.peek()
            && !indexed
            && lanes.size < ENOUGH
            && goes_on(next.axis, lanes)
        {
            lanes.size *= next.size;
            rest.next();
        }
        let mut outer: Vec<Loop> = vec![];
        for next in rest {
            match outer.last_mut() {
                Some(within) if goes_on(next.axis, *within) => within.size *= next.size,
                _ => outer.push(*next),
            }
        }
        outer.reverse();
        Loops {
            lanes: Some(lanes),
            outer,
        }
    }
}

/// The strides of all that a step goes through: arrays, and the index. What an indexed step reads counts twice, with its stride along the
/// axis that is looked up and without: whether that axis is gone through or looked up is known to the instruction alone, and axes
/// that are one loop by either reading are one. A loop too many costs little, one too few would read elsewhere.
fn strides(graph: &Graph, places: &Places, step: &Step) -> Vec<[usize; 64]> {
    let index = step.index.map(|i| &graph.program.indices[i.0 as usize]);
    let mut out = vec![];
    match &step.target {
        Target::Memory(view) => out.push(*view.strides),
        Target::Sink(i) => {
            let mut strides = *places.own(*i).strides;
            if let Some(index) = index {
                strides[index.target.0 as usize] = 0;
            }
            out.push(strides);
        }
        Target::Register(_) => {}
    }
    for source in &step.args {
        if let Source::Memory(view) = source {
            out.push(*view.strides);
            if let Some(index) = index {
                let mut strides = *view.strides;
                strides[index.target.0 as usize] = 0;
                out.push(strides);
            }
        }
    }
    out.extend(index.map(|index| graph.program.strides(index.axes)));
    out
}
