//! `ppl compare`: from directories of fits to their evidence, leave-one-out and weights.

mod support;

use support::{Folder, Run};

const FLAT: &str =
    "data x[row]: real;\ndata y[row]: real;\na ~ Normal(0, 5);\nobserve y ~ Normal(a, 1);\n";
const LINE: &str = "data x[row]: real;\ndata y[row]: real;\na ~ Normal(0, 5);\nb ~ Normal(0, 5);\nobserve y ~ Normal(a + b * x, 1);\n";

fn data(slope: f64, n: i32) -> String {
    let row = |i: i32| {
        let x = f64::from(i % 7) - 3.0;
        format!("{x},{}\n", slope * x + f64::from(i * 5 % 11) / 5.0 - 1.0)
    };
    format!("x,y\n{}", (0..n).map(row).collect::<String>())
}

fn folder(name: &str) -> Folder {
    Folder::new(name)
        .with("flat.ppl", FLAT)
        .with("line.ppl", LINE)
        .with("data.csv", data(1.0, 30))
}

#[track_caller]
fn fit(folder: &Folder, model: &str, data: &str, out: &str) {
    let run = folder.run(&["fit", model, data, "--out", out, "--quiet"]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

fn json(run: &Run) -> serde_json::Value {
    assert_eq!(run.code, Some(0), "{run:?}");
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn the_model_that_predicts_comes_first() {
    let folder = folder("compare-order");
    fit(&folder, "flat.ppl", "data.csv", "flat");
    fit(&folder, "line.ppl", "data.csv", "line");
    let found = json(&folder.run(&["compare", "flat", "line", "--json"]));
    assert_eq!(found["order"], serde_json::json!(["line", "flat"]));
    assert_eq!(found["observations"][29], "y[30]");
    let (flat, line) = (&found["fits"][0], &found["fits"][1]);
    assert_eq!(line["elpd_loo_difference"]["value"], 0.0);
    let number = |v: &serde_json::Value| v.as_f64().unwrap();
    let rows = |fit: &serde_json::Value| -> Vec<f64> {
        let rows = fit["pointwise"]["elpd_loo"].as_array().unwrap();
        rows.iter().map(number).collect()
    };
    let each: Vec<f64> = rows(flat)
        .iter()
        .zip(rows(line))
        .map(|(a, b)| a - b)
        .collect();
    let total: f64 = each.iter().sum();
    let var = each.iter().map(|d| (d - total / 30.0).powi(2)).sum::<f64>() / 29.0;
    let difference = &flat["elpd_loo_difference"];
    assert!((number(&difference["value"]) - total).abs() < 1e-9);
    // The spread of the rows, and the Monte Carlo error of the weights.
    let noise = number(&flat["elpd_loo_mcse"]) + number(&line["elpd_loo_mcse"]);
    let (se, rows_alone) = (number(&difference["se"]), (30.0 * var).sqrt());
    assert!(
        se >= rows_alone - 1e-9 && se <= rows_alone.hypot(noise) + 1e-9,
        "{difference}"
    );
    assert!(total < -20.0, "{total}");
    // One parameter and two, of which the data determine each.
    assert!((number(&line["p_loo"]) - 2.0).abs() < 1.5, "{line}");
    assert!(number(&line["stacking_weight"]) > 0.9);
    let evidence = |f: &serde_json::Value| number(&f["log_evidence"]["value"]);
    let gap = number(&flat["log_evidence_difference"]["value"]);
    assert!((gap - (evidence(flat) - evidence(line))).abs() < 1e-9);
    let table = folder.run(&["compare", "flat", "line"]);
    assert_eq!(table.code, Some(0));
    let lines: Vec<&str> = table.out.lines().collect();
    assert!(
        lines[0].starts_with("fit ") && lines[0].contains("elpd_loo"),
        "{}",
        table.out
    );
    assert!(
        lines[1].starts_with("line ") && lines[2].starts_with("flat "),
        "{}",
        table.out
    );
    assert!(
        table.out.contains("30 observations, 2000 draws"),
        "{}",
        table.out
    );
}

#[test]
fn other_data_are_refused() {
    let folder = folder("compare-data")
        .with("more.csv", data(1.0, 31))
        .with("other.csv", data(1.5, 30))
        .with(
            "z.ppl",
            "data x[row]: real;\na ~ Normal(0, 5);\nobserve x ~ Normal(a, 1);\n",
        );
    fit(&folder, "flat.ppl", "data.csv", "flat");
    fit(&folder, "line.ppl", "more.csv", "more");
    fit(&folder, "line.ppl", "other.csv", "other");
    fit(&folder, "z.ppl", "data.csv", "z");
    let refused = |with: &str, words: &[&str]| {
        let run = folder.run(&["compare", "flat", with]);
        run.refused(&["[E0912]", "different data"]);
        run.refused(words);
    };
    refused("more", &["30 observations of `y`", "`more` has 31"]);
    refused("other", &["the values of `y` in `other`"]);
    refused("z", &["`flat` observes `y`, and `z` observes `x`"]);
}

#[test]
fn what_is_no_fit_is_refused() {
    let folder = folder("compare-none").with("chain.ppl", "data x[row]: real;\ndata y[row]: real;\nm ~ Normal(0, 1);\nfor t in row { z[t] ~ if first(t) { Bernoulli(0.5) } else { Bernoulli(0.1 + 0.8 * z[t-1]) }; }\nobserve y ~ Normal(m + 3 * z, 1);\n");
    fit(&folder, "flat.ppl", "data.csv", "flat");
    let none = folder.run(&["compare", "flat", "data.csv"]);
    none.refused(&["[E0912]", "`data.csv` is no fit"]);
    folder
        .run(&["compare", "nowhere"])
        .refused(&["`nowhere` is no fit"]);
    let run = folder.run(&["fit", "chain.ppl", "data.csv", "--out", "chain", "--quiet"]);
    assert!(run.code == Some(0) || run.code == Some(3), "{run:?}");
    let chain = folder.run(&["compare", "flat", "chain"]);
    chain.refused(&[
        "[E0912]",
        "has no `pointwise.bin`",
        "reads the summed-out `z`",
    ]);
    let bytes = std::fs::read(folder.path("flat/pointwise.bin")).unwrap();
    std::fs::write(folder.path("flat/pointwise.bin"), &bytes[..bytes.len() - 1]).unwrap();
    folder.run(&["compare", "flat"]).refused(&["cut off"]);
    std::fs::remove_file(folder.path("flat/pointwise.bin")).unwrap();
    folder
        .run(&["compare", "flat"])
        .refused(&["has no `pointwise.bin`", "fit again"]);
    std::fs::write(folder.path("flat/fit.json"), "{}").unwrap();
    folder
        .run(&["compare", "flat"])
        .refused(&["not what a fit writes"]);
}

#[test]
fn what_several_fits_lack_is_told_once() {
    let folder = folder("compare-alike").with(
        "factor.ppl",
        "a ~ Normal(0, 5);\nfactor -0.5 * (a - 1)^2;\n",
    );
    for out in ["one", "two"] {
        let run = folder.run(&["fit", "factor.ppl", "--out", out, "--quiet"]);
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    let run = folder.run(&["compare", "one", "two"]);
    run.refused(&["the fits in `one`, `two` have no `pointwise.bin`"]);
    assert_eq!(run.err.matches("cannot leave out").count(), 1, "{run:?}");
}
