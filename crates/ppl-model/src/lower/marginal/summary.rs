//! How the discrete sites of a bound model are summed out, before anything is fitted.

use super::SummedOut;
use crate::bind::Bound;
use crate::graph::{SymbolId, Ty};
use crate::lower::{AxisMap, Lowering};
use ppl_core::Builder;
use ppl_syntax::diagnostic::Diagnostic;

/// Why the sites of a model cannot be summed out.
pub struct TooDear {
    /// The sites that meet.
    pub sites: Vec<SymbolId>,
    /// The message that a fit would end with.
    pub message: Box<Diagnostic>,
}

/// What summing out takes; an error only where it takes too much. Other messages are the fit's to tell.
pub fn summed_out(bound: &Bound) -> Result<Vec<SummedOut>, TooDear> {
    let model = &bound.model;
    if !(0..model.symbols.len()).any(|id| model.is_summed_out(id)) {
        return Ok(vec![]);
    }
    let Some(axes) = AxisMap::new(bound) else {
        return Ok(vec![]);
    };
    let builder = Builder::new(axes.program_axes(1));
    let lowering = Lowering::new(bound, &axes, &builder);
    for (id, symbol) in model.sites() {
        lowering.set_latent(id, builder.param(axes.set(&symbol.axes)).0);
    }
    match lowering.terms() {
        Ok(_) => Ok(lowering.summed_out.take()),
        Err(message) => match lowering.too_dear.take() {
            sites if sites.is_empty() => Ok(vec![]),
            sites => Err(TooDear { sites, message }),
        },
    }
}

impl Bound {
    /// Leaves 0/1 sites whose elimination is too dear to the guide, with a warning for each set of sites that meet.
    pub(crate) fn leave_to_guide(&mut self) {
        // Each turn leaves at least one site more.
        while let Err(found) = summed_out(self) {
            let mut model = (*self.model).clone();
            let bools: Vec<SymbolId> = found
                .sites
                .into_iter()
                .filter(|&id| model.symbols[id].ty == Ty::Bool)
                .collect();
            let Some(&first) = bools.first() else {
                return;
            };
            let names: Vec<String> = bools
                .iter()
                .map(|&id| format!("`{}`", model.symbols[id].name))
                .collect();
            self.warnings.push(
                Diagnostic::warning(
                    "W0133",
                    model.symbols[first].span,
                    format!("{} cannot be summed out at a bearable cost, and so will be drawn by the guide", names.join(", ")),
                )
                .at("drawn, with noisy gradients by the score function")
                .help("a mean-field guide takes the elements for independent; couple fewer of them for an exact sum"),
            );
            model.sampled.extend(bools);
            self.model = model.into();
        }
    }
}
