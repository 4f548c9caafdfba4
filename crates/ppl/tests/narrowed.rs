//! A kind on the left conditions the distribution: its density is divided by the mass that is left.

use ppl_lang::{Array, Dataset, Gradient, Model, Point};
use std::collections::BTreeMap;

/// The log density of the model at one value of `x`, and its derivative by it.
fn density(text: &str, x: f64) -> (f64, Vec<f64>) {
    let (model, messages) = Model::parse(text);
    assert!(messages.is_empty(), "{text}: {messages:#?}");
    let bound = model.expect("a model").bind(&Dataset::empty());
    let (bound, _) = bound.unwrap_or_else(|errors| panic!("{text}: {errors:#?}"));
    let value = Array {
        shape: vec![],
        values: vec![x],
    };
    let point = BTreeMap::from([("x".to_owned(), value)]);
    let density = bound
        .density(&Point::Constrained(point))
        .expect("a density");
    let gradient = match density.gradient {
        Gradient::Constrained(g) => g.into_iter().flat_map(|(_, a)| a.values).collect(),
        other => panic!("{other:?}"),
    };
    (density.log_density, gradient)
}

/// Values from scipy and mpmath.
#[test]
fn the_mass_that_is_left_divides() {
    let cases = [
        ("x: positive ~ StudentT(3, 1, 2);", 1.5, -1.3411588743140024),
        ("x: real(0.5, 2) ~ Gamma(2.5, 3);", 1.5, -1.022284031599919),
        ("x: real(0, 0.5) ~ Beta(2, 5);", 0.25, 0.9800065462602627),
        (
            "x: real(-1, 1) ~ SkewNormal(0, 1, 2);",
            0.25,
            -0.24427262163125776,
        ),
        ("x: real(0, 4) ~ InvGamma(2, 3);", 1.5, -0.8287865349236965),
    ];
    for (text, x, want) in cases {
        let (got, gradient) = density(text, x);
        assert!((got - want).abs() < 1e-13, "{text} {got} is not {want}");
        let h = 1e-5;
        let slope = (density(text, x + h).0 - density(text, x - h).0) / (2.0 * h);
        assert!(
            (gradient[0] - slope).abs() < 1e-8,
            "{text} {gradient:?} {slope}"
        );
    }
}
