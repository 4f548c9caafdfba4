//! `cargo xtask scale`: fits of synthetic targets whose answers are known or whose size is the point: ill-conditioned Gaussians,
//! linear chains beside the Kalman smoother, crossed random effects.

mod targets;

use ppl_lang::{Dataset, Fit, FitOptions, GuideChoice, JsonArray, Model, Silent, Table};
use std::time::Instant;
use targets::{Chain, Gaussian};

/// Arguments of the task.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Lengths of the Gaussian targets
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1000])]
    gaussians: Vec<usize>,
    /// Condition number of their precisions
    #[arg(long, default_value_t = 1e8)]
    condition: f64,
    /// Lengths of the chains
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 10_000, 100_000])]
    chains: Vec<usize>,
    /// Levels of each of two crossed factors
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 10_000])]
    levels: Vec<usize>,
    /// Levels of the first of two factors that 100,000 rows cross at random; with those of the second 20,000
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 4000, 100])]
    filled: Vec<usize>,
}

/// Fits each and prints as it goes.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    for &d in &arguments.gaussians {
        println!("{}", gaussian(d, arguments.condition)?);
    }
    for &t in &arguments.chains {
        println!("{}", chain(t)?);
    }
    for &levels in &arguments.levels {
        for (word, random) in [("neighbouring", false), ("random", true)] {
            let rows = targets::crossed(levels, random);
            println!("{}", crossed(&rows, word)?);
        }
    }
    for &levels in &arguments.filled {
        let others = 20_000usize.saturating_sub(levels);
        let rows = targets::filled((levels, others), 100_000);
        println!("{}", crossed(&rows, &format!("{levels} and {others}"))?);
    }
    Ok(())
}

/// A fit, its seconds, and the guide's location.
fn fitted(model: &str, data: &Dataset, guide: GuideChoice) -> Result<(Fit, f64, Vec<f64>), String> {
    let (parsed, messages) = Model::parse(model);
    let parsed = parsed.ok_or_else(|| format!("{messages:?}"))?;
    let (bound, _) = parsed.bind(data).map_err(|e| format!("{e:?}"))?;
    let options = FitOptions {
        guide,
        ..FitOptions::default()
    };
    let started = Instant::now();
    let fit = bound
        .fit(&options, &mut Silent)
        .map_err(|e| e.to_string())?;
    let seconds = started.elapsed().as_secs_f64();
    let location = fit.params.iter().find(|p| p.0 == "loc");
    let location = location.map_or(vec![], |p| p.1.clone());
    Ok((fit, seconds, location))
}

fn arrays(named: Vec<(&str, Vec<usize>, Vec<f64>)>) -> Dataset {
    let named = named.into_iter();
    let array = |(name, shape, values): (&str, Vec<usize>, Vec<f64>)| {
        (name.to_owned(), JsonArray { shape, values })
    };
    Dataset {
        arrays: named.map(array).collect(),
        ..Dataset::empty()
    }
}

/// The largest distance of the guide's location from the truth, in sds; NaN where they differ in length.
fn largest(location: &[f64], means: &[f64], sds: &[f64]) -> f64 {
    if location.len() != means.len() {
        return f64::NAN;
    }
    let all = location.iter().zip(means).zip(sds);
    all.map(|((l, m), s)| ((l - m) / s).abs())
        .fold(0.0, f64::max)
}

fn bound(fit: &Fit) -> Result<f64, String> {
    let elbo = fit.elbo.ok_or("no bound")?;
    Ok(elbo.headline().value)
}

fn gaussian(d: usize, condition: f64) -> Result<String, String> {
    let target = Gaussian::new(d, condition);
    let model = format!(
        "axis k = {d};
data A[row, k]: real; data b[row]: real;
z[k] ~ Flat();
observe b ~ Normal(A @ z, 1);
"
    );
    let data = arrays(vec![
        ("A", vec![d, d], target.rows.clone()),
        ("b", vec![d], target.b.clone()),
    ]);
    let (fit, seconds, location) = fitted(&model, &data, GuideChoice::FullRank)?;
    let error = largest(&location, &target.means, &target.sds);
    let certificate = &fit.certificate;
    Ok(format!(
        "Gaussian of {d} unknowns, condition {condition:e}: {} steps, {seconds:.1} s, means within {error:.1e} sds, bound off by {:.1e}, whitened gradient {}, curvature residual {}, {}",
        fit.steps,
        (bound(&fit)? - target.evidence).abs(),
        measured(certificate.gradient_norm),
        measured(certificate.curvature_residual),
        fit.verdict.word()
    ))
}

fn chain(t: usize) -> Result<String, String> {
    let chain = Chain::new(t);
    let model = "data y[row]: real;
for t in row { x[t] ~ if first(t) { Normal(0.3, 1.5) } else { Normal(0.9 * x[t-1] + 0.1, 0.4) }; }
observe y ~ Normal(x, 0.7);
";
    let (fit, seconds, location) = fitted(model, &table(&["y"], &[&chain.y])?, GuideChoice::Auto)?;
    let sds: Vec<f64> = chain.variances.iter().map(|v| v.sqrt()).collect();
    Ok(format!(
        "chain of {t}: {seconds:.2} s, {} guide, {} steps, means within {:.1e} sds of the smoother's, bound off by {:.1e} of {:.1}, {}",
        fit.guide,
        fit.steps,
        largest(&location, &chain.means, &sds),
        (bound(&fit)? - chain.evidence).abs(),
        chain.evidence,
        fit.verdict.word()
    ))
}

/// Crossed effects with unknown scales.
fn crossed(rows: &[(usize, usize, f64)], word: &str) -> Result<String, String> {
    let model = "axis a; axis b;
data a[row]: a; data b[row]: b; data y[row]: real;
m ~ Normal(0, 5); s_a ~ HalfNormal(1); s_b ~ HalfNormal(1); s ~ HalfNormal(1);
u[a] ~ Normal(0, s_a);
v[b] ~ Normal(0, s_b);
observe y ~ Normal(m + u[a] + v[b], s);
";
    let mut text = "a,b,y\n".to_owned();
    for (a, b, y) in rows {
        text += &format!("a{a},b{b},{y}\n");
    }
    let (fit, seconds, _) = fitted(model, &read(&text)?, GuideChoice::Auto)?;
    let memory = match peak_memory() {
        Some(mib) => format!("{mib:.0} MiB at most so far"),
        None => "memory unknown".to_owned(),
    };
    Ok(format!(
        "crossed effects of {word} levels, {} unknowns, {} rows: {seconds:.1} s, {memory}, {} guide, bound {:.2}, whitened gradient {}, {}: {}",
        fit.n_unknowns,
        rows.len(),
        fit.guide,
        bound(&fit)?,
        measured(fit.certificate.gradient_norm),
        fit.verdict.word(),
        fit.verdict.reason()
    ))
}

/// A figure of the certificate, which guides of some kinds and sizes have not.
fn measured(figure: f64) -> String {
    match figure.is_nan() {
        true => "not measured".to_owned(),
        false => format!("{figure:.1e}"),
    }
}

fn table(names: &[&str], columns: &[&[f64]]) -> Result<Dataset, String> {
    let mut text = names.join(",") + "\n";
    for i in 0..columns.first().map_or(0, |c| c.len()) {
        let cells: Vec<String> = columns.iter().map(|c| c[i].to_string()).collect();
        text += &(cells.join(",") + "\n");
    }
    read(&text)
}

fn read(text: &str) -> Result<Dataset, String> {
    let main = Table::from_csv_text("data.csv", text).map_err(|e| format!("{e:?}"))?;
    Ok(Dataset {
        main: Some(main),
        ..Dataset::empty()
    })
}

/// The largest resident memory of this process so far, in MiB, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib / 1024.0)
}
