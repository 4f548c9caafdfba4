//! Flow: one Gaussian over all unknowns whose standard numbers go through coupling layers (RealNVP: Dinh, Sohl-Dickstein
//! and Bengio 2017).

use crate::joint::emit_gaussian;
use crate::names::Names;
use crate::{Centring, FULL_RANK, Family};
use ppl_model::SiteShape;
use std::fmt::Write;

/// Coupling layers on a Gaussian: the Gaussian itself at the start.
pub(crate) struct Flow;

/// Coupling layers; every second one moves the same numbers.
const LAYERS: usize = 4;

/// Hidden numbers of a layer's net: twice the unknowns, between these.
const HIDDEN: (usize, usize) = (8, 32);

impl Family for Flow {
    fn name(&self) -> &'static str {
        "flow"
    }

    fn keyword(&self) -> &'static str {
        "flow"
    }

    fn base(&self) -> Option<&'static str> {
        Some(FULL_RANK)
    }

    fn emit(&self, names: &mut Names, sites: &[SiteShape], centring: Centring<'_>) -> String {
        emit_gaussian(names, sites, centring, |out, names, (free, d)| {
            let [layer, hidden] = ["layer", "hidden"].map(|name| names.fresh(name.into()));
            let [inner, bias, stretch, shift] =
                ["inner", "bias", "stretch", "shift"].map(|name| names.fresh(name.into()));
            let _ = writeln!(out, "  axis {layer} = {LAYERS};");
            let n = (2 * d).clamp(HIDDEN.0, HIDDEN.1);
            let _ = writeln!(out, "  axis {hidden} = {n};");
            let _ = writeln!(
                out,
                "  param {inner}[{layer}, {hidden}, {free}] = glorot();"
            );
            let _ = writeln!(out, "  param {bias}[{layer}, {hidden}] = glorot();");
            let _ = writeln!(out, "  param {stretch}[{layer}, {free}, {hidden}] = 0;");
            let _ = writeln!(out, "  param {shift}[{layer}, {free}, {hidden}] = 0;");
            format!("flow = [{inner}, {bias}, {stretch}, {shift}]")
        })
    }
}
