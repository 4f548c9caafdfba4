//! `cargo xtask peers`: this engine and other systems in turn, on the same data and the same core.
//!
//! A turn is a batch of calls here and then one there, so that other work on the machine, and the clock of its core, meet both alike.

use super::clock::median;
use super::problems::{Problem, directory, named};
use super::turns::{Pairs, Waiting};
use serde_json::json;
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
    /// Turns of this engine and each peer
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..))]
    turns: u16,
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
            "process-CPU microseconds on one core, medians of {} turns; a ratio below 1 (the turns' median) means that this engine is faster",
            arguments.turns
        );
    }
    let mut ratios: BTreeMap<(usize, &str, &str), Vec<f64>> = BTreeMap::new();
    for problem in problems {
        for &draws in &arguments.draws {
            let case = Case {
                problem,
                data: problem.data(&arguments.data)?,
                draws,
            };
            let mut own = case.own()?;
            let mut times = [vec![], vec![]];
            let mut object = json!({ "problem": problem.name, "draws": draws });
            let mut beside = String::new();
            for peer in &peers {
                let found = case.of(peer, &arguments.python).and_then(|mut other| {
                    let pairs = Pairs::of(&mut own, &mut other, arguments.turns)?;
                    Ok((other.facts.clone(), pairs))
                });
                let (mut facts, pairs) = match found {
                    Ok(found) => found,
                    Err(reason) => {
                        beside += &format!("  {}: {reason}", peer.name);
                        object[peer.name] = json!({ "error": reason });
                        continue;
                    }
                };
                // A system that offers whole steps is compared by steps, one that offers gradients by gradients.
                for ((what, word), own) in TIMED.into_iter().zip(&mut times) {
                    own.extend(pairs.own(what));
                    if let Some((theirs, ratio)) = pairs.medians(what) {
                        beside += &format!("  {} {word} {theirs:9.2} ({ratio:.3})", peer.name);
                        facts[what] = theirs.into();
                        facts[format!("{word}_ratio")] = ratio.into();
                        let all = ratios.entry((draws, peer.name, word)).or_default();
                        all.push(ratio);
                    }
                }
                object[peer.name] = facts;
            }
            if times.iter().any(Vec::is_empty) {
                // There is nobody to take turns with.
                for _ in 0..arguments.turns {
                    let turn = own.turn()?;
                    let both = TIMED.iter().zip(&mut times);
                    both.for_each(|((what, _), all)| all.extend(turn[what].as_f64()));
                }
            }
            let mut line = format!("{:15} S={draws:<3}", problem.name);
            for ((what, word), all) in TIMED.into_iter().zip(times) {
                let own = median(all);
                line += &format!(" {word} {own:9.2} ");
                object[what] = own.into();
            }
            match arguments.json {
                true => println!("{object}"),
                false => println!("{line}{beside}"),
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

/// What may be timed: its key, and its name.
const TIMED: [(&str, &str); 2] = [("gradient_us", "gradient"), ("step_us", "step")];

/// A problem with its data and a number of draws.
struct Case<'p> {
    problem: &'p Problem,
    data: PathBuf,
    draws: usize,
}

impl Case<'_> {
    /// This engine, in a process of its own as the peers are.
    fn own(&self) -> Result<Waiting, String> {
        let this = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut command = on_one_core(&this);
        command
            .arg("time")
            .arg(self.problem.model())
            .arg(&self.data);
        command.args(["--in-turn", "--threads", "1"]);
        Waiting::start(command.args(["--draws", &self.draws.to_string()]))
    }

    /// A peer, by its script.
    fn of(&self, peer: &Peer, python: &Path) -> Result<Waiting, String> {
        let script = directory().join(format!("peer_{}.py", peer.name));
        let mut command = on_one_core(python);
        command.arg(script).arg(self.problem.name).arg(&self.data);
        Waiting::start(command.arg(self.draws.to_string()))
    }
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
