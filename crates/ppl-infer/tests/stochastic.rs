//! The stochastic engine on objectives whose maximum is known.

mod targets;

use ppl_infer::options::Silent;
use ppl_infer::stochastic::{Optimum, Outcome, maximise};
use targets::{FullRank, MeanField, Scalar, Schools, show};

const MAX_STEPS: usize = 100_000;

/// Largest location error in sds, scale error and gap in nats of a mean-field fit.
fn mean_field(d: usize, ratio: f64, distance: f64, seed: u64) -> (Optimum, f64, f64, f64) {
    let mut target = MeanField::new(d, ratio, distance, seed);
    let optimum = maximise(&mut target, MAX_STEPS, &mut Silent);
    let (location, scale) = target.errors(&optimum.params);
    let gap = -target.exact(&optimum.params);
    show(
        &format!("mean field d={d} ratio={ratio} distance={distance} seed={seed}"),
        &optimum,
        format!("location {location:.4} scale {scale:.4} gap {gap:.5}"),
    );
    assert_eq!(optimum.estimates, target.calls);
    (optimum, location, scale, gap)
}

#[test]
fn mean_field_gaussians_are_found() {
    for (d, ratio, distance) in [
        (1, 1.0, 1.0),
        (1, 1.0, 50.0),
        (10, 1.0, 3.0),
        (10, 100.0, 50.0),
        (100, 1.0, 50.0),
        (100, 100.0, 50.0),
    ] {
        let (optimum, location, scale, gap) = mean_field(d, ratio, distance, 1);
        assert_eq!(optimum.outcome, Outcome::Converged);
        assert!(
            location < 0.04 && scale < 0.04 && gap < 0.05,
            "d {d}: {location} {scale} {gap}"
        );
        assert!((optimum.elbo + gap).abs() < 5.0 * optimum.elbo_se + 1e-9);
    }
}

#[test]
fn small_problems_rarely_stop_early() {
    let mut failures = 0;
    let mut steps = 0;
    for seed in 0..40 {
        let (optimum, location, scale, gap) = mean_field(10, 10.0, 5.0, seed);
        failures += usize::from(
            optimum.outcome != Outcome::Converged || location > 0.04 || scale > 0.04 || gap > 0.02,
        );
        steps = steps.max(optimum.steps);
    }
    println!("failures {failures} steps at most {steps}");
    assert!(failures <= 2 && steps <= 30_000);
}

#[test]
fn full_rank_gaussians_are_found() {
    for (d, rho, allowed) in [(2, 0.9, 0.02), (10, 0.5, 0.05), (10, 0.95, 0.05)] {
        for seed in 0..5 {
            let mut target = FullRank::new(d, rho, seed);
            let optimum = maximise(&mut target, MAX_STEPS, &mut Silent);
            let gap = target.gap(&optimum.params);
            show(
                &format!("full rank d={d} rho={rho} seed={seed}"),
                &optimum,
                format!("gap {gap:.5}"),
            );
            assert_eq!(optimum.outcome, Outcome::Converged);
            assert!(gap < allowed, "d {d} rho {rho}: gap {gap}");
        }
    }
}

#[test]
fn a_noiseless_objective_converges() {
    let mut target = Scalar {
        start: 20.0,
        noise: 0.0,
        f: |x| (-0.5 * (x - 1.0).powi(2), 1.0 - x),
    };
    let optimum = maximise(&mut target, MAX_STEPS, &mut Silent);
    show("noiseless", &optimum, format!("{:?}", optimum.params));
    assert_eq!(optimum.outcome, Outcome::Converged);
    assert!((optimum.params[0] - 1.0).abs() < 0.01);
}

#[test]
fn a_parameter_without_effect_does_no_harm() {
    struct Idle(MeanField);
    impl ppl_infer::stochastic::Target for Idle {
        fn n_params(&self) -> usize {
            self.0.n_params() + 1
        }
        fn initial(&self) -> Vec<f64> {
            let mut start = self.0.start.clone();
            start.push(0.0);
            start
        }
        fn draws(&self) -> usize {
            self.0.draws()
        }
        fn estimate(&mut self, params: &[f64], step: u64, gradient: &mut [f64]) -> f64 {
            let n = self.0.n_params();
            // Noise without a mean: the parameter wanders and R-hat never settles.
            gradient[n] = targets::Noise::at(9, step).normal();
            self.0.estimate(&params[..n], step, &mut gradient[..n])
        }
    }
    let mut target = Idle(MeanField::new(3, 1.0, 2.0, 1));
    let optimum = maximise(&mut target, MAX_STEPS, &mut Silent);
    show(
        "idle parameter",
        &optimum,
        format!("{:?}", target.0.errors(&optimum.params[..6])),
    );
    assert_eq!(optimum.outcome, Outcome::Converged);
}

#[test]
fn eight_schools() {
    let reference = maximise(
        &mut Schools {
            draws: 256,
            seed: 99,
        },
        MAX_STEPS,
        &mut Silent,
    );
    show("eight schools, 256 draws", &reference, String::new());
    for seed in 0..10 {
        let optimum = maximise(&mut Schools { draws: 8, seed }, MAX_STEPS, &mut Silent);
        let worst = |first: usize| {
            (first..first + 10).fold(0.0f64, |worst, i| {
                let scale = if first == 0 {
                    reference.params[10 + i].exp()
                } else {
                    1.0
                };
                worst.max(((optimum.params[i] - reference.params[i]) / scale).abs())
            })
        };
        show(
            &format!("eight schools {seed}"),
            &optimum,
            format!("location {:.4} scale {:.4}", worst(0), worst(10)),
        );
        assert_eq!(optimum.outcome, Outcome::Converged);
        assert!(worst(0) < 0.05 && worst(10) < 0.05 && optimum.steps <= 40_000);
    }
}
