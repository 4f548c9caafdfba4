//! `cargo xtask sbc`: simulation-based calibration of whole fits (Talts, Betancourt, Simpson, Vehtari and Gelman 2018).
//!
//! Unknowns are drawn from the prior, data from the model at them, and the model is fitted to the data. If the posterior is right, the
//! rank of each true value among draws of the fit is uniform.

use ppl_lang::parts::infer::simulate::simulate;
use ppl_lang::{Bound, Dataset, FitOptions, Model, Silent, Source};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Arguments of the task.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Models, NAME.ppl, each with its table NAME.csv beside it; the observed columns are replaced
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,
    /// Fits of each model
    #[arg(long, default_value_t = 500)]
    fits: usize,
    /// Seed of the simulated values
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Draws of a fit that a true value is ranked among; one less than a multiple of the bins.
const RANKED: usize = 99;

/// Bins of the ranks.
const BINS: usize = 20;

/// Calibrates each and prints as it goes.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    println!(
        "{:<20} {:>5} {:>9}  smallest p-values of {BINS} bins, certified fits",
        "model", "fits", "certified"
    );
    for path in &arguments.models {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let found = calibrate(path, arguments.fits, arguments.seed)?;
        println!("{name:<20} {}", found.row());
    }
    Ok(())
}

/// Ranks of every unknown's true value, by verdict.
#[derive(Debug, Default)]
pub struct Ranks {
    fits: usize,
    verdicts: BTreeMap<&'static str, usize>,
    /// Of certified fits: counts by bin.
    counts: BTreeMap<String, [usize; BINS]>,
}

impl Ranks {
    fn row(&self) -> String {
        let mut p: Vec<(f64, &str)> = self
            .counts
            .iter()
            .map(|(name, counts)| (p_value(counts), name.as_str()))
            .collect();
        p.sort_by(|a, b| a.0.total_cmp(&b.0));
        let shown: Vec<String> = p
            .iter()
            .take(4)
            .map(|(p, n)| format!("{n} {p:.3}"))
            .collect();
        let certified = self.verdicts.get("certified").copied().unwrap_or(0);
        format!(
            "{:>5} {certified:>9}  {}; {} quantities, p of the smallest by Bonferroni {:.3}",
            self.fits,
            shown.join(", "),
            p.len(),
            p.first()
                .map_or(f64::NAN, |(least, _)| (least * p.len() as f64).min(1.0)),
        )
    }
}

/// Simulates and fits.
fn calibrate(path: &PathBuf, fits: usize, seed: u64) -> Result<Ranks, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let (model, _) = Model::parse(&text);
    let model = model.ok_or_else(|| format!("{}: the model has errors", path.display()))?;
    let table = path.with_extension("csv");
    let data = Dataset::load(&[Source::Main(&table)]).map_err(|e| format!("{e:?}"))?;
    let (bound, _) = model.bind(&data).map_err(|e| format!("{e:?}"))?;
    let simulated = simulate(bound.inner(), fits, seed).map_err(|e| e.to_string())?;
    let each: Vec<(&'static str, Vec<(String, usize)>)> = (0..fits)
        .into_par_iter()
        .map(|s| {
            let mut inner = bound.inner().clone();
            for (id, values) in &simulated.data {
                inner = inner.with_numbers(*id, values.row(s).to_vec());
            }
            let options = FitOptions {
                seed: seed + s as u64,
                ..FitOptions::default()
            };
            let fit = Bound::from(inner).fit(&options, &mut Silent).ok()?;
            let ranks = simulated.sites.names.iter().enumerate().map(|(j, name)| {
                let column = fit.draws.names.iter().position(|n| n == name)?;
                let all = fit.draws.values.column(column);
                let step = all.len() / RANKED;
                let truth = simulated.sites.values[[s, j]];
                let below = (0..RANKED).filter(|k| all[k * step] < truth).count();
                Some((name.clone(), below))
            });
            Some((fit.verdict.word(), ranks.collect::<Option<Vec<_>>>()?))
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| format!("{}: a fit could not be made", path.display()))?;
    let mut out = Ranks {
        fits,
        ..Ranks::default()
    };
    for (verdict, ranks) in each {
        *out.verdicts.entry(verdict).or_default() += 1;
        if verdict == "certified" {
            for (name, rank) in ranks {
                out.counts.entry(name).or_default()[rank * BINS / (RANKED + 1)] += 1;
            }
        }
    }
    Ok(out)
}

/// Of the chi-square statistic of equally likely bins: the upper tail with BINS - 1 = 19 degrees of freedom, by Wilson and
/// Hilferty's cube root (1931).
fn p_value(counts: &[usize; BINS]) -> f64 {
    let n: usize = counts.iter().sum();
    let expected = n as f64 / BINS as f64;
    let square: f64 = counts
        .iter()
        .map(|c| (*c as f64 - expected).powi(2) / expected)
        .sum();
    let k = (BINS - 1) as f64;
    let z = ((square / k).cbrt() - (1.0 - 2.0 / (9.0 * k))) / (2.0 / (9.0 * k)).sqrt();
    1.0 - ppl_lang::parts::dist::special::phi(z)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_values_of_even_and_uneven_counts() {
        assert!(p_value(&[25; BINS]) > 0.999);
        let mut counts = [25; BINS];
        (counts[0], counts[1]) = (50, 0);
        // Chi-square 50 with 19 degrees of freedom: scipy.stats.chi2.sf(50, 19) = 1.31e-4.
        assert!(
            (p_value(&counts) / 1.31e-4 - 1.0).abs() < 0.1,
            "{}",
            p_value(&counts)
        );
    }
}
