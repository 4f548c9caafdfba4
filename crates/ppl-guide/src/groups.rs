//! The order of a guide whose sites are drawn in several ways: by its family, by a family of their own, by what the author wrote.

use crate::names::Names;
use crate::{Centring, Family, find};
use ppl_model::graph::SymbolId;
use ppl_model::{Bound, SiteShape};
use ppl_syntax::ast::{Stmt, StmtKind};
use std::collections::HashSet;

/// Sites that are drawn together.
struct Group<'a> {
    /// `None`: the author wrote it.
    family: Option<&'a dyn Family>,
    sites: Vec<SiteShape>,
    draws: Vec<SymbolId>,
}

impl Group<'_> {
    /// The sites of other groups that must have been drawn.
    fn needs(&self, bound: &Bound) -> HashSet<SymbolId> {
        let mut out: HashSet<SymbolId> = match (&self.family, &bound.model.partial_guide) {
            (None, Some(written)) => written.reads.iter().copied().collect(),
            _ => self
                .draws
                .iter()
                .flat_map(|s| bound.model.support_parents(*s))
                .collect(),
        };
        out.retain(|s| !self.draws.contains(s));
        out
    }

    /// Beside these, those that would let its sites be drawn in units of their priors.
    fn wants(&self, bound: &Bound) -> HashSet<SymbolId> {
        let mut out = self.needs(bound);
        let apart = self.sites.iter().filter(|s| s.hierarchical);
        out.extend(apart.flat_map(|s| bound.model.parents(s.site)));
        out.retain(|s| !self.draws.contains(s));
        out
    }
}

/// The groups, each after those that it reads. Sites whose priors read what is drawn later are not hierarchical.
fn ordered<'a>(family: Option<&'a dyn Family>, bound: &Bound) -> Vec<Group<'a>> {
    let model = &bound.model;
    let mut left: Vec<Group> = vec![];
    let (mut own, mut rest) = (vec![], vec![]);
    for s in bound.site_shapes() {
        let written = model.partial_guide.as_ref();
        if written.is_some_and(|g| g.draws.contains(&s.site)) {
            continue;
        }
        match model.site_families.iter().find(|(id, _)| *id == s.site) {
            Some((_, name)) => own.push((find(name), s)),
            None => rest.push(s),
        }
    }
    let group = |family, sites: Vec<SiteShape>| Group {
        family,
        draws: sites.iter().map(|s| s.site).collect(),
        sites,
    };
    if !rest.is_empty() {
        left.push(group(family.or(find("mean-field")), rest));
    }
    left.extend(own.into_iter().map(|(f, s)| group(f, vec![s])));
    if let Some(written) = &model.partial_guide {
        left.push(Group {
            family: None,
            sites: vec![],
            draws: written.draws.clone(),
        });
    }
    let mut drawn: HashSet<SymbolId> = HashSet::new();
    let mut out: Vec<Group> = vec![];
    let waiting = |left: &[Group]| -> HashSet<SymbolId> {
        left.iter().flat_map(|g| g.draws.iter().copied()).collect()
    };
    while !left.is_empty() {
        let undrawn = waiting(&left);
        // In a circle the first goes first, and what it reads too early is told when the guide is lowered.
        let next = left
            .iter()
            .position(|g| g.wants(bound).is_disjoint(&undrawn))
            .or_else(|| {
                left.iter()
                    .position(|g| g.needs(bound).is_disjoint(&undrawn))
            })
            .unwrap_or(0);
        let mut group = left.remove(next);
        let independent = group.family.is_some_and(Family::is_independent);
        for s in &mut group.sites {
            s.hierarchical &= independent || !s.is_chain;
            // A recurrence reads its own earlier elements as it is drawn; missing cells are drawn all at once, so that one
            // whose prior reads another (a lag of its column) has no scale of its own before they are there.
            let at_once = model.imputations.iter().any(|i| i.site == s.site);
            let known = |p: &SymbolId| drawn.contains(p) || model.is_summed_out(*p);
            s.hierarchical &= model
                .parents(s.site)
                .iter()
                .all(|p| known(p) || (*p == s.site && !at_once));
            drawn.insert(s.site);
        }
        drawn.extend(&group.draws);
        out.push(group);
    }
    out
}

/// The guide's statements as text.
pub(crate) fn emit(family: &dyn Family, bound: &Bound, centring: Centring<'_>) -> String {
    let mut names = Names::of(bound);
    if let Some(written) = &bound.model.partial_guide {
        brought(&written.statements, &mut names);
    }
    let mut out = String::new();
    for group in ordered(Some(family), bound) {
        match (group.family, &bound.model.partial_guide) {
            (Some(family), _) => out += &family.emit(&mut names, &group.sites, centring),
            (None, Some(written)) => {
                for line in ppl_syntax::print_statements(&written.statements).lines() {
                    out += &format!("  {line}\n");
                }
            }
            (None, None) => {}
        }
    }
    out
}

/// Takes the names that statements bring.
fn brought(statements: &[Stmt], names: &mut Names) {
    for s in statements {
        match &s.kind {
            StmtKind::Let { target, .. } | StmtKind::Param { target, .. } => {
                names.take(&target.name.name);
            }
            StmtKind::Axis { name, .. } => names.take(&name.name),
            StmtKind::For { body, .. } => brought(body, names),
            _ => {}
        }
    }
}

/// The sites that can be drawn in units of their priors.
pub(crate) fn hierarchical(bound: &Bound, family: Option<&dyn Family>) -> Vec<SymbolId> {
    let groups = ordered(family, bound);
    let sites = groups.iter().flat_map(|g| &g.sites);
    sites.filter(|s| s.hierarchical).map(|s| s.site).collect()
}
