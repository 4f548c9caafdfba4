//! `Constant` beside a discrete distribution, and logarithms of sums in which terms are e^-inf.

use ppl_lang::{FitOptions, Model};
use ppl_tests::{bind, check_gradient, csv, density_at, fit, ln_gamma, row, spread};

fn ln_poisson(y: f64, rate: f64) -> f64 {
    y * rate.ln() - rate - ln_gamma(y + 1.0)
}

const LABELLED: &str = "axis kind = {never, maybe}; data y[row]: int; psi ~ Beta(1, 1); l ~ Gamma(2, 1); \
     let w[kind] = [psi, 1 - psi]; z[row] ~ Categorical(w); \
     observe y ~ if z == never { Constant(0) } else { Poisson(l) };";

#[test]
fn a_summed_out_condition_gives_the_zero_inflated_density() {
    let bound = bind(LABELLED, "y\n0\n3\n0\n1\n");
    let (psi, l) = (0.3f64, 1.7f64);
    let zero = (psi + (1.0 - psi) * (-l).exp()).ln();
    let likelihood = 2.0 * zero + 2.0 * (1.0 - psi).ln() + ln_poisson(3.0, l) + ln_poisson(1.0, l);
    // Gamma(2, 1): ln l - l.
    let want = likelihood + l.ln() - l;
    let (got, gradient) = density_at(&bound, &[("psi", psi), ("l", l)]);
    assert!((got - want).abs() < 1e-13 * want.abs(), "{got}, not {want}");
    assert!(gradient.iter().all(|g| g.1.is_finite()), "{gradient:?}");
    let unbounded = LABELLED.replace(
        "psi ~ Beta(1, 1); l ~ Gamma(2, 1);",
        "a ~ Normal(0, 9); b ~ Normal(0, 9); let psi = inv_logit(a); let l = exp(b);",
    );
    let bound = bind(&unbounded, "y\n0\n3\n0\n1\n");
    check_gradient(&bound, &[("a", -0.5), ("b", 0.6)]);
    check_gradient(&bound, &[("a", 9.0), ("b", 4.0)]);
    check_gradient(&bound, &[("a", -30.0), ("b", 7.0)]);
}

#[test]
fn a_condition_of_data_chooses_by_cell() {
    let model = "data y[row]: int; data closed[row]: bool; l ~ Gamma(2, 1); \
                 observe y ~ if closed { Constant(0) } else { Poisson(l) };";
    let bound = bind(model, "y,closed\n0,1\n3,0\n0,0\n");
    let l = 1.7f64;
    let want = ln_poisson(3.0, l) - l + l.ln() - l;
    let got = density_at(&bound, &[("l", l)]).0;
    assert!((got - want).abs() < 1e-13 * want.abs(), "{got}, not {want}");
    check_gradient(&bound, &[("l", l)]);
}

/// Nested choices keep every branch, wherever the inner one stands.
#[test]
fn a_choice_within_a_choice() {
    let nested = "if a { if b { Constant(0) } else { Constant(4) } } else { Poisson(l) }";
    let chained = "if a && b { Constant(0) } else if a { Constant(4) } else { Poisson(l) }";
    let by_tail = "if !a { Poisson(l) } else { if b { Constant(0) } else { Constant(4) } }";
    for dist in [nested, chained, by_tail] {
        let model = format!(
            "data y[row]: int; data a[row]: bool; data b[row]: bool; l ~ Gamma(2, 1); observe y ~ {dist};"
        );
        let bound = bind(&model, "y,a,b\n0,1,1\n4,1,0\n3,0,1\n");
        let l = 1.7f64;
        let want = ln_poisson(3.0, l) + l.ln() - l;
        let got = density_at(&bound, &[("l", l)]).0;
        assert!(
            (got - want).abs() < 1e-13 * want.abs(),
            "{dist}: {got}, not {want}"
        );
    }
}

/// A sum of nothing is e^-inf, within a sum that has other terms: its gradient is 0, not undefined.
#[test]
fn a_sum_without_terms_has_no_gradient() {
    let model = "axis r = 2; axis k = 3; m ~ Normal(0, 2); \
                 let v[i in r, j in k] = if i == 1 { -inf } else { if j == 2 { -inf } else { m * j } }; \
                 let inner[r] = log_sum_exp(v, over = k); factor log_sum_exp(inner, over = r);";
    let bound = bind(model, "");
    let m = 0.4f64;
    let want = ((m).exp() + (3.0 * m).exp()).ln() + ppl_tests::ln_normal(m, 0.0, 2.0);
    let (got, gradient) = density_at(&bound, &[("m", m)]);
    assert!((got - want).abs() < 1e-13, "{got}, not {want}");
    assert!(gradient[0].1.is_finite());
    check_gradient(&bound, &[("m", m)]);
}

#[test]
fn the_share_of_zeros_is_recovered() {
    // 0.25 of the rows are always 0; the quantiles of Poisson(3) elsewhere.
    let y: Vec<f64> = spread(500, 0.3)
        .iter()
        .map(|u| {
            if *u < 0.25 {
                return 0.0;
            }
            let (u, mut y, mut below) = ((u - 0.25) / 0.75, 0.0, ln_poisson(0.0, 3.0).exp());
            while below < u {
                y += 1.0;
                below += ln_poisson(y, 3.0).exp();
            }
            y
        })
        .collect();
    let fit = fit(LABELLED, &csv(&[("y", &y)]), &FitOptions::default());
    let (psi, l) = (row(&fit, "psi"), row(&fit, "l"));
    assert!((psi.mean - 0.25).abs() < 3.0 * psi.sd, "{psi:?}");
    assert!((l.mean - 3.0).abs() < 3.0 * l.sd, "{l:?}");
    // Standard errors of about 500 rows.
    assert!(psi.sd < 0.04 && l.sd < 0.16, "{psi:?} {l:?}");
}

/// Beside a density a point mass would win wherever it is met: with 3 zeros in 10 cells this model's bound would rise
/// without end as the normal distribution forgets the zeros.
#[test]
fn a_mass_beside_a_density_is_refused() {
    for (model, phrase) in [
        (
            "data y[row]: int; data c[row]: bool; m ~ Normal(0, 1); observe y ~ if c { Constant(0) } else { Normal(m, 1) };",
            "cannot be compared",
        ),
        (
            "data y[row]: int; m ~ Normal(0, 1); observe y ~ Constant(0);",
            "only in a branch",
        ),
        ("x ~ Constant(0);", "only in a branch"),
    ] {
        let (_, messages) = Model::parse(model);
        assert!(
            messages
                .iter()
                .any(|m| m.code == "E0118" && m.message.contains(phrase)),
            "{model}: {messages:?}"
        );
    }
}
