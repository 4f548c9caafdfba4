//! A checked model and what can be asked of it.

use super::{
    AxisDecl, AxisRef, Imputation, Kind, Located, PartialGuide, Role, Statement, Symbol, SymbolId,
    TDist, TExpr, TKind,
};
use ppl_syntax::diagnostic::Span;
use std::collections::{HashMap, HashSet};

/// A checked model, or a model together with its guide.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Axes; the first is `row`.
    pub axes: Vec<AxisDecl>,
    /// Named values.
    pub symbols: Vec<Symbol>,
    /// By name, model scope.
    pub names: HashMap<String, SymbolId>,
    /// Statements in order.
    pub statements: Vec<Located>,
    /// The written or generated guide's statements; empty where there is none.
    pub guide: Vec<Located>,
    /// Family asked for by `guide auto(f);`.
    pub guide_family: Option<(String, Span)>,
    /// Data whose missing cells are latents.
    pub imputations: Vec<Imputation>,
    /// Whether the author wrote a guide for all sites.
    pub has_written_guide: bool,
    /// The written guide that leaves sites out.
    pub partial_guide: Option<PartialGuide>,
    /// Families asked for by `guide h: full_rank;`.
    pub site_families: Vec<(SymbolId, String)>,
    /// Discrete sites that a guide draws; all others are summed out.
    pub sampled: HashSet<SymbolId>,
    /// Canonical text of what makes the joint density: no guides, reports and predictions.
    pub joint: String,
}

impl Model {
    /// Whether a symbol is a discrete site that the compiler sums out.
    pub fn is_summed_out(&self, id: SymbolId) -> bool {
        self.symbols[id].is_discrete_site() && !self.sampled.contains(&id)
    }

    /// A named value as an expression.
    pub fn whole(&self, id: SymbolId) -> TExpr {
        let s = &self.symbols[id];
        TExpr {
            kind: TKind::Symbol(id),
            axes: s.axes.clone(),
            ty: s.ty,
            stochastic: s.stochastic,
            span: s.span,
        }
    }

    /// Whether an expression reads a summed-out site, directly or through deterministic values.
    pub fn reads_summed_out(&self, e: &TExpr) -> bool {
        let mut stack = vec![];
        e.symbols(&mut stack);
        let mut seen = HashSet::new();
        while let Some(id) = stack.pop() {
            if self.is_summed_out(id) {
                return true;
            }
            if let (true, Role::Let(inner)) = (seen.insert(id), &self.symbols[id].role) {
                inner.symbols(&mut stack);
            }
        }
        false
    }

    /// The latent sites that a guide draws, in order: all but the summed-out ones.
    pub fn sites(&self) -> impl Iterator<Item = (SymbolId, &Symbol)> {
        self.statements.iter().filter_map(|s| match s.statement {
            Statement::Sample(id) if !self.is_summed_out(id) => Some((id, &self.symbols[id])),
            _ => None,
        })
    }

    /// Whether the components of an ordered site differ by data: the ordering's normaliser is then a constant that nobody knows.
    pub fn unknown_normaliser(&self, s: &Symbol) -> bool {
        let ordered = matches!(s.kind, Some(Kind::Ordered | Kind::PositiveOrdered));
        match (&s.role, s.axes.last()) {
            (Role::Site(d), Some(last)) if ordered => {
                d.expressions().iter().any(|e| e.axes.contains(last))
            }
            _ => false,
        }
    }

    /// Whether a symbol is a param of the model itself; those of a guide are no part of its density and have no draws.
    pub fn is_own_param(&self, id: SymbolId) -> bool {
        let symbol = &self.symbols[id];
        matches!(symbol.role, Role::Param(_)) && self.names.get(&symbol.name) == Some(&id)
    }

    /// Whether a symbol's values are part of a point at which the model has a density: sites that are not summed out, and params.
    pub fn is_latent(&self, id: SymbolId) -> bool {
        match self.symbols[id].role {
            Role::Site(_) => !self.is_summed_out(id),
            _ => self.is_own_param(id),
        }
    }

    /// The name under which a site is reported: missing cells have that of their column.
    pub fn reported_name(&self, site: SymbolId) -> &str {
        let of = self.imputations.iter().find(|i| i.site == site);
        &self.symbols[of.map_or(site, |i| i.data)].name
    }

    /// The distribution of a site.
    pub fn dist(&self, site: SymbolId) -> Option<&TDist> {
        match &self.symbols[site].role {
            Role::Site(d) => Some(d),
            _ => None,
        }
    }

    /// The distribution that a statement names, if it is one of a site or an observation.
    pub fn dist_of<'a>(&'a self, statement: &'a Statement) -> Option<&'a TDist> {
        match statement {
            Statement::Sample(id) => self.dist(*id),
            Statement::Observe { dist, .. } => Some(dist),
            _ => None,
        }
    }

    /// An axis's name.
    pub fn axis_name(&self, a: AxisRef) -> &str {
        &self.axes[a.axis].name
    }

    /// `[county, coef]`, or nothing for a scalar.
    pub fn bracket(&self, axes: &[AxisRef]) -> String {
        if axes.is_empty() {
            return String::new();
        }
        let names: Vec<&str> = axes.iter().map(|&a| self.axis_name(a)).collect();
        format!("[{}]", names.join(", "))
    }
}
