//! Non-centred draws: a site drawn in units of its own prior, `location + scale * u` with the location and scale that its
//! parents have in the same draw (Papaspiliopoulos, Roberts and Sköld 2007).

use super::{Lowered, Lowering};
use crate::graph::{Kind, SymbolId};
use ppl_core::{AxisId, Expr, Real};
use ppl_syntax::diagnostic::Diagnostic;

impl<'a, 'b> Lowering<'a, 'b> {
    /// The site's event from the standardised vector `u`, and the log Jacobian of the map.
    pub(super) fn standardised(
        &self,
        site: SymbolId,
        event: &[AxisId],
        u: &[Expr<'b>],
    ) -> Lowered<(Vec<Expr<'b>>, Expr<'b>)> {
        if let ([], [u]) = (event, u)
            && let Some((value, ln_jacobian)) = self.innovated(site, *u)?
        {
            return Ok((vec![value], ln_jacobian));
        }
        let symbol = &self.bound.model.symbols[site];
        let refuse = || {
            Box::new(
                Diagnostic::error(
                    "E0117",
                    symbol.span,
                    format!("`{}` has no location and scale to be non-centred by", symbol.name),
                )
                .help("sites whose prior has a location or a scale (Normal, LogNormal, HalfNormal, StudentT, Exponential, MultiNormal, …) can be non-centred, without a narrower kind"),
            )
        };
        let Some(d) = self.bound.model.dist(site) else {
            return Err(refuse());
        };
        let plain =
            matches!(symbol.kind, None | Some(Kind::Real(None, None))) && !d.modifiers.truncates();
        let definition = d.distribution.definition();
        if let (None, [u], true) = (definition.location_scale, u, plain)
            && let Some(units) = self.units(d)?
        {
            let (value, ln_jacobian) = units.value(*u);
            return Ok((vec![value], ln_jacobian));
        }
        let Some(ls) = definition.location_scale.filter(|_| plain) else {
            return Err(refuse());
        };
        let arguments = self.arguments(d, event)?;
        let (location, scale) = (&arguments[ls.location], &arguments[ls.scale]);
        let n = u.len();
        let at = |v: &[Expr<'b>], i: usize| if v.len() == 1 { v[0] } else { v[i] };
        let entry = |i: usize, j: usize| {
            if scale.len() == 1 {
                scale[0]
            } else {
                scale[i * n + j]
            }
        };
        let mut log_jacobian = Expr::Const(0.0);
        let mut values = Vec::with_capacity(n);
        for i in 0..n {
            let spread = (0..=i)
                .filter(|&j| scale.len() > 1 || j == i)
                .fold(Expr::Const(0.0), |sum, j| sum + entry(i, j) * u[j]);
            let value = at(location, i) + spread;
            log_jacobian = log_jacobian + entry(i, i).ln();
            if ls.exponentiated {
                log_jacobian = log_jacobian + value;
            }
            values.push(if ls.exponentiated { value.exp() } else { value });
        }
        Ok((values, log_jacobian))
    }
}
