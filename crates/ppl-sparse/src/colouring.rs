//! How few products with vectors give a symmetric matrix of known pattern.
//!
//! Unknowns of one colour are asked for together. The fullest rows (globals over many groups) have a colour each, and their
//! elements are read from their own products, by symmetry for both triangles. The rest is star-coloured: neighbours differ, and no
//! path of four has two colours only, so that of every two neighbours one is the other's only one of its colour
//! (Gebremedhin, Manne and Pothen 2005, "What color is your Jacobian?", SIAM Review 47). An element is then a single
//! element of a product.

use crate::pattern::{Pattern, Symmetric};
use std::sync::Arc;

/// Ways to divide rows into full ones and others that are tried.
const TRIALS: usize = 12;

/// Rows with more neighbours than this have a colour of their own.
const FULL: usize = 1000;

/// Steps that colouring may take, and more for each unknown. What takes more has rows so full that little is gained.
const MOST_STEPS: usize = 300_000_000;
const STEPS_EACH: usize = 50_000;

/// A way to read a symmetric matrix from few products.
#[derive(Debug, Clone)]
pub struct Colouring {
    pattern: Arc<Pattern>,
    /// The elements of each colour's direction that are one.
    colours: Vec<Vec<u32>>,
    /// For each colour: places, and the element of the product that is added to each.
    reads: Vec<Vec<(u32, u32)>>,
}

impl Colouring {
    /// Colours a pattern.
    pub fn new(pattern: Arc<Pattern>) -> Colouring {
        let n = pattern.n();
        Self::with_apart(pattern, &vec![false; n])
    }

    /// Colours a pattern so that these unknowns have a colour each, and what they share with others is read from their own
    /// products.
    pub fn with_apart(pattern: Arc<Pattern>, apart: &[bool]) -> Colouring {
        let n = pattern.n();
        let near = pattern.neighbours();
        let mut by_degree: Vec<usize> = (0..n).collect();
        by_degree.sort_by_key(|&j| (!apart[j], std::cmp::Reverse(near[j].len()), j));
        let degree = |k: usize| near[by_degree[k]].len();
        let least = (0..n)
            .take_while(|k| apart[by_degree[*k]] || degree(*k) > FULL)
            .count();
        // Few full rows one by one, then by the steps of their fullness.
        let mut cuts: Vec<usize> = (least..n.min(least + 4)).collect();
        cuts.extend((least + 1..n).filter(|k| 3 * degree(*k) < 2 * degree(k - 1)));
        cuts.sort_unstable();
        cuts.dedup();
        let mut best: Option<Vec<Vec<u32>>> = None;
        let mut steps = MOST_STEPS.saturating_add(STEPS_EACH.saturating_mul(n));
        for cut in cuts.into_iter().take(TRIALS) {
            if best.as_ref().is_some_and(|b| cut >= b.len()) {
                break;
            }
            let mut alone = vec![false; n];
            by_degree[..cut].iter().for_each(|j| alone[*j] = true);
            let mut colours: Vec<Vec<u32>> =
                by_degree[..cut].iter().map(|j| vec![*j as u32]).collect();
            match star(&near, &alone, &by_degree[cut..], &mut steps) {
                Some(found) => colours.extend(found),
                None => break,
            }
            if best.as_ref().is_none_or(|b| colours.len() < b.len()) {
                best = Some(colours);
            }
        }
        let colours = best
            .filter(|b| b.len() < n)
            .unwrap_or_else(|| (0..n as u32).map(|j| vec![j]).collect());
        Self::with(pattern, &near, colours, apart)
    }

    fn with(
        pattern: Arc<Pattern>,
        near: &[Vec<u32>],
        colours: Vec<Vec<u32>>,
        apart: &[bool],
    ) -> Colouring {
        let n = pattern.n();
        let mut colour = vec![0u32; n];
        for (c, members) in colours.iter().enumerate() {
            members.iter().for_each(|j| colour[*j as usize] = c as u32);
        }
        let alone = |j: usize| colours[colour[j] as usize].len() == 1;
        // Whether i has no other neighbour of j's colour.
        let only = |i: usize, j: usize| {
            let of = near[i].iter().filter(|k| colour[**k as usize] == colour[j]);
            of.count() == 1
        };
        let mut reads = vec![vec![]; colours.len()];
        for (p, (i, j)) in pattern.places().enumerate() {
            let (asked, element) = if i == j || (alone(j) && (apart[j] || !apart[i])) {
                (j, i)
            } else if alone(i) || only(j, i) {
                (i, j)
            } else {
                (j, i)
            };
            reads[colour[asked] as usize].push((p as u32, element as u32));
        }
        Colouring {
            pattern,
            colours,
            reads,
        }
    }

    /// The same for what other unknowns are copies of: element k of these is a copy of `of(k)` (in the pattern's numbering), or of none
    /// that is asked for. Directions and products remain those of the copies, and a second derivative is the sum over all copies. What
    /// the pattern has no place for is left out.
    pub fn onto(&self, pattern: Arc<Pattern>, of: impl Fn(usize) -> Option<usize>) -> Colouring {
        let mut targets: Vec<[Option<u32>; 2]> = vec![];
        for (i, j) in self.pattern.places() {
            let target = of(i).zip(of(j));
            let place = target.and_then(|(a, b)| pattern.place(a, b));
            let place = place.map(|p| p as u32);
            // Two copies of one unknown meet in both triangles.
            let twice = i != j && target.is_some_and(|(a, b)| a == b);
            targets.push([place, place.filter(|_| twice)]);
        }
        let mut out = Colouring {
            pattern,
            colours: vec![],
            reads: vec![],
        };
        for (members, reads) in self.colours.iter().zip(&self.reads) {
            let members = members.iter().copied();
            let members: Vec<u32> = members.filter(|k| of(*k as usize).is_some()).collect();
            if members.is_empty() {
                continue;
            }
            let reads = reads.iter().flat_map(|(place, element)| {
                let to = targets[*place as usize].into_iter().flatten();
                to.map(move |to| (to, *element))
            });
            out.reads.push(reads.collect());
            out.colours.push(members);
        }
        out
    }

    /// The same with directions and products in which unknown k is element `elements[k]`.
    pub fn within(mut self, elements: &[usize]) -> Colouring {
        let of = |k: &mut u32| *k = elements[*k as usize] as u32;
        self.colours.iter_mut().flatten().for_each(of);
        let reads = self.reads.iter_mut().flatten();
        reads.for_each(|(_, element)| of(element));
        self
    }

    /// The pattern.
    pub fn pattern(&self) -> &Arc<Pattern> {
        &self.pattern
    }

    /// Products that are needed.
    pub fn n_colours(&self) -> usize {
        self.colours.len()
    }

    /// The direction of a colour.
    pub fn direction(&self, colour: usize, out: &mut [f64]) {
        out.fill(0.0);
        self.colours[colour]
            .iter()
            .for_each(|j| out[*j as usize] = 1.0);
    }

    /// Adds what a colour's product says to the matrix, which begins as zero.
    pub fn read(&self, colour: usize, product: &[f64], into: &mut Symmetric) {
        for (place, element) in &self.reads[colour] {
            into.values[*place as usize] += product[*element as usize];
        }
    }
}

/// What is known of a vertex while others get their colours.
#[derive(Default)]
struct Vertex {
    colour: Option<usize>,
    /// Neighbours of each colour.
    near: Vec<u32>,
    /// Colours of neighbours that have a second neighbour of this vertex's colour: another neighbour of such a colour would close a
    /// path of four.
    blocked: Vec<usize>,
}

/// Greedy star colouring of what does not stand alone, in this order; `None` where that takes more than `steps`, which is
/// less after it.
fn star(
    near: &[Vec<u32>],
    alone: &[bool],
    order: &[usize],
    steps: &mut usize,
) -> Option<Vec<Vec<u32>>> {
    let mut all: Vec<Vertex> = near.iter().map(|_| Vertex::default()).collect();
    // The last vertex for which a colour was out of the question.
    let mut forbidden: Vec<usize> = vec![];
    let mut out: Vec<Vec<u32>> = vec![];
    let others = |i: usize| near[i].iter().map(|k| *k as usize).filter(|k| !alone[*k]);
    for &v in order {
        for w in others(v) {
            let w = &all[w];
            *steps = steps.checked_sub(1 + w.near.len().max(w.blocked.len()))?;
            match w.colour {
                Some(own) => {
                    forbidden[own] = v;
                    w.blocked.iter().for_each(|c| forbidden[*c] = v);
                }
                // w would lie between two of one colour, and must then be the only one that does.
                None => {
                    let taken = w.near.iter().enumerate().filter(|(_, n)| **n > 0);
                    taken.for_each(|(c, _)| forbidden[c] = v);
                }
            }
        }
        let c = (0..out.len()).find(|c| forbidden[*c] != v);
        let c = c.unwrap_or_else(|| {
            out.push(vec![]);
            forbidden.push(usize::MAX);
            out.len() - 1
        });
        all[v].colour = Some(c);
        out[c].push(v as u32);
        // Two neighbours of one colour have v between them: for neither may v's colour come again.
        let doubled: Vec<bool> = all[v].near.iter().map(|n| *n > 1).collect();
        if doubled.contains(&true) {
            for u in others(v) {
                let twice = all[u].colour.is_some_and(|own| doubled[own]);
                block(&mut all[u], c, twice);
            }
            *steps = steps.checked_sub(near[v].len())?;
        }
        for w in others(v) {
            let counts = &mut all[w].near;
            if counts.len() <= c {
                counts.resize(c + 1, 0);
            }
            counts[c] += 1;
            let Some(own) = all[w].colour else {
                continue;
            };
            match all[w].near[c] {
                1 => {}
                2 => {
                    *steps = steps.checked_sub(near[w].len())?;
                    for u in others(w) {
                        let twice = all[u].colour == Some(c);
                        block(&mut all[u], own, twice);
                    }
                }
                _ => block(&mut all[v], own, true),
            }
        }
    }
    Some(out)
}

fn block(vertex: &mut Vertex, colour: usize, really: bool) {
    if really && !vertex.blocked.contains(&colour) {
        vertex.blocked.push(colour);
    }
}
