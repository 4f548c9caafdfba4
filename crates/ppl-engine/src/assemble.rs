//! Assembly: steps get registers, addresses and machine loops, and become a kernel.

mod products;

use crate::EngineError;
use crate::ahead::{self, Streams};
use crate::graph::Graph;
use crate::index::RunTable;
use crate::kernel::{Chunk, Instruction, Kernel, Layout, MAX_OUTER};
use crate::levels::Group;
use crate::loops::Loops;
use crate::lower::{Lowered, Source, Step, Target};
use crate::matrix::Matrix;
use crate::memory::Memory;
use crate::ops::indexed::BlockRuns;
use crate::ops::{Choice, Code, Detail, InstructionSet};
use crate::place::{Places, View};
use crate::registers::{self, Registers};
use crate::sinks::{Extent, Sink, Split, partial_len};
use ppl_core::{AxisId, IndexId};
use std::collections::HashMap;

/// Bytes of registers that stay in the first-level cache.
const REGISTER_BYTES: usize = 40 << 10;
/// Lanes of a block, at most and at least.
const BLOCK: (usize, usize) = (512, 128);
/// Lanes of a block of arrays that are in no cache: a page and a half of each, which was measured to be the fastest.
const LONG_BLOCK: usize = 768;
/// Elements between registers, so that they do not fall on the same cache sets.
const REGISTER_GAP: usize = 8;

/// Partial results are long from this part of the lanes on.
const LONG_PARTIALS: usize = 8;

/// Everything that assembly adds to.
pub(crate) struct Assembler<'a> {
    pub(crate) graph: &'a Graph<'a>,
    pub(crate) places: &'a Places,
    pub(crate) memory: &'a mut Memory,
    pub(crate) set: InstructionSet,
    /// Packed matrices by node and the axis of their rows.
    pub(crate) matrices: HashMap<(usize, AxisId), Matrix>,
    /// Which lane of each block a position is, by it and the block length.
    pub(crate) positions: HashMap<(u32, usize), Vec<u32>>,
    /// Run tables by index and block length.
    pub(crate) tables: HashMap<(IndexId, usize), RunTable>,
}

/// An operand: address, bytes a block, bytes by outer axis, elements a lane.
#[derive(Clone, Copy)]
struct Operand {
    base: *mut u8,
    per_block: usize,
    per_outer: [usize; MAX_OUTER],
    /// Bytes by position of the last outer axis, within a tile.
    per_row: usize,
    step: usize,
}

/// Registers of one chunk.
#[derive(Clone, Copy)]
struct RegisterFile {
    base: *mut f64,
    /// Elements from one row of a register to the next.
    distance: usize,
    rows: usize,
    /// Those that are there for all positions at once.
    wide: *mut f64,
    positions: usize,
}

impl RegisterFile {
    /// The address of a virtual register, at the first position.
    fn address(&self, registers: &Registers, lowered: &Lowered, v: usize) -> *mut f64 {
        if lowered.wide.contains(&v) {
            let number = registers.of[v] * self.positions;
            return self.wide.wrapping_add(number * self.distance);
        }
        self.base
            .wrapping_add(registers.of[v] * self.rows * self.distance)
    }
}

impl Assembler<'_> {
    pub(crate) fn kernel(
        &mut self,
        group: &Group,
        lowered: &Lowered,
    ) -> Result<Kernel, EngineError> {
        let registers = registers::assign(lowered);
        let cost = lowered.steps.iter().map(|step| self.cost(step)).sum();
        let extent = self.extent(group, lowered, &registers, cost)?;
        let outer: Vec<usize> = extent.outer.iter().map(|l| l.size).collect();
        let outermost = outer.first().copied().unwrap_or(1);
        let split = self.split(lowered, &extent, cost, outermost);
        let mut sinks = vec![];
        for step in &lowered.steps {
            sinks.push(match step.target {
                Target::Sink(i) => {
                    let own = self.places.own(i);
                    Some(Sink::plan(
                        self.graph,
                        i,
                        step.code,
                        own,
                        &extent,
                        &split,
                        self.memory,
                    )?)
                }
                _ => None,
            });
        }
        let mut chunks = vec![];
        for c in 0..split.chunks {
            chunks.push(self.chunk(lowered, &registers, &extent, &split, &sinks, c)?);
        }
        let names: Vec<String> = lowered.steps.iter().map(|step| step.code.name()).collect();
        let names_of = |axes: ppl_core::AxisSet| -> String {
            let names: Vec<&str> = axes
                .iter()
                .map(|a| &*self.graph.program.axes[a.0 as usize].name)
                .collect();
            names.join(",")
        };
        let description = format!(
            "[{}] level {}: {} lanes in blocks of {}, {} registers, {} chunks{}: {}",
            names_of(group.space),
            group.level,
            extent.total,
            extent.block,
            registers.count,
            split.chunks,
            match chunks.iter().any(|chunk| chunk.dense.pair.is_some()) {
                true => ", products paired",
                false => "",
            },
            names.join(" ")
        );
        self.set_scales(lowered, &mut sinks);
        Ok(Kernel {
            block: extent.block,
            inner: extent.lanes,
            rows: extent.rows,
            fills: sinks
                .iter()
                .flatten()
                .filter_map(|s| s.shared_fill)
                .collect(),
            chunks: if extent.total == 0 { vec![] } else { chunks },
            finishes: sinks
                .into_iter()
                .flatten()
                .filter_map(|s| s.finish)
                .collect(),
            outer,
            description,
        })
    }

    /// How the kernel is cut: along the outermost axis where partial results of cut blocks would be long.
    fn split(&self, lowered: &Lowered, extent: &Extent, cost: usize, outermost: usize) -> Split {
        let partial = |split: &Split| -> usize {
            let sinks = lowered.steps.iter().filter_map(|step| match step.target {
                Target::Sink(i) => Some(i),
                _ => None,
            });
            sinks
                .map(|i| partial_len(self.graph, i, extent, split))
                .sum()
        };
        let split = Split::plan(extent, cost, outermost);
        let long = partial(&split) > extent.total / LONG_PARTIALS;
        let dense = lowered.steps.iter().any(|step| step.product.is_some());
        let other = split.outermost(outermost);
        if long && !dense && 2 * other.chunks >= split.chunks && partial(&other) == 0 {
            return other;
        }
        split.bounded(partial(&split), extent)
    }

    fn extent(
        &self,
        group: &Group,
        lowered: &Lowered,
        registers: &Registers,
        cost: usize,
    ) -> Result<Extent, EngineError> {
        let Loops { lanes, mut outer } = Loops::of(self.graph, self.places, group.space, lowered);
        let (inner, lanes) = (lanes.map(|l| l.axis), lanes.map_or(1, |l| l.size));
        if outer.len() > MAX_OUTER {
            return Err(EngineError::TooManyAxes {
                got: outer.len() + 1,
                limit: MAX_OUTER + 1,
            });
        }
        let (most, least) = BLOCK;
        let mut block = match ahead::is_long(lowered, inner, self.graph.program.len(group.space)) {
            true => LONG_BLOCK,
            false => most,
        };
        while block > least && block * 8 * registers.count > REGISTER_BYTES {
            block /= 2;
        }
        let total = self.graph.program.len(group.space);
        let dense = self.dense_block(lowered, lanes, total);
        // A tile goes along the longest of the outer loops, but where threads share the outermost.
        let rows = block / distance(lanes.max(1));
        let first = usize::from(Split::is_shared(total, cost));
        let longest = (first..outer.len()).max_by_key(|&i| (outer[i].size.min(rows), i));
        let rows = match longest {
            Some(longest) if dense.is_none() && rows > 1 => {
                let along = outer.remove(longest);
                outer.push(along);
                rows.min(along.size)
            }
            _ => 1,
        };
        let block = dense.unwrap_or(block.min(lanes.max(1)));
        Ok(Extent {
            inner,
            lanes,
            block,
            rows,
            n_blocks: lanes.div_ceil(block),
            outer,
            total,
        })
    }

    fn chunk(
        &mut self,
        lowered: &Lowered,
        registers: &Registers,
        extent: &Extent,
        split: &Split,
        sinks: &[Option<Sink>],
        chunk: usize,
    ) -> Result<Chunk, EngineError> {
        let distance = distance(extent.block);
        let positions = extent.total / extent.lanes.max(1);
        let file = RegisterFile {
            base: self
                .memory
                .allocate(registers.count * distance * extent.rows)?,
            distance,
            rows: extent.rows,
            wide: self
                .memory
                .allocate(registers.wide * positions * distance)?,
            positions,
        };
        let dense = self.dense_steps(lowered, registers, file, extent, split, sinks, chunk)?;
        let (mut instructions, mut layouts) = (vec![], vec![]);
        for (step, sink) in lowered.steps.iter().zip(sinks) {
            if step.product.is_some() {
                continue;
            }
            let (instruction, layout) =
                self.instruction(step, sink.as_ref(), lowered, registers, file, extent, chunk);
            instructions.push(instruction);
            layouts.push(layout);
        }
        let whole = 0..extent.outer.first().map_or(1, |l| l.size);
        let (blocks, outermost) = if split.outermost {
            (0..extent.n_blocks, split.range(chunk))
        } else {
            (split.range(chunk), whole)
        };
        let fills = sinks
            .iter()
            .flatten()
            .filter_map(|s| s.chunk_fills.get(chunk))
            .copied()
            .collect();
        let spreads = sinks
            .iter()
            .flatten()
            .filter_map(|s| s.spreads.get(chunk))
            .copied()
            .collect();
        let streams = match dense.is_empty() {
            true => Streams::plan(&instructions, &layouts, extent),
            false => Streams::default(),
        };
        Ok(Chunk {
            blocks,
            outermost,
            fills,
            spreads,
            instructions,
            layouts,
            streams,
            dense,
        })
    }

    fn instruction(
        &mut self,
        step: &Step,
        sink: Option<&Sink>,
        lowered: &Lowered,
        registers: &Registers,
        file: RegisterFile,
        extent: &Extent,
        chunk: usize,
    ) -> (Instruction, Layout) {
        let position = step.code.position();
        let position = position.map(|at| self.position(at, extent));
        let register = |v: usize| Operand {
            base: file.address(registers, lowered, v).cast(),
            per_block: 0,
            per_outer: match lowered.wide.contains(&v) {
                true => self.wide_steps(extent, file.distance),
                false => [0; MAX_OUTER],
            },
            per_row: file.distance * size_of::<f64>(),
            step: usize::from(extent.inner.is_some()),
        };
        let source = |s: &Source| match s {
            Source::Register(v) => register(*v),
            Source::Memory(view) => memory_operand(view, extent),
        };
        let mut detail = Detail::default();
        let mut args: Vec<Operand> = step.args.iter().map(source).chain(position).collect();
        let dst = match (&step.target, sink) {
            (Target::Register(v), _) => register(*v),
            (Target::Memory(view), _) => memory_operand(view, extent),
            (Target::Sink(_), Some(sink)) => {
                detail.target_stride = sink.target_stride;
                memory_operand(&sink.destinations[chunk], extent)
            }
            (Target::Sink(i), None) => memory_operand(self.places.own(*i), extent),
        };
        let code = sink.map_or(step.code, |sink| sink.code);
        if let Code::Prim(prim) = code {
            detail.prim = Some(prim);
        }
        if let Some(index) = step.index {
            if matches!(
                code,
                Code::Gather | Code::GatherRuns | Code::GatherStretches
            ) && let (Some(Source::Memory(view)), Some(source)) =
                (step.args.first(), args.first_mut())
            {
                let target = self.graph.program.indices[index.0 as usize].target;
                detail.target_stride = view.stride(target);
                *source = memory_operand(&view.without(target), extent);
            }
            let by_runs = matches!(
                code,
                Code::GatherRuns
                    | Code::GatherStretches
                    | Code::ScatterRuns
                    | Code::ScatterStretches
                    | Code::ScatterProductRuns
            );
            let index = if by_runs {
                self.run_operand(index, extent)
            } else {
                self.index_operand(index, extent)
            };
            if matches!(
                code,
                Code::Scatter | Code::ScatterRuns | Code::ScatterStretches
            ) {
                args.push(Operand { step: 0, ..args[0] });
            }
            args.push(index);
        }
        let absent = args
            .first()
            .map_or(dst, |first| Operand { step: 0, ..*first });
        args.resize(3, absent);
        detail.steps = [args[0].step, args[1].step, args[2].step];
        detail.dst_step = dst.step;
        let lanes = (extent.n_blocks == 1).then_some(extent.lanes);
        let run = self.set.choose(Choice {
            code,
            scalar: detail.steps.map(|s| s == 0),
            lanes,
        });
        let all = [dst, args[0], args[1], args[2]];
        let mut per_outer = [[0; 4]; MAX_OUTER];
        for (axis, per_axis) in per_outer.iter_mut().enumerate() {
            *per_axis = all.map(|o| o.per_outer[axis]);
        }
        let layout = Layout {
            detail,
            per_block: all.map(|o| o.per_block),
            per_row: all.map(|o| o.per_row),
            per_outer,
        };
        (
            Instruction {
                run,
                base: all.map(|o| o.base),
            },
            layout,
        )
    }

    /// Which lane of each block a position along the lanes is; none of it where it is in another.
    fn position(&mut self, position: u32, extent: &Extent) -> Operand {
        let blocks = (0..extent.n_blocks).map(|k| {
            let start = (k * extent.block) as u64;
            let lane = u64::from(position).checked_sub(start);
            let lane = lane.filter(|lane| *lane < extent.block as u64);
            lane.map_or(u32::MAX, |lane| lane as u32)
        });
        let table = (self.positions)
            .entry((position, extent.block))
            .or_insert_with(|| blocks.collect());
        Operand {
            base: table.as_ptr().cast_mut().cast(),
            per_block: size_of::<u32>(),
            per_outer: [0; MAX_OUTER],
            per_row: 0,
            step: 0,
        }
    }

    fn index_operand(&self, index: IndexId, extent: &Extent) -> Operand {
        let index = &self.graph.program.indices[index.0 as usize];
        let strides = self.graph.program.strides(index.axes);
        let view = View {
            base: index.values.as_ptr().cast::<f64>().cast_mut(),
            strides: Box::new(strides),
        };
        operand(&view, size_of::<u32>(), extent)
    }

    fn run_operand(&mut self, id: IndexId, extent: &Extent) -> Operand {
        let program = self.graph.program;
        let index = &program.indices[id.0 as usize];
        let Some(inner) = extent.inner else {
            return self.index_operand(id, extent);
        };
        let table = self
            .tables
            .entry((id, extent.block))
            .or_insert_with(|| RunTable::new(index, inner, extent.lanes, extent.block));
        let mut strides = program.strides(table.outer);
        strides.iter_mut().for_each(|s| *s *= table.n_blocks);
        let view = View {
            base: table.blocks().cast::<f64>().cast_mut(),
            strides: Box::new(strides),
        };
        let size = size_of::<BlockRuns>();
        Operand {
            per_block: size,
            ..operand(&view, size, extent)
        }
    }
}

/// Elements from one register of so many lanes to the next, and from one row of a register to the next.
fn distance(lanes: usize) -> usize {
    match lanes < 8 {
        true => lanes,
        false => lanes.next_multiple_of(8) + REGISTER_GAP,
    }
}

fn memory_operand(view: &View, extent: &Extent) -> Operand {
    operand(view, size_of::<f64>(), extent)
}

fn operand(view: &View, element: usize, extent: &Extent) -> Operand {
    let step = extent.inner.map_or(0, |inner| view.stride(inner));
    let mut per_outer = [0; MAX_OUTER];
    for (distance, outer) in per_outer.iter_mut().zip(&extent.outer) {
        *distance = view.stride(outer.axis) * element;
    }
    Operand {
        base: view.base.cast(),
        per_block: step * extent.block * element,
        per_row: match extent.outer.len() {
            0 => 0,
            n => per_outer[n - 1],
        },
        per_outer,
        step,
    }
}
