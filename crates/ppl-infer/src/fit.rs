//! What a fit is.

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
}

/// Whether to trust the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Nothing was approximated: all unknowns are discrete and summed out.
    Exact {
        /// One sentence.
        reason: String,
    },
    /// Converged by the stochastic engine's rule; the family may still be too small: read k-hat.
    Approximate {
        /// One sentence.
        reason: String,
    },
    /// Stopped by the user or by the step limit before convergence.
    Stopped {
        /// One sentence.
        reason: String,
    },
    /// No usable answer.
    Failed {
        /// One sentence.
        reason: String,
    },
}

impl Verdict {
    /// The word in `fit.json`.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Exact { .. } => "exact",
            Verdict::Approximate { .. } => "approximate",
            Verdict::Stopped { .. } => "stopped",
            Verdict::Failed { .. } => "failed",
        }
    }

    /// The sentence beside it.
    pub fn reason(&self) -> &str {
        match self {
            Verdict::Exact { reason }
            | Verdict::Approximate { reason }
            | Verdict::Stopped { reason }
            | Verdict::Failed { reason } => reason,
        }
    }
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
    /// `compile`, `race`, `optimise`, `certify`.
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
    /// Where the log density was not finite, if it was: the statement, the row and the values that went in.
    pub fault: Option<Box<ppl_syntax::Diagnostic>>,
    /// Notes for the reader: warnings counted at run time, zero-forcing hints and the like.
    pub notes: Vec<String>,
}
