//! Guides that their author wrote in part: for some of the sites, or by the family of some.

use crate::graph::*;
use ppl_syntax::ast::Stmt;
use std::collections::HashSet;
use std::sync::Arc;

/// A written guide that leaves sites out: those that it leaves out get a generated guide.
#[derive(Debug, Clone)]
pub struct PartialGuide {
    /// Its statements.
    pub statements: Arc<Vec<Stmt>>,
    /// The file's functions, which it may call.
    pub functions: Arc<Vec<Stmt>>,
    /// The sites that it draws.
    pub draws: Vec<SymbolId>,
    /// The sites that it reads without drawing them itself.
    pub reads: Vec<SymbolId>,
}

impl Model {
    /// The sites that these expressions read, directly or through deterministic values.
    pub fn sites_read<'e>(
        &self,
        expressions: impl IntoIterator<Item = &'e TExpr>,
    ) -> HashSet<SymbolId> {
        let (mut stack, mut seen, mut sites) = (vec![], HashSet::new(), HashSet::new());
        for e in expressions {
            e.symbols(&mut stack);
        }
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            match &self.symbols[id].role {
                Role::Let(e) => e.symbols(&mut stack),
                Role::Site(_) => {
                    sites.insert(id);
                }
                // Missing cells of a column are a site of their own.
                Role::Data { .. } => {
                    sites.extend(
                        self.imputations
                            .iter()
                            .filter(|i| i.data == id)
                            .map(|i| i.site),
                    );
                }
                Role::Param(_) => {}
            }
        }
        sites
    }

    /// The sites that a site's prior reads.
    pub fn parents(&self, site: SymbolId) -> HashSet<SymbolId> {
        self.dist(site)
            .map(|d| self.sites_read(d.expressions()))
            .unwrap_or_default()
    }

    /// The sites that a site's support depends on.
    pub fn support_parents(&self, site: SymbolId) -> HashSet<SymbolId> {
        let mut inside: Vec<&TExpr> = vec![];
        if let Some(Kind::Real(lo, hi)) = &self.symbols[site].kind {
            inside.extend(lo.iter().chain(hi));
        }
        if let Some(d) = self.dist(site) {
            inside.extend(d.modifiers.expressions());
            let by_parameter = |b| matches!(b, ppl_dist::Bound::Parameter(_));
            if let ppl_dist::Support::Interval(lo, hi) = d.distribution.definition().support
                && (by_parameter(lo) || by_parameter(hi))
            {
                inside.extend(&d.args);
            }
        }
        self.sites_read(inside)
    }
}
