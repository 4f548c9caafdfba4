//! The mean Hessian: exact products by colour, or differences of gradients.

use super::Solver;
use super::gaussian::Gaussian;
use super::matrix_free::{Anchor, Probing};
use super::smooth::{BATCH, Smooth};
use ppl_sparse::{Colouring, Pattern, Symmetric};
use std::borrow::Cow;
use std::sync::Arc;

/// Precision near the centre, in that of the Gaussian.
const NEAR: f64 = 1e10;

/// Length of difference steps, in sds.
const DIFFERENCE: f64 = 0.02;

/// How the Hessian is computed.
pub(super) struct Curvature {
    pub(super) colouring: Colouring,
    /// Where the places of the colouring's pattern lie in the precision's.
    pub(super) places: Vec<u32>,
    /// Gradients that one Hessian costs, for each draw.
    by_products: f64,
    /// The Hessian, where it is the same everywhere.
    constant: Option<Symmetric>,
    /// Draws that the mean is taken over, at most.
    at_most: usize,
    /// Second derivatives by differences of gradients, at this part of an sd: for what cannot be differentiated twice.
    difference: Option<f64>,
    /// Where the Hessian is never formed: a point where its diagonal is known.
    pub(super) anchor: Option<Anchor>,
    /// Which directions tell that diagonal.
    pub(super) probing: Probing,
    /// Or groups of unknowns that do not meet, whose products tell it exactly.
    pub(super) groups: Option<Vec<Vec<u32>>>,
}

impl Curvature {
    fn new(pattern: Pattern, precision: &Pattern, smooth: &Smooth) -> Curvature {
        let all: Vec<usize> = (0..smooth.d).collect();
        let colouring = smooth.colouring(Arc::new(pattern), &all);
        Self::with(colouring, precision, smooth)
    }

    /// By differences of gradients.
    fn differenced(pattern: Pattern, precision: &Pattern, smooth: &Smooth) -> Curvature {
        let all: Vec<usize> = (0..smooth.d).collect();
        let colouring = smooth.plain_colouring(Arc::new(pattern), &all);
        let mut known = Self::with(colouring, precision, smooth);
        known.difference = Some(DIFFERENCE);
        known
    }

    fn with(colouring: Colouring, precision: &Pattern, smooth: &Smooth) -> Curvature {
        let dear = smooth.dear();
        let places = colouring.pattern().places();
        let places = places.map(|(i, j)| precision.place(i, j));
        let places = places.map(|p| p.unwrap_or(0) as u32).collect();
        let n_dear = dear.iter().filter(|dear| **dear).count();
        let others = colouring.n_colours().saturating_sub(n_dear);
        Curvature {
            places,
            colouring,
            by_products: smooth.cost_of_products(n_dear, others),
            constant: None,
            at_most: usize::MAX,
            difference: None,
            anchor: None,
            probing: Probing::Unknown,
            groups: None,
        }
    }

    /// Takes the mean over so many draws from now on, where there are more.
    pub(super) fn limit(&mut self, draws: usize) {
        self.at_most = draws;
    }

    /// Those of antithetic draws that the mean is taken over: the first pairs.
    pub(super) fn of<'z>(&self, draws: &'z [f64], d: usize) -> Cow<'z, [f64]> {
        let half = self.at_most.saturating_mul(d) / 2;
        if draws.len() <= 2 * half {
            return Cow::Borrowed(draws);
        }
        let (there, back) = draws.split_at(draws.len() / 2);
        Cow::Owned([&there[..half], &back[..half]].concat())
    }

    /// Products with the Hessian that give all of it.
    pub(super) fn n_colours(&self) -> usize {
        self.colouring.n_colours()
    }

    /// Where the Hessian is other than zero.
    pub(super) fn pattern(&self) -> &Arc<Pattern> {
        self.colouring.pattern()
    }

    /// Whether second derivatives are differences of gradients.
    pub(super) fn is_differenced(&self) -> bool {
        self.difference.is_some()
    }

    /// Elements that may be other than zero, in both triangles.
    pub(super) fn nonzeros(&self) -> usize {
        let pattern = self.colouring.pattern();
        2 * pattern.len() - pattern.n()
    }

    /// Gradients that one Hessian costs, for each draw.
    pub(super) fn cost(&self) -> usize {
        match self.difference {
            Some(_) => 2 * self.n_differences(),
            None => self.by_products.ceil() as usize,
        }
    }
}

impl Solver<'_> {
    /// Which second derivatives there are: of those that the program's structure allows, the ones that are other than zero
    /// at random points.
    pub(super) fn curvature(&mut self, q: &Gaussian) -> Curvature {
        let precision = self.by.pattern().clone();
        if self.is_matrix_free() {
            let mut known = Curvature::new((*precision).clone(), &precision, &self.smooth);
            known.groups = self.groups();
            known.by_products = match &known.groups {
                Some(groups) => self.smooth.cost_of_products(0, groups.len()),
                // For each draw a product beside its gradient.
                None => self.smooth.cost_of_each(),
            };
            return known;
        }
        let mut known = Curvature::new((*self.structure).clone(), &precision, &self.smooth);
        // Near the centre as well: far out a saturated function has no curvature, and an overflow no finite one.
        let near = q.precision.combine(NEAR, &q.precision, 0.0);
        let near = Gaussian::new(&self.by, q.mean.clone(), near);
        let places = [Some(q), Some(q), near.as_ref()];
        let mut seen = vec![];
        for (k, at) in places.into_iter().enumerate() {
            let draws = self.draws(BATCH, (2 << 20) + k as u64);
            let h = at.map(|at| self.hessian(at, &draws, &mut known));
            seen.extend(h.filter(Symmetric::is_finite));
            // Where none is zero there is nothing more to see.
            let all = |m: &Symmetric| known.places.iter().all(|p| m.values[*p as usize] != 0.0);
            if seen.last().is_some_and(all) {
                break;
            }
        }
        if seen.is_empty() {
            let structure = (*self.structure).clone();
            return Curvature::differenced(structure, &precision, &self.smooth);
        }
        let other = |p: usize| {
            seen.iter()
                .any(|m| m.values[known.places[p] as usize] != 0.0)
        };
        let less = self.structure.kept(other);
        let mut known = match less.len() < self.structure.len() {
            true => Curvature::new(less, &precision, &self.smooth),
            false => known,
        };
        if self.smooth.quadratic {
            known.constant = seen.into_iter().next();
        }
        known
    }

    /// The mean gradient at draws and minus the mean Hessian; `None` where something is not finite.
    pub(super) fn slopes(
        &mut self,
        q: &Gaussian,
        draws: &[f64],
        known: &mut Curvature,
    ) -> Option<(Vec<f64>, Symmetric)> {
        if self.is_matrix_free() {
            return self.slopes_without_matrix(q, draws, known);
        }
        let g = self.mean_gradient(q, draws);
        let h = self.hessian(q, draws, known);
        g.filter(|_| h.is_finite()).map(|g| (g, h))
    }

    /// Minus the mean Hessian at draws: its diagonal alone where it is never formed.
    pub(super) fn hessian(
        &mut self,
        q: &Gaussian,
        draws: &[f64],
        known: &mut Curvature,
    ) -> Symmetric {
        if self.is_matrix_free() {
            let found = self.slopes_without_matrix(q, draws, known);
            let pattern = self.by.pattern();
            let nothing = || Symmetric::of_diagonal(pattern.clone(), vec![f64::NAN; q.mean.len()]);
            return found.map_or_else(nothing, |found| found.1);
        }
        if let Some(constant) = &known.constant {
            return constant.clone();
        }
        let d = self.smooth.d;
        let draws = &*known.of(draws, d);
        let n = (draws.len() / d) as f64;
        if let Some(part) = known.difference {
            return self.hessian_by_differences(q, draws, (known, part));
        }
        let colouring = &known.colouring;
        let d = self.smooth.product_len();
        let mut totals = vec![0.0; colouring.n_colours() * d];
        let mut directions = vec![0.0; BATCH.min(colouring.n_colours()) * d];
        for batch in q.batches(draws) {
            self.smooth.aim(&batch);
            for (k, totals) in totals.chunks_mut(BATCH * d).enumerate() {
                let directions = &mut directions[..totals.len()];
                for (c, direction) in directions.chunks_mut(d).enumerate() {
                    colouring.direction(k * BATCH + c, direction);
                }
                self.smooth.add_products_with(directions, totals);
            }
        }
        let mut read = Symmetric::zeros(colouring.pattern().clone());
        for (c, total) in totals.chunks_mut(d).enumerate() {
            total.iter_mut().for_each(|v| *v /= -n);
            colouring.read(c, total, &mut read);
        }
        let mut h = Symmetric::zeros(self.by.pattern().clone());
        for (v, place) in read.values.iter().zip(&known.places) {
            h.values[*place as usize] = *v;
        }
        h
    }
}
