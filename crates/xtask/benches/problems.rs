//! Process-CPU microseconds of the benchmark problems: a value and gradient of the log density, a product with its Hessian,
//! and a whole step of a mean-field fit. `cargo bench -p xtask --bench problems -- NAME …` narrows it down.

use std::path::Path;
use xtask::bench::load::Inputs;
use xtask::bench::problems::named;
use xtask::bench::time::{Arguments, measure};

fn main() {
    let names: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    if let Err(message) = run(&names) {
        eprintln!("error: {message}");
        std::process::exit(2);
    }
}

fn run(names: &[String]) -> Result<(), String> {
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let one = one.map_err(|e| e.to_string())?;
    let directory = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench"));
    println!("problem          S   gradient     product       step   product/gradient");
    for problem in named(names)? {
        for draws in [1, 10] {
            let arguments = Arguments {
                inputs: Inputs {
                    model: problem.model(),
                    data: vec![problem.data(directory)?.display().to_string()],
                    set: vec![],
                    single: false,
                },
                draws,
                threads: 1,
                json: false,
                explain: false,
                gradients: None,
                steps: None,
                hessian: true,
                in_turn: false,
            };
            let timing = one.install(|| measure(&arguments))?;
            let gradient = timing.gradient.cpu;
            let product = timing.product.map_or(f64::NAN, |[p, _]| p.cpu);
            println!(
                "{:15} {draws:2} {gradient:10.2}  {product:10.2} {:10.2}   {:.2}",
                problem.name,
                timing.step.cpu,
                product / gradient
            );
        }
    }
    Ok(())
}
