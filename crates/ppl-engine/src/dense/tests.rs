use crate::InstructionSet;
use crate::Kernels;
use ppl_core::{Axis, AxisId, AxisSet, Builder, Expr, Prim, Program};

/// What the matrix can be stored as.
#[derive(Debug, Clone, Copy)]
enum Form {
    Decimals,
    Single,
    Double,
}

/// A program with `exp(X b)`, its sum over the rows, and products of the transpose with it and with a second vector;
/// `positions` are draws times a second axis outside of the rows.
fn program(
    (draws, second, columns, rows, form): (usize, usize, usize, usize, Form),
    outputs_wanted: usize,
) -> Program {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    let b = Builder::new(vec![
        axis("draw", draws),
        axis("second", second),
        axis("column", columns),
        axis("row", rows),
    ]);
    let set = |axes: &[u8]| AxisSet::of(&axes.iter().map(|&a| AxisId(a)).collect::<Vec<_>>());
    let x: Vec<f64> = (0..rows * columns)
        .map(|i| {
            let value = ((i * 7919 + 13) % 20011) as f64;
            match form {
                // -0 among them.
                Form::Decimals => -((10000.0 - value) / 1e4),
                Form::Single => f64::from((value / 3000.0).sin() as f32),
                Form::Double => (value / 3000.0).sin(),
            }
        })
        .collect();
    let x = b.data(x.into(), set(&[2, 3]));
    let weights = b.param(set(&[0, 1, 2])).0;
    let shared = b.param(set(&[2])).0;
    let eta = b.sum(x * weights, set(&[2]));
    let shared_eta = b.sum(x * shared, set(&[2]));
    let r = Expr::apply(Prim::Exp, &[eta]);
    let both = r * shared_eta;
    let back = |v| b.sum(x * v, set(&[3]));
    let outputs = [
        eta,
        b.sum(r, set(&[3])),
        back(r),
        back(both),
        back(shared_eta),
        back(eta),
        b.sum(b.sum(both * back(r), set(&[2])), set(&[3])),
    ];
    let outputs = outputs[..outputs_wanted].iter().map(|e| e.node(&b));
    let outputs = outputs.collect();
    Program {
        outputs,
        ..b.snapshot()
    }
}

#[test]
fn products_are_those_of_the_interpreter() {
    let shapes = [
        (1, 1, 2, 64, Form::Decimals),
        (1, 1, 50, 1000, Form::Decimals),
        (1, 1, 50, 1000, Form::Double),
        (1, 1, 7, 130, Form::Double),
        (2, 1, 5, 333, Form::Decimals),
        (3, 1, 4, 65, Form::Double),
        (10, 1, 20, 700, Form::Decimals),
        (7, 3, 3, 129, Form::Double),
        (4, 1, 3, 20_000, Form::Decimals),
        (33, 2, 9, 100, Form::Decimals),
        (1, 1, 50, 1000, Form::Single),
        (2, 1, 5, 333, Form::Single),
        (7, 3, 3, 129, Form::Single),
    ];
    // The first three outputs read the matrix in products only.
    for (shape, wanted) in shapes.into_iter().flat_map(|s| [(s, 3), (s, 7)]) {
        let program = program(shape, wanted);
        let params: Vec<f64> = (0..program.n_params)
            .map(|i| ((i * 37 % 101) as f64 - 50.0) / 200.0)
            .collect();
        let expected = ppl_core::interpret::evaluate(&program, &params, &[], &program.outputs);
        for set in InstructionSet::available() {
            let mut kernels = Kernels::compile_for(&program, set).unwrap();
            assert!(kernels.explain().contains("product"));
            if wanted == 3 {
                let one_position = shape.0 * shape.1 == 1;
                assert_eq!(kernels.explain().contains("paired"), one_position);
            }
            // Twice: nothing may be left from the first time.
            kernels.run(&vec![f64::NAN; params.len()], &[]);
            kernels.run(&params, &[]);
            for (i, expected) in expected.iter().enumerate() {
                let size = expected.iter().fold(0.0f64, |m, e| m.max(e.abs()));
                for (&g, &e) in kernels.output(i).iter().zip(expected) {
                    assert!(
                        (g - e).abs() <= 1e-12 * size,
                        "{set:?}, {shape:?}, output {i}: {g} instead of {e}"
                    );
                }
            }
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let program = program((3, 1, 10, 50_000, Form::Decimals), 7);
    let params: Vec<f64> = (0..program.n_params).map(|i| i as f64 / 300.0).collect();
    let bits = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut kernels = Kernels::compile(&program).unwrap();
            kernels.run(&params, &[]);
            let outputs = (0..program.outputs.len()).flat_map(|i| kernels.output(i).to_vec());
            outputs.map(f64::to_bits).collect::<Vec<_>>()
        })
    };
    assert_eq!(bits(1), bits(3));
}

/// `sum ln inv_logit(s (X b))` with signs `s` by row: its gradient `X^T (s inv_logit(-s X b))` streams the matrix of the forward
/// product, not a second one with the signs multiplied in.
#[test]
fn a_factor_by_row_makes_no_second_matrix() {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    for draws in [1, 3] {
        let (rows, columns) = (1000, 7);
        let b = Builder::new(vec![
            axis("draw", draws),
            axis("column", columns),
            axis("row", rows),
        ]);
        let set = |axes: &[u8]| AxisSet::of(&axes.iter().map(|&a| AxisId(a)).collect::<Vec<_>>());
        let x = (0..rows * columns).map(|i| ((i * 7919 + 13) % 2001) as f64 / 1e3 - 1.0);
        let x = b.data(x.collect(), set(&[1, 2]));
        let signs = (0..rows).map(|i| if i * i % 7 < 3 { 1.0 } else { -1.0 });
        let signs = b.data(signs.collect(), set(&[2]));
        let weights = b.param(set(&[0, 1])).0;
        let eta = b.sum(x * weights, set(&[1]));
        let density = b.sum(
            -Expr::apply(Prim::Softplus, &[-(signs * eta)]),
            set(&[0, 2]),
        );
        let density = density.node(&b);
        let leaves = [weights.node(&b)];
        let mut outputs = vec![density];
        outputs.extend(ppl_core::gradient(&b, density, &leaves));
        let program = b.finish(outputs);
        let (optimised, _) = ppl_core::passes::optimise(program.clone());
        let mut kernels = Kernels::compile(&optimised).unwrap();
        let wide = |node: &ppl_core::Node| {
            matches!(node.op, ppl_core::Op::Data(_)) && node.axes == set(&[1, 2])
        };
        assert_eq!(optimised.nodes.iter().filter(|n| wide(n)).count(), 1);
        assert_eq!(kernels.explain().contains("products paired"), draws == 1);
        let params: Vec<f64> = (0..program.n_params)
            .map(|i| i as f64 / 9.0 - 1.0)
            .collect();
        let expected = ppl_core::interpret::evaluate(&program, &params, &[], &program.outputs);
        kernels.run(&params, &[]);
        for (i, expected) in expected.iter().enumerate() {
            for (&g, &e) in kernels.output(i).iter().zip(expected) {
                assert!(
                    (g - e).abs() <= 1e-11 * (1.0 + e.abs()),
                    "output {i}: {g}, {e}"
                );
            }
        }
    }
}

/// As many rows as columns: products over either are told apart, in one program.
#[test]
fn a_square_matrix_and_its_transpose() {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    for (draws, n) in [(1, 100), (8, 100), (8, 128), (3, 65)] {
        let b = Builder::new(vec![axis("draw", draws), axis("column", n), axis("row", n)]);
        let set = |axes: &[u8]| AxisSet::of(&axes.iter().map(|&a| AxisId(a)).collect::<Vec<_>>());
        for order in [[1u8, 2], [2, 1]] {
            let x = (0..n * n)
                .map(|i| ((i * 7919 + 13) % 20011) as f64 / 3e3)
                .map(f64::sin);
            let x = b.data(x.collect(), set(&order));
            let weights = b.param(set(&[0, 1])).0;
            let y = b.data((0..n).map(|i| (i as f64).cos()).collect(), set(&[2]));
            let r = y - b.sum(x * weights, set(&[1]));
            let density = b.sum(r * r, set(&[0, 2])).node(&b);
            let mut outputs = vec![density];
            outputs.extend(ppl_core::gradient(&b, density, &[weights.node(&b)]));
            let program = Program {
                outputs,
                ..b.snapshot()
            };
            let params: Vec<f64> = (0..program.n_params)
                .map(|i| (i as f64 / 9.0).sin())
                .collect();
            let expected = ppl_core::interpret::evaluate(&program, &params, &[], &program.outputs);
            for program in [program.clone(), ppl_core::passes::optimise(program).0] {
                let mut kernels = Kernels::compile(&program).unwrap();
                kernels.run(&params, &[]);
                for (i, expected) in expected.iter().enumerate() {
                    for (&g, &e) in kernels.output(i).iter().zip(expected) {
                        let error = (g - e).abs();
                        assert!(
                            error <= 1e-10 * (1.0 + e.abs()),
                            "{draws} {n} output {i}: {g}, {e}"
                        );
                    }
                }
            }
        }
    }
}
