//! Places of a symmetric matrix, and a matrix on them.

use std::sync::Arc;

/// The places of a symmetric matrix that may be other than zero: the lower triangle by columns, the diagonal always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    n: usize,
    /// First entry of each column, and behind them the number of entries.
    first: Vec<usize>,
    /// Rows of the entries, ascending within a column: the first is the diagonal.
    rows: Vec<u32>,
}

impl Pattern {
    /// From pairs of places, in any order, either way round and as often as they come.
    pub fn new(n: usize, pairs: impl IntoIterator<Item = (u32, u32)>) -> Pattern {
        // By columns first: innovations of a chain all meet, and the pairs of such a clique come in runs, which sorting a column
        // leaves as they are.
        let all: Vec<(u32, u32)> = pairs
            .into_iter()
            .map(|(i, j)| (i.min(j), i.max(j)))
            .collect();
        let mut ends: Vec<usize> = vec![1; n];
        all.iter().for_each(|(low, _)| ends[*low as usize] += 1);
        let mut total = 0;
        for end in &mut ends {
            (*end, total) = (total, total + *end);
        }
        let mut placed = vec![0; total];
        let own = (0..n as u32).map(|i| (i, i));
        for (low, high) in own.chain(all) {
            let end = &mut ends[low as usize];
            placed[*end] = high;
            *end += 1;
        }
        let mut first = vec![0];
        let mut rows: Vec<u32> = vec![];
        let mut start = 0;
        for end in ends {
            let column = &mut placed[start..end];
            column.sort_unstable();
            let before = rows.len();
            for &row in &*column {
                if rows.len() == before || rows[rows.len() - 1] != row {
                    rows.push(row);
                }
            }
            first.push(rows.len());
            start = end;
        }
        Pattern { n, first, rows }
    }

    /// Every place.
    pub fn full(n: usize) -> Pattern {
        let size = n as u32;
        let mut first = vec![0];
        let mut rows = vec![];
        for j in 0..size {
            rows.extend(j..size);
            first.push(rows.len());
        }
        Pattern { n, first, rows }
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Number of places in the lower triangle.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it is the pattern of an empty matrix.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Places of the column in the lower triangle: their numbers.
    pub fn column(&self, j: usize) -> std::ops::Range<usize> {
        self.first[j]..self.first[j + 1]
    }

    /// Row of a place.
    pub fn row(&self, place: usize) -> usize {
        self.rows[place] as usize
    }

    /// First places of the columns.
    pub(crate) fn first(&self) -> &[usize] {
        &self.first
    }

    /// Rows of all places.
    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Row and column of all places.
    pub fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.n).flat_map(move |j| self.column(j).map(move |p| (self.row(p), j)))
    }

    /// The number of a place in either triangle.
    pub fn place(&self, i: usize, j: usize) -> Option<usize> {
        let (row, column) = (i.max(j) as u32, i.min(j));
        let own = self.column(column);
        let found = self.rows[own.clone()].binary_search(&row).ok()?;
        Some(own.start + found)
    }

    /// For each row, the others that it has a place with, ascending.
    pub fn neighbours(&self) -> Vec<Vec<u32>> {
        let mut out = vec![vec![]; self.n];
        for (i, j) in self.places().filter(|(i, j)| i != j) {
            out[i].push(j as u32);
        }
        // Columns of smaller numbers first, then the own one.
        for (i, j) in self.places().filter(|(i, j)| i != j) {
            out[j].push(i as u32);
        }
        out
    }

    /// The places that `keep` takes, and the diagonal.
    pub fn kept(&self, keep: impl Fn(usize) -> bool) -> Pattern {
        let all = self.places().enumerate();
        let pairs = all.filter(|(p, _)| keep(*p));
        Pattern::new(self.n, pairs.map(|(_, (i, j))| (i as u32, j as u32)))
    }
}

/// A symmetric matrix on a pattern.
#[derive(Debug, Clone)]
pub struct Symmetric {
    /// The places.
    pub pattern: Arc<Pattern>,
    /// Their values.
    pub values: Vec<f64>,
}

impl Symmetric {
    /// Zero everywhere.
    pub fn zeros(pattern: Arc<Pattern>) -> Symmetric {
        let values = vec![0.0; pattern.len()];
        Symmetric { pattern, values }
    }

    /// A diagonal matrix.
    pub fn of_diagonal(
        pattern: Arc<Pattern>,
        diagonal: impl IntoIterator<Item = f64>,
    ) -> Symmetric {
        let mut out = Symmetric::zeros(pattern);
        for (j, v) in diagonal.into_iter().enumerate() {
            let at = out.pattern.first[j];
            out.values[at] = v;
        }
        out
    }

    /// The diagonal.
    pub fn diagonal(&self) -> impl Iterator<Item = f64> + '_ {
        let first = &self.pattern.first;
        first[..self.pattern.n].iter().map(|p| self.values[*p])
    }

    /// `x self + y other`, of the same pattern.
    pub fn combine(&self, x: f64, other: &Symmetric, y: f64) -> Symmetric {
        debug_assert_eq!(self.values.len(), other.values.len());
        let pairs = self.values.iter().zip(&other.values);
        Symmetric {
            pattern: self.pattern.clone(),
            values: pairs.map(|(a, b)| x * a + y * b).collect(),
        }
    }

    /// The diagonal part.
    pub fn only_diagonal(&self) -> Symmetric {
        Symmetric::of_diagonal(self.pattern.clone(), self.diagonal())
    }

    /// `self v`
    pub fn times(&self, v: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; v.len()];
        for j in 0..self.pattern.n {
            let own = self.pattern.column(j);
            let mut sum = self.values[own.start] * v[j];
            for p in own.start + 1..own.end {
                let i = self.pattern.row(p);
                out[i] += self.values[p] * v[j];
                sum += self.values[p] * v[i];
            }
            out[j] += sum;
        }
        out
    }

    /// The same numbers on another pattern; places that it lacks are dropped, others zero.
    pub fn on(&self, pattern: Arc<Pattern>) -> Symmetric {
        let mut out = Symmetric::zeros(pattern);
        for (p, (i, j)) in self.pattern.places().enumerate() {
            if let Some(at) = out.pattern.place(i, j) {
                out.values[at] = self.values[p];
            }
        }
        out
    }

    /// Whether every number is finite.
    pub fn is_finite(&self) -> bool {
        self.values.iter().all(|v| v.is_finite())
    }
}
