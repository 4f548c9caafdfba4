//! `ppl predict`: from a fit's directory to predictions of its rows and of new ones.

mod support;

use support::{Folder, Run};

const MODEL: &str = "axis g;\ndata g[row]: g;\ndata x[row]: real;\ndata y[row]: real;\na[g] ~ Normal(0, 5);\nb ~ Normal(0, 5);\n\
     observe y ~ Normal(a[g] + b * x, 0.1);\npredict y_new[row] ~ Normal(a[g] + b * x, 0.1);\n";

/// a = (1, 3), b = 2, without noise: the posterior is narrow about them.
fn fitted(name: &str) -> Folder {
    let rows: String = (0..40)
        .map(|i| {
            let (g, x) = (i % 2, f64::from(i) / 10.0);
            let y = [1.0, 3.0][g as usize] + 2.0 * x;
            format!("{},{x},{y}\n", ["left", "right"][g as usize])
        })
        .collect();
    let folder = Folder::new(name)
        .with("model.ppl", MODEL)
        .with("data.csv", format!("g,x,y\n{rows}"));
    let run = folder.run(&["fit", "model.ppl", "data.csv", "--out", "fit", "--quiet"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    folder
}

/// Name, mean and sd of each line.
fn rows(out: &str) -> Vec<(String, f64, f64)> {
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some("name,mean,sd,q5,q50,q95,mcse"));
    lines
        .map(|l| {
            let cells: Vec<&str> = l.split(',').collect();
            (
                cells[0].to_owned(),
                cells[1].parse().unwrap(),
                cells[2].parse().unwrap(),
            )
        })
        .collect()
}

#[test]
fn new_rows_are_predicted() {
    // Levels in another order than in the fit; no column `y`.
    let folder = fitted("predict-new").with("new.csv", "x,g\n10,right\n-5,left\n0,right\n");
    let command = [
        "predict",
        "model.ppl",
        "data.csv",
        "--fit",
        "fit",
        "--new",
        "new.csv",
        "--draws",
        "draws.csv",
    ];
    let run = folder.run(&command);
    assert_eq!(run.code, Some(0), "{run:?}");
    let found = rows(&run.out);
    assert_eq!(found.len(), 3);
    // Standard error of the prediction: the noise, and that of the line, which is sharp near the data.
    for ((name, mean, sd), (i, want, wide)) in
        found
            .iter()
            .zip([(1, 23.0, 0.2), (2, -9.0, 0.2), (3, 3.0, 0.12)])
    {
        assert_eq!(*name, format!("y_new[{i}]"));
        assert!((mean - want).abs() < 0.1, "{name}: {mean}, not {want}");
        assert!(*sd > 0.08 && *sd < wide, "{name}: sd {sd}");
    }
    let draws = folder.read("draws.csv");
    assert!(draws.starts_with("y_new[1],y_new[2],y_new[3]\n"));
    assert_eq!(
        draws.lines().count(),
        folder
            .read("fit/draws.csv")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .count()
    );
    // The same again, bit for bit; another seed, other draws.
    assert_eq!(folder.run(&command).out, run.out);
    let other: Vec<&str> = command.iter().copied().chain(["--seed", "7"]).collect();
    assert_ne!(folder.run(&other).out, run.out);
}

/// The fit's own predictions have the seed of the fit, 1 as here.
#[test]
fn rows_of_the_fit_are_predicted_as_in_the_fit() {
    let folder = fitted("predict-old");
    let run = folder.run(&["predict", "model.ppl", "data.csv", "--fit", "fit"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let summary = folder.read("fit/summary.csv");
    let lines: Vec<&str> = run.out.lines().skip(1).collect();
    assert_eq!(lines.len(), 40);
    for line in lines {
        assert!(summary.contains(line), "{line} is not in\n{summary}");
    }
}

#[test]
fn mistakes_are_told() {
    let folder = fitted("predict-mistakes")
        .with("level.csv", "x,g\n1,right\n1,middle\n")
        .with("column.csv", "z,g\n1,right\n")
        .with("gap.csv", "x,g\n1,right\nNA,left\n")
        .with("plain.ppl", MODEL.split("predict").next().unwrap())
        .with("other.ppl", MODEL.replace("b ~", "slope ~").replace("b *", "slope *"))
        .with("rows.ppl", "data x[row]: real;\ndata y[row]: real;\nt[row] ~ Normal(0, 1);\nobserve y ~ Normal(t, 1);\npredict z[row] ~ Normal(t + x, 1);\n");
    let with = |new: &str| predict(&folder, new);
    with("level.csv").refused(&["level.csv:3:3", "`middle` is not a level of `g`"]);
    with("column.csv").refused(&["no column `x`"]);
    with("gap.csv").refused(&["gap.csv:3:1", "missing"]);
    with("none.csv").refused(&["none.csv"]);
    let run = folder.run(&["predict", "model.ppl", "data.csv", "--fit", "nowhere"]);
    run.refused(&["nowhere", "--out"]);
    let run = folder.run(&["predict", "plain.ppl", "data.csv", "--fit", "fit"]);
    run.refused(&["no `predict` statement"]);
    let run = folder.run(&["predict", "other.ppl", "data.csv", "--fit", "fit"]);
    run.refused(&["no draws of `slope`"]);
    let run = folder.run(&[
        "predict",
        "rows.ppl",
        "data.csv",
        "--fit",
        "fit",
        "--new",
        "level.csv",
    ]);
    run.refused(&["`t` lies along `row`", "rows.ppl:3:1"]);
}

#[test]
fn a_fit_of_another_model_or_of_other_data_is_told() {
    let folder = fitted("predict-origin");
    let changed = folder.read("data.csv").replacen("left", "right", 1);
    let folder = folder
        .with("changed.csv", changed)
        .with(
            "prior.ppl",
            MODEL.replacen("Normal(0, 5)", "Normal(0, 6)", 1),
        )
        .with(
            "same.ppl",
            format!("// a comment\n{MODEL}\nreport twice = 2 * b;\n"),
        );
    let with = |model: &str, data: &str| {
        let run = folder.run(&["predict", model, data, "--fit", "fit"]);
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(run.out.lines().count() > 40, "{}", run.out);
        run.err
    };
    assert_eq!(with("model.ppl", "data.csv"), "");
    assert_eq!(with("same.ppl", "data.csv"), "");
    let err = with("prior.ppl", "data.csv");
    assert!(
        err.contains("W0913") && err.contains("is of another model:"),
        "{err}"
    );
    let err = with("model.ppl", "changed.csv");
    assert!(
        err.contains("W0913") && err.contains("is of other data,"),
        "{err}"
    );
}

/// A line through `z`, and its fit: `z` is what `lets` make of `x` and the groups; a = 1, b = 2, without noise.
fn line(name: &str, lets: &str, z: impl Fn(f64, usize) -> f64) -> Folder {
    let rows: String = (0..40)
        .map(|i| {
            let (g, x) = (i % 2, f64::from(i) / 10.0);
            let y = 1.0 + 2.0 * z(x, g as usize);
            format!("{},{x},{y}\n", ["left", "right"][g as usize])
        })
        .collect();
    let model = format!(
        "axis g;\ndata g[row]: g;\ndata x[row]: real;\ndata y[row]: real;\n{lets}\na ~ Normal(0, 5);\nb ~ Normal(0, 5);\n\
         observe y ~ Normal(a + b * z, 0.1);\npredict y_new[row] ~ Normal(a + b * z, 0.1);\n"
    );
    let folder = Folder::new(name)
        .with("model.ppl", model)
        .with("data.csv", format!("g,x,y\n{rows}"))
        .with("new.csv", "x,g\n10,right\n-5,left\n0,right\n")
        .with("one.csv", "x,g\n3,left\n");
    let run = folder.run(&["fit", "model.ppl", "data.csv", "--out", "fit", "--quiet"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    folder
}

fn predict(folder: &Folder, new: &str) -> Run {
    let fixed = ["predict", "model.ppl", "data.csv", "--fit", "fit", "--new"];
    folder.run(&[&fixed[..], &[new]].concat())
}

fn predicted(folder: &Folder, new: &str) -> Vec<f64> {
    let run = predict(folder, new);
    assert_eq!(run.code, Some(0), "{run:?}");
    rows(&run.out).into_iter().map(|r| r.1).collect()
}

#[test]
fn what_is_taken_of_all_rows_is_that_of_the_fit() {
    let all: Vec<f64> = (0..40).map(|i| f64::from(i) / 10.0).collect();
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let sd = |x: &[f64]| {
        let m = mean(x);
        (x.iter().map(|v| (v - m).powi(2)).sum::<f64>() / (x.len() - 1) as f64).sqrt()
    };
    let own = |g: usize| -> Vec<f64> { all.iter().copied().skip(g).step_by(2).collect() };
    let close = |found: Vec<f64>, want: [f64; 3], slack: f64| {
        for (f, w) in found.iter().zip(want) {
            assert!((f - w).abs() < slack, "{found:?}, not {want:?}");
        }
    };
    // Centred and scaled, the mean by a let of its own, and the number of rows beside it.
    let z = |x: f64, _: usize| (x - mean(&all)) / sd(&all) + 40.0 / 100.0;
    let lets = "let m = mean(x);\nlet z[row] = (x - m) / sd(x) + size(row) / 100;";
    let folder = line("predict-centred", lets, z);
    let want = [z(10.0, 1), z(-5.0, 0), z(0.0, 1)].map(|z| 1.0 + 2.0 * z);
    close(predicted(&folder, "new.csv"), want, 0.4);
    close(
        predicted(&folder, "one.csv"),
        [1.0 + 2.0 * z(3.0, 0); 3],
        0.1,
    );
    // Group by group; and the new row with the largest x, which predictions alone read, of the new rows.
    let z = |x: f64, g: usize| x - mean(&own(g));
    let folder = line(
        "predict-group-means",
        "let z[row] = x - mean(x, by = g)[g];",
        z,
    );
    let want = [z(10.0, 1), z(-5.0, 0), z(0.0, 1)].map(|z| 1.0 + 2.0 * z);
    close(predicted(&folder, "new.csv"), want, 0.4);
    let text = folder.read("model.ppl")
        + "let top = max(x);\npredict top_new ~ Constant(top);\npredict low ~ Constant(-1.5);\npredict slope ~ Constant(b);\n";
    let folder = folder.with("model.ppl", text);
    // `Constant` gives any number back.
    let found = predicted(&folder, "new.csv");
    assert_eq!((found[3], found[4]), (10.0, -1.5));
    assert!((found[5] - 2.0).abs() < 0.1, "{found:?}");
    assert_eq!(predicted(&folder, "one.csv")[1], 3.0);
}

/// The same mean written once more, within the prediction or by a value of its own, is the same number.
#[test]
fn what_the_density_takes_of_all_rows_is_the_same_in_predictions() {
    let z = |x: f64, _: usize| x - 1.95;
    let folder = line("predict-written-twice", "let z[row] = x - mean(x);", z);
    let text = folder.read("model.ppl")
        + "predict again[row] ~ Constant(a + b * (x - mean(x)));\nlet m = mean(x);\npredict own[row] ~ Constant(x - m);\n\
           predict until ~ Normal(0, 1).truncated(lower = mean(x), upper = mean(x) + 0.001);\n\
           predict spread ~ Constant(sd(x));\n";
    let folder = folder.with("model.ppl", text);
    let found = predicted(&folder, "new.csv");
    for (i, x) in [10.0, -5.0, 0.0].into_iter().enumerate() {
        assert!(
            (found[3 + i] - 1.0 - 2.0 * (x - 1.95)).abs() < 0.4,
            "{found:?}"
        );
        assert!((found[6 + i] - (x - 1.95)).abs() < 1e-9, "{found:?}");
    }
    assert!((found[9] - 1.95).abs() < 0.002, "{found:?}");
    // Of the new rows: nothing but the prediction reads it.
    assert!(
        (found[10] - 7.637_626_158_259_734).abs() < 1e-9,
        "{found:?}"
    );
}

#[test]
fn what_hangs_on_all_rows_otherwise_is_refused() {
    let folder = line("predict-cumulative", "let z[row] = cumsum(x) / 40;", {
        let all: Vec<f64> = (0..40).map(|i| f64::from(i) / 10.0).collect();
        move |x, _| all.iter().filter(|v| **v <= x).sum::<f64>() / 40.0
    });
    let run = predict(&folder, "new.csv");
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(
        run.err.contains("E0113") && run.err.contains("cumsum"),
        "{}",
        run.err
    );
    // The share of each row in the sum over all, which depends on an unknown.
    let text = folder.read("model.ppl").replace(
        "a ~ Normal(0, 5);\nb ~ Normal(0, 5);\n",
        "a ~ Normal(0, 5);\nb ~ Normal(0, 5);\nlet w[row] = exp(b * x / 100);\nlet share[row] = w / sum(w);\n",
    );
    let folder = folder.with("model.ppl", text.replace("a + b * z", "a + b * share"));
    let run = predict(&folder, "new.csv");
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("depends on unknowns"), "{}", run.err);
}

/// Where arguments leave what a distribution takes there is no draw, and not a number that looks like one.
#[test]
fn arguments_outside_of_their_domain_give_no_draws() {
    let folder = fitted("predict-outside");
    let text = folder.read("model.ppl")
        + "let far = log(b - 100);\npredict p1 ~ Bernoulli(far);\npredict p2 ~ Bernoulli(b + 1);\n\
           predict p3 ~ Normal(0, b - 100);\npredict p4 ~ Exponential(b - 100);\npredict p5 ~ BernoulliLogit(far);\npredict p6 ~ Normal(b, 1);\n";
    let folder = folder.with("model.ppl", text);
    let run = predict(&folder, "data.csv");
    assert_eq!(run.code, Some(0), "{run:?}");
    for name in ["p1", "p2", "p3", "p4", "p5"] {
        let line = run.out.lines().find(|l| l.starts_with(&format!("{name},")));
        assert!(line.is_some_and(|l| l.contains("NA")), "{name}: {line:?}");
    }
    let line = run.out.lines().find(|l| l.starts_with("p6,")).unwrap();
    assert!(!line.contains("NA"), "{line}");
}
