//! Parameters that determine a distribution and are not those of any of its forms, as a mean and a shape: what to write.

use ppl_syntax::ast::{Arg, ExprKind};
use ppl_syntax::print_expr;

/// The call with the parameters that a distribution has, where all arguments are named and determine them.
pub(super) fn advice(distribution: &str, args: &[Arg]) -> Option<String> {
    let named = |a: &Arg| Some((plain(&a.name.as_ref()?.name)?, in_brackets(a)));
    let given: Vec<(&str, String)> = args.iter().map(named).collect::<Option<_>>()?;
    let of = |names: &[&str]| -> Option<Vec<String>> {
        let text = |n: &&str| given.iter().find(|g| g.0 == *n).map(|g| g.1.clone());
        (names.len() == given.len())
            .then(|| names.iter().map(text).collect())
            .flatten()
    };
    let two = |a: &str, b: &str| of(&[a, b]).map(|v| (v[0].clone(), v[1].clone()));
    // A variance is the square of an sd.
    let squared = |s: &str| {
        let inner = s.strip_prefix('(').and_then(|s| s.strip_suffix(')'));
        format!("square({})", inner.unwrap_or(s))
    };
    let spread = || {
        let of_sd = two("mean", "sd").map(|(m, s)| (m, squared(&s)));
        of_sd.or_else(|| two("mean", "variance"))
    };
    match distribution {
        "Gamma" => (two("mean", "shape").map(|(m, a)| format!("Gamma({a}, rate = {a} / {m})")))
            .or_else(|| two("mean", "rate").map(|(m, r)| format!("Gamma({m} * {r}, rate = {r})")))
            .or_else(|| two("mean", "scale").map(|(m, s)| format!("Gamma({m} / {s}, scale = {s})")))
            .or_else(|| {
                spread()
                    .map(|(m, v)| format!("Gamma({q} / {v}, rate = {m} / {v})", q = squared(&m)))
            }),
        "InvGamma" => (two("mean", "shape")
            .map(|(m, a)| format!("InvGamma({a}, scale = {m} * ({a} - 1))")))
        .or_else(|| {
            spread().map(|(m, v)| {
                format!(
                    "InvGamma(2 + {q} / {v}, scale = {m} * (1 + {q} / {v}))",
                    q = squared(&m)
                )
            })
        }),
        "Beta" => (spread()
            .map(|(m, v)| format!("Beta(mean = {m}, concentration = {m} * (1 - {m}) / {v} - 1)")))
        .or_else(|| {
            two("mean", "size").map(|(m, n)| format!("Beta(mean = {m}, concentration = {n})"))
        }),
        "NegBinomial" => (spread().map(|(m, v)| {
            format!(
                "NegBinomial({m}, size = {q} / ({v} - {m}))",
                q = squared(&m)
            )
        }))
        .or_else(|| {
            two("mean", "probability")
                .map(|(m, p)| format!("NegBinomial({m}, size = {m} * {p} / (1 - {p}))"))
        }),
        "Weibull" => two("mean", "shape")
            .map(|(m, a)| format!("Weibull({a}, scale = {m} / tgamma(1 + 1 / {a}))")),
        "Exponential" => of(&["scale"]).map(|v| format!("Exponential(mean = {})", v[0])),
        "BetaBinomial" => of(&["n", "mean", "size"]).map(|v| {
            let (n, m, c) = (&v[0], &v[1], &v[2]);
            format!("BetaBinomial({n}, {m} * {c}, (1 - {m}) * {c})")
        }),
        _ => None,
    }
}

/// One name for each parameter, whatever it is called elsewhere.
fn plain(name: &str) -> Option<&'static str> {
    Some(match name {
        "mean" | "mu" | "m" => "mean",
        "sd" | "sigma" | "std" | "stddev" => "sd",
        "variance" | "var" | "sigma2" => "variance",
        "shape" | "alpha" | "k" | "a" => "shape",
        "rate" | "beta" | "b" => "rate",
        "scale" | "theta" => "scale",
        "size" | "concentration" | "kappa" | "phi" | "precision" | "nu" => "size",
        "probability" | "p" | "prob" => "probability",
        "n" | "total_count" | "trials" => "n",
        _ => return None,
    })
}

/// An argument's text, in brackets where it would be torn apart.
fn in_brackets(a: &Arg) -> String {
    let text = print_expr(&a.value);
    match a.value.kind {
        ExprKind::Name(_) | ExprKind::Number(_) | ExprKind::Call(..) | ExprKind::Index(..) => text,
        _ => format!("({text})"),
    }
}
