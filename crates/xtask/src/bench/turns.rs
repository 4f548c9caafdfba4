//! Processes that time something whenever it is their turn.
//!
//! Such a process prints a line of JSON when it has compiled, and one more, of the microseconds of a batch, for each line that it
//! reads. In between it waits, and takes no time of the core.

use super::clock::median;
use serde_json::Value;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

/// A process that has compiled and waits for its turn.
pub struct Waiting {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    errors: Option<JoinHandle<String>>,
    /// What it printed when it was ready.
    pub facts: Value,
}

impl Waiting {
    /// Starts it and waits until it is ready.
    pub fn start(command: &mut Command) -> Result<Waiting, String> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| e.to_string())?;
        let (input, output, mut errors) =
            match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
                (Some(input), Some(output), Some(errors)) => (input, output, errors),
                _ => return Err("the process has no pipes".into()),
            };
        // Read as they come: a full pipe would stop the process.
        let errors = std::thread::spawn(move || {
            let mut text = vec![];
            let _ = errors.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut waiting = Waiting {
            child,
            input,
            output: BufReader::new(output).lines(),
            errors: Some(errors),
            facts: Value::Null,
        };
        waiting.facts = waiting.line()?;
        Ok(waiting)
    }

    /// The microseconds of one batch.
    pub fn turn(&mut self) -> Result<Value, String> {
        // Should it have ended, its last words say why.
        let _ = self.input.write_all(b"\n");
        let _ = self.input.flush();
        self.line()
    }

    /// The next line of JSON; what other lines it prints is passed over.
    fn line(&mut self) -> Result<Value, String> {
        for line in self.output.by_ref() {
            let line = line.map_err(|e| e.to_string())?;
            if let Ok(object @ Value::Object(_)) = serde_json::from_str(&line) {
                return Ok(object);
            }
        }
        let errors = self.errors.take().and_then(|errors| errors.join().ok());
        let last = errors.as_deref().and_then(|text| text.lines().last());
        Err(last.unwrap_or("no output").to_owned())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Batches of this engine, each with one of another system right after it.
#[derive(Debug, Default)]
pub struct Pairs(Vec<[Value; 2]>);

impl Pairs {
    /// Takes so many turns.
    pub fn of(own: &mut Waiting, other: &mut Waiting, turns: u16) -> Result<Pairs, String> {
        let pair = |_| Ok([own.turn()?, other.turn()?]);
        (0..turns)
            .map(pair)
            .collect::<Result<_, String>>()
            .map(Pairs)
    }

    /// What this engine took, turn by turn.
    pub fn own(&self, what: &str) -> Vec<f64> {
        self.0
            .iter()
            .filter_map(|[own, _]| own[what].as_f64())
            .collect()
    }

    /// Medians over the turns: what the other took, and the ratio of what this engine took to it. `None` where the other does not
    /// time that.
    pub fn medians(&self, what: &str) -> Option<(f64, f64)> {
        let both = |[own, other]: &[Value; 2]| own[what].as_f64().zip(other[what].as_f64());
        let both: Vec<(f64, f64)> = self.0.iter().filter_map(both).collect();
        (!both.is_empty()).then(|| {
            let ratios = both.iter().map(|(own, other)| own / other);
            let others = both.iter().map(|(_, other)| *other);
            (median(others.collect()), median(ratios.collect()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A shell that says it is ready, and then for each line the next of some numbers.
    fn process(numbers: &str) -> Waiting {
        let script = format!(
            "echo started; echo '{{\"ready\": 1}}'; for n in {numbers}; do read -r turn || exit; echo \"{{\\\"step_us\\\": $n}}\"; done"
        );
        Waiting::start(Command::new("sh").args(["-c", &script])).unwrap()
    }

    #[test]
    fn turns_are_paired_and_ratios_are_of_neighbours() {
        // Another program takes the core in the second turn: both take four times as long.
        let (mut own, mut other) = (process("1 4 1.5"), process("10 40 10"));
        assert_eq!(own.facts, json!({ "ready": 1 }));
        let pairs = Pairs::of(&mut own, &mut other, 3).unwrap();
        assert_eq!(pairs.own("step_us"), [1.0, 4.0, 1.5]);
        assert_eq!(pairs.medians("step_us"), Some((10.0, 0.1)));
        assert_eq!(pairs.medians("gradient_us"), None);
    }

    #[test]
    fn a_process_that_ends_says_why() {
        let script = "echo '{}'; read -r turn; echo no memory >&2; exit 1";
        let mut process = Waiting::start(Command::new("sh").args(["-c", script])).unwrap();
        assert_eq!(process.turn(), Err("no memory".to_owned()));
        let script = "echo no model >&2";
        let never = Waiting::start(Command::new("sh").args(["-c", script]));
        assert_eq!(never.err(), Some("no model".to_owned()));
    }
}
