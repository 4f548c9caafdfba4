//! Medians of process-CPU and wall time over batches of calls.

use cpu_time::ProcessTime;
use std::time::{Duration, Instant};

/// Batches of which the median is taken.
const BATCHES: usize = 15;
/// Wall time of a batch, about.
const BATCH: Duration = Duration::from_millis(40);
/// Calls in a batch, at most.
const MOST_CALLS: u32 = 20_000;

/// Microseconds of one call.
#[derive(Debug, Clone, Copy)]
pub struct Micros {
    /// Median of the process's CPU time, all threads together.
    pub cpu: f64,
    /// Median of the wall time.
    pub wall: f64,
}

/// Times a call; `reset` runs before every batch and is not timed.
pub fn time(mut reset: impl FnMut(), mut call: impl FnMut()) -> Micros {
    call();
    let started = Instant::now();
    call();
    let once = started.elapsed().max(Duration::from_nanos(50));
    let calls = (BATCH.as_secs_f64() / once.as_secs_f64()).ceil();
    let calls = (calls as u32).clamp(1, MOST_CALLS);
    let (mut cpu, mut wall) = (vec![], vec![]);
    for _ in 0..BATCHES {
        reset();
        let (used, passed) = (ProcessTime::now(), Instant::now());
        for _ in 0..calls {
            call();
        }
        let per_call = |d: Duration| d.as_secs_f64() * 1e6 / f64::from(calls);
        cpu.push(per_call(used.elapsed()));
        wall.push(per_call(passed.elapsed()));
    }
    Micros {
        cpu: median(cpu),
        wall: median(wall),
    }
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
