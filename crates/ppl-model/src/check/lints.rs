//! Things that are allowed and are likely a mistake: a value on the wrong scale, a prior made from its own data.

use super::Checker;
use crate::graph::*;
use ppl_dist::{Bound, Prim, Support};
use ppl_syntax::diagnostic::{Diagnostic, Severity};
use std::collections::HashSet;

/// What an argument that is a logarithm, or log odds, should not be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scale {
    Logit,
    Log,
}

impl Checker {
    /// Everything that this file looks for, in a model without errors.
    pub(super) fn lints(&mut self) {
        self.wrong_scales();
        self.predictors();
        self.censored_by_equality();
        self.exchangeable_labels();
        self.unread();
        self.empirical_priors();
        self.jumps();
        self.one_for_all();
        self.covariance_sums();
    }

    /// `BernoulliLogit(inv_logit(x))`, `PoissonLog(exp(x))`.
    fn wrong_scales(&mut self) {
        let mut found = vec![];
        for located in &self.model.statements {
            let dist = self.model.dist_of(&located.statement);
            let mut next = dist;
            while let Some(d) = next {
                let parameters = d.distribution.definition().forms[d.form].parameters;
                for (parameter, argument) in parameters.iter().zip(&d.args) {
                    let scale = match parameter.name {
                        "logit" | "logits" => Scale::Logit,
                        name if name.starts_with("log_") => Scale::Log,
                        _ => continue,
                    };
                    found.extend(self.wrong_scale(scale, argument, d));
                }
                next = d.otherwise.as_ref().map(|other| &other.1);
            }
        }
        self.diagnostics.extend(found);
    }

    fn wrong_scale(&self, scale: Scale, e: &TExpr, d: &TDist) -> Option<Diagnostic> {
        let inner = self.resolved(e);
        let function = match &inner.kind {
            TKind::Function(f, _) => f.name,
            TKind::Prim(Prim::Exp, _) => "exp",
            TKind::Prim(Prim::InvLogit, _) => "inv_logit",
            TKind::Prim(Prim::Phi, _) => "Phi",
            TKind::Reduce(Reduction::Softmax, ..) => "softmax",
            _ => "",
        };
        let what = match (scale, function, self.unit_or_positive(inner)) {
            (Scale::Logit, "inv_logit" | "Phi" | "softmax", _) => "this is a probability",
            (Scale::Logit, _, Some(Scale::Logit)) => "this is a probability",
            (Scale::Log, "exp", _) => "this is an exponential already",
            (Scale::Log, _, Some(_)) => "this is positive by its declaration, like a rate",
            (Scale::Log, _, None) if self.product_with_exponential(inner) => {
                "this is a product with an exponential, never negative"
            }
            _ => return None,
        };
        let name = d.distribution.definition().name;
        let plain = name.trim_end_matches("Logit").trim_end_matches("Log");
        let message = match scale {
            Scale::Logit => format!("{name} takes log odds, any real number, but {what}"),
            Scale::Log => format!("{name} takes a logarithm, any real number, but {what}"),
        };
        let help = match (function, ppl_dist::find(plain)) {
            ("", Some(_)) if what.starts_with("this is a product") && plain != name => format!(
                "write `{plain}` with it, or give the logarithm: of `n * exp(a)` that is `log(n) + a`"
            ),
            ("exp" | "inv_logit", _) => {
                format!("leave `{function}` away, or write `{plain}` with it")
            }
            (_, Some(_)) if plain != name => {
                format!("write `{plain}`, which takes it as it is")
            }
            _ => "give its logarithm, or its log odds".to_owned(),
        };
        Some(
            Diagnostic::warning("W0131", e.span, message)
                .at(what)
                .help(help),
        )
    }

    /// What a name stands for, through look-ups and deterministic values.
    pub(super) fn resolved<'e>(&'e self, e: &'e TExpr) -> &'e TExpr {
        let mut e = e;
        loop {
            e = match &e.kind {
                TKind::Gather(src, _) | TKind::Rename(src, ..) => src,
                TKind::Symbol(id) => match &self.model.symbols[*id].role {
                    Role::Let(inner) => inner,
                    _ => return e,
                },
                _ => return e,
            };
        }
    }

    /// Whether an expression is a latent between 0 and 1, or a positive one.
    fn unit_or_positive(&self, e: &TExpr) -> Option<Scale> {
        let TKind::Symbol(id) = e.kind else {
            return None;
        };
        let symbol = &self.model.symbols[id];
        let Role::Site(d) = &symbol.role else {
            return None;
        };
        if matches!(symbol.kind, Some(Kind::Simplex)) {
            return Some(Scale::Logit);
        }
        match d.distribution.definition().support {
            Support::Interval(Bound::At(0.0), Bound::At(1.0)) | Support::Simplex => {
                Some(Scale::Logit)
            }
            Support::Interval(Bound::At(0.0), Bound::At(h)) if h == f64::INFINITY => {
                Some(Scale::Log)
            }
            _ => None,
        }
    }

    /// `n * exp(a)`: an exponential times what is no coefficient of a predictor, counts and numbers that are not negative.
    fn product_with_exponential(&self, e: &TExpr) -> bool {
        let TKind::Prim(Prim::Mul, parts) = &e.kind else {
            return false;
        };
        let exponential = |p: &TExpr| {
            let inner = self.resolved(p);
            let exp = match &inner.kind {
                TKind::Function(f, _) => f.name == "exp",
                kind => matches!(kind, TKind::Prim(Prim::Exp, _)),
            };
            exp || self.product_with_exponential(inner)
        };
        let mut all = parts.iter();
        parts.iter().any(exponential) && all.all(|p| exponential(p) || self.never_negative(p))
    }

    /// Numbers, counts, what is positive by its declaration, and products of such.
    fn never_negative(&self, e: &TExpr) -> bool {
        let inner = self.resolved(e);
        match &inner.kind {
            TKind::Number(v) => *v > 0.0,
            TKind::Symbol(id) => {
                let s = &self.model.symbols[*id];
                let low = match &s.kind {
                    Some(Kind::Real(Some(low), _)) => {
                        matches!(low.kind, TKind::Number(v) if v >= 0.0)
                    }
                    _ => false,
                };
                let data = matches!(s.role, Role::Data { .. });
                (data && (low || s.ty == Ty::Int)) || self.unit_or_positive(inner).is_some()
            }
            TKind::Prim(Prim::Mul, parts) => parts.iter().all(|p| self.never_negative(p)),
            _ => false,
        }
    }

    /// Columns that are observed.
    fn observed(&self) -> HashSet<SymbolId> {
        let observed = self
            .model
            .statements
            .iter()
            .filter_map(|s| match &s.statement {
                Statement::Observe { value, .. } => {
                    let mut symbols = vec![];
                    value.symbols(&mut symbols);
                    Some(symbols)
                }
                _ => None,
            });
        observed.flatten().collect()
    }

    /// What the distribution of something observed hangs on, through other values and the priors of unknowns.
    fn behind(&self, datum: SymbolId) -> HashSet<SymbolId> {
        let mut stack = vec![];
        for located in &self.model.statements {
            if let Statement::Observe { value, dist } = &located.statement {
                let mut own = vec![];
                value.symbols(&mut own);
                if own.contains(&datum) {
                    dist.expressions()
                        .iter()
                        .for_each(|e| e.symbols(&mut stack));
                }
            }
        }
        let mut seen = HashSet::new();
        while let Some(s) = stack.pop() {
            if !seen.insert(s) {
                continue;
            }
            if let Role::Let(e) = &self.model.symbols[s].role {
                e.symbols(&mut stack);
            }
            let prior = self.model.dist(s).into_iter();
            (prior.flat_map(|dist| dist.expressions())).for_each(|e| e.symbols(&mut stack));
            // Missing cells are read with their column.
            let imputed = self.model.imputations.iter().find(|i| i.data == s);
            stack.extend(imputed.map(|i| i.site));
        }
        seen
    }

    /// `mu ~ Normal(mean(y), sd(y))`: the data are used twice. Where what is observed does not hang on the unknown, as a cause of what is
    /// missing elsewhere, its density and the prior are two factors of one joint density.
    fn empirical_priors(&mut self) {
        let observed = self.observed();
        let mut found = vec![];
        for located in &self.model.statements {
            let Statement::Sample(id) = &located.statement else {
                continue;
            };
            let Some(dist) = self.model.dist(*id) else {
                continue;
            };
            let mut stack = vec![];
            dist.expressions()
                .into_iter()
                .for_each(|e| e.symbols_read_now(&mut stack));
            let mut seen = HashSet::new();
            while let Some(s) = stack.pop() {
                if let (true, Role::Let(e)) = (seen.insert(s), &self.model.symbols[s].role) {
                    e.symbols_read_now(&mut stack);
                }
            }
            let mut used: Vec<SymbolId> = seen.intersection(&observed).copied().collect();
            used.retain(|datum| self.behind(*datum).contains(id));
            used.sort_unstable();
            if let Some(&datum) = used.first() {
                let (site, datum) = (&self.model.symbols[*id], &self.model.symbols[datum]);
                let message = format!(
                    "the prior of `{}` is made from `{}`, which is also observed",
                    site.name, datum.name
                );
                let note = Diagnostic {
                    severity: Severity::Note,
                    ..Diagnostic::error("N0132", dist.span, message)
                };
                found.push(
                    note.at(format!("depends on `{}`", datum.name))
                        .help("the data are used twice, so intervals come out too narrow and the evidence is none; a prior from knowledge of the scale, or with a wide margin, avoids it"),
                );
            }
        }
        self.diagnostics.extend(found);
    }
}
