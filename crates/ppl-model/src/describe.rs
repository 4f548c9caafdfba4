//! The graph in words, for `ppl check`.

use crate::bind::Bound;
use crate::graph::*;
use crate::lets::Lets;
use ppl_dist::Support;
use std::fmt::Write;

/// A model without its data.
pub fn model(model: &Model) -> String {
    describe(model, None)
}

/// A model with its data.
pub fn bound(bound: &Bound) -> String {
    describe(&bound.model, Some(bound))
}

fn describe(model: &Model, bound: Option<&Bound>) -> String {
    let mut out = String::new();
    let size = |a: usize| bound.map(|b| b.axes[a].size());
    let used = |a: usize| {
        model
            .symbols
            .iter()
            .any(|s| s.axes.iter().any(|x| x.axis == a))
            || a > 0
    };
    for (i, a) in model.axes.iter().enumerate().filter(|(i, _)| used(*i)) {
        let source = match &a.levels {
            Levels::Rows => "lines of the main table".to_string(),
            Levels::Found => "levels found in the data".to_string(),
            Levels::Listed(l) => format!("levels {}", l.join(", ")),
            Levels::Size(_) => "sized".to_string(),
            Levels::Range(..) => "a range".to_string(),
            Levels::Missing(id) => format!("missing entries of {}", model.symbols[*id].name),
            Levels::Columns(c) => format!("columns {}", c.join(", ")),
        };
        let n = size(i).map_or(String::new(), |n| format!("{n} elements, "));
        let _ = writeln!(out, "axis {}: {n}{source}", a.name);
    }
    for s in model
        .symbols
        .iter()
        .filter(|s| matches!(s.role, Role::Data { .. }))
    {
        let _ = writeln!(
            out,
            "data {}{}: {}",
            s.name,
            model.bracket(&s.axes),
            declared(model, s)
        );
    }
    let lets = Lets::of(model);
    for (id, s) in model.symbols.iter().enumerate() {
        if let (Role::Let(_), [first, rest @ ..]) = (&s.role, lets.recurrence(id)) {
            let with: Vec<String> = rest
                .iter()
                .map(|m| format!("`{}`", model.symbols[*m].name))
                .collect();
            if *first == id {
                let with = if with.is_empty() {
                    String::new()
                } else {
                    format!(", together with {}", with.join(" and "))
                };
                let _ = writeln!(
                    out,
                    "let {}{}: a recurrence, computed step by step{with}",
                    s.name,
                    model.bracket(&s.axes)
                );
            }
        }
    }
    for s in &model.symbols {
        if let Role::Param(_) = s.role {
            let (name, bracket) = (&s.name, model.bracket(&s.axes));
            let _ = writeln!(
                out,
                "param {name}{bracket}: optimised, no prior and no interval"
            );
        }
    }
    for located in &model.statements {
        match &located.statement {
            Statement::Sample(id) => {
                let s = &model.symbols[*id];
                let Some(d) = model.dist(*id) else { continue };
                let estimator = if model.is_summed_out(*id) {
                    "summed out exactly"
                } else if s.is_discrete_site() {
                    "drawn by the guide, gradients by expectation over each element's values or by the score function"
                } else {
                    "reparameterised"
                };
                let plate = place(
                    model,
                    d,
                    &s.axes[..s.axes.len().saturating_sub(if s.is_discrete_site() {
                        0
                    } else {
                        match d.distribution.definition().event {
                            ppl_dist::Shape::Sequence => 1,
                            _ => d.event.len(),
                        }
                    })],
                    located.in_loop,
                );
                let _ = writeln!(
                    out,
                    "site {}{} ~ {}: support {}, {plate}, {estimator}",
                    s.name,
                    model.bracket(&s.axes),
                    d.distribution.definition().name,
                    support(model, s, d)
                );
            }
            Statement::Observe { value, dist } => {
                let plate = place(model, dist, &value.axes, located.in_loop);
                let _ = writeln!(out, "observe ~ {}: {plate}", names(dist));
            }
            Statement::Factor(_) => {
                let _ = writeln!(out, "factor");
            }
            Statement::Within(id) => {
                let s = &model.symbols[*id];
                let kind = s.kind.as_ref().map_or("real", Kind::keyword);
                let _ = writeln!(
                    out,
                    "let {}{}: {kind}, checked during the fit",
                    s.name,
                    model.bracket(&s.axes)
                );
            }
            Statement::Report { name, axes, .. } => {
                let _ = writeln!(out, "report {name}{}", model.bracket(axes));
            }
            Statement::Predict { name, axes, dist } => {
                let _ = writeln!(
                    out,
                    "predict {name}{} ~ {}",
                    model.bracket(axes),
                    dist.distribution.definition().name
                );
            }
            Statement::GuideSample { .. } => {}
        }
    }
    if let Some(b) = bound {
        elimination(&mut out, b);
        let _ = writeln!(out, "unknowns after transforms: {}", b.n_unknowns());
        if !b.evidence_defined() {
            let _ = writeln!(
                out,
                "evidence: undefined (a prior without a known normaliser)"
            );
        }
    }
    let narrowed = model.sites().any(|(_, s)| {
        let bounds = matches!(&s.kind, Some(Kind::Real(lo, hi)) if lo.is_some() || hi.is_some());
        bounds && matches!(&s.role, Role::Site(d) if !d.distribution.definition().improper)
    });
    if narrowed {
        let _ = writeln!(
            out,
            "note: priors narrowed by a kind are normalised on the narrower support (Stan drops that constant)"
        );
    }
    out
}

/// A line for each set of discrete sites that meet: how they are summed out and what that costs.
fn elimination(out: &mut String, bound: &Bound) {
    let names = |sites: &[SymbolId]| {
        let names: Vec<&str> = sites
            .iter()
            .map(|&id| bound.model.symbols[id].name.as_str())
            .collect();
        names.join(", ")
    };
    match crate::lower::summed_out(bound) {
        Ok(all) => {
            for s in all {
                let how = match s.rounds {
                    1 => "element by element".to_string(),
                    n => format!("by elimination in {n} rounds"),
                };
                let _ = writeln!(
                    out,
                    "summed out {}: {how}, largest table {} elements, {} in all, for each draw",
                    names(&s.sites),
                    s.largest,
                    s.work
                );
            }
        }
        Err(e) => {
            let _ = writeln!(
                out,
                "summed out {}: refused, {}",
                names(&e.sites),
                e.message.message
            );
        }
    }
}

/// A chain where the distribution reads earlier elements, else a plate.
fn place(model: &Model, d: &TDist, axes: &[AxisRef], in_loop: bool) -> String {
    let chain = d.expressions().into_iter().find_map(TExpr::chain_axis);
    match chain {
        Some(axis) => format!("chain over {}", model.axis_name(axis)),
        None => plate(model, axes, in_loop),
    }
}

fn plate(model: &Model, axes: &[AxisRef], in_loop: bool) -> String {
    if axes.is_empty() {
        return "a scalar".into();
    }
    let names: Vec<&str> = axes.iter().map(|&a| model.axis_name(a)).collect();
    format!(
        "plate over {}{}",
        names.join(", "),
        if in_loop { " (loop)" } else { "" }
    )
}

/// The kind of a datum, as it is declared.
fn declared(model: &Model, s: &Symbol) -> String {
    let end = |e: &Option<TExpr>, open: &str| match e.as_ref().map(|e| &e.kind) {
        None => open.to_string(),
        Some(TKind::Number(v)) => v.to_string(),
        Some(TKind::Symbol(id)) => model.symbols[*id].name.clone(),
        Some(_) => "…".into(),
    };
    let plain = match &s.kind {
        Some(Kind::Index(a)) => format!("a value of axis {}", model.axes[*a].name),
        Some(k @ (Kind::Real(lo, hi) | Kind::Int(lo, hi)))
            if matches!(k.keyword(), "real" | "int") && (lo.is_some() || hi.is_some()) =>
        {
            format!("{}({}, {})", k.keyword(), end(lo, "-inf"), end(hi, "inf"))
        }
        Some(k) => k.keyword().to_string(),
        None => "real".into(),
    };
    let censored = if s.is_censored() { "censored " } else { "" };
    let optional = if s.is_optional() { "?" } else { "" };
    format!("{censored}{plain}{optional}")
}

fn support(model: &Model, s: &Symbol, d: &TDist) -> String {
    match (&s.kind, d.distribution.definition().support) {
        (Some(Kind::Ordered), _) => "ordered".into(),
        (Some(Kind::PositiveOrdered), _) => "positive, ordered".into(),
        (Some(Kind::SumToZero), _) => "vectors that sum to 0".into(),
        (Some(Kind::Simplex), _) => "simplex".into(),
        (Some(Kind::Real(lo, hi)), _) if lo.is_some() || hi.is_some() => {
            let end = |e: &Option<TExpr>, open: &str| match e.as_ref().map(|e| &e.kind) {
                None => open.to_string(),
                Some(TKind::Number(v)) => v.to_string(),
                Some(TKind::Symbol(id)) => model.symbols[*id].name.clone(),
                Some(_) => "…".into(),
            };
            format!("({}, {})", end(lo, "-inf"), end(hi, "inf"))
        }
        (_, Support::Real) => "real".into(),
        (_, Support::Interval(lo, hi)) => {
            let end = |b: ppl_dist::Bound| match b {
                ppl_dist::Bound::At(v) => v.to_string(),
                ppl_dist::Bound::Parameter(i) => {
                    d.distribution.definition().parameters()[i].name.to_string()
                }
            };
            format!("({}, {})", end(lo), end(hi))
        }
        (_, Support::Simplex) => "simplex".into(),
        (_, Support::SumToZero) => "vectors that sum to 0".into(),
        (_, Support::CorrCholesky) => "Cholesky factor of a correlation".into(),
        (_, Support::Correlation) => "correlation matrix".into(),
        (_, Support::Covariance) => "covariance matrix".into(),
        (_, Support::Counts(_)) => "counts".into(),
        (_, Support::Bool) => "0 or 1".into(),
        (_, Support::Integers(..)) => "whole numbers".into(),
        (_, Support::Category | Support::OrderedCategory) => "labels".into(),
    }
}

/// The families of all branches, each once.
fn names(dist: &TDist) -> String {
    let mut names: Vec<&str> = vec![];
    for d in dist.branches() {
        let name = d.distribution.definition().name;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(" or ")
}
