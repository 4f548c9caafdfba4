//! Linear response: the covariance beside a fit of independent elements. How the optimal mean moves with a tilt of the log
//! density is the inverse of the mean curvature (Giordano, Broderick and Jordan 2018), exact where the posterior is Gaussian.

use super::Solver;
use super::dense::Matrix;
use super::gaussian::Gaussian;
use super::smooth::{BATCH, place};
use crate::objective::{Joint, ObjectiveError};
use crate::sampler::{LABEL, named_values};
use ppl_core::{Builder, DRAW, passes};
use ppl_engine::Kernels;
use ppl_model::Bound;
use ppl_model::lower::AxisMap;

/// Points that carry the covariance over to the quantities, at most and at least, and numbers that they may take.
const POINTS: usize = 4096;
const FEWEST: usize = 256;
const MOST_WORK: f64 = 1e9;

/// Longest vectors whose points get exactly the covariance, so that what is linear in the unknowns has exact sds.
const MOST_EXACT: usize = 256;

/// The sd of every site's and report's elements under a Gaussian over the unconstrained vector, by name.
///
/// # Errors
/// Where the model cannot be lowered.
pub(super) fn sds(
    bound: &Bound,
    solver: &Solver<'_>,
    q: &Gaussian,
) -> Result<Vec<(String, f64)>, ObjectiveError> {
    let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
    let builder = Builder::new(axes.program_axes(BATCH));
    let joint = Joint::of_noise(bound, &axes, &builder)?;
    let (mut outputs, mut names, mut orders) = (vec![], vec![], vec![]);
    for (name, role, own, value) in named_values(bound, &joint)? {
        if role == LABEL || role == "param" {
            continue;
        }
        let value = builder.broadcast(value, axes.set(&own).with(DRAW));
        outputs.push(value.node(&builder));
        names.push(bound.element_names(&name, &own));
        orders.push(axes.order(&own));
    }
    let blocks: Vec<(usize, usize)> = {
        let noise = joint.lowering.noise.borrow();
        noise.iter().map(|b| (b.offset, b.len / BATCH)).collect()
    };
    let program = builder.snapshot_with(outputs);
    let (n_noise, n_params) = (program.n_noise, program.n_params);
    let (program, _) = passes::optimise_with(program, bound.folding);
    let each = program.work() as f64 / BATCH as f64;
    let mut kernels = Kernels::compile(&program)?;
    let d = q.mean.len();
    let mut n = match d <= MOST_EXACT {
        true => POINTS,
        false => POINTS / 4,
    };
    while n > FEWEST && n as f64 * each > MOST_WORK {
        n /= 2;
    }
    let mut draws = solver.spread(n, 13 << 20);
    if d <= MOST_EXACT {
        whiten(&mut draws, d);
    }
    let (noise, params) = (&mut vec![0.0; n_noise], vec![0.0; n_params]);
    // Sums of differences from the first point, and of their squares.
    let mut sums: Vec<Vec<[f64; 3]>> = orders
        .iter()
        .map(|o| vec![[0.0, 0.0, f64::NAN]; o.len()])
        .collect();
    for points in q.batches(&draws) {
        place(&blocks, &points, d, noise);
        kernels.run(&params, noise);
        let taken = points.len() / d;
        for (k, (sums, order)) in sums.iter_mut().zip(&orders).enumerate() {
            for draw in kernels.output(k).chunks(order.len()).take(taken) {
                for (v, at) in draw.iter().zip(order) {
                    let [sum, square, first] = &mut sums[*at];
                    if first.is_nan() {
                        *first = *v;
                    }
                    *sum += v - *first;
                    *square += (v - *first).powi(2);
                }
            }
        }
    }
    let n = (draws.len() / d) as f64;
    let sd = |[sum, square, _]: &[f64; 3]| (square / n - (sum / n).powi(2)).max(0.0).sqrt();
    let all = names.into_iter().zip(&sums);
    Ok(all
        .flat_map(|(names, sums)| names.into_iter().zip(sums.iter().map(sd)))
        .collect())
}

/// Gives points with mean zero the covariance 1.
fn whiten(draws: &mut [f64], d: usize) {
    let n = draws.len() / d;
    let mut covariance = Matrix::zeros(d);
    for z in draws.chunks(d) {
        for (row, own) in covariance.a.chunks_mut(d).zip(z) {
            row.iter_mut()
                .zip(z)
                .for_each(|(c, z)| *c += own * z / n as f64);
        }
    }
    if let Some(factor) = covariance.cholesky() {
        draws.chunks_mut(d).for_each(|z| factor.solve_lower(z));
    }
}
