//! Places for the nodes of a graph: layers from top to bottom by the longest path (Sugiyama, Tagawa and Toda 1981), a band from left to
//! right for each plate, so that no two plates overlap.

use std::collections::BTreeMap;

/// A node to place.
pub(crate) struct Item {
    pub(crate) plate: String,
    pub(crate) width: f64,
    pub(crate) parents: Vec<usize>,
}

/// Where everything stands; lengths in pixels.
pub(crate) struct Layout {
    /// Centre of each item.
    pub(crate) centres: Vec<(f64, f64)>,
    /// Points of each edge from parent to child, both centres included.
    pub(crate) edges: Vec<Vec<(f64, f64)>>,
    /// Plates with their left, top, right and bottom.
    pub(crate) plates: Vec<(String, [f64; 4])>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Between the centres of two layers.
const LAYER: f64 = 92.0;
/// Between neighbours of one layer.
const GAP: f64 = 22.0;
/// Between a plate's outline and its nodes.
const INSET: f64 = 18.0;
/// Half of a node's height.
pub(crate) const HALF: f64 = 24.0;
/// Room that a passing edge takes.
const PASSING: f64 = 12.0;
const MARGIN: f64 = 24.0;
const SWEEPS: usize = 8;

/// A node or a bend of an edge.
struct Slot {
    layer: usize,
    plate: usize,
    width: f64,
    neighbours: Vec<usize>,
    x: f64,
}

/// Lays items out; parents may not form a cycle (a parent on one is passed over).
pub(crate) fn layout(items: &[Item]) -> Layout {
    let layers = layers(items);
    let mut names: Vec<&str> = items.iter().map(|i| i.plate.as_str()).collect();
    names.sort_by_key(|name| {
        (
            name.matches(',').count() + usize::from(!name.is_empty()),
            first(items, name),
        )
    });
    names.dedup();
    let plate = |name: &str| names.iter().position(|n| *n == name).unwrap_or(0);
    let mut slots: Vec<Slot> = (items.iter().zip(&layers))
        .map(|(item, &layer)| Slot {
            layer,
            plate: plate(&item.plate),
            width: item.width,
            neighbours: vec![],
            x: 0.0,
        })
        .collect();
    // An edge over several layers bends at each of them.
    let mut routes = vec![];
    for (child, item) in items.iter().enumerate() {
        for &parent in item.parents.iter().filter(|p| layers[**p] < layers[child]) {
            let mut route = vec![parent];
            for layer in layers[parent] + 1..layers[child] {
                let bend = Slot {
                    layer,
                    plate: slots[parent].plate,
                    width: PASSING,
                    neighbours: vec![],
                    x: 0.0,
                };
                route.push(slots.len());
                slots.push(bend);
            }
            route.push(child);
            for pair in route.windows(2) {
                slots[pair[0]].neighbours.push(pair[1]);
                slots[pair[1]].neighbours.push(pair[0]);
            }
            routes.push(route);
        }
    }
    // Rows of a band, from left to right.
    let mut rows: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (i, slot) in slots.iter().enumerate() {
        rows.entry((slot.plate, slot.layer)).or_default().push(i);
    }
    let bands = bands(&slots, &rows, names.len());
    place(&mut slots, &rows, &bands);
    for _ in 0..SWEEPS {
        for row in rows.values_mut() {
            let wish = |&i: &usize| {
                let near = &slots[i].neighbours;
                let sum: f64 = near.iter().map(|&n| slots[n].x).sum();
                if near.is_empty() {
                    slots[i].x
                } else {
                    sum / near.len() as f64
                }
            };
            row.sort_by(|a, b| wish(a).total_cmp(&wish(b)));
        }
        place(&mut slots, &rows, &bands);
    }
    let y = |layer: usize| MARGIN + INSET + HALF + LAYER * layer as f64;
    let at = |i: usize| (slots[i].x, y(slots[i].layer));
    let plates = names
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty());
    let plates = plates.map(|(p, name)| {
        let layers = || slots.iter().filter(|s| s.plate == p).map(|s| s.layer);
        let (top, bottom) = (layers().min().unwrap_or(0), layers().max().unwrap_or(0));
        // Room for the name below the lowest nodes.
        (
            (*name).to_owned(),
            [
                bands[p].0,
                y(top) - HALF - INSET,
                bands[p].1,
                y(bottom) + HALF + INSET + 8.0,
            ],
        )
    });
    Layout {
        centres: (0..items.len()).map(at).collect(),
        edges: routes
            .iter()
            .map(|route| route.iter().map(|&i| at(i)).collect())
            .collect(),
        plates: plates.collect(),
        width: bands.last().map_or(0.0, |b| b.1) + MARGIN,
        height: y(layers.iter().copied().max().unwrap_or(0)) + HALF + INSET + 8.0 + MARGIN,
    }
}

fn first(items: &[Item], plate: &str) -> usize {
    items.iter().position(|i| i.plate == plate).unwrap_or(0)
}

/// One more than the deepest parent; as many rounds as there are items end any cycle.
fn layers(items: &[Item]) -> Vec<usize> {
    let mut layers = vec![0; items.len()];
    for _ in 0..items.len() {
        let mut changed = false;
        for (i, item) in items.iter().enumerate() {
            let deepest = item
                .parents
                .iter()
                .map(|&p| layers[p] + 1)
                .max()
                .unwrap_or(0);
            if deepest > layers[i] && deepest < items.len() {
                layers[i] = deepest;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    layers
}

fn row_width(slots: &[Slot], row: &[usize]) -> f64 {
    let widths: f64 = row.iter().map(|&i| slots[i].width).sum();
    widths + GAP * row.len().saturating_sub(1) as f64
}

/// Left and right end of each plate's band.
fn bands(slots: &[Slot], rows: &BTreeMap<(usize, usize), Vec<usize>>, n: usize) -> Vec<(f64, f64)> {
    let mut out = vec![];
    let mut left = MARGIN;
    for plate in 0..n {
        let of_plate = rows.iter().filter(|((p, _), _)| *p == plate);
        let widest = of_plate
            .map(|(_, row)| row_width(slots, row))
            .fold(40.0, f64::max);
        out.push((left, left + widest + 2.0 * INSET));
        left += widest + 2.0 * INSET + MARGIN;
    }
    out
}

/// Centres every row in its band.
fn place(slots: &mut [Slot], rows: &BTreeMap<(usize, usize), Vec<usize>>, bands: &[(f64, f64)]) {
    for ((plate, _), row) in rows {
        let (left, right) = bands[*plate];
        let mut x = 0.5 * (left + right - row_width(slots, row));
        for &i in row {
            slots[i].x = x + 0.5 * slots[i].width;
            x += slots[i].width + GAP;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_overlaps_and_edges_go_down() {
        let item = |plate: &str, parents: &[usize]| Item {
            plate: plate.to_owned(),
            width: 60.0,
            parents: parents.to_vec(),
        };
        let items = [
            item("", &[]),
            item("", &[]),
            item("row", &[0, 1]),
            item("row", &[]),
            item("row", &[2, 3, 0]),
            item("row, k", &[1]),
            item("k", &[5]),
        ];
        let laid = layout(&items);
        for (i, a) in laid.centres.iter().enumerate() {
            for b in &laid.centres[i + 1..] {
                assert!(
                    (a.0 - b.0).abs() >= 60.0 || (a.1 - b.1).abs() >= 2.0 * HALF,
                    "{:?}",
                    laid.centres
                );
            }
        }
        for edge in &laid.edges {
            assert!(
                edge.windows(2).all(|pair| pair[0].1 < pair[1].1),
                "{edge:?}"
            );
        }
        let boxes: Vec<[f64; 4]> = laid.plates.iter().map(|p| p.1).collect();
        assert_eq!(boxes.len(), 3);
        for (i, a) in boxes.iter().enumerate() {
            assert!(boxes[i + 1..].iter().all(|b| a[2] < b[0] || b[2] < a[0]));
            for (item, centre) in items.iter().zip(&laid.centres) {
                let inside =
                    a[0] < centre.0 && centre.0 < a[2] && a[1] < centre.1 && centre.1 < a[3];
                assert_eq!(inside, item.plate == laid.plates[i].0, "{a:?} {centre:?}");
            }
        }
    }
}
