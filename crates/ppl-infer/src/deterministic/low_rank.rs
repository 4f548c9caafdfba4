//! The best diagonal plus low rank for the curvature at a mean-field optimum.
//!
//! With the mean curvature H fixed, KL(q || p) of q = N(m, D² + B B') is, up to constants,
//! (tr(H D²) + Σ b' H b) / 2 - ln |D² + B B'| / 2: no draws are needed. It is minimised in units of the mean-field sds, from the
//! directions in which the unknowns vary most given the curvature.

use super::dense::Matrix;
use super::layout::Layout;
use super::{MOST_WORK, Solver};
use crate::lbfgs;
use crate::objective::ObjectiveError;
use crate::options::Silent;
use ppl_engine::random::{Address, fill_normal};
use ppl_model::Bound;
use ppl_sparse::{Factor, Symmetric};

/// Draws for the curvature; fewer where they would cost too much.
const DRAWS: usize = 1024;

/// Rounds of the search for directions, and calls of the optimisation.
const ROUNDS: usize = 30;
const CALLS: usize = 300;

/// Part of the mean-field precision that is added where the curvature is indefinite.
const ADDED: [f64; 4] = [0.0, 0.1, 0.4, 1.6];

/// A diagonal plus low rank.
pub(crate) struct Factors {
    pub(crate) mean: Vec<f64>,
    pub(crate) ln_scales: Vec<f64>,
    /// Unknown by unknown.
    pub(crate) factors: Vec<f64>,
    /// Whether the curvature is the same everywhere, so that this is the optimum.
    pub(crate) is_exact: bool,
}

/// From the mean-field optimum with these parameters; `None` where the curvature cannot be had.
pub(crate) fn factors(
    bound: &Bound,
    layout: &Layout,
    params: &[f64],
    rank: usize,
    seed: u64,
) -> Result<Option<Factors>, ObjectiveError> {
    let mut silent = Silent;
    let Some((mut solver, q)) = Solver::open_at(bound, layout, params, seed, &mut silent)? else {
        return Ok(None);
    };
    if solver.is_matrix_free() {
        return Ok(None);
    }
    let mut known = solver.curvature(&q);
    let each = (1 + known.cost()) as f64 * solver.smooth.work as f64;
    let afford = |n: &usize| *n as f64 * each <= MOST_WORK || *n <= DRAWS >> 6;
    let n = (0..7)
        .map(|k| DRAWS >> k)
        .find(afford)
        .unwrap_or(DRAWS >> 6);
    let draws = solver.draws(n, 13 << 20);
    let h = solver.hessian(&q, &draws, &mut known);
    if !h.is_finite() {
        return Ok(None);
    }
    let held = ADDED.iter().find_map(|add| {
        let h = h.combine(1.0, &q.precision, *add);
        let factor = Factor::new(&solver.by, &h)?;
        Some((h, factor))
    });
    let Some((h, factor)) = held else {
        return Ok(None);
    };
    let sds: Vec<f64> = q.precision.diagonal().map(|v| v.sqrt().recip()).collect();
    let start = directions(&factor, &sds, rank, seed);
    let Some((ln_scales, w)) = best(&h, &sds, start, rank) else {
        return Ok(None);
    };
    Ok(Some(Factors {
        ln_scales: ln_scales
            .iter()
            .zip(&sds)
            .map(|(e, s)| e + s.ln())
            .collect(),
        factors: w
            .chunks(rank)
            .zip(&sds)
            .flat_map(|(row, s)| row.iter().map(move |w| w * s))
            .collect(),
        is_exact: solver.smooth.quadratic,
        mean: q.mean,
    }))
}

/// The directions of largest variance in units of the sds, each as long as what it adds to the unit variance: by iterations of
/// the inverse on a subspace. Row-major, a row for each unknown.
fn directions(factor: &Factor, sds: &[f64], rank: usize, seed: u64) -> Vec<f64> {
    let d = sds.len();
    let mut columns = vec![0.0; rank * d];
    let address = Address {
        seed,
        purpose: 4,
        step: 14 << 20,
        block: 0,
    };
    fill_normal(&mut columns, address);
    let mut lengths = vec![0.0; rank];
    for _ in 0..ROUNDS {
        for (k, length) in lengths.iter_mut().enumerate() {
            let (before, own) = columns.split_at_mut(k * d);
            let own = &mut own[..d];
            own.iter_mut().zip(sds).for_each(|(v, s)| *v /= s);
            factor.solve(own);
            own.iter_mut().zip(sds).for_each(|(v, s)| *v /= s);
            for other in before.chunks(d) {
                let dot: f64 = own.iter().zip(other).map(|(a, b)| a * b).sum();
                own.iter_mut().zip(other).for_each(|(a, b)| *a -= dot * b);
            }
            *length = own.iter().map(|v| v * v).sum::<f64>().sqrt();
            own.iter_mut().for_each(|v| *v /= length.max(1e-300));
        }
    }
    let mut out = vec![0.0; d * rank];
    for k in 0..rank {
        // A direction that adds nothing still starts off zero, where it would stay.
        let length = (lengths[k] - 1.0).max(1e-4).sqrt();
        for i in 0..d {
            out[i * rank + k] = length * columns[k * d + i];
        }
    }
    out
}

/// Logarithms of the scales and the factors, in units of the sds.
fn best(h: &Symmetric, sds: &[f64], start: Vec<f64>, rank: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let d = sds.len();
    let own: Vec<f64> = h.diagonal().zip(sds).map(|(h, s)| h * s * s).collect();
    let mut from = vec![0.0; d];
    from.extend(start);
    let mut f = |x: &[f64], g: &mut [f64]| -> f64 {
        let (e, w) = x.split_at(d);
        let inverse: Vec<f64> = e.iter().map(|e| (-2.0 * e).exp()).collect();
        let mut k = Matrix::zeros(rank);
        for (row, v) in w.chunks(rank).zip(&inverse) {
            for a in 0..rank {
                for b in 0..rank {
                    k.a[a * rank + b] += row[a] * row[b] * v;
                }
            }
        }
        for a in 0..rank {
            k.a[a * rank + a] += 1.0;
        }
        let Some(l) = k.cholesky() else {
            return f64::NAN;
        };
        let half_ln: f64 = l.diagonal().map(f64::ln).sum();
        let mut value = e.iter().sum::<f64>() + half_ln;
        let (ge, gw) = g.split_at_mut(d);
        // Rows of W K^-1, and the diagonal of the inverse covariance.
        for (i, row) in w.chunks(rank).enumerate() {
            let mut solved = row.to_vec();
            l.solve_lower(&mut solved);
            l.solve_upper(&mut solved);
            let dot: f64 = row.iter().zip(&solved).map(|(a, b)| a * b).sum();
            let precision = inverse[i] - inverse[i] * inverse[i] * dot;
            value -= 0.5 * own[i] / inverse[i];
            ge[i] = (precision - own[i]) / inverse[i];
            // (D² + W W')^-1 W = D^-2 W K^-1.
            for (g, s) in gw[i * rank..(i + 1) * rank].iter_mut().zip(&solved) {
                *g = inverse[i] * s;
            }
        }
        for a in 0..rank {
            let column: Vec<f64> = (0..d).map(|i| w[i * rank + a] * sds[i]).collect();
            let product = h.times(&column);
            for i in 0..d {
                value -= 0.5 * column[i] * product[i];
                gw[i * rank + a] -= sds[i] * product[i];
            }
        }
        value
    };
    let peak = lbfgs::climb(from, CALLS, &mut f)?;
    let w = peak.at[d..].to_vec();
    Some((peak.at[..d].to_vec(), w))
}
