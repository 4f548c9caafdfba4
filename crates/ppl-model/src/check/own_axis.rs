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
        // One of several axes is that of groups, and an index of the draws says which is whose.
        let groups = e.axes.iter().filter(|a| !batch.contains(a) && !a.is_loop());
        let index = (groups.clone().count() > 1)
            .then(|| groups.clone().find_map(|a| self.index_into(a.axis, batch)))
            .flatten();
        let help = match (index, e.whole_symbol()) {
            (Some(index), Some(id)) => {
                let own = &self.model.symbols[id].name;
                format!("look up those of each: `{own}[{index}]`")
            }
            (Some(index), None) => format!("look up those of each: `…[{index}]`"),
            _ => format!(
                "name it where they are introduced: `axis cut = 3; {name}[cut]: ordered ~ Normal(0, 3);`"
            ),
        };
        self.fail(
            Diagnostic::error(
                "E0110",
                e.span,
                format!(
                    "`{name}` ({}) lie along one axis of their own, which the left side lacks",
                    parameter.doc
                ),
            )
            .at(format!("this {lies}"))
            .help(help),
        )
    }

    /// The axis of a sequence's coefficients; none for one number.
    pub(super) fn coefficients(
        &mut self,
        parameter: &Parameter,
        e: &TExpr,
        event: &[AxisRef],
        batch: &[AxisRef],
    ) -> Option<Option<AxisRef>> {
        if e.axes.iter().any(|a| event.contains(a)) {
            let name = parameter.name;
            let lies = self.lies(&e.axes);
            return self.fail(
                Diagnostic::error("E0110", e.span, format!("`{name}` may not vary along the sequence"))
                    .at(format!("this {lies}"))
                    .help(format!("name an axis of their own where they are introduced: `axis lag = 2; {name}[lag] ~ Normal(0, 1);`")),
            );
        }
        if e.axes.iter().all(|a| batch.contains(a)) {
            return Some(None);
        }
        self.own_axis(parameter, e, batch).map(Some)
    }

    /// Sequences lie along an axis with an order.
    pub(super) fn in_time(&mut self, def: &Definition, time: AxisRef, span: Span) -> Option<()> {
        if !matches!(self.model.axes[time.axis].levels, Levels::Found) {
            return Some(());
        }
        let name = self.model.axis_name(time).to_string();
        self.fail(
            Diagnostic::error(
                "E0123",
                span,
                format!("{} goes along an axis in order, and the levels of `{name}` have none: they are found in the data", def.name),
            )
            .label(self.model.axes[time.axis].span, "declared here")
            .help(format!("list them in order: `axis {name} = {{…}};`, or give a range: `axis {name} = 1..52;`")),
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
