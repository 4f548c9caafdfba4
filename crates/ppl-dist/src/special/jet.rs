//! Numbers that carry their derivatives by two variables up to the second order, so that a series or a continued fraction
//! is written once and summed for values and for derivatives.

use super::{ln_gamma, polygamma};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A value, with or without derivatives.
pub(super) trait Number:
    Copy
    + From<f64>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// Whether there are derivatives; their sums converge at the rate of the value, up to powers of the number of terms.
    const DERIVATIVES: bool;
    /// The value itself.
    fn value(self) -> f64;
    /// Whether it is the constant 1 up to rounding. A fraction can end in its value and go on in its derivatives.
    fn is_one(self) -> bool;
    /// e^self
    fn exp(self) -> Self;
    /// e^self - 1
    fn expm1(self) -> Self;
    /// natural logarithm
    fn ln(self) -> Self;
    /// ln(1 + self)
    fn log1p(self) -> Self;
    /// ln Gamma
    fn ln_gamma(self) -> Self;
    /// self - ln(1 + self), without cancellation near 0
    fn excess(self) -> Self;
}

impl Number for f64 {
    const DERIVATIVES: bool = false;
    fn value(self) -> f64 {
        self
    }
    fn is_one(self) -> bool {
        (self - 1.0).abs() < 2.0 * f64::EPSILON
    }
    fn exp(self) -> Self {
        libm::exp(self)
    }
    fn expm1(self) -> Self {
        libm::expm1(self)
    }
    fn ln(self) -> Self {
        libm::log(self)
    }
    fn log1p(self) -> Self {
        libm::log1p(self)
    }
    fn ln_gamma(self) -> Self {
        ln_gamma(self)
    }
    fn excess(self) -> Self {
        excess(self)
    }
}

/// u - ln(1 + u). With r = u/(2 + u), ln(1 + u) = 2 artanh r (Abramowitz & Stegun 4.1.27) and u - 2 r = u r.
fn excess(u: f64) -> f64 {
    if u.abs() > 0.5 {
        return u - libm::log1p(u);
    }
    let r = u / (2.0 + u);
    let r2 = r * r;
    let tail = (1..18).rev().fold(0.0, |s, k| {
        let odd = f64::from(2 * k + 1);
        r2 * (1.0 / odd + s)
    });
    r * (u - 2.0 * tail)
}

/// The value, its first derivatives by a and b, its second by aa, ab, bb.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jet(pub(super) [f64; 6]);

impl Jet {
    /// The variable a.
    pub(super) fn a(v: f64) -> Jet {
        Jet([v, 1.0, 0.0, 0.0, 0.0, 0.0])
    }

    /// The variable b.
    pub(super) fn b(v: f64) -> Jet {
        Jet([v, 0.0, 1.0, 0.0, 0.0, 0.0])
    }

    /// The derivative of that order by each variable; NaN above the second.
    pub(super) fn derivative(self, by_a: u8, by_b: u8) -> f64 {
        match (by_a, by_b) {
            (0, 0) => self.0[0],
            (1, 0) => self.0[1],
            (0, 1) => self.0[2],
            (2, 0) => self.0[3],
            (1, 1) => self.0[4],
            (0, 2) => self.0[5],
            _ => f64::NAN,
        }
    }

    /// f(self), of f and its first two derivatives at the value.
    fn through(self, f: f64, f1: f64, f2: f64) -> Jet {
        let [_, a, b, aa, ab, bb] = self.0;
        Jet([
            f,
            f1 * a,
            f1 * b,
            f2 * a * a + f1 * aa,
            f2 * a * b + f1 * ab,
            f2 * b * b + f1 * bb,
        ])
    }
}

impl From<f64> for Jet {
    fn from(v: f64) -> Jet {
        Jet([v, 0.0, 0.0, 0.0, 0.0, 0.0])
    }
}

impl Add for Jet {
    type Output = Jet;
    fn add(self, o: Jet) -> Jet {
        Jet(std::array::from_fn(|i| self.0[i] + o.0[i]))
    }
}

impl Neg for Jet {
    type Output = Jet;
    fn neg(self) -> Jet {
        Jet(self.0.map(|v| -v))
    }
}

impl Sub for Jet {
    type Output = Jet;
    fn sub(self, o: Jet) -> Jet {
        Jet(std::array::from_fn(|i| self.0[i] - o.0[i]))
    }
}

impl Mul for Jet {
    type Output = Jet;
    fn mul(self, o: Jet) -> Jet {
        let ([v, a, b, aa, ab, bb], [w, c, d, cc, cd, dd]) = (self.0, o.0);
        Jet([
            v * w,
            a * w + v * c,
            b * w + v * d,
            aa * w + 2.0 * a * c + v * cc,
            ab * w + a * d + b * c + v * cd,
            bb * w + 2.0 * b * d + v * dd,
        ])
    }
}

impl Div for Jet {
    type Output = Jet;
    fn div(self, o: Jet) -> Jet {
        let r = 1.0 / o.0[0];
        let mut quotient = self * o.through(r, -r * r, 2.0 * r * r * r);
        quotient.0[0] = self.0[0] / o.0[0];
        quotient
    }
}

impl Number for Jet {
    const DERIVATIVES: bool = true;
    fn value(self) -> f64 {
        self.0[0]
    }
    fn is_one(self) -> bool {
        self.0[0].is_one() && self.0[1..].iter().all(|d| d.abs() < 1e-14)
    }
    fn exp(self) -> Jet {
        let e = libm::exp(self.0[0]);
        self.through(e, e, e)
    }
    fn expm1(self) -> Jet {
        let e = libm::exp(self.0[0]);
        self.through(libm::expm1(self.0[0]), e, e)
    }
    fn ln(self) -> Jet {
        let r = 1.0 / self.0[0];
        self.through(libm::log(self.0[0]), r, -r * r)
    }
    fn log1p(self) -> Jet {
        let r = 1.0 / (1.0 + self.0[0]);
        self.through(libm::log1p(self.0[0]), r, -r * r)
    }
    fn ln_gamma(self) -> Jet {
        let v = self.0[0];
        self.through(ln_gamma(v), polygamma(0, v), polygamma(1, v))
    }
    fn excess(self) -> Jet {
        let v = self.0[0];
        let r = 1.0 / (1.0 + v);
        self.through(excess(v), v * r, r * r)
    }
}
