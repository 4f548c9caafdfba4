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
    let batch = Batch::of(&mut call);
    let all: Vec<Micros> = (0..BATCHES)
        .map(|_| batch.time(&mut reset, &mut call))
        .collect();
    Micros {
        cpu: median(all.iter().map(|m| m.cpu).collect()),
        wall: median(all.iter().map(|m| m.wall).collect()),
    }
}

/// So many calls of something that they take a batch's time.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    calls: u32,
}

impl Batch {
    /// For a call, which is made twice.
    pub fn of(call: &mut impl FnMut()) -> Batch {
        call();
        let started = Instant::now();
        call();
        let once = started.elapsed().max(Duration::from_nanos(50));
        let calls = (BATCH.as_secs_f64() / once.as_secs_f64()).ceil();
        Batch {
            calls: (calls as u32).clamp(1, MOST_CALLS),
        }
    }

    /// The mean of one batch.
    pub fn time(self, reset: &mut impl FnMut(), call: &mut impl FnMut()) -> Micros {
        reset();
        let (used, passed) = (ProcessTime::now(), Instant::now());
        for _ in 0..self.calls {
            call();
        }
        let per_call = |d: Duration| d.as_secs_f64() * 1e6 / f64::from(self.calls);
        Micros {
            cpu: per_call(used.elapsed()),
            wall: per_call(passed.elapsed()),
        }
    }
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
