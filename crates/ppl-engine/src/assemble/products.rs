//! Assembly of dense products.

use super::{Assembler, RegisterFile};
use crate::EngineError;
use crate::cost;
use crate::dense::{DenseStep, DenseSteps};
use crate::kernel::MAX_OUTER;
use crate::lower::{Lowered, Source, Step, Target};
use crate::matrix::Matrix;
use crate::ops::dense::{Along, TILE, Wide};
use crate::place::View;
use crate::product::Product;
use crate::registers::Registers;
use crate::sinks::{Extent, Sink, Split};
use ppl_core::AxisId;

/// Bytes of a block of a matrix that several positions read from the second-level cache.
const BLOCK_BYTES: usize = 128 << 10;
/// Rows of a block, at most.
const BLOCK_ROWS: usize = 512;

impl Assembler<'_> {
    fn product(&self, step: &Step) -> Option<Product> {
        self.graph.products[step.product?]
    }

    /// What a lane of a step costs, in additions.
    pub(super) fn cost(&self, step: &Step) -> usize {
        let columns = self.product(step).map_or(1, |p| self.graph.size(p.column));
        cost::of(step.code, columns)
    }

    /// Rows of a block with dense products: with one position few, so that the block before is still in the first-level
    /// cache; with several, what stays in the second level while they take turns.
    pub(super) fn dense_block(
        &self,
        lowered: &Lowered,
        lanes: usize,
        total: usize,
    ) -> Option<usize> {
        let products = lowered.steps.iter().filter_map(|step| self.product(step));
        let columns = products.map(|p| self.graph.size(p.column)).max()?;
        if total == lanes {
            return Some(TILE);
        }
        let mut block = BLOCK_ROWS;
        while block > TILE && block * columns * size_of::<f64>() > BLOCK_BYTES {
            block /= 2;
        }
        Some(block.min(lanes.next_multiple_of(TILE)))
    }

    /// Bytes between positions of a wide register, along each outer axis.
    pub(super) fn wide_steps(&self, extent: &Extent, distance: usize) -> [usize; MAX_OUTER] {
        let mut steps = [0; MAX_OUTER];
        let mut step = distance * size_of::<f64>();
        for (at, outer) in extent.outer.iter().enumerate().rev() {
            steps[at] = step;
            step *= outer.size;
        }
        steps
    }

    /// The packed matrix of a product.
    fn matrix(&mut self, product: &Product) -> Result<Matrix, EngineError> {
        // A square one may be packed by its rows and by its columns.
        let key = (product.matrix, product.row);
        if let Some(&matrix) = self.matrices.get(&key) {
            return Ok(matrix);
        }
        let ppl_core::Op::Data(data) = self.graph.op(product.matrix) else {
            unreachable!("a product's matrix is data")
        };
        let program = self.graph.program;
        let data = &program.data[*data as usize];
        let axes = self.graph.axes[product.matrix];
        if data.len() != program.len(axes) {
            return Err(EngineError::WrongLength {
                what: "a data array",
                got: data.len(),
                expected: program.len(axes),
            });
        }
        let strides = program.strides(axes);
        let along = |axis: AxisId| (self.graph.size(axis), strides[axis.0 as usize]);
        let matrix = Matrix::pack(data, along(product.row), along(product.column), self.memory)?;
        self.matrices.insert(key, matrix);
        Ok(matrix)
    }

    /// The products of a chunk.
    pub(super) fn dense_steps(
        &mut self,
        lowered: &Lowered,
        registers: &Registers,
        file: RegisterFile,
        extent: &Extent,
        split: &Split,
        sinks: &[Option<Sink>],
        chunk: usize,
    ) -> Result<DenseSteps, EngineError> {
        let mut dense = DenseSteps::default();
        let outermost = extent.outer.first().map_or(1, |l| l.size);
        let inner_positions = file.positions / outermost.max(1);
        let positions = match split.outermost {
            true => {
                let range = split.range(chunk);
                range.start * inner_positions..range.end * inner_positions
            }
            false => 0..file.positions,
        };
        for (step, sink) in lowered.steps.iter().zip(sinks) {
            let Some(product) = self.product(step) else {
                continue;
            };
            let matrix = self.matrix(&product)?;
            let (view, register) = match (&step.target, sink, step.args.first()) {
                (Target::Sink(_), Some(sink), Some(Source::Register(v))) => {
                    (sink.destinations[chunk].clone(), *v)
                }
                (Target::Register(v), ..) => (self.places.own(product.vector).clone(), *v),
                _ => unreachable!("a product goes from or to a register"),
            };
            let offsets: Box<[usize]> = positions
                .clone()
                .map(|p| self.offset(&view, extent, p))
                .collect();
            let wide = file.address(registers, lowered, register);
            let step = DenseStep {
                run: self.set.dense(product.transposed, matrix.stored),
                matrix,
                tiles: extent.block / TILE,
                along: Along {
                    base: view.base,
                    stride: view.stride(product.column),
                    offsets: offsets.as_ptr(),
                    positions: offsets.len(),
                },
                _offsets: offsets,
                wide: Wide {
                    base: wide.wrapping_add(positions.start * file.distance),
                    distance: file.distance,
                },
                transposed: product.transposed,
            };
            match product.transposed {
                true => dense.after.push(step),
                false => dense.before.push(step),
            }
        }
        if let ([before], [after]) = (&dense.before[..], &dense.after[..])
            && before.matrix.is(&after.matrix)
            && positions.len() == 1
        {
            dense.pair = Some(self.set.pair(before.matrix.stored));
        }
        Ok(dense)
    }

    /// Elements from a view's start to an outer position.
    fn offset(&self, view: &View, extent: &Extent, position: usize) -> usize {
        let (mut rest, mut offset) = (position, 0);
        for outer in extent.outer.iter().rev() {
            offset += rest % outer.size * view.stride(outer.axis);
            rest /= outer.size;
        }
        offset
    }

    /// What sums over a matrix of whole numbers are to be multiplied by in the end.
    pub(super) fn set_scales(&self, lowered: &Lowered, sinks: &mut [Option<Sink>]) {
        for (step, sink) in lowered.steps.iter().zip(sinks) {
            if let (Some(product), Some(finish)) = (
                self.product(step),
                sink.as_mut().and_then(|sink| sink.finish.as_mut()),
            ) && let Some(matrix) = self.matrices.get(&(product.matrix, product.row))
            {
                finish.scale = matrix.scale;
            }
        }
    }
}
