//! A program compiled to kernels, and the noise that it reads.

use crate::objective::ObjectiveError;
use crate::source::Source;
use crate::wider;
use ppl_core::Program;
use ppl_engine::Kernels;
use ppl_engine::random::{Address, fill_normal, fill_uniform};
use ppl_model::lower::{NoiseBlock, NoiseKind};

/// What the random numbers of a program are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Gradient steps and their comparisons.
    Gradient = 1,
    /// Certificates and summaries.
    Certify = 2,
    /// Which draws are wider than the guide's.
    Wider = 5,
}

/// A compiled program together with the parameters and noise that it reads.
pub struct Compiled {
    kernels: Kernels,
    blocks: Vec<NoiseBlock>,
    seed: u64,
    purpose: Purpose,
    /// Whether the normal noise of the second half of the draws is minus that of the first.
    mirrored: bool,
}

impl Compiled {
    /// Compiles; noise outside of the blocks stays 0.
    pub(crate) fn new(
        program: &Program,
        blocks: Vec<NoiseBlock>,
        seed: u64,
        purpose: Purpose,
    ) -> Result<Compiled, ObjectiveError> {
        Ok(Compiled {
            kernels: Kernels::compile(program)?,
            blocks,
            seed,
            purpose,
            mirrored: false,
        })
    }

    /// Noise is that of another seed from now on.
    pub(crate) fn reseed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// From now on the normal noise of the second half of the draws, an even number, is minus that of the first: antithetic
    /// draws.
    pub(crate) fn mirror(&mut self) {
        self.mirrored = true;
    }

    /// Evaluates all outputs with all noise at 0 (uniform noise at its middle): the centre of the guide.
    pub(crate) fn run_without_noise(&mut self, params: &[f64]) {
        let noise = self.kernels.inputs().noise;
        noise.fill(0.0);
        for b in self.blocks.iter().filter(|b| b.kind == NoiseKind::Uniform) {
            noise[b.offset..b.offset + b.len].fill(0.5);
        }
        self.run_with_noise(params);
    }

    /// Draws the noise of a step and evaluates all outputs.
    pub fn run(&mut self, params: &[f64], step: u64) {
        self.draw(step);
        self.run_with_noise(params);
    }

    /// Evaluates all outputs with the noise that was drawn.
    fn run_with_noise(&mut self, params: &[f64]) {
        self.kernels.inputs().params.copy_from_slice(params);
        self.kernels.run_filled();
    }

    /// Evaluates all outputs at a batch of `draws`: the guide's own, or those that come from elsewhere (the last is repeated where
    /// there are no more).
    pub(crate) fn run_from(&mut self, source: Source<'_>, step: u64, draws: usize) {
        let Some(outside) = source.outside else {
            return self.run(source.params, step);
        };
        let rows: Vec<&[f64]> = outside.points.chunks(outside.d.max(1)).collect();
        let noise = self.kernels.inputs().noise;
        for s in 0..draws {
            let row = rows[(step as usize * draws + s).min(rows.len() - 1)];
            let mut at = 0;
            for b in &self.blocks {
                let len = b.len / draws;
                let to = b.offset + s * len;
                noise[to..to + len].copy_from_slice(&row[at..at + len]);
                at += len;
            }
        }
        self.run_with_noise(source.params);
    }

    /// The same with draws wider than the guide's; for each, the log density of what was drawn over the guide's own.
    pub(crate) fn run_wider(&mut self, params: &[f64], step: u64, draws: usize) -> Vec<f64> {
        self.draw(step);
        let address = Address {
            seed: self.seed,
            purpose: Purpose::Wider as u32,
            step,
            block: 0,
        };
        let noise = self.kernels.inputs().noise;
        let ratio = wider::widen(noise, &self.blocks, draws, address);
        self.run_with_noise(params);
        ratio
    }

    fn draw(&mut self, step: u64) {
        let noise = self.kernels.inputs().noise;
        for (i, b) in self.blocks.iter().enumerate() {
            let out = &mut noise[b.offset..b.offset + b.len];
            let address = Address {
                seed: self.seed,
                purpose: self.purpose as u32,
                step,
                block: i as u64,
            };
            match b.kind {
                NoiseKind::Normal => fill_normal(out, address),
                NoiseKind::Uniform => fill_uniform(out, address),
            }
            if self.mirrored && b.kind == NoiseKind::Normal {
                let (there, back) = out.split_at_mut(b.len / 2);
                back.iter_mut().zip(there).for_each(|(b, t)| *b = -*t);
            }
        }
    }

    /// Whether draws can be wider than the guide's.
    pub(crate) fn can_be_wider(&self) -> bool {
        wider::applies(&self.blocks)
    }

    /// The engine's account of its kernels.
    pub(crate) fn explain(&self) -> String {
        self.kernels.explain()
    }

    /// An output of the last run.
    pub fn output(&self, i: usize) -> &[f64] {
        self.kernels.output(i)
    }
}
