//! The guides that a family offers for a model: as written, generated with every site on its own scale or in units of its prior, sparse
//! where the structure allows it.

use crate::engine::FitError;
use crate::ladder;
use crate::options::GuideChoice;
use ppl_guide::Centring;
use ppl_model::Bound;
use ppl_model::graph::SymbolId;

/// A model with a guide.
pub struct Guided {
    /// Model and guide.
    pub bound: Bound,
    /// Name of the family, or `written`.
    pub name: String,
    /// Name of the family that draws what is not written and has none of its own; empty for a written guide.
    pub family: &'static str,
    /// The guide's text; empty for a written one.
    pub text: String,
}

/// The written guide, or those that the family offers: centred, and non-centred where there is a choice.
pub(crate) fn candidates(bound: &Bound, choice: GuideChoice) -> Result<Vec<Guided>, FitError> {
    if bound.model.has_written_guide {
        return Ok(vec![Guided {
            bound: bound.clone(),
            name: "written".into(),
            family: "",
            text: String::new(),
        }]);
    }
    let centred = candidate(bound, choice, Centring::Centred)?;
    let has_choice = !hierarchical(bound, &centred).is_empty();
    let mut out = vec![centred];
    if has_choice {
        out.push(candidate(bound, choice, Centring::NonCentred)?);
    }
    Ok(out)
}

/// The sites that a generated guide can draw in units of their priors.
pub(crate) fn hierarchical(bound: &Bound, guided: &Guided) -> Vec<SymbolId> {
    ppl_guide::hierarchical(bound, ppl_guide::find(guided.family))
}

/// The guide that the family offers with this centring.
pub(crate) fn candidate(
    bound: &Bound,
    choice: GuideChoice,
    centring: Centring<'_>,
) -> Result<Guided, FitError> {
    let named = bound.model.guide_family.as_ref();
    let family = choice.name().or(named.map(|(name, _)| name.as_str()));
    let family = family.and_then(ppl_guide::find);
    // What is no Gaussian starts at one, if one statement draws all sites.
    let base = family.and_then(|f| f.base()).and_then(ppl_guide::find);
    let family = base.filter(|_| ladder::is_whole(bound)).or(family);
    let wanted = family;
    let mut family = wanted.unwrap_or_else(|| ppl_guide::choose(bound));
    if family.name() == ppl_guide::SPARSE {
        let found = sparse(bound, centring)?;
        if let Some(found) = found.filter(|g| wanted.is_some() || g.is_cheap()) {
            return Ok(found);
        }
        if wanted.is_none() {
            family = ppl_guide::MEAN_FIELD;
        }
    }
    let text = ppl_guide::text(family, bound, centring);
    let name = match (&bound.model.partial_guide, bound.model.site_families.len()) {
        (Some(_), _) => format!("written in part, the rest {}", family.name()),
        (None, 0) => family.name().to_string(),
        (None, _) => format!(
            "{}, with families of their own for some sites",
            family.name()
        ),
    };
    let bound = ppl_guide::attach(bound, &text).map_err(FitError::Guide)?;
    Ok(Guided {
        bound,
        name,
        family: family.name(),
        text,
    })
}

/// What the automatic choice of the sparse guide allows: products with the Hessian that give all of it, and
/// multiplications of a factorisation.
const MOST_PRODUCTS: usize = 250;
const MOST_ELIMINATION: f64 = 1e10;

impl Guided {
    /// Whether the curvature is sparse enough to be computed and factored again and again.
    fn is_cheap(&self) -> bool {
        let products = || self.bound.n_products().is_some_and(|n| n <= MOST_PRODUCTS);
        let by = self.bound.elimination();
        by.is_some_and(|by| by.work() <= MOST_ELIMINATION && products())
    }
}

/// The sparse guide of a model; `None` where its unknowns cannot be linked. How many links there are is known once the
/// order of the unknowns is.
fn sparse(bound: &Bound, centring: Centring<'_>) -> Result<Option<Guided>, FitError> {
    let model = &bound.model;
    if model.partial_guide.is_some() || !model.site_families.is_empty() {
        return Ok(None);
    }
    let write = |links: usize| -> Result<(Bound, String), FitError> {
        let text = ppl_guide::text(&ppl_guide::Sparse { links }, bound, centring);
        let bound = ppl_guide::attach(bound, &text).map_err(FitError::Guide)?;
        Ok((bound, text))
    };
    let (first, _) = write(0)?;
    // No more links than an axis of the guide may have elements.
    let by = first.elimination();
    let Some(by) = by.filter(|by| by.len() as f64 <= ppl_model::bind::MAX_SIZED) else {
        return Ok(None);
    };
    let (mut bound, text) = write(by.len())?;
    bound.structure = first.structure.clone();
    Ok(Some(Guided {
        bound,
        name: ppl_guide::SPARSE.into(),
        family: ppl_guide::SPARSE,
        text,
    }))
}
