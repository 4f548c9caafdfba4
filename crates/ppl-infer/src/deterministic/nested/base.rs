//! A fitted Gaussian, from which the nested and the conjugate guide go on.

use super::conditional::Conditional;
use super::places::Place;
use super::{Nested, SMALL, Wanted, scales, split};
use crate::deterministic::gaussian::Gaussian;
use crate::deterministic::layout::{Element, Layout};
use crate::deterministic::smooth::Smooth;
use crate::deterministic::workers::workers;
use crate::deterministic::{Found, Solver};
use crate::objective::ObjectiveError;
use crate::options::Silent;
use ppl_model::Bound;
use ppl_sparse::Pattern;
use std::sync::Arc;

/// A fitted Gaussian with what is needed to go on from it.
pub(crate) struct Base {
    pub(super) q: Gaussian,
    pub(super) structure: Arc<Pattern>,
    /// Sds of the unknowns, where second derivatives are differences of gradients.
    pub(super) scales: Option<Vec<f64>>,
    pub(super) workers: Vec<Smooth>,
    /// For each unknown the elements of its site, and its name.
    pub(super) lengths: Vec<usize>,
    /// Those of sites with few elements.
    pub(super) few: Vec<Element>,
    pub(in crate::deterministic) names: Vec<String>,
    /// Whether it is no part of a vector.
    pub(super) single: Vec<bool>,
    pub(super) quadratic: bool,
    pub(super) work: usize,
    pub(super) seed: u64,
    /// Other optima of the Gaussian.
    pub(super) places: Vec<Place>,
    /// Gradients taken so far.
    pub(super) evaluations: usize,
}

impl Base {
    /// `None` where the guide is no Gaussian of the deterministic engine.
    pub(crate) fn new(
        bound: &Bound,
        layout: &Layout,
        params: &[f64],
        seed: u64,
    ) -> Result<Option<Base>, ObjectiveError> {
        let mut silent = Silent;
        let opened = Solver::open_at(bound, layout, params, seed, &mut silent)?;
        let opened = opened.filter(|(solver, _)| !solver.is_matrix_free());
        let Some((mut solver, q)) = opened else {
            return Ok(None);
        };
        let known = solver.curvature(&q);
        let sds = || q.factor.variances().into_iter().map(f64::sqrt).collect();
        Ok(Some(Base {
            structure: known.pattern().clone(),
            scales: known.is_differenced().then(sds),
            workers: workers(bound)?,
            lengths: layout.site_lengths(bound),
            few: layout.few(bound, SMALL),
            names: layout.names(bound),
            single: layout.are_single(bound),
            quadratic: solver.smooth.quadratic,
            work: solver.smooth.work,
            evaluations: solver.smooth.evaluations,
            seed,
            places: vec![],
            q,
        }))
    }

    /// With other optima that its starts led to.
    pub(crate) fn beside(self, layout: &Layout, found: &Found) -> Base {
        let all = found.others.iter().map(|o| o.2);
        let peak = all.clone().fold(found.log_evidence, f64::max);
        let weight = |log: f64| (log - peak).exp();
        let total = weight(found.log_evidence) + all.map(weight).sum::<f64>();
        let by = self.q.factor.elimination();
        let place = |(params, _, log): &(Vec<f64>, f64, f64)| {
            let q = layout.gaussian(by, params)?;
            let share = weight(*log) / total;
            Some(Place { q, share })
        };
        Base {
            places: found.others.iter().filter_map(place).collect(),
            ..self
        }
    }

    /// Theta with the other scales, as many as there may be; `None` where there are none, or no unknown is left.
    pub(super) fn with_scales(&mut self, theta: &[usize]) -> Option<Vec<usize>> {
        let all = scales::scales(
            &self.few,
            &self.q.mean,
            &self.structure,
            self.scales.as_deref(),
            &mut self.workers[0],
        );
        let more = all.into_iter().filter(|i| !theta.contains(i));
        let most = split::MOST.saturating_sub(theta.len());
        let mut out: Vec<usize> = more.take(most).collect();
        if out.is_empty() || theta.len() + out.len() == self.q.mean.len() {
            return None;
        }
        out.extend(theta);
        out.sort_unstable();
        Some(out)
    }

    /// Whether the others are Gaussian given theta, as far as two points tell.
    pub(super) fn is_steady(&mut self, theta: &[usize]) -> bool {
        let (scales, smooth) = (self.scales.as_deref(), &mut self.workers[0]);
        let split = (theta.to_vec(), vec![]);
        let found = Conditional::new(&self.q, split, &self.structure, scales, smooth);
        found.is_some_and(|c| c.is_exact())
    }

    /// The unknowns of short sites, if given these all others are independent numbers and no Gaussians.
    pub(super) fn shared(&mut self) -> Option<Vec<usize>> {
        let d = self.q.mean.len();
        let theta: Vec<usize> = (0..d).filter(|i| self.lengths[*i] <= SMALL).collect();
        if theta.is_empty() || theta.len() > split::MOST || theta.len() == d {
            return None;
        }
        let (scales, smooth) = (self.scales.as_deref(), &mut self.workers[0]);
        let split = (theta.clone(), vec![]);
        let found = Conditional::new(&self.q, split, &self.structure, scales, smooth)?;
        found.follow().is_curved().then_some(theta)
    }

    /// Around one conditional, with a mixture for theta; the others are followed number by number, or are one Gaussian.
    pub(in crate::deterministic) fn mixed(
        &mut self,
        theta: Vec<usize>,
        wanted: Wanted,
        followed: bool,
    ) -> Result<Nested, &'static str> {
        let (scales, workers) = (self.scales.as_deref(), &mut self.workers);
        let split = (theta, vec![]);
        let conditional =
            Conditional::new(&self.q, split, &self.structure, scales, &mut workers[0])
                .ok_or("the curvature of the other unknowns cannot be factored")?;
        let conditional = match followed {
            true => conditional.follow(),
            false => conditional,
        };
        let wanted = (self.work, wanted);
        let from = (&self.q, self.places.as_slice());
        Nested::fit(conditional, from, wanted, self.seed, workers)
    }

    /// Names, and the workers for its draws.
    pub(in crate::deterministic) fn given_to(&mut self, mut nested: Nested) -> Nested {
        nested.by = Some(self.q.factor.elimination().clone());
        let theta = nested.conditional.theta.iter();
        nested.theta = theta.map(|i| self.names[*i].clone()).collect();
        let taken = self.workers.iter().map(|w| w.evaluations);
        nested.evaluations = self.evaluations + taken.sum::<usize>();
        nested.workers = std::mem::take(&mut self.workers);
        nested
    }
}
