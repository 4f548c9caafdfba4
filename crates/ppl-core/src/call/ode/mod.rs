//! Ordinary differential equations: `dy/dt = f(t, y, inputs)` from `y(t0) = y0`, at given times.
//!
//! Dormand-Prince 5(4) with step control; where it needs too many steps, a stiff method from the start. The gradient is
//! that of the steps that were taken (the discrete adjoint), one reverse pass whatever the number of inputs. The gradient
//! itself cannot be differentiated again: a second derivative through a solution is NaN. Equations of several draws or groups are solved
//! together, as lanes of vectors, each with its own steps.

mod adjoint;
mod integrate;
mod lanes;
mod newton;
mod solve;
mod system;
mod tableau;

use super::Routine;
use super::block::BlockCall;
use super::scan::Leaf;
use crate::axes::{AxisId, AxisSet};
use crate::builder::Builder;
use crate::program::Program;
use ppl_dist::Expr;
use solve::Solve;
use std::sync::Arc;
use system::System;

/// An equation: one evaluation of its right side as a program whose leaves are noise nodes.
#[derive(Debug)]
pub struct Equation {
    /// Where the right side reads the time.
    pub time: Leaf,
    /// Where it reads the state.
    pub state: Leaf,
    /// Where it reads the inputs.
    pub inputs: Vec<Leaf>,
    /// Its only output is the derivative, over the state's axes.
    pub right: Program,
}

/// How exactly a solution is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Relative to the state.
    pub relative: f64,
    /// In units of the state.
    pub absolute: f64,
}

impl Builder {
    /// The solution at `times` (which lie along `along`): over the state's axes, `along`, and whatever else the arguments
    /// lie along (an equation for each element). Times may come in any order, on both sides of the start. NaN where no
    /// solution is found. `None` if the right side calls routines, or is too large to be written out.
    pub fn ode<'b>(
        &'b self,
        equation: &Equation,
        start: (Expr<'b>, Expr<'b>),
        (times, along): (Expr<'b>, AxisId),
        inputs: &[Expr<'b>],
        tolerance: Tolerance,
    ) -> Option<Expr<'b>> {
        let (t0, y0) = start;
        let state: Vec<AxisId> = equation.state.axes.iter().collect();
        let system = Arc::new(System::new(equation)?);
        let mut args = vec![y0, t0, times];
        args.extend(inputs);
        let mut blocks = vec![state.clone(), vec![], vec![along]];
        blocks.extend(
            equation
                .inputs
                .iter()
                .map(|leaf| leaf.axes.iter().collect::<Vec<AxisId>>()),
        );
        let mut result: Vec<AxisId> = AxisSet::of(&state).with(along).iter().collect();
        // Time outermost, so that a state is contiguous.
        result.retain(|a| *a != along);
        result.insert(0, along);
        let call = BlockCall {
            block: Arc::new(Solve { system, tolerance }),
            args: blocks,
            results: vec![result],
        };
        let call = self.call(&Routine::Block(Arc::new(call)), &args);
        Some(self.call_part(call, 0))
    }
}
