//! `cargo xtask reach`: how long a whole fit takes, and how long until its bound is as good as a given one.

use super::load::Inputs;
use cpu_time::ProcessTime;
use ppl_lang::{FitOptions, GuideChoice, Observer, Progress};
use serde_json::json;
use std::time::{Duration, Instant};

/// Arguments of the task.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The model and its data
    #[command(flatten)]
    pub inputs: Inputs,
    /// The bound that is to be reached, for example another system's after its 10,000 steps
    #[arg(long, value_name = "NATS", allow_hyphen_values = true)]
    pub bound: f64,
    /// Threads
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: usize,
    /// Fit with the guide that is chosen, rather than with the mean-field one
    #[arg(long)]
    pub auto: bool,
    /// Seed
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Since the process began: wall time, and CPU time of all threads.
#[derive(Debug, Clone, Copy)]
struct Moment {
    wall: Duration,
    cpu: Duration,
}

struct Watch {
    started: Instant,
    bound: f64,
    reached: Option<Moment>,
    optimised: Option<Moment>,
}

impl Watch {
    fn now(&self) -> Moment {
        Moment {
            wall: self.started.elapsed(),
            cpu: ProcessTime::now().as_duration(),
        }
    }
}

impl Observer for Watch {
    fn progress(&mut self, progress: Progress) -> bool {
        // What the optimiser's own draws say, to within their error; what is reported in the end comes from fresh ones.
        if self.reached.is_none() && progress.phase == "optimise" && progress.elbo >= self.bound {
            self.reached = Some(self.now());
        }
        if self.optimised.is_none() && progress.phase == "certify" {
            self.optimised = Some(self.now());
        }
        true
    }
}

/// Fits and prints.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let started = Instant::now();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads.max(1))
        .build()
        .map_err(|e| e.to_string())?;
    let mut watch = Watch {
        started,
        bound: arguments.bound,
        reached: None,
        optimised: None,
    };
    let options = FitOptions {
        seed: arguments.seed,
        guide: match arguments.auto {
            true => GuideChoice::Auto,
            false => GuideChoice::MeanField,
        },
        ..FitOptions::default()
    };
    let elbo = pool.install(|| -> Result<f64, String> {
        let loaded = arguments.inputs.load()?;
        let fit = loaded.bound.fit(&options, &mut watch);
        let fit = fit.map_err(|e| e.to_string())?;
        Ok(fit.elbo.map_or(f64::NAN, |e| e.by_entropy.value))
    })?;
    let done = watch.now();
    let moments = [
        (
            "reached",
            watch.reached.filter(|_| elbo >= arguments.bound - SLACK),
        ),
        ("optimised", watch.optimised),
        ("done", Some(done)),
    ];
    if arguments.json {
        let mut object = json!({ "elbo": elbo, "bound": arguments.bound });
        for (name, moment) in moments {
            object[name] = match moment {
                Some(m) => json!({ "wall_s": m.wall.as_secs_f64(), "cpu_s": m.cpu.as_secs_f64() }),
                None => json!(null),
            };
        }
        println!("{object}");
        return Ok(());
    }
    println!("ELBO {elbo:.3}");
    for (name, moment) in moments {
        match moment {
            Some(m) => println!(
                "{name:9} {:.3} s, {:.3} s CPU",
                m.wall.as_secs_f64(),
                m.cpu.as_secs_f64()
            ),
            None => println!("{name:9} never"),
        }
    }
    Ok(())
}

/// What the last bound may be below the one that is to be reached: its own error.
const SLACK: f64 = 0.5;
