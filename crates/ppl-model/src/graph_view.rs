//! The graph to look at: nodes and edges as text or in DOT, plates as boxes, what was observed shaded.

use crate::graph::*;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A node of the picture.
pub(crate) struct Node {
    pub(crate) name: String,
    /// Its axes, `[county, coef]`; the plate that it stands on.
    pub(crate) bracket: String,
    pub(crate) what: String,
    /// `shape=…` and what else DOT needs.
    pub(crate) style: &'static str,
    pub(crate) parents: Vec<SymbolId>,
}

pub(crate) const DATA: &str = "shape=box";
pub(crate) const OBSERVED: &str = "shape=ellipse, style=filled, fillcolor=lightgrey";
pub(crate) const SITE: &str = "shape=ellipse";
pub(crate) const LET: &str = "shape=plaintext";
pub(crate) const PARAM: &str = "shape=diamond";
pub(crate) const TERM: &str = "shape=box, style=filled, fillcolor=lightgrey";

/// Symbols by their numbers, then the statements that observe no plain datum.
pub(crate) fn nodes(model: &Model) -> BTreeMap<usize, Node> {
    let mut out = BTreeMap::new();
    for (id, s) in model.symbols.iter().enumerate() {
        if model.names.get(&s.name) != Some(&id) {
            continue;
        }
        let (what, style, parents) = match &s.role {
            Role::Data { .. } => ("data".to_owned(), DATA, vec![]),
            Role::Site(d) => (
                format!("~ {}", d.distribution.definition().name),
                SITE,
                of_dist(d),
            ),
            Role::Let(e) => ("let".to_owned(), LET, of(e)),
            Role::Param(e) => ("param".to_owned(), PARAM, of(e)),
        };
        out.insert(id, node(model, &s.name, &s.axes, what, style, parents));
    }
    let mut terms = 0;
    for located in &model.statements {
        match &located.statement {
            Statement::Observe { value, dist } => {
                let what = format!("observed ~ {}", dist.distribution.definition().name);
                let read = of(value);
                let datum = match read.as_slice() {
                    [id] if matches!(model.symbols[*id].role, Role::Data { .. }) => Some(*id),
                    _ => None,
                };
                if let Some(datum) = datum.and_then(|id| out.get_mut(&id)) {
                    datum.what = what;
                    datum.style = OBSERVED;
                    datum.parents.extend(of_dist(dist));
                    continue;
                }
                terms += 1;
                let mut parents = read;
                parents.extend(of_dist(dist));
                let node = node(
                    model,
                    &format!("observe {terms}"),
                    &value.axes,
                    what,
                    TERM,
                    parents,
                );
                out.insert(model.symbols.len() + terms, node);
            }
            Statement::Factor(e) => {
                terms += 1;
                let name = format!("factor {terms}");
                let node = node(model, &name, &e.axes, "factor".to_owned(), TERM, of(e));
                out.insert(model.symbols.len() + terms, node);
            }
            Statement::Sample(_)
            | Statement::Within(_)
            | Statement::Report { .. }
            | Statement::Predict { .. }
            | Statement::GuideSample { .. } => {}
        }
    }
    let known: Vec<usize> = out.keys().copied().collect();
    for (id, node) in &mut out {
        node.parents.sort_unstable();
        node.parents.dedup();
        node.parents
            .retain(|p| p != id && known.binary_search(p).is_ok());
    }
    out
}

fn node(
    model: &Model,
    name: &str,
    axes: &[AxisRef],
    what: String,
    style: &'static str,
    parents: Vec<SymbolId>,
) -> Node {
    Node {
        name: name.to_owned(),
        bracket: model.bracket(axes),
        what,
        style,
        parents,
    }
}

fn of(e: &TExpr) -> Vec<SymbolId> {
    let mut out = vec![];
    e.symbols(&mut out);
    out
}

fn of_dist(d: &TDist) -> Vec<SymbolId> {
    d.expressions().into_iter().flat_map(of).collect()
}

/// One line a node: what it is and what it depends on.
pub fn text(model: &Model) -> String {
    let nodes = nodes(model);
    let mut out = String::new();
    for node in nodes.values() {
        let _ = write!(out, "{}{}  {}", node.name, node.bracket, node.what);
        let parents: Vec<&str> = node
            .parents
            .iter()
            .map(|p| nodes[p].name.as_str())
            .collect();
        if !parents.is_empty() {
            let _ = write!(out, "  <- {}", parents.join(", "));
        }
        out.push('\n');
    }
    out
}

/// A DOT file: one box for each plate.
pub fn dot(model: &Model) -> String {
    let nodes = nodes(model);
    let mut plates: BTreeMap<&str, Vec<(&usize, &Node)>> = BTreeMap::new();
    for (id, node) in &nodes {
        plates.entry(&node.bracket).or_default().push((id, node));
    }
    let mut out = String::from("digraph model {\n  rankdir=TB;\n");
    for (i, (bracket, members)) in plates.iter().enumerate() {
        let inner = if bracket.is_empty() { "  " } else { "    " };
        if !bracket.is_empty() {
            let label = bracket.trim_matches(['[', ']']);
            let _ = writeln!(
                out,
                "  subgraph cluster_{i} {{\n    label=\"{label}\"; labeljust=r; labelloc=b;"
            );
        }
        for (id, node) in members {
            let _ = writeln!(
                out,
                "{inner}n{id} [label=\"{}\\n{}\", {}];",
                node.name, node.what, node.style
            );
        }
        if !bracket.is_empty() {
            out.push_str("  }\n");
        }
    }
    for (id, node) in &nodes {
        for parent in &node.parents {
            let _ = writeln!(out, "  n{parent} -> n{id};");
        }
    }
    out.push_str("}\n");
    out
}
