//! Which element of an unknown an expression reads, as far as the text tells: `u[g, a]` and `u[g, b]` are two.

use super::Checker;
use crate::graph::*;
use std::collections::HashSet;

/// How an axis of an unknown is looked up.
#[derive(Debug, Clone, PartialEq)]
enum Index {
    /// At the element's own position.
    Own,
    Label(String),
    Shift(Lag),
    /// By a column, or by the column so many elements back.
    Data(SymbolId, Option<Lag>),
    /// In a way that says nothing here.
    Other,
}

/// An element of an unknown: of each axis, how it is looked up. Without axes it may be any of its elements.
pub(super) struct Element {
    pub site: SymbolId,
    at: Option<Vec<(AxisRef, Index)>>,
}

impl Element {
    /// Any element of it.
    pub fn any(site: SymbolId) -> Self {
        Element { site, at: None }
    }

    /// Whether it is not the same element everywhere: some axis is looked up in two ways.
    fn differs(&self, other: &Element) -> bool {
        let (Some(here), Some(there)) = (&self.at, &other.at) else {
            return false;
        };
        here.iter().any(|(axis, a)| {
            let b = there.iter().find(|(other, _)| other == axis);
            b.is_some_and(|(_, b)| *a != Index::Other && *b != Index::Other && a != b)
        })
    }
}

impl Checker {
    /// The element that a whole symbol, or a look-up of one, is.
    pub(super) fn element_of(&self, e: &TExpr) -> Option<Element> {
        let (id, by): (_, &[(AxisRef, TExpr)]) = match &e.kind {
            TKind::Symbol(id) => (*id, &[]),
            TKind::Gather(inner, by) => match inner.kind {
                TKind::Symbol(id) => (id, by),
                _ => return None,
            },
            _ => return None,
        };
        let index = |axis: AxisRef| {
            let given = by.iter().find(|(a, _)| *a == axis).map(|(_, i)| i);
            let Some(i) = given else { return Index::Own };
            match (&i.kind, i.whole_symbol()) {
                (TKind::LoopVariable, _) => Index::Own,
                (TKind::Label(_, label), _) => Index::Label(label.clone()),
                (TKind::Shift(_, lag, _), _) => Index::Shift(*lag),
                (_, Some(data)) if !i.stochastic => Index::Data(data, None),
                (TKind::Gather(column, earlier), _) if !i.stochastic => {
                    match (column.whole_symbol(), earlier.as_slice()) {
                        (Some(data), [(_, by)]) => match by.kind {
                            TKind::Shift(_, lag, _) => Index::Data(data, Some(lag)),
                            _ => Index::Other,
                        },
                        _ => Index::Other,
                    }
                }
                _ => Index::Other,
            }
        };
        let axes = self.model.symbols[id].axes.iter();
        Some(Element {
            site: id,
            at: Some(axes.map(|a| (*a, index(*a))).collect()),
        })
    }

    /// Whether an expression may depend on that element, through deterministic values too.
    pub(super) fn reads(&self, e: &TExpr, element: &Element) -> bool {
        self.reads_within(e, element, &mut HashSet::new())
    }

    /// `seen`: deterministic values that were looked into, each for that element or for any.
    fn reads_within(
        &self,
        e: &TExpr,
        element: &Element,
        seen: &mut HashSet<(SymbolId, bool)>,
    ) -> bool {
        if let Some(found) = self.element_of(e)
            && found.site == element.site
        {
            return !found.differs(element);
        }
        match &e.kind {
            TKind::Symbol(id) => {
                if *id == element.site {
                    return true;
                }
                let Role::Let(inner) = &self.model.symbols[*id].role else {
                    return false;
                };
                seen.insert((*id, element.at.is_some())) && self.reads_within(inner, element, seen)
            }
            TKind::Prim(_, parts) | TKind::Function(_, parts) => {
                parts.iter().any(|p| self.reads_within(p, element, seen))
            }
            // Elsewhere positions are no longer those of the element: any of the unknown's elements may be read.
            _ => {
                let any = Element::any(element.site);
                let mut parts = e.parts().into_iter();
                parts.any(|p| self.reads_within(p, &any, seen))
            }
        }
    }
}
