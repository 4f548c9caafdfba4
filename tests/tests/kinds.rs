//! Kinds: densities on the sets that they narrow a distribution to, and lets that are not what they are declared to be.

use ppl_lang::{Array, Density, FitOptions, GuideChoice, Point, Verdict};
use ppl_tests::{bind, csv, fit, ln_normal, ln_total_mass, log_sum_exp, row, spread, with_guide};
use std::collections::BTreeMap;

fn at(model: &str, data: &str, values: &[(&str, &[f64])]) -> Density {
    let array = |v: &[f64]| Array {
        shape: if v.len() == 1 { vec![] } else { vec![v.len()] },
        values: v.to_vec(),
    };
    let point: BTreeMap<String, Array> = values
        .iter()
        .map(|(n, v)| (n.to_string(), array(v)))
        .collect();
    bind(model, data)
        .density(&Point::Constrained(point))
        .expect("a point of the model")
}

/// Orthonormal vectors that span the vectors of n numbers which sum to 0: Gram and Schmidt on powers.
fn plane(n: usize) -> Vec<Vec<f64>> {
    let mut basis = vec![vec![1.0 / (n as f64).sqrt(); n]];
    for p in 1..n {
        let mut v: Vec<f64> = (0..n).map(|i| ((i * p) as f64 * 1.7).sin()).collect();
        for _ in 0..3 {
            for b in &basis {
                let c: f64 = v.iter().zip(b).map(|(v, b)| v * b).sum();
                v.iter_mut().zip(b).for_each(|(v, b)| *v -= c * b);
            }
        }
        let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        basis.push(v.iter().map(|v| v / norm).collect());
    }
    basis.split_off(1)
}

fn along(b: &[f64], x: &[f64]) -> f64 {
    b.iter().zip(x).map(|(b, x)| b * x).sum()
}

/// Coordinates along an orthonormal basis of the plane are independent and normal. 4 elements are written out, 12 are arrays.
#[test]
fn normal_numbers_that_sum_to_0() {
    for n in [2_usize, 4, 12] {
        let means: Vec<f64> = spread(n, 0.3);
        let list: Vec<String> = means.iter().map(|m| format!("{m}")).collect();
        let model = format!(
            "axis k = {n};\ns ~ HalfNormal(2);\nx[k]: sum_to_zero ~ Normal([{}], s);",
            list.join(", ")
        );
        let mut x = spread(n, 1.1);
        let centre = x.iter().sum::<f64>() / n as f64;
        x.iter_mut().for_each(|v| *v -= centre);
        let s = 1.3;
        let density = at(&model, "", &[("s", &[s]), ("x", &x)]);
        let want: f64 = plane(n)
            .iter()
            .map(|b| ln_normal(along(b, &x), along(b, &means), s))
            .sum();
        let got = density.terms[1].value;
        assert!((got - want).abs() < 1e-11 * want.abs(), "{n}: {got} {want}");
    }
}

#[test]
fn on_the_plane_the_prior_has_mass_1() {
    let model = "axis k = 2;\nx[k]: sum_to_zero ~ Normal(3, 0.7);";
    let mass = ln_total_mass(&bind(model, ""));
    assert!(mass.abs() < 1e-12, "{mass}");
    // A shift of all means along (1, 1) moves nothing on the plane.
    let density = |m: &str| {
        let model = format!("axis k = 2;\nx[k]: sum_to_zero ~ Normal({m}, 0.7);");
        at(&model, "", &[("x", &[0.4, -0.4])]).log_density
    };
    assert!((density("0") - density("5")).abs() < 1e-12);
}

#[test]
fn values_off_the_plane_are_no_points() {
    let bound = bind("axis k = 3;\nx[k]: sum_to_zero ~ Normal(0, 1);", "");
    let x = Array {
        shape: vec![3],
        values: vec![1.0, 1.0, 0.5],
    };
    let point = Point::Constrained([("x".to_string(), x)].into());
    assert!(bound.density(&point).is_err());
}

/// y = x + e: across the plane y is N(0, 1), along it N(0, s² + 1).
#[test]
fn evidence_and_posterior_of_what_sums_to_0() {
    let y = [1.2, -0.7, 0.4, 2.0];
    let s: f64 = 1.5;
    let model =
        "data y[row]: real;\nx[row]: sum_to_zero ~ Normal(0, 1.5);\nobserve y ~ Normal(x, 1);";
    let fit = fit(
        model,
        &csv(&[("y", &y)]),
        &with_guide(GuideChoice::FullRank),
    );
    let v = s * s + 1.0;
    let centre = y.iter().sum::<f64>() / 4.0;
    let inside: f64 = plane(4)
        .iter()
        .map(|b| ln_normal(along(b, &y), 0.0, v.sqrt()))
        .sum();
    let want = inside + ln_normal(centre * 2.0, 0.0, 1.0);
    let elbo = fit.elbo.expect("a bound");
    assert!(
        (elbo.by_entropy.value - want).abs() < 4.0 * elbo.by_entropy.se + 1e-3,
        "{elbo:?} {want}"
    );
    let shrink = s * s / v;
    for (i, y) in y.iter().enumerate() {
        let r = row(&fit, &format!("x[{}]", i + 1));
        let sd = (shrink * 0.75).sqrt();
        assert!((r.mean - shrink * (y - centre)).abs() < 0.05 * sd, "{r:?}");
        assert!((r.sd / sd - 1.0).abs() < 0.05, "{r:?}");
    }
}

/// Of K normal numbers the share that is positive and in order is P(X > 0)^K / K!.
#[test]
fn positive_and_ordered_normals_are_normalised() {
    let mass = ln_total_mass(&bind(
        "axis k = 1;\nx[k]: positive_ordered ~ Normal(-0.4, 0.7);",
        "",
    ));
    assert!(mass.abs() < 1e-9, "{mass}");
    let model = "axis k = 2;\nx[k]: positive_ordered ~ Normal(0.5, 2);";
    let bound = bind(model, "");
    let h = 0.1;
    let terms: Vec<f64> = (-120..=50)
        .flat_map(|i| (-120..=50).map(move |j| (i, j)))
        .map(|(i, j)| {
            let u = vec![f64::from(i) * h, f64::from(j) * h];
            bound
                .density(&Point::Unconstrained(u))
                .expect("two numbers")
                .log_density
        })
        .filter(|v| v.is_finite())
        .collect();
    let mass = log_sum_exp(&terms) + 2.0 * f64::ln(h);
    // What is left out below e^-12 is about 2 e^-12 of the mass.
    assert!(mass.abs() < 1e-4, "{mass}");
}

#[test]
fn different_means_in_order_leave_the_evidence_up_to_a_constant() {
    let model = "axis k = 2;\ndata y[row]: real;\nx[k]: positive_ordered ~ Normal([0, 3], 1);\n\
                 observe y ~ Normal(sum(x), 1);";
    let density = at(model, "y\n1.0\n", &[("x", &[0.5, 2.0])]);
    let plain = at(
        "axis k = 2;\ndata y[row]: real;\nx[k] ~ Normal([0, 3], 1);\nobserve y ~ Normal(sum(x), 1);",
        "y\n1.0\n",
        &[("x", &[0.5, 2.0])],
    );
    let moved = at(model, "y\n1.0\n", &[("x", &[0.1, 3.0])]);
    let plain_moved = at(
        "axis k = 2;\ndata y[row]: real;\nx[k] ~ Normal([0, 3], 1);\nobserve y ~ Normal(sum(x), 1);",
        "y\n1.0\n",
        &[("x", &[0.1, 3.0])],
    );
    let (a, b) = (
        moved.log_density - density.log_density,
        plain_moved.log_density - plain.log_density,
    );
    assert!((a - b).abs() < 1e-12, "{a} {b}");
    let fit = fit(model, "y\n1.0\n", &FitOptions::default());
    let notes = fit.notes.join("\n");
    assert!(
        notes.contains("`x` are ordered") && notes.contains("up to a constant"),
        "{notes}"
    );
}

#[test]
fn matrices_by_their_kinds_are_those_of_their_distributions() {
    let with = "axis k = 3;\nC[k, k]: corr ~ LkjCorr(2);\nS[k, k]: cov ~ Wishart(5, scale = C);";
    let without = "axis k = 3;\nC[k, k] ~ LkjCorr(2);\nS[k, k] ~ Wishart(5, scale = C);";
    let u: Vec<f64> = spread(9, 0.4).iter().map(|v| 0.3 * v).collect();
    let [a, b] = [with, without].map(|m| {
        let density = bind(m, "").density(&Point::Unconstrained(u.clone()));
        density.expect("nine numbers").log_density
    });
    assert_eq!(a, b);
    assert!(a.is_finite());
}

/// A let that leaves its kind is impossible; the message names it, and its values.
#[test]
fn lets_are_watched() {
    let model = "mu ~ Normal(0, 1);\nlet s: positive = mu;\nobserve 0.5 ~ Normal(mu, 1);";
    let inside = at(model, "", &[("mu", &[0.5])]);
    assert!(
        (inside.log_density - ln_normal(0.5, 0.0, 1.0) - ln_normal(0.5, 0.5, 1.0)).abs() < 1e-13
    );
    let outside = at(model, "", &[("mu", &[-0.5])]);
    assert_eq!(outside.log_density, f64::NEG_INFINITY);
    let fault = outside.fault.expect("a fault");
    assert_eq!(fault.code, "E0401");
    assert!(
        fault
            .message
            .contains("`s`, which is declared as `positive`"),
        "{}",
        fault.message
    );
    let fit = fit(
        "mu ~ Normal(-9, 1);\nlet s: positive = mu;\nobserve -9.5 ~ Normal(mu, 1);",
        "",
        &FitOptions::default(),
    );
    assert!(matches!(fit.verdict, Verdict::Failed { .. }));
}

/// Each kind of an array: a value of it counts, a value that is none does not.
#[test]
fn arrays_are_watched() {
    let vector = |kind: &str, value: &str, x: f64| {
        let model = format!(
            "axis k = 3;\nx ~ Normal(0, 1);\nlet v[k]: {kind} = {value};\nobserve 0.1 ~ Normal(x, 1);"
        );
        at(&model, "", &[("x", &[x])]).log_density.is_finite()
    };
    let matrix = |kind: &str, value: &str, x: f64| {
        let model = format!(
            "axis k = 2;\nx ~ Normal(0, 1);\nlet M[k, k]: {kind} = {value};\nobserve 0.1 ~ Normal(x, 1);"
        );
        at(&model, "", &[("x", &[x])]).log_density.is_finite()
    };
    for (kind, value, good, bad) in [
        ("simplex", "[x, 0.25, 0.75 - x]", 0.5, -0.25),
        ("simplex", "[0.5, 0.25, x]", 0.25, 0.3),
        ("ordered", "[-1, x, 2]", 0.5, 2.0),
        ("positive_ordered", "[x, 1, 2]", 0.5, -0.5),
        ("sum_to_zero", "[x, 1, -2]", 1.0, 1.1),
        ("unit", "[x, 0.5, 1]", 0.3, 1.3),
        ("real(-1, 0.5)", "[x, 0.5, 0]", -0.9, 0.6),
        ("int", "[x, 2, 3]", 4.0, 4.5),
        ("bool", "[x, 0, 1]", 1.0, 2.0),
    ] {
        assert!(vector(kind, value, good), "{kind} {value} {good}");
        assert!(!vector(kind, value, bad), "{kind} {value} {bad}");
    }
    for (kind, value, good, bad) in [
        ("corr_cholesky", "[[1, 0], [0.6, x]]", 0.8, 0.7),
        ("corr_cholesky", "[[1, x], [0.6, 0.8]]", 0.0, 0.1),
        ("cov_cholesky", "[[2, 0], [1, x]]", 0.5, -0.5),
        ("corr", "[[1, 0.3], [x, 1]]", 0.3, 0.2),
        ("corr", "[[1, x], [x, 1]]", 0.9, 1.1),
        ("corr", "[[1, 0.5], [0.5, x]]", 1.0, 1.2),
        ("cov", "[[2, x], [x, 3]]", 1.0, 3.0),
    ] {
        assert!(matrix(kind, value, good), "{kind} {value} {good}");
        assert!(!matrix(kind, value, bad), "{kind} {value} {bad}");
    }
}

/// What holds by construction costs nothing.
#[test]
fn what_can_be_shown_is_not_watched() {
    let model = "axis k = 3;\nx[k] ~ Normal(0, 1);\nlet w[k]: simplex = softmax(x, over = k);\n\
                 let s: positive = exp(x[1]);\nlet p: unit = inv_logit(x[2]);\nobserve 0.5 ~ Normal(sum(w * x), s + p);";
    let density = at(model, "", &[("x", &[0.1, 0.2, 0.3])]);
    assert_eq!(density.terms.len(), 2);
}

/// A written, amortised guide: weights of model and guide are fitted together, and an end by the limit of steps is told as such.
#[test]
fn an_autoencoder_gains() {
    let model = "axis pixel = columns(\"p*\"); axis latent = 1; axis hidden = 3;\n\
        data x[row, pixel]: bool;\n\
        param W[hidden, latent] = glorot(); param b[hidden] = 0;\n\
        param V[pixel, hidden] = glorot(); param c[pixel] = 0;\n\
        z[row, latent] ~ Normal(0, 1);\n\
        observe x ~ BernoulliLogit(V @ tanh(W @ z + b) + c);\n\
        guide {\n\
          param E[hidden, pixel] = glorot(); param e[hidden] = 0;\n\
          param M[latent, hidden] = glorot(); param S[latent, hidden] = glorot();\n\
          let code[row, hidden] = tanh(E @ x + e);\n\
          z ~ Normal(M @ code, softplus(S @ code));\n\
        }";
    // Two kinds of pictures, each pixel flipped in one of ten.
    let pixel = |p: usize| -> Vec<f64> {
        let cell = |i: usize| {
            let flipped = (i * 7 + p * 13).is_multiple_of(10);
            f64::from(u8::from(i.is_multiple_of(2) == (p < 3)) ^ u8::from(flipped))
        };
        (0..40).map(cell).collect()
    };
    let pixels: Vec<Vec<f64>> = (0..6).map(pixel).collect();
    let names: Vec<String> = (0..6).map(|p| format!("p{p}")).collect();
    let columns: Vec<(&str, &[f64])> = names
        .iter()
        .zip(&pixels)
        .map(|(n, v)| (n.as_str(), v.as_slice()))
        .collect();
    let options = FitOptions {
        max_steps: 1400,
        ..FitOptions::default()
    };
    let fit = fit(model, &csv(&columns), &options);
    assert!(fit.steps <= 1400, "{}", fit.steps);
    // The steps end before the averages agree; what they have reached is handed out.
    let reason = fit.verdict.reason();
    assert!(
        fit.verdict.word() == "approximate" || reason.contains("the limit of steps"),
        "{reason}"
    );
    let bound = fit.elbo.expect("a bound").by_prior.value;
    // Pixels that are independent, each with its own share of ones, leave 40 x 6 coins: -166. The pictures themselves and their
    // noise have 40 ln 2 + 240 x 0.325 = 106.
    assert!(bound > -150.0, "{bound}");
}
