//! Arithmetic and special functions over values and over programs under construction.

use crate::expr::Expr;
use crate::prim::Prim;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// What a density is written in. Both implementations go through [`Prim`], so a value and a program cannot differ.
pub trait Real:
    Copy
    + From<f64>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// Applies a primitive.
    fn prim(prim: Prim, args: &[Self]) -> Self;

    /// e^self
    fn exp(self) -> Self {
        Self::prim(Prim::Exp, &[self])
    }
    /// natural logarithm
    fn ln(self) -> Self {
        Self::prim(Prim::Ln, &[self])
    }
    /// ln(1 + self)
    fn log1p(self) -> Self {
        Self::prim(Prim::Log1p, &[self])
    }
    /// e^self - 1
    fn expm1(self) -> Self {
        Self::prim(Prim::Expm1, &[self])
    }
    /// square root
    fn sqrt(self) -> Self {
        Self::prim(Prim::Sqrt, &[self])
    }
    /// self^e
    fn pow(self, e: Self) -> Self {
        Self::prim(Prim::Pow, &[self, e])
    }
    /// self²
    fn square(self) -> Self {
        self * self
    }
    /// 1 / self
    fn recip(self) -> Self {
        Self::prim(Prim::Recip, &[self])
    }
    /// hyperbolic tangent
    fn tanh(self) -> Self {
        Self::prim(Prim::Tanh, &[self])
    }
    /// logistic function
    fn inv_logit(self) -> Self {
        Self::prim(Prim::InvLogit, &[self])
    }
    /// ln(1 + e^self)
    fn softplus(self) -> Self {
        Self::prim(Prim::Softplus, &[self])
    }
    /// arc tangent
    fn atan(self) -> Self {
        Self::prim(Prim::Atan, &[self])
    }
    /// absolute value
    fn abs(self) -> Self {
        Self::prim(Prim::Abs, &[self])
    }
    /// ln |Gamma|
    fn ln_gamma(self) -> Self {
        Self::prim(Prim::LnGamma, &[self])
    }
    /// standard normal distribution function
    fn phi(self) -> Self {
        Self::prim(Prim::Phi, &[self])
    }
    /// 1 if self < other, else 0
    fn less(self, other: Self) -> Self {
        Self::prim(Prim::Less, &[self, other])
    }
    /// 1 if equal, else 0
    fn equal(self, other: Self) -> Self {
        Self::prim(Prim::Equal, &[self, other])
    }
    /// `then` where self is not zero, else `otherwise`
    fn select(self, then: Self, otherwise: Self) -> Self {
        Self::prim(Prim::Select, &[self, then, otherwise])
    }
    /// 1 if self <= other, else 0
    fn less_eq(self, other: Self) -> Self {
        Self::prim(Prim::LessEq, &[self, other])
    }
    /// error function
    fn erf(self) -> Self {
        Self::prim(Prim::Erf, &[self])
    }
    /// ln of the standard normal distribution function
    fn ln_phi(self) -> Self {
        Self::prim(Prim::LnPhi, &[self])
    }
    /// smaller
    fn min(self, other: Self) -> Self {
        Self::prim(Prim::Min, &[self, other])
    }
    /// larger
    fn max(self, other: Self) -> Self {
        Self::prim(Prim::Max, &[self, other])
    }
    /// a literal
    fn lit(v: f64) -> Self {
        Self::from(v)
    }
}

impl Real for f64 {
    fn prim(prim: Prim, args: &[Self]) -> Self {
        prim.eval(args)
    }
}

impl Real for Expr<'_> {
    fn prim(prim: Prim, args: &[Self]) -> Self {
        Expr::apply(prim, args)
    }
}

impl Add for Expr<'_> {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Expr::apply(Prim::Add, &[self, o])
    }
}
impl Mul for Expr<'_> {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        Expr::apply(Prim::Mul, &[self, o])
    }
}
impl Neg for Expr<'_> {
    type Output = Self;
    fn neg(self) -> Self {
        Expr::apply(Prim::Mul, &[Expr::Const(-1.0), self])
    }
}
impl Sub for Expr<'_> {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self + -o
    }
}
impl Div for Expr<'_> {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        Expr::apply(Prim::Mul, &[self, Expr::apply(Prim::Recip, &[o])])
    }
}
