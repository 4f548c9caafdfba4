//! Numbers that several owners share.

use crate::Decimals;
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};

/// Numbers in memory that is shared: a copy costs no more than a pointer, and so does a part.
#[derive(Debug, Clone)]
pub struct Numbers(Stored);

#[derive(Debug, Clone)]
enum Stored {
    /// A range of what others share as well.
    Reals(Arc<Vec<f64>>, Range<usize>),
    /// Whole numbers of a unit; as they are once somebody asks for them so.
    Decimals(Arc<(Decimals, OnceLock<Vec<f64>>)>),
}

impl Numbers {
    /// A part of shared numbers; none of them where the range does not lie within.
    pub fn part(whole: Arc<Vec<f64>>, range: Range<usize>) -> Self {
        let range = match whole.get(range.clone()) {
            Some(_) => range,
            None => 0..0,
        };
        Numbers(Stored::Reals(whole, range))
    }

    /// Whether both are the same place in memory.
    pub fn is(&self, other: &Numbers) -> bool {
        match (&self.0, &other.0) {
            (Stored::Reals(a, own), Stored::Reals(b, others)) => Arc::ptr_eq(a, b) && own == others,
            (Stored::Decimals(a), Stored::Decimals(b)) => a.0.is(&b.0),
            _ => false,
        }
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Stored::Reals(_, range) => range.len(),
            Stored::Decimals(stored) => stored.0.rows() * stored.0.columns(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of them are zero.
    pub(crate) fn zeros(&self) -> usize {
        match self.decimals() {
            Some(decimals) => decimals.zeros(),
            None => self.iter().filter(|v| **v == 0.0).count(),
        }
    }

    /// The whole numbers of a unit that they are stored as, where they are.
    pub fn decimals(&self) -> Option<&Decimals> {
        match &self.0 {
            Stored::Reals(..) => None,
            Stored::Decimals(stored) => Some(&stored.0),
        }
    }
}

impl Deref for Numbers {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        match &self.0 {
            Stored::Reals(whole, range) => &whole[range.clone()],
            Stored::Decimals(stored) => stored.1.get_or_init(|| stored.0.reals()),
        }
    }
}

impl From<Vec<f64>> for Numbers {
    fn from(values: Vec<f64>) -> Self {
        let range = 0..values.len();
        Numbers(Stored::Reals(Arc::new(values), range))
    }
}

/// Column after column; they are not made before somebody asks for them.
impl From<Decimals> for Numbers {
    fn from(decimals: Decimals) -> Self {
        Numbers(Stored::Decimals(Arc::new((decimals, OnceLock::new()))))
    }
}

impl From<&[f64]> for Numbers {
    fn from(values: &[f64]) -> Self {
        values.to_vec().into()
    }
}

impl<const N: usize> From<[f64; N]> for Numbers {
    fn from(values: [f64; N]) -> Self {
        values.to_vec().into()
    }
}

impl FromIterator<f64> for Numbers {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        values.into_iter().collect::<Vec<f64>>().into()
    }
}

impl PartialEq for Numbers {
    fn eq(&self, other: &Self) -> bool {
        self.is(other) || self[..] == other[..]
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;
    use std::sync::Arc;

    #[test]
    fn parts_share_their_memory() {
        let whole = Arc::new(vec![1.0, 2.0, 3.0]);
        let (a, b) = (
            Numbers::part(whole.clone(), 1..3),
            Numbers::part(whole.clone(), 1..3),
        );
        assert_eq!(a[..], [2.0, 3.0]);
        assert!(a.is(&b) && a.is(&a.clone()));
        assert!(!a.is(&Numbers::part(whole.clone(), 0..3)));
        assert!(a == Numbers::from([2.0, 3.0]) && !a.is(&[2.0, 3.0].into()));
        assert!(Numbers::part(whole, 2..5).is_empty());
    }
}
