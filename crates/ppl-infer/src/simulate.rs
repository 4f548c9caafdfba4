//! Draws from the prior, and data from the model at each: what simulation-based calibration starts from.

use crate::fit::Draws;
use crate::predict::{PredictError, What, draw};
use ndarray::{Axis, concatenate};
use ppl_model::Bound;
use ppl_model::graph::{Kind, Statement, SymbolId};
use thiserror::Error;

/// Why nothing can be simulated.
#[derive(Debug, Error)]
pub enum SimulateError {
    /// The model could not be drawn from.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// A statement that cannot be drawn from.
    #[error("{0}")]
    Refused(String),
}

/// Draws of all unknowns from their priors, with data at each.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// Sites, as in a fit.
    pub sites: Draws,
    /// Observed columns, a row a draw, elements in declared order.
    pub data: Vec<(SymbolId, ndarray::Array2<f64>)>,
}

/// So many draws. One seed gives the same bits on any number of threads.
///
/// # Errors
/// Where a prior is improper or has no sampler here: `Flat`, `factor`, discrete sites, kinds that narrow a support, sites that
/// read themselves, observations of functions of data or in loops with `skip`.
pub fn simulate(bound: &Bound, n: usize, seed: u64) -> Result<Simulated, SimulateError> {
    let model = &bound.model;
    let refused = |what: String| Err(SimulateError::Refused(what));
    if !bound.evidence_defined() {
        return refused("a prior is improper, so nothing can be drawn from it".to_owned());
    }
    let mut sites = Draws {
        names: vec![],
        values: ndarray::Array2::zeros((n, 0)),
    };
    // A stream of random numbers for each statement.
    let seed_of = |k: usize| {
        seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(k as u64)
    };
    for (k, located) in model.statements.iter().enumerate() {
        match &located.statement {
            Statement::Sample(id) => {
                let symbol = &model.symbols[*id];
                let plain = matches!(symbol.kind, None | Some(Kind::Real(None, None)));
                let own = model.parents(*id).contains(id);
                if !plain || own || symbol.is_discrete_site() {
                    return refused(format!(
                        "`{}` cannot be drawn from its prior: it is discrete, of a narrower kind, or reads itself",
                        symbol.name
                    ));
                }
                let drawn = draw(bound, &sites, seed_of(k), What::Site(*id))?.draws;
                sites.values = concatenate![Axis(1), sites.values, drawn.values];
                sites.names.extend(drawn.names);
            }
            Statement::Factor(_) => {
                return refused("a factor has no distribution to draw data from".to_owned());
            }
            _ => {}
        }
    }
    let mut data = vec![];
    for (k, located) in model.statements.iter().enumerate() {
        if let Statement::Observe { value, .. } = &located.statement {
            let Some(id) = value.whole_symbol().filter(|_| located.skip.is_none()) else {
                return refused(
                    "data cannot be drawn where a function of them is observed, or in a loop with `skip`".to_owned(),
                );
            };
            let drawn = draw(bound, &sites, seed_of(k), What::Observed(k))?.draws;
            data.push((id, drawn.values));
        }
    }
    Ok(Simulated { sites, data })
}
