//! `ppl predict`: from a fit's directory to predictions of its rows and of new ones.

mod support;

use support::Folder;

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
    let with = |new: &str| {
        folder.run(&[
            "predict",
            "model.ppl",
            "data.csv",
            "--fit",
            "fit",
            "--new",
            new,
        ])
    };
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
