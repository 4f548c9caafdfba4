//! Programs to block kernels: lanes, threads, scratch, ordered sums, addressed random streams.
//!
//! In comes a `ppl_core::Program`, out come its outputs' values, as often as asked and without allocation. Only this
//! crate knows lanes, blocks and threads; it knows no model.
//!
//! Nodes of one iteration space are fused into one kernel, a list of instructions that runs over blocks of a few hundred
//! lanes: each instruction is one call a block of a loop that the compiler vectorised, chosen for the machine's
//! instruction set when the program is compiled. Results are the same bits on any number of threads; between
//! instruction sets (with or without fused multiply-add) they may differ in the last bits.

mod again;
mod ahead;
mod assemble;
mod calls;
mod cost;
mod dense;
mod finish;
mod graph;
mod index;
mod kernel;
mod levels;
mod loops;
mod lower;
mod matrix;
mod memory;
mod ops;
mod place;
mod product;
pub mod random;
mod registers;
mod reuse;
mod short;
mod sinks;
mod slice;
mod windows;

use assemble::Assembler;
use calls::Run;
use graph::Graph;
use index::RunTable;
use kernel::Kernel;
use levels::Levels;
use memory::Memory;
pub use ops::InstructionSet;
use place::Places;
use ppl_core::{Numbers, Program};
use short::Short;
use std::collections::HashMap;
use std::sync::Arc;
use thiserror::Error;

/// Why a program could not be compiled.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The arrays would not fit.
    #[error("the program needs {needed} bytes of working memory, more than the limit of {limit}")]
    TooLarge {
        /// Bytes asked for.
        needed: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A kernel's space has too many axes of more than one element.
    #[error("a kernel runs over {got} axes, more than the limit of {limit}")]
    TooManyAxes {
        /// Axes of the kernel.
        got: usize,
        /// Axes allowed.
        limit: usize,
    },
    /// An index array has the wrong length or a position that does not exist.
    #[error("index {index} does not fit its axes or points past the {size} elements of its target")]
    IndexOutOfRange {
        /// Number of the index array.
        index: usize,
        /// Size of the target axis.
        size: usize,
    },
    /// An array does not fit its axes.
    #[error("{what} has {got} elements where {expected} are needed")]
    WrongLength {
        /// Which array.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The length that its axes ask for.
        expected: usize,
    },
    /// The environment variable `PPL_INSTRUCTIONS` names instructions that the machine does not have.
    #[error("PPL_INSTRUCTIONS is `{name}`; this machine has {}", .known.join(", "))]
    Instructions {
        /// The name found.
        name: String,
        /// Those that would do.
        known: Vec<&'static str>,
    },
}

/// One thing to run.
enum Stage {
    Kernel(Kernel),
    Short(Short),
    Call(Run),
}

/// What a compiled program reads.
#[derive(Debug)]
pub struct Inputs<'k> {
    /// The parameters.
    pub params: &'k mut [f64],
    /// The noise.
    pub noise: &'k mut [f64],
}

/// A compiled program with its working memory.
pub struct Kernels {
    stages: Vec<Stage>,
    params: *mut f64,
    n_params: usize,
    noise: *mut f64,
    n_noise: usize,
    outputs: Vec<(*const f64, usize)>,
    // What the kernels' addresses point into.
    memory: Memory,
    _tables: Vec<RunTable>,
    _positions: Vec<Vec<u32>>,
    _data: Vec<Numbers>,
    _indices: Vec<Arc<[u32]>>,
}

// SAFETY: the addresses point into memory that this value owns or holds a share of, and that never moves.
unsafe impl Send for Kernels {}
// SAFETY: shared access only reads outputs; running needs `&mut`.
unsafe impl Sync for Kernels {}

impl Kernels {
    /// Compiles; all memory is asked for here.
    pub fn compile(program: &Program) -> Result<Kernels, EngineError> {
        Self::compile_for(program, InstructionSet::chosen()?)
    }

    /// The same for one of the machine's instruction sets ([`InstructionSet::available`]).
    ///
    /// # Errors
    /// As for [`Kernels::compile`], and if the machine does not have those instructions.
    pub fn compile_for(program: &Program, set: InstructionSet) -> Result<Kernels, EngineError> {
        set.check()?;
        index::check(program)?;
        let graph = Graph::new(program);
        let levels = Levels::assign(&graph);
        if let Some(program) = again::split(&graph, &levels) {
            let graph = Graph::new(&program);
            return Self::assemble(&graph, &Levels::assign(&graph), set);
        }
        Self::assemble(&graph, &levels, set)
    }

    fn assemble(
        graph: &Graph,
        levels: &Levels,
        set: InstructionSet,
    ) -> Result<Kernels, EngineError> {
        let program = graph.program;
        let mut memory = Memory::default();
        let places = Places::assign(graph, levels, &mut memory)?;
        let mut assembler = Assembler {
            graph,
            places: &places,
            memory: &mut memory,
            set,
            tables: HashMap::new(),
            positions: HashMap::new(),
            matrices: HashMap::new(),
        };
        let mut stages = vec![];
        let mut calls = levels.calls.iter().peekable();
        for group in &levels.groups {
            while let Some(call) = calls.next_if(|call| call.level <= group.level) {
                stages.push(Stage::Call(Run::compile(graph, &places, call, set)?));
            }
            let lowered = lower::lower(graph, levels, &places, group);
            let kernel = assembler.kernel(group, &lowered)?;
            if !Short::takes(&kernel) {
                stages.push(Stage::Kernel(kernel));
                continue;
            }
            if !matches!(stages.last(), Some(Stage::Short(_))) {
                stages.push(Stage::Short(Short::default()));
            }
            if let Some(Stage::Short(short)) = stages.last_mut() {
                short.add(&kernel);
            }
        }
        for call in calls {
            stages.push(Stage::Call(Run::compile(graph, &places, call, set)?));
        }
        let tables = assembler.tables.into_values().collect();
        let positions = assembler.positions.into_values().collect();
        let outputs = program.outputs.iter().map(|&id| {
            let i = graph.resolve(id);
            (
                places.output(i).base.cast_const(),
                program.len(program.node(id).axes),
            )
        });
        Ok(Kernels {
            stages,
            params: places.params,
            n_params: program.n_params,
            noise: places.noise,
            n_noise: program.n_noise,
            outputs: outputs.collect(),
            memory,
            _tables: tables,
            _positions: positions,
            _data: program.data.clone(),
            _indices: program
                .indices
                .iter()
                .map(|index| index.values.clone())
                .collect(),
        })
    }

    /// Evaluates all outputs. Uses the rayon pool it is called in; the bits do not depend on its width.
    ///
    /// # Panics
    /// If `params` or `noise` has not the program's length.
    pub fn run(&mut self, params: &[f64], noise: &[f64]) {
        assert_eq!(
            params.len(),
            self.n_params,
            "the program's number of parameters"
        );
        assert_eq!(
            noise.len(),
            self.n_noise,
            "the program's number of noise elements"
        );
        let inputs = self.inputs();
        inputs.params.copy_from_slice(params);
        inputs.noise.copy_from_slice(noise);
        self.run_filled();
    }

    /// The numbers that the next [`Kernels::run_filled`] reads: as they were left, at first 0. Long arrays that are written here
    /// need not be copied.
    pub fn inputs(&mut self) -> Inputs<'_> {
        // SAFETY: the buffers have these lengths, and `&mut self` is the only access to them.
        unsafe {
            Inputs {
                params: std::slice::from_raw_parts_mut(self.params, self.n_params),
                noise: std::slice::from_raw_parts_mut(self.noise, self.n_noise),
            }
        }
    }

    /// Evaluates all outputs at what [`Kernels::inputs`] holds, otherwise as [`Kernels::run`].
    pub fn run_filled(&mut self) {
        for stage in &mut self.stages {
            // SAFETY: this value owns or shares all that the addresses point into, and `&mut self` is the only access to
            // what is written.
            match stage {
                Stage::Kernel(kernel) => unsafe { kernel.run() },
                Stage::Short(short) => unsafe { short.run() },
                Stage::Call(call) => unsafe { call.run() },
            }
        }
    }

    /// The value of output `i` after `run`, row-major over its axes.
    pub fn output(&self, i: usize) -> &[f64] {
        let (start, len) = self.outputs[i];
        // SAFETY: the output's buffer has that length and is only written through `&mut self`.
        unsafe { std::slice::from_raw_parts(start, len) }
    }

    /// Bytes of working memory: parameters, noise, what passes between kernels, registers, partial results. Data are not among them.
    pub fn memory(&self) -> usize {
        self.memory.bytes()
    }

    /// One line a kernel: its space, level, lanes, registers and instructions.
    pub fn explain(&self) -> String {
        let line = |stage: &Stage| match stage {
            Stage::Kernel(kernel) => format!("{}\n", kernel.description),
            Stage::Short(short) => short.description.clone(),
            Stage::Call(call) => call.description(),
        };
        self.stages.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ppl_core::{Axis, AxisId, AxisSet, Builder, Expr, Prim};

    #[test]
    fn instruction_sets_agree() {
        let n = 1001;
        let b = Builder::new(vec![
            Axis {
                name: "draw".into(),
                size: 1,
            },
            Axis {
                name: "row".into(),
                size: n,
            },
        ]);
        let rows = AxisSet::EMPTY.with(AxisId(1));
        let x = b.data((0..n).map(|i| (i as f64 - 300.0) / 40.0).collect(), rows);
        let p = b.param(rows).0;
        let mut outputs = vec![];
        for prim in [
            Prim::Exp,
            Prim::Ln,
            Prim::Log1p,
            Prim::Expm1,
            Prim::Tanh,
            Prim::InvLogit,
            Prim::Softplus,
            Prim::LnGamma,
        ] {
            let y = Expr::apply(prim, &[x * x]);
            outputs.extend([
                y,
                Expr::apply(prim, &[x]),
                y * p + x,
                b.sum(y * p, rows),
                b.sum(x, rows),
            ]);
        }
        let outputs: Vec<_> = outputs.into_iter().map(|e| e.node(&b)).collect();
        let program = Program {
            outputs,
            ..b.snapshot()
        };
        let params: Vec<f64> = (0..n).map(|i| (i % 7) as f64).collect();
        let expected = ppl_core::interpret::evaluate(&program, &params, &[], &program.outputs);
        for set in InstructionSet::available() {
            let mut kernels = Kernels::compile_for(&program, set).unwrap();
            kernels.run(&params, &[]);
            for (i, expected) in expected.iter().enumerate() {
                for (&g, &e) in kernels.output(i).iter().zip(expected) {
                    let close = (g - e).abs() <= 1e-13 * (1.0 + e.abs())
                        || g == e
                        || (g.is_nan() && e.is_nan());
                    assert!(close, "{set:?}, output {i}: {g} instead of {e}");
                }
            }
        }
    }
}
