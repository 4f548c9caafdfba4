//! Densities as Stan writes them: `target += normal_lpdf(y | mu, sigma);`.

use crate::diagnostic::{Diagnostic, Span};

use super::super::errors::Failure;

/// What Stan's names of log densities end with.
const ENDINGS: [&str; 5] = ["_lpdf", "_lpmf", "_lupdf", "_lupmf", "_log"];

/// A call such as `normal_lpdf(y | mu, sigma)`.
struct Density<'t> {
    /// The distribution as it is called here: `Normal`.
    family: String,
    value: &'t str,
    arguments: &'t str,
}

/// The call that a text is, if it is nothing else.
fn density(text: &str) -> Option<Density<'_>> {
    let (head, inside) = text.trim().split_once('(')?;
    let name = ENDINGS.iter().find_map(|e| head.trim().strip_suffix(e))?;
    if !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let mut depth = 1;
    let (mut bar, mut close) = (None, None);
    for (at, c) in inside.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '|' if depth == 1 => bar = bar.or(Some(at)),
            _ => {}
        }
        if depth == 0 {
            close = Some(at);
            break;
        }
    }
    let (bar, close) = (bar?, close?);
    inside[close + 1..].trim().is_empty().then(|| Density {
        family: capitals(name),
        value: inside[..bar].trim(),
        arguments: inside[bar + 1..close].trim(),
    })
}

/// `student_t` as `StudentT`.
fn capitals(name: &str) -> String {
    let parts = name.split('_').filter(|part| !part.is_empty());
    let capital = |part: &str| part[..1].to_uppercase() + &part[1..];
    let plain: String = parts.filter(|part| part.is_ascii()).map(capital).collect();
    match plain.as_str() {
        "Lognormal" => "LogNormal".into(),
        "DoubleExponential" => "Laplace".into(),
        _ => plain,
    }
}

/// `target += …`
pub(super) fn stan_target(f: &Failure<'_>) -> Option<Diagnostic> {
    if !(f.is_second() && f.first() == "target" && f.found == "+=") {
        return None;
    }
    let span = f.first_span().to(f.span());
    let rest = f.rest().split(';').next().unwrap_or_default();
    let message = "terms of the log density are added with `factor`";
    let Some(d) = density(rest) else {
        let d = Diagnostic::error("E0001", span, message).fix(span, "factor");
        return Some(match ENDINGS.iter().any(|e| rest.contains(&format!("{e}("))) {
            true => d.help(
                "write `factor …;`, with `log_density(Normal(mu, s), y)` for `normal_lpdf(y | mu, s)`",
            ),
            false => d.help("write `factor …;`"),
        });
    };
    // The declaration tells data from unknowns.
    let name = d.value.split('[').next().unwrap_or_default().trim();
    let data = f.declares_data(name);
    let observe = if data { "observe " } else { "" };
    let whole = Span {
        start: span.start,
        end: f.span().end + rest.trim_end().len(),
    };
    let mended = format!("{observe}{} ~ {}({})", d.value, d.family, d.arguments);
    let help = match data {
        true => "the log density of data is added by `observe`",
        false => "the log density of an unknown is added by its `~`",
    };
    Some(
        Diagnostic::error("E0001", span, message)
            .help(help)
            .fix(whole, mended),
    )
}

/// `factor normal_lpdf(y | mu, sigma);`
pub(super) fn stan_density(f: &Failure<'_>) -> Option<Diagnostic> {
    if f.found != "|" {
        return None;
    }
    let (start, call) = ENDINGS.iter().find_map(|e| {
        let ends = f.before().rfind(&format!("{e}("))?;
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let start = f.before()[..ends].trim_end_matches(word).len();
        Some((f.start + start, f.before()[start..].to_owned()))
    })?;
    let rest = f.rest().split(';').next().unwrap_or_default();
    let end = rest.find(')').map(|at| at + 1);
    let whole = end.map(|end| format!("{call}|{}", &rest[..end]));
    let d = Diagnostic::error("E0001", f.span(), "`|` is not an operator");
    Some(match (whole.as_deref().and_then(density), end) {
        (Some(found), Some(end)) => {
            let span = Span {
                start,
                end: f.span().end + end,
            };
            let mended = format!(
                "log_density({}({}), {})",
                found.family, found.arguments, found.value
            );
            d.help("a log density is written with its distribution")
                .fix(span, mended)
        }
        _ => d.help("a log density is written `log_density(Normal(mu, s), y)`"),
    })
}

/// `weibull_lccdf(y | a, b)`
pub(super) fn stan_limit(f: &Failure<'_>) -> Option<Diagnostic> {
    let tail = ["_lcdf(", "_lccdf(", "_cdf(", "_ccdf("];
    (f.found == "|" && tail.iter().any(|t| f.before().contains(t))).then(|| {
        f.slip(
            "`|` is not an operator",
            "what is known only as a limit is observed with `.censored(…)`: `observe time ~ Weibull(a, b).censored(right = event == 0);`, for all rows at once",
        )
    })
}
