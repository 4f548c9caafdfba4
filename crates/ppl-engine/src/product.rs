//! Products of a matrix of data with a vector, recognised as the sums that they are.

use ppl_core::{AxisId, AxisSet, Op, Program};
use ppl_dist::Prim;

/// Rows from which a product has a loop of its own.
const LEAST_ROWS: usize = 64;
/// Positions (draws and the like) of a product, at most.
const MOST_POSITIONS: usize = 4096;

/// `Sum(X b)` over the columns of a matrix of data, or `Sum(X r)` over its rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product {
    /// The data node.
    pub(crate) matrix: usize,
    /// The other factor; it has no axis of the matrix but the summed one.
    pub(crate) vector: usize,
    pub(crate) column: AxisId,
    /// The longer axis: the lanes.
    pub(crate) row: AxisId,
    /// Whether the rows are summed over.
    pub(crate) transposed: bool,
}

/// The product that a node is. `axes` are those of the nodes, without axes of size 1.
pub(crate) fn find(
    program: &Program,
    axes: &[AxisSet],
    root: &[usize],
    i: usize,
) -> Option<Product> {
    let Op::Sum(a) = &program.nodes[i].op else {
        return None;
    };
    let a = root[a.0 as usize];
    let Op::Map(Prim::Mul, factors) = &program.nodes[a].op else {
        return None;
    };
    let factors = [0, 1].map(|k| root[factors[k].0 as usize]);
    let mut summed = axes[a].minus(axes[i]).iter();
    let (Some(over), None) = (summed.next(), summed.next()) else {
        return None;
    };
    let size = |axis: AxisId| program.axes[axis.0 as usize].size;
    for [matrix, vector] in [factors, [factors[1], factors[0]]] {
        let is_matrix = matches!(program.nodes[matrix].op, Op::Data(_))
            && axes[matrix].len() == 2
            && axes[matrix].contains(over);
        if !is_matrix {
            continue;
        }
        let other = axes[matrix].without(over).innermost()?;
        let transposed = size(over) >= size(other);
        let (row, column) = if transposed {
            (over, other)
        } else {
            (other, over)
        };
        let lanes = if transposed { axes[vector] } else { axes[i] };
        let positions = program.len(lanes) / size(row).max(1);
        if axes[vector].contains(over)
            && !axes[vector].contains(other)
            && lanes.innermost() == Some(row)
            && size(row) >= LEAST_ROWS
            && positions <= MOST_POSITIONS
        {
            return Some(Product {
                matrix,
                vector,
                column,
                row,
                transposed,
            });
        }
    }
    None
}
