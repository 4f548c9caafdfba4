//! The log density at a point: against numbers worked out by hand, its gradient against differences, and the
//! unconstrained scale against the latents' own.

use ppl_lang::{Array, Bound, Dataset, Density, DensityError, Gradient, Model, Point, Table};
use std::collections::BTreeMap;

const EIGHT: &str = "axis school = 8;\nlet y[school] = [28, 8, -3, 7, -1, 1, 18, 12];\n\
    let sigma[school] = [15, 10, 16, 11, 9, 11, 10, 18];\nmu ~ Normal(0, 5);\ntau ~ HalfCauchy(5);\n\
    z[school] ~ Normal(0, 1);\nfactor log_density(Normal(mu + tau * z, sigma), y);";

/// Every kind of support; `hi` depends on another latent.
const SUPPORTS: &str = "axis k = 3; axis g = 2; axis d = 4;
    tau ~ HalfNormal(2);
    a: real(0, 1) ~ Beta(2, 3);
    b: real(0, 1 - a) ~ Flat();
    u: real(-2, 5) ~ Normal(0, 3);
    w[g, k] ~ Dirichlet(2);
    m[k]: ordered ~ Normal(0, 4);
    L[d, d] ~ LkjCholesky(2);
    x[k, g] ~ Normal(u, tau);
    v[g, d] ~ MultiNormal(0 * u, scale_tril = tau * L);
    observe 1.5 ~ Normal(sum(j in k: m[j] * w[1, j]) + a * b + sum(sum(x, over = k)), 2);";

fn bound(text: &str) -> Bound {
    let (model, messages) = Model::parse(text);
    assert!(!messages.iter().any(|d| d.is_error()), "{messages:#?}");
    let bound = model.expect("a model").bind(&Dataset::empty());
    bound.unwrap_or_else(|errors| panic!("{errors:#?}")).0
}

fn array(shape: &[usize], values: &[f64]) -> Array {
    Array {
        shape: shape.to_vec(),
        values: values.to_vec(),
    }
}

fn point(values: &[(&str, Array)]) -> BTreeMap<String, Array> {
    let owned = values.iter().map(|(n, a)| ((*n).to_owned(), a.clone()));
    owned.collect()
}

fn eight() -> BTreeMap<String, Array> {
    point(&[
        ("mu", array(&[], &[4.5])),
        ("tau", array(&[], &[3.25])),
        (
            "z",
            array(&[8], &[0.5, -0.25, 1.0, 0.0, -1.5, 0.75, 2.0, -0.125]),
        ),
    ])
}

fn at(bound: &Bound, values: &BTreeMap<String, Array>) -> Density {
    bound
        .density(&Point::Constrained(values.clone()))
        .expect("a density")
}

fn mistakes(bound: &Bound, point: Point) -> Vec<String> {
    match bound.density(&point) {
        Err(DensityError::Point(m)) => m.into_iter().map(|m| m.message).collect(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn close(a: f64, b: f64, relative: f64) {
    assert!(
        (a - b).abs() <= relative * a.abs().max(b.abs()).max(1.0),
        "{a} {b}"
    );
}

#[test]
fn eight_schools_by_hand() {
    let bound = bound(EIGHT);
    let density = at(&bound, &eight());
    // Worked out in Python from the formulas of the three densities.
    let terms = [
        -2.93337644563877,
        -2.4134365047419,
        -11.4218207656374,
        -29.2181477913335,
    ];
    assert_eq!(density.terms.len(), 4);
    for (term, expected) in density.terms.iter().zip(terms) {
        close(term.value, expected, 1e-13);
    }
    close(density.log_density, -45.9867815073515, 1e-13);
    let sites: Vec<_> = density.terms.iter().map(|t| t.site.as_deref()).collect();
    assert_eq!(sites, [Some("mu"), Some("tau"), Some("z"), None]);
    // The Jacobian of tau = e^u is tau.
    let mut vector = vec![4.5, 3.25_f64.ln()];
    vector.extend(&eight()["z"].values);
    let free = bound
        .density(&Point::Unconstrained(vector))
        .expect("a density");
    close(free.log_jacobian.expect("a Jacobian"), 3.25_f64.ln(), 1e-14);
    close(free.log_density, -45.9867815073515 + 3.25_f64.ln(), 1e-13);
}

#[test]
fn gradient_against_differences() {
    let bound = bound(EIGHT);
    let density = at(&bound, &eight());
    let Gradient::Constrained(gradient) = density.gradient else {
        panic!("by name")
    };
    assert_eq!(gradient.len(), 3);
    for (name, array) in gradient {
        for (i, &g) in array.values.iter().enumerate() {
            let moved = |h: f64| {
                let mut values = eight();
                values.get_mut(&name).expect("known").values[i] += h;
                at(&bound, &values).log_density
            };
            close(g, (moved(1e-5) - moved(-1e-5)) / 2e-5, 1e-7);
        }
    }
}

/// The unconstrained density is the constrained one plus the Jacobian, for every support, and so is its gradient.
#[test]
fn unconstrained_is_constrained_plus_jacobian() {
    let bound = bound(SUPPORTS);
    let n = 4 + 4 + 3 + 6 + 6 + 8;
    let vector: Vec<f64> = (0..n)
        .map(|i| 0.7 * (1.3 * f64::from(i) + 0.4).sin())
        .collect();
    let free = bound
        .density(&Point::Unconstrained(vector.clone()))
        .expect("a density");
    let u = |i: usize| vector[i];
    let inv_logit = |x: f64| 1.0 / (1.0 + (-x).exp());
    let tau = u(0).exp();
    let a = inv_logit(u(1));
    let b = (1.0 - a) * inv_logit(u(2));
    let c = -2.0 + 7.0 * inv_logit(u(3));
    use ppl_lang::parts::dist::Bijection;
    let mut jacobian = u(0) + (a * (1.0 - a)).ln() + (b * (1.0 - b / (1.0 - a))).ln();
    jacobian += ((c + 2.0) * (5.0 - c) / 7.0).ln();
    let mut event = |map: Bijection<f64>, from: usize, to: usize, n: usize| {
        let (x, j) = map.forward(&vector[from..to], n);
        jacobian += j;
        x
    };
    let mut w = event(Bijection::Simplex, 4, 6, 3);
    w.extend(event(Bijection::Simplex, 6, 8, 3));
    let m = event(Bijection::Ordered, 8, 11, 3);
    let l = event(Bijection::CorrCholesky, 11, 17, 16);
    let values = point(&[
        ("tau", array(&[], &[tau])),
        ("a", array(&[], &[a])),
        ("b", array(&[], &[b])),
        ("u", array(&[], &[c])),
        ("w", array(&[2, 3], &w)),
        ("m", array(&[3], &m)),
        ("L", array(&[4, 4], &l)),
        ("x", array(&[3, 2], &vector[17..23])),
        ("v", array(&[2, 4], &vector[23..31])),
    ]);
    let own = at(&bound, &values);
    close(free.log_jacobian.expect("a Jacobian"), jacobian, 1e-12);
    close(free.log_density, own.log_density + jacobian, 1e-12);
    for (one, other) in free.terms.iter().zip(&own.terms) {
        close(one.value, other.value, 1e-11);
    }
    let Gradient::Unconstrained(gradient) = free.gradient else {
        panic!("flat")
    };
    assert_eq!(gradient.len(), vector.len());
    for (i, &g) in gradient.iter().enumerate() {
        let moved = |h: f64| {
            let mut vector = vector.clone();
            vector[i] += h;
            let density = bound.density(&Point::Unconstrained(vector));
            density.expect("a density").log_density
        };
        close(g, (moved(1e-5) - moved(-1e-5)) / 2e-5, 1e-6);
    }
}

#[test]
fn declared_order_does_not_depend_on_sizes() {
    let bound = bound(
        "axis a = {p, q, r}; axis b = {s, t}; x[a, b] ~ Normal(0, 1); observe 1 ~ Normal(x[r, s], 0.1);",
    );
    let values = point(&[("x", array(&[3, 2], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]))]);
    let Gradient::Constrained(gradient) = at(&bound, &values).gradient else {
        panic!("by name")
    };
    assert_eq!(gradient[0].1.shape, [3, 2]);
    // Only x[r, s] is observed: -x + (1 - x) / 0.01.
    let expected = [0.0, -1.0, -2.0, -3.0, -4.0 - 300.0, -5.0];
    for (got, expected) in gradient[0].1.values.iter().zip(expected) {
        close(*got, expected, 1e-10);
    }
}

#[test]
fn points_that_do_not_fit() {
    let bound = bound(SUPPORTS);
    let all = mistakes(
        &bound,
        Point::Constrained(point(&[
            ("tua", array(&[], &[1.0])),
            ("w", array(&[6], &[0.5; 6])),
        ])),
    );
    assert!(all.iter().any(|m| m.contains("`tua`")), "{all:?}");
    assert!(
        all.iter()
            .any(|m| m.contains("value of `w` is an array of 6")),
        "{all:?}"
    );
    assert!(
        all.iter().any(|m| m.contains("no value for `tau`")),
        "{all:?}"
    );
    let few = mistakes(&bound, Point::Unconstrained(vec![0.0; 3]));
    assert_eq!(
        few,
        ["the unconstrained point has 3 numbers; the model has 31"]
    );
    let small = self::bound(
        "axis k = 3; a: real(0, 1) ~ Flat(); b: real(0, 1 - a) ~ Flat(); w[k] ~ Dirichlet(1); observe 1 ~ Normal(a + b, 1);",
    );
    let given = |a: f64, b: f64, w: [f64; 3]| {
        Point::Constrained(point(&[
            ("a", array(&[], &[a])),
            ("b", array(&[], &[b])),
            ("w", array(&[3], &w)),
        ]))
    };
    assert!(small.density(&given(0.5, 0.4, [0.2, 0.3, 0.5])).is_ok());
    for (point, name) in [
        (given(1.5, 0.4, [0.2, 0.3, 0.5]), "`a`"),
        (given(0.7, 0.4, [0.2, 0.3, 0.5]), "`b`"),
        (given(0.5, 0.4, [0.2, 0.3, 0.6]), "`w`"),
        (given(0.5, 0.4, [-0.2, 0.7, 0.5]), "`w`"),
    ] {
        let found = mistakes(&small, point);
        assert!(
            found
                .iter()
                .any(|m| m.contains(name) && m.contains("outside its support")),
            "{found:?}"
        );
    }
}

/// Weights of labels against numbers worked out by hand: a vector, a loop's element times a vector, and one known number for
/// all labels, whose axis nothing else has.
#[test]
fn labels_by_hand() {
    let (b, x, labels) = ([0.3, -0.2, 0.7], [0.5, -1.0, 2.0, 0.25], [0_usize, 1, 2, 2]);
    let normal = |v: f64| -0.5 * v * v - 0.5 * (2.0 * std::f64::consts::PI).ln();
    let ln_p =
        |(&l, x): (&usize, f64)| b[l] * x - b.iter().map(|v| (v * x).exp()).sum::<f64>().ln();
    let prior: f64 = b.into_iter().map(normal).sum();
    let want = prior + labels.iter().zip(x).map(ln_p).sum::<f64>();
    let head =
        "axis m = {lo, mid, hi};\ndata z[row]: m;\ndata x[row]: real;\nb[m] ~ Normal(0, 1);\n";
    let csv = "z,x\nlo,0.5\nmid,-1\nhi,2\nhi,0.25\n";
    let density = |text: &str, values: &BTreeMap<String, Array>| {
        let mut data = Dataset::empty();
        data.main = Some(Table::from_csv_text("data.csv", csv).expect("a table"));
        let (model, messages) = Model::parse(text);
        assert!(!messages.iter().any(|d| d.is_error()), "{messages:#?}");
        let bound = model.expect("a model").bind(&data);
        at(
            &bound.unwrap_or_else(|errors| panic!("{errors:#?}")).0,
            values,
        )
        .log_density
    };
    let values = point(&[("b", array(&[3], &b))]);
    for observe in [
        "observe z ~ CategoricalLogit(b * x);",
        "for i in row { observe z[i] ~ CategoricalLogit(b * x[i]); }",
        "for i in row { observe z[i] ~ Categorical(softmax(b * x[i])); }",
        "let eta[row, m] = b * x;\nobserve z ~ Categorical(softmax(eta, over = m));",
    ] {
        close(density(&format!("{head}{observe}"), &values), want, 1e-12);
    }
    for dist in ["Categorical(1 / 3)", "CategoricalLogit(0)"] {
        let text = format!(
            "axis m = {{lo, mid, hi}};\ndata z[row]: m;\na ~ Normal(0, 1);\nobserve z ~ {dist};"
        );
        let a = point(&[("a", array(&[], &[0.5]))]);
        close(density(&text, &a), normal(0.5) - 4.0 * 3.0_f64.ln(), 1e-12);
    }
}
