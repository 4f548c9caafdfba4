//! The fit as JSON: `fit.json` and what `--json` prints.

use crate::VERSION;
use ppl_infer::{Certificate, Elbo, Estimate, Fit, MARKOV, Row};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The version of the shape below; it rises when a key changes its meaning or goes.
const FORMAT: u32 = 2;

/// Everything but the draws, as one object with a line end.
///
/// Keys: `format, version, verdict, reason, elbo, elbo_se, elbo_forms, log_evidence, log_evidence_se, k_hat, guide_k_hat, wider_draws,
/// certificate, steps,
/// gradient_evaluations, seconds, seed, guide, guide_text, n_unknowns, notes, origin, params, summary, discrete`. Nats and seconds.
/// Numbers read back as the same doubles; what is not finite or not defined is `null`.
pub fn fit_json(fit: &Fit) -> String {
    let headline = fit.elbo.as_ref().map(|elbo| elbo.headline());
    let evidence = fit
        .elbo
        .as_ref()
        .filter(|elbo| elbo.evidence_defined)
        .map(|elbo| elbo.log_evidence);
    let responses = fit.certificate.linear_response.iter();
    let responses: HashMap<&str, f64> = responses.map(|(n, sd)| (n.as_str(), *sd)).collect();
    let document = json!({
        "format": FORMAT,
        "version": VERSION,
        "verdict": fit.verdict.word(),
        "reason": fit.verdict.reason(),
        "elbo": headline.map(|e| e.value),
        "elbo_se": headline.map(|e| e.se),
        "elbo_forms": fit.elbo.as_ref().map(forms),
        "log_evidence": evidence.map(|e| e.value),
        "log_evidence_se": evidence.map(|e| e.se),
        "k_hat": fit.k_hat,
        "guide_k_hat": fit.guide_k_hat,
        "wider_draws": fit.wider,
        "certificate": certificate(&fit.certificate),
        "summary_estimator": estimator(fit),
        "steps": fit.steps,
        "gradient_evaluations": fit.gradient_evaluations,
        "seconds": seconds(fit),
        "seed": fit.seed,
        "guide": fit.guide,
        "guide_text": fit.guide_text,
        "n_unknowns": fit.n_unknowns,
        "notes": fit.notes,
        "origin": {"model": hash(fit.origin.model), "data": hash(fit.origin.data)},
        "params": fit.params.iter().map(|(name, values)| (name.clone(), json!(values))).collect::<Map<_, _>>(),
        "importance_corrected": fit.corrected,
        "summary": fit.rows.iter().map(summary).collect::<Vec<_>>(),
        "discrete": crate::discrete::discrete_json(fit),
        "guide_summary": fit.guide_rows.iter().map(|row| with_response(&responses, row)).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

/// A hash as text: JSON's numbers are doubles.
pub fn hash(value: u64) -> String {
    format!("{value:016x}")
}

/// Mean, sd, q5, q50, q95, mcse; a param has a mean only.
pub(crate) fn cells(row: &Row) -> [f64; 6] {
    let nan = f64::NAN;
    if row.role == "param" {
        return [row.mean, nan, nan, nan, nan, nan];
    }
    [row.mean, row.sd, row.q5, row.q50, row.q95, row.mcse]
}

fn summary(row: &Row) -> Value {
    let [mean, sd, q5, q50, q95, mcse] = cells(row);
    json!({
        "name": row.name, "role": row.role,
        "mean": mean, "sd": sd, "q5": q5, "q50": q50, "q95": q95, "mcse": mcse, "k_hat": row.k_hat,
    })
}

/// A row of the guide's own summary, with the sd by linear response beside it where there is one.
fn with_response(responses: &HashMap<&str, f64>, row: &Row) -> Value {
    let mut out = summary(row);
    if let Some(sd) = responses.get(row.name.as_str()) {
        out["linear_response_sd"] = json!(sd);
    }
    out
}

/// What means, sds and quantiles were computed from.
fn estimator(fit: &Fit) -> &'static str {
    match (fit.corrected, fit.wider) {
        (true, false) => "Pareto-smoothed importance weights of draws of the guide",
        (true, true) => "Pareto-smoothed importance weights of draws wider than the guide's",
        (false, _) => "draws of the guide",
    }
}

fn certificate(c: &Certificate) -> Value {
    let bounds: Vec<Value> = c
        .weighted_bounds
        .iter()
        .map(|(k, b)| json!({ "draws": k, "value": b.value, "se": b.se }))
        .collect();
    let starts = c.starts.as_ref().map(|s| {
        let others: Vec<Value> = s
            .others
            .iter()
            .map(|m| {
                let centre: Map<_, _> = m.centre.iter().map(|(n, v)| (n.clone(), json!(v))).collect();
                json!({ "elbo": m.elbo, "log_evidence": m.log_evidence, "weight": m.weight, "centre": centre })
            })
            .collect();
        json!({ "tried": s.tried, "agreeing": s.agreeing, "unseen": s.unseen, "weight": s.weight, "others": others })
    });
    json!({
        "draws": c.draws,
        "effective_sample_size": c.effective,
        "importance_weighted_bounds": bounds,
        "log_evidence_at_least": { "value": c.log_evidence_at_least, "probability": MARKOV },
        "gradient_norm": c.gradient_norm,
        "curvature_residual": c.curvature_residual,
        "starts": starts,
        "parts": c.parts,
        "rungs": c.rungs.iter().map(|r| json!({
            "family": r.family, "gain": r.gain.map(|g| g.value), "se": r.gain.map(|g| g.se), "adopted": r.adopted, "why": r.words,
        })).collect::<Vec<_>>(),
        "richer": c.richer.as_ref().map(|r| json!({ "family": r.family, "gain": r.gain.value, "se": r.gain.se })),
    })
}

fn estimate(estimate: Estimate) -> Value {
    json!({ "value": estimate.value, "se": estimate.se })
}

fn forms(elbo: &Elbo) -> Value {
    json!({
        "by_entropy": {
            "value": elbo.by_entropy.value, "se": elbo.by_entropy.se,
            "energy": estimate(elbo.energy), "entropy": estimate(elbo.entropy),
        },
        "by_prior": {
            "value": elbo.by_prior.value, "se": elbo.by_prior.se,
            "reconstruction": estimate(elbo.reconstruction), "kl_to_prior": estimate(elbo.kl_to_prior),
        },
        "by_evidence": {
            "value": elbo.by_evidence.value, "se": elbo.by_evidence.se,
            "log_evidence": estimate(elbo.log_evidence), "kl_to_posterior": estimate(elbo.kl_to_posterior),
        },
        "evidence_defined": elbo.evidence_defined,
    })
}

/// By phase in order of the run, a phase met twice summed; then the total.
fn seconds(fit: &Fit) -> Map<String, Value> {
    let mut map = Map::new();
    let mut total = 0.0;
    for phase in &fit.phases {
        total += phase.seconds;
        let before = map.get(phase.name).and_then(Value::as_f64).unwrap_or(0.0);
        map.insert(phase.name.to_owned(), json!(before + phase.seconds));
    }
    map.insert("total".to_owned(), json!(total));
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn keys_and_nulls() {
        let value: Value = serde_json::from_str(&fit_json(&fixture::small())).unwrap();
        assert_eq!(value["verdict"], "approximate");
        assert_eq!(value["elbo"], -31.4);
        let certificate = &value["certificate"];
        assert_eq!(certificate["importance_weighted_bounds"][1]["draws"], 100);
        assert_eq!(certificate["starts"]["others"][0]["centre"]["mu"], -5.0);
        assert_eq!(certificate["richer"]["family"], "full-rank");
        assert_eq!(value["summary"][0]["k_hat"], 0.42);
        assert_eq!(value["elbo_forms"]["by_prior"]["kl_to_prior"]["value"], 2.3);
        assert_eq!(value["seconds"]["total"], 0.75);
        assert_eq!(value["seconds"]["optimise"], 0.5);
        assert_eq!(value["params"]["w"][0], 1.25);
        assert_eq!(value["summary"][1]["mean"], 0.30000000000000004);
        assert!(value["summary"][2]["mean"].is_null());
        assert!(value["summary"][3]["sd"].is_null());
        assert_eq!(value["version"], VERSION);
    }

    #[test]
    fn undefined_evidence_and_missing_bound_are_null() {
        let mut fit = fixture::small();
        fit.k_hat = f64::NAN;
        if let Some(elbo) = &mut fit.elbo {
            elbo.evidence_defined = false;
        }
        let value: Value = serde_json::from_str(&fit_json(&fit)).unwrap();
        assert!(value["k_hat"].is_null() && value["log_evidence"].is_null());
        assert_eq!(value["elbo"], -31.4);
        fit.elbo = None;
        let value: Value = serde_json::from_str(&fit_json(&fit)).unwrap();
        assert!(value["elbo"].is_null() && value["elbo_forms"].is_null());
    }
}
