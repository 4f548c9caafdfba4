//! `cargo xtask time`: one value and gradient of the log density, and one step of a mean-field fit.

use super::clock::{Batch, Micros, time};
use super::load::{Inputs, ms};
use ppl_lang::parts::infer::timing::{HessianProduct, LogDensity, Steps};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::hint::black_box;
use std::time::Instant;

/// Arguments of the task.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The model and its data
    #[command(flatten)]
    pub inputs: Inputs,
    /// Points, and draws of a step, that are evaluated together
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub draws: usize,
    /// Threads
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: usize,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Print the kernels of the log density with its gradient
    #[arg(long)]
    pub explain: bool,
    /// Time nothing: run that many gradients of the log density (for instruction counts)
    #[arg(long, value_name = "N", conflicts_with = "json")]
    pub gradients: Option<usize>,
    /// Time nothing: run that many steps (for instruction counts)
    #[arg(long, value_name = "N", conflicts_with_all = ["json", "gradients"])]
    pub steps: Option<usize>,
    /// Time a product with the Hessian as well
    #[arg(long, conflicts_with_all = ["gradients", "steps"])]
    pub hessian: bool,
    /// Print a line when all is compiled, then time one batch for each line of the input (`cargo xtask peers` takes turns so)
    #[arg(long, conflicts_with_all = ["gradients", "steps", "hessian"])]
    pub in_turn: bool,
}

/// What was measured.
#[derive(Debug, Clone)]
pub struct Timing {
    /// Value and gradient of the log density.
    pub gradient: Micros,
    /// Noise, draws, bound with its gradient, Adam.
    pub step: Micros,
    /// A product of the Hessian with a vector, if it was asked for.
    pub product: Option<[Micros; 2]>,
    /// Length of the unconstrained vector.
    pub unknowns: usize,
    /// Milliseconds: reading the data, compiling the step.
    pub ms: [f64; 2],
    /// Milliseconds of what precedes the first gradient, and of itself.
    pub first: [(&'static str, f64); 6],
    /// The engine's account of the gradient's kernels.
    pub kernels: String,
}

/// Times and prints.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.draws == 0 || arguments.threads == 0 {
        return Err("`--draws` and `--threads` are at least 1".into());
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads)
        .build()
        .map_err(|e| e.to_string())?;
    pool.install(|| {
        if arguments.gradients.is_some() || arguments.steps.is_some() {
            return repeat(arguments);
        }
        if arguments.in_turn {
            return in_turn(arguments);
        }
        let timing = measure(arguments)?;
        match arguments.json {
            true => println!("{}", timing.json(arguments)),
            false => print!("{}", timing.text()),
        }
        if arguments.explain {
            eprint!("{}", timing.kernels);
        }
        Ok(())
    })
}

/// Measures, on the pool of threads it is called in.
pub fn measure(arguments: &Arguments) -> Result<Timing, String> {
    let loaded = arguments.inputs.load()?;
    let mut density =
        LogDensity::new(&loaded.guided.bound, arguments.draws).map_err(|e| e.to_string())?;
    let started = Instant::now();
    black_box(density.run());
    let first = [
        ("parse", loaded.parse_ms),
        ("check", loaded.check_ms),
        ("bind", loaded.bind_ms),
        ("lower", density.lower_seconds * 1e3),
        ("compile", density.compile_seconds * 1e3),
        ("run", ms(started)),
    ];
    let started = Instant::now();
    let steps = Steps::new(&loaded.guided.bound, arguments.draws).map_err(|e| e.to_string())?;
    let steps_ms = ms(started);
    let steps = RefCell::new(steps);
    let product = match arguments.hessian {
        true => {
            let product = HessianProduct::new(&loaded.guided.bound, arguments.draws);
            let product = RefCell::new(product.map_err(|e| e.to_string())?);
            let run = || {
                black_box(product.borrow_mut().run());
            };
            let prepare = || product.borrow_mut().prepare();
            Some([time(|| {}, run), time(|| {}, prepare)])
        }
        false => None,
    };
    Ok(Timing {
        gradient: time(
            || {},
            || {
                black_box(density.run());
            },
        ),
        step: time(
            || steps.borrow_mut().restart(),
            || {
                black_box(steps.borrow_mut().run());
            },
        ),
        product,
        unknowns: loaded.bound.inner().n_unknowns(),
        ms: [loaded.read_ms, steps_ms],
        first,
        kernels: density.explain(),
    })
}

/// Runs what an instruction counter is to count.
fn repeat(arguments: &Arguments) -> Result<(), String> {
    let loaded = arguments.inputs.load()?;
    if let Some(n) = arguments.gradients {
        let density = LogDensity::new(&loaded.guided.bound, arguments.draws);
        let mut density = density.map_err(|e| e.to_string())?;
        for _ in 0..n {
            black_box(density.run());
        }
    } else if let Some(n) = arguments.steps {
        let steps = Steps::new(&loaded.guided.bound, arguments.draws);
        let mut steps = steps.map_err(|e| e.to_string())?;
        for _ in 0..n {
            black_box(steps.run());
        }
    }
    Ok(())
}

/// Times a batch whenever it is this process's turn.
fn in_turn(arguments: &Arguments) -> Result<(), String> {
    let loaded = arguments.inputs.load()?;
    let bound = &loaded.guided.bound;
    let mut density = LogDensity::new(bound, arguments.draws).map_err(|e| e.to_string())?;
    let steps = Steps::new(bound, arguments.draws).map_err(|e| e.to_string())?;
    let steps = RefCell::new(steps);
    let mut gradient = || {
        black_box(density.run());
    };
    let mut restart = || steps.borrow_mut().restart();
    let mut step = || {
        black_box(steps.borrow_mut().run());
    };
    let (gradients, many) = (Batch::of(&mut gradient), Batch::of(&mut step));
    println!(
        "{}",
        json!({ "unknowns": loaded.bound.inner().n_unknowns() })
    );
    for line in std::io::stdin().lines() {
        line.map_err(|e| e.to_string())?;
        let gradient = gradients.time(&mut || {}, &mut gradient);
        let step = many.time(&mut restart, &mut step);
        println!(
            "{}",
            json!({ "gradient_us": gradient.cpu, "step_us": step.cpu })
        );
    }
    Ok(())
}

impl Timing {
    /// Milliseconds from the model's text to the first gradient, without reading the data.
    pub fn first_ms(&self) -> f64 {
        self.first.iter().map(|(_, ms)| ms).sum()
    }

    /// The documented keys (docs/src/speed.md).
    fn json(&self, arguments: &Arguments) -> Value {
        let micros = |m: Micros| json!({ "cpu_us": m.cpu, "wall_us": m.wall });
        let [read, step] = self.ms;
        let mut object = json!({
            "model": arguments.inputs.model.display().to_string(),
            "draws": arguments.draws,
            "threads": arguments.threads,
            "unknowns": self.unknowns,
            "gradient": micros(self.gradient),
            "step": micros(self.step),
            "read_ms": read,
            "compile_ms": serde_json::Map::from_iter(
                self.first.map(|(stage, ms)| (stage.to_owned(), ms.into()))
            ),
            "compile_step_ms": step,
            "first_gradient_ms": self.first_ms(),
        });
        if let Some(product) = self.product {
            let [product, common] = product;
            object["hessian_product"] = micros(product);
            object["hessian_common"] = micros(common);
        }
        object
    }

    fn text(&self) -> String {
        let [read, step] = self.ms;
        let stages = self.first.map(|(stage, ms)| format!("{stage} {ms:.2}"));
        let product = self.product.map_or(String::new(), |[m, common]| {
            format!(
                "product:  {:.2} us CPU, {:.2} us wall, and {:.2} us CPU once for all at the same points\n",
                m.cpu, m.wall, common.cpu
            )
        });
        format!(
            "{} unknowns\n\
             gradient: {:.2} us CPU, {:.2} us wall\n\
             step:     {:.2} us CPU, {:.2} us wall\n{product}\
             data read in {read:.2} ms, first gradient after {:.2} ms ({}), step compiled in {step:.2} ms\n",
            self.unknowns,
            self.gradient.cpu,
            self.gradient.wall,
            self.step.cpu,
            self.step.wall,
            self.first_ms(),
            stages.join(", "),
        )
    }
}
