//! Block routines by plain evaluation.

use super::block::{BlockCall, block_offsets};
use crate::axes::AxisSet;
use crate::interpret::{Argument, offsets};
use crate::program::Program;

pub(super) fn evaluate(
    call: &BlockCall,
    program: &Program,
    args: &[Argument<'_>],
    parts: &[(usize, AxisSet)],
) -> Vec<Vec<f64>> {
    let size = |a: crate::AxisId| program.axes[a.0 as usize].size;
    let axes: Vec<AxisSet> = args.iter().map(|a| a.axes).collect();
    // An argument may have lost an axis of the batch or of its block: a stride of 0 reads it again.
    let batch = parts.iter().fold(call.batch(&axes), |b, (part, axes)| {
        b.union(axes.minus(AxisSet::of(&call.results[*part])))
    });
    let sizes: Vec<Vec<usize>> = call
        .args
        .iter()
        .map(|block| block.iter().map(|a| size(*a)).collect())
        .collect();
    let mut scratch = vec![0.0; call.block.scratch(&sizes)];
    let from: Vec<Vec<usize>> = args
        .iter()
        .zip(&call.args)
        .map(|(arg, block)| block_offsets(block, size, &program.strides(arg.axes)))
        .collect();
    let mut out: Vec<Vec<f64>> = parts
        .iter()
        .map(|(_, axes)| vec![0.0; program.len(*axes)])
        .collect();
    let to: Vec<Vec<usize>> = parts
        .iter()
        .map(|(part, axes)| block_offsets(&call.results[*part], size, &program.strides(*axes)))
        .collect();
    let along = |axes: AxisSet| offsets(program, batch, &program.strides(axes)).collect::<Vec<_>>();
    let bases: Vec<Vec<usize>> = args.iter().map(|a| along(a.axes)).collect();
    let destinations: Vec<Vec<usize>> = parts.iter().map(|(_, axes)| along(*axes)).collect();
    let mut results: Vec<Vec<f64>> = call
        .results
        .iter()
        .map(|block| vec![0.0; block.iter().map(|a| size(*a)).product()])
        .collect();
    for i in 0..program.len(batch) {
        let blocks: Vec<Vec<f64>> = args
            .iter()
            .zip(&from)
            .zip(&bases)
            .map(|((arg, from), base)| from.iter().map(|o| arg.values[base[i] + o]).collect())
            .collect();
        let blocks: Vec<&[f64]> = blocks.iter().map(Vec::as_slice).collect();
        let mut views: Vec<&mut [f64]> = results.iter_mut().map(Vec::as_mut_slice).collect();
        call.block.run(&sizes, &blocks, &mut views, &mut scratch);
        for (k, (part, _)) in parts.iter().enumerate() {
            for (to, v) in to[k].iter().zip(&results[*part]) {
                out[k][destinations[k][i] + to] = *v;
            }
        }
    }
    out
}
