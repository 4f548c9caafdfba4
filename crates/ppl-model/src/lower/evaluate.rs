//! Values of expressions that data alone determine, before inference.

use super::{AxisMap, Lowering};
use crate::bind::Bound;
use crate::graph::{AxisRef, TExpr};
use ppl_core::Builder;

impl Bound {
    /// The value of `e` over `axes` in declared order (row-major); `None` where it depends on latents or params, has
    /// other axes or one of these twice, or cannot be lowered.
    pub fn evaluate(&self, e: &TExpr, axes: &[AxisRef]) -> Option<Vec<f64>> {
        if e.stochastic {
            return None;
        }
        let map = AxisMap::new(self)?;
        let builder = Builder::new(map.program_axes(1));
        let lowering = Lowering::new(self, &map, &builder);
        let value = lowering.number(e).ok()?;
        let set = map.set(axes);
        // An axis under two names, as of the rows of a square matrix, or one that is not asked for: no such array.
        if set.len() != axes.len() || !set.contains_all(builder.axes_of(value)) {
            return None;
        }
        let n: usize = set.iter().map(|a| builder.size(a)).product();
        let full = (value + builder.data(vec![0.0; n].into(), set)).node(&builder);
        let program = builder.finish(vec![full]);
        let found = ppl_core::interpret::evaluate(&program, &[], &[], &[full])
            .into_iter()
            .next()?;
        let mut out = vec![f64::NAN; n];
        for (v, at) in found.iter().cycle().zip(map.order(axes)) {
            out[at] = *v;
        }
        Some(out)
    }
}
