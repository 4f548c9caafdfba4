//! Chains: sites that read earlier elements of themselves, autoregressions, groups, skipped elements.

use ppl_lang::GuideChoice;
use ppl_tests::{bind, csv, estimate, fit, with_guide};

const Y: [f64; 8] = [0.3, -0.4, 0.9, 1.7, 1.1, 0.2, -0.8, -0.1];

/// log p(y) of h_1 ~ N(0, 1), h_t ~ N(0.8 h_(t-1), 0.5), y_t ~ N(h_t, 0.7) by the Kalman filter, and the filtered mean of the
/// last h.
fn kalman(y: &[f64]) -> (f64, f64, f64) {
    let (mut mean, mut var) = (0.0, 1.0);
    let mut log_evidence = 0.0;
    for (t, y) in y.iter().enumerate() {
        if t > 0 {
            mean *= 0.8;
            var = 0.64 * var + 0.25;
        }
        let total: f64 = var + 0.49;
        log_evidence -=
            0.5 * ((2.0 * std::f64::consts::PI * total).ln() + (y - mean).powi(2) / total);
        let gain = var / total;
        mean += gain * (y - mean);
        var *= 1.0 - gain;
    }
    (log_evidence, mean, var.sqrt())
}

#[test]
fn a_linear_gaussian_chain_has_the_kalman_filters_evidence() {
    let model = "data y[row]: real;
        for t in row {
          h[t] ~ if first(t) { Normal(0, 1) } else { Normal(0.8 * h[t-1], 0.5) };
          observe y[t] ~ Normal(h[t], 0.7);
        }";
    let fit = fit(
        model,
        &csv(&[("y", &Y)]),
        &with_guide(GuideChoice::FullRank),
    );
    let elbo = fit.elbo.expect("a bound");
    let (exact, mean, sd) = kalman(&Y);
    // The full-rank family holds the posterior: what is left is the optimiser's tolerance.
    assert!(
        (elbo.by_prior.value - exact).abs() < 0.01,
        "{} against {exact}",
        elbo.by_prior.value
    );
    assert!(elbo.by_prior.value <= exact + 4.0 * elbo.by_prior.se + 1e-9);
    let last = fit
        .rows
        .iter()
        .find(|r| r.name == "h[8]")
        .expect("the last state");
    assert!(
        (last.mean - mean).abs() < 0.05 * sd,
        "{} against {mean}",
        last.mean
    );
    assert!(
        (last.sd / sd - 1.0).abs() < 0.05,
        "{} against {sd}",
        last.sd
    );
}

#[test]
fn skipped_elements_have_no_term() {
    let chain = "data y[row]: real;
        b ~ Normal(0, 1);
        for t in row skip 1 { observe y[t] ~ Normal(b * y[t-1], 1); }";
    let pairs = "data y[row]: real; data before[row]: real;
        b ~ Normal(0, 1);
        observe y ~ Normal(b * before, 1);";
    let a = estimate(&bind(chain, &csv(&[("y", &Y)])));
    let b = estimate(&bind(pairs, &csv(&[("y", &Y[1..]), ("before", &Y[..7])])));
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn groups_have_their_own_first_element() {
    // Rows of two subjects, interleaved.
    let text = "s,y\na,0.3\nb,-0.4\na,0.9\nb,1.7\na,1.1\nb,0.2\n";
    let chain = "axis s; data s[row]: s; data y[row]: real;
        b ~ Normal(0, 1);
        for t in row by s {
          observe y[t] ~ if first(t) { Normal(0, 2) } else { Normal(b * y[t-1], 1) };
        }";
    let by_hand = "b ~ Normal(0, 1);
        factor log_density(Normal(0, 2), 0.3) + log_density(Normal(0, 2), -0.4)
          + log_density(Normal(b * 0.3, 1), 0.9) + log_density(Normal(b * -0.4, 1), 1.7)
          + log_density(Normal(b * 0.9, 1), 1.1) + log_density(Normal(b * 1.7, 1), 0.2);";
    let a = estimate(&bind(chain, text));
    let b = estimate(&bind(by_hand, ""));
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn a_branch_that_is_not_taken_gives_no_value_and_no_gradient() {
    // log(x) is not finite in the branch that x = 0 does not take.
    let text = "x,y\n0,1.5\n2,0.5\n";
    let branch = "data x[row]: real; data y[row]: real;
        b ~ Normal(0, 1);
        observe y ~ if x > 0 { Normal(b * log(x), 1) } else { Normal(b, 2) };";
    let by_hand = "b ~ Normal(0, 1);
        factor log_density(Normal(b, 2), 1.5) + log_density(Normal(b * log(2), 1), 0.5);";
    let a = estimate(&bind(branch, text));
    let b = estimate(&bind(by_hand, ""));
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn binders_on_the_left_give_the_same_as_the_matrix_by_hand() {
    let bound = "axis k = 2; stay[k] ~ Beta(2, 2);
        let P[i in k, j in k] = if i == j { stay[i] } else { 1 - stay[i] };
        let u[k] = [1, 2]; let v[k] = [3, 5];
        factor sum(u * (P @ v));";
    // 1 (s1 3 + (1 - s1) 5) + 2 ((1 - s2) 3 + s2 5)
    let by_hand = "axis k = 2; stay[k] ~ Beta(2, 2);
        factor 3 * stay[1] + 5 * (1 - stay[1]) + 6 * (1 - stay[2]) + 10 * stay[2];";
    let (a, b) = (estimate(&bind(bound, "")), estimate(&bind(by_hand, "")));
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn a_sum_over_lags_is_the_sum_written_out() {
    let sum = "axis lag = 2; data y[row]: real; b[lag] ~ Normal(0, 1);
        for t in row skip 2 { observe y[t] ~ Normal(sum(k in lag: b[k] * y[t - k]), 1); }";
    let by_hand = "axis lag = 2; data y[row]: real; b[lag] ~ Normal(0, 1);
        for t in row skip 2 { observe y[t] ~ Normal(b[1] * y[t-1] + b[2] * y[t-2], 1); }";
    let filtered = "axis lag = 3; data y[row]: real; b[lag] ~ Normal(0, 1);
        for t in row skip 3 { observe y[t] ~ Normal(sum(k in lag if k < 3: b[k] * y[t - k]), 1); }";
    let filtered_by_hand = "axis lag = 3; data y[row]: real; b[lag] ~ Normal(0, 1);
        for t in row skip 3 { observe y[t] ~ Normal(b[1] * y[t-1] + b[2] * y[t-2], 1); }";
    for (a, b) in [(sum, by_hand), (filtered, filtered_by_hand)] {
        let (a, b) = (
            estimate(&bind(a, &csv(&[("y", &Y)]))),
            estimate(&bind(b, &csv(&[("y", &Y)]))),
        );
        for (a, b) in a.iter().zip(&b) {
            assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{a} {b}");
        }
    }
}

#[test]
fn comparisons_rule_out_the_first_elements_as_well_as_first_does() {
    let value = |condition: &str| {
        let model = format!(
            "data y[row]: real; b ~ Normal(0, 1);
             for i in row {{ observe y[i] ~ if {condition} {{ Normal(b * y[i-2], 1) }} else {{ Normal(0, 2) }}; }}"
        );
        estimate(&bind(&model, &csv(&[("y", &Y)])))
    };
    let reference = value("!first(i, 2)");
    for condition in ["i > 2", "2 < i", "i >= 3", "!(i <= 2)", "i > 2 && i < 100"] {
        for (a, b) in value(condition).iter().zip(&reference) {
            assert!(
                (a - b).abs() < 1e-10 * (1.0 + b.abs()),
                "{condition}: {a} {b}"
            );
        }
    }
}
