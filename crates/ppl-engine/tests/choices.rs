//! Sums of what a condition lets through, which are one instruction, against the interpreter.

use ppl_core::{Axis, AxisId, AxisSet, Builder, Expr, Prim, interpret};
use ppl_engine::{InstructionSet, Kernels};

#[test]
fn what_is_not_chosen_is_not_added() {
    for n in [1, 8, 100, 2_001] {
        let axis = |name: &str, size| Axis {
            name: name.into(),
            size,
        };
        let b = Builder::new(vec![axis("draw", 3), axis("row", n)]);
        let (draw, row) = (AxisSet::of(&[AxisId(0)]), AxisSet::of(&[AxisId(1)]));
        let mask: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i % 7 == 0))).collect();
        // Numbers that would spoil a sum, wherever the mask hides them.
        let hidden = |shown: f64| -> Vec<f64> {
            let value = |(i, m): (usize, &f64)| match *m == shown {
                true => i as f64 / 8.0,
                false => [f64::NAN, f64::INFINITY][i % 2],
            };
            mask.iter().enumerate().map(value).collect()
        };
        let (first, rest) = (hidden(1.0), hidden(0.0));
        let mask = b.data(mask.into(), row);
        let (first, rest) = (b.data(first.into(), row), b.data(rest.into(), row));
        let p = b.param(draw).0;
        let zero = Expr::Const(0.0);
        let choose = |yes, no| Expr::apply(Prim::Select, &[mask, yes, no]);
        let outputs = [
            b.sum(choose(p * first, zero), row),
            b.sum(choose(zero, p * rest), row),
            b.sum(choose(p, zero), row),
            b.sum(choose(zero, Expr::Const(2.0)), row),
            b.sum(choose(zero, p + rest), row.with(AxisId(0))),
        ];
        let outputs = outputs.map(|e| e.node(&b)).to_vec();
        let program = b.finish(outputs);
        let params = [1.5, -2.0, 0.25];
        let expected = interpret::evaluate(&program, &params, &[], &program.outputs);
        for set in InstructionSet::available() {
            let mut kernels = Kernels::compile_for(&program, set).unwrap();
            assert!(
                n == 1 || kernels.explain().contains("sumunless"),
                "{}",
                kernels.explain()
            );
            kernels.run(&params, &[]);
            for (i, expected) in expected.iter().enumerate() {
                for (got, want) in kernels.output(i).iter().zip(expected) {
                    let close = (got - want).abs() <= 1e-12 * want.abs();
                    assert!(close, "{}, {n} rows, output {i}: {got} {want}", set.name());
                }
            }
        }
    }
}
