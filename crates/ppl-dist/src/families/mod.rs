//! The list of distributions: one file and one line each.

use crate::definition::Distribution;

mod ar;
mod bernoulli;
mod bernoulli_logit;
mod beta;
mod beta_binomial;
mod beta_proportion;
mod binomial;
mod binomial_logit;
mod car_icar;
mod categorical;
mod categorical_logit;
mod cauchy;
mod chi_square;
mod constant;
mod dirichlet;
mod dirichlet_multinomial;
mod discrete_uniform;
mod exp_mod_normal;
mod exponential;
mod flat;
mod gamma;
mod gaussian_process;
mod gaussian_random_walk;
mod geometric;
mod gumbel;
mod half_cauchy;
mod half_normal;
mod hypergeometric;
mod inv_chi_square;
mod inv_gamma;
mod inv_wishart;
mod kumaraswamy;
mod laplace;
mod lkj_cholesky;
mod lkj_corr;
mod log_normal;
mod logistic;
mod multi_normal;
mod multi_student_t;
mod multinomial;
mod neg_binomial;
mod neg_binomial_log;
mod normal;
mod ordered_logistic;
mod ordered_probit;
mod pareto;
pub(crate) mod parts;
mod poisson;
mod poisson_log;
mod rayleigh;
mod skew_normal;
mod student_t;
mod uniform;
mod von_mises;
mod weibull;
mod wishart;

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
    &constant::Constant,
    &multi_normal::MultiNormal,
    &lkj_cholesky::LkjCholesky,
    &laplace::Laplace,
    &logistic::Logistic,
    &gumbel::Gumbel,
    &weibull::Weibull,
    &pareto::Pareto,
    &rayleigh::Rayleigh,
    &chi_square::ChiSquare,
    &inv_chi_square::InvChiSquare,
    &geometric::Geometric,
    &neg_binomial::NegBinomial,
    &neg_binomial_log::NegBinomialLog,
    &beta_binomial::BetaBinomial,
    &discrete_uniform::DiscreteUniform,
    &skew_normal::SkewNormal,
    &exp_mod_normal::ExpModNormal,
    &kumaraswamy::Kumaraswamy,
    &beta_proportion::BetaProportion,
    &multi_student_t::MultiStudentT,
    &ordered_logistic::OrderedLogistic,
    &ordered_probit::OrderedProbit,
    &von_mises::VonMises,
    &hypergeometric::Hypergeometric,
    &multinomial::Multinomial,
    &dirichlet_multinomial::DirichletMultinomial,
    &wishart::Wishart,
    &inv_wishart::InvWishart,
    &lkj_corr::LkjCorr,
    &gaussian_random_walk::GaussianRandomWalk,
    &ar::Ar,
    &gaussian_process::GaussianProcess,
    &car_icar::CarIcar,
];

/// The distribution of that name.
pub fn find(name: &str) -> Option<&'static dyn Distribution> {
    ALL.iter().copied().find(|d| d.definition().name == name)
}
