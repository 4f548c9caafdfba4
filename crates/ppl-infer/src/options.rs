//! What a fit can be told, and how it tells how far it is.

use crate::former::Former;

/// Which guide to generate where the model has none of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GuideChoice {
    /// Chosen by size and structure: full-rank for small models, sparse for larger ones, mean-field where too many unknowns
    /// meet.
    #[default]
    Auto,
    /// Independent Gaussians after transforms.
    MeanField,
    /// One Gaussian over all unknowns after transforms.
    FullRank,
    /// The same, with the precision's structure of the model.
    Sparse,
    /// One Gaussian whose covariance is a diagonal plus a few factors.
    LowRank,
    /// One Gaussian bent by a skewness and a tail weight in each direction.
    Skewed,
    /// A Gaussian for each optimum that the starts found.
    Mixture,
    /// One Gaussian bent by coupling layers.
    Flow,
    /// Draws of the Gaussian that go to the posterior along densities in between.
    Annealed,
    /// A mixture for the few unknowns that the spread of the others depends on, and given these a Gaussian around the
    /// conditional mode of the others, or the density of each where they are independent.
    Nested,
    /// The exact conditionals of blocks of unknowns, and a mixture for what is left, if anything.
    Conjugate,
}

impl GuideChoice {
    /// Its name in the list of families; `None` where it is chosen.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            GuideChoice::Auto => None,
            GuideChoice::MeanField => Some("mean-field"),
            GuideChoice::FullRank => Some("full-rank"),
            GuideChoice::Sparse => Some("sparse"),
            GuideChoice::LowRank => Some("low-rank"),
            GuideChoice::Skewed => Some("skewed"),
            GuideChoice::Mixture => Some("mixture"),
            GuideChoice::Flow => Some("flow"),
            GuideChoice::Annealed => Some("annealed"),
            // They start from the Gaussian that is chosen.
            GuideChoice::Nested | GuideChoice::Conjugate => None,
        }
    }
}

/// Options of a fit; the default is meant to be right.
#[derive(Debug, Clone, PartialEq)]
pub struct FitOptions {
    /// Seed of every random number.
    pub seed: u64,
    /// Guide family.
    pub guide: GuideChoice,
    /// Monte Carlo draws per gradient step.
    pub draws_per_step: usize,
    /// Draws from the fitted guide that are kept for summaries and written out.
    pub draws: usize,
    /// Upper limit of gradient steps, the race included.
    pub max_steps: usize,
    /// Whether the log likelihood of every observation is kept, for comparisons of fits.
    pub pointwise: bool,
    /// A former fit to start from, beside the other starts: of fewer rows, other groups, other priors or fewer unknowns.
    pub former: Option<Former>,
}

impl Default for FitOptions {
    fn default() -> Self {
        FitOptions {
            seed: 1,
            guide: GuideChoice::Auto,
            draws_per_step: 8,
            draws: 2000,
            max_steps: 100_000,
            pointwise: false,
            former: None,
        }
    }
}

/// A moment of a fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Name of the phase: `compile`, `race`, `optimise`, `certify`.
    pub phase: &'static str,
    /// Gradient steps so far.
    pub step: usize,
    /// Upper limit.
    pub max_steps: usize,
    /// Running ELBO estimate.
    pub elbo: f64,
    /// Its standard error (NaN where unknown).
    pub elbo_se: f64,
}

/// Watches a fit and may stop it.
pub trait Observer {
    /// Called at intervals of at most some 50 ms of work. Returning `false` stops the fit: the best iterate so far is reported.
    fn progress(&mut self, progress: Progress) -> bool;
}

/// Watches nothing.
pub struct Silent;

impl Observer for Silent {
    fn progress(&mut self, _: Progress) -> bool {
        true
    }
}
