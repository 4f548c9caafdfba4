//! Guide families and the automatic generator: from a bound model to the text of a guide in the language.
//!
//! What is emitted goes through the same parser and checker as what an author writes; nothing else about a family is
//! known anywhere. This crate computes nothing.

mod flow;
mod full_rank;
mod groups;
mod independent;
mod joint;
mod low_rank;
mod markov;
mod mean_field;
mod mixture;
mod names;
mod skewed;
mod sparse;

pub use independent::Independent;
pub use mixture::Mixture;
pub use names::Names;
use ppl_model::graph::SymbolId;
use ppl_model::{Bound, SiteShape};
use ppl_syntax::ast::{GuideBody, Stmt, StmtKind};
use ppl_syntax::diagnostic::Diagnostic;
pub use sparse::Sparse;

/// A guide family.
pub trait Family: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;
    /// Its name in `guide auto(…);`.
    fn keyword(&self) -> &'static str;
    /// The family of the Gaussian that it starts at, where it is no Gaussian of which every parameter is its own.
    fn base(&self) -> Option<&'static str> {
        None
    }
    /// Whether its elements are independent, so that a chain that is drawn by its innovations gains: they are nearly so where its elements
    /// are not.
    fn is_independent(&self) -> bool {
        self.base() == Some(MEAN_FIELD.name())
    }
    /// The guide's statements as text, without the surrounding `guide { … }`.
    fn emit(&self, names: &mut Names, sites: &[SiteShape], centring: Centring<'_>) -> String;
}

/// Every family.
pub static ALL: &[&dyn Family] = &[
    &mean_field::MeanField,
    &full_rank::FullRank,
    &Sparse { links: 0 },
    &markov::Markov,
    &low_rank::LowRank,
    &skewed::Skewed,
    &Mixture { parts: 2 },
    &flow::Flow,
];

/// Up to so many unknowns the automatic choice is one Gaussian over all of them.
pub const FULL_RANK_LIMIT: usize = 200;

/// Name of the family of one Gaussian of any covariance.
pub const FULL_RANK: &str = "full-rank";

/// Name of the sparse family.
pub const SPARSE: &str = "sparse";

/// The family of independent Gaussians.
pub const MEAN_FIELD: &dyn Family = &mean_field::MeanField;

/// The family that is chosen when nobody says which; the sparse one is given up where too many unknowns meet.
pub fn choose(bound: &Bound) -> &'static dyn Family {
    if bound.n_unknowns() <= FULL_RANK_LIMIT {
        ALL[1]
    } else {
        ALL[2]
    }
}

/// The family of that name or keyword.
pub fn find(name: &str) -> Option<&'static dyn Family> {
    ALL.iter()
        .copied()
        .find(|f| f.name() == name || f.keyword() == name)
}

/// Whether hierarchical sites are drawn on their own scale or in units of their prior.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Centring<'a> {
    /// On their own scale: better where the data say much about each.
    Centred,
    /// In units of their prior: better where they say little.
    NonCentred,
    /// These in units of their prior, all others on their own scale.
    Apart(&'a [SymbolId]),
}

impl Centring<'_> {
    /// Whether a site is drawn in units of its prior, if that can be.
    pub(crate) fn is_apart(self, site: SymbolId) -> bool {
        match self {
            Centring::Centred => false,
            Centring::NonCentred => true,
            Centring::Apart(sites) => sites.contains(&site),
        }
    }
}

/// The guide of a family for a bound model, as text.
pub fn text(family: &dyn Family, bound: &Bound, centring: Centring<'_>) -> String {
    format!("guide {{\n{}}}\n", groups::emit(family, bound, centring))
}

/// The sites that a family can draw on their own scale or in units of their priors, in the order in which they are drawn: those whose
/// prior's location or scale is a latent; chains for families of independent elements alone.
pub fn hierarchical(bound: &Bound, family: Option<&dyn Family>) -> Vec<SymbolId> {
    groups::hierarchical(bound, family)
}

/// Reads a guide's text and binds it to the model.
pub fn attach(bound: &Bound, text: &str) -> Result<Bound, Vec<Diagnostic>> {
    let (file, diagnostics) = ppl_syntax::parse(text);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    let statements: Vec<Stmt> = file
        .statements
        .into_iter()
        .filter_map(|s| match s.kind {
            StmtKind::Guide(GuideBody::Block(statements)) => Some(statements),
            _ => None,
        })
        .flatten()
        .collect();
    bound.with_guide(&statements)
}
