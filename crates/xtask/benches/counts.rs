//! Instruction counts of values with gradients and of whole steps, which a neighbour's load does not move.
//!
//! `cargo bench -p xtask --features counts --bench counts`. Valgrind knows no AVX-512, so what is counted is AVX2. The
//! numbers below were counted with the compiler named beside them; more than 3 % above one of them is a failure.

#![expect(
    missing_docs,
    reason = "gungraun's macros make public items without any"
)]

use gungraun::{Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark};
use ppl_lang::parts::infer::timing::{LogDensity, Steps};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use xtask::bench::load::{Inputs, Loaded};
use xtask::bench::problems::{Problem, SHORT_LOGREG, named};

/// What the limits were counted with.
const COUNTED_WITH: &str = "rustc 1.95, valgrind 3.19, x86-64";
/// The version of `gungraun-runner` that goes with the library.
const RUNNER: &str = "0.20.0";

/// A limit 3 % above a count.
fn at_most(count: u64) -> LibraryBenchmarkConfig {
    let limit = count + count * 3 / 100;
    LibraryBenchmarkConfig::default()
        .tool(Callgrind::default().hard_limits([(EventKind::Ir, limit)]))
        .clone()
}

fn loaded(name: &str) -> Loaded {
    // Everything on this thread, so that all of it is counted.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
    let _ = pool.use_current_thread().build_global();
    let short = SHORT_LOGREG;
    let problems = named(&[name.to_owned()]).expect("there is such a problem");
    let problem: &Problem = if name == short.name {
        &short
    } else {
        problems[0]
    };
    let directory = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/bench/counts"
    ));
    let data = problem.data(directory).expect("the data can be written");
    let inputs = Inputs {
        model: problem.model(),
        data: vec![data.display().to_string()],
        set: vec![],
        single: false,
    };
    inputs.load().expect("the problem can be bound")
}

/// Compiled and run once.
fn density(name: &str, draws: usize) -> LogDensity {
    let mut density = LogDensity::new(&loaded(name).guided.bound, draws).expect("it compiles");
    density.run();
    density
}

/// Compiled and run once.
fn steps(name: &str, draws: usize) -> Steps {
    let mut steps = Steps::new(&loaded(name).guided.bound, draws).expect("it compiles");
    steps.run();
    steps
}

// Those of logreg were 284,045 and 2,622,328 while its matrix was read as `f64`: at ten points a vector of its 32-bit whole numbers takes one
// instruction more, and half the memory. That at one point was 286,053 before each line that is read asked for one of the next block; out of the caches
// it takes 0.63 of the time.
#[library_benchmark(setup = density)]
#[bench::eight_schools(args = ("eight_schools", 1), config = at_most(686))]
#[bench::eight_schools_10(args = ("eight_schools", 10), config = at_most(3_729))]
#[bench::linreg_10(args = ("linreg", 10), config = at_most(52_999))]
#[bench::logreg(args = ("logreg", 1), config = at_most(296_936))]
#[bench::logreg_10(args = ("logreg", 10), config = at_most(2_730_953))]
#[bench::hier_radon_10(args = ("hier_radon", 10), config = at_most(100_596))]
#[bench::poisson_glmm_10(args = ("poisson_glmm", 10), config = at_most(4_379_807))]
#[bench::gmm_marginal_10(args = ("gmm_marginal", 10), config = at_most(4_973_769))]
#[bench::stoch_vol_10(args = ("stoch_vol", 10), config = at_most(563_801))]
#[bench::discrete_hmm(args = ("discrete_hmm", 1), config = at_most(199_938))]
#[bench::discrete_hmm_10(args = ("discrete_hmm", 10), config = at_most(1_932_984))]
fn gradient(mut density: LogDensity) -> LogDensity {
    black_box(density.run());
    // Given back, so that its memory is freed outside of what is counted.
    density
}

// That of eight_schools is one step, in which some number takes the long way through the generator; the mean of many is 4,400. Half of
// them are random numbers: three generators, each of which makes four blocks of sixteen words at once.
#[library_benchmark(setup = steps)]
#[bench::eight_schools(args = ("eight_schools", 1), config = at_most(4_591))]
#[bench::poisson_glmm(args = ("poisson_glmm", 1), config = at_most(552_308))]
#[bench::stoch_vol_10(args = ("stoch_vol", 10), config = at_most(1_921_676))]
fn step(mut steps: Steps) -> Steps {
    black_box(steps.run());
    steps
}

/// What gungraun makes of them.
mod counted {
    use super::{gradient, step};
    use gungraun::{library_benchmark_group, main};
    library_benchmark_group!(name = gradients, benchmarks = gradient);
    library_benchmark_group!(name = whole_steps, benchmarks = step);
    main!(library_benchmark_groups = [gradients, whole_steps]);

    pub fn run() {
        main();
    }
}

fn main() {
    // The runner calls this program again for each benchmark.
    if std::env::args().any(|a| a == "--gungraun-run") {
        return counted::run();
    }
    let answers = |program: &str| Command::new(program).arg("--version").output().ok();
    if answers("valgrind").is_none() {
        return eprintln!("no instructions are counted: valgrind is not installed");
    }
    let runner = std::env::var("GUNGRAUN_RUNNER").unwrap_or_else(|_| "gungraun-runner".into());
    if answers(&runner).is_none() {
        return eprintln!(
            "no instructions are counted: `cargo install gungraun-runner --version {RUNNER}` installs what counts them"
        );
    }
    println!("limits counted with {COUNTED_WITH}");
    counted::run();
}
