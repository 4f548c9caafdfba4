//! The elements of an inverse that lie on the factor's pattern, without the others.

use crate::factor::Factor;

impl Factor {
    /// The diagonal of `A^-1`, by the recurrence of Takahashi, Fagan and Chen (1973): with `u_k = l_kj / l_jj`,
    ///
    /// ```text
    /// z_ij = -sum_k u_k z_ik        z_jj = 1 / l_jj^2 - sum_k u_k z_kj        (k below j in column j)
    /// ```
    ///
    /// where every element that is read lies on the factor's pattern.
    pub fn variances(&self) -> Vec<f64> {
        let by = &self.by;
        let n = by.order.len();
        let mut z = vec![0.0; by.rows.len()];
        let mut diagonal = vec![0.0; n];
        // Where a row stands in the current column.
        let mut at = vec![usize::MAX; n];
        for j in (0..n).rev() {
            let own = by.first[j]..by.first[j + 1];
            let rows = &by.rows[own.clone()];
            let u: Vec<f64> = self.below[own.clone()]
                .iter()
                .map(|l| l / self.diagonal[j])
                .collect();
            rows.iter()
                .enumerate()
                .for_each(|(p, i)| at[*i as usize] = p);
            let mut column = vec![0.0; rows.len()];
            for (p, &k) in rows.iter().enumerate() {
                let k = k as usize;
                column[p] -= u[p] * diagonal[k];
                for e in by.first[k]..by.first[k + 1] {
                    let q = at[by.rows[e] as usize];
                    if q != usize::MAX {
                        column[q] -= u[p] * z[e];
                        column[p] -= u[q] * z[e];
                    }
                }
            }
            let sum: f64 = u.iter().zip(&column).map(|(u, z)| u * z).sum();
            diagonal[j] = 1.0 / (self.diagonal[j] * self.diagonal[j]) - sum;
            z[own].copy_from_slice(&column);
            rows.iter().for_each(|i| at[*i as usize] = usize::MAX);
        }
        let mut out = vec![0.0; n];
        for (v, unknown) in diagonal.iter().zip(&by.order) {
            out[*unknown as usize] = *v;
        }
        out
    }
}
