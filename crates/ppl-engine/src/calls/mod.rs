//! Routines that run between kernels.

mod block;
mod scan;

use crate::EngineError;
use crate::graph::Graph;
use crate::levels::CallGroup;
use crate::ops::InstructionSet;
use crate::place::{Places, View};
use block::BlockRun;
use ppl_core::{AxisSet, Op, Program, Routine};
use scan::ScanRun;

/// A routine that is ready to run.
pub(crate) enum Run {
    Scan(Box<ScanRun>),
    Block(BlockRun),
}

impl Run {
    pub(crate) fn compile(
        graph: &Graph,
        places: &Places,
        group: &CallGroup,
        set: InstructionSet,
    ) -> Result<Run, EngineError> {
        let args: Vec<View> = graph
            .args(group.parts[0])
            .iter()
            .map(|&a| places.own(a).clone())
            .collect();
        let mut parts = vec![];
        let mut routine = None;
        for &i in &group.parts {
            if let Op::Call(call, part, _) = graph.op(i) {
                parts.push(Part {
                    number: *part as usize,
                    axes: graph.axes[i],
                    view: places.own(i).clone(),
                });
                routine = Some(&graph.program.calls[call.0 as usize]);
            }
        }
        Ok(match routine {
            Some(Routine::Scan(scan)) => {
                Run::Scan(Box::new(ScanRun::compile(scan, args, &parts, set)?))
            }
            Some(Routine::Block(call)) => {
                Run::Block(BlockRun::compile(graph, call, args, parts, set))
            }
            None => unreachable!("the parts of a call group are calls"),
        })
    }

    /// # Safety
    /// All addresses must be alive and nobody else may use what the routine writes.
    pub(crate) unsafe fn run(&mut self) {
        // SAFETY: the caller's guarantee.
        unsafe {
            match self {
                Run::Scan(scan) => scan.run(),
                Run::Block(block) => block.run(),
            }
        }
    }

    pub(crate) fn description(&self) -> String {
        match self {
            Run::Scan(scan) => scan.description(),
            Run::Block(block) => block.description(),
        }
    }
}

/// A result that somebody reads.
pub(crate) struct Part {
    /// Which.
    pub(crate) number: usize,
    /// Its axes, without those of size 1.
    pub(crate) axes: AxisSet,
    /// Where it lies.
    pub(crate) view: View,
}

/// For every element of `axes`, row-major: where it lies in a view.
fn elements(program: &Program, axes: AxisSet, view: &View) -> Vec<usize> {
    axes.iter().fold(vec![0], |out, axis| {
        let size = program.axes[axis.0 as usize].size;
        let of = |&base: &usize| (0..size).map(move |k| base + k * view.stride(axis));
        out.iter().flat_map(of).collect()
    })
}
