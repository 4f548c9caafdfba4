//! Names for what a guide brings: readable, and never one that the model has.

use ppl_model::Bound;
use std::collections::HashSet;

/// Hands out names.
pub struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// All names of the model are taken.
    pub(crate) fn of(bound: &Bound) -> Names {
        let symbols = bound.model.symbols.iter().map(|s| s.name.clone());
        let axes = bound.model.axes.iter().map(|a| a.name.clone());
        Names {
            taken: symbols.chain(axes).collect(),
        }
    }

    /// Takes a name that something else brings.
    pub(crate) fn take(&mut self, name: &str) {
        self.taken.insert(name.to_string());
    }

    /// `wanted`, with underscores appended until it is free.
    pub(crate) fn fresh(&mut self, wanted: String) -> String {
        let mut name = wanted;
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        name
    }
}

/// `[a, b]`, or nothing.
pub(crate) fn bracket(axes: &[String]) -> String {
    if axes.is_empty() {
        String::new()
    } else {
        format!("[{}]", axes.join(", "))
    }
}
