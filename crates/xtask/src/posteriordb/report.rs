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
    /// The fit's verdict; `error` where there is no fit, `missing` where there is no model.
    verdict: &'static str,
    seconds: f64,
    /// Why there is no comparison, or why the fit failed.
    reason: String,
}

impl Line {
    /// A fit and how it compares.
    pub fn fitted(name: &str, fit: &Fit, comparison: Comparison, seconds: f64) -> Line {
        let verdict = fit.verdict.word();
        let good = verdict == "approximate";
        Line {
            name: name.to_owned(),
            comparison: Some(comparison),
            elbo: fit.elbo.as_ref().map_or(f64::NAN, |e| e.headline().value),
            k_hat: fit.k_hat,
            verdict,
            seconds,
            reason: if good { "" } else { fit.verdict.reason() }.to_owned(),
        }
    }

    /// A folder without a comparison.
    pub fn without(name: &str, verdict: &'static str, seconds: f64, reason: &str) -> Line {
        Line {
            name: name.to_owned(),
            comparison: None,
            elbo: f64::NAN,
            k_hat: f64::NAN,
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
            "verdict": self.verdict,
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
    for line in lines.iter().filter(|line| line.verdict != "approximate") {
        add(format!("{}: {}: {}", line.verdict, line.name, line.reason));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_named_and_counts() {
        let mut good = Line::without("good", "approximate", 1.0, "");
        good.comparison = Some(Comparison {
            mean_error: 0.2,
            mean_name: "a".into(),
            sd_ratio: 0.8,
            sd_name: "b".into(),
        });
        let text = conclusion(&[good, Line::without("bad", "error", 0.0, "no use")]);
        assert!(text.contains("within 10%: 0 of 2") && text.contains("within 25%: 1 of 2"));
        assert!(text.contains("error: bad: no use") && !text.contains("good"));
    }

    #[test]
    fn json_has_null_for_what_is_not_known() {
        let line = Line::without("bad", "error", 0.0, "no use").json();
        assert_eq!(
            line.to_string(),
            r#"{"name":"bad","mean_error":null,"sd_ratio":null,"elbo":null,"k_hat":null,"verdict":"error","seconds":0.0}"#
        );
    }
}
