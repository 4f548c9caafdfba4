//! The list of distributions: one file and one line each.

use crate::definition::Distribution;

mod bernoulli;
mod bernoulli_logit;
mod beta;
mod binomial;
mod binomial_logit;
mod categorical;
mod categorical_logit;
mod cauchy;
mod dirichlet;
mod exponential;
mod flat;
mod gamma;
mod half_cauchy;
mod half_normal;
mod inv_gamma;
mod lkj_cholesky;
mod log_normal;
mod multi_normal;
mod normal;
mod parts;
mod poisson;
mod poisson_log;
mod student_t;
mod uniform;

/// Every distribution.
pub static ALL: &[&dyn Distribution] = &[
    &normal::Normal,
    &half_normal::HalfNormal,
    &cauchy::Cauchy,
    &half_cauchy::HalfCauchy,
    &student_t::StudentT,
    &uniform::Uniform,
    &exponential::Exponential,
    &gamma::Gamma,
    &inv_gamma::InvGamma,
    &log_normal::LogNormal,
    &beta::Beta,
    &bernoulli::Bernoulli,
    &bernoulli_logit::BernoulliLogit,
    &binomial::Binomial,
    &binomial_logit::BinomialLogit,
    &poisson::Poisson,
    &poisson_log::PoissonLog,
    &categorical::Categorical,
    &categorical_logit::CategoricalLogit,
    &dirichlet::Dirichlet,
    &flat::Flat,
    &multi_normal::MultiNormal,
    &lkj_cholesky::LkjCholesky,
];

/// The distribution of that name.
pub fn find(name: &str) -> Option<&'static dyn Distribution> {
    ALL.iter().copied().find(|d| d.definition().name == name)
}
