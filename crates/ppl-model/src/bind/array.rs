//! The numbers of a datum, in the order that they are asked for.

use ppl_core::Numbers;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// Numbers over a datum's axes. They are read in declared order (row-major), or the transpose of it where they are a matrix; each
/// order is made once, when somebody first asks for it.
#[derive(Debug, Clone)]
pub struct Array(Arc<Orders>);

#[derive(Debug)]
struct Orders {
    declared: OnceLock<Numbers>,
    transposed: OnceLock<Numbers>,
    /// Rows and columns, of a matrix.
    shape: (usize, usize),
}

impl Array {
    /// Of numbers that stand column after column.
    pub fn of_columns(numbers: Numbers, rows: usize) -> Self {
        let columns = numbers.len() / rows.max(1);
        Array(Arc::new(Orders {
            declared: OnceLock::new(),
            transposed: numbers.into(),
            shape: (rows, columns),
        }))
    }

    /// In declared order.
    pub fn declared(&self) -> &Numbers {
        let (rows, columns) = self.0.shape;
        let turn = || transpose(self.in_any_order(), rows, columns).into();
        self.0.declared.get_or_init(turn)
    }

    /// The transpose of a matrix of so many columns.
    pub fn transposed(&self, columns: usize) -> &Numbers {
        let turn = || transpose(self.declared(), columns, self.len() / columns.max(1)).into();
        self.0.transposed.get_or_init(turn)
    }

    /// Another array of the same shape, number by number.
    pub fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        let (declared, transposed) = (OnceLock::new(), OnceLock::new());
        let numbers = self.in_any_order().iter().map(|x| f(*x)).collect();
        let place = match self.0.declared.get() {
            Some(_) => &declared,
            None => &transposed,
        };
        place.get_or_init(|| numbers);
        Array(Arc::new(Orders {
            declared,
            transposed,
            shape: self.0.shape,
        }))
    }

    /// In whatever order they stand, for what is asked of each number alone.
    fn in_any_order(&self) -> &[f64] {
        let known = self.0.declared.get().or(self.0.transposed.get());
        known.map_or(&[], |numbers| &numbers[..])
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.in_any_order().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Deref for Array {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        self.declared()
    }
}

impl From<Numbers> for Array {
    fn from(numbers: Numbers) -> Self {
        Array(Arc::new(Orders {
            shape: (numbers.len(), 1),
            declared: numbers.into(),
            transposed: OnceLock::new(),
        }))
    }
}

impl From<Vec<f64>> for Array {
    fn from(values: Vec<f64>) -> Self {
        Numbers::from(values).into()
    }
}

impl FromIterator<f64> for Array {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        values.into_iter().collect::<Numbers>().into()
    }
}

/// A matrix that stands column after column, row after row; tile by tile.
fn transpose(values: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    /// Rows of a tile: what is written lies in the first cache, what is read in whole lines.
    const TILE: usize = 64;
    let mut out = vec![0.0; values.len()];
    if columns == 0 {
        return out;
    }
    for (t, to) in out.chunks_mut(TILE * columns).enumerate() {
        for (j, column) in values.chunks_exact(rows.max(1)).enumerate() {
            let from = &column[t * TILE..];
            let to = to[j..].iter_mut().step_by(columns);
            to.zip(from).for_each(|(to, x)| *to = *x);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Array;

    #[test]
    fn both_orders_of_a_matrix() {
        for (rows, columns) in [(1, 1), (64, 3), (65, 2), (200, 7), (0, 4), (3, 100), (5, 0)] {
            let of = |i: usize, j: usize| (i * columns + j) as f64;
            let across = (0..rows).flat_map(|i| (0..columns).map(move |j| of(i, j)));
            let along = (0..columns).flat_map(|j| (0..rows).map(move |i| of(i, j)));
            let (across, along): (Vec<f64>, Vec<f64>) = (across.collect(), along.collect());
            let array = Array::of_columns(along.clone().into(), rows);
            assert_eq!((array.len(), &array[..]), (rows * columns, &across[..]));
            assert_eq!(array.transposed(columns)[..], along[..]);
            for array in [
                Array::of_columns(along.clone().into(), rows),
                Array::from(across.clone()),
            ] {
                let doubled: Vec<f64> = across.iter().map(|x| 2.0 * x).collect();
                assert_eq!(array.map(|x| 2.0 * x)[..], doubled[..]);
            }
            let array = Array::from(across.clone());
            assert_eq!(array.transposed(columns)[..], along[..]);
            assert_eq!(array[..], across[..]);
        }
    }
}
