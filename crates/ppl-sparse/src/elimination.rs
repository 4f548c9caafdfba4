//! The order in which unknowns are eliminated, and where the Cholesky factor is other than zero in that order.

use crate::pattern::Pattern;
use faer::Side;
use faer::sparse::SymbolicSparseColMatRef;
use faer::sparse::linalg::cholesky::{
    CholeskySymbolicParams, SymbolicCholesky, SymbolicCholeskyRaw, SymmetricOrdering,
    factorize_symbolic_cholesky,
};
use std::sync::Arc;

/// How matrices of one pattern are factored: `P A P' = L L'`, where the order P is by approximate minimum degree (Amestoy,
/// Davis and Duff 1996).
#[derive(Debug)]
pub struct Elimination {
    pub(crate) pattern: Arc<Pattern>,
    /// The unknown that each step eliminates.
    pub(crate) order: Vec<u32>,
    /// First entry of each step's column of L below the diagonal, and behind them the number of entries.
    pub(crate) first: Vec<usize>,
    /// For each entry the step that its row is eliminated at, ascending within a column.
    pub(crate) rows: Vec<u32>,
    pub(crate) symbolic: SymbolicCholesky<u32>,
    /// The pattern's columns as `faer` takes them.
    pub(crate) column_starts: Vec<u32>,
    /// Where the diagonal and the entries lie among the numbers of `faer`'s factor.
    pub(crate) diagonal_at: Vec<usize>,
    pub(crate) entries_at: Vec<usize>,
}

impl Elimination {
    /// Finds the order; `None` where the factor would have more than `most` entries.
    pub fn new(pattern: Arc<Pattern>, most: usize) -> Option<Elimination> {
        let n = pattern.n();
        if pattern.len() > most.min(u32::MAX as usize) || n == 0 {
            return None;
        }
        let column_starts: Vec<u32> = pattern.first().iter().map(|p| *p as u32).collect();
        let columns =
            SymbolicSparseColMatRef::new_checked(n, n, &column_starts, None, pattern.rows());
        let symbolic = factorize_symbolic_cholesky(
            columns,
            Side::Lower,
            SymmetricOrdering::Amd,
            CholeskySymbolicParams::default(),
        )
        .ok()?;
        // Relaxed supernodes hold some zeros, but not many.
        if symbolic.len_val() / 2 > most {
            return None;
        }
        let order: Vec<u32> = match symbolic.perm() {
            Some(perm) => perm.arrays().0.to_vec(),
            None => (0..n as u32).collect(),
        };
        let (first, rows) = factor_pattern(&pattern, &order);
        if rows.len() + n > most {
            return None;
        }
        let (diagonal_at, entries_at) = positions(&symbolic, &first, &rows)?;
        Some(Elimination {
            pattern,
            order,
            first,
            rows,
            column_starts,
            diagonal_at,
            entries_at,
            symbolic,
        })
    }

    /// The pattern of the matrices.
    pub fn pattern(&self) -> &Arc<Pattern> {
        &self.pattern
    }

    /// The unknown that each step eliminates.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// For each step the unknowns below it in its column of L, which are eliminated later.
    pub fn later(&self, step: usize) -> impl Iterator<Item = u32> + '_ {
        let own = &self.rows[self.first[step]..self.first[step + 1]];
        own.iter().map(|k| self.order[*k as usize])
    }

    /// Entries of the factor below its diagonal.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the factor is diagonal.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Multiplications of one factorisation.
    pub fn work(&self) -> f64 {
        let lengths = self.first.windows(2).map(|w| (w[1] - w[0] + 1) as f64);
        lengths.map(|c| c * c).sum()
    }
}

/// The factor's entries below the diagonal: each column holds what its own matrix column and its children in the
/// elimination tree hold.
fn factor_pattern(pattern: &Pattern, order: &[u32]) -> (Vec<usize>, Vec<u32>) {
    let n = order.len();
    let mut step = vec![0u32; n];
    for (k, unknown) in order.iter().enumerate() {
        step[*unknown as usize] = k as u32;
    }
    let mut own = vec![vec![]; n];
    for (i, j) in pattern.places().filter(|(i, j)| i != j) {
        let (a, b) = (step[i], step[j]);
        own[a.min(b) as usize].push(a.max(b));
    }
    let mut children: Vec<Vec<usize>> = vec![vec![]; n];
    let (mut first, mut rows) = (vec![0], vec![]);
    let mut seen = vec![u32::MAX; n];
    for k in 0..n {
        let mut column = std::mem::take(&mut own[k]);
        column.iter().for_each(|i| seen[*i as usize] = k as u32);
        for &child in &children[k] {
            for &i in &rows[first[child]..first[child + 1]] {
                if i as usize > k && seen[i as usize] != k as u32 {
                    seen[i as usize] = k as u32;
                    column.push(i);
                }
            }
        }
        column.sort_unstable();
        if let Some(parent) = column.first() {
            children[*parent as usize].push(k);
        }
        rows.extend(column);
        first.push(rows.len());
    }
    (first, rows)
}

/// Where the factor's numbers lie; `None` if `faer`'s factor lacks one.
fn positions(
    symbolic: &SymbolicCholesky<u32>,
    first: &[usize],
    rows: &[u32],
) -> Option<(Vec<usize>, Vec<usize>)> {
    let n = first.len() - 1;
    let (mut diagonal, mut entries) = (vec![0; n], vec![0; rows.len()]);
    let mut at = vec![usize::MAX; n];
    let own = |k: usize| first[k]..first[k + 1];
    match symbolic.raw() {
        SymbolicCholeskyRaw::Simplicial(s) => {
            for k in 0..n {
                let column = s.col_ptr()[k] as usize..s.col_ptr()[k + 1] as usize;
                for p in column.clone() {
                    at[s.row_idx()[p] as usize] = p;
                }
                diagonal[k] = at[k];
                for e in own(k) {
                    entries[e] = at[rows[e] as usize];
                    if !column.contains(&entries[e]) {
                        return None;
                    }
                }
            }
        }
        SymbolicCholeskyRaw::Supernodal(s) => {
            for node in 0..s.n_supernodes() {
                let start = s.supernode_begin()[node] as usize;
                let end = s.supernode_end()[node] as usize;
                let below = s.supernode(node).pattern();
                let height = end - start + below.len();
                let base = s.col_ptr_for_val()[node] as usize;
                (start..end).for_each(|i| at[i] = i - start);
                for (p, i) in below.iter().enumerate() {
                    at[*i as usize] = end - start + p;
                }
                for (k, diagonal) in diagonal.iter_mut().enumerate().take(end).skip(start) {
                    let column = base + (k - start) * height;
                    *diagonal = column + k - start;
                    for e in own(k) {
                        entries[e] = column + at[rows[e] as usize];
                    }
                }
            }
        }
    }
    Some((diagonal, entries))
}
