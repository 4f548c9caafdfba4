//! Missing cells as latents. A `?` column that is read elsewhere than in its own observation gets a site with one element
//! for each missing cell, whose distribution is that of the observation at these cells.

use super::Checker;
use super::statements::not_available;
use crate::graph::*;
use ppl_dist::Shape;
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    /// Notes that a `?` column is read: its missing cells have to have values.
    pub(super) fn needs_values(&mut self, id: SymbolId, span: Span) -> Option<()> {
        let s = &self.model.symbols[id];
        if s.ty != Ty::Real {
            let d = not_available(
                span,
                &format!("missing whole numbers of `{}` as latents", s.name),
            );
            return self.fail(d.label(s.span, "declared with `?`"));
        }
        if !self.imputed.iter().any(|i| i.0 == id) {
            self.imputed.push((id, span));
        }
        Some(())
    }

    /// Gives every such column its site.
    pub(super) fn impute(&mut self) {
        for (id, read) in std::mem::take(&mut self.imputed) {
            if let Err(d) = self.impute_one(id, read) {
                self.report(*d);
            }
        }
    }

    fn impute_one(&mut self, id: SymbolId, read: Span) -> Result<(), Box<Diagnostic>> {
        let data = self.model.symbols[id].clone();
        let name = &data.name;
        let observed: Vec<usize> = (0..self.model.statements.len())
            .filter(|&i| {
                matches!(&self.model.statements[i].statement, Statement::Observe { value, .. } if value.whole_symbol() == Some(id))
            })
            .collect();
        let [at] = observed.as_slice() else {
            if let Some(&second) = observed.get(1) {
                return Err(Box::new(
                    Diagnostic::error(
                        "E0126",
                        self.model.statements[second].span,
                        format!("missing entries of `{name}` are latents, and their distribution is stated twice"),
                    )
                    .label(read, "read here, so that they must have values")
                    .help("observe the column once"),
                ));
            }
            return Err(Box::new(
                Diagnostic::error(
                    "E0126",
                    read,
                    format!("`{name}` may have missing entries, and nothing says how they are distributed"),
                )
                .at("they would have to have values here")
                .label(data.span, "declared with `?`")
                .help(format!("give it a distribution: `observe {name} ~ Normal(mu_{name}, s_{name});`, or remove the rows and the `?`; cells that a condition on data never reads may hold any number, such as 0, in a column without `?`")),
            ));
        };
        let located = self.model.statements[*at].clone();
        let Statement::Observe { value, dist } = &located.statement else {
            return Ok(());
        };
        if dist
            .branches()
            .iter()
            .any(|d| d.distribution.definition().event != Shape::Scalar)
        {
            let d = not_available(
                dist.span,
                &format!("missing entries of `{name}` as latents of a multivariate distribution"),
            );
            return Err(Box::new(d.label(read, "read here")));
        }
        if dist
            .branches()
            .iter()
            .any(|d| d.distribution.definition().is_discrete())
        {
            let d = not_available(
                dist.span,
                &format!("missing entries of `{name}` as latents of a discrete distribution"),
            );
            return Err(Box::new(d.label(read, "read here")));
        }
        let name = self.free_name(&format!("{name}_missing"));
        let axis = self.model.axes.len();
        self.model.axes.push(AxisDecl {
            name: name.clone(),
            levels: Levels::Missing(id),
            span: data.span,
        });
        let along = AxisRef::of(axis);
        // Where each missing cell stands along each axis of the column: the binder fills this in.
        let positions: Vec<SymbolId> = data
            .axes
            .iter()
            .enumerate()
            .map(|(i, a)| {
                self.model.symbols.push(Symbol {
                    name: format!("{name}_{i}"),
                    axes: vec![along],
                    ty: Ty::Index(a.axis),
                    kind: None,
                    role: Role::Let(Box::new(super::expressions::number(0.0, data.span))),
                    stochastic: false,
                    span: data.span,
                });
                self.model.symbols.len() - 1
            })
            .collect();
        let places: Vec<(AxisRef, SymbolId)> = data.axes.iter().copied().zip(positions).collect();
        let dist = at_places(dist, &places, along, &self.model);
        let site = self.model.symbols.len();
        self.model.symbols.push(Symbol {
            name: name.clone(),
            axes: vec![along],
            ty: Ty::Real,
            kind: None,
            role: Role::Site(Box::new(dist)),
            stochastic: true,
            span: data.span,
        });
        self.model.names.insert(name.clone(), site);
        if let Some(scope) = self.scopes.first_mut() {
            scope.insert(name, site);
        }
        let skip = located.skip;
        let axes = value.axes.clone();
        self.model.statements.insert(
            *at,
            Located {
                statement: Statement::Sample(site),
                skip: None,
                ..located
            },
        );
        self.model.imputations.push(Imputation {
            data: id,
            site,
            positions: places.into_iter().map(|p| p.1).collect(),
            skip,
            axes,
        });
        Ok(())
    }

    /// A name that neither a value nor an axis has.
    fn free_name(&self, wanted: &str) -> String {
        let mut name = wanted.to_string();
        while self.model.names.contains_key(&name) || self.axis(&name).is_some() {
            name.push('_');
        }
        name
    }
}

/// The distribution at the given places: every expression in it looked up there.
fn at_places(d: &TDist, places: &[(AxisRef, SymbolId)], along: AxisRef, model: &Model) -> TDist {
    let at = |e: &TExpr| look_up(e, places, along, model);
    let boxed = |e: &Option<Box<TExpr>>| e.as_ref().map(|e| Box::new(at(e)));
    TDist {
        args: d.args.iter().map(at).collect(),
        modifiers: Modifiers {
            lower: boxed(&d.modifiers.lower),
            upper: boxed(&d.modifiers.upper),
            ..Modifiers::default()
        },
        otherwise: d
            .otherwise
            .as_ref()
            .map(|other| Box::new((at(&other.0), at_places(&other.1, places, along, model)))),
        ..d.clone()
    }
}

fn look_up(e: &TExpr, places: &[(AxisRef, SymbolId)], along: AxisRef, model: &Model) -> TExpr {
    let by: Vec<(AxisRef, TExpr)> = e
        .axes
        .iter()
        .filter_map(|a| {
            let (_, symbol) = places.iter().find(|p| p.0 == a.declared())?;
            let s = &model.symbols[*symbol];
            let index = TExpr {
                kind: TKind::Symbol(*symbol),
                axes: s.axes.clone(),
                ty: s.ty,
                stochastic: false,
                span: e.span,
            };
            Some((*a, index))
        })
        .collect();
    if by.is_empty() {
        return e.clone();
    }
    let mut axes: Vec<AxisRef> = e
        .axes
        .iter()
        .copied()
        .filter(|a| !by.iter().any(|b| b.0 == *a))
        .collect();
    axes.push(along);
    TExpr {
        kind: TKind::Gather(Box::new(e.clone()), by),
        axes,
        ..e.clone()
    }
}
