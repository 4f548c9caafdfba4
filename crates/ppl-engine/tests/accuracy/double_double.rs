//! Numbers of some 106 bits: unevaluated sums of two `f64` (Dekker 1971), with what the references need of them.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// High and low part; the low part is below half a unit in the last place of the high one.
#[derive(Debug, Clone, Copy)]
pub struct Double(pub f64, pub f64);

/// ln 2 in three parts.
const LN_2: [f64; 3] = [
    std::f64::consts::LN_2,
    2.319_046_813_846_299_6e-17,
    5.707_708_438_416_212e-34,
];

fn two_sum(a: f64, b: f64) -> Double {
    let sum = a + b;
    let part = sum - a;
    Double(sum, (a - (sum - part)) + (b - part))
}

impl From<f64> for Double {
    fn from(x: f64) -> Double {
        Double(x, 0.0)
    }
}

impl Add for Double {
    type Output = Double;
    fn add(self, other: Double) -> Double {
        let (high, low) = (two_sum(self.0, other.0), two_sum(self.1, other.1));
        let sum = two_sum(high.0, high.1 + low.0);
        two_sum(sum.0, sum.1 + low.1)
    }
}

impl Neg for Double {
    type Output = Double;
    fn neg(self) -> Double {
        Double(-self.0, -self.1)
    }
}

impl Sub for Double {
    type Output = Double;
    fn sub(self, other: Double) -> Double {
        self + -other
    }
}

impl Mul for Double {
    type Output = Double;
    fn mul(self, other: Double) -> Double {
        let product = self.0 * other.0;
        let error = self.0.mul_add(other.0, -product);
        two_sum(product, error + (self.0 * other.1 + self.1 * other.0))
    }
}

impl Div for Double {
    type Output = Double;
    fn div(self, other: Double) -> Double {
        let first = self.0 / other.0;
        let rest = self - other * first.into();
        let second = rest.0 / other.0;
        let rest = rest - other * second.into();
        Double::from(first) + two_sum(second, rest.0 / other.0)
    }
}

impl Double {
    /// A quotient of whole numbers.
    pub fn ratio(a: f64, b: f64) -> Double {
        Double::from(a) / b.into()
    }

    /// The sum of `c_k x^k`, lowest power first.
    pub fn polynomial(self, coefficients: &[Double]) -> Double {
        let all = coefficients.iter().rev();
        all.fold(0.0.into(), |sum, &c| sum * self + c)
    }

    /// e^x - 1 for moderate x, without loss near 0.
    fn small_expm1(self) -> Double {
        const HALVINGS: i32 = 9;
        let x = self * 2f64.powi(-HALVINGS).into();
        let mut sum = Double::from(0.0);
        for k in (1..12).rev() {
            sum = (sum + 1.0.into()) * x / f64::from(k).into();
        }
        for _ in 0..HALVINGS {
            sum = sum + sum + sum * sum;
        }
        sum
    }

    /// e^x as a number near 1 and a power of two; beyond 1e7 as there, far out of range.
    pub fn exp_parts(self) -> (Double, i32) {
        const FAR: f64 = 1e7;
        if self.0.abs() > FAR {
            return Double::from(FAR.copysign(self.0)).exp_parts();
        }
        let k = (self.0 / LN_2[0]).round();
        let rest = LN_2
            .iter()
            .fold(self, |x, &part| x - Double::from(k) * part.into());
        (rest.small_expm1() + 1.0.into(), k as i32)
    }

    /// e^x where it is an ordinary number.
    pub fn exp(self) -> Double {
        let (m, k) = self.exp_parts();
        let half = 2f64.powi(k / 2);
        let other = 2f64.powi(k - k / 2);
        Double(m.0 * half * other, m.1 * half * other)
    }

    /// e^x - 1
    pub fn expm1(self) -> Double {
        if self.0.abs() < 0.3 {
            self.small_expm1()
        } else {
            self.exp() - 1.0.into()
        }
    }

    /// ln(1 + x) for |x| < 0.1, as an inverse hyperbolic tangent.
    fn small_ln_1p(self) -> Double {
        let s = self / (self + 2.0.into());
        let series: Vec<Double> = (0..14)
            .map(|k| Double::ratio(1.0, f64::from(2 * k + 1)))
            .collect();
        (s + s) * (s * s).polynomial(&series)
    }

    /// Natural logarithm.
    pub fn ln(self) -> Double {
        let near = self - 1.0.into();
        if near.0.abs() < 0.1 {
            return near.small_ln_1p();
        }
        let guess = Double::from(self.0.ln());
        // Newton's step, of the second order.
        let (m, k) = (-guess).exp_parts();
        let (half, other) = (2f64.powi(k / 2), 2f64.powi(k - k / 2));
        let scaled = self * half.into();
        let e = scaled * m * other.into() - 1.0.into();
        guess + e - e * e * 0.5.into()
    }

    /// ln(1 + x)
    pub fn ln_1p(self) -> Double {
        if self.0.abs() < 0.1 {
            self.small_ln_1p()
        } else {
            (self + 1.0.into()).ln()
        }
    }
}
