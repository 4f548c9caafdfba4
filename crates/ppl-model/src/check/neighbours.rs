//! Arguments that tell who neighbours whom: data, by an edge table or a matrix.

use super::Checker;
use crate::graph::*;
use ppl_dist::{Domain, Parameter};
use ppl_syntax::diagnostic::Diagnostic;

impl Checker {
    /// An edge's ends are labels of the draw's axis, an adjacency matrix lies along it twice, and all are data.
    pub(super) fn neighbours(
        &mut self,
        parameter: &Parameter,
        e: &TExpr,
        event: &[AxisRef],
    ) -> Option<()> {
        let name = parameter.name;
        let wrong = |what: String| Diagnostic::error("E0107", e.span, what);
        let data = match e.kind {
            TKind::Symbol(id) => matches!(self.model.symbols[id].role, Role::Data { .. }),
            TKind::Number(_) => parameter.domain == Domain::Positive,
            _ => false,
        };
        if !data {
            let d = wrong(format!("`{name}` is read from data"));
            return self.fail(
                d.help("declare it: `data node1[edge]: area;`, `data W[area, area]: real;`"),
            );
        }
        let Some(own) = event.last() else {
            return Some(());
        };
        let axis = self.model.axis_name(*own).to_string();
        match parameter.domain {
            Domain::Element => {
                if e.ty != Ty::Index(own.axis) || e.axes.len() != 1 {
                    let d = wrong(format!("`{name}` names elements of `{axis}`"));
                    return self.fail(d.help(format!(
                        "one label for each edge: `data {name}[edge]: {axis};`"
                    )));
                }
            }
            Domain::Adjacency => {
                let square = |a: &AxisRef| a.axis == own.axis;
                if e.axes.len() != 2 || !e.axes.iter().all(square) {
                    let d = wrong(format!("`{name}` is a square matrix along `{axis}`"));
                    return self.fail(d.help(format!("`data W[{axis}, {axis}]: real;`")));
                }
            }
            _ => {
                self.numeric(e)?;
                if e.axes.len() > 1 {
                    return self.fail(wrong(format!("`{name}` is one number for each edge")));
                }
            }
        }
        Some(())
    }
}
