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
    "log" 1 false |a| a[0].ln();
    "log1p" 1 false |a| a[0].log1p();
    "log1m" 1 false |a| (-a[0]).log1p();
    "log10" 1 false |a| a[0].ln() * Expr::Const(std::f64::consts::LOG10_E);
    "log2" 1 false |a| a[0].ln() * Expr::Const(std::f64::consts::LOG2_E);
    "expm1" 1 false |a| a[0].expm1();
    "sqrt" 1 false |a| a[0].sqrt();
    "square" 1 true |a| a[0].square();
    "inv" 1 false |a| a[0].recip();
    "pow" 2 false |a| a[0].pow(a[1]);
    "abs" 1 true |a| a[0].abs();
    "floor" 1 true |a| Expr::apply(Prim::Floor, &[a[0]]);
    "ceil" 1 true |a| -Expr::apply(Prim::Floor, &[-a[0]]);
    "round" 1 true |a| Expr::apply(Prim::Floor, &[a[0] + Expr::Const(0.5)]);
    "sin" 1 false |a| Expr::apply(Prim::Sin, &[a[0]]);
    "cos" 1 false |a| Expr::apply(Prim::Cos, &[a[0]]);
    "tan" 1 false |a| Expr::apply(Prim::Sin, &[a[0]]) / Expr::apply(Prim::Cos, &[a[0]]);
    "atan" 1 false |a| a[0].atan();
    "tanh" 1 false |a| a[0].tanh();
    "sinh" 1 false |a| (a[0].exp() - (-a[0]).exp()) * Expr::Const(0.5);
    "cosh" 1 false |a| (a[0].exp() + (-a[0]).exp()) * Expr::Const(0.5);
    "inv_logit" 1 false |a| a[0].inv_logit();
    "logit" 1 false |a| a[0].ln() - (-a[0]).log1p();
    "log_inv_logit" 1 false |a| -(-a[0]).softplus();
    "log1m_inv_logit" 1 false |a| -a[0].softplus();
    "softplus" 1 false |a| a[0].softplus();
    "log1p_exp" 1 false |a| a[0].softplus();
    "relu" 1 false |a| a[0].max(Expr::Const(0.0));
    "lgamma" 1 false |a| a[0].ln_gamma();
    "digamma" 1 false |a| Expr::apply(Prim::Polygamma, &[Expr::Const(0.0), a[0]]);
    "trigamma" 1 false |a| Expr::apply(Prim::Polygamma, &[Expr::Const(1.0), a[0]]);
    "lbeta" 2 false |a| a[0].ln_gamma() + a[1].ln_gamma() - (a[0] + a[1]).ln_gamma();
    "lchoose" 2 false |a| {
        let one = Expr::Const(1.0);
        (a[0] + one).ln_gamma() - (a[1] + one).ln_gamma() - (a[0] - a[1] + one).ln_gamma()
    };
    "erf" 1 false |a| Expr::apply(Prim::Erf, &[a[0]]);
    "erfc" 1 false |a| Expr::Const(1.0) - Expr::apply(Prim::Erf, &[a[0]]);
    "Phi" 1 false |a| a[0].phi();
    "log_Phi" 1 false |a| Expr::apply(Prim::LnPhi, &[a[0]]);
    "inv_Phi" 1 false |a| Expr::apply(Prim::InvPhi, &[a[0]]);
    "fmin" 2 true |a| Expr::apply(Prim::Min, &[a[0], a[1]]);
    "fmax" 2 true |a| Expr::apply(Prim::Max, &[a[0], a[1]]);
    "log_diff_exp" 2 false |a| a[0] + (-(a[1] - a[0]).exp()).log1p();
    "log_add_exp" 2 false |a| a[0] + (a[1] - a[0]).softplus();
}

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    ALL.iter().find(|f| f.name == name)
}
