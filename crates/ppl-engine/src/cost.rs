//! What a lane of an instruction costs, roughly, in additions: enough to say whether a kernel is worth several threads.

use crate::ops::Code;

/// Additions that a lane of this instruction is worth; `columns` is the width of the matrix, where it is a product.
pub(crate) fn of(code: Code, columns: usize) -> usize {
    match code {
        Code::Prim(prim) => prim.cost(),
        Code::Digamma | Code::Trigamma => 20,
        Code::Product | Code::TransposedProduct => columns,
        Code::AddAdd | Code::MulMul => 2,
        // A read or a write at any place, one lane at a time.
        Code::Gather | Code::Scatter => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use crate::Kernels;
    use ppl_core::{Axis, AxisId, AxisSet, Builder, Expr, Prim, Program};

    /// Ten elementwise nodes over draws and rows, summed over the rows.
    fn chain(prim: Prim, rows: usize) -> Program {
        let axis = |name: &str, size| Axis {
            name: name.into(),
            size,
        };
        let b = Builder::new(vec![axis("draw", 10), axis("row", rows)]);
        let x = (0..rows).map(|i| (i % 100) as f64 / 100.0);
        let row = AxisSet::of(&[AxisId(1)]);
        let mut y = b.data(x.collect(), row) * b.param(AxisSet::of(&[AxisId(0)])).0;
        for _ in 0..10 {
            y = Expr::apply(prim, &[-y]);
        }
        let out = b.sum(y, row).node(&b);
        b.finish(vec![out])
    }

    #[test]
    fn costly_lanes_are_cut_where_cheap_ones_are_not() {
        let one = |prim, rows| {
            let kernels = Kernels::compile(&chain(prim, rows)).unwrap();
            let text = kernels.explain();
            let mut rows = text.lines().filter(|line| line.starts_with("[draw,row]"));
            rows.next_back().unwrap().contains(", 1 chunks")
        };
        assert!(!one(Prim::Exp, 1_000));
        assert!(one(Prim::Abs, 1_000));
        assert!(!one(Prim::Abs, 50_000));
        assert!(one(Prim::Exp, 100));
    }

    #[test]
    fn threads_change_no_bit_of_a_costly_kernel() {
        let program = chain(Prim::Exp, 5_001);
        let bits = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let mut kernels = Kernels::compile(&program).unwrap();
                kernels.run(&(0..10).map(f64::from).collect::<Vec<_>>(), &[]);
                let values = kernels.output(0).iter();
                values.map(|x| x.to_bits()).collect::<Vec<_>>()
            })
        };
        assert_eq!(bits(1), bits(3));
    }
}
