//! Numbers that several owners share.

use std::ops::{Deref, Range};
use std::sync::Arc;

/// A range of numbers in memory that is shared: a copy costs no more than a pointer, and so does a part of it.
#[derive(Debug, Clone)]
pub struct Numbers {
    whole: Arc<Vec<f64>>,
    range: Range<usize>,
}

impl Numbers {
    /// A part of shared numbers; none of them where the range does not lie within.
    pub fn part(whole: Arc<Vec<f64>>, range: Range<usize>) -> Self {
        let range = match whole.get(range.clone()) {
            Some(_) => range,
            None => 0..0,
        };
        Numbers { whole, range }
    }

    /// Whether both are the same place in memory.
    pub fn is(&self, other: &Numbers) -> bool {
        Arc::ptr_eq(&self.whole, &other.whole) && self.range == other.range
    }
}

impl Deref for Numbers {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.whole[self.range.clone()]
    }
}

impl From<Vec<f64>> for Numbers {
    fn from(values: Vec<f64>) -> Self {
        let range = 0..values.len();
        Numbers {
            whole: Arc::new(values),
            range,
        }
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
