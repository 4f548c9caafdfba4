//! How the discrete sites of a bound model are summed out, before anything is fitted.

use super::SummedOut;
use crate::bind::Bound;
use crate::graph::SymbolId;
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
        Err(message) => {
            let mut sites = lowering.given_up.take();
            sites.sort_unstable();
            sites.dedup();
            sites.retain(|&id| model.is_summed_out(id));
            match sites.is_empty() {
                true => Ok(vec![]),
                false => Err(TooDear { sites, message }),
            }
        }
    }
}

impl Bound {
    /// Leaves sites whose elimination is too dear to the guide, with a warning for each set of sites that meet.
    pub(crate) fn leave_to_guide(&mut self) {
        // Each turn leaves at least one site more.
        while let Err(found) = summed_out(self) {
            let mut model = (*self.model).clone();
            let sites: Vec<SymbolId> = found.sites;
            let names: Vec<String> = sites
                .iter()
                .map(|&id| format!("`{}`", model.symbols[id].name))
                .collect();
            let Some(&first) = sites.first() else {
                return;
            };
            let names = names.join(", ");
            let mut warning = Diagnostic::warning(
                "W0133",
                model.symbols[first].span,
                format!(
                    "{}: so {names} will be drawn by the guide, and the answer is not exact",
                    found.message.message
                ),
            )
            .at("drawn by the guide")
            .help(match &found.message.help {
                Some(exact) => format!("{exact}; the guide takes the elements for independent"),
                None => "the guide takes the elements for independent".into(),
            });
            let place = found.message.labels.first().map(|l| l.span);
            if let Some(place) = place.filter(|p| *p != model.symbols[first].span) {
                warning = warning.label(place, "here");
            }
            for other in found.message.labels.iter().skip(1) {
                warning = warning.label(other.span, other.message.clone());
            }
            self.warnings.push(warning);
            model.sampled.extend(sites);
            self.model = model.into();
        }
    }
}
