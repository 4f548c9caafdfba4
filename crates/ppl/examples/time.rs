//! Times one value and gradient of the bound: `cargo run --release -p ppl-lang --example time -- model.ppl data.csv [draws]`.
//!
//! Prints the median wall microseconds of one mean-field step on one thread, with and without the draws of noise.

use ppl_lang::parts::infer::objective::Objective;
use ppl_lang::parts::infer::stochastic::Target;
use ppl_lang::{Dataset, GuideChoice, Model, Source};
use std::path::Path;
use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, data, rest @ ..] = args.as_slice() else {
        eprintln!("usage: time MODEL DATA [DRAWS]");
        return;
    };
    let draws: usize = rest.first().and_then(|d| d.parse().ok()).unwrap_or(1);
    let text = std::fs::read_to_string(model).expect("the model can be read");
    let (model, messages) = Model::parse(&text);
    let model = model.unwrap_or_else(|| panic!("{messages:?}"));
    let data = Dataset::load(&[Source::Main(Path::new(data))]).expect("the data can be read");
    let (bound, _) = model.bind(&data).expect("the data fit the model");
    let guided = ppl_lang::parts::infer::choice::with_guide(bound.inner(), GuideChoice::MeanField)
        .expect("a guide");
    let started = Instant::now();
    let mut objective = Objective::new(&guided.bound, draws, 1).expect("an objective");
    let compile = started.elapsed().as_secs_f64() * 1e3;
    let params = objective.initial();
    let mut gradient = vec![0.0; params.len()];
    let mut step = |objective: &mut Objective, noise: bool, n: u64| {
        let started = Instant::now();
        for i in 0..n {
            if noise {
                objective.estimate(&params, i, &mut gradient);
            } else {
                objective.again(&params, &mut gradient);
            }
        }
        started.elapsed().as_secs_f64() / n as f64 * 1e6
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a pool");
    let (with, without) = pool.install(|| {
        let n = (2e4 / step(&mut objective, true, 20)).clamp(5.0, 2000.0) as u64;
        let mut medians = |noise| {
            let mut times: Vec<f64> = (0..15).map(|_| step(&mut objective, noise, n)).collect();
            times.sort_by(f64::total_cmp);
            times[7]
        };
        (medians(true), medians(false))
    });
    println!(
        "draws {draws}: {with:.2} us a step, {without:.2} us without the noise; compiled in {compile:.1} ms"
    );
    if std::env::var_os("EXPLAIN").is_some() {
        println!("{}", objective.kernels);
    }
}
