//! What is wrong with a point.

use super::{Array, PointMistake, TOLERANCE, mistake, shape};
use ppl_model::Bound;
use ppl_model::graph::{SymbolId, Ty};
use std::collections::BTreeMap;

/// Names and shapes that do not fit.
pub(super) fn misfits(
    bound: &Bound,
    latents: &[SymbolId],
    values: &BTreeMap<String, Array>,
) -> Vec<PointMistake> {
    let name = |id: &SymbolId| bound.model.symbols[*id].name.as_str();
    let mut out = vec![];
    for given in values.keys() {
        if !latents.iter().any(|id| name(id) == given) {
            let help = match ppl_syntax::suggest(given, latents.iter().map(name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "the latents are {}",
                    latents.iter().map(name).collect::<Vec<_>>().join(", ")
                ),
            };
            out.push(mistake(
                format!("the point has a value for `{given}`, which is no latent of the model"),
                help,
            ));
        }
    }
    for id in latents {
        let symbol = &bound.model.symbols[*id];
        let wanted = shape(bound, &symbol.axes);
        let what = format!("{}{}", symbol.name, bound.model.bracket(&symbol.axes));
        match values.get(&symbol.name) {
            None => out.push(mistake(
                format!("the point has no value for `{}`", symbol.name),
                format!("`{what}` is {}", shape_in_words(&wanted)),
            )),
            Some(array) if array.shape != wanted => out.push(mistake(
                format!(
                    "the point's value of `{}` is {}",
                    symbol.name,
                    shape_in_words(&array.shape)
                ),
                format!(
                    "`{what}` is {}, nested in this order",
                    shape_in_words(&wanted)
                ),
            )),
            Some(array) => {
                if let Some(i) = array.values.iter().position(|v| !v.is_finite()) {
                    let element = &bound.element_names(&symbol.name, &symbol.axes)[i];
                    out.push(mistake(
                        format!("the point's value of `{element}` is not finite"),
                        "give a number",
                    ));
                }
            }
        }
    }
    out
}

fn shape_in_words(shape: &[usize]) -> String {
    match shape {
        [] => "one number".to_owned(),
        [n] => format!("an array of {n} numbers"),
        many => {
            let lengths: Vec<String> = many.iter().map(usize::to_string).collect();
            format!("an array of {} numbers", lengths.join(" x "))
        }
    }
}

/// What to say where a value is not in its support; `images` as [`nearest`] gives them, in program order.
pub(super) fn outside(
    bound: &Bound,
    id: SymbolId,
    given: &[f64],
    images: &[Vec<f64>],
) -> Option<PointMistake> {
    let (nearest, free) = images.split_first()?;
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= TOLERANCE * a.abs().max(1.0);
    let inside = given.iter().zip(nearest).all(near) && free.iter().flatten().all(|u| !u.is_nan());
    (!inside).then(|| {
        let name = &bound.model.symbols[id].name;
        mistake(
            format!("the point's value of `{name}` is outside its support"),
            "`ppl check MODEL` prints the support of every site",
        )
    })
}

pub(super) fn not_a_label(bound: &Bound, id: SymbolId, given: &[f64]) -> Option<PointMistake> {
    let symbol = &bound.model.symbols[id];
    let fits = |v: &f64| match symbol.ty {
        Ty::Real => true,
        Ty::Bool => *v == 0.0 || *v == 1.0,
        Ty::Int | Ty::Index(_) => v.fract() == 0.0,
    };
    (!given.iter().all(fits)).then(|| {
        mistake(
            format!(
                "the point's value of `{}` is outside its support",
                symbol.name
            ),
            match symbol.ty {
                Ty::Bool => "give 0 or 1",
                _ => "give a whole number",
            },
        )
    })
}
