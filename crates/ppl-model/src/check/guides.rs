//! Guide blocks: every site of the model is drawn once, with a matching support.

use super::Checker;
use crate::departure::OF_ALL;
use crate::graph::*;
use ppl_dist::Support;
use ppl_syntax::ast::{self, GuideBody, StmtKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::collections::HashMap;

impl Checker {
    /// The guides that the author wrote.
    pub(super) fn written_guides(&mut self, statements: &[ast::Stmt]) {
        let guides = || {
            statements.iter().filter_map(|s| match &s.kind {
                StmtKind::Guide(body) => Some((s.span, body)),
                _ => None,
            })
        };
        let mut first: [Option<Span>; 2] = [None; 2];
        for (span, body) in guides() {
            let before = match body {
                GuideBody::Block(_) => first[0].replace(span),
                GuideBody::Auto(_) => first[1].replace(span),
                GuideBody::Site(..) => None,
            };
            if let Some(before) = before {
                self.report(
                    Diagnostic::error("E0117", span, "a second guide")
                        .label(before, "the first")
                        .help("a model has one guide"),
                );
                continue;
            }
            match body {
                GuideBody::Block(block) => {
                    self.written_guide(block, span);
                    let functions = statements.iter();
                    let functions = functions
                        .filter(|s| matches!(s.kind, StmtKind::Fn { .. } | StmtKind::Net { .. }));
                    if let Some(partial) = &mut self.model.partial_guide {
                        partial.functions = std::sync::Arc::new(functions.cloned().collect());
                    }
                }
                GuideBody::Auto(family) => {
                    if self.known_family(&family.name, family.span).is_some() {
                        self.model.guide_family = Some((family.name.clone(), family.span));
                    }
                }
                GuideBody::Site(..) => {}
            }
        }
        for (_, body) in guides() {
            if let GuideBody::Site(site, family) = body {
                self.site_family(site, family);
            }
        }
        if let (true, Some(auto)) = (self.model.has_written_guide, first[1]) {
            let d = Diagnostic::error("E0117", auto, "the written guide draws every site")
                .at("no site is left for this family");
            self.report(d.help("delete one of the two"));
        }
    }

    fn known_family(&mut self, name: &str, span: Span) -> Option<()> {
        use crate::departure::FAMILIES;
        if FAMILIES.contains(&name) {
            return Some(());
        }
        let d = Diagnostic::error("E0117", span, format!("there is no guide family `{name}`"));
        self.fail(match ppl_syntax::suggest(name, FAMILIES.into_iter()) {
            Some(s) => d.help(format!("did you mean `{s}`?")).fix(span, s),
            None => d.help(format!("families are `{}`", FAMILIES.join("`, `"))),
        })
    }

    /// `guide h: full_rank;`
    fn site_family(&mut self, site: &ast::Ident, family: &ast::Expr) -> Option<()> {
        let ast::ExprKind::Name(name) = &family.kind else {
            return self.fail(
                Diagnostic::error(
                    "E0117",
                    family.span,
                    "the name of a guide family is expected",
                )
                .help("families are `mean_field`, `full_rank`, `markov` and others that `guide auto(…)` takes"),
            );
        };
        self.known_family(name, family.span)?;
        let id = self.guide_site(site)?;
        let wrong = |message: String| Diagnostic::error("E0117", site.span, message);
        if self.model.is_summed_out(id) {
            return self.fail(
                wrong(format!(
                    "`{}` is summed out, so no guide draws it",
                    site.name
                ))
                .help("delete this statement"),
            );
        }
        if OF_ALL.contains(&name.as_str()) {
            return self.fail(
                wrong(format!(
                    "`{name}` draws all unknowns, not `{}` alone",
                    site.name
                ))
                .help(format!("write `guide auto({name});`")),
            );
        }
        if name == "markov" && self.model.symbols[id].axes.is_empty() {
            return self.fail(
                wrong(format!(
                    "`{}` is one number, which has none before it",
                    site.name
                ))
                .help("`markov` is for what lies along an axis"),
            );
        }
        let written = self.model.has_written_guide
            || (self.model.partial_guide.as_ref()).is_some_and(|g| g.draws.contains(&id));
        if written {
            return self.fail(
                wrong(format!("the written guide draws `{}` already", site.name))
                    .help("delete one of the two"),
            );
        }
        if self.model.site_families.iter().any(|(s, _)| *s == id) {
            return self.fail(
                wrong(format!("a second family for `{}`", site.name)).help("delete one of the two"),
            );
        }
        self.model.site_families.push((id, name.clone()));
        Some(())
    }

    /// A block that draws all sites, or some of them.
    fn written_guide(&mut self, statements: &[ast::Stmt], span: Span) {
        self.model.has_written_guide = true;
        let (symbols, axes) = (self.model.symbols.len(), self.model.axes.len());
        let errors = self.diagnostics.len();
        let missing = self.guide_statements(statements, span);
        let draws: Vec<SymbolId> = self.drawn_sites();
        if self.diagnostics.len() > errors {
            return;
        }
        if missing.is_empty() {
            return self.learns_something(&draws, span);
        }
        if draws.is_empty() {
            return self.not_drawn(&missing, span);
        }
        let mut inside: Vec<&TExpr> = vec![];
        let mut reads = std::collections::HashSet::new();
        for s in &self.model.guide {
            if let Statement::GuideSample { dist, .. } = &s.statement {
                inside.extend(dist.expressions());
                for site in &dist.noncentered {
                    reads.extend(self.model.parents(*site));
                }
            }
        }
        reads.extend(self.model.sites_read(inside));
        for site in &draws {
            reads.extend(self.model.support_parents(*site));
        }
        let reads = reads.into_iter().filter(|s| !draws.contains(s)).collect();
        self.model.partial_guide = Some(PartialGuide {
            statements: std::sync::Arc::new(statements.to_vec()),
            functions: Default::default(),
            draws,
            reads,
        });
        // It is checked again with what is generated for the other sites.
        self.model.has_written_guide = false;
        self.model.guide.clear();
        self.model.symbols.truncate(symbols);
        self.model.axes.truncate(axes);
    }

    fn drawn_sites(&self) -> Vec<SymbolId> {
        let drawn = self.model.guide.iter().filter_map(|s| match &s.statement {
            Statement::GuideSample { sites, .. } => Some(sites),
            _ => None,
        });
        drawn.flatten().copied().collect()
    }

    fn not_drawn(&mut self, missing: &[String], span: Span) {
        if self.broken {
            // What could not be read may draw them.
            return;
        }
        self.report(
            Diagnostic::error("E0117", span, format!("the guide does not draw {}", missing.join(", ")))
                .help("a guide draws the sites of the model; `ppl guide` prints a complete one to start from"),
        );
    }

    /// Checks the statements of a complete guide; `span` is where to report missing sites.
    pub(super) fn guide(&mut self, statements: &[ast::Stmt], span: Span) {
        let missing = self.guide_statements(statements, span);
        if !missing.is_empty() {
            self.not_drawn(&missing, span);
        }
    }

    /// Checks the statements of a guide, and returns the names of the sites that it leaves out.
    fn guide_statements(&mut self, statements: &[ast::Stmt], span: Span) -> Vec<String> {
        let errors_before = self.diagnostics.len();
        self.in_guide = true;
        self.scopes.push(HashMap::new());
        self.statements(statements);
        self.scopes.pop();
        self.in_guide = false;
        if self.diagnostics.len() > errors_before {
            return vec![];
        }
        let drawn = self.drawn_sites();
        let named = |wanted: &dyn Fn(usize) -> bool| -> Vec<String> {
            let times = |id: SymbolId| drawn.iter().filter(|d| **d == id).count();
            self.model
                .sites()
                .filter(|(id, _)| wanted(times(*id)))
                .map(|(_, s)| format!("`{}`", s.name))
                .collect()
        };
        let (missing, twice) = (named(&|n| n == 0), named(&|n| n > 1));
        if !twice.is_empty() {
            self.report(
                Diagnostic::error(
                    "E0117",
                    span,
                    format!("the guide draws {} more than once", twice.join(", ")),
                )
                .help("a guide draws every site once: delete all statements but one"),
            );
        }
        missing
    }

    /// `noncentered = [theta]` or `noncentered = theta`, and `linked = w`.
    pub(super) fn transformed(
        &mut self,
        args: &[ast::Arg],
    ) -> Option<(Vec<SymbolId>, Option<Box<TExpr>>)> {
        let mut out = vec![];
        let mut linked = None;
        let elsewhere =
            |a: &ast::Arg| super::markov::is_of_chain(a) || super::departures::is_of_departure(a);
        for a in args.iter().filter(|a| !elsewhere(a)) {
            let name = a.name.as_ref().map(|n| n.name.as_str());
            if name == Some("linked") {
                let weights = self.expr(&a.value, None)?;
                self.numeric(&weights)?;
                linked = Some(Box::new(weights));
                continue;
            }
            if name != Some("noncentered") {
                return self.fail(
                    Diagnostic::error(
                        "E0106",
                        a.value.span,
                        "`.transformed()` has the arguments `noncentered`, `linked`, `markov` with `over`, `skew` with `tail`, `factors`, `mixture` and `flow`",
                    )
                    .help("write `.transformed(noncentered = [theta])`"),
                );
            }
            let parts: Vec<&ast::Expr> = match &a.value.kind {
                ast::ExprKind::Vector(parts) => parts.iter().map(|p| &p.value).collect(),
                _ => vec![&a.value],
            };
            for p in parts {
                let ast::ExprKind::Name(name) = &p.kind else {
                    return self.fail(Diagnostic::error(
                        "E0117",
                        p.span,
                        "the name of a site is expected",
                    ));
                };
                out.push(self.guide_site(&ast::Ident {
                    name: name.clone(),
                    span: p.span,
                })?);
            }
        }
        Some((out, linked))
    }

    fn guide_site(&mut self, name: &ast::Ident) -> Option<SymbolId> {
        let site = self.scopes.first().and_then(|s| s.get(&name.name).copied());
        match site {
            Some(id) if matches!(self.model.symbols[id].role, Role::Site(_)) => Some(id),
            _ if self.poisoned.contains(&name.name) => None,
            _ => {
                let d = Diagnostic::error(
                    "E0117",
                    name.span,
                    format!("the model has no site `{}`", name.name),
                )
                .at("a guide draws the model's sites");
                let d = match ppl_syntax::suggest(
                    &name.name,
                    self.model.sites().map(|(_, s)| s.name.as_str()),
                ) {
                    Some(s) => d.help(format!("did you mean `{s}`?")),
                    None => d.help("declare what the guide learns with `param`"),
                };
                self.fail(d)
            }
        }
    }

    pub(super) fn guide_sample(&mut self, statement: &ast::Stmt, target: &ast::Target) {
        let StmtKind::Sample { dist, kind, .. } = &statement.kind else {
            return;
        };
        if let Some(kind) = kind {
            return self.report(
                Diagnostic::error("E0117", kind.span, "a guide's sites have the model's kinds")
                    .help("leave it away"),
            );
        }
        let Some(site) = self.guide_site(&target.name) else {
            return;
        };
        let axes = self.model.symbols[site].axes.clone();
        if !target.axes.is_empty() {
            let Some(written) = self.target_axes(target) else {
                return;
            };
            if written != axes {
                let name = &target.name.name;
                let what = if axes.is_empty() {
                    "a scalar".to_string()
                } else {
                    format!("`{name}{}`", self.bracket(&axes))
                };
                let d = Diagnostic::error(
                    "E0117",
                    target.span,
                    format!("`{name}` is {what} in the model"),
                )
                .label(self.model.symbols[site].span, "here");

                return self.report(d.help("write the same axes, or none"));
            }
        }
        let Some(dist) = self.distribution(dist, &axes, None) else {
            return;
        };
        if self.guide_support(site, &dist).is_none() || self.drawn_by_guide(site, &dist).is_none() {
            return;
        }
        self.push_guide(
            Statement::GuideSample {
                sites: vec![site],
                dist,
            },
            statement.span,
        );
    }

    /// A draw of a guide falls where the model's does.
    fn guide_support(&mut self, site: SymbolId, dist: &TDist) -> Option<()> {
        let def = dist.distribution.definition();
        let symbol = &self.model.symbols[site];
        let Some((drawn, whole)) = self.model.dist(site).map(|d| {
            (
                d.distribution.definition().support,
                !d.modifiers.truncates(),
            )
        }) else {
            return Some(());
        };
        let differ = |what: &str| {
            Diagnostic::error("E0117", dist.span, format!("the supports differ: {what}"))
                .at("drawn by the guide")
                .label(symbol.span, "the model's support")
        };
        let transform = "append `.transformed()`: it pushes the draw through the site's support";
        let site_is_discrete = matches!(
            drawn,
            Support::Bool
                | Support::Integers(..)
                | Support::Category
                | Support::OrderedCategory
                | Support::Counts(_)
        );
        let d = if site_is_discrete != def.is_discrete() {
            let kind = |discrete: bool| {
                if discrete {
                    "whole numbers"
                } else {
                    "real numbers"
                }
            };
            Some(
                differ(&format!("`{}` takes {}, and {} draws {}", symbol.name, kind(site_is_discrete), def.name, kind(def.is_discrete())))
                    .help("draw Bernoulli sites from Bernoulli, other discrete ones from Categorical, all others from a continuous distribution"),
            )
        } else if def.location_scale.is_none() && !def.is_discrete() {
            Some(
                Diagnostic::error("E0117", dist.span, format!("a guide cannot draw from {} in this version", def.name))
                    .help("draw `Normal(location, scale).transformed()`, MultiNormal, LogNormal, or Bernoulli for a bool"),
            )
        } else if let Some(ls) = def.location_scale
            && !dist.transformed
        {
            let real = match &symbol.kind {
                None | Some(Kind::Real(None, None)) => drawn == Support::Real && whole,
                Some(_) => false,
            };
            let positive = match &symbol.kind {
                None | Some(Kind::Real(None, None)) => drawn == Support::POSITIVE && whole,
                Some(Kind::Real(
                    Some(TExpr {
                        kind: TKind::Number(v),
                        ..
                    }),
                    None,
                )) => *v == 0.0 && whole,
                Some(_) => false,
            };
            if ls.exponentiated && !positive {
                Some(
                    differ(&format!(
                        "{} draws positive numbers, `{}` is drawn on another set",
                        def.name, symbol.name
                    ))
                    .help(transform),
                )
            } else if !ls.exponentiated && !real {
                Some(
                    differ(&format!(
                        "{} draws any real number, `{}` does not take all of them",
                        def.name, symbol.name
                    ))
                    .help(transform),
                )
            } else {
                None
            }
        } else {
            None
        };
        match d {
            Some(d) => self.fail(d),
            None => Some(()),
        }
    }

    pub(super) fn guide_joint(&mut self, span: Span, sites: &[ast::Ident], dist: &ast::Expr) {
        if !self.in_guide {
            return self.report(
                Diagnostic::error("E0116", span, "sites are drawn jointly only in a guide")
                    .help("give each site its own statement, or one axis to all of them"),
            );
        }
        let ids: Vec<Option<SymbolId>> = sites.iter().map(|s| self.guide_site(s)).collect();
        let Some(ids) = ids.into_iter().collect::<Option<Vec<_>>>() else {
            return;
        };
        let Some(dist) = self.distribution(dist, &[], None) else {
            return;
        };
        if !dist.transformed {
            return self.report(
                Diagnostic::error(
                    "E0117",
                    dist.span,
                    "a joint draw is unconstrained, so it must say `.transformed()`",
                )
                .help("append `.transformed()`: it pushes every part through its site's support"),
            );
        }
        self.push_guide(Statement::GuideSample { sites: ids, dist }, span);
    }
}
