//! What a fit is.

use crate::origin::Origin;
use ndarray::Array2;

/// A number with its Monte Carlo standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub se: f64,
}

/// The evidence lower bound in its three forms, in nats, each by its own estimator over the same fresh draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elbo {
    /// E_q[log p(x, z)], by Monte Carlo.
    pub energy: Estimate,
    /// H\[q\]: closed form of the Gaussian plus the Monte Carlo mean of the log Jacobian.
    pub entropy: Estimate,
    /// Form 1: energy + entropy.
    pub by_entropy: Estimate,
    /// E_q[log p(x | z)]: observe and factor statements.
    pub reconstruction: Estimate,
    /// KL(q || p(z)), by Monte Carlo of log q - log p(z).
    pub kl_to_prior: Estimate,
    /// Form 2: reconstruction - KL(q || prior).
    pub by_prior: Estimate,
    /// Importance-weighted estimate of log p(x) (a lower bound in expectation).
    pub log_evidence: Estimate,
    /// KL(q || posterior), estimated with self-normalised importance weights.
    pub kl_to_posterior: Estimate,
    /// Form 3: log evidence - KL(q || posterior).
    pub by_evidence: Estimate,
    /// Whether the evidence is defined (no improper prior).
    pub evidence_defined: bool,
}

impl Elbo {
    /// The bound's headline: whichever of the first two forms has the smaller standard error. Both are unbiased; form 2 has
    /// none at all where the guide is the posterior.
    pub fn headline(&self) -> Estimate {
        if self.by_prior.se < self.by_entropy.se {
            self.by_prior
        } else {
            self.by_entropy
        }
    }

    /// Where the log density of the guide is itself estimated: its standard error, the same for all draws.
    pub(crate) fn add_error(&mut self, se: f64) {
        let known = [
            &mut self.entropy,
            &mut self.by_entropy,
            &mut self.kl_to_prior,
            &mut self.by_prior,
            &mut self.log_evidence,
        ];
        known.into_iter().for_each(|e| e.se = e.se.hypot(se));
        // The bound has it, whatever it is split into.
        self.by_evidence.se = self.by_evidence.se.hypot(se);
    }
}

/// Whether to trust the answer: one word and the sentence that names its reason. The rules are those of
/// `certificate.rs`, and stand nowhere else.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The optimum was found and the summaries can be trusted, or nothing was approximated at all.
    Certified {
        /// One sentence.
        reason: String,
    },
    /// The optimum was found, and the guide family is too small for this posterior: read with care.
    Optimised {
        /// One sentence.
        reason: String,
    },
    /// The stochastic engine's rule was met, which says no more than that its averages agree.
    Approximate {
        /// One sentence.
        reason: String,
    },
    /// No optimum: no usable answer, or the best iterate so far.
    Failed {
        /// One sentence.
        reason: String,
    },
}

impl Verdict {
    /// The word in `fit.json`.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Certified { .. } => "certified",
            Verdict::Optimised { .. } => "optimised",
            Verdict::Approximate { .. } => "approximate",
            Verdict::Failed { .. } => "failed",
        }
    }

    /// The sentence beside it.
    pub fn reason(&self) -> &str {
        match self {
            Verdict::Certified { reason }
            | Verdict::Optimised { reason }
            | Verdict::Approximate { reason }
            | Verdict::Failed { reason } => reason,
        }
    }
}

/// What else the verdict rests on. Numbers that are not known are NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate {
    /// Fresh draws of the guide that bound, weights and summaries rest on.
    pub draws: usize,
    /// Effective sample size of the smoothed weights, 1 / sum of squares.
    pub effective: f64,
    /// Importance-weighted bounds (Burda, Grosse and Salakhutdinov 2016), each with the number of draws that are
    /// averaged inside of the logarithm: between the ELBO and the log evidence, in expectation.
    pub weighted_bounds: Vec<(usize, Estimate)>,
    /// What the log evidence exceeds with probability [`MARKOV`], by Markov's inequality: the estimate plus
    /// ln(1 - `MARKOV`).
    pub log_evidence_at_least: f64,
    /// ||C' E\[g\]|| / sqrt(d) on draws that nothing was fitted to, with the guide's covariance C C'; 0 at the optimum.
    pub gradient_norm: f64,
    /// ||C' E\[H\] C - I|| / d on the same draws (its diagonal alone where the guide's covariance is diagonal); 0 at the optimum.
    pub curvature_residual: f64,
    /// What the starts of the deterministic engine led to.
    pub starts: Option<Starts>,
    /// What one guide family up would add to the bound.
    pub richer: Option<Richer>,
    /// The sds of sites' and reports' elements by linear response, for guides of independent elements: those of the Gaussian with
    /// the mean of the guide and the inverse of the mean curvature for covariance. Exact where the posterior is Gaussian.
    pub linear_response: Vec<(String, f64)>,
    /// Optima that the guide describes: more than one for a mixture.
    pub parts: usize,
    /// The richer guides that were tried.
    pub rungs: Vec<Tried>,
}

/// The probability with which the log evidence exceeds its Markov bound.
pub const MARKOV: f64 = 0.95;

impl Default for Certificate {
    fn default() -> Self {
        Certificate {
            draws: 0,
            effective: f64::NAN,
            weighted_bounds: vec![],
            log_evidence_at_least: f64::NAN,
            gradient_norm: f64::NAN,
            curvature_residual: f64::NAN,
            starts: None,
            richer: None,
            linear_response: vec![],
            parts: 1,
            rungs: vec![],
        }
    }
}

/// Where an optimisation from several starts ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Starts {
    /// Starts from which the draws were finite.
    pub tried: usize,
    /// Those that led to the optimum that is reported.
    pub agreeing: usize,
    /// The share of starts that would lead to optima which none has led to: that of starts which led where no other did (Good 1953).
    pub unseen: f64,
    /// Share of the evidence of the reported optimum among all that were found.
    pub weight: f64,
    /// The other optima, the largest first.
    pub others: Vec<Mode>,
}

/// Another optimum of the same guide.
#[derive(Debug, Clone, PartialEq)]
pub struct Mode {
    /// Its bound.
    pub elbo: f64,
    /// Its importance-weighted log evidence.
    pub log_evidence: f64,
    /// Its share of the evidence among all that were found.
    pub weight: f64,
    /// The quantities at its centre, in the order of the summary.
    pub centre: Vec<(String, f64)>,
}

/// A richer guide that was tried where the Gaussian was not certified.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The family.
    pub family: &'static str,
    /// What it adds to the bound of the guide before it, on draws that both share; `None` where it was not optimised.
    pub gain: Option<Estimate>,
    /// Whether the fit is this guide's.
    pub adopted: bool,
    /// Why it was adopted, or not, or not tried.
    pub words: String,
}

/// A comparison with a richer guide family.
#[derive(Debug, Clone, PartialEq)]
pub struct Richer {
    /// The family.
    pub family: &'static str,
    /// What it adds to the bound, on fresh draws.
    pub gain: Estimate,
}

/// Summary of one scalar quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Such as `theta[3]` or `a[ST LOUIS]`, axes in declared order.
    pub name: String,
    /// Mean over the draws.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// 5% quantile.
    pub q5: f64,
    /// Median.
    pub q50: f64,
    /// 95% quantile.
    pub q95: f64,
    /// Monte Carlo standard error of the mean.
    pub mcse: f64,
    /// `site`, `report` or `param` (optimised, no interval).
    pub role: &'static str,
    /// Pareto k-hat of the importance weights times the squared distance from the mean: whether mean and sd can be
    /// estimated by these weights. NaN where there are too few draws or none.
    pub k_hat: f64,
}

/// Draws from the fitted guide: one row a draw, one named column a scalar quantity.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draws {
    /// Names as in the summary.
    pub names: Vec<String>,
    /// Draw x quantity.
    pub values: Array2<f64>,
}

/// Seconds that a phase took.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// `compile`, `race`, `optimise`, `certify` of the guide that is reported, and `others` that were tried beside it.
    pub name: &'static str,
    /// Wall seconds.
    pub seconds: f64,
}

/// The result of a fit.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Summaries, sites in order of the model.
    pub rows: Vec<Row>,
    /// The bound; `None` where the fit failed before one could be computed.
    pub elbo: Option<Elbo>,
    /// Pareto k-hat of the importance weights that `rows` rest on (NaN where there are too few).
    pub k_hat: f64,
    /// The k-hat of the guide's own draws.
    pub guide_k_hat: f64,
    /// Whether the weights are those of draws wider than the guide's, because its tails are too light.
    pub wider: bool,
    /// Whether `rows` and `draws` are corrected by Pareto-smoothed importance weights (they are where k-hat allows it);
    /// otherwise they are the guide's own.
    pub corrected: bool,
    /// The guide's own summaries.
    pub guide_rows: Vec<Row>,
    /// Whether to trust it.
    pub verdict: Verdict,
    /// What else that rests on.
    pub certificate: Certificate,
    /// Gradient steps taken.
    pub steps: usize,
    /// Gradients of the log density evaluated (draws counted).
    pub gradient_evaluations: usize,
    /// Wall time by phase.
    pub phases: Vec<Phase>,
    /// Seed.
    pub seed: u64,
    /// Number of unknowns after transforms.
    pub n_unknowns: usize,
    /// Name of the guide family, or `written`.
    pub guide: String,
    /// The guide as program text in the language.
    pub guide_text: String,
    /// Flat values of the guide's and the model's params after optimisation, by block.
    pub params: Vec<(String, Vec<f64>)>,
    /// Draws of sites and reports.
    pub draws: Draws,
    /// Posterior of the discrete sites that were summed out, in order of the model.
    pub discrete: Vec<crate::discrete::Discrete>,
    /// The log likelihood of every observation, where it was asked for and can be had.
    pub pointwise: Option<crate::pointwise::Pointwise>,
    /// Where the log density was not finite, if it was: the statement, the row and the values that went in.
    pub fault: Option<Box<ppl_syntax::Diagnostic>>,
    /// Notes for the reader: warnings counted at run time, zero-forcing hints and the like.
    pub notes: Vec<String>,
    /// The model and the data.
    pub origin: Origin,
}

impl Fit {
    /// A copy without the draws and the log likelihoods, which may be long.
    pub(crate) fn without_draws(&self) -> Fit {
        Fit {
            rows: self.rows.clone(),
            elbo: self.elbo,
            k_hat: self.k_hat,
            guide_k_hat: self.guide_k_hat,
            wider: self.wider,
            corrected: self.corrected,
            guide_rows: self.guide_rows.clone(),
            verdict: self.verdict.clone(),
            certificate: self.certificate.clone(),
            steps: self.steps,
            gradient_evaluations: self.gradient_evaluations,
            phases: self.phases.clone(),
            seed: self.seed,
            n_unknowns: self.n_unknowns,
            guide: self.guide.clone(),
            guide_text: self.guide_text.clone(),
            params: self.params.clone(),
            draws: Draws::default(),
            discrete: self.discrete.clone(),
            pointwise: None,
            fault: self.fault.clone(),
            origin: self.origin,
            notes: self.notes.clone(),
        }
    }
}
