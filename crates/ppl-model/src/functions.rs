//! The elementwise functions of the language, one line each.

use ppl_dist::{Expr, Prim, Real};

/// An elementwise function.
pub struct Function {
    /// Name in the language.
    pub name: &'static str,
    /// Number of arguments.
    pub arity: usize,
    /// The value.
    pub apply: for<'b> fn(&[Expr<'b>]) -> Expr<'b>,
    /// Whole numbers in, whole number out.
    pub keeps_int: bool,
}

macro_rules! functions {
    ($($name:literal $arity:literal $keeps:literal $apply:expr;)*) => {
        /// Every elementwise function.
        pub static ALL: &[Function] = &[$(Function { name: $name, arity: $arity, apply: $apply, keeps_int: $keeps }),*];
    };
}

functions! {
    "exp" 1 false |a| a[0].exp();
    "exp2" 1 false |a| (a[0] * lit(std::f64::consts::LN_2)).exp();
    "expm1" 1 false |a| a[0].expm1();
    "log" 1 false |a| a[0].ln();
    "log1p" 1 false |a| a[0].log1p();
    "log1m" 1 false |a| (-a[0]).log1p();
    "log10" 1 false |a| a[0].ln() * lit(std::f64::consts::LOG10_E);
    "log2" 1 false |a| a[0].ln() * lit(std::f64::consts::LOG2_E);
    "sqrt" 1 false |a| a[0].sqrt();
    "cbrt" 1 false |a| odd(a[0], |x| x.pow(lit(1.0 / 3.0)));
    "square" 1 true |a| a[0].square();
    "inv" 1 false |a| a[0].recip();
    "inv_sqrt" 1 false |a| a[0].sqrt().recip();
    "inv_square" 1 false |a| a[0].square().recip();
    "pow" 2 false |a| a[0].pow(a[1]);
    "hypot" 2 false |a| (a[0].square() + a[1].square()).sqrt();
    "abs" 1 true |a| a[0].abs();
    "sign" 1 true |a| prim(Prim::Sign, &[a[0]]);
    "step" 1 true |a| lit(0.0).less_eq(a[0]);
    "floor" 1 true |a| prim(Prim::Floor, &[a[0]]);
    "ceil" 1 true |a| -prim(Prim::Floor, &[-a[0]]);
    "trunc" 1 true |a| truncated(a[0]);
    "round" 1 true |a| prim(Prim::Sign, &[a[0]]) * prim(Prim::Floor, &[a[0].abs() + lit(0.5)]);
    "relu" 1 true |a| a[0].max(lit(0.0));
    "fmin" 2 true |a| a[0].min(a[1]);
    "fmax" 2 true |a| a[0].max(a[1]);
    "fdim" 2 true |a| (a[0] - a[1]).max(lit(0.0));
    "fmod" 2 true |a| a[0] - a[1] * truncated(a[0] / a[1]);
    "fma" 3 true |a| a[0] * a[1] + a[2];
    "sin" 1 false |a| prim(Prim::Sin, &[a[0]]);
    "cos" 1 false |a| prim(Prim::Cos, &[a[0]]);
    "tan" 1 false |a| prim(Prim::Sin, &[a[0]]) / prim(Prim::Cos, &[a[0]]);
    "asin" 1 false |a| (a[0] / ((lit(1.0) - a[0]) * (lit(1.0) + a[0])).sqrt()).atan();
    "acos" 1 false |a| lit(2.0) * ((lit(1.0) - a[0]) / (lit(1.0) + a[0])).sqrt().atan();
    "atan" 1 false |a| a[0].atan();
    "atan2" 2 false |a| angle(a[0], a[1]);
    "sinh" 1 false |a| {
        let e = a[0].expm1();
        lit(0.5) * (e - (-a[0]).expm1())
    };
    "cosh" 1 false |a| lit(0.5) * (a[0].exp() + (-a[0]).exp());
    "tanh" 1 false |a| a[0].tanh();
    "asinh" 1 false |a| odd(a[0], |x| (x + x * x / (lit(1.0) + (lit(1.0) + x * x).sqrt())).log1p());
    "acosh" 1 false |a| {
        let d = a[0] - lit(1.0);
        (d + (d * (a[0] + lit(1.0))).sqrt()).log1p()
    };
    "atanh" 1 false |a| lit(0.5) * (a[0].log1p() - (-a[0]).log1p());
    "logit" 1 false |a| a[0].ln() - (-a[0]).log1p();
    "inv_logit" 1 false |a| a[0].inv_logit();
    "log_inv_logit" 1 false |a| -(-a[0]).softplus();
    "log1m_inv_logit" 1 false |a| -a[0].softplus();
    "cloglog" 1 false |a| (-(-a[0]).log1p()).ln();
    "inv_cloglog" 1 false |a| -(-a[0].exp()).expm1();
    "softplus" 1 false |a| a[0].softplus();
    "log1p_exp" 1 false |a| a[0].softplus();
    "log1m_exp" 1 false |a| log1m_exp(a[0]);
    "log_add_exp" 2 false |a| log_add_exp(a[0], a[1]);
    "log_diff_exp" 2 false |a| a[0] + log1m_exp(a[1] - a[0]);
    "log_mix" 3 false |a| log_add_exp(a[0].ln() + a[1], (-a[0]).log1p() + a[2]);
    "lgamma" 1 false |a| a[0].ln_gamma();
    "tgamma" 1 false |a| a[0].ln_gamma().exp();
    "digamma" 1 false |a| prim(Prim::Polygamma, &[lit(0.0), a[0]]);
    "trigamma" 1 false |a| prim(Prim::Polygamma, &[lit(1.0), a[0]]);
    "lfactorial" 1 false |a| (a[0] + lit(1.0)).ln_gamma();
    "lbeta" 2 false |a| lbeta(a[0], a[1]);
    "beta" 2 false |a| lbeta(a[0], a[1]).exp();
    "lchoose" 2 false |a| lchoose(a[0], a[1]);
    "choose" 2 false |a| lchoose(a[0], a[1]).exp();
    "log_rising_factorial" 2 false |a| (a[0] + a[1]).ln_gamma() - a[0].ln_gamma();
    "log_falling_factorial" 2 false |a| (a[0] + lit(1.0)).ln_gamma() - (a[0] - a[1] + lit(1.0)).ln_gamma();
    "erf" 1 false |a| a[0].erf();
    "erfc" 1 false |a| lit(2.0) * (a[0] * lit(-std::f64::consts::SQRT_2)).phi();
    "Phi" 1 false |a| a[0].phi();
    "log_Phi" 1 false |a| a[0].ln_phi();
    "inv_Phi" 1 false |a| prim(Prim::InvPhi, &[a[0]]);
    "probit" 1 false |a| prim(Prim::InvPhi, &[a[0]]);
    "Phi_approx" 1 false |a| (lit(0.07056) * a[0] * a[0] * a[0] + lit(1.5976) * a[0]).inv_logit();
}

fn lit<'b>(v: f64) -> Expr<'b> {
    Expr::Const(v)
}

fn prim<'b>(p: Prim, args: &[Expr<'b>]) -> Expr<'b> {
    Expr::apply(p, args)
}

/// An odd function, given for arguments from 0 on. Both sides see an argument from 0 on only, so neither gives NaN.
fn odd<'b>(x: Expr<'b>, f: impl Fn(Expr<'b>) -> Expr<'b>) -> Expr<'b> {
    let zero = lit(0.0);
    let (above, below) = (x.max(zero), (-x).max(zero));
    x.less(zero).select(-f(below), f(above))
}

/// Towards 0.
fn truncated<'b>(x: Expr<'b>) -> Expr<'b> {
    prim(Prim::Sign, &[x]) * prim(Prim::Floor, &[x.abs()])
}

/// The angle of (x, y), from -pi to pi: by the arc tangent of whichever ratio is the smaller.
fn angle<'b>(y: Expr<'b>, x: Expr<'b>) -> Expr<'b> {
    use std::f64::consts::{FRAC_PI_2, PI};
    let zero = lit(0.0);
    let turn = y.less(zero).select(lit(-PI), lit(PI));
    let flat = (y / x).atan() + x.less(zero).select(turn, zero);
    let steep = prim(Prim::Sign, &[y]) * lit(FRAC_PI_2) - (x / y).atan();
    let angle = y.abs().less_eq(x.abs()).select(flat, steep);
    (y.abs() + x.abs()).equal(zero).select(zero, angle)
}

/// ln(e^a + e^b); either may be -inf.
fn log_add_exp<'b>(a: Expr<'b>, b: Expr<'b>) -> Expr<'b> {
    let nothing = a.equal(lit(f64::NEG_INFINITY));
    let sum = a
        .less(b)
        .select(b + (a - b).softplus(), a + (b - a).softplus());
    nothing.select(b, sum)
}

/// ln(1 - e^x) for x < 0, by the form that does not cancel (Mächler 2012, "Accurately computing log(1 - exp(-|a|))").
fn log1m_exp<'b>(x: Expr<'b>) -> Expr<'b> {
    let near = lit(-std::f64::consts::LN_2).less(x);
    near.select((-x.expm1()).ln(), (-x.exp()).log1p())
}

fn lbeta<'b>(a: Expr<'b>, b: Expr<'b>) -> Expr<'b> {
    a.ln_gamma() + b.ln_gamma() - (a + b).ln_gamma()
}

fn lchoose<'b>(n: Expr<'b>, k: Expr<'b>) -> Expr<'b> {
    let one = lit(1.0);
    (n + one).ln_gamma() - (k + one).ln_gamma() - (n - k + one).ln_gamma()
}

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    ALL.iter().find(|f| f.name == name)
}
