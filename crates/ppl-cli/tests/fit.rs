//! The whole pipeline.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::{Folder, Run, SCHOOLS};

/// A fit that takes long: many unknowns, many rows whose sums do not fold.
fn long(name: &str) -> Folder {
    let mut data = String::from("g,x,y\n");
    for i in 0..40_000 {
        data.push_str(&format!("g{},{},{}\n", i % 2_000, i % 17, (i * 7919) % 101));
    }
    let model = "\
axis g;
data g[row]: g;
data x[row]: real;
data y[row]: real;
mu ~ Normal(0, 50);
tau ~ HalfNormal(10);
a[g] ~ Normal(mu, tau);
b ~ Normal(0, 10);
df ~ Gamma(2, 0.1);
s ~ HalfNormal(50);
observe y ~ StudentT(df, a[g] + b * x, s);
";
    Folder::new(name)
        .with("model.ppl", model)
        .with("data.csv", data)
}

#[test]
fn a_summary_on_standard_output() {
    let run = Folder::schools("summary").run(&["fit", "model.ppl", "data.csv"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.starts_with("name "), "{}", run.out);
    for word in [
        "mu ",
        "tau ",
        "theta_raw[8]",
        "ELBO ",
        "k-hat ",
        "verdict  certified",
    ] {
        assert!(
            run.out.contains(word),
            "{word:?} is missing in:\n{}",
            run.out
        );
    }
    assert!(
        run.err.is_empty(),
        "no progress where there is no terminal: {}",
        run.err
    );
    assert!(!run.out.contains('\x1b'), "{}", run.out);
}

#[test]
fn json_on_standard_output() {
    let run = Folder::schools("json").run(&[
        "fit",
        "model.ppl",
        "data.csv",
        "--json",
        "--seed",
        "5",
        "--quiet",
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let value: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(value["seed"], 5);
    let verdict = value["verdict"].as_str();
    assert!(
        matches!(verdict, Some("certified" | "optimised")),
        "{run:?}"
    );
    assert!(value["elbo"].is_f64() && value["seconds"]["total"].is_f64());
}

#[test]
fn a_directory_of_results() {
    let folder = Folder::schools("out");
    let run = folder.run(&[
        "fit",
        "model.ppl",
        "data.csv",
        "--out",
        "results/first",
        "--draws",
        "100",
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        folder
            .read("results/first/summary.csv")
            .starts_with("name,mean,sd,q5,q50,q95,mcse\nmu,")
    );
    let draws = folder.read("results/first/draws.csv");
    assert_eq!(
        draws.lines().filter(|line| !line.starts_with('#')).count(),
        101
    );
    let value: serde_json::Value =
        serde_json::from_str(&folder.read("results/first/fit.json")).unwrap();
    assert_eq!(value["verdict"], "certified");
    let again = folder.run(&["fit", "model.ppl", "data.csv", "--out", "results/first"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    folder
        .run(&["fit", "model.ppl", "data.csv", "--out", "."])
        .refused(&["holds other files"]);
    folder
        .run(&["fit", "model.ppl", "data.csv", "--out", "data.csv"])
        .refused(&["is a file, not a directory"]);
    folder
        .run(&["fit", "model.ppl", "data.csv", "--out", "/proc/nowhere"])
        .refused(&["cannot write"]);
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let folder = Folder::schools("threads");
    let summary = |threads: &str| {
        let run = folder.run(&[
            "fit",
            "model.ppl",
            "data.csv",
            "--threads",
            threads,
            "--out",
            threads,
        ]);
        assert_eq!(run.code, Some(0), "{run:?}");
        (
            folder.read(&format!("{threads}/summary.csv")),
            folder.read(&format!("{threads}/draws.csv")),
        )
    };
    let one = summary("1");
    assert_eq!(one, summary("2"));
    assert_eq!(one, summary("4"));
}

#[test]
fn stopped_at_the_step_limit() {
    let folder = Folder::schools("limit");
    // Among the starts, and on the way from the best of them.
    for (limit, reason) in [
        ("5", "failed: the limit of steps"),
        ("40", "failed: stopped before the end"),
    ] {
        let run = folder.run(&[
            "fit",
            "model.ppl",
            "data.csv",
            "--max-steps",
            limit,
            "--out",
            "results",
        ]);
        assert_eq!(run.code, Some(4), "{run:?}");
        assert!(
            run.out.contains(&format!("verdict  {reason}")) && run.err.contains("`--max-steps`"),
            "{run:?}"
        );
        let found = folder.read("results/fit.json");
        assert!(found.contains("\"failed\""), "{found}");
    }
}

#[test]
fn check_with_and_without_data() {
    let folder = Folder::schools("check");
    let run = folder.run(&["check", "model.ppl"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.out.contains("mu") && run.out.contains("tau"),
        "{}",
        run.out
    );
    let run = folder.run(&["check", "model.ppl", "data.csv"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains('8'), "{}", run.out);
    let explained = folder.run(&["check", "model.ppl", "data.csv", "--explain"]);
    assert_eq!(explained.code, Some(0), "{explained:?}");
    assert!(explained.out.len() > run.out.len());
}

#[test]
fn a_printed_guide_fits_to_the_same_numbers() {
    let folder = Folder::schools("guide");
    let guide = folder.run(&["guide", "model.ppl", "data.csv", "--guide", "mean-field"]);
    assert_eq!(guide.code, Some(0), "{guide:?}");
    assert!(guide.out.starts_with("guide {"), "{}", guide.out);
    let folder = folder.with("written.ppl", format!("{SCHOOLS}{}", guide.out));
    let fit = |model: &str, out: &str| {
        let run = folder.run(&[
            "fit",
            model,
            "data.csv",
            "--guide",
            "mean-field",
            "--out",
            out,
        ]);
        assert_eq!(run.code, Some(0), "{run:?}");
        folder.read(&format!("{out}/summary.csv"))
    };
    assert_eq!(fit("model.ppl", "a"), fit("written.ppl", "b"));
}

#[test]
fn a_reader_that_goes_away() {
    let folder = Folder::schools("pipe");
    let mut child = folder
        .command(&["fit", "model.ppl", "data.csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{err}");
    assert!(!err.contains("panicked"), "{err}");
}

/// What Ctrl-C in a terminal sends.
#[cfg(unix)]
fn interrupt(child: &std::process::Child) {
    let sent = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// A long fit into `results`, some way in.
#[cfg(unix)]
fn under_way(folder: &Folder) -> std::process::Child {
    let guide = ["--guide", "mean-field", "--draws", "100"];
    let fixed = ["fit", "model.ppl", "data.csv", "--out", "results"];
    let child = folder
        .command(&[&fixed[..], &guide].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1200));
    child
}

#[cfg(unix)]
#[test]
fn an_interrupt_writes_the_best_iterate() {
    let folder = long("interrupt");
    let child = under_way(&folder);
    let started = Instant::now();
    interrupt(&child);
    let mut child = child;
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("stopping"), "{first}");
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, Some(130), "{first} {rest:?}");
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    assert!(rest.join("\n").contains("best iterate so far"), "{rest:?}");
    let found = folder.read("results/fit.json");
    assert!(found.contains("\"failed\""), "{found}");
    // The verdict says it; that a better guide was looked for would be false.
    assert!(!found.contains("a better guide"), "{found}");
}

/// What was cut short takes no complete fit's place.
#[cfg(unix)]
#[test]
fn an_interrupt_leaves_a_former_fit() {
    let folder = long("interrupt-former").with(
        "short.ppl",
        "a ~ Normal(0, 1);\nobserve 1 ~ Normal(a, 1);\n",
    );
    let run = folder.run(&["fit", "short.ppl", "--out", "results", "--quiet"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let former = folder.read("results/fit.json");
    let child = under_way(&folder);
    interrupt(&child);
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, Some(130), "{run:?}");
    assert!(run.err.contains("keeps its former fit"), "{run:?}");
    assert_eq!(folder.read("results/fit.json"), former);
    assert!(folder.read("results/draws.csv").contains("a\n"));
}

/// While a model is compiled there is nothing to stop at. Before that, as files are read, the system's own handler ends the process.
#[cfg(unix)]
#[test]
fn an_interrupt_before_the_first_step_ends_at_once() {
    use std::os::unix::process::ExitStatusExt;
    let steps: String = (1..1500)
        .map(|i| format!("x{i} ~ Normal(0.9 * x{}, 0.5);\n", i - 1))
        .collect();
    let model = format!("x0 ~ Normal(0, 1);\n{steps}observe 2 ~ Normal(x1499, 1);\n");
    let folder = Folder::new("early").with("model.ppl", model);
    let child = folder
        .command(&["fit", "model.ppl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let started = Instant::now();
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert!(started.elapsed() < Duration::from_secs(1));
    let killed = output.status.signal() == Some(2);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(killed || output.status.code() == Some(130), "{said}");
}

#[test]
fn unknowns_with_one_possible_value() {
    let model = "axis k = 1;\nb[k]: sum_to_zero ~ Normal(0, 1);\nobserve 1 ~ Normal(sum(b), 1);\n";
    Folder::new("one-level")
        .with("model.ppl", model)
        .run(&["fit", "model.ppl"])
        .refused(&["`b[k]` has one possible value"]);
}
