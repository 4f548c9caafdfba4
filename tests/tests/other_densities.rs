//! Distributions that other systems have by name: what the message says to write is the distribution, against SciPy 1.17, and
//! unknowns drawn as it says have the same density.

use ppl_lang::Model;
use ppl_tests::{bind, density_at, ln_total_mass};

/// What the message about a distribution that does not exist says to write: its statements.
fn advised(before: &str, name: &str) -> String {
    let model = format!("{before} {name}(1);");
    let (_, messages) = Model::parse(&model);
    let said = messages.iter().find(|d| d.code == "E0102");
    let said = said.unwrap_or_else(|| panic!("{model}\n{messages:?}"));
    let help = said.help.as_deref().unwrap_or_default();
    let statements = help.split_once("write `").and_then(|h| h.1.split_once('`'));
    let statements = statements.unwrap_or_else(|| panic!("{name}: {help}"));
    statements.0.to_owned()
}

/// The value that a drawn number stands for, where the statements for unknowns go through another draw.
type Through = Option<fn(f64) -> f64>;

/// Name, values of the parameters, the kind of the data, two data, the sum of their log densities, and how unknowns are drawn.
type Case = (&'static str, &'static str, [f64; 2], f64, Through);

const CONTINUOUS: &[Case] = &[
    (
        "LogLogistic",
        "let m = 1.3; let k = 1.7;",
        Y,
        -2.363767608096688,
        Some(f64::exp),
    ),
    (
        "InverseGaussian",
        "let m = 1.4; let k = 2.2;",
        Y,
        -1.9438905898574375,
        None,
    ),
    (
        "GEV",
        "let m = 0.4; let s = 1.2; let k = 0.3;",
        Y,
        -3.189718534876347,
        None,
    ),
    (
        "GeneralizedPareto",
        "let m = 0.2; let s = 1.2; let k = 0.3;",
        Y,
        -2.4097807942215645,
        None,
    ),
    (
        "AsymmetricLaplace",
        "let m = 1.1; let s = 1.2; let p = 0.3;",
        Y,
        -3.919271943450579,
        None,
    ),
    (
        "SkewT",
        "let m = 1.1; let s = 0.8; let g = 1.6; let df = 5;",
        Y,
        -2.29118026853791,
        None,
    ),
    (
        "Maxwell",
        "let s = 1.3;",
        Y,
        -2.6684281591063663,
        Some(f64::sqrt),
    ),
    (
        "Chi",
        "let df = 3.5;",
        Y,
        -2.2079711732147906,
        Some(f64::sqrt),
    ),
    (
        "Nakagami",
        "let k = 1.7; let w = 2.3;",
        Y,
        -1.795850529681858,
        Some(f64::sqrt),
    ),
    (
        "Lomax",
        "let s = 1.3; let k = 1.7;",
        Y,
        -3.0587095726733806,
        Some(|u| u - 1.3),
    ),
    (
        "Burr",
        "let s = 1.3; let c = 1.7; let k = 0.9;",
        Y,
        -2.437858095882585,
        None,
    ),
    (
        "BetaPrime",
        "let a = 1.7; let b = 2.4;",
        Y,
        -2.7458134520139166,
        Some(|u| u / (1.0 - u)),
    ),
    (
        "LogGamma",
        "let k = 1.7; let r = 0.6;",
        Y,
        -2.3449800158400844,
        Some(f64::ln),
    ),
    (
        "Frechet",
        "let k = 1.7; let s = 1.3;",
        Y,
        -2.205703446299179,
        Some(f64::recip),
    ),
    (
        "Gompertz",
        "let a = 0.4; let b = 0.7;",
        Y,
        -1.9630726680478296,
        None,
    ),
    (
        "GeneralizedNormal",
        "let m = 1.1; let s = 1.3; let k = 1.7;",
        Y,
        -2.2559021988806474,
        None,
    ),
    (
        "LogitNormal",
        "let m = 0.4; let s = 1.2;",
        [0.3, 0.8],
        0.3127477405909356,
        Some(|u| 1.0 / (1.0 + (-u).exp())),
    ),
    (
        "Triangular",
        "let a = 0.1; let b = 2.5; let c = 1.2;",
        Y,
        -1.7439688053917064,
        None,
    ),
    (
        "Moyal",
        "let m = 1.1; let s = 0.8;",
        Y,
        -2.649890319716711,
        None,
    ),
    (
        "Levy",
        "let s = 1.3;",
        Y,
        -3.2739579070216713,
        Some(f64::recip),
    ),
    ("LogLaplace", "", Y, -2.4733472383640427, Some(f64::exp)),
    ("LogStudentT", "", Y, -2.324279932276867, Some(f64::exp)),
    (
        "InverseLogNormal",
        "",
        Y,
        -2.5262506096202393,
        Some(f64::recip),
    ),
    (
        "ShiftedGamma",
        "let shift = 0.2;",
        Y,
        -2.978954976638679,
        Some(|u| u + 0.2),
    ),
];

const Y: [f64; 2] = [0.7, 1.9];

/// The arguments of a distribution that the advice leaves open.
fn filled(name: &str, statements: &str) -> String {
    let arguments = match name {
        "LogLaplace" | "InverseLogNormal" => "0.4, 0.8",
        "LogStudentT" => "5, 0.4, 0.8",
        "ShiftedGamma" => "1.7, 0.6",
        _ => "",
    };
    statements.replace('…', arguments)
}

/// The log density of data under these statements.
fn of_data(parameters: &str, statements: &str, kind: &str, y: &[f64]) -> f64 {
    let model = format!("data y[row]: {kind}; z ~ Uniform(0, 1); {parameters} {statements}");
    let lines: Vec<String> = y.iter().map(f64::to_string).collect();
    let data = format!("y\n{}\n", lines.join("\n"));
    density_at(&bind(&model, &data), &[("z", 0.5)]).0
}

#[test]
fn statements_for_data_and_for_unknowns() {
    for &(name, parameters, y, truth, through) in CONTINUOUS {
        let kind = match name {
            "LogitNormal" => "unit",
            "LogGamma" | "GEV" | "SkewT" | "Moyal" => "real",
            _ => "positive",
        };
        let observed = filled(name, &advised("data y[row]: real; observe y ~", name));
        let found = of_data(parameters, &observed, kind, &y);
        assert!((found - truth).abs() < 1e-9, "{name}: {found}, not {truth}");

        let drawn = filled(name, &advised("y ~", name));
        let model = bind(&format!("{parameters} {drawn}"), "");
        let mass = ln_total_mass(&model);
        // Kinks and heavy tails cost the grid some digits.
        assert!(mass.abs() < 0.01, "{name}: exp({mass})");
        let Some(through) = through else { continue };
        let u = if name == "Lomax" { 2.1 } else { 0.6 };
        let slope = (through(u + 1e-6) - through(u - 1e-6)) / 2e-6;
        let here = density_at(&model, &[("u", u)]).0 - slope.abs().ln();
        let there = of_data(parameters, &observed, kind, &[through(u)]);
        assert!((here - there).abs() < 1e-6, "{name}: {here}, not {there}");
    }
}

#[test]
fn statements_for_counts() {
    let cases: &[(&str, &str, &str, [f64; 2], f64)] = &[
        (
            "DiscreteWeibull",
            "int",
            "let q = 0.8; let k = 1.4;",
            [0.0, 3.0],
            -3.5580424581737278,
        ),
        (
            "GeneralizedPoisson",
            "int",
            "let m = 1.4; let l = 0.3;",
            [0.0, 3.0],
            -3.4894689867366346,
        ),
        (
            "BetaNegBinomial",
            "int",
            "let r = 3; let a = 3.1; let b = 1.7;",
            [0.0, 3.0],
            -3.519993549572833,
        ),
        (
            "Zipf",
            "int",
            "let k = 1.4;",
            [1.0, 3.0],
            -3.7002022504783865,
        ),
        (
            "Tweedie",
            "real",
            "let m = 1.4; let k = 1.7; let r = 2.3;",
            [0.0, 1.9],
            -3.1400848025709447,
        ),
        (
            "ZeroInflatedNegBinomial",
            "int",
            "let p = 0.3; let m = 1.4; let k = 2.2;",
            [0.0, 3.0],
            -3.3005208995363517,
        ),
        (
            "ZeroInflatedBinomial",
            "int",
            "let p = 0.3; let n = 6; let q = 0.35;",
            [0.0, 3.0],
            -2.844630955135708,
        ),
        (
            "HurdlePoisson",
            "int",
            "let p = 0.3; let m = 1.4;",
            [0.0, 3.0],
            -3.4598355537061574,
        ),
        (
            "HurdleNegBinomial",
            "int",
            "let p = 0.3; let m = 1.4; let k = 2.2;",
            [0.0, 3.0],
            -3.4694133856847067,
        ),
        (
            "FoldedNormal",
            "positive",
            "let m = 0.6; let s = 1.2;",
            Y,
            -2.162652534529885,
        ),
    ];
    for (name, kind, parameters, y, truth) in cases {
        let statements = advised("data y[row]: real; observe y ~", name);
        let found = of_data(parameters, &statements, kind, y);
        assert!((found - truth).abs() < 1e-9, "{name}: {found}, not {truth}");
    }
}

/// A name that nothing is known of gets neither a wall of names nor another distribution.
#[test]
fn a_name_that_nothing_is_known_of() {
    let (_, messages) = Model::parse("data y[row]: real; observe y ~ Blorb(1, 2);");
    let help = messages[0].help.as_deref().expect("a help");
    assert!(help.len() < 300 && help.contains("factor"), "{help}");
    assert!(
        (ln_total_mass(&bind(
            "let m = 0.3; let s = 0.7; y: real ~ Flat(); factor -abs(y - m) / s - log(2 * s);",
            ""
        )))
        .abs()
            < 0.01
    );
}
