//! Graphs of neighbours: every edge joins two elements, once, and all elements hang together.

use super::{Binder, Labels, Values};
use crate::graph::*;
use ppl_dist::Support;
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashSet;

/// Elements of a graph, at most: its normaliser takes their cube.
const MOST_NODES: usize = 3_000;

impl Binder<'_> {
    /// Graphs that have no density.
    pub(super) fn neighbours(&mut self) {
        let mut found = vec![];
        for located in &self.model.statements {
            let (dist, axes) = match &located.statement {
                Statement::Sample(id) => (self.model.dist(*id), &self.model.symbols[*id].axes),
                Statement::Observe { value, dist } => (Some(dist), &value.axes),
                Statement::Predict { dist, axes, .. } => (Some(dist), axes),
                _ => continue,
            };
            let (Some(dist), Some(own)) = (dist, axes.last()) else {
                continue;
            };
            let graphs = dist.branches().into_iter();
            let graphs =
                graphs.filter(|d| d.distribution.definition().support == Support::SumToZero);
            found.extend(graphs.filter_map(|d| self.graph(d, own.axis).err()));
        }
        self.diagnostics.extend(found);
    }

    fn graph(&self, d: &TDist, own: usize) -> Result<(), Diagnostic> {
        let axis = &self.model.axes[own].name;
        let labels = self.axes[own].as_ref().map(|a| a.labels.clone());
        let labels = labels.unwrap_or_else(|| Labels::listed(vec![]));
        let k = labels.len();
        let wrong = |arg: usize, what: String| Diagnostic::error("E0107", d.args[arg].span, what);
        if !(2..=MOST_NODES).contains(&k) {
            return Err(wrong(
                0,
                format!("`{axis}` has {k} elements; a graph of neighbours has 2 to {MOST_NODES}"),
            ));
        }
        let values = |arg: usize| match d.args.get(arg).map(|a| &a.kind) {
            Some(TKind::Symbol(id)) => self.values.get(id),
            _ => None,
        };
        let mut edges: Vec<(usize, usize)> = vec![];
        match (values(0), values(1)) {
            (Some(Values::Index(a)), Some(Values::Index(b))) => {
                let mut seen = HashSet::new();
                for (line, (&a, &b)) in a.iter().zip(b.iter()).enumerate() {
                    let (a, b) = (a as usize, b as usize);
                    let at = format!("edge {} (`{}`, `{}`)", line + 1, labels[a], labels[b]);
                    if a == b {
                        return Err(wrong(0, format!("{at} joins an element to itself"))
                            .help("leave the line away: an element is no neighbour of its own"));
                    }
                    if !seen.insert((a.min(b), a.max(b))) {
                        return Err(wrong(0, format!("{at} stands there twice"))
                            .help("each pair of neighbours is one line, in either order"));
                    }
                    edges.push((a, b));
                }
            }
            (Some(Values::Real(w)), _) => {
                for i in 0..k {
                    for j in 0..=i {
                        let (one, other) = (w[i * k + j], w[j * k + i]);
                        let at = format!("the weight of `{}` and `{}`", labels[i], labels[j]);
                        if one != other || one < 0.0 || !one.is_finite() || (i == j && one != 0.0) {
                            return Err(wrong(0, format!("{at} is {one} and {other}")).help(
                                "an adjacency matrix is symmetric, its weights are not negative, and its diagonal is 0",
                            ));
                        }
                        if one > 0.0 {
                            edges.push((i, j));
                        }
                    }
                }
            }
            _ => return Ok(()),
        }
        if let Some(Values::Real(w)) = values(2)
            && let Some(bad) = w.iter().position(|w| !(*w > 0.0 && w.is_finite()))
        {
            return Err(
                wrong(2, format!("edge {} has the weight {}", bad + 1, w[bad]))
                    .help("weights are positive; leave away what is no edge"),
            );
        }
        // Everything that the first element reaches.
        let mut neighbours = vec![vec![]; k];
        for (a, b) in edges {
            neighbours[a].push(b);
            neighbours[b].push(a);
        }
        let (mut seen, mut stack) = (vec![false; k], vec![0]);
        seen[0] = true;
        while let Some(v) = stack.pop() {
            for &u in &neighbours[v] {
                if !seen[u] {
                    seen[u] = true;
                    stack.push(u);
                }
            }
        }
        let Some(apart) = seen.iter().position(|s| !s) else {
            return Ok(());
        };
        let what = match neighbours[apart].is_empty() {
            true => format!("`{}` has no neighbour", labels[apart]),
            false => format!("no path leads from `{}` to `{}`", labels[0], labels[apart]),
        };
        Err(wrong(0, format!("{what}: the graph of `{axis}` is not connected")).help(
            "the differences between its parts have no density; give an island an edge, or model it apart",
        ))
    }
}
