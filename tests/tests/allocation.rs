//! A gradient step asks for no memory after the first one.

use ppl_lang::parts::infer::stochastic::Target;
use ppl_tests::{bind, objective};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed to the system's allocator unchanged; the counter has no part in it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises about the layout hold for the system's allocator too.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_step_allocates_nothing() {
    let data = "g,x,y\n".to_string()
        + &(0..500)
            .map(|i| format!("{},{},{}\n", i % 7, i % 13, i % 5))
            .collect::<String>();
    let model = "axis g; data g[row]: g; data x[row]: real; data y[row]: real;
        m ~ Normal(0, 1); t ~ HalfNormal(1); a[g] ~ Normal(m, t); b ~ Normal(0, 1); w ~ Bernoulli(0.3);
        observe y ~ Normal(a[g] + b * x * w, 2);";
    for family in ["mean-field", "full-rank"] {
        let mut target = objective(&bind(model, &data), family, 8, 1);
        let params = target.initial();
        let mut gradient = vec![0.0; params.len()];
        target.estimate(&params, 0, &mut gradient);
        // The fewest of three rounds: the test's own harness may allocate beside one of them.
        let round = |_| {
            let before = COUNT.load(Ordering::Relaxed);
            for step in 1..50 {
                target.estimate(&params, step, &mut gradient);
            }
            COUNT.load(Ordering::Relaxed) - before
        };
        assert_eq!((0..3).map(round).min(), Some(0), "{family}");
    }
}
