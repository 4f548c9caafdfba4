//! `cargo xtask peers`: this engine and other systems, one after another, on the same data.

use super::problems::{Problem, directory, named};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Arguments of the task.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Draws of a step; several times for several
    #[arg(long, value_name = "N", default_values_t = [1, 10])]
    draws: Vec<usize>,
    /// This problem only; several times for several
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// This peer only (numpyro, pymc, stan); several times for several
    #[arg(long, value_name = "NAME")]
    peer: Vec<String>,
    /// The Python that has the peers
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: PathBuf,
    /// Where the data are written
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    data: PathBuf,
    /// Print one JSON object a line instead of the table
    #[arg(long)]
    json: bool,
}

/// Another system, run by a script of `crates/xtask/bench`.
struct Peer {
    name: &'static str,
    /// What the script imports.
    module: &'static str,
    /// What would install it.
    pip: &'static str,
}

const PEERS: [Peer; 3] = [
    Peer {
        name: "numpyro",
        module: "numpyro",
        pip: "pip install numpyro==0.22.0 jax==0.10.2",
    },
    Peer {
        name: "pymc",
        module: "pymc",
        pip: "pip install pymc==5.28.5",
    },
    Peer {
        name: "stan",
        module: "httpstan",
        pip: "pip install httpstan==4.13.0",
    },
];

/// Measures and prints as it goes.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let problems = named(&arguments.only)?;
    if let Some(unknown) = arguments
        .peer
        .iter()
        .find(|name| !PEERS.iter().any(|p| p.name == *name))
    {
        let known: Vec<&str> = PEERS.iter().map(|p| p.name).collect();
        let known = known.join(", ");
        return Err(format!("there is no peer `{unknown}`; there are {known}"));
    }
    let asked = |p: &&Peer| arguments.peer.is_empty() || arguments.peer.iter().any(|n| n == p.name);
    let mut peers = vec![];
    for peer in PEERS.iter().filter(asked) {
        if peer.installed(&arguments.python) {
            peers.push(peer);
        } else {
            eprintln!(
                "{} is skipped: {} has none; `{}` would install it",
                peer.name,
                arguments.python.display(),
                peer.pip
            );
        }
    }
    if !arguments.json {
        println!(
            "process-CPU microseconds on one core; a ratio below 1 means that this engine is faster"
        );
    }
    let mut ratios: BTreeMap<(usize, &str, &str), Vec<f64>> = BTreeMap::new();
    for problem in problems {
        for &draws in &arguments.draws {
            let data = problem.data(&arguments.data)?;
            let own = own(problem, &data, draws)?;
            let mut line = format!(
                "{:15} S={draws:<3} gradient {:9.2}  step {:9.2}",
                problem.name, own.0, own.1
            );
            let mut found = json!({ "problem": problem.name, "draws": draws,
                "gradient_us": own.0, "step_us": own.1 });
            for peer in &peers {
                match peer.measure(&arguments.python, problem, &data, draws) {
                    Ok(times) => {
                        // A system that offers whole steps is compared by steps, one that offers gradients by gradients.
                        for (what, own) in [("gradient_us", own.0), ("step_us", own.1)] {
                            if let Some(theirs) = times[what].as_f64() {
                                let ratio = own / theirs;
                                let word = what.trim_end_matches("_us");
                                line +=
                                    &format!("  {} {word} {theirs:9.2} ({ratio:.3})", peer.name);
                                ratios
                                    .entry((draws, peer.name, word))
                                    .or_default()
                                    .push(ratio);
                            }
                        }
                        found[peer.name] = times;
                    }
                    Err(reason) => {
                        line += &format!("  {}: {reason}", peer.name);
                        found[peer.name] = json!({ "error": reason });
                    }
                }
            }
            match arguments.json {
                true => println!("{found}"),
                false => println!("{line}"),
            }
        }
    }
    if !arguments.json {
        for ((draws, peer, what), all) in ratios {
            let mean = all.iter().map(|r| r.ln()).sum::<f64>() / all.len() as f64;
            println!(
                "geometric mean against {peer}, {what}s, S={draws}: {:.3}",
                mean.exp()
            );
        }
    }
    Ok(())
}

/// This engine in a process of its own, as the peers are: microseconds of a gradient and of a step.
fn own(problem: &Problem, data: &Path, draws: usize) -> Result<(f64, f64), String> {
    let this = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut command = on_one_core(&this);
    command.arg("time").arg(problem.model()).arg(data);
    command.args(["--json", "--threads", "1", "--draws", &draws.to_string()]);
    let times = json_of(&mut command)?;
    let of = |what: &str| times[what]["cpu_us"].as_f64();
    of("gradient")
        .zip(of("step"))
        .ok_or_else(|| "no times came back".into())
}

impl Peer {
    fn installed(&self, python: &Path) -> bool {
        let code = format!(
            "import importlib.util, sys; sys.exit(importlib.util.find_spec('{}') is None)",
            self.module
        );
        Command::new(python)
            .args(["-c", &code])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    }

    /// The object that its script prints.
    fn measure(
        &self,
        python: &Path,
        problem: &Problem,
        data: &Path,
        draws: usize,
    ) -> Result<Value, String> {
        let script = directory().join(format!("peer_{}.py", self.name));
        let mut command = on_one_core(python);
        command.arg(script).arg(problem.name).arg(data);
        command.arg(draws.to_string());
        json_of(&mut command)
    }
}

/// Runs there on the first core alone, where the machine can pin a process.
fn on_one_core(program: &Path) -> Command {
    if Command::new("taskset")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
    {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(program);
        return command;
    }
    Command::new(program)
}

/// The last line that a command prints, as JSON.
fn json_of(command: &mut Command) -> Result<Value, String> {
    let done = command.output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&done.stdout);
    let last = text.lines().last().unwrap_or("");
    serde_json::from_str(last).map_err(|_| {
        let errors = String::from_utf8_lossy(&done.stderr);
        errors.lines().last().unwrap_or("no output").to_owned()
    })
}
