//! Brackets: every value finds its own axis by type.

use super::Checker;
use super::expressions::Frame;
use crate::graph::*;
use ppl_syntax::ast::{self, ExprKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    pub(super) fn index(
        &mut self,
        src: &ast::Expr,
        indices: &[ast::Expr],
        frame: Frame,
        span: Span,
    ) -> Option<TExpr> {
        // An earlier element of the site that is being defined.
        let earlier = indices
            .iter()
            .any(|i| self.shift_of(i).is_some_and(|(_, k)| k != Lag::Literal(0)));
        let before = self.defining;
        if let Some((_, reading)) = &mut self.defining {
            *reading = earlier;
        }
        let outside = std::mem::replace(&mut self.reading_earlier, earlier);
        let src = self.expr(src, None);
        self.reading_earlier = outside;
        self.defining = before;
        let src = src?;
        let mut free = src.axes.clone();
        let mut found: Vec<(AxisRef, TExpr)> = vec![];
        for i in indices {
            let (axis, index) =
                self.bracket_value(&src, &free, i, indices.len(), found.len(), frame)?;
            free.retain(|a| *a != axis);
            found.push((axis, index));
        }
        // `P[j]`, where `j` runs along the matrix's second axis: the rest of the row makes way for it.
        for kept in free.iter().filter(|a| a.copy == 1) {
            let taken = found
                .iter()
                .any(|(_, i)| i.axes.iter().any(|x| x.axis == kept.axis && x.copy == 3));
            if taken {
                let all = TExpr {
                    kind: TKind::LoopVariable,
                    axes: vec![AxisRef::of(kept.axis)],
                    ty: Ty::Index(kept.axis),
                    stochastic: false,
                    span,
                };
                found.push((*kept, all));
            }
        }
        let mut axes: Vec<AxisRef> = vec![];
        let mut add = |x: AxisRef| {
            if !axes.contains(&x) {
                axes.push(x);
            }
        };
        for a in &src.axes {
            match found.iter().find(|(f, _)| f == a) {
                Some((_, index)) => index.axes.iter().for_each(|x| add(*x)),
                None => add(*a),
            }
        }
        let stochastic = src.stochastic || found.iter().any(|(_, i)| i.stochastic);
        let ty = src.ty;
        let mut out = TExpr {
            kind: TKind::Gather(Box::new(src), found),
            axes,
            ty,
            stochastic,
            span,
        };
        // A row of a square matrix is a vector along the axis itself.
        if let Some(second) = out.axes.iter().copied().find(|a| a.copy == 1)
            && !out
                .axes
                .iter()
                .any(|a| a.axis == second.axis && a.copy != 1)
        {
            let first = AxisRef::of(second.axis);
            let axes = out
                .axes
                .iter()
                .map(|a| if *a == second { first } else { *a })
                .collect();
            out = TExpr {
                axes,
                ty,
                stochastic,
                span,
                kind: TKind::Rename(Box::new(out), second, first),
            };
        }
        Some(out)
    }

    fn bracket_value(
        &mut self,
        src: &TExpr,
        free: &[AxisRef],
        e: &ast::Expr,
        n_values: usize,
        place: usize,
        frame: Frame,
    ) -> Option<(AxisRef, TExpr)> {
        let by_place = if n_values == src.axes.len() {
            src.axes.get(place).copied().filter(|a| free.contains(a))
        } else {
            None
        };
        match &e.kind {
            ExprKind::Name(name) => {
                let level_of = free.iter().copied().find(|a| matches!(&self.model.axes[a.axis].levels, Levels::Listed(l) if l.contains(name)));
                let value = self.lookup(name).is_some() || self.loop_axis(name).is_some();
                match (level_of, value) {
                    (Some(_), true) => {
                        let index = self.lookup(name).map(|s| self.model.symbols[s].ty);
                        if matches!(index, Some(Ty::Index(_))) || self.loop_axis(name).is_some() {
                            return self.fail(
                                Diagnostic::error(
                                    "E0110",
                                    e.span,
                                    format!("`{name}` is both a level and a value here"),
                                )
                                .help("rename one of them"),
                            );
                        }
                        let axis = level_of?;
                        return Some((axis, self.label(axis.axis, name, e.span)?));
                    }
                    (Some(axis), false) => {
                        return Some((axis, self.label(axis.axis, name, e.span)?));
                    }
                    (None, false) => {
                        // Labels of an axis of columns are known when the table is: the binder checks them.
                        let columns: Vec<AxisRef> = free
                            .iter()
                            .copied()
                            .filter(|a| {
                                matches!(self.model.axes[a.axis].levels, Levels::Columns(_))
                            })
                            .collect();
                        if let [axis] = columns.as_slice()
                            && self.axis(name).is_none()
                        {
                            return Some((*axis, self.label(axis.axis, name, e.span)?));
                        }
                        if self.poisoned.contains(name) {
                            return None;
                        }
                        if let Some(d) = self.axis_in_bracket(src, free, name, e.span) {
                            return self.fail(d);
                        }
                        let levels: Vec<String> = free
                            .iter()
                            .filter_map(|a| match &self.model.axes[a.axis].levels {
                                Levels::Listed(l) => Some(l.clone()),
                                _ => None,
                            })
                            .flatten()
                            .collect();
                        let names = self.scopes.iter().flat_map(|s| s.keys().cloned());
                        let candidates: Vec<String> = levels.into_iter().chain(names).collect();
                        let d = Diagnostic::error(
                            "E0110",
                            e.span,
                            format!("`{name}` is neither a level nor an index"),
                        );
                        let found = |a: &&AxisRef| {
                            a.copy < 2 && matches!(self.model.axes[a.axis].levels, Levels::Found)
                        };
                        let found = free.iter().find(found).map(|a| self.model.axis_name(*a));
                        let found = found.map(str::to_string);
                        return self.fail(match ppl_syntax::suggest(name, candidates.iter().map(String::as_str)) {
                            Some(s) => d.help(format!("did you mean `{s}`?")).fix(e.span, s),
                            None if found.is_some() => d
                                .help(format!(
                                    "a label of `{}`, whose levels are found in the data, stands in quotes",
                                    found.unwrap_or_default()
                                ))
                                .fix(e.span, format!("\"{name}\"")),
                            None => d.help("in a bracket stand labels, columns declared as an axis's values, and loop variables"),
                        });
                    }
                    (None, true) => {}
                }
            }
            ExprKind::Str(s) => {
                let axis = by_place.or_else(|| free.first().copied());
                let Some(axis) = axis else {
                    return self.too_many(src, e.span);
                };
                return Some((axis, self.label(axis.axis, s, e.span)?));
            }
            ExprKind::Number(v) => {
                let numbered = |a: &AxisRef| {
                    !matches!(
                        self.model.axes[a.axis].levels,
                        Levels::Listed(_) | Levels::Columns(_)
                    )
                };
                let possible: Vec<AxisRef> = match by_place {
                    Some(axis) => vec![axis],
                    None => free.iter().copied().filter(numbered).collect(),
                };
                let Some(&axis) = possible.first() else {
                    return self.too_many(src, e.span);
                };
                if let Some(other) = possible.iter().find(|a| a.axis != axis.axis) {
                    let (one, two) = (
                        self.model.axis_name(axis).to_string(),
                        self.model.axis_name(*other).to_string(),
                    );
                    let message = format!("`{v}` may be a label of `{one}` or of `{two}` here");
                    return self.fail(
                        Diagnostic::error("E0110", e.span, message)
                            .at("of which axis?")
                            .label(src.span, format!("this {}", self.lies(&src.axes)))
                            .help("give a value for every axis, in order, or look the other one up by a binder: `let b[j in m] = a[1, j];`"),
                    );
                }
                let label = format!("{v}");
                return Some((axis, self.label(axis.axis, &label, e.span)?));
            }
            _ => {}
        }
        let index = match self.shift_of(e) {
            Some((axis, k)) => self.shift(axis, k, e.span)?,
            None => self.expr(e, frame)?,
        };
        let Ty::Index(target) = index.ty else {
            let shifted = matches!(&e.kind, ExprKind::Binary(..));
            if shifted {
                return self.fail(super::statements::not_available(
                    e.span,
                    "arithmetic in a bracket other than a loop variable less a literal number, `[t - 1]`,",
                ));
            }
            return self.fail(
                Diagnostic::error("E0110", e.span, "this is not an index")
                    .at("a bracket holds labels, never positions")
                    .help(match (&e.kind, by_place) {
                        (ExprKind::Name(name), Some(axis)) => format!(
                            "declare the column with the axis as its kind: `data {name}[row]: {};`",
                            self.model.axis_name(axis)
                        ),
                        _ => "declare the column with the axis as its kind: `data county[row]: county;`".into(),
                    }),
            );
        };
        if index.stochastic && !self.reads_labels_only(&index) {
            return self.fail(super::statements::not_available(
                e.span,
                "looking up by a latent",
            ));
        }
        match free.iter().copied().find(|a| a.axis == target) {
            Some(axis) => Some((axis, index)),
            None => {
                let (name, lies) = (self.model.axes[target].name.clone(), self.lies(&src.axes));
                self.fail(
                    Diagnostic::error(
                        "E0110",
                        e.span,
                        format!("this is an index into `{name}`, but the array {lies}"),
                    )
                    .label(src.span, format!("this {lies}"))
                    .help(self.lacks(src, &name)),
                )
            }
        }
    }

    /// Whether an index is a discrete site, or a look-up of one by data.
    pub(super) fn is_summed_out(&self, index: &TExpr) -> bool {
        match &index.kind {
            TKind::Symbol(id) => self.model.is_summed_out(*id),
            TKind::Gather(src, by) => {
                self.is_summed_out(src) && by.iter().all(|(_, i)| !i.stochastic)
            }
            _ => false,
        }
    }

    /// Where an array would get an axis that it lacks.
    fn lacks(&self, src: &TExpr, axis: &str) -> String {
        let Some(id) = src.whole_symbol() else {
            return format!("look up what lies along `{axis}`, or leave the bracket away");
        };
        let s = &self.model.symbols[id];
        let own = s.axes.iter().map(|a| self.model.axis_name(*a));
        let axes: Vec<&str> = own.chain([axis]).collect();
        let with = format!("{}[{}]", s.name, axes.join(", "));
        let declared = match &s.role {
            Role::Data { .. } => format!("data {with}: real;"),
            Role::Site(_) => format!("{with} ~ …;"),
            Role::Let(_) => format!("let {with} = …;"),
            Role::Param(_) => format!("param {with} = …;"),
        };
        format!(
            "for one of each `{axis}` give it the axis where it is declared, `{declared}`; else leave the index away"
        )
    }

    fn too_many<T>(&mut self, src: &TExpr, span: Span) -> Option<T> {
        let lies = self.lies(&src.axes);
        self.fail(
            Diagnostic::error(
                "E0110",
                span,
                format!("no axis is left for this: the array {lies}"),
            )
            .help("leave it away, or name one more axis where the array is declared"),
        )
    }

    /// A label of an axis; listed levels are checked at once, others when the data is there.
    pub(super) fn label(&mut self, axis: usize, label: &str, span: Span) -> Option<TExpr> {
        if let Levels::Listed(levels) = &self.model.axes[axis].levels
            && !levels.iter().any(|l| l == label)
        {
            let d = Diagnostic::error(
                "E0110",
                span,
                format!("`{}` has no level `{label}`", self.model.axes[axis].name),
            );
            let d = match ppl_syntax::suggest(label, levels.iter().map(String::as_str)) {
                Some(s) => d.help(format!("did you mean `{s}`?")).fix(span, s),
                None => d.help(format!("its levels are {}", levels.join(", "))),
            };
            return self.fail(d);
        }
        Some(TExpr {
            kind: TKind::Label(axis, label.to_string()),
            axes: vec![],
            ty: Ty::Index(axis),
            stochastic: false,
            span,
        })
    }
}
