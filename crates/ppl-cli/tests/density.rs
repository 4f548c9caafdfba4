//! `ppl density`: what it prints, and points that do not fit.

mod support;

use serde_json::Value;
use support::Folder;

const MODEL: &str = "data y[row]: real;\n\nmu ~ Normal(0, 10);\ntau ~ HalfNormal(1);\nobserve y ~ Normal(mu, tau);\n";

fn folder(name: &str) -> Folder {
    Folder::new(name)
        .with("m.ppl", MODEL)
        .with("d.csv", "y\n1\n2\n4\n")
}

fn normal(x: f64, m: f64, s: f64) -> f64 {
    -0.5 * (2.0 * std::f64::consts::PI).ln() - s.ln() - 0.5 * ((x - m) / s).powi(2)
}

#[track_caller]
fn close(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() < 1e-12, "{value} {expected}");
}

#[test]
fn by_name_and_flat() {
    let folder = folder("density")
        .with("p.json", "{\"tau\": 0.5, \"mu\": 2}")
        .with("u.json", format!("[2, {}]", 0.5_f64.ln()));
    let run = folder.run(&["density", "m.ppl", "d.csv", "--at", "p.json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let out: Value = serde_json::from_str(&run.out).unwrap();
    let terms = [
        normal(2.0, 0.0, 10.0),
        normal(0.5, 0.0, 1.0) + 2.0_f64.ln(),
        [1.0, 2.0, 4.0].iter().map(|y| normal(*y, 2.0, 0.5)).sum(),
    ];
    for (i, (line, role)) in [(3, "prior"), (4, "prior"), (5, "likelihood")]
        .into_iter()
        .enumerate()
    {
        close(&out["terms"][i]["value"], terms[i]);
        assert_eq!(out["terms"][i]["line"], line);
        assert_eq!(out["terms"][i]["role"], role);
    }
    assert_eq!(out["terms"][0]["site"], "mu");
    let total: f64 = terms.iter().sum();
    close(&out["log_density"], total);
    let by_mu = -2.0 / 100.0 + (-1.0 + 0.0 + 2.0) / 0.25;
    close(&out["gradient"]["mu"], by_mu);
    let by_tau = -0.5 - 3.0 / 0.5 + 5.0 / 0.125;
    close(&out["gradient"]["tau"], by_tau);
    let run = folder.run(&[
        "density",
        "m.ppl",
        "d.csv",
        "--at",
        "u.json",
        "--unconstrained",
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let out: Value = serde_json::from_str(&run.out).unwrap();
    close(&out["log_density"], total + 0.5_f64.ln());
    close(&out["log_jacobian"], 0.5_f64.ln());
    close(&out["gradient"][0], by_mu);
    close(&out["gradient"][1], by_tau * 0.5 + 1.0);
}

#[test]
fn points_that_do_not_fit() {
    let folder = folder("density-bad");
    let cases: [(&str, &[&str], &[&str]); 8] = [
        (
            "{\"mu\": 1, \"tau\": -1}",
            &[],
            &["value of `tau` is outside its support"],
        ),
        (
            "{\"mu\": 1, \"tua\": 1}",
            &[],
            &[
                "`tua`",
                "did you mean `tau`?",
                "no value for `tau`",
                "2 errors",
            ],
        ),
        (
            "{\"mu\": [1, 2], \"tau\": 1}",
            &[],
            &["value of `mu` is an array of 2 numbers", "one number"],
        ),
        (
            "{\"mu\": [[1], [2, 3]], \"tau\": \"a\"}",
            &[],
            &["`mu`", "`tau`", "nested lists of equal lengths"],
        ),
        (
            "[1, 2]",
            &[],
            &["no object of values by name", "--unconstrained"],
        ),
        (
            "[1]",
            &["--unconstrained"],
            &["has 1 numbers; the model has 2", "1 of `mu`, 1 of `tau`"],
        ),
        ("{}", &["--unconstrained"], &["no flat list"]),
        ("{", &[], &["not JSON"]),
    ];
    for (point, options, words) in cases {
        std::fs::write(folder.path("p.json"), point).unwrap();
        let mut arguments = vec!["density", "m.ppl", "d.csv", "--at", "p.json"];
        arguments.extend(options);
        folder.run(&arguments).refused(words);
    }
    folder
        .run(&["density", "m.ppl", "d.csv", "--at", "none.json"])
        .refused(&["`none.json` cannot be read"]);
}

#[test]
fn what_is_summed_out_is_no_part_of_the_point() {
    let model = "axis k = 2; data y[row]: real; m[k]: ordered ~ Normal(0, 1); let w[k] = [0.25, 0.75]; z[row] ~ Categorical(w);\n\
                 observe y ~ Normal(m[z], 1);";
    let folder = Folder::new("density-sum")
        .with("m.ppl", model)
        .with("d.csv", "y\n0.5\n")
        .with("p.json", "{\"m\": [-1, 1]}")
        .with("q.json", "{\"m\": [1, -1]}");
    let run = folder.run(&["density", "m.ppl", "d.csv", "--at", "p.json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let out: Value = serde_json::from_str(&run.out).unwrap();
    // Two orderings fold onto one: ln 2!.
    let prior = 2.0_f64.ln() + 2.0 * normal(1.0, 0.0, 1.0);
    let mix = 0.25 * normal(0.5, -1.0, 1.0).exp() + 0.75 * normal(0.5, 1.0, 1.0).exp();
    close(&out["log_density"], prior + mix.ln());
    folder
        .run(&["density", "m.ppl", "d.csv", "--at", "q.json"])
        .refused(&["`m` is outside its support"]);
}
