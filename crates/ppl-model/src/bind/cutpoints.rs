//! Labels in order are cut by one number fewer than there are labels.

use super::Binder;
use crate::graph::*;
use ppl_dist::Support;
use ppl_syntax::diagnostic::Diagnostic;

impl Binder<'_> {
    /// Axes of cutpoints that do not fit the labels they cut.
    pub(super) fn cutpoints(&mut self) {
        let mut found = vec![];
        for located in &self.model.statements {
            let Statement::Observe { value, dist } = &located.statement else {
                continue;
            };
            for d in dist.branches() {
                if d.distribution.definition().support != Support::OrderedCategory {
                    continue;
                }
                let (Ty::Index(labels), Some(cut)) = (value.ty, d.event.first()) else {
                    continue;
                };
                let size = |axis: usize| self.axes[axis].as_ref().map_or(0, super::BoundAxis::size);
                let (k, cuts) = (size(labels), size(cut.axis));
                if cuts + 1 == k {
                    continue;
                }
                let name = |axis: usize| self.model.axes[axis].name.clone();
                let (labels_name, cut_name) = (name(labels), name(cut.axis));
                let one =
                    |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
                found.push(
                    Diagnostic::error(
                        "E0202",
                        d.span,
                        format!(
                            "`{labels_name}` has {}, which {} would cut, but `{cut_name}` has {}",
                            one(k, "label"),
                            one(k.saturating_sub(1), "cutpoint"),
                            one(cuts, "element")
                        ),
                    )
                    .label(self.model.axes[cut.axis].span, "declared here")
                    .help(if k < 2 {
                        format!("an ordered label has two levels at least: list those of `{labels_name}`")
                    } else {
                        format!("write `axis {cut_name} = size({labels_name}) - 1;`")
                    }),
                );
            }
        }
        self.diagnostics.extend(found);
    }
}
