//! The same bits on any number of threads, and no allocation while running.

use ppl_core::{Axis, AxisId, AxisSet, Builder, Expr, Index, Prim, Program};
use ppl_engine::Kernels;
use ppl_engine::random::{Address, fill_normal, fill_uniform};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|n| n.set(n.get() + 1));
        // SAFETY: the caller's guarantee.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's guarantee.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn set(axes: &[u8]) -> AxisSet {
    axes.iter().fold(AxisSet::EMPTY, |s, &a| s.with(AxisId(a)))
}

/// A hierarchy with its gradient: `sorted` rows go by runs, others by plain look-ups.
fn hierarchy(draws: usize, groups: usize, rows: usize, sorted: bool) -> Program {
    let axes = [("draw", draws), ("group", groups), ("row", rows)];
    let b = Builder::new(
        axes.iter()
            .map(|&(name, size)| Axis {
                name: name.into(),
                size,
            })
            .collect(),
    );
    let (s, g, n) = (set(&[0]), set(&[1]), set(&[2]));
    let values: Vec<u32> =
        (0..rows).map(|i| if sorted { i * groups / rows } else { i * 7919 % groups } as u32).collect();
    let by_row = b.index(Index {
        target: AxisId(1),
        axes: n,
        values: values.into(),
    });
    let x = b.data(
        (0..rows)
            .map(|i| (i * 31 % 101) as f64 / 50.0 - 1.0)
            .collect(),
        n,
    );
    let (z, mu) = (b.noise(s.union(g)).0, b.param(n).0);
    let eta = b.gather(z, by_row) * x + mu;
    let residual = Expr::apply(Prim::Tanh, &[eta]) + -x;
    let value = b.sum(residual * residual, n);
    let peak = b.max_over(eta, n);
    let total = b.sum(value + peak, s).node(&b);
    let wrt = [z.node(&b), mu.node(&b)];
    let mut outputs = ppl_core::gradient(&b, total, &wrt);
    outputs.extend([total, value.node(&b), peak.node(&b)]);
    b.finish(outputs)
}

fn bits(program: &Program, threads: usize) -> Vec<u64> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let mut kernels = Kernels::compile(program).unwrap();
    let params: Vec<f64> = (0..program.n_params)
        .map(|i| (i % 17) as f64 / 10.0)
        .collect();
    let noise: Vec<f64> = (0..program.n_noise)
        .map(|i| (i % 13) as f64 / 7.0 - 1.0)
        .collect();
    pool.install(|| kernels.run(&params, &noise));
    (0..program.outputs.len())
        .flat_map(|i| kernels.output(i).to_vec())
        .map(f64::to_bits)
        .collect()
}

#[test]
fn bits_do_not_depend_on_threads() {
    for sorted in [true, false] {
        for (draws, rows) in [(1, 300_000), (4, 100_000), (300, 600)] {
            let program = hierarchy(draws, 50, rows, sorted);
            let one = bits(&program, 1);
            for threads in [2, 4] {
                assert!(
                    one == bits(&program, threads),
                    "{draws} draws, {rows} rows, {threads} threads"
                );
            }
        }
    }
}

#[test]
fn large_programs_agree_with_the_interpreter() {
    for sorted in [true, false] {
        for (draws, rows) in [(1, 100_000), (300, 600)] {
            let program = hierarchy(draws, 50, rows, sorted);
            let params: Vec<f64> = (0..program.n_params)
                .map(|i| (i % 17) as f64 / 10.0)
                .collect();
            let noise: Vec<f64> = (0..program.n_noise)
                .map(|i| (i % 13) as f64 / 7.0 - 1.0)
                .collect();
            let expected =
                ppl_core::interpret::evaluate(&program, &params, &noise, &program.outputs);
            let mut kernels = Kernels::compile(&program).unwrap();
            kernels.run(&params, &noise);
            for (i, expected) in expected.iter().enumerate() {
                for (g, e) in kernels.output(i).iter().zip(expected) {
                    assert!(
                        (g - e).abs() <= 1e-10 * (1.0 + e.abs()),
                        "output {i}: {g} instead of {e}"
                    );
                }
            }
        }
    }
}

#[test]
fn running_allocates_nothing() {
    let program = hierarchy(3, 50, 5_000, true);
    let mut kernels = Kernels::compile(&program).unwrap();
    let (params, noise) = (vec![0.3; program.n_params], vec![0.2; program.n_noise]);
    kernels.run(&params, &noise);
    let before = ALLOCATIONS.with(Cell::get);
    for _ in 0..100 {
        kernels.run(&params, &noise);
    }
    assert_eq!(before, ALLOCATIONS.with(Cell::get));
}

#[test]
fn addresses_give_their_own_numbers() {
    let address = |block| Address {
        seed: 5,
        purpose: 1,
        step: 9,
        block,
    };
    let (mut a, mut b, mut c) = (vec![0.0; 1000], vec![0.0; 1000], vec![0.0; 500]);
    fill_normal(&mut a, address(0));
    fill_normal(&mut b, address(1));
    fill_normal(&mut c, address(0));
    assert!(a[..500] == c[..] && a != b);
    let mut large = vec![0.0; 200_000];
    fill_normal(&mut large, address(7));
    let mean = large.iter().sum::<f64>() / large.len() as f64;
    let square = large.iter().map(|x| x * x).sum::<f64>() / large.len() as f64;
    assert!(mean.abs() < 0.01 && (square - 1.0).abs() < 0.02);
    fill_uniform(&mut large, address(8));
    assert!(large.iter().all(|&x| x > 0.0 && x < 1.0));
}
