//! Cross-crate tests of the language and its answers; the cases live beside this crate, their common helpers here.

pub mod enumeration;
pub mod holes;
pub mod quadrature;

use ppl_data::{JsonArray, Table};
use ppl_infer::{objective::Objective, stochastic::Target};
use ppl_lang::parts::{guide, model};
use ppl_lang::{Bound, Dataset, Fit, FitOptions, GuideChoice, Model, Row, Silent};

/// A table as CSV text: named columns of equal length.
pub fn csv(columns: &[(&str, &[f64])]) -> String {
    let names: Vec<&str> = columns.iter().map(|c| c.0).collect();
    let n = columns.first().map_or(0, |c| c.1.len());
    let mut text = names.join(",") + "\n";
    for i in 0..n {
        let cells: Vec<String> = columns.iter().map(|c| format!("{}", c.1[i])).collect();
        text += &(cells.join(",") + "\n");
    }
    text
}

/// A data set of named arrays with their shapes, as a JSON file would give them.
pub fn arrays(named: &[(&str, &[usize], &[f64])]) -> Dataset {
    let array = |(name, shape, values): &(&str, &[usize], &[f64])| {
        let (shape, values) = (shape.to_vec(), values.to_vec());
        ((*name).to_owned(), JsonArray { shape, values })
    };
    Dataset {
        arrays: named.iter().map(array).collect(),
        ..Dataset::empty()
    }
}

/// The data set whose main table is this CSV text; empty text is no data at all.
pub fn dataset(text: &str) -> Dataset {
    let main = (!text.is_empty()).then(|| Table::from_csv_text("data.csv", text).expect("a table"));
    Dataset {
        main,
        ..Dataset::empty()
    }
}

/// A model bound to CSV text; panics with the messages where it is refused.
pub fn bind(model: &str, data: &str) -> Bound {
    bind_to(model, &dataset(data))
}

/// A model bound to data of any form.
pub fn bind_to(model: &str, data: &Dataset) -> Bound {
    let (parsed, messages) = Model::parse(model);
    let parsed = parsed.unwrap_or_else(|| panic!("{model}\n{messages:?}"));
    parsed
        .bind(data)
        .unwrap_or_else(|e| panic!("{model}\n{e:?}"))
        .0
}

/// A bound model with the generated guide of that family, `mean-field` or `full-rank`, every site on its own scale.
pub fn guided(bound: &Bound, family: &str) -> model::Bound {
    let family = guide::find(family).expect("a family");
    guide::attach(
        bound.inner(),
        &guide::text(family, bound.inner(), guide::Centring::Centred),
    )
    .expect("a guide")
}

/// The same model with its discrete sites drawn by the guide rather than summed out.
pub fn with_sampled(bound: &Bound) -> model::Bound {
    let mut inner = bound.inner().clone();
    let mut graph = (*inner.model).clone();
    let sites = (0..graph.symbols.len()).filter(|&id| graph.is_summed_out(id));
    let sites: Vec<usize> = sites.collect();
    graph.sampled.extend(sites);
    inner.model = graph.into();
    inner
}

/// The stochastic objective of a bound model with the generated guide of that family.
pub fn objective(bound: &Bound, family: &str, draws: usize, seed: u64) -> Objective {
    Objective::new(&guided(bound, family), draws, seed).expect("an objective")
}

/// One estimate of the bound and its gradient, with the mean-field guide, away from the start. Two ways to write the
/// same model (same sites in the same order) give the same numbers.
pub fn estimate(bound: &Bound) -> Vec<f64> {
    let mut target = objective(bound, "mean-field", 4, 7);
    let params: Vec<f64> = target
        .initial()
        .iter()
        .enumerate()
        .map(|(i, v)| v + 0.3 * (i as f64 + 1.0).sin())
        .collect();
    let mut out = vec![0.0; params.len()];
    let value = target.estimate(&params, 3, &mut out);
    out.insert(0, value);
    out
}

/// A fit of a model to CSV text.
pub fn fit(model: &str, data: &str, options: &FitOptions) -> Fit {
    bind(model, data)
        .fit(options, &mut Silent)
        .expect("a model that can be fitted")
}

/// Default options with that guide.
pub fn with_guide(guide: GuideChoice) -> FitOptions {
    FitOptions {
        guide,
        ..FitOptions::default()
    }
}

/// The summary of that name.
pub fn row<'a>(fit: &'a Fit, name: &str) -> &'a Row {
    fit.rows
        .iter()
        .find(|r| r.name == name)
        .unwrap_or_else(|| panic!("no row {name}"))
}

/// The draws of that name.
pub fn draws(fit: &Fit, name: &str) -> Vec<f64> {
    let column = fit
        .draws
        .names
        .iter()
        .position(|n| n == name)
        .unwrap_or_else(|| panic!("no draws of {name}"));
    fit.draws.values.column(column).to_vec()
}

/// Every number that a fit reports, as bits: summaries, params, bound and draws.
pub fn bits(fit: &Fit) -> Vec<u64> {
    let rows = fit
        .rows
        .iter()
        .flat_map(|r| [r.mean, r.sd, r.q5, r.q50, r.q95, r.mcse]);
    let params = fit.params.iter().flat_map(|p| p.1.iter().copied());
    let bound = fit
        .elbo
        .iter()
        .flat_map(|e| [e.by_entropy, e.by_prior, e.by_evidence, e.log_evidence])
        .flat_map(|e| [e.value, e.se]);
    let draws = fit.draws.values.iter().copied();
    rows.chain(params)
        .chain(bound)
        .chain(draws)
        .map(f64::to_bits)
        .collect()
}

/// ln Gamma(x) for x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    ppl_core::Prim::LnGamma.eval(&[x])
}

/// ln of the sum of the exponentials.
pub fn log_sum_exp(terms: &[f64]) -> f64 {
    let top = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    top + terms.iter().map(|t| (t - top).exp()).sum::<f64>().ln()
}

/// ln of the normal density.
pub fn ln_normal(x: f64, mean: f64, sd: f64) -> f64 {
    -0.5 * (2.0 * std::f64::consts::PI).ln() - sd.ln() - 0.5 * ((x - mean) / sd).powi(2)
}

/// A fixed sequence of numbers that look uniform on (0, 1): multiples of the golden ratio modulo 1.
pub fn spread(n: usize, shift: f64) -> Vec<f64> {
    (0..n)
        .map(|i| (0.618_033_988_749_894_9 * (i as f64 + 1.0) + shift).fract())
        .collect()
}

/// Derivatives of a vector function along coordinate `i`, each with an estimate of its error: five-point differences at
/// a ladder of steps, the step with the smallest of truncation (seen by halving the step) and rounding (eps |f| / h).
pub fn differences(f: &dyn Fn(&[f64]) -> Vec<f64>, u: &[f64], i: usize) -> Vec<(f64, f64)> {
    let at = |by: f64| {
        let mut moved = u.to_vec();
        moved[i] += by;
        f(&moved)
    };
    let here = f(u);
    let mut best = vec![(f64::NAN, f64::INFINITY); here.len()];
    for rung in 2..18 {
        let h = (1.0 + u[i].abs()) * 10f64.powf(-0.5 * f64::from(rung));
        let points: Vec<Vec<f64>> = [-2.0, -1.0, -0.5, 0.5, 1.0, 2.0]
            .iter()
            .map(|k| at(k * h))
            .collect();
        for (j, best) in best.iter_mut().enumerate() {
            let (outer, middle, inner) = (
                points[5][j] - points[0][j],
                points[4][j] - points[1][j],
                points[3][j] - points[2][j],
            );
            let coarse = (8.0 * middle - outer) / (12.0 * h);
            let fine = (8.0 * inner - middle) / (6.0 * h);
            let largest = points.iter().fold(1e-300, |m: f64, p| m.max(p[j].abs()));
            // The abscissa itself is rounded: what that moves the function by counts as noise too.
            let noise = f64::EPSILON * (4.0 * largest + u[i].abs() * fine.abs()) / h;
            let error = (coarse - fine).abs() + noise;
            if error < best.1 {
                *best = (fine, error);
            }
        }
    }
    best
}

/// The log density of a bound model where its scalar latents have these values, and its gradient by name.
pub fn density_at(bound: &Bound, point: &[(&str, f64)]) -> (f64, Vec<(String, f64)>) {
    use ppl_lang::{Array, Gradient, Point};
    let scalar = |v: f64| Array {
        shape: vec![],
        values: vec![v],
    };
    let values = point
        .iter()
        .map(|(n, v)| ((*n).to_owned(), scalar(*v)))
        .collect();
    let density = bound
        .density(&Point::Constrained(values))
        .expect("a point of the model");
    let Gradient::Constrained(gradient) = density.gradient else {
        panic!("the gradient has the point's form");
    };
    let gradient = gradient.into_iter().map(|(n, a)| (n, a.values[0]));
    (density.log_density, gradient.collect())
}

/// The gradient of [`density_at`] agrees with differences, coordinate by coordinate.
pub fn check_gradient(bound: &Bound, point: &[(&str, f64)]) {
    let values: Vec<f64> = point.iter().map(|p| p.1).collect();
    let f = |u: &[f64]| {
        let moved: Vec<(&str, f64)> = point.iter().zip(u).map(|(p, v)| (p.0, *v)).collect();
        vec![density_at(bound, &moved).0]
    };
    let gradient = density_at(bound, point).1;
    for (i, (name, _)) in point.iter().enumerate() {
        let found = gradient.iter().find(|g| g.0 == *name).map(|g| g.1);
        let (want, error) = differences(&f, &values, i)[0];
        let found = found.unwrap_or(f64::NAN);
        let allowed = 1e-8 * (1.0 + want.abs()) + 10.0 * error;
        assert!(
            (found - want).abs() <= allowed,
            "{name} at {point:?}: {found}, not {want} (within {allowed:e})"
        );
    }
}

/// ln of the integral over all unconstrained points of a model with one continuous latent: 0 where it is normalised.
pub fn ln_total_mass(bound: &Bound) -> f64 {
    use ppl_lang::Point;
    let step = 1.0 / 16.0;
    let terms: Vec<f64> = (-16 * 40..=16 * 40)
        .map(|i| {
            let point = Point::Unconstrained(vec![f64::from(i) * step]);
            bound.density(&point).expect("one number").log_density
        })
        .filter(|v| v.is_finite())
        .collect();
    log_sum_exp(&terms) + step.ln()
}
