//! Slopes of a guide of independent elements without the Hessian: where many unknowns all meet, a product for each of them at every draw
//! costs too much.
//!
//! The scales need the diagonal of the mean Hessian. By Stein's identity it is minus the mean of g_i (x_i - m_i) / s_i², whose error
//! comes from all other unknowns through g_i. What is linear in the draw is known: with the Hessian A at one point, the anchor,
//!
//! ```text
//! E[H_ii] = A_ii - E[(g_i + (A (x - m))_i) (x_i - m_i)] / s_i²
//! ```
//!
//! has the same expectation, and over antithetic pairs only what is cubic in the draw is left of the error. It costs one product a
//! draw. The diagonal of A takes a product for each unknown at one point, a batch of directions at a time; of longer vectors directions of
//! evenly spaced unknowns with random signs (Hutchinson 1990), in which neighbours along a chain do not meet.
//!
//! Where it is known which unknowns meet, and these are few (two factors that are crossed, whose Cholesky factor would fill in), none of that
//! is needed: a product with the sum of the unit vectors of unknowns that do not meet is exact for all of them.

use super::curvature::Curvature;
use super::gaussian::Gaussian;
use super::smooth::BATCH;
use super::{Shape, Solver};
use ppl_engine::random::{Address, fill_uniform};
use ppl_sparse::{Symmetric, groups_apart};

/// Purpose of the random signs.
const PURPOSE: u32 = 10;

/// Directions of an anchor while steps are long.
const COARSE: usize = 128;

/// Nats that the error of a diagonal by so few directions may cost in the end: two sets of signs tell it.
const ACCURATE: f64 = 0.01;

/// Unknowns that may have directions of their own because they meet many others, as the parameters of a chain do; how often more of them
/// are looked for.
const MOST_APART: usize = 64;
const ROUNDS: usize = 2;

/// Groups of unknowns that do not meet, at most.
const MOST_GROUPS: usize = 64;

/// Numbers that the directions of an anchor may compute where these are not enough.
const MOST_ANCHOR: f64 = 5e8;

/// Mean squared distance in sds from the anchor to the centre beyond which there is a new one, and beyond which steps are long.
const NEAR: f64 = 0.01;
const LONG: f64 = 0.25;

/// A point with the diagonal of minus the Hessian there.
pub(super) struct Anchor {
    at: Vec<f64>,
    diagonal: Vec<f64>,
    /// The centre that slopes were last asked for.
    last: Vec<f64>,
    /// Whether the diagonal is as good as it can be had.
    is_fine: bool,
}

/// Which directions tell the diagonal.
#[derive(Default)]
pub(super) enum Probing {
    /// Nobody has looked.
    #[default]
    Unknown,
    /// Few for all, and one for each of these.
    Apart(Vec<usize>),
    /// As many as can be afforded.
    All,
}

impl Solver<'_> {
    /// The mean gradient at draws, and the diagonal of minus the mean Hessian; `None` where something is not finite.
    pub(super) fn slopes_without_matrix(
        &mut self,
        q: &Gaussian,
        draws: &[f64],
        known: &mut Curvature,
    ) -> Option<(Vec<f64>, Symmetric)> {
        let d = self.smooth.d;
        if let Some(groups) = &known.groups {
            return self.slopes_by_groups(q, draws, (groups, known));
        }
        self.anchor(q, known)?;
        let anchor = known.anchor.as_ref()?;
        self.smooth.aim_at(&anchor.at);
        let n = (draws.len() / d) as f64;
        let (mut gradient, mut along) = (vec![0.0; d], vec![0.0; d]);
        let mut squares = vec![0.0; d];
        let mut values = [0.0; BATCH];
        let (mut slopes, mut products) = (vec![0.0; BATCH * d], vec![0.0; BATCH * d]);
        for mut points in q.batches(draws) {
            let len = points.len();
            let taken = len / d;
            self.smooth
                .gradients_of_each(&points, &mut values[..taken], &mut slopes[..len]);
            for x in points.chunks_mut(d) {
                x.iter_mut().zip(&q.mean).for_each(|(x, m)| *x -= m);
            }
            self.smooth
                .products_with_each(&points, &mut products[..len]);
            let rows = slopes[..len].chunks(d).zip(products[..len].chunks(d));
            for (off, (slope, product)) in points.chunks(d).zip(rows) {
                for i in 0..d {
                    gradient[i] += slope[i];
                    along[i] += (slope[i] - product[i]) * off[i];
                    squares[i] += off[i] * off[i];
                }
            }
        }
        gradient.iter_mut().for_each(|g| *g /= n);
        let diagonal = (0..d).map(|i| anchor.diagonal[i] - along[i] / squares[i]);
        let h = Symmetric::of_diagonal(self.by.pattern().clone(), diagonal);
        (gradient.iter().all(|g| g.is_finite()) && h.is_finite()).then_some((gradient, h))
    }

    /// Groups of unknowns that do not meet, where it is known which do and the groups are few.
    pub(super) fn groups(&self) -> Option<Vec<Vec<u32>>> {
        let known = self.structure.len() > self.smooth.d;
        known
            .then(|| groups_apart(&self.structure, MOST_GROUPS))
            .flatten()
    }

    /// The same slopes from products with the directions of groups.
    fn slopes_by_groups(
        &mut self,
        q: &Gaussian,
        draws: &[f64],
        (groups, known): (&[Vec<u32>], &Curvature),
    ) -> Option<(Vec<f64>, Symmetric)> {
        let d = self.smooth.d;
        let gradient = self.mean_gradient(q, draws);
        let draws = &*known.of(draws, d);
        let n = (draws.len() / d) as f64;
        let mut diagonal = vec![0.0; d];
        let (mut direction, mut product) = (vec![0.0; d], vec![0.0; d]);
        for batch in q.batches(draws) {
            self.smooth.aim(&batch);
            for group in groups {
                direction.fill(0.0);
                group.iter().for_each(|i| direction[*i as usize] = 1.0);
                product.fill(0.0);
                self.smooth.add_products(&direction, &mut product);
                group
                    .iter()
                    .for_each(|i| diagonal[*i as usize] -= product[*i as usize] / n);
            }
        }
        let h = Symmetric::of_diagonal(self.by.pattern().clone(), diagonal);
        gradient.filter(|_| h.is_finite()).map(|g| (g, h))
    }

    /// Moves the anchor to the centre where that has left it; `None` where the Hessian there is not finite.
    fn anchor(&mut self, q: &Gaussian, known: &mut Curvature) -> Option<()> {
        let d = self.smooth.d;
        let apart = |from: &[f64]| {
            let moved = q.mean.iter().zip(from).zip(q.precision.diagonal());
            moved.map(|((m, a), p)| (m - a).powi(2) * p).sum::<f64>() / d as f64
        };
        let (mut far, mut step) = (f64::INFINITY, f64::INFINITY);
        if let Some(anchor) = &mut known.anchor {
            (far, step) = (apart(&anchor.at), apart(&anchor.last));
            anchor.last.clone_from(&q.mean);
        }
        // A step that long would leave a new anchor as well.
        let leaving = step > NEAR && far <= LONG;
        let near = far <= NEAR || leaving || self.smooth.quadratic;
        let is_fine = far <= LONG || self.smooth.quadratic;
        let enough = |a: &Anchor| near && a.is_fine >= is_fine;
        if known.anchor.as_ref().is_some_and(enough) {
            return Some(());
        }
        self.smooth.aim_at(&q.mean);
        let diagonal = match is_fine {
            true => self.fine_diagonal(q, &mut known.probing)?,
            false => self.diagonal_by(d.min(COARSE), &[], 0)?,
        };
        known.anchor = diagonal.iter().all(|v| v.is_finite()).then(|| Anchor {
            at: q.mean.clone(),
            diagonal,
            last: q.mean.clone(),
            is_fine,
        });
        known.anchor.as_ref().map(|_| ())
    }

    /// The diagonal by few directions where these tell it, else by as many as can be afforded.
    fn fine_diagonal(&mut self, q: &Gaussian, probing: &mut Probing) -> Option<Vec<f64>> {
        let d = self.smooth.d;
        let mut apart = match probing {
            Probing::Apart(apart) => apart.clone(),
            Probing::All => return self.diagonal_by(self.most_directions(), &[], 0),
            Probing::Unknown => vec![],
        };
        for _ in 0..ROUNDS {
            if d <= 2 * COARSE + apart.len() {
                break;
            }
            let one = self.diagonal_by(COARSE, &apart, 0)?;
            if let Probing::Apart(_) = probing {
                return Some(one);
            }
            let other = self.diagonal_by(COARSE, &apart, 1)?;
            // Each is off by what the other differs from it, over the root of two; a relative error e of a precision costs e² / 4.
            let pairs = one.iter().zip(&other).zip(q.precision.diagonal());
            let cost = |((a, b), p): ((&f64, &f64), f64)| ((a - b) / p).powi(2) / 8.0;
            let costs: Vec<f64> = pairs.map(cost).collect();
            if costs.iter().sum::<f64>() <= ACCURATE {
                *probing = Probing::Apart(apart);
                return Some(one);
            }
            // Those that meet many others are seen by themselves.
            let mut order: Vec<usize> = (0..d).collect();
            order.sort_by(|i, j| costs[*j].total_cmp(&costs[*i]));
            apart.extend(&order[..MOST_APART / ROUNDS]);
            apart.sort_unstable();
            apart.dedup();
        }
        *probing = Probing::All;
        self.diagonal_by(self.most_directions(), &[], 0)
    }

    /// Directions that can be afforded at one point.
    fn most_directions(&self) -> usize {
        let most = (MOST_ANCHOR / self.smooth.work.max(1) as f64) as usize;
        self.smooth.d.min(most.max(2 * COARSE))
    }

    /// The diagonal of minus the Hessian at the point that products are aimed at: a direction for each of those that stand `apart`, and
    /// so many for all others.
    fn diagonal_by(&mut self, others: usize, apart: &[usize], set: u64) -> Option<Vec<f64>> {
        let d = self.smooth.d;
        let mut signs = vec![0.0; d];
        let address = Address {
            seed: self.seed,
            purpose: PURPOSE,
            step: set,
            block: 0,
        };
        fill_uniform(&mut signs, address);
        signs
            .iter_mut()
            .for_each(|u| *u = if *u < 0.5 { -1.0 } else { 1.0 });
        apart.iter().for_each(|i| signs[*i] = 0.0);
        let mut diagonal = vec![0.0; d];
        let (mut rows, mut products) = (vec![0.0; BATCH * d], vec![0.0; BATCH * d]);
        let all = others + apart.len();
        for first in (0..all).step_by(BATCH) {
            let taken = BATCH.min(all - first);
            rows.fill(0.0);
            for (row, k) in rows.chunks_mut(d).zip(first..first + taken) {
                match k.checked_sub(others) {
                    Some(k) => row[apart[k]] = 1.0,
                    None => (k..d).step_by(others).for_each(|i| row[i] = signs[i]),
                }
            }
            if !self.smooth.products_with_each(&rows, &mut products) {
                return None;
            }
            let both = rows.chunks(d).zip(products.chunks(d)).take(taken);
            for (row, product) in both {
                for ((own, v), p) in diagonal.iter_mut().zip(row).zip(product) {
                    if *v != 0.0 {
                        *own = -v * p;
                    }
                }
            }
        }
        Some(diagonal)
    }

    /// `((1 - r) L + r E[H])^-1 g` by conjugate gradients, with the Hessians at a batch of draws.
    pub(super) fn solved_without_matrix(
        &mut self,
        q: &Gaussian,
        (g, h): (&[f64], &Symmetric),
        draws: &[f64],
        r: f64,
    ) -> Vec<f64> {
        let d = self.smooth.d;
        let own: Vec<f64> = q.precision.diagonal().collect();
        // As the scales take it: positive, whatever the curvature is.
        let scale: Vec<f64> = own
            .iter()
            .zip(h.diagonal())
            .map(|(l, h)| match (1.0 - r) * l + r * h {
                v if v > 0.0 => v,
                v => v + 0.5 * r * r * (l - h).powi(2) / l,
            })
            .collect();
        let half = (draws.len() / d / 2).min(BATCH / 2) * d;
        let (there, back) = draws.split_at(draws.len() / 2);
        let points = q.points(&[&there[..half], &back[..half]].concat());
        let n = (points.len() / d) as f64;
        self.smooth.aim(&points);
        let mut total = vec![0.0; d];
        conjugate_gradients(g, &scale, |v, out| {
            total.fill(0.0);
            self.smooth.add_products(v, &mut total);
            for i in 0..d {
                out[i] = (1.0 - r) * own[i] * v[i] - r * total[i] / n;
            }
        })
    }

    /// Whether the Hessian is nowhere formed.
    pub(super) fn is_matrix_free(&self) -> bool {
        self.shape == Shape::MatrixFree
    }
}

/// Products of one solution, at most, and the part of the residual that may be left.
const PRODUCTS: usize = 100;
const LEFT: f64 = 0.1;

/// Solves `A x = b` for a symmetric matrix given by its products, scaled by a positive diagonal. Where a direction has no positive
/// curvature what is solved until then is returned, which is uphill all the same (Steihaug 1983); at least one step of the diagonal.
fn conjugate_gradients(
    b: &[f64],
    scale: &[f64],
    mut product: impl FnMut(&[f64], &mut [f64]),
) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let d = b.len();
    let mut x = vec![0.0; d];
    let mut residual = b.to_vec();
    let scaled = |r: &[f64]| -> Vec<f64> { r.iter().zip(scale).map(|(r, s)| r / s).collect() };
    let mut z = scaled(&residual);
    let first = z.clone();
    let mut p = z.clone();
    let mut square = dot(&residual, &z);
    let enough = LEFT * LEFT * square;
    let mut moved = vec![0.0; d];
    for k in 0..PRODUCTS {
        product(&p, &mut moved);
        let curvature = dot(&p, &moved);
        if !(curvature > 0.0 && curvature.is_finite()) {
            return if k == 0 { first } else { x };
        }
        let alpha = square / curvature;
        for i in 0..d {
            x[i] += alpha * p[i];
            residual[i] -= alpha * moved[i];
        }
        z = scaled(&residual);
        let next = dot(&residual, &z);
        if next <= enough {
            break;
        }
        let beta = next / square;
        square = next;
        for i in 0..d {
            p[i] = z[i] + beta * p[i];
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conjugate_gradients_solve_a_badly_scaled_system() {
        // Diagonal entries from 1 to 10^6 and a coupling of neighbours.
        let d = 60;
        let own: Vec<f64> = (0..d).map(|i| 10f64.powf(i as f64 / 10.0)).collect();
        let times = |v: &[f64], out: &mut [f64]| {
            for i in 0..d {
                let mut sum = own[i] * v[i];
                for j in [i.wrapping_sub(1), i + 1] {
                    if j < d {
                        sum += 0.45 * (own[i] * own[j]).sqrt() * v[j];
                    }
                }
                out[i] = sum;
            }
        };
        let truth: Vec<f64> = (0..d).map(|i| ((i * 7) % 11) as f64 - 5.0).collect();
        let mut b = vec![0.0; d];
        times(&truth, &mut b);
        let x = conjugate_gradients(&b, &own, times);
        let mut left = vec![0.0; d];
        times(&x, &mut left);
        let residual = |r: f64, s: f64| r * r / s;
        let all: f64 = b.iter().zip(&own).map(|(b, s)| residual(*b, *s)).sum();
        let off = left.iter().zip(&b).zip(&own);
        let off: f64 = off.map(|((l, b), s)| residual(l - b, *s)).sum();
        assert!(off <= LEFT * LEFT * all, "{off} {all}");
    }

    #[test]
    fn a_direction_without_curvature_ends_the_search_uphill() {
        let b = [1.0, 2.0];
        let x = conjugate_gradients(&b, &[1.0, 1.0], |v, out| {
            out[0] = v[0];
            out[1] = -v[1];
        });
        assert!(x[0] * b[0] + x[1] * b[1] > 0.0);
    }
}
