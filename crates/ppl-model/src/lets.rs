//! Which lets read which: those that read each other form a recurrence, and all have an order in which each comes behind what
//! it reads.

use crate::graph::{Model, Role, SymbolId};
use std::collections::{HashMap, HashSet};

/// The strongly connected components of the lets, by the algorithm of Tarjan (1972), with a stack of its own: a model may have more lets
/// than the program's stack has room for.
#[derive(Debug, Default)]
pub struct Lets {
    /// What each let's definition reads of other lets, and of itself.
    reads: HashMap<SymbolId, Vec<SymbolId>>,
    /// The place of each let's component.
    place: HashMap<SymbolId, usize>,
    /// Members in the order of the text; each component behind those that it reads.
    components: Vec<Vec<SymbolId>>,
}

/// A let on the way down.
struct Visit {
    id: SymbolId,
    /// How many of the lets that it reads were looked at.
    read: usize,
    /// When it was met, and the earliest that it leads back to.
    met: usize,
    low: usize,
}

impl Lets {
    /// Finds the components of a model's lets.
    pub fn of(model: &Model) -> Self {
        let mut lets = Lets::default();
        for (id, symbol) in model.symbols.iter().enumerate() {
            if let Role::Let(e) = &symbol.role {
                let mut read = vec![];
                e.symbols(&mut read);
                read.retain(|s| matches!(model.symbols[*s].role, Role::Let(_)));
                read.sort_unstable();
                read.dedup();
                lets.reads.insert(id, read);
            }
        }
        let mut met: HashMap<SymbolId, usize> = HashMap::new();
        let mut open = vec![];
        for id in 0..model.symbols.len() {
            if lets.reads.contains_key(&id) && !met.contains_key(&id) {
                lets.visit(id, &mut met, &mut open);
            }
        }
        for c in &mut lets.components {
            c.sort_by_key(|m| model.symbols[*m].span.start);
        }
        lets
    }

    /// Finds the components that are reached from a let. `open` holds the lets whose component is not complete.
    fn visit(
        &mut self,
        from: SymbolId,
        met: &mut HashMap<SymbolId, usize>,
        open: &mut Vec<SymbolId>,
    ) {
        let enter = |id, met: &mut HashMap<SymbolId, usize>, open: &mut Vec<SymbolId>| {
            let at = met.len();
            met.insert(id, at);
            open.push(id);
            let (read, low) = (0, at);
            Visit {
                id,
                read,
                met: at,
                low,
            }
        };
        let mut path = vec![enter(from, met, open)];
        while let Some(v) = path.last_mut() {
            if let Some(&next) = self.reads[&v.id].get(v.read) {
                v.read += 1;
                match met.get(&next) {
                    None => path.push(enter(next, met, open)),
                    Some(at) if !self.place.contains_key(&next) => v.low = v.low.min(*at),
                    Some(_) => {}
                }
                continue;
            }
            let (id, at, low) = (v.id, v.met, v.low);
            path.pop();
            if let Some(above) = path.last_mut() {
                above.low = above.low.min(low);
            }
            if low == at {
                let first = open.iter().rposition(|o| *o == id).unwrap_or(0);
                let members = open.split_off(first);
                for m in &members {
                    self.place.insert(*m, self.components.len());
                }
                self.components.push(members);
            }
        }
    }

    /// The lets that a let forms a recurrence with, itself included, in the order of the text; none if it reads no earlier element
    /// of itself.
    pub fn recurrence(&self, id: SymbolId) -> &[SymbolId] {
        let members = self.place.get(&id).map(|p| &self.components[*p]);
        match members.map_or(&[][..], Vec::as_slice) {
            [only] if !self.reads[only].contains(only) => &[],
            members => members,
        }
    }

    /// Of the components that a let hangs on, its own the last, those that `known` does not hold: each behind those that it reads.
    pub fn below(&self, id: SymbolId, known: impl Fn(SymbolId) -> bool) -> Vec<&[SymbolId]> {
        let mut seen: Vec<usize> = self.place.get(&id).copied().into_iter().collect();
        let mut reached: HashSet<usize> = seen.iter().copied().collect();
        let mut next = 0;
        while let Some(&place) = seen.get(next) {
            next += 1;
            for m in &self.components[place] {
                for read in &self.reads[m] {
                    let place = self.place[read];
                    if !known(*read) && reached.insert(place) {
                        seen.push(place);
                    }
                }
            }
        }
        seen.sort_unstable();
        seen.iter()
            .map(|p| self.components[*p].as_slice())
            .collect()
    }

    /// What a component reads besides itself.
    pub fn read_by<'a>(&'a self, component: &'a [SymbolId]) -> impl Iterator<Item = SymbolId> + 'a {
        let all = component.iter().flat_map(|m| self.reads[m].iter().copied());
        all.filter(move |s| self.place[s] != self.place[&component[0]])
    }
}
