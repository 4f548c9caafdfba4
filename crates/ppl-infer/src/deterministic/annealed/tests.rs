//! Ways with theta fixed, against quadrature.

use super::*;
use crate::deterministic::Base;
use crate::elbo::{log_mean_exp, mean_of};
use crate::objective::Objective;
use crate::stochastic::Target;
use ppl_data::{Dataset, JsonArray};
use ppl_guide::Centring;

/// Effects of unknown scale under a likelihood of long tails, in turned coordinates: given the scale the effects are no Gaussian, and no
/// two of them are independent.
const MODEL: &str = "axis i = 4; axis k = 4; data y[i]: real; data r[i, k]: real;
    tau ~ HalfNormal(2); z[k] ~ Normal(0, 1); observe y ~ StudentT(3, tau * (r @ z), 0.4);";

const Y: [f64; 4] = [-3.0, 0.3, 1.1, 4.0];

/// A rotation.
const R: [f64; 16] = [
    0.5, 0.5, 0.5, 0.5, 0.5, -0.5, 0.5, -0.5, 0.5, 0.5, -0.5, -0.5, 0.5, -0.5, -0.5, 0.5,
];

fn ln_normal(x: f64, sd: f64) -> f64 {
    -0.5 * (x / sd).powi(2) - sd.ln() - 0.5 * LN_2PI
}

/// Log evidence and mean of tau: turned back the effects are independent given tau, an integral over one number each.
fn truth() -> (f64, f64) {
    // Student t of three degrees of freedom.
    let ln_t = |u: f64| {
        let constant = 2.0 / (3f64.sqrt() * std::f64::consts::PI);
        (constant / 0.4).ln() - 2.0 * ((u / 0.4).powi(2) / 3.0).ln_1p()
    };
    let (n, step) = (4000, 16.0 / 4000.0);
    let given = |tau: f64| -> f64 {
        let one = |y: &f64| -> f64 {
            let each = (0..=n).map(|i| -8.0 + step * i as f64);
            let each = each.map(|z| (ln_normal(z, 1.0) + ln_t(y - tau * z)).exp());
            (each.sum::<f64>() * step).ln()
        };
        Y.iter().map(one).sum()
    };
    let width = 12.0 / 600.0;
    let taus = (0..600).map(|i| width * (i as f64 + 0.5));
    let each = taus.map(|tau| {
        let log = std::f64::consts::LN_2 + ln_normal(tau, 2.0) + given(tau);
        (tau, log.exp() * width)
    });
    let (total, first) = each.fold((0.0, 0.0), |(t, f), (tau, p)| (t + p, f + tau * p));
    (total.ln(), first / total)
}

#[test]
fn what_is_given_theta_goes_to_the_posterior_with_theta_fixed() {
    let (file, _) = ppl_syntax::parse(MODEL);
    let (graph, messages) = ppl_model::analyse(&file);
    assert!(messages.iter().all(|m| !m.is_error()), "{messages:?}");
    let array = |shape: &[usize], values: &[f64]| JsonArray {
        shape: shape.to_vec(),
        values: values.to_vec(),
    };
    let arrays = [
        ("y".to_owned(), array(&[4], &Y)),
        ("r".to_owned(), array(&[4, 4], &R)),
    ];
    let data = Dataset {
        arrays: arrays.into_iter().collect(),
        ..Dataset::empty()
    };
    let bound = ppl_model::bind(&graph, &data).expect("data");
    let family = ppl_guide::find("full-rank").expect("a family");
    let text = ppl_guide::text(family, &bound, Centring::Centred);
    let bound = ppl_guide::attach(&bound, &text).expect("a guide");
    let objective = Objective::new(&bound, 16, 1).expect("an objective");
    let layout = objective.layout.as_ref().expect("a Gaussian");
    let params = objective.initial();
    let (log_evidence, mean) = truth();
    for seed in [1, 2, 3] {
        let base = Base::new(&bound, layout, &params, seed).expect("a base");
        let mut base = base.expect("a Gaussian");
        let theta = base.names.iter().position(|n| n == "tau").expect("tau");
        let wanted = crate::deterministic::Wanted {
            whole: false,
            asked: true,
            effort: 1,
            scales: false,
            far: true,
        };
        let nested = base.mixed(vec![theta], wanted, false).expect("a mixture");
        let mut nested = base.given_to(nested);
        let drawn = nested.draws(2000);
        let parts: [Part<'_>; 1] = [(&params, 1.0)];
        let from = (&parts[..], Begin::Fixed((&nested, &drawn)));
        let found = Annealed::fit(&bound, layout, from, (seed, EFFORTS - 1), &mut || true);
        let Ok(Ok(mut guide)) = found else {
            panic!("no way");
        };
        let Ok(drawn) = guide.draws(4000, &mut || true) else {
            panic!("no draws");
        };
        let mut solver = Smooth::of_each(&bound).expect("a density");
        let mut values = vec![];
        for points in drawn.points.chunks(16 * drawn.d) {
            solver.values(points, &mut values);
        }
        let logs: Vec<f64> = values
            .iter()
            .zip(&drawn.log_q)
            .map(|(p, q)| p - q)
            .collect();
        let bound_of = mean_of(logs.iter().copied());
        let found = log_mean_exp(&logs);
        let error = found.se.hypot(drawn.error);
        assert!(
            (found.value - log_evidence).abs() < 4.0 * error && error < 0.03,
            "seed {seed}: {found:?}, {error} for {log_evidence}"
        );
        assert!(
            bound_of.value > log_evidence - 0.15,
            "seed {seed}: {bound_of:?} for {log_evidence}"
        );
        // Draws at the end have the posterior's weights.
        let total: f64 = logs.iter().map(|l| (l - found.value).exp()).sum();
        let tau = drawn.points.iter().skip(theta).step_by(drawn.d);
        let pairs = tau
            .zip(&logs)
            .map(|(t, l)| t.exp() * (l - found.value).exp());
        let of = pairs.sum::<f64>() / total;
        assert!((of - mean).abs() < 0.08, "seed {seed}: {of} for {mean}");
    }
}
