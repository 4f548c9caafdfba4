//! Logarithms of the regularised incomplete gamma and beta functions, with their derivatives by the shapes.

use super::jet::{Jet, Number};
use super::{inv_logit, softplus};

/// Terms after which a series or continued fraction is given up: enough for shapes up to 10^9, of which they need the root.
const LIMIT: usize = 400_000;
/// From here on ln Gamma is Stirling's series, part by part, so that large terms cancel on paper.
pub(super) const LARGE: f64 = 30.0;
/// ln(2 pi) / 2
const HALF_LN_2_PI: f64 = 0.918_938_533_204_672_8;

/// P(a, x), the distribution function of Gamma(a, 1).
pub fn regularized_gamma(a: f64, x: f64) -> f64 {
    libm::exp(ln_gamma_lower(0, a, x))
}

/// I_x(a, b), the distribution function of Beta(a, b).
pub fn regularized_beta(a: f64, b: f64, x: f64) -> f64 {
    libm::exp(ln_beta_lower((0, 0), a, b, libm::log(x) - libm::log1p(-x)))
}

/// The derivative of that order by a (up to the second, else NaN) of ln P(a, x), a >= 0.
pub fn ln_gamma_lower(order: u8, a: f64, x: f64) -> f64 {
    gamma_tail(order, a, x, true)
}

/// The derivative of that order by a (up to the second, else NaN) of ln Q(a, x), Q = 1 - P.
pub fn ln_gamma_upper(order: u8, a: f64, x: f64) -> f64 {
    gamma_tail(order, a, x, false)
}

/// The derivative of these orders by a and b (up to the second in all, else NaN) of ln I_x(a, b), x = inv_logit(t). With the
/// log odds for x both ends are equally sharp: ln(1 - I) is that of (b, a, -t).
pub fn ln_beta_lower(order: (u8, u8), a: f64, b: f64, t: f64) -> f64 {
    let zeroth = order == (0, 0);
    let at_end = |v: f64| if zeroth { v } else { 0.0 };
    if a.is_nan() || b.is_nan() || t.is_nan() || a < 0.0 || b < 0.0 {
        f64::NAN
    } else if a == 0.0 || b == f64::INFINITY {
        at_end(0.0)
    } else if b == 0.0 || a == f64::INFINITY || t == f64::NEG_INFINITY {
        at_end(f64::NEG_INFINITY)
    } else if t == f64::INFINITY {
        at_end(0.0)
    } else if zeroth {
        beta(a, b, t)
    } else {
        beta(Jet::a(a), Jet::b(b), t).derivative(order.0, order.1)
    }
}

/// The derivative by x of [`ln_gamma_lower`] of that order.
pub fn ln_gamma_lower_slope(order: u8, a: f64, x: f64) -> f64 {
    gamma_slope(order, a, x, true)
}

/// The derivative by x of [`ln_gamma_upper`] of that order.
pub fn ln_gamma_upper_slope(order: u8, a: f64, x: f64) -> f64 {
    -gamma_slope(order, a, x, false)
}

/// The derivative by t of [`ln_beta_lower`] of these orders, r = x^a (1 - x)^b / (B(a, b) I); 0 where I is 0.
pub fn ln_beta_lower_slope(order: (u8, u8), a: f64, b: f64, t: f64) -> f64 {
    let value = ln_beta_lower((0, 0), a, b, t);
    let ends = [0.0, f64::INFINITY];
    if value.is_nan() {
        f64::NAN
    } else if value == f64::NEG_INFINITY
        || t.is_infinite()
        || ends.contains(&a)
        || ends.contains(&b)
    {
        0.0
    } else if order == (0, 0) {
        libm::exp(ln_beta_front(a, b, t) - value)
    } else {
        let (a, b) = (Jet::a(a), Jet::b(b));
        let slope = (ln_beta_front(a, b, t) - beta(a, b, t)).exp();
        slope.derivative(order.0, order.1)
    }
}

/// The derivative of that order by a of the density over P, or over Q; 0 where that is 0.
fn gamma_slope(order: u8, a: f64, x: f64, lower: bool) -> f64 {
    fn slope<N: Number>(a: N, x: f64, lower: bool) -> N {
        let density = ln_front(a, x) + a.ln() - N::from(libm::log(x));
        (density - gamma(a, x, lower)).exp()
    }
    let value = gamma_tail(0, a, x, lower);
    if value.is_nan() {
        f64::NAN
    } else if value == f64::NEG_INFINITY || a == 0.0 || x <= 0.0 || a.max(x) == f64::INFINITY {
        0.0
    } else if order == 0 {
        slope(a, x, lower)
    } else {
        slope(Jet::a(a), x, lower).derivative(order, 0)
    }
}

fn gamma_tail(order: u8, a: f64, x: f64, lower: bool) -> f64 {
    let end = |full: bool| {
        if full || order > 0 {
            0.0
        } else {
            f64::NEG_INFINITY
        }
    };
    if a.is_nan() || x.is_nan() || a < 0.0 {
        f64::NAN
    } else if a == 0.0 {
        end(lower)
    } else if x <= 0.0 || a == f64::INFINITY {
        end(!lower)
    } else if x == f64::INFINITY {
        end(lower)
    } else if order == 0 {
        gamma(a, x, lower)
    } else {
        gamma(Jet::a(a), x, lower).derivative(order, 0)
    }
}

/// ln P(a, x) or ln Q(a, x): by the power series DLMF 8.7.3 for small a and x, by 8.7.1 below a + 1, by the continued
/// fraction 8.9.2 above. The larger of the two is 1 less the other.
fn gamma<N: Number>(a: N, x: f64, lower: bool) -> N {
    let one = N::from(1.0);
    let complement = |ln: N| (-ln.exp()).log1p();
    if a.value() < 1.0 && x < 1.0 {
        // P = e^u (1 + a s), u = a ln x - ln Gamma(a + 1), s the sum over k >= 1 of (-x)^k / (k! (a + k)).
        let u = a * N::from(libm::log(x)) - (a + one).ln_gamma();
        let mut power = 1.0;
        let mut s = N::from(0.0);
        for k in 1..25 {
            power *= -x / f64::from(k);
            s = s + N::from(power) / (a + N::from(f64::from(k)));
        }
        if lower {
            u + (a * s).log1p()
        } else {
            (-(u.expm1() + u.exp() * a * s)).ln()
        }
    } else if x < a.value() + 1.0 {
        let p = ln_front(a, x) + series(|k| N::from(x) / (a + N::from(k))).ln();
        if lower { p } else { complement(p) }
    } else {
        let fraction = continued_fraction(N::from(x) + one - a, |k| {
            let k = N::from(k);
            (k * (a - k), N::from(x) + k + k + one - a)
        });
        let q = ln_front(a, x) + a.ln() - fraction.ln();
        if lower { complement(q) } else { q }
    }
}

/// a ln x - x - ln Gamma(a + 1).
fn ln_front<N: Number>(a: N, x: f64) -> N {
    let x = N::from(x);
    if a.value() < LARGE {
        return a * x.ln() - x - (a + N::from(1.0)).ln_gamma();
    }
    let half_ln = N::from(0.5) * a.ln() + N::from(HALF_LN_2_PI);
    -(a * ((x - a) / a).excess()) - half_ln - stirling(a)
}

/// ln I_x(a, b): the continued fraction on the side where it converges fast, x < (a + 1)/(a + b + 2).
fn beta<N: Number>(a: N, b: N, t: f64) -> N {
    let (p, q) = (a.value(), b.value());
    if inv_logit(t) > (p + 1.0) / (p + q + 2.0) {
        (-beta_by_fraction(b, a, -t).exp()).log1p()
    } else {
        beta_by_fraction(a, b, t)
    }
}

/// The even part of the continued fraction DLMF 8.17.22, with what cancels in it for a large a taken together in
/// a - (a + b) x (Didonato & Morris 1992, ACM TOMS 18, BFRAC).
fn beta_by_fraction<N: Number>(a: N, b: N, t: f64) -> N {
    let (one, x, y) = (N::from(1.0), N::from(inv_logit(t)), N::from(inv_logit(-t)));
    let below_mean = if t > 0.0 {
        (a + b) * y - b
    } else {
        a - (a + b) * x
    };
    let c = one + below_mean;
    let fraction = continued_fraction(a * c / (a + one), |k| {
        let n = N::from(k);
        let s = a + n + n - one;
        let w = n * (b - n) * x;
        let before = (a + n - one) / s * ((a + b + n - one) / s);
        let next = n + w / s + (a + n) / (s + one + one) * (c + n * (one + y));
        (before * w * x, next)
    });
    ln_beta_front(a, b, t) - fraction.ln()
}

/// a ln x + b ln(1 - x) - ln B(a, b), x = inv_logit(t).
fn ln_beta_front<N: Number>(a: N, b: N, t: f64) -> N {
    let (ln_x, ln_y) = (N::from(-softplus(-t)), N::from(-softplus(t)));
    match (a.value() < LARGE, b.value() < LARGE) {
        (true, true) => a * ln_x + b * ln_y + (a + b).ln_gamma() - a.ln_gamma() - b.ln_gamma(),
        (false, true) => a * ln_x + b * (ln_y + a.ln()) + ln_rising(a, b) - b.ln_gamma(),
        (true, false) => b * ln_y + a * (ln_x + b.ln()) + ln_rising(b, a) - a.ln_gamma(),
        // With p = a/(a + b): the ratios x/p and (1 - x)/(1 - p) are near 1 where it matters.
        (false, false) => {
            let n = a + b;
            let off = N::from(inv_logit(t)) * b - N::from(inv_logit(-t)) * a;
            let deviance = a * (off / a).excess() + b * (-(off / b)).excess();
            let width = N::from(0.5) * (a.ln() + b.ln() - n.ln()) - N::from(HALF_LN_2_PI);
            width - deviance + stirling(n) - stirling(a) - stirling(b)
        }
    }
}

/// ln Gamma(a + s) - ln Gamma(a) - s ln a for large a (DLMF 5.11.1).
pub(super) fn ln_rising<N: Number>(a: N, s: N) -> N {
    let power = (a + s - N::from(0.5)) * (s / a).log1p() - s;
    power + stirling(a + s) - stirling(a)
}

/// ln Gamma(a) - ((a - 1/2) ln a - a + ln(2 pi)/2) for a >= 30 (DLMF 5.11.1); the first term left out is 691/(360360 a^11).
fn stirling<N: Number>(a: N) -> N {
    let r = N::from(1.0) / a;
    let r2 = r * r;
    let terms = [-1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0];
    let tail = terms
        .iter()
        .rev()
        .fold(N::from(0.0), |s, &c| r2 * (N::from(c) + s));
    r * (N::from(1.0 / 12.0) + tail)
}

/// How many terms derivatives take where the value took `k`: half as many again, for the powers of k that they gain.
fn enough<N: Number>(k: usize) -> usize {
    if N::DERIVATIVES { k + k / 2 + 8 } else { k }
}

/// 1 + r_1 + r_1 r_2 + … of positive ratios r_k < 1; NaN where there are too many terms.
fn series<N: Number>(ratio: impl Fn(f64) -> N) -> N {
    let mut term = N::from(1.0);
    let mut total = term;
    let mut last = LIMIT;
    for k in 1..LIMIT {
        term = term * ratio(k as f64);
        total = total + term;
        if last == LIMIT && term.value() < total.value() * f64::EPSILON {
            last = enough::<N>(k);
        }
        if k >= last {
            return total;
        }
    }
    N::from(f64::NAN)
}

/// b0 + a1/(b1 + a2/(b2 + …)) by the modified Lentz method; `terms(k)` is (a_k, b_k). NaN where there are too many terms.
fn continued_fraction<N: Number>(b0: N, terms: impl Fn(f64) -> (N, N)) -> N {
    let away_from_zero = |v: N| {
        if v.value().abs() < 1e-300 {
            N::from(1e-300)
        } else {
            v
        }
    };
    let mut value = away_from_zero(b0);
    let mut c = value;
    let mut d = N::from(0.0);
    let mut last = LIMIT;
    for k in 1..LIMIT {
        let (a, b) = terms(k as f64);
        d = N::from(1.0) / away_from_zero(b + a * d);
        c = away_from_zero(b + a / c);
        value = value * c * d;
        if last == LIMIT && (c * d).is_one() {
            last = enough::<N>(k);
        }
        if k >= last {
            return value;
        }
    }
    N::from(f64::NAN)
}

#[cfg(test)]
#[path = "incomplete_tests/mod.rs"]
mod tests;
