//! Arrays of a JSON file that are no columns: they tell the length of `row` where there are no columns, and may hold labels.

use ppl_lang::{Model, Point};
use ppl_tests::{arrays, bind_to, ln_normal};

#[test]
fn the_length_of_an_array_is_that_of_row() {
    let y = [1.0, 2.0, 3.0, 4.0, 5.0, 7.0];
    let data = arrays(&[("y", &[3, 2], &y)]);
    let model =
        "axis d = {a, b}; data y[row, d]: real; m ~ Normal(0, 1); observe y ~ Normal(m, 2);";
    let bound = bind_to(model, &data);
    let density = bound.density(&Point::Unconstrained(vec![0.3])).unwrap();
    let exact = ln_normal(0.3, 0.0, 1.0) + y.iter().map(|y| ln_normal(*y, 0.3, 2.0)).sum::<f64>();
    assert!((density.log_density - exact).abs() < 1e-12);
}

#[test]
fn labels_in_an_array_are_looked_up_by_what_they_say() {
    let z = [1.0, 2.0, 3.0, 1.0, 2.0, 2.0];
    let data = arrays(&[("z", &[3, 2], &z)]);
    let w = [0.2_f64, 0.5, 0.3];
    let exact: f64 = z.iter().map(|z| w[*z as usize - 1].ln()).sum();
    for axis in ["axis k = 3;", "axis k = 1..3;", "axis k;"] {
        let model = format!(
            "axis d = 2; {axis} data z[row, d]: k; let w[k] = [0.2, 0.5, 0.3]; a[k] ~ Normal(0, 1);
             observe z ~ Categorical(w); let m[row, d] = a[z]; factor sum(sum(m, over = d), over = row);"
        );
        let bound = bind_to(&model, &data);
        let a = [0.1, 0.7, -0.4];
        let density = bound.density(&Point::Unconstrained(a.to_vec())).unwrap();
        let prior: f64 = a.iter().map(|a| ln_normal(*a, 0.0, 1.0)).sum();
        let looked_up: f64 = z.iter().map(|z| a[*z as usize - 1]).sum();
        let exact = exact + prior + looked_up;
        assert!((density.log_density - exact).abs() < 1e-12, "{model}");
    }
}

#[test]
fn a_label_that_no_level_has_is_refused() {
    let data = arrays(&[("z", &[2, 2], &[0.0, 1.0, 2.0, 1.0])]);
    let (model, _) = Model::parse(
        "axis d = 2; axis k = 2; data z[row, d]: k; w[k] ~ Dirichlet(1); observe z ~ Categorical(w);",
    );
    let Err(errors) = model.expect("a model").bind(&data) else {
        panic!("0 is no level");
    };
    assert_eq!(errors[0].code, "E0210", "{errors:?}");
}

/// Which list lies along which axis is for the model to say: as many edges as rows, and more lists along the edges than along the rows.
#[test]
fn json_lists_lie_along_their_declared_axes() {
    let model = "axis edge = size(row) + more; data more: int; data w[edge]: real; data v[edge]: real; data u[edge]: real; data y[row]: real;
                 m ~ Normal(0, 1); observe y ~ Normal(m, 1); factor sum(w * v * u) * m;";
    for (more, w, total) in [(0, "[1, 2, 4]", 21.0), (1, "[1, 2, 4, 5]", 51.0)] {
        let model = model.replace("size(row)", "3");
        let v = if more == 0 {
            "[1, 2, 3]"
        } else {
            "[1, 2, 3, 3]"
        };
        let u = if more == 0 {
            "[4, 2, 0.75]"
        } else {
            "[4, 2, 0.75, 2]"
        };
        let text = format!(r#"{{"more": {more}, "w": {w}, "v": {v}, "u": {u}, "y": [1, 2, 4]}}"#);
        let data = ppl_lang::Dataset::from_json_text("data.json", &text).expect("data");
        let bound = bind_to(&model, &data);
        let at = |m: f64| {
            bound
                .density(&Point::Unconstrained(vec![m]))
                .unwrap()
                .log_density
        };
        let rows = |m: f64| {
            [1.0, 2.0, 4.0]
                .iter()
                .map(|y| ln_normal(*y, m, 1.0))
                .sum::<f64>()
        };
        let exact = ln_normal(0.3, 0.0, 1.0) + rows(0.3) + total * 0.3;
        assert!(
            (at(0.3) - exact).abs() < 1e-10,
            "{more}: {} {exact}",
            at(0.3)
        );
    }
}
