//! The reverse sweep of a long recurrence computes its states again: the same bits as when it reads them, and no array of them.

use ppl_core::call::scan::{Leaf, Scan};
use ppl_core::{
    Axis, AxisId, AxisSet, Builder, DRAW, Expr, NodeId, Program, Real, Routine, gradient,
};
use ppl_engine::Kernels;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed to the system's allocator unchanged; the counters have no part in it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller's promises about the layout hold for the system's allocator too.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the pointer came from `alloc` above with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CELL: AxisId = AxisId(1);
const TIME: AxisId = AxisId(2);
const CELLS: usize = 16;

/// Cells whose activity depends on that of all; their sum is given out at each of `n` steps, in which a shock `x[t]` comes.
fn program(n: usize, limit: Option<usize>) -> Program {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    let b = Builder::new(vec![axis("draw", 1), axis("cell", CELLS), axis("time", n)]);
    if let Some(limit) = limit {
        b.limit_tapes(limit);
    }
    let cells = AxisSet::of(&[DRAW, CELL]);
    let body = b.sibling();
    let leaf = |axes| {
        let (e, offset) = body.noise(axes);
        (e, Leaf { offset, axes })
    };
    let (s, s_at) = leaf(cells);
    let (x, x_at) = leaf(AxisSet::EMPTY);
    let (a, a_at) = leaf(AxisSet::of(&[CELL]));
    let total = body.sum(s, AxisSet::of(&[CELL]));
    let next = (a * s + Expr::Const(0.1) * total).tanh() + x;
    let outputs = [
        body.broadcast(next, cells),
        body.broadcast(total * total, AxisSet::of(&[DRAW])),
    ];
    let outputs = outputs.map(|e| e.node(&body)).to_vec();
    let scan = Routine::Scan(Arc::new(Scan {
        axis: TIME,
        reverse: false,
        states: vec![s_at],
        inputs: vec![x_at, a_at],
        again: None,
        body: body.finish(outputs),
    }));
    let [shocks, rates] = [TIME, CELL].map(|axis| b.param(AxisSet::of(&[axis])).0);
    let call = b.call(&scan, &[Expr::Const(0.2), shocks, rates]);
    let given = b.call_part(call, 1);
    let of = b.sum(given, AxisSet::of(&[TIME])).node(&b);
    let leaves: Vec<NodeId> = b.snapshot().params();
    let mut outputs = vec![of];
    outputs.extend(gradient(&b, of, &leaves));
    b.finish(outputs)
}

/// All outputs, and the bytes that compiling and running took at most.
fn run(program: &Program) -> (Vec<Vec<f64>>, usize) {
    let params: Vec<f64> = (0..program.n_params)
        .map(|i| 0.3 * (0.7 * i as f64).sin())
        .collect();
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let mut kernels = Kernels::compile(program).unwrap();
    kernels.run(&params, &vec![0.0; program.n_noise]);
    let most = MOST.load(Ordering::Relaxed) - before;
    let outputs = (0..program.outputs.len()).map(|i| kernels.output(i).to_vec());
    (outputs.collect(), most)
}

/// The same bits, but of what is added up over the steps, whose order differs.
fn same(x: &[Vec<f64>], y: &[Vec<f64>]) {
    assert_eq!(x[..2], y[..2]);
    let largest = x[2].iter().fold(0.0f64, |m, x| m.max(x.abs()));
    for (x, y) in x[2].iter().zip(&y[2]) {
        assert!((x - y).abs() <= 1e-12 * largest, "{x} {y}");
    }
}

/// One test: the counters are those of the process.
#[test]
fn states_are_computed_again_where_they_are_many() {
    // Lengths around whole segments.
    for n in [1, 2, 3, 8, 9, 10, 99, 100, 1000] {
        let (read, _) = run(&program(n, None));
        let (again, _) = run(&program(n, Some(0)));
        same(&read, &again);
    }
    // By size alone: 40 MB of states are read where that is allowed.
    let n = 300_000;
    let (again, least) = run(&program(n, None));
    let (read, most) = run(&program(n, Some(usize::MAX)));
    let states = CELLS * n * 8;
    same(&read, &again);
    assert!(most > states, "{most} bytes for states of {states}");
    assert!(least < states / 4, "{least} bytes instead of {most}");
}
