//! Lines of the table and what follows it.

use super::compare::Comparison;
use ppl_lang::Fit;
use serde_json::{Value, json};
use std::fmt::Write;

/// Pass marks: reference sds of the means, relative error of the sds.
const MARKS: [(f64, f64); 2] = [(0.1, 0.1), (0.25, 0.25)];

/// The result of one folder.
#[derive(Debug)]
pub struct Line {
    name: String,
    comparison: Option<Comparison>,
    elbo: f64,
    k_hat: f64,
    /// Other numbers of the certificate, by name.
    certificate: Vec<(&'static str, f64)>,
    /// The fit's verdict; `error` where there is no fit, `missing` where there is no model.
    verdict: &'static str,
    seconds: f64,
    /// Why there is no comparison, or why the fit failed.
    reason: String,
}

/// The richer guides that were tried, in words.
fn rungs(fit: &Fit) -> String {
    let each = fit.certificate.rungs.iter().map(|r| {
        let gain = r
            .gain
            .map_or(String::new(), |g| format!(" {:+.3} ± {:.3}", g.value, g.se));
        let what = if r.adopted { "adopted" } else { "not adopted" };
        format!("; {}{gain} {what}, {}", r.family, r.words)
    });
    each.collect()
}

impl Line {
    /// A fit and how it compares.
    pub fn fitted(name: &str, fit: &Fit, comparison: Comparison, seconds: f64) -> Line {
        let verdict = fit.verdict.word();
        let c = &fit.certificate;
        let worst = fit.rows.iter().map(|r| r.k_hat).filter(|k| !k.is_nan());
        let elbo = fit.elbo.as_ref();
        let certificate = vec![
            ("guide_k_hat", fit.guide_k_hat),
            ("worst_k_hat", worst.fold(f64::NEG_INFINITY, f64::max)),
            ("effective", c.effective / c.draws as f64),
            ("gap", elbo.map_or(f64::NAN, |e| e.kl_to_posterior.value)),
            ("gradient", c.gradient_norm),
            ("curvature", c.curvature_residual),
            (
                "richer",
                c.richer.as_ref().map_or(f64::NAN, |r| r.gain.value),
            ),
            (
                "others",
                c.starts
                    .as_ref()
                    .map_or(f64::NAN, |s| s.others.len() as f64),
            ),
        ];
        Line {
            name: name.to_owned(),
            comparison: Some(comparison),
            elbo: fit.elbo.as_ref().map_or(f64::NAN, |e| e.headline().value),
            k_hat: fit.k_hat,
            certificate,
            verdict,
            seconds,
            reason: format!("{}{}", fit.verdict.reason(), rungs(fit)),
        }
    }

    /// A folder without a comparison.
    pub fn without(name: &str, verdict: &'static str, seconds: f64, reason: &str) -> Line {
        Line {
            name: name.to_owned(),
            comparison: None,
            elbo: f64::NAN,
            k_hat: f64::NAN,
            certificate: vec![],
            verdict,
            seconds,
            reason: reason.to_owned(),
        }
    }

    /// The line as JSON; numbers that are not finite are null.
    pub fn json(&self) -> Value {
        let c = self.comparison.as_ref();
        json!({
            "name": self.name,
            "mean_error": c.map(|c| c.mean_error),
            "sd_ratio": c.map(|c| c.sd_ratio),
            "elbo": self.elbo,
            "k_hat": self.k_hat,
            "certificate": self.certificate.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
            "verdict": self.verdict,
            "reason": self.reason,
            "seconds": self.seconds,
        })
    }

    /// The line of the table.
    pub fn row(&self) -> String {
        let number = |x: f64| match x.is_finite() {
            true => format!("{x:.2}"),
            false => "-".to_owned(),
        };
        let (mean, sd, whose) = match &self.comparison {
            Some(c) => (
                format!("{:.3}", c.mean_error),
                format!("{:.3}", c.sd_ratio),
                format!("{}, {}", c.mean_name, c.sd_name),
            ),
            None => ("-".into(), "-".into(), String::new()),
        };
        let row = format!(
            "{:<52} {mean:>9} {sd:>8} {:>11} {:>6} {:<11} {:>7.1}  {whose}",
            self.name,
            number(self.elbo),
            number(self.k_hat),
            self.verdict,
            self.seconds,
        );
        row.trim_end().to_owned()
    }
}

/// The table's first line.
pub fn heading() -> String {
    format!(
        "{:<52} {:>9} {:>8} {:>11} {:>6} {:<11} {:>7}  worst mean, sd",
        "name", "mean err", "sd ratio", "ELBO", "k-hat", "verdict", "seconds"
    )
}

/// Pass rates, and the models that are missing or failing.
pub fn conclusion(lines: &[Line]) -> String {
    let mut out = "\n".to_owned();
    let mut add = |line: String| {
        let _ = writeln!(out, "{line}");
    };
    for (mean, sd) in MARKS {
        let passed = lines
            .iter()
            .filter_map(|line| line.comparison.as_ref())
            .filter(|c| c.within(mean, sd))
            .count();
        add(format!(
            "means within {mean} sd and sds within {:.0}%: {passed} of {}",
            100.0 * sd,
            lines.len()
        ));
    }
    let missed = |line: &&Line| {
        let (mean, sd) = MARKS[0];
        line.comparison.as_ref().is_none_or(|c| !c.within(mean, sd))
    };
    for line in lines
        .iter()
        .filter(missed)
        .filter(|l| l.verdict == "certified")
    {
        add(format!("certified, but missed: {}", line.name));
    }
    for line in lines.iter().filter(|line| line.verdict != "certified") {
        add(format!("{}: {}: {}", line.verdict, line.name, line.reason));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_named_and_counts() {
        let mut good = Line::without("good", "certified", 1.0, "");
        good.comparison = Some(Comparison {
            mean_error: 0.2,
            mean_name: "a".into(),
            sd_ratio: 0.8,
            sd_name: "b".into(),
        });
        let text = conclusion(&[good, Line::without("bad", "error", 0.0, "no use")]);
        assert!(text.contains("within 10%: 0 of 2") && text.contains("within 25%: 1 of 2"));
        assert!(
            text.contains("error: bad: no use") && text.contains("certified, but missed: good")
        );
    }

    #[test]
    fn json_has_null_for_what_is_not_known() {
        let line = Line::without("bad", "error", 0.0, "no use").json();
        assert_eq!(
            line.to_string(),
            r#"{"name":"bad","mean_error":null,"sd_ratio":null,"elbo":null,"k_hat":null,"certificate":{},"verdict":"error","reason":"no use","seconds":0.0}"#
        );
    }
}
