//! The same model under several seeds: no NaN, one bound, one verdict.

use ppl_lang::Fit;
use std::collections::BTreeMap;

/// How far apart the bounds of one model may be, in nats.
const APART: f64 = 0.05;

/// Fits of one model that differ in their seed alone.
#[derive(Debug, Default)]
pub struct Seeds {
    elbos: Vec<f64>,
    standard_errors: Vec<f64>,
    verdicts: BTreeMap<&'static str, usize>,
    /// Reasons that came with each verdict, once each.
    reasons: Vec<String>,
    not_finite: usize,
    errors: Vec<String>,
}

impl Seeds {
    /// Adds a fit, or why there is none.
    pub fn add(&mut self, fit: Result<Fit, String>) {
        let fit = match fit {
            Ok(fit) => fit,
            Err(reason) => {
                self.errors.push(reason);
                return;
            }
        };
        let elbo = fit.elbo.as_ref().map(|e| e.headline());
        let rows = fit.rows.iter().filter(|r| r.role != "param");
        let finite = rows.flat_map(|r| [r.mean, r.sd]).all(f64::is_finite);
        match elbo.filter(|e| e.value.is_finite() && finite) {
            Some(elbo) => {
                self.elbos.push(elbo.value);
                self.standard_errors.push(elbo.se);
            }
            None => self.not_finite += 1,
        }
        *self.verdicts.entry(fit.verdict.word()).or_default() += 1;
        let reason = format!("{}: {}", fit.verdict.word(), fit.verdict.reason());
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    /// Largest less smallest bound.
    fn spread(&self) -> f64 {
        let ends = |f: fn(f64, f64) -> f64, from| self.elbos.iter().copied().fold(from, f);
        ends(f64::max, f64::NEG_INFINITY) - ends(f64::min, f64::INFINITY)
    }

    /// Whether all that is asked of the seeds holds.
    pub fn agree(&self) -> bool {
        self.not_finite == 0
            && self.errors.is_empty()
            && self.verdicts.len() == 1
            && self.spread() <= APART
    }

    /// The line of the table.
    pub fn row(&self, name: &str) -> String {
        let n = self.elbos.len().max(1) as f64;
        let mean = self.elbos.iter().sum::<f64>() / n;
        let se = self.standard_errors.iter().sum::<f64>() / n;
        let verdicts: Vec<String> = self
            .verdicts
            .iter()
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        let mut out = format!(
            "{name:<52} {mean:>11.2} {:>8.3} {se:>8.4} {:>4} {}",
            self.spread(),
            if self.agree() { "" } else { "MISS" },
            verdicts.join(", "),
        );
        if self.not_finite > 0 {
            out += &format!(", {} not finite", self.not_finite);
        }
        if self.verdicts.len() > 1 {
            for reason in &self.reasons {
                out += &format!("\n    {reason}");
            }
        }
        for error in &self.errors {
            out += &format!("\n    {error}");
        }
        out
    }
}

/// The table's first line.
pub fn heading() -> String {
    format!(
        "{:<52} {:>11} {:>8} {:>8} {:>4} verdicts",
        "name", "ELBO", "spread", "mean se", ""
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_apart_and_verdicts_that_differ_are_misses() {
        let of = |elbos: &[f64], words: &[&'static str]| Seeds {
            elbos: elbos.to_vec(),
            standard_errors: vec![0.01; elbos.len()],
            verdicts: words.iter().map(|w| (*w, 1)).collect(),
            ..Seeds::default()
        };
        assert!(of(&[1.0, 1.04], &["certified"]).agree());
        assert!(!of(&[1.0, 1.06], &["certified"]).agree());
        assert!(!of(&[1.0, 1.0], &["certified", "optimised"]).agree());
        let mut failed = of(&[1.0], &["certified"]);
        failed.add(Err("no use".into()));
        assert!(!failed.agree() && failed.row("m").contains("MISS"));
    }
}
