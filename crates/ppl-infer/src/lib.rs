//! Objectives, estimators, engines and certificates: from a bound model and its guide to a [`Fit`].
//!
//! In comes a `ppl_model::Bound`, out comes a [`Fit`]. This crate prints nothing, reads no file and keeps no global state.

mod attempts;
mod candidates;
mod centring;
mod certificate;
pub mod choice;
mod collect;
mod columns;
pub mod compare;
mod compiled;
mod controls;
mod covered;
mod definite;
pub mod density;
mod deterministic;
pub mod discrete;
pub mod elbo;
pub mod engine;
mod expectations;
pub mod fault;
pub mod fit;
mod former;
pub mod labels;
mod ladder;
mod lbfgs;
mod modes;
mod notes;
pub mod objective;
pub mod options;
pub mod origin;
pub mod plan;
pub mod pointwise;
pub mod predict;
pub mod psis;
mod pursuit;
mod refine;
mod refined_words;
mod rough_sds;
mod sampled;
pub mod sampler;
pub mod simulate;
mod source;
pub mod stacking;
pub mod stochastic;
pub mod summary;
mod symmetry;
pub mod timing;
mod wider;

pub use fit::{
    Certificate, Draws, Elbo, Estimate, Fit, MARKOV, Mode, Phase, Richer, Row, Starts, Tried,
    Verdict,
};
pub use former::Former;
pub use options::{FitOptions, GuideChoice, Observer, Progress, Silent};
pub use origin::Origin;
pub use refine::asked_text;
