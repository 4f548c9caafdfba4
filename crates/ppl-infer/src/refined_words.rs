//! What is said of a guide that was built around a Gaussian.

use crate::deterministic::{Nested, Rest};
use crate::fit::Estimate;

/// Of what the guide is, and by how much it raises the bound; `exact`: whether it is the posterior itself.
pub(crate) fn note(nested: &Nested, exact: bool, gain: Option<Estimate>) -> String {
    match (nested.exact.is_empty(), exact) {
        (true, _) => format!(
            "nested guide: a mixture for {}{}",
            parts(&nested.theta, nested.rest()),
            raised(gain)
        ),
        (false, true) => format!(
            "conjugate guide: the posterior itself, with conditionals of known families: {}",
            families(&nested.exact)
        ),
        (false, false) => format!(
            "conjugate guide: exact conditionals of known families, {}, given {}, for which there is a mixture{}",
            families(&nested.exact),
            listed(&nested.theta),
            raised(gain)
        ),
    }
}

/// What the bound gained, in words.
fn raised(gain: Option<Estimate>) -> String {
    gain.map_or(String::new(), |gain| {
        format!(
            "; it raises the bound of one Gaussian by {:.2} (se {:.2})",
            gain.value, gain.se
        )
    })
}

/// Sites with the families of their conditionals.
fn families(exact: &[(String, &'static str)]) -> String {
    let each = exact.iter().map(|(name, of)| format!("`{name}` {of}"));
    each.collect::<Vec<_>>().join(", ")
}

/// Each name once.
pub(crate) fn listed(names: &[String]) -> String {
    let mut out: Vec<String> = vec![];
    for name in names.iter().map(|n| format!("`{n}`")) {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out.join(", ")
}

/// Which unknowns the mixture is for, and what the others get.
fn parts(theta: &[String], rest: Rest) -> String {
    let given = if theta.len() == 1 { "it" } else { "them" };
    let others = match rest {
        Rest::None => return "all unknowns".to_owned(),
        Rest::Gaussian => "a Gaussian around the mode of all others",
        Rest::Curves => "the density of each of all others by itself",
    };
    format!("{}, and given {given} {others}", listed(theta))
}
