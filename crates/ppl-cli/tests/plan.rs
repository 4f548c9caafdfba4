//! `ppl plan`.

mod support;

use support::Folder;

const MODEL: &str = "axis g; data k[row]: g; data y[row]: real;
mu ~ Normal(0, 1); tau ~ HalfNormal(1);
z[row]: bool ~ Bernoulli(0.3);
theta[g] ~ Normal(mu, tau);
observe y ~ Normal(theta[k] + 3 * z, 1);
";

fn folder(name: &str) -> Folder {
    Folder::new(name)
        .with("model.ppl", MODEL)
        .with("data.csv", "k,y\na,1\nb,2\na,4\nc,3\n")
}

#[test]
fn a_plan_in_words() {
    let run = folder("plan-words").run(&["plan", "model.ppl", "data.csv"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for part in [
        "unknowns  5 after transforms",
        "guide     full-rank",
        "z (4 elements): exact sum, 1 round",
        "theta (3 elements): reparameterised",
        "centred or non-centred, by the bound",
        "engine    deterministic",
        "rungs     draws",
        "ladder    mixture: where the starts led to other optima",
        "          flow: for other shapes",
    ] {
        assert!(run.out.contains(part), "{part:?} is not in\n{}", run.out);
    }
}

#[test]
fn a_plan_as_json_agrees_with_the_model() {
    let run = folder("plan-json").run(&[
        "plan",
        "model.ppl",
        "data.csv",
        "--guide",
        "mean-field",
        "--json",
    ]);
    let value: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(value["guide"]["family"], "mean-field");
    assert_eq!(value["unknowns"], 5);
    // An arrow of two globals over three locals: the diagonal, the pairs with each global, and the globals' own.
    assert_eq!(value["hessian"]["nonzeros"], 3 + 2 * 2 * 3 + 4);
    assert_eq!(value["hessian"]["colours"], 3);
    assert_eq!(value["rungs"][0]["draws"], 16);
    folder("plan-bad")
        .run(&["plan", "model.ppl"])
        .refused(&["k"]);
}
