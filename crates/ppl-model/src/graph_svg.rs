//! The graph as a picture in SVG: plates as boxes with their axes' names, what was observed shaded.

use crate::graph::Model;
use crate::graph_layout::{HALF, Item, layout};
use crate::graph_view::{DATA, LET, Node, OBSERVED, PARAM, TERM, nodes};
use std::collections::BTreeMap;
use std::fmt::Write;

const STYLE: &str = "text{font-family:sans-serif;text-anchor:middle;fill:#222}.name{font-size:13px}.what{font-size:10px;fill:#666}\
.plate{fill:none;stroke:#888}.axis{font-size:11px;text-anchor:end;fill:#666}.edge{fill:none;stroke:#555}\
.site,.data,.param{fill:#fff;stroke:#333}.observed,.term{fill:#d8d8d8;stroke:#333}.let{fill:none;stroke:none}";

/// The picture. Sites are ellipses, data rectangles, params diamonds, deterministic values plain text, terms of the density filled
/// rectangles.
pub fn svg(model: &Model) -> String {
    let nodes = nodes(model);
    let numbers: BTreeMap<usize, usize> =
        nodes.keys().enumerate().map(|(i, id)| (*id, i)).collect();
    let items: Vec<Item> = nodes
        .values()
        .map(|node| Item {
            plate: node.bracket.trim_matches(['[', ']']).to_owned(),
            width: width(node),
            parents: node
                .parents
                .iter()
                .filter_map(|p| numbers.get(p).copied())
                .collect(),
        })
        .collect();
    let laid = layout(&items);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0}\" height=\"{1:.0}\" viewBox=\"0 0 {0:.0} {1:.0}\">\n<style>{STYLE}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0,0L8,4L0,8z\" fill=\"#555\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        laid.width, laid.height
    );
    for (name, [left, top, right, bottom]) in &laid.plates {
        let _ = writeln!(
            out,
            "<rect class=\"plate\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"6\"/><text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            right - left,
            bottom - top,
            right - 6.0,
            bottom - 6.0,
            escaped(name)
        );
    }
    for points in &laid.edges {
        let _ = writeln!(
            out,
            "<path class=\"edge\" d=\"{}\" marker-end=\"url(#tip)\"/>",
            curve(points)
        );
    }
    for (node, &(x, y)) in nodes.values().zip(&laid.centres) {
        draw(&mut out, node, x, y);
    }
    out.push_str("</svg>\n");
    out
}

/// Room for the longer of the two lines, at the usual width of a letter.
fn width(node: &Node) -> f64 {
    let (name, what) = (
        node.name.chars().count() as f64,
        node.what.chars().count() as f64,
    );
    let factor = if node.style == PARAM { 1.5 } else { 1.0 };
    factor * (8.0 * name).max(5.8 * what) + 24.0
}

fn draw(out: &mut String, node: &Node, x: f64, y: f64) {
    let (w, h) = (0.5 * width(node), HALF);
    let class = match node.style {
        DATA => "data",
        OBSERVED => "observed",
        LET => "let",
        PARAM => "param",
        TERM => "term",
        _ => "site",
    };
    let shape = match class {
        "site" | "observed" => format!(
            "<ellipse class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" rx=\"{w:.1}\" ry=\"{h:.1}\"/>"
        ),
        "param" => format!(
            "<polygon class=\"{class}\" points=\"{:.1},{y:.1} {x:.1},{:.1} {:.1},{y:.1} {x:.1},{:.1}\"/>",
            x - w,
            y - h,
            x + w,
            y + h
        ),
        _ => format!(
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            x - w,
            y - h,
            2.0 * w,
            2.0 * h
        ),
    };
    let _ = writeln!(
        out,
        "{shape}<text class=\"name\" x=\"{x:.1}\" y=\"{:.1}\">{}</text><text class=\"what\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
        y - 1.0,
        escaped(&node.name),
        y + 12.0,
        escaped(&node.what)
    );
}

/// A smooth line through the points, upright at each of them, from the lower edge of the first node to the upper edge of the last.
fn curve(points: &[(f64, f64)]) -> String {
    let last = points.len() - 1;
    let point = |i: usize| match i {
        0 => (points[0].0, points[0].1 + HALF),
        i if i == last => (points[i].0, points[i].1 - HALF),
        i => points[i],
    };
    let start = point(0);
    let mut out = format!("M{:.1},{:.1}", start.0, start.1);
    for i in 1..points.len() {
        let ((x0, y0), (x1, y1)) = (point(i - 1), point(i));
        let half = 0.5 * (y1 - y0);
        let _ = write!(
            out,
            "C{x0:.1},{:.1} {x1:.1},{:.1} {x1:.1},{y1:.1}",
            y0 + half,
            y1 - half
        );
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
