//! Which second derivatives are always zero, and so how few products give a whole Hessian.
//!
//! Columns of one colour are asked for together. A column that touches many others gets a colour of its own, and what
//! the others share with it is read from its product by symmetry; among the rest no two columns of a colour touch a
//! common row.

use super::dense::Matrix;

/// A way to compute a symmetric matrix from few products.
pub(super) struct Pattern {
    /// The columns of each colour.
    colours: Vec<Vec<usize>>,
    /// Rows that may be other than zero, for each column.
    rows: Vec<Vec<u32>>,
    /// Whether a column has a colour of its own.
    alone: Vec<bool>,
}

impl Pattern {
    /// From matrices that together show every element that is ever other than zero.
    pub(super) fn of(seen: &[Matrix]) -> Pattern {
        let n = seen[0].n;
        let touches = |i: usize, j: usize| {
            i == j
                || seen
                    .iter()
                    .any(|m| m.a[i * n + j] != 0.0 || m.a[j * n + i] != 0.0)
        };
        let rows: Vec<Vec<u32>> = (0..n)
            .map(|j| (0..n as u32).filter(|i| touches(*i as usize, j)).collect())
            .collect();
        let mut by_degree: Vec<usize> = (0..n).collect();
        by_degree.sort_by_key(|&j| (std::cmp::Reverse(rows[j].len()), j));
        // More and more of the fullest columns stand alone, as long as that saves colours.
        let mut best: Option<(usize, Vec<bool>, Vec<Vec<usize>>)> = None;
        let mut tried = 0;
        for k in (0..=n).filter(|k| *k < 40 || k % 16 == 0 || *k == n) {
            let mut alone = vec![false; n];
            by_degree[..k].iter().for_each(|j| alone[*j] = true);
            let rest = colour(&rows, &alone);
            let total = k + rest.len();
            tried += 1;
            if best.as_ref().is_none_or(|b| total < b.0) {
                tried = 0;
                best = Some((total, alone, rest));
            }
            if tried > 8 {
                break;
            }
        }
        let (alone, rest) = best.map_or((vec![true; n], vec![]), |b| (b.1, b.2));
        let mut colours: Vec<Vec<usize>> = (0..n).filter(|j| alone[*j]).map(|j| vec![j]).collect();
        colours.extend(rest);
        Pattern {
            colours,
            rows,
            alone,
        }
    }

    /// Every column on its own.
    pub(super) fn full(n: usize) -> Pattern {
        Pattern {
            colours: (0..n).map(|j| vec![j]).collect(),
            rows: vec![(0..n as u32).collect(); n],
            alone: vec![true; n],
        }
    }

    pub(super) fn n_colours(&self) -> usize {
        self.colours.len()
    }

    /// Elements that may be other than zero.
    pub(super) fn nonzeros(&self) -> usize {
        self.rows.iter().map(Vec::len).sum()
    }

    /// The direction of a colour.
    pub(super) fn direction(&self, colour: usize, out: &mut [f64]) {
        out.fill(0.0);
        self.colours[colour].iter().for_each(|j| out[*j] = 1.0);
    }

    /// Writes what a colour's product says into the matrix.
    pub(super) fn read(&self, colour: usize, product: &[f64], into: &mut Matrix) {
        let n = into.n;
        for &j in &self.colours[colour] {
            for &i in &self.rows[j] {
                let i = i as usize;
                if self.alone[j] || !self.alone[i] {
                    into.a[i * n + j] = product[i];
                    if self.alone[j] && !self.alone[i] {
                        into.a[j * n + i] = product[i];
                    }
                }
            }
        }
    }
}

/// Colours for the columns that do not stand alone: no two of a colour touch a common row, other than rows that do.
fn colour(rows: &[Vec<u32>], alone: &[bool]) -> Vec<Vec<usize>> {
    let mut colours: Vec<(Vec<usize>, Vec<bool>)> = vec![];
    for j in (0..rows.len()).filter(|j| !alone[*j]) {
        let own = || rows[j].iter().map(|i| *i as usize).filter(|i| !alone[*i]);
        let free = colours.iter().position(|(_, used)| own().all(|i| !used[i]));
        let c = free.unwrap_or_else(|| {
            colours.push((vec![], vec![false; rows.len()]));
            colours.len() - 1
        });
        colours[c].0.push(j);
        own().for_each(|i| colours[c].1[i] = true);
    }
    colours.into_iter().map(|c| c.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An arrow (two globals over many locals) with a chain among the locals.
    fn arrow(n: usize) -> Matrix {
        let mut m = Matrix::scalar(n, 3.0);
        for i in 0..n {
            for j in 0..n {
                if i != j && (i < 2 || j < 2 || i.abs_diff(j) == 1) {
                    m.a[i * n + j] = 1.0 / (1.0 + (i + j) as f64);
                }
            }
        }
        m
    }

    #[test]
    fn few_products_give_the_whole_matrix() {
        let m = arrow(50);
        let p = Pattern::of(std::slice::from_ref(&m));
        assert!(p.n_colours() <= 6, "{}", p.n_colours());
        for p in [p, Pattern::full(50)] {
            let mut back = Matrix::zeros(50);
            let mut v = vec![0.0; 50];
            for c in 0..p.n_colours() {
                p.direction(c, &mut v);
                let product: Vec<f64> = (0..50)
                    .map(|i| m.row(i).iter().zip(&v).map(|(a, v)| a * v).sum())
                    .collect();
                p.read(c, &product, &mut back);
            }
            for (a, b) in m.a.iter().zip(&back.a) {
                assert!((a - b).abs() < 1e-15);
            }
        }
    }
}
