//! A hand-made fit for tests.

use ndarray::array;
use ppl_infer::{
    Certificate, Draws, Elbo, Estimate, Fit, Mode, Phase, Richer, Row, Starts, Tried, Verdict,
};

pub(crate) fn row(name: &str, role: &'static str, numbers: [f64; 6]) -> Row {
    let [mean, sd, q5, q50, q95, mcse] = numbers;
    Row {
        name: name.to_owned(),
        mean,
        sd,
        q5,
        q50,
        q95,
        mcse,
        role,
        k_hat: if name == "mu" { 0.42 } else { f64::NAN },
    }
}

fn estimate(value: f64, se: f64) -> Estimate {
    Estimate { value, se }
}

/// Four rows: a site, a site with an awkward label, a report that is not finite, a param.
pub(crate) fn small() -> Fit {
    let nan = f64::NAN;
    Fit {
        rows: vec![
            row("mu", "site", [4.4, 3.3, -1.0, 4.45, 9.8, 0.052]),
            row(
                "a[ST LOUIS, \"N\"]",
                "site",
                [0.1 + 0.2, 0.1, 0.1, 0.3, 1e-7, 0.001],
            ),
            row(
                "ratio",
                "report",
                [nan, nan, f64::NEG_INFINITY, 2.0, f64::INFINITY, nan],
            ),
            row("w", "param", [1.25, 0.0, 1.25, 1.25, 1.25, 0.0]),
        ],
        elbo: Some(Elbo {
            energy: estimate(-33.9, 0.05),
            entropy: estimate(2.5, 0.0),
            by_entropy: estimate(-31.4, 0.05),
            reconstruction: estimate(-29.1, 0.03),
            kl_to_prior: estimate(2.3, 0.04),
            by_prior: estimate(-31.4, 0.05),
            log_evidence: estimate(-31.1, 0.02),
            kl_to_posterior: estimate(0.3, 0.02),
            by_evidence: estimate(-31.4, 0.03),
            evidence_defined: true,
        }),
        k_hat: 0.31,
        guide_k_hat: 0.31,
        wider: false,
        corrected: false,
        guide_rows: vec![],
        verdict: Verdict::Approximate {
            reason: "the averaged iterates agree".to_owned(),
        },
        certificate: Certificate {
            draws: 10_000,
            effective: 8000.0,
            weighted_bounds: vec![(10, estimate(-31.2, 0.03)), (100, estimate(-31.15, 0.03))],
            log_evidence_at_least: -34.1,
            gradient_norm: 0.01,
            curvature_residual: 0.02,
            starts: Some(Starts {
                tried: 14,
                agreeing: 13,
                unseen: 0.0,
                weight: 0.875,
                others: vec![Mode {
                    elbo: -33.0,
                    log_evidence: -32.9,
                    weight: 0.125,
                    centre: vec![("mu".to_owned(), -5.0)],
                }],
            }),
            richer: Some(Richer {
                family: "full-rank",
                gain: estimate(0.5, 0.01),
            }),
            linear_response: vec![("mu".to_owned(), 4.125)],
            parts: 1,
            rungs: vec![Tried {
                family: "flow",
                gain: Some(estimate(0.003, 0.01)),
                adopted: false,
                words: "no gain beyond chance".to_owned(),
            }],
        },
        steps: 1234,
        gradient_evaluations: 9872,
        phases: vec![
            Phase {
                name: "compile",
                seconds: 0.25,
            },
            Phase {
                name: "optimise",
                seconds: 0.5,
            },
        ],
        seed: 7,
        n_unknowns: 2,
        guide: "full-rank".to_owned(),
        guide_text: "guide {}".to_owned(),
        params: vec![("w".to_owned(), vec![1.25])],
        draws: Draws {
            names: vec!["mu".to_owned(), "a[ST LOUIS, \"N\"]".to_owned()],
            values: array![[1.0, 0.1], [f64::NEG_INFINITY, nan]],
        },
        discrete: vec![],
        pointwise: None,
        fault: None,
        notes: vec!["2 draws were out of support".to_owned()],
        origin: ppl_infer::Origin::default(),
    }
}
