//! Sets of numbers, each kept once, with their unions.

use std::collections::HashMap;
use std::sync::Arc;

/// The number of the empty one.
pub(super) const EMPTY: u32 = 0;

/// Elements of a set for each of another's that are looked up in it before both are merged.
const SEARCHED: usize = 16;

/// The sets that were met, by number.
pub(super) struct Sets {
    pub(super) all: Vec<Arc<[u32]>>,
    numbers: HashMap<Arc<[u32]>, u32>,
    unions: HashMap<(u32, u32), u32>,
    left: usize,
}

impl Sets {
    pub(super) fn new(most: usize) -> Sets {
        let empty: Arc<[u32]> = Arc::new([]);
        Sets {
            all: vec![empty.clone()],
            numbers: HashMap::from([(empty, EMPTY)]),
            unions: HashMap::new(),
            left: most,
        }
    }

    pub(super) fn intern(&mut self, set: Vec<u32>) -> u32 {
        if let Some(known) = self.numbers.get(set.as_slice()) {
            return *known;
        }
        let set: Arc<[u32]> = set.into();
        let number = self.all.len() as u32;
        self.all.push(set.clone());
        self.numbers.insert(set, number);
        number
    }

    pub(super) fn spend(&mut self, steps: usize) -> Option<()> {
        self.left = self.left.checked_sub(steps)?;
        Some(())
    }

    pub(super) fn union(&mut self, a: u32, b: u32) -> Option<u32> {
        if a == b || b == EMPTY {
            return Some(a);
        }
        if a == EMPTY {
            return Some(b);
        }
        let key = (a.min(b), a.max(b));
        if let Some(known) = self.unions.get(&key) {
            return Some(*known);
        }
        let (x, y) = (self.all[a as usize].clone(), self.all[b as usize].clone());
        self.spend(x.len() + y.len())?;
        // One that the other holds, as a single element of a set that nearly all read.
        let ((few, _), (many, whole)) = match x.len() < y.len() {
            true => ((&x, a), (&y, b)),
            false => ((&y, b), (&x, a)),
        };
        if few.len() * SEARCHED <= many.len() && few.iter().all(|e| many.binary_search(e).is_ok()) {
            return Some(whole);
        }
        let mut merged: Vec<u32> = x.iter().chain(y.iter()).copied().collect();
        merged.sort_unstable();
        merged.dedup();
        let number = self.intern(merged);
        self.unions.insert(key, number);
        Some(number)
    }

    /// The union of many.
    pub(super) fn union_of(&mut self, mut sets: Vec<u32>) -> Option<u32> {
        sets.sort_unstable();
        sets.dedup();
        match sets.as_slice() {
            [] => return Some(EMPTY),
            [one] => return Some(*one),
            [a, b] => return self.union(*a, *b),
            _ => {}
        }
        let total: usize = sets.iter().map(|s| self.all[*s as usize].len()).sum();
        self.spend(total)?;
        let mut merged = Vec::with_capacity(total);
        for s in sets {
            merged.extend_from_slice(&self.all[s as usize]);
        }
        merged.sort_unstable();
        merged.dedup();
        Some(self.intern(merged))
    }
}
