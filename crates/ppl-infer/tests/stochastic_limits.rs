//! The stochastic engine where it is stopped, limited or given numbers that are not finite.

mod targets;

use ppl_infer::options::{Observer, Progress, Silent};
use ppl_infer::stochastic::{Outcome, maximise};
use targets::{MeanField, Scalar, show};

const MAX_STEPS: usize = 100_000;

#[test]
fn values_that_are_not_finite_are_skipped() {
    let mut target = MeanField::new(3, 1.0, 3.5, 1);
    target.radius = 4.5;
    let optimum = maximise(&mut target, MAX_STEPS, &mut Silent);
    let (location, scale) = target.errors(&optimum.params);
    show(
        "nan beyond 4.5 sd",
        &optimum,
        format!("location {location:.4} scale {scale:.4}"),
    );
    assert_eq!(optimum.outcome, Outcome::Converged);
    assert!(location < 0.05 && scale < 0.05);
}

#[test]
fn a_start_that_is_not_finite_is_shrunk() {
    let f = |x: f64| {
        if x.abs() > 10.0 {
            (f64::NAN, f64::NAN)
        } else {
            (-0.5 * (x - 1.0).powi(2), 1.0 - x)
        }
    };
    let mut target = Scalar {
        start: 100.0,
        noise: 0.3,
        f,
    };
    let optimum = maximise(&mut target, MAX_STEPS, &mut Silent);
    show("start outside", &optimum, format!("{:?}", optimum.params));
    assert_eq!(optimum.outcome, Outcome::Converged);
    assert!((optimum.params[0] - 1.0).abs() < 0.03);
}

#[test]
fn nothing_finite_diverges() {
    let mut target = Scalar {
        start: 1.0,
        noise: 0.0,
        f: |_| (f64::NAN, 0.0),
    };
    let optimum = maximise(&mut target, MAX_STEPS, &mut Silent);
    assert!(
        matches!(&optimum.outcome, Outcome::Diverged { reason } if reason.contains("not finite"))
    );
    assert_eq!(optimum.params, [1.0]);
    assert!(optimum.elbo.is_nan());
}

#[test]
fn an_unbounded_gain_diverges() {
    for power in [1, 2] {
        let f = move |x: f64| {
            if power == 1 {
                (x, 1.0)
            } else {
                (x * x, 2.0 * x)
            }
        };
        let mut target = Scalar {
            start: 0.5,
            noise: 0.3,
            f,
        };
        let optimum = maximise(&mut target, 20_000, &mut Silent);
        show("unbounded", &optimum, format!("{:?}", optimum.params));
        assert!(
            matches!(&optimum.outcome, Outcome::Diverged { reason } if reason.contains("no maximum"))
        );
    }
}

/// Stops at the n-th call.
struct StopAfter(usize);

impl Observer for StopAfter {
    fn progress(&mut self, _: Progress) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 > 0
    }
}

#[test]
fn an_observer_stops_it() {
    for calls in [1, 2, 3, 5] {
        let mut target = MeanField::new(10, 1.0, 3.0, 1);
        let optimum = maximise(&mut target, MAX_STEPS, &mut StopAfter(calls));
        assert_eq!(optimum.outcome, Outcome::Interrupted);
        assert!(optimum.params.len() == 20 && optimum.params.iter().all(|x| x.is_finite()));
    }
}

#[test]
fn the_step_limit_holds() {
    for limit in [0, 1, 7, 100, 1000, 2500] {
        let mut target = MeanField::new(10, 1.0, 20.0, 1);
        let optimum = maximise(&mut target, limit, &mut Silent);
        show(
            "limit",
            &optimum,
            format!("{:?}", target.errors(&optimum.params)),
        );
        assert_eq!(optimum.outcome, Outcome::StepLimit);
        assert_eq!(optimum.steps, limit);
    }
}

#[test]
fn the_same_target_gives_the_same_result() {
    /// Slow at irregular intervals, so that the clock differs from run to run.
    struct Slow(usize);
    impl Observer for Slow {
        fn progress(&mut self, _: Progress) -> bool {
            std::thread::sleep(std::time::Duration::from_millis(self.0 as u64));
            true
        }
    }
    let run = |delay: usize| {
        maximise(
            &mut MeanField::new(10, 10.0, 3.0, 5),
            MAX_STEPS,
            &mut Slow(delay),
        )
    };
    let (a, b) = (run(0), run(7));
    assert_eq!(
        (a.params, a.elbo, a.steps, a.estimates),
        (b.params, b.elbo, b.steps, b.estimates)
    );
}

#[test]
fn progress_comes_in_order() {
    struct Log(Vec<Progress>);
    impl Observer for Log {
        fn progress(&mut self, progress: Progress) -> bool {
            self.0.push(progress);
            true
        }
    }
    let mut log = Log(Vec::new());
    let optimum = maximise(&mut MeanField::new(3, 1.0, 3.0, 1), MAX_STEPS, &mut log);
    assert_eq!(log.0[0].phase, "race");
    assert!(log.0.windows(2).all(|pair| pair[0].step <= pair[1].step));
    assert!(
        log.0
            .iter()
            .any(|progress| progress.phase == "optimise" && progress.elbo.is_finite())
    );
    assert!(
        log.0
            .iter()
            .all(|progress| progress.step <= optimum.steps && progress.max_steps == MAX_STEPS)
    );
}
