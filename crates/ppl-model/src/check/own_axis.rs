//! Arguments along an axis of their own, such as the cutpoints of an ordered label.

use super::Checker;
use super::statements::not_available;
use crate::graph::*;
use ppl_dist::{Definition, Parameter, Shape};
use ppl_syntax::ast::Arg;
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// Whether an argument of that distribution lies along an axis of its own.
pub(super) fn is_own(distribution: &str, position: usize, arg: &Arg) -> bool {
    let Some(d) = ppl_dist::find(distribution) else {
        return false;
    };
    let mut forms = d.definition().forms.iter();
    forms.any(|f| {
        let parameter = match &arg.name {
            Some(name) => f.parameters.iter().find(|p| p.name == name.name),
            None => f.parameters.get(position),
        };
        parameter.is_some_and(|p| p.shape == Shape::OwnAxis)
    })
}

impl Checker {
    /// The one axis that such an argument has and the draws lack.
    pub(super) fn own_axis(
        &mut self,
        parameter: &Parameter,
        e: &TExpr,
        batch: &[AxisRef],
    ) -> Option<AxisRef> {
        let mut extra = e.axes.iter().copied().filter(|a| !batch.contains(a));
        if let (Some(own), None) = (extra.next(), extra.next())
            && !own.is_loop()
        {
            return Some(own);
        }
        let name = parameter.name;
        let lies = self.lies(&e.axes);
        self.fail(
            Diagnostic::error(
                "E0110",
                e.span,
                format!("`{name}` ({}) lie along one axis of their own, which the left side lacks", parameter.doc),
            )
            .at(format!("this {lies}"))
            .help(format!("name it where they are introduced: `axis cut = 3; {name}[cut]: ordered ~ Normal(0, 3);`")),
        )
    }

    /// A label whose axis has an order, seen in the data.
    pub(super) fn ordered_labels(
        &mut self,
        def: &Definition,
        observed: Option<Ty>,
        span: Span,
    ) -> Option<()> {
        let name = def.name;
        match observed {
            None => self.fail(
                not_available(span, &format!("an unknown label drawn from {name}"))
                    .help("draw it from Categorical, with weights that are differences of the distribution function"),
            ),
            Some(Ty::Index(axis)) if matches!(self.model.axes[axis].levels, Levels::Found) => {
                let AxisDecl { name: along, span: declared, .. } = self.model.axes[axis].clone();
                self.fail(
                    Diagnostic::error(
                        "E0118",
                        span,
                        format!("{name} needs labels in order, and those of `{along}` have none: they are found in the data"),
                    )
                    .label(declared, "declared here")
                    .help(format!("list them in order: `axis {along} = {{low, middle, high}};`, or of whole numbers `axis {along} = 1..5;`")),
                )
            }
            Some(Ty::Index(_)) => Some(()),
            Some(_) => self.fail(
                Diagnostic::error("E0114", span, format!("{name} draws labels in order"))
                    .help("the observed column's kind must be the name of an axis in order: `axis answer = 1..5; data answer[row]: answer;`"),
            ),
        }
    }
}
