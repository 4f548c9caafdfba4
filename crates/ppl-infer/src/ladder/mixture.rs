//! A Gaussian for each optimum that the starts led to, weighted by its evidence.

use super::{Base, Climbed, End, Reached, Rung};
use crate::objective::{Objective, ObjectiveError};
use crate::options::Observer;
use crate::stochastic::Outcome;
use ppl_model::lower::AxisMap;
use std::time::Instant;

/// The rung.
pub(super) struct Mixture;

impl Rung for Mixture {
    fn family(&self) -> &'static str {
        "mixture"
    }

    fn purpose(&self) -> &'static str {
        "where the starts led to other optima with a share of the evidence"
    }

    fn unsuited(&self, base: &Base<'_>) -> Option<String> {
        if !base.has_modes() {
            return Some("no start led to another optimum with a share of the evidence".into());
        }
        (!base.is_dense()).then(|| "the guide is not one Gaussian of any covariance".into())
    }

    fn climb(&self, base: &Base<'_>, _: &mut dyn Observer) -> Climbed {
        let started = Instant::now();
        if !base.is_dense() {
            return Ok(Err("the guide is not one Gaussian of any covariance".into()));
        }
        let (parts, shares): (Vec<&Vec<f64>>, Vec<f64>) = base.optima().into_iter().unzip();
        let evidence: Vec<f64> = shares.into_iter().map(f64::ln).collect();
        let blocks = &base.chosen.objective.params;
        let family = ppl_guide::Mixture { parts: parts.len() };
        let guided = base.guided(&family)?;
        let objective = Objective::new(&guided.bound, 1, base.options.seed)?;
        let axes = AxisMap::new(&guided.bound).ok_or(ObjectiveError::TooManyAxes)?;
        let (location, scale) = (&blocks[0], &blocks[1]);
        let d = location.init.len();
        let slices = |from: usize, len: usize| -> Vec<f64> {
            let of_part = |p: &&Vec<f64>| p[from..from + len].to_vec();
            parts.iter().flat_map(of_part).collect()
        };
        let mut params = vec![0.0; objective.params.iter().map(|p| p.init.len()).sum()];
        for p in &objective.params {
            let own = &guided.bound.model.symbols[p.symbol].axes;
            // Declared order: part by part. A matrix lists its squares and then the logarithms of the diagonals.
            let values = match own.len() {
                2 => axes.to_program(&slices(location.offset, d), own),
                3 => {
                    let mut all = axes.to_program(&slices(scale.offset, d * d), own);
                    let logs = slices(scale.offset + d * d, d);
                    all.extend(axes.to_program(&logs, &own[..2]));
                    all
                }
                _ => evidence.clone(),
            };
            params[p.offset..p.offset + values.len()].copy_from_slice(&values);
        }
        let end = End {
            params,
            elbo: f64::NAN,
            steps: 0,
            draws: 0,
            outcome: Outcome::Converged,
            gradient: match base.chosen.optimum.deterministic {
                // Each part is an optimum of its own.
                true => 0.0,
                false => f64::NAN,
            },
        };
        let mut reached = base.reached(guided, objective, end, started);
        reached.gradient = f64::NAN;
        reached.parts = parts.len();
        Ok(Ok(Reached::Optimum(reached)))
    }
}
