//! The elementwise primitives: one list for values, programs, gradients and kernels.

/// An elementwise primitive. Comparisons give 1 or 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Prim {
    /// a + b
    Add,
    /// a b
    Mul,
    /// 1 / a
    Recip,
    /// e^a
    Exp,
    /// natural logarithm
    Ln,
    /// ln(1 + a)
    Log1p,
    /// e^a - 1
    Expm1,
    /// square root
    Sqrt,
    /// a^b
    Pow,
    /// hyperbolic tangent
    Tanh,
    /// 1 / (1 + e^-a)
    InvLogit,
    /// ln(1 + e^a)
    Softplus,
    /// sine
    Sin,
    /// cosine
    Cos,
    /// arc tangent
    Atan,
    /// |a|
    Abs,
    /// -1, 0, 1
    Sign,
    /// largest integer not above a
    Floor,
    /// larger
    Max,
    /// smaller
    Min,
    /// a < b
    Less,
    /// a <= b
    LessEq,
    /// a == b
    Equal,
    /// if a != 0 { b } else { c }
    Select,
    /// ln |Gamma(a)|
    LnGamma,
    /// polygamma of order a (a literal whole number) at b; order 0 is digamma
    Polygamma,
    /// error function
    Erf,
    /// standard normal distribution function
    Phi,
    /// ln of the standard normal distribution function
    LnPhi,
    /// standard normal quantile function (inverse of Phi)
    InvPhi,
    /// derivative of that order by a of ln P(a, b), P the regularised lower incomplete gamma function; NaN above order 2
    LnGammaLower(u8),
    /// the same of ln(1 - P(a, b))
    LnGammaUpper(u8),
    /// derivative of these orders by a and b of ln I_x(a, b), the regularised incomplete beta function, x = inv_logit(c);
    /// NaN above order 2 in all
    LnBetaLower(u8, u8),
    /// the derivative by b of `LnGammaLower` of the same order
    LnGammaLowerSlope(u8),
    /// the derivative by b of `LnGammaUpper` of the same order
    LnGammaUpperSlope(u8),
    /// the derivative by c of `LnBetaLower` of the same orders
    LnBetaLowerSlope(u8, u8),
    /// ln of the distribution function at a of the standard skew-normal with shape b
    LnSkewPhi,
    /// ln(e^-a I_0(a)), I_0 the modified Bessel function
    LnBesselI0e,
    /// 1 - I_1(a)/I_0(a)
    BesselGap,
    /// derivative of that order by c of ln of the integral of e^(c (cos - 1)) from a to b; NaN above order 2
    LnVonMisesArc(u8),
    /// derivative of these orders by b and c of ln of the probability of fewer successes than the first count in a (which holds
    /// two, see [`crate::special::below_of`]) from Pólya's urn with weights b and c; NaN above order 2 in all
    LnPolyaLower(u8, u8),
}

impl Prim {
    /// Number of arguments.
    pub fn arity(self) -> usize {
        use Prim::*;
        match self {
            Add | Mul | Pow | Max | Min | Less | LessEq | Equal | Polygamma => 2,
            LnGammaLower(_) | LnGammaUpper(_) | LnSkewPhi => 2,
            LnGammaLowerSlope(_) | LnGammaUpperSlope(_) => 2,
            LnVonMisesArc(_) | LnPolyaLower(..) => 3,
            Select | LnBetaLower(..) | LnBetaLowerSlope(..) => 3,
            _ => 1,
        }
    }

    /// What one evaluation costs, roughly, in additions.
    pub fn cost(self) -> usize {
        use Prim::*;
        match self {
            Add | Mul | Abs | Sign | Floor | Max | Min | Less | LessEq | Equal | Select => 1,
            Recip | Sqrt => 4,
            // Polynomials of some ten terms.
            Exp | Ln | Log1p | Expm1 | Tanh | InvLogit | Softplus => 10,
            LnGamma | Erf | Phi => 20,
            // These and the rest go lane by lane.
            Pow | Sin | Cos | Atan | Polygamma | InvPhi => 50,
            // Series and continued fractions.
            _ => 500,
        }
    }

    /// The value: the reference that kernels are tested against.
    pub fn eval(self, a: &[f64]) -> f64 {
        use crate::special;
        use Prim::*;
        let truth = |b: bool| if b { 1.0 } else { 0.0 };
        match self {
            Add => a[0] + a[1],
            Mul => a[0] * a[1],
            Recip => 1.0 / a[0],
            Exp => libm::exp(a[0]),
            Ln => libm::log(a[0]),
            Log1p => libm::log1p(a[0]),
            Expm1 => libm::expm1(a[0]),
            Sqrt => libm::sqrt(a[0]),
            Pow => libm::pow(a[0], a[1]),
            Tanh => libm::tanh(a[0]),
            InvLogit => special::inv_logit(a[0]),
            Softplus => special::softplus(a[0]),
            Sin => libm::sin(a[0]),
            Cos => libm::cos(a[0]),
            Atan => libm::atan(a[0]),
            Abs => a[0].abs(),
            Sign => {
                if a[0] > 0.0 {
                    1.0
                } else if a[0] < 0.0 {
                    -1.0
                } else {
                    a[0]
                }
            }
            Floor => a[0].floor(),
            Max => a[0].max(a[1]),
            Min => a[0].min(a[1]),
            Less => truth(a[0] < a[1]),
            LessEq => truth(a[0] <= a[1]),
            Equal => truth(a[0] == a[1]),
            Select => {
                if a[0] != 0.0 {
                    a[1]
                } else {
                    a[2]
                }
            }
            LnGamma => special::ln_gamma(a[0]),
            Polygamma => special::polygamma(a[0] as u32, a[1]),
            Erf => libm::erf(a[0]),
            Phi => special::phi(a[0]),
            LnPhi => special::ln_phi(a[0]),
            InvPhi => special::inv_phi(a[0]),
            LnGammaLower(order) => special::ln_gamma_lower(order, a[0], a[1]),
            LnGammaUpper(order) => special::ln_gamma_upper(order, a[0], a[1]),
            LnBetaLower(i, j) => special::ln_beta_lower((i, j), a[0], a[1], a[2]),
            LnGammaLowerSlope(order) => special::ln_gamma_lower_slope(order, a[0], a[1]),
            LnGammaUpperSlope(order) => special::ln_gamma_upper_slope(order, a[0], a[1]),
            LnBetaLowerSlope(i, j) => special::ln_beta_lower_slope((i, j), a[0], a[1], a[2]),
            LnSkewPhi => special::ln_skew_phi(a[0], a[1]),
            LnBesselI0e => special::ln_bessel_i0e(a[0]),
            BesselGap => special::bessel_gap(a[0]),
            LnVonMisesArc(order) => special::ln_von_mises_arc(order, a[0], a[1], a[2]),
            LnPolyaLower(i, j) => special::ln_polya_lower((i, j), a[0], a[1], a[2]),
        }
    }
}
