//! Matrices of data in single precision, where somebody asks for it.

use super::{Bound, Values};
use crate::graph::{Kind, Role, Ty};

impl Bound {
    /// Rounds the numbers of all data arrays of two axes to single precision (24 bits), which halves what a matrix of many
    /// digits takes; everything that is calculated with them stays in double precision. Arrays whose kind is more than
    /// bounds of single numbers, such as simplexes, are left alone.
    pub fn round_matrices(&mut self) {
        let ids = 0..self.model.symbols.len();
        let rounded = ids.filter(|id| {
            let s = &self.model.symbols[*id];
            let data = matches!(s.role, Role::Data { .. }) && s.ty == Ty::Real;
            data && s.axes.len() == 2 && matches!(s.kind, None | Some(Kind::Real(..)))
        });
        for id in rounded.collect::<Vec<_>>() {
            if let Some(Values::Real(values)) = self.values.get_mut(&id) {
                *values = values.map(|x| f64::from(x as f32));
            }
        }
    }
}
