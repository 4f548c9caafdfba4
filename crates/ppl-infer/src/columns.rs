//! Where the elements of unknowns stand among the columns of draws.

use ppl_model::Bound;
use ppl_model::graph::SymbolId;
use std::collections::HashMap;

/// The columns of draws by name.
pub(crate) struct Columns<'d>(HashMap<&'d str, usize>);

impl<'d> Columns<'d> {
    pub(crate) fn new(names: &'d [String]) -> Columns<'d> {
        let named = names.iter().enumerate();
        Columns(named.map(|(i, n)| (n.as_str(), i)).collect())
    }

    /// Those of an unknown's elements in declared order, or the name of the first that has no draws.
    pub(crate) fn of(&self, bound: &Bound, id: SymbolId) -> Result<Vec<usize>, String> {
        let axes = &bound.model.symbols[id].axes;
        let names = bound.element_names(bound.model.reported_name(id), axes);
        let column = |name: String| self.0.get(name.as_str()).copied().ok_or(name);
        names.into_iter().map(column).collect()
    }
}
