//! What fresh draws of the fitted guide say: the bound, the importance weights and the summaries.

use crate::certificate::{NEARLY_CONSTANT, NEARLY_CONSTANT_THINNED};
use crate::collect::collect;
use crate::elbo::{Terms, elbo, log_mean_exp, mean_of};
use crate::engine::FitError;
use crate::fit::{Draws, Estimate, Fit, MARKOV};
use crate::options::FitOptions;
use crate::pointwise::pointwise;
use crate::psis::{Psis, k_hat, k_threshold, psis};
use crate::sampler::{LABEL, Sampler};
use crate::source::{Source, Way};
use crate::summary::{summarise, summarise_weighted};
use ndarray::{Array2, ArrayView2, ShapeBuilder};
use ppl_engine::random::{Address, fill_uniform};
use ppl_model::Bound;
use rayon::prelude::*;

/// Fresh draws that the bound, k-hat and the summaries rest on, unless more are asked for.
const CERTIFY_DRAWS: usize = 10_000;

/// Draws that are taken if they cost more than [`MOST_WORK`]: means are known to a fortieth of an sd.
const ENOUGH_DRAWS: usize = 2_500;

/// Fewer draws where so many numbers would have to be kept, and where the data are so long that the certificate would take
/// longer than the fit.
fn certify_draws(kept: usize, data: usize, work: usize) -> usize {
    let by_memory = MOST_KEPT / kept.max(1);
    let by_data = (200_000_000 / data.max(1)).max(1000);
    let by_work = ((MOST_WORK / work.max(1) as f64) as usize).max(ENOUGH_DRAWS);
    CERTIFY_DRAWS.min(by_memory).min(by_data).min(by_work)
}

/// Draws that are averaged inside of the logarithm of the importance-weighted bounds.
const WEIGHTED: [usize; 2] = [10, 100];

/// (sum w)^2 / (n sum w^2) of the raw importance weights.
fn effective_share(log_weights: &[f64]) -> f64 {
    let peak = log_weights
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut squares) = (0.0, 0.0);
    for w in log_weights.iter().map(|w| (w - peak).exp()) {
        sum += w;
        squares += w * w;
    }
    sum * sum / (squares * log_weights.len() as f64)
}

/// What the fresh draws showed.
pub(crate) struct Sampled {
    /// Effective share of the draws under the raw weights of the guide's own draws.
    pub(crate) effective: f64,
    /// Draws whose log density is not finite.
    pub(crate) non_finite: usize,
    /// Those of them whose density is zero.
    pub(crate) outside: usize,
    /// Draws.
    pub(crate) n: usize,
    /// The first statement that was not finite, in words.
    pub(crate) culprit: Option<String>,
    /// log p(x, z) - log q(z) of the guide's own draws.
    pub(crate) log_weights: Vec<f64>,
    /// Whether draws of small weight were left out.
    thinned: bool,
    /// How they came to be where they are.
    way: Way,
}

/// The largest k-hat of the weights of draws that came by ways of many steps: of finite variance. Where moves mix slowly a few draws stand for what
/// most have not reached, and k-hat is told by these alone.
const TRAVELLED: f64 = 0.5;

impl Sampled {
    /// Whether the weights are as good as constant, so that long tails are the posterior's own.
    pub(crate) fn is_constant(&self) -> bool {
        let least = match self.thinned {
            true => NEARLY_CONSTANT_THINNED,
            false => NEARLY_CONSTANT,
        };
        self.effective > least
    }

    /// The largest k-hat of the weights with which they are certified.
    pub(crate) fn limit(&self) -> f64 {
        let usual = k_threshold(self.n);
        match self.way {
            Way::None => usual,
            Way::Steps | Way::StepsGivenTheta => usual.min(TRAVELLED),
        }
    }

    /// Whether theta of a nested guide stayed where it was drawn. Each path of the rest adds noise to its weight, which makes k-hat no
    /// larger than 0.5 at times, whatever theta's tails lack.
    pub(crate) fn keeps_theta(&self) -> bool {
        self.way == Way::StepsGivenTheta
    }

    /// Whether the draws are finite but for a part that leaves the support, as that of a limit which hangs on unknowns.
    pub(crate) fn is_mostly_inside(&self) -> bool {
        self.non_finite == self.outside && 2 * self.outside < self.n
    }

    /// The range of the log weights.
    pub(crate) fn range(&self) -> f64 {
        let (low, high) = self.ends();
        high - low
    }

    /// The largest of the log weights by its size.
    pub(crate) fn largest(&self) -> f64 {
        let (low, high) = self.ends();
        low.abs().max(high.abs())
    }

    fn ends(&self) -> (f64, f64) {
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        let all = self.log_weights.iter();
        all.fold(ends, |(low, high), w| (low.min(*w), high.max(*w)))
    }

    /// Nats from the bound to the log evidence, as far as the guide's own draws tell; with an improper prior as well.
    pub(crate) fn gap(&self) -> f64 {
        let mean = self.log_weights.iter().sum::<f64>() / self.log_weights.len() as f64;
        log_mean_exp(&self.log_weights).value - mean
    }
}

/// Draws from the fitted guide: the bound, k-hat and the summaries.
pub(crate) fn sample(
    bound: &Bound,
    options: &FitOptions,
    source: Source<'_>,
    hurried: bool,
    fit: &mut Fit,
) -> Result<Sampled, FitError> {
    // Fewer at a time where each is long.
    let most = (5_000_000 / bound.n_unknowns().max(1)).max(4);
    let batch = if hurried { 20 } else { 100 }.min(most);
    let mut sampler = Sampler::of(bound, batch, options.seed, source)?;
    let widths: Vec<usize> = sampler
        .quantities
        .iter()
        .map(|q| q.elements.len())
        .collect();
    let width: usize = widths.iter().sum();
    let n = if let Some(outside) = source.outside {
        outside.log_q.len()
    } else if hurried {
        2 * batch
    } else {
        certify_draws(width, bound.largest_array(), sampler.work)
            .max(options.draws)
            .max(2)
    };
    // Where nothing is finite, more draws tell no more.
    let hopeless = n > batch
        && source.outside.is_none()
        && collect(&mut sampler, bound, source, batch, false)?.is_nowhere_finite();
    let n = if hopeless { batch.max(2) } else { n };
    let mut plain = collect(&mut sampler, bound, source, n, false)?;
    // As many more as the bound's error asks for.
    let own = mean_of(plain.log_weights().into_iter());
    let wanted = (own.se / BOUND_ERROR).powi(2).min(MORE_DRAWS as f64);
    let most = (MOST_MORE / width.max(1)).min((MOST_WORK / sampler.work as f64) as usize);
    let wanted = ((n as f64 * wanted) as usize).min(most);
    let n = match wanted > n && own.se.is_finite() && !hurried && source.outside.is_none() {
        true => {
            plain = collect(&mut sampler, bound, source, wanted, false)?;
            wanted
        }
        false => n,
    };
    let culprit = plain.culprit.take().map(|(place, fault)| {
        fit.fault = fault;
        place
    });
    let names: Vec<String> = sampler
        .quantities
        .iter()
        .flat_map(|q| q.elements.iter().cloned())
        .collect();
    let roles: Vec<&'static str> = sampler
        .quantities
        .iter()
        .zip(&widths)
        .flat_map(|(q, &w)| std::iter::repeat_n(q.role, w))
        .collect();
    let log_weights = plain.log_weights();
    let non_finite = log_weights.iter().filter(|w| !w.is_finite()).count();
    fit.elbo = Some(elbo(&Terms {
        log_prior: &plain.prior,
        log_likelihood: &plain.likelihood,
        log_q: &plain.log_q,
        entropy_closed: plain.entropy,
        log_jacobian: &plain.jacobian,
        entropy_is_closed: sampler.entropy_is_closed,
        evidence_defined: bound.evidence_defined(),
    }));
    if let (Some(outside), Some(elbo)) = (source.outside, &mut fit.elbo) {
        elbo.add_error(outside.error);
    }
    let labelled: Vec<usize> = (0..names.len()).filter(|j| roles[*j] != LABEL).collect();
    fit.guide_rows = labelled
        .par_iter()
        .map(|&j| summarise(names[j].clone(), roles[j], &plain.column(j)))
        .collect();
    let own = psis(&log_weights);
    fit.guide_k_hat = own.k_hat;
    fit.certificate.draws = n;
    if bound.evidence_defined() && non_finite == 0 {
        fit.certificate.weighted_bounds = WEIGHTED
            .iter()
            .filter(|k| n / **k > 1)
            .map(|&k| (k, weighted_bound(&log_weights, k)))
            .collect();
        fit.certificate.log_evidence_at_least =
            log_mean_exp(&log_weights).value + (1.0 - MARKOV).ln();
    }
    let mut measured: Vec<bool> = roles
        .iter()
        .map(|r| non_finite == 0 && *r != LABEL && *r != "param")
        .collect();
    let mut best = Weighed::new(plain.values, log_weights.clone(), own, &measured);
    // The tails of the posterior may be heavier than the guide's: wider draws, if their weights are better behaved, for all
    // quantities. Near the verdict's edge more draws tell which side it is.
    if !hurried && non_finite == 0 && source.outside.is_none() {
        let can_be_wider = sampler.can_be_wider() && bound.n_unknowns() <= MOST_STRETCHED;
        let (mut n_drawn, mut is_common) = (n, false);
        // What decides near the edge must not hang on the seed.
        sampler.reseed(COMMON);
        loop {
            // Wider draws reach further into the tails of a quantity as well, however right the guide.
            let heavy = fit.guide_k_hat > WIDER_FROM || best.worst > WIDER_FROM;
            if heavy && can_be_wider && !fit.wider {
                let wide = Weighed::drawn(&mut sampler, bound, source, (n_drawn, true), &measured)?;
                // Without weights only the guide's own draws mean anything.
                if let Some(wide) = wide
                    && wide.worst < best.worst
                    && wide.smoothed.k_hat <= k_threshold(n_drawn)
                {
                    best = wide;
                    (fit.wider, is_common) = (true, true);
                }
            }
            let edge = k_threshold(n_drawn);
            let near = (edge - EDGE..edge + ABOVE).contains(&best.worst);
            let affordable = |n: usize| {
                let cheap = n * width <= MOST_KEPT && (n * sampler.work) as f64 <= MOST_WORK;
                cheap && n <= MOST_DRAWS
            };
            let more = match affordable(n_drawn * MORE_DRAWS) {
                true => n_drawn * MORE_DRAWS,
                // No more of them, but those that are the same for every seed.
                false => n_drawn,
            };
            if !near || (more == n_drawn && is_common) {
                break;
            }
            n_drawn = more;
            // Those that are far from the edge need no closer look.
            let far: Vec<f64> = best.k_hats.clone();
            for (measured, k) in measured.iter_mut().zip(&far) {
                *measured &= *k > edge - EDGE;
            }
            let again = Weighed::drawn(&mut sampler, bound, source, (more, fit.wider), &measured)?;
            let Some(mut again) = again else {
                break;
            };
            for (to, from) in again.k_hats.iter_mut().zip(far) {
                if to.is_nan() {
                    *to = from;
                }
            }
            (best, is_common) = (again, true);
        }
    }
    let n = best.values.nrows();
    let Weighed {
        values,
        smoothed,
        log_weights: used,
        k_hats,
        ..
    } = best;
    if options.pointwise && !hurried && non_finite == 0 {
        match pointwise(bound, (&names, values.view()), &used)? {
            Ok(found) => fit.pointwise = Some(found),
            Err(why) => fit.notes.push(format!(
                "`ppl compare` cannot leave out one observation at a time: {why}"
            )),
        }
    }
    let own_k_hats: Vec<f64> = labelled.iter().map(|&j| k_hats[j]).collect();
    fit.k_hat = smoothed.k_hat;
    fit.certificate.effective = smoothed.ess;
    fit.corrected = non_finite == 0 && smoothed.k_hat <= k_threshold(n);
    if fit.corrected {
        let weights = smoothed.weights();
        let column = |j: usize| values.column(j).to_vec();
        fit.rows = labelled
            .par_iter()
            .map(|&j| summarise_weighted(names[j].clone(), roles[j], &column(j), &weights))
            .collect();
        fit.draws = Draws {
            names,
            values: kept(values, Some(&smoothed), options),
        };
    } else {
        fit.rows = fit.guide_rows.clone();
        fit.draws = Draws {
            names,
            values: kept(values, None, options),
        };
    }
    if non_finite == 0 {
        fit.rows
            .iter_mut()
            .zip(own_k_hats)
            .for_each(|(row, k)| row.k_hat = k);
    }
    fit.certificate.draws = n;
    Ok(Sampled {
        effective: effective_share(&log_weights),
        non_finite,
        outside: { log_weights.iter() }
            .filter(|w| **w == f64::NEG_INFINITY)
            .count(),
        n,
        culprit,
        log_weights,
        thinned: source.outside.is_some(),
        way: source.outside.map_or(Way::None, |drawn| drawn.way),
    })
}

/// Above this k-hat of the guide's own draws, or of a quantity under their weights, wider ones are tried.
const WIDER_FROM: f64 = 0.5;

/// Nats that the standard error of the bound should not exceed: fits that differ in their seeds alone are to agree on it.
const BOUND_ERROR: f64 = 0.007;

/// The standard error of k-hat at the first draws is about 0.1. This near to the threshold so many times the draws are taken,
/// and again, up to a limit, and as long as they can be held and cost little.
const EDGE: f64 = 0.2;
const ABOVE: f64 = 0.3;

/// Their noise is the same whatever the seed: guides that differ in their seeds alone are nearly the same, and so is their verdict then.
const COMMON: u64 = u64::MAX;

const MORE_DRAWS: usize = 4;
const MOST_DRAWS: usize = 160_000;
/// Numbers of draws that are kept: a guide beside another holds several times as many for a while.
const MOST_KEPT: usize = 16_000_000;
/// Numbers of draws that are copied; more are put in order where they are.
const MOST_COPIED: usize = 10_000_000;
/// Numbers that are kept for the sake of the bound's error.
const MOST_MORE: usize = 5_000_000;
/// In longer vectors hardly any draw is stretched in a given direction.
const MOST_STRETCHED: usize = 500;
const MOST_WORK: f64 = 3e8;

/// A quantity that varies by less than this part of itself is a constant.
const ROUNDING: f64 = 1e-13;

/// Draws with their weights.
struct Weighed {
    values: Array2<f64>,
    log_weights: Vec<f64>,
    smoothed: Psis,
    /// The k-hat of every quantity: that of the weights times the squared distance from its mean.
    k_hats: Vec<f64>,
    /// The largest k-hat, that of the weights among them.
    worst: f64,
}

impl Weighed {
    fn new(
        values: Array2<f64>,
        log_weights: Vec<f64>,
        smoothed: Psis,
        measured: &[bool],
    ) -> Weighed {
        let corrected = smoothed.k_hat <= k_threshold(log_weights.len());
        let weights = smoothed.weights();
        let peak = log_weights
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let raw: Vec<f64> = log_weights.iter().map(|w| (w - peak).exp()).collect();
        let of = |(j, measured): (usize, &bool)| {
            if !measured {
                return f64::NAN;
            }
            let column = values.column(j);
            let mean = match corrected {
                true => column.iter().zip(&weights).map(|(x, w)| x * w).sum(),
                false => column.mean().unwrap_or(f64::NAN),
            };
            // What is a constant but for rounding has no tails.
            let sd = column.std(1.0);
            if !mean.is_finite() || sd <= ROUNDING * mean.abs() {
                return f64::NAN;
            }
            let pairs = column.iter().zip(&raw);
            k_hat(pairs.map(|(x, w)| w * ((x - mean) / sd).powi(2)).collect())
        };
        let k_hats: Vec<f64> = measured.par_iter().enumerate().map(of).collect();
        let worst = k_hats.iter().copied().fold(smoothed.k_hat, f64::max);
        Weighed {
            values,
            log_weights,
            smoothed,
            k_hats,
            worst,
        }
    }

    /// Fresh ones, so many, of the guide or wider than it; `None` where a weight is not finite.
    fn drawn(
        sampler: &mut Sampler,
        bound: &Bound,
        source: Source<'_>,
        (n, wider): (usize, bool),
        measured: &[bool],
    ) -> Result<Option<Weighed>, FitError> {
        let found = collect(sampler, bound, source, n, wider)?;
        let log_weights = found.log_weights();
        if log_weights.iter().any(|w| !w.is_finite()) {
            return Ok(None);
        }
        let smoothed = psis(&log_weights);
        let weighed = Weighed::new(found.values, log_weights, smoothed, measured);
        Ok(Some(weighed))
    }
}

/// The draws that are handed out: the first ones, or, where the summaries are importance-corrected, as many resampled
/// systematically by their weights (Kitagawa 1996).
fn kept(values: Array2<f64>, weights: Option<&Psis>, options: &FitOptions) -> Array2<f64> {
    let n = options.draws.min(values.nrows());
    let chosen = match weights {
        None => (0..n).collect(),
        Some(smoothed) => resampled(&smoothed.weights(), n, options.seed),
    };
    let (rows, width) = values.dim();
    if n * width <= MOST_COPIED || !values.t().is_standard_layout() {
        // Draw by draw in memory.
        return standard(values.select(ndarray::Axis(0), &chosen).view());
    }
    // In place, column by column: each begins no later than where it was.
    let (mut all, _) = values.into_raw_vec_and_offset();
    for j in 0..width {
        let column: Vec<f64> = chosen.iter().map(|i| all[j * rows + i]).collect();
        all[j * n..(j + 1) * n].copy_from_slice(&column);
    }
    all.truncate(n * width);
    all.shrink_to_fit();
    Array2::from_shape_vec((n, width).f(), all).unwrap_or_default()
}

/// So many numbers of draws by their weights, in ascending order.
fn resampled(weights: &[f64], n: usize, seed: u64) -> Vec<usize> {
    let mut start = [0.0];
    fill_uniform(
        &mut start,
        Address {
            seed,
            purpose: 3,
            step: 0,
            block: 0,
        },
    );
    let mut chosen = Vec::with_capacity(n);
    let (mut i, mut below) = (0, weights[0]);
    for k in 0..n {
        let at = (k as f64 + start[0]) / n as f64;
        while below < at && i + 1 < weights.len() {
            i += 1;
            below += weights[i];
        }
        chosen.push(i);
    }
    chosen
}

/// Draw by draw in memory.
fn standard(values: ArrayView2<'_, f64>) -> Array2<f64> {
    values.as_standard_layout().into_owned()
}

/// The mean over batches of k draws of the log of their mean weight.
fn weighted_bound(log_weights: &[f64], k: usize) -> Estimate {
    let batches = log_weights.chunks_exact(k);
    mean_of(batches.map(|w| log_mean_exp(w).value))
}
