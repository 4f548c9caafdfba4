//! A fit's moments beside the reference's.

use super::folders::Moments;
use super::model_notes::Notes;
use ppl_lang::Row;
use std::collections::BTreeMap;

/// The worst of all quantities that the reference reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Largest |mean - reference mean| in reference sds.
    pub mean_error: f64,
    /// Whose it is.
    pub mean_name: String,
    /// sd / reference sd, the one farthest from 1 on the log scale.
    pub sd_ratio: f64,
    /// Whose it is.
    pub sd_name: String,
}

impl Comparison {
    /// Whether all means are within `mean` reference sds and all sds within `sd`, relatively.
    pub fn within(&self, mean: f64, sd: f64) -> bool {
        self.mean_error <= mean && self.sd_ratio >= 1.0 - sd && self.sd_ratio <= 1.0 + sd
    }
}

/// Compares; a quantity that the fit does not report is an error, a number that is not finite is the worst of all.
pub fn compare(rows: &[Row], reference: &[Moments], notes: &Notes) -> Result<Comparison, String> {
    let rows: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.name.as_str(), row)).collect();
    let mut worst = Comparison {
        mean_error: 0.0,
        mean_name: String::new(),
        sd_ratio: 1.0,
        sd_name: String::new(),
    };
    for theirs in reference {
        let name = notes.ours(&theirs.name);
        let row = rows
            .get(name)
            .ok_or_else(|| format!("the fit does not report `{name}`"))?;
        let error = finite((row.mean - theirs.mean).abs() / theirs.sd);
        if error >= worst.mean_error {
            worst.mean_error = error;
            worst.mean_name.clone_from(&theirs.name);
        }
        let ratio = finite(row.sd / theirs.sd);
        if ratio.ln().abs() >= worst.sd_ratio.ln().abs() {
            worst.sd_ratio = ratio;
            worst.sd_name.clone_from(&theirs.name);
        }
    }
    Ok(worst)
}

/// NaN compares with nothing, so that it would pass unseen.
fn finite(x: f64) -> f64 {
    if x.is_finite() { x } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, mean: f64, sd: f64) -> Row {
        Row {
            name: name.into(),
            mean,
            sd,
            q5: 0.0,
            q50: 0.0,
            q95: 0.0,
            mcse: 0.0,
            role: "site",
            k_hat: f64::NAN,
        }
    }

    fn theirs(name: &str) -> Moments {
        Moments {
            name: name.into(),
            mean: 1.0,
            sd: 2.0,
        }
    }

    #[test]
    fn the_worst_counts() {
        let notes = Notes::read("// report: a[1] = a[x]").unwrap();
        let reference = [theirs("a[1]"), theirs("b")];
        let rows = [row("a[x]", 2.0, 1.0), row("b", 1.1, 3.0)];
        let worst = compare(&rows, &reference, &notes).unwrap();
        assert_eq!((worst.mean_error, worst.mean_name.as_str()), (0.5, "a[1]"));
        // A half is farther from 1 than three halves.
        assert_eq!((worst.sd_ratio, worst.sd_name.as_str()), (0.5, "a[1]"));
        assert!(worst.within(0.5, 0.5) && !worst.within(0.4, 0.5) && !worst.within(0.5, 0.4));
    }

    #[test]
    fn what_is_not_a_number_fails() {
        let notes = Notes::read("").unwrap();
        let worst = compare(&[row("b", f64::NAN, f64::NAN)], &[theirs("b")], &notes).unwrap();
        assert!(!worst.within(1e9, 1e9));
        assert!(compare(&[], &[theirs("b")], &notes).is_err());
    }
}
