//! Long events go through routines on arrays: they have the density, the maps and the gradients that the definitions give
//! number by number.

use ppl_data::JsonArray;
use ppl_dist::Bijection;
use ppl_lang::{Dataset, Gradient, Point};
use ppl_tests::{bind, bind_to, differences, spread};

/// A vector that is no pattern.
fn numbers(n: usize) -> Vec<f64> {
    spread(n, 0.3).iter().map(|v| 2.0 * v - 1.0).collect()
}

/// Log density plus log Jacobian by definition, at unconstrained `u`: the family's own density of the map's image.
fn by_definition(family: &str, map: Bijection<f64>, u: &[f64], n: usize, p: &[&[f64]]) -> f64 {
    let (x, ln_jacobian) = map.forward(u, n);
    let family = ppl_dist::find(family).unwrap();
    family.ln_density(&x, p) + ln_jacobian
}

#[track_caller]
fn close(got: f64, expected: f64, what: &str) {
    let error = (got - expected).abs() / expected.abs().max(1.0);
    assert!(error < 1e-11, "{what}: {got} instead of {expected}");
}

/// A model of one site with its definition.
fn check(model: &str, expected: &dyn Fn(&[f64]) -> f64) {
    let bound = bind(model, "");
    let n = ppl_lang::parts::model::Bound::n_unknowns(bound.inner());
    let u: Vec<f64> = numbers(n).iter().map(|v| 0.7 * v).collect();
    let at = |u: &[f64]| {
        let d = bound.density(&Point::Unconstrained(u.to_vec())).unwrap();
        (d.log_density, d.gradient)
    };
    let (value, gradient) = at(&u);
    close(value, expected(&u), model);
    let Gradient::Unconstrained(gradient) = gradient else {
        panic!("a gradient by unconstrained numbers");
    };
    assert_eq!(gradient.len(), n);
    for i in (0..n).step_by(1 + n / 7) {
        let (slope, error) = differences(&|u| vec![expected(u)], &u, i)[0];
        let off = (gradient[i] - slope).abs();
        assert!(
            off < 100.0 * error + 1e-8 * (1.0 + slope.abs()),
            "{model}: number {i}: {} instead of {slope}",
            gradient[i]
        );
    }
}

#[test]
fn simplexes() {
    for k in [9, 30, 200] {
        let model = format!("axis k = {k}; w[k] ~ Dirichlet(1.7);");
        check(&model, &|u| {
            by_definition("Dirichlet", Bijection::Simplex, u, k, &[&[1.7]])
        });
    }
}

#[test]
fn ordered_vectors() {
    for k in [9usize, 30, 200] {
        let normals = |x: &[f64]| {
            x.iter()
                .map(|x| ppl_tests::ln_normal(*x, 0.0, 3.0))
                .sum::<f64>()
        };
        let orders = ppl_tests::ln_gamma(k as f64 + 1.0);
        let model = format!("axis k = {k}; m[k]: ordered ~ Normal(0, 3);");
        check(&model, &|u| {
            let (x, j) = Bijection::<f64>::Ordered.forward(u, k);
            normals(&x) + orders + j
        });
        let uniforms = -(k as f64) * 4f64.ln() + orders;
        let model = format!("axis k = {k}; m[k]: ordered ~ Uniform(-1, 3);");
        check(&model, &|u| {
            uniforms + Bijection::OrderedWithin(-1.0, 3.0).forward(u, k).1
        });
        let above = |x: &[f64]| normals(x) + orders + k as f64 * 2f64.ln();
        let model = format!("axis k = {k}; m[k]: ordered ~ Normal(0, 3).truncated(upper = 0);");
        check(&model, &|u| {
            let (x, j) = Bijection::OrderedBelow(0.0).forward(u, k);
            above(&x) + j
        });
        let model = format!("axis k = {k}; m[k]: positive_ordered ~ HalfNormal(3);");
        check(&model, &|u| {
            let (x, j) = Bijection::OrderedAbove(0.0).forward(u, k);
            above(&x) + j
        });
    }
}

#[test]
fn factors_of_correlation_matrices() {
    for k in [9, 17, 70] {
        let model = format!("axis k = {k}; L[k, k] ~ LkjCholesky(1.3);");
        check(&model, &|u| {
            by_definition("LkjCholesky", Bijection::CorrCholesky, u, k * k, &[&[1.3]])
        });
    }
}

/// A positive definite matrix with no pattern, row-major.
fn covariance(k: usize) -> Vec<f64> {
    let a = numbers(k * k);
    let entry = |i: usize, j: usize| -> f64 {
        (0..k).map(|m| a[i * k + m] * a[j * k + m]).sum::<f64>() + f64::from(u8::from(i == j))
    };
    (0..k * k).map(|i| entry(i / k, i % k)).collect()
}

#[test]
fn multivariate_normals_in_all_their_forms() {
    for k in [9usize, 33, 100] {
        let m = covariance(k);
        let mean: Vec<f64> = (1..=k).map(|i| 0.01 * i as f64).collect();
        let l = ppl_dist::linear::cholesky(&m, k);
        let data = |name: &str| Dataset {
            arrays: [(
                name.to_string(),
                JsonArray {
                    shape: vec![k, k],
                    values: m.clone(),
                },
            )]
            .into(),
            ..Dataset::empty()
        };
        for (argument, factor) in [
            ("cov = V", l.clone()),
            (
                "precision = V",
                ppl_dist::linear::cholesky_of_inverse(&m, k),
            ),
        ] {
            let model = format!(
                "axis k = {k}; data V[k, k]: real; let m[i in k] = 0.01 * i; s ~ HalfNormal(1); x[k] ~ MultiNormal(m * s, {argument});"
            );
            let bound = bind_to(&model, &data("V"));
            let u: Vec<f64> = numbers(k + 1).iter().map(|v| 0.5 * v).collect();
            let d = bound.density(&Point::Unconstrained(u.clone())).unwrap();
            let s = u[0].exp();
            let means: Vec<f64> = mean.iter().map(|m| m * s).collect();
            let expected = ppl_dist::find("MultiNormal")
                .unwrap()
                .ln_density(&u[1..], &[&means, &factor])
                + ppl_dist::find("HalfNormal")
                    .unwrap()
                    .ln_density(&[s], &[&[1.0]])
                + u[0];
            close(d.log_density, expected, &model);
            let model = format!(
                "axis k = {k}; data V[k, k]: real; let m[i in k] = 0.01 * i; x[k] ~ MultiStudentT(5, m, scale = V);"
            );
            let bound = bind_to(&model, &data("V"));
            let d = bound
                .density(&Point::Unconstrained(u[1..].to_vec()))
                .unwrap();
            let expected = ppl_dist::find("MultiStudentT")
                .unwrap()
                .ln_density(&u[1..], &[&[5.0], &mean, &l]);
            close(d.log_density, expected, &model);
        }
    }
}

/// Counts over many categories, with weights of one simplex for all draws, or each its own.
#[test]
fn counts() {
    for k in [9usize, 150] {
        let counts: Vec<f64> = (0..2 * k).map(|i| ((i * 7) % 5) as f64).collect();
        let total = |d: usize| counts[d * k..(d + 1) * k].iter().sum::<f64>();
        let array = |shape: Vec<usize>, values: Vec<f64>| JsonArray { shape, values };
        let data = Dataset {
            arrays: [
                ("x".to_owned(), array(vec![2, k], counts.clone())),
                ("n".to_owned(), array(vec![2], vec![total(0), total(1)])),
            ]
            .into_iter()
            .collect(),
            ..Dataset::empty()
        };
        let head = format!("axis k = {k}; axis d = 2; data x[d, k]: int; data n[d]: int;");
        let u: Vec<f64> = numbers(k - 1);
        let models = [
            (
                "Multinomial",
                format!("{head} w[k] ~ Dirichlet(2); observe x ~ Multinomial(n, w);"),
            ),
            (
                "DirichletMultinomial",
                format!("{head} w[k] ~ Dirichlet(2); observe x ~ DirichletMultinomial(n, 3 * w);"),
            ),
        ];
        for (name, model) in models {
            let bound = bind_to(&model, &data);
            let found = bound.density(&Point::Unconstrained(u.clone())).unwrap();
            let (w, _) = Bijection::Simplex.forward(&u, k);
            let factor = if name == "Multinomial" { 1.0 } else { 3.0 };
            let p: Vec<f64> = w.iter().map(|v| factor * v).collect();
            let family = ppl_dist::find(name).unwrap();
            let seen =
                (0..2).map(|d| family.ln_density(&counts[d * k..(d + 1) * k], &[&[total(d)], &p]));
            let expected = by_definition("Dirichlet", Bijection::Simplex, &u, k, &[&[2.0]])
                + seen.sum::<f64>();
            close(found.log_density, expected, &model);
        }
    }
}
