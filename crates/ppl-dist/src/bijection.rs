//! Smooth one-to-one maps from R^m onto constrained sets, with their log Jacobians.

use crate::linear::{cholesky, outer_square, side};
use crate::real::Real;

/// A map from unconstrained vectors onto a support. Bounds may be program values.
#[derive(Debug, Clone, Copy)]
pub enum Bijection<R> {
    /// R
    Identity,
    /// (lo, inf): lo + e^u
    Lower(R),
    /// (-inf, hi): hi - e^u
    Upper(R),
    /// (lo, hi): lo + (hi - lo) inv_logit(u)
    Interval(R, R),
    /// K numbers from K - 1: stick breaking with Stan's centring, so that u = 0 is the uniform simplex
    Simplex,
    /// increasing: u1, u1 + e^u2, …
    Ordered,
    /// increasing, above lo: lo + e^u1, lo + e^u1 + e^u2, …
    OrderedAbove(R),
    /// increasing, below hi: …, hi - e^uK - e^u(K-1), hi - e^uK
    OrderedBelow(R),
    /// increasing, between lo and hi: running sums of the first K of a simplex of K + 1 numbers, scaled
    OrderedWithin(R, R),
    /// K x K from K (K - 1) / 2: rows of tanh-transformed canonical partial correlations
    CorrCholesky,
    /// K x K lower triangular, positive diagonal, from K (K + 1) / 2 in row-major order: diagonal e^u, the rest u
    CovCholesky,
    /// K numbers that sum to 0 from K - 1: an isometry, so that its Jacobian is 1
    SumToZero,
    /// K x K correlation matrix: L L' of a `CorrCholesky`
    Correlation,
    /// K x K covariance matrix: L L' of a `CovCholesky`
    Covariance,
}

impl<R> Bijection<R> {
    /// The same map with other ends.
    pub fn map<'r, S>(&'r self, mut f: impl FnMut(&'r R) -> S) -> Bijection<S> {
        match self {
            Bijection::Identity => Bijection::Identity,
            Bijection::Lower(lo) => Bijection::Lower(f(lo)),
            Bijection::Upper(hi) => Bijection::Upper(f(hi)),
            Bijection::Interval(lo, hi) => Bijection::Interval(f(lo), f(hi)),
            Bijection::Simplex => Bijection::Simplex,
            Bijection::Ordered => Bijection::Ordered,
            Bijection::OrderedAbove(lo) => Bijection::OrderedAbove(f(lo)),
            Bijection::OrderedBelow(hi) => Bijection::OrderedBelow(f(hi)),
            Bijection::OrderedWithin(lo, hi) => Bijection::OrderedWithin(f(lo), f(hi)),
            Bijection::CorrCholesky => Bijection::CorrCholesky,
            Bijection::CovCholesky => Bijection::CovCholesky,
            Bijection::SumToZero => Bijection::SumToZero,
            Bijection::Correlation => Bijection::Correlation,
            Bijection::Covariance => Bijection::Covariance,
        }
    }
}

impl<R: Real> Bijection<R> {
    /// How many unconstrained numbers make an event of `n` numbers (`n` is K² for matrices).
    pub fn unconstrained_len(&self, n: usize) -> usize {
        let k = side(n);
        match self {
            Bijection::Simplex | Bijection::SumToZero => n - 1,
            Bijection::CorrCholesky | Bijection::Correlation => k * (k - 1) / 2,
            Bijection::CovCholesky | Bijection::Covariance => k * (k + 1) / 2,
            _ => n,
        }
    }

    /// The constrained event (`n` numbers) and the log absolute Jacobian determinant, with respect to the event's free
    /// coordinates: the first K - 1 of a simplex, what lies below the diagonal of a `CorrCholesky`, the lower triangle of
    /// a `CovCholesky` and of a `Covariance`, what lies below the diagonal of a `Correlation`; for `SumToZero` the volume
    /// of the subspace. The maps are those of the Stan Reference Manual, chapter "Constraint Transforms".
    pub fn forward(&self, u: &[R], n: usize) -> (Vec<R>, R) {
        match *self {
            Bijection::Identity => (u.to_vec(), R::lit(0.0)),
            Bijection::Lower(lo) => (u.iter().map(|&v| lo + v.exp()).collect(), sum(u)),
            Bijection::Upper(hi) => (u.iter().map(|&v| hi - v.exp()).collect(), sum(u)),
            Bijection::Interval(lo, hi) => interval(lo, hi, u),
            Bijection::Simplex => simplex(u, n),
            Bijection::Ordered => {
                let x = std::iter::once(u[0]).chain(running_sum(u[0], &u[1..]));
                (x.collect(), sum(&u[1..]))
            }
            Bijection::OrderedAbove(lo) => (running_sum(lo, u), sum(u)),
            Bijection::OrderedBelow(hi) => {
                let back: Vec<R> = u.iter().rev().copied().collect();
                let x = running_sum(R::lit(0.0), &back).into_iter().rev();
                (x.map(|v| hi - v).collect(), sum(u))
            }
            Bijection::OrderedWithin(lo, hi) => ordered_within(lo, hi, u),
            Bijection::SumToZero => (sum_to_zero(u, n), R::lit(0.0)),
            Bijection::CorrCholesky => corr_cholesky(u, side(n)),
            Bijection::CovCholesky => cov_cholesky(u, side(n)),
            Bijection::Correlation => {
                let (l, ln_jacobian) = corr_cholesky(u, side(n));
                squared(&l, side(n), ln_jacobian, 1)
            }
            Bijection::Covariance => {
                let (k, (l, ln_jacobian)) = (side(n), cov_cholesky(u, side(n)));
                let twos = R::lit(k as f64 * std::f64::consts::LN_2);
                squared(&l, k, ln_jacobian + twos, 0)
            }
        }
    }

    /// The inverse map.
    pub fn inverse(&self, x: &[R]) -> Vec<R> {
        match *self {
            Bijection::Identity => x.to_vec(),
            Bijection::Lower(lo) => x.iter().map(|&v| (v - lo).ln()).collect(),
            Bijection::Upper(hi) => x.iter().map(|&v| (hi - v).ln()).collect(),
            Bijection::Interval(lo, hi) => {
                x.iter().map(|&v| (v - lo).ln() - (hi - v).ln()).collect()
            }
            Bijection::Simplex => simplex_inverse(x),
            Bijection::Ordered => x[..1].iter().copied().chain(ln_steps(x)).collect(),
            Bijection::OrderedAbove(lo) => {
                let first = (x[0] - lo).ln();
                std::iter::once(first).chain(ln_steps(x)).collect()
            }
            Bijection::OrderedBelow(hi) => {
                let last = (hi - x[x.len() - 1]).ln();
                ln_steps(x).chain(std::iter::once(last)).collect()
            }
            Bijection::OrderedWithin(lo, hi) => {
                let steps = x.windows(2).map(|w| w[1] - w[0]);
                let mut pieces: Vec<R> = std::iter::once(x[0] - lo).chain(steps).collect();
                pieces.push(hi - x[x.len() - 1]);
                simplex_inverse(&pieces)
            }
            Bijection::SumToZero => sum_to_zero_inverse(x),
            Bijection::CorrCholesky => corr_cholesky_inverse(x, side(x.len())),
            Bijection::Correlation => Bijection::CorrCholesky.inverse(&cholesky(x, side(x.len()))),
            Bijection::Covariance => Bijection::CovCholesky.inverse(&cholesky(x, side(x.len()))),
            Bijection::CovCholesky => {
                let k = side(x.len());
                let entry = |i: usize, j: usize| {
                    let v = x[i * k + j];
                    if i == j { v.ln() } else { v }
                };
                (0..k)
                    .flat_map(|i| (0..=i).map(move |j| entry(i, j)))
                    .collect()
            }
        }
    }
}

/// L L' and the log Jacobian with that of the square added: the product of L[i, i]^(K - i - fixed), i from 0, where `fixed`
/// is 1 if the diagonal of the square is.
fn squared<R: Real>(l: &[R], k: usize, ln_jacobian: R, fixed: usize) -> (Vec<R>, R) {
    let powers = (fixed..k).map(|i| R::lit((k - i - fixed) as f64) * l[i * k + i].ln());
    let more = powers.reduce(|a, b| a + b).unwrap_or(R::lit(0.0));
    (outer_square(l, k), ln_jacobian + more)
}

fn sum<R: Real>(v: &[R]) -> R {
    v.iter()
        .copied()
        .reduce(|a, b| a + b)
        .unwrap_or(R::lit(0.0))
}

/// lo + (hi - lo) z with z = inv_logit(u); ln z (1 - z) = u - 2 softplus(u).
fn interval<R: Real>(lo: R, hi: R, u: &[R]) -> (Vec<R>, R) {
    let width = hi - lo;
    let x = u.iter().map(|&v| lo + width * v.inv_logit()).collect();
    let terms: Vec<R> = u.iter().map(|&v| v - R::lit(2.0) * v.softplus()).collect();
    (x, R::lit(u.len() as f64) * width.ln() + sum(&terms))
}

/// `first` with each of `steps` exponentiated and added on, `first` itself left out.
fn running_sum<R: Real>(first: R, steps: &[R]) -> Vec<R> {
    let mut last = first;
    let next = |step: &R| {
        last = last + step.exp();
        last
    };
    steps.iter().map(next).collect()
}

/// The logarithms of what each number is above the one before.
fn ln_steps<R: Real>(x: &[R]) -> impl Iterator<Item = R> {
    x.windows(2).map(|w| (w[1] - w[0]).ln())
}

/// lo + (hi - lo) (1 - what is left of the stick after each piece): see [`simplex`].
fn ordered_within<R: Real>(lo: R, hi: R, u: &[R]) -> (Vec<R>, R) {
    let (n, width) = (u.len(), hi - lo);
    let mut ln_left = R::lit(0.0);
    let mut ln_jacobian = R::lit(n as f64) * width.ln();
    let mut x = Vec::with_capacity(n);
    for (k, &u) in u.iter().enumerate() {
        let v = u - R::lit(((n - k) as f64).ln());
        let ln_rest = -v.softplus();
        ln_jacobian = ln_jacobian + ln_left + v + R::lit(2.0) * ln_rest;
        ln_left = ln_left + ln_rest;
        x.push(lo - width * ln_left.expm1());
    }
    (x, ln_jacobian)
}

/// Stick breaking: z_k = inv_logit(u_k - ln(K - k)) of what is left, k = 1..K-1. Everything is kept as logarithms:
/// ln(1 - z) = -softplus(v), ln z = v - softplus(v), so nothing cancels however small the rest of the stick.
/// ln |J| = sum_k ln z_k + ln(1 - z_k) + ln(left before k).
fn simplex<R: Real>(u: &[R], n: usize) -> (Vec<R>, R) {
    let mut x = Vec::with_capacity(n);
    let mut ln_left = R::lit(0.0);
    let mut ln_jacobian = R::lit(0.0);
    for (k, &u) in u.iter().enumerate() {
        let v = u - R::lit((n - 1 - k) as f64).ln();
        let ln_rest = -v.softplus();
        let ln_piece = ln_left + v + ln_rest;
        x.push(ln_piece.exp());
        ln_jacobian = ln_jacobian + ln_piece + ln_rest;
        ln_left = ln_left + ln_rest;
    }
    x.push(ln_left.exp());
    (x, ln_jacobian)
}

/// logit z_k = ln x_k - ln(what follows k), summed from the end.
fn simplex_inverse<R: Real>(x: &[R]) -> Vec<R> {
    let mut u = Vec::with_capacity(x.len() - 1);
    let mut rest = x[x.len() - 1];
    for (k, &piece) in x[..x.len() - 1].iter().enumerate().rev() {
        u.push(piece.ln() - rest.ln() + R::lit((x.len() - 1 - k) as f64).ln());
        rest = rest + piece;
    }
    u.reverse();
    u
}

/// The sum of u_i e_i with e_i = (1, …, 1, -i, 0, …) / sqrt(i (i + 1)), i ones, i = 1..K-1: the orthonormal basis of Stan's
/// `sum_to_zero_vector`.
fn sum_to_zero<R: Real>(u: &[R], n: usize) -> Vec<R> {
    let mut x = vec![R::lit(0.0); n];
    let mut tail = R::lit(0.0);
    for (k, &u) in u.iter().enumerate().rev() {
        let i = (k + 1) as f64;
        let w = u * R::lit(1.0 / (i * (i + 1.0)).sqrt());
        x[k + 1] = tail - R::lit(i) * w;
        tail = tail + w;
    }
    x[0] = tail;
    x
}

/// The coordinates along the basis of [`sum_to_zero`].
fn sum_to_zero_inverse<R: Real>(x: &[R]) -> Vec<R> {
    let mut before = x[0];
    let mut u = Vec::with_capacity(x.len() - 1);
    for (k, &next) in x[1..].iter().enumerate() {
        let i = (k + 1) as f64;
        u.push((before - R::lit(i) * next) * R::lit(1.0 / (i * (i + 1.0)).sqrt()));
        before = before + next;
    }
    u
}

/// Row i: x_ij = tanh(u_ij) prod_{j' < j} sech(u_ij'), diagonal prod sech. With ln sech u = ln 2 - u - softplus(-2 u),
/// dx_ij / du_ij = sech²(u_ij) prod_{j' < j} sech(u_ij').
fn corr_cholesky<R: Real>(u: &[R], k: usize) -> (Vec<R>, R) {
    let mut x = vec![R::lit(0.0); k * k];
    x[0] = R::lit(1.0);
    let mut ln_jacobian = R::lit(0.0);
    let mut u = u.iter();
    for i in 1..k {
        let mut ln_left = R::lit(0.0);
        for (j, &u) in u.by_ref().take(i).enumerate() {
            let ln_sech = R::lit(std::f64::consts::LN_2) - u - (R::lit(-2.0) * u).softplus();
            x[i * k + j] = if j == 0 {
                u.tanh()
            } else {
                u.tanh() * ln_left.exp()
            };
            ln_jacobian = ln_jacobian + ln_left + R::lit(2.0) * ln_sech;
            ln_left = ln_left + ln_sech;
        }
        x[i * k + i] = ln_left.exp();
    }
    (x, ln_jacobian)
}

/// sinh u_ij = x_ij / sqrt(sum of squares of what follows in the row), summed from the diagonal.
fn corr_cholesky_inverse<R: Real>(x: &[R], k: usize) -> Vec<R> {
    let mut u = Vec::with_capacity(k * (k - 1) / 2);
    for i in 1..k {
        let mut rest = x[i * k + i].square();
        let start = u.len();
        for j in (0..i).rev() {
            u.push(asinh(x[i * k + j] / rest.sqrt()));
            rest = rest + x[i * k + j].square();
        }
        u[start..].reverse();
    }
    u
}

/// sign(y) log1p(|y| + y² / (1 + sqrt(1 + y²))), Abramowitz & Stegun 4.6.20 written without cancellation; ln(2 |y|) where y²
/// could overflow.
pub(crate) fn asinh<R: Real>(y: R) -> R {
    let one = R::lit(1.0);
    let size = y.abs();
    let near = size.less(R::lit(1e10));
    let (small, large) = (near.select(size, one), near.select(one, size));
    let exact = (small + small.square() / (one + (one + small.square()).sqrt())).log1p();
    let size = near.select(exact, large.ln() + R::lit(std::f64::consts::LN_2));
    y.less(R::lit(0.0)).select(-size, size)
}

fn cov_cholesky<R: Real>(u: &[R], k: usize) -> (Vec<R>, R) {
    let mut x = vec![R::lit(0.0); k * k];
    let mut diagonal = Vec::with_capacity(k);
    let mut u = u.iter();
    for i in 0..k {
        for (j, &u) in u.by_ref().take(i + 1).enumerate() {
            x[i * k + j] = if i == j { u.exp() } else { u };
            if i == j {
                diagonal.push(u);
            }
        }
    }
    let ln_jacobian = sum(&diagonal);
    (x, ln_jacobian)
}
