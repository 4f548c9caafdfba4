//! `ppl fit --from`: a former fit's directory as a start.

mod support;

use support::Folder;

const MODEL: &str = "data x[row]: real;\ndata y[row]: real;\na ~ Normal(0, 5);\nb ~ Normal(0, 5);\ns ~ HalfNormal(2);\n\
     observe y ~ Normal(a + b * x, s);\n";

fn rows(n: usize) -> String {
    let rows = (0..n).map(|i| {
        let (x, e) = (i as f64 / 10.0, ((i * 37) % 11) as f64 / 11.0 - 0.5);
        format!("{x},{}\n", 1.0 + 2.0 * x + e)
    });
    format!("x,y\n{}", rows.collect::<String>())
}

fn evaluations(json: &str) -> f64 {
    let document: serde_json::Value = serde_json::from_str(json).expect("JSON");
    document["gradient_evaluations"].as_f64().expect("a number")
}

#[test]
fn a_directory_is_a_start() {
    let folder = Folder::new("refit")
        .with("model.ppl", MODEL)
        .with("data.csv", rows(40))
        .with("more.csv", rows(60));
    let cold = folder.run(&["fit", "model.ppl", "data.csv", "--out", "fit", "--json"]);
    assert_eq!(cold.code, Some(0), "{cold:?}");
    let again = folder.run(&["fit", "model.ppl", "data.csv", "--from", "fit", "--json"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(3.0 * evaluations(&again.out) < 2.0 * evaluations(&cold.out));
    assert!(
        again.out.contains("one of the starts: 3 unknowns"),
        "{again:?}"
    );
    // Into the directory that it comes from.
    let args = [
        "fit",
        "model.ppl",
        "more.csv",
        "--from",
        "fit",
        "--out",
        "fit",
    ];
    let more = folder.run(&args);
    assert_eq!(more.code, Some(0), "{more:?}");
}

#[test]
fn what_is_no_former_fit_is_refused() {
    let folder = Folder::new("refit-refused")
        .with("model.ppl", MODEL)
        .with("data.csv", rows(40))
        .with(
            "other.ppl",
            "data y[row]: real;\nmu ~ Normal(0, 9);\nobserve y ~ Normal(mu, 9);\n",
        );
    let run = folder.run(&["fit", "model.ppl", "data.csv", "--from", "nowhere"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(
        run.err.contains("E0912") && run.err.contains("`nowhere` is no fit"),
        "{run:?}"
    );
    let run = folder.run(&["fit", "model.ppl", "data.csv", "--out", "fit", "--quiet"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let run = folder.run(&["fit", "other.ppl", "data.csv", "--from", "fit"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("no draws of any unknown"), "{run:?}");
}
