//! Exact conditionals of blocks of unknowns: which unknowns have a conditional of a known family, and in which order they are drawn.
//!
//! An unknown's conditional given all others is of a family if the log density is linear in the family's statistics, and so is its
//! slope in theirs: six points along the unknown tell. Unknowns that do not meet are moved together, so that a plate costs what one
//! element does. The curvature among the Gaussian ones must not depend on them. What is left after such a block may be of known
//! families once the block is integrated out: p(theta) = p(theta, z) / p(z | theta) at any z, whose values at points along each number
//! of theta tell. Names of distributions do not enter: what counts is the density, whoever wrote it.

use super::conditional::{Conditional, Exact};
use super::families::{Form, Member, POINTS, candidates, form_of, simplest};
use super::hessians::Hessians;
use crate::deterministic::gaussian::Gaussian;
use crate::deterministic::smooth::Smooth;
use crate::deterministic::workers::over_batches;
use ppl_sparse::{Pattern, Symmetric};

/// Unknowns that are left for a mixture, at most.
pub(super) const MOST_THETA: usize = 8;

/// Numbers that may be computed to find the families.
const MOST_WORK: f64 = 2e9;

/// Distance of the points, in conditional sds; the least, and what is tried where that shows no family.
const APART: f64 = 0.75;
const LEAST: f64 = 0.05;
const WIDE: f64 = 0.5;

/// Second derivatives below this part of what they would be between unknowns that are one are rounding; with those that are differenced.
const NONE: f64 = 1e-9;
const NONE_DIFFERENCED: f64 = 1e-5;

/// What is left of the values of log p(theta) at most, as a part of their range; and of their sum.
const MET: f64 = 1e-9;
const SEPARATE: f64 = 1e-8;

/// Orders of drawing that may be tried.
const MOST_SPLITS: usize = 12;

/// A known family of each unknown's conditional, if there is one.
type Forms = Vec<Option<Exact>>;

/// Groups of unknowns no two of which meet.
fn groups(neighbours: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let mut of = vec![usize::MAX; neighbours.len()];
    let mut groups: Vec<Vec<usize>> = vec![];
    let mut taken: Vec<usize> = vec![];
    for i in 0..neighbours.len() {
        taken.resize(groups.len(), usize::MAX);
        for j in &neighbours[i] {
            if let Some(t) = taken.get_mut(of[*j as usize]) {
                *t = i;
            }
        }
        let free = taken.iter().position(|t| *t != i);
        let g = free.unwrap_or_else(|| {
            groups.push(vec![]);
            groups.len() - 1
        });
        of[i] = g;
        groups[g].push(i);
    }
    groups
}

/// Finds the families, at the mean of the fitted Gaussian.
fn forms(q: &Gaussian, neighbours: &[Vec<u32>], workers: &mut [Smooth]) -> Forms {
    let d = q.mean.len();
    let sds: Vec<f64> = q.precision.diagonal().map(|v| v.sqrt().recip()).collect();
    let mut out: Forms = vec![None; d];
    let groups = groups(neighbours);
    for wide in [false, true] {
        let scale = |i: usize| match wide {
            true => WIDE.max(sds[i]),
            false => (APART * sds[i]).max(LEAST),
        };
        let points: Vec<(usize, f64)> = (0..groups.len())
            .flat_map(|g| POINTS.map(|p| (g, p)))
            .collect();
        let slopes: Vec<Vec<f64>> = over_batches(workers, points.len(), |smooth, batch| {
            let mut at = vec![];
            for (g, p) in &points[batch.clone()] {
                let first = at.len();
                at.extend_from_slice(&q.mean);
                groups[*g]
                    .iter()
                    .for_each(|i| at[first + i] += p * scale(*i));
            }
            let (mut values, mut slopes) = (vec![0.0; batch.len()], vec![0.0; at.len()]);
            smooth.gradients_of_each(&at, &mut values, &mut slopes);
            let rows = slopes.chunks(d).zip(&points[batch]);
            rows.map(|(row, (g, _))| groups[*g].iter().map(|i| row[*i]).collect())
                .collect()
        });
        for (group, slopes) in groups.iter().zip(slopes.chunks(POINTS.len())) {
            for (k, i) in group.iter().enumerate() {
                let scale = scale(*i);
                let points = POINTS.map(|p| q.mean[*i] + p * scale);
                let slopes: Vec<f64> = slopes.iter().map(|s| s[k]).collect();
                let of = |form| Exact {
                    unknown: *i,
                    form,
                    at: q.mean[*i],
                    scale,
                };
                out[*i] = out[*i].or_else(|| form_of(&points, &slopes).map(of));
            }
        }
    }
    out
}

/// For each unknown those that it meets: second derivatives that are other than zero at three points.
fn meeting(
    q: &Gaussian,
    structure: &Pattern,
    scales: Option<&[f64]>,
    smooth: &mut Smooth,
) -> Vec<Vec<u32>> {
    let d = q.mean.len();
    let hessians = Hessians::new((0..d).collect(), structure, scales, smooth);
    let sds: Vec<f64> = q.precision.diagonal().map(|v| v.sqrt().recip()).collect();
    let away = |k: usize, i: usize| match k {
        0 => 0.0,
        _ => ((i * 7 + k * 5) % 11) as f64 / 5.0 - 1.0,
    };
    let points = (0..3).flat_map(|k| (0..d).map(move |i| (k, i)));
    let points: Vec<f64> = points
        .map(|(k, i)| q.mean[i] + away(k, i) * sds[i])
        .collect();
    let seen = hessians.at(smooth, &points);
    let least = if scales.is_some() {
        NONE_DIFFERENCED
    } else {
        NONE
    };
    let mut out = vec![vec![]; d];
    for (k, (i, j)) in hessians.pattern().places().enumerate() {
        let meets = |h: &Symmetric| {
            let own = h.values[k].abs() * sds[i] * sds[j];
            own > least || own.is_nan()
        };
        if i != j && seen.iter().any(meets) {
            out[i].push(j as u32);
            out[j].push(i as u32);
        }
    }
    out
}

/// Of these unknowns as many as do not meet each other nor `others`, in this order.
fn apart(from: &[usize], others: &[usize], neighbours: &[Vec<u32>]) -> Vec<usize> {
    let mut closed = vec![false; neighbours.len()];
    let mut out = vec![];
    let close = |i: usize, closed: &mut Vec<bool>| {
        closed[i] = true;
        neighbours[i]
            .iter()
            .for_each(|j| closed[*j as usize] = true);
    };
    others.iter().for_each(|i| close(*i, &mut closed));
    for i in from {
        if !closed[*i] {
            close(*i, &mut closed);
            out.push(*i);
        }
    }
    out
}

/// Orders of drawing: theta and what is exact given it, the best first; and the Gaussian rest. `sites`: the number of elements of each
/// unknown's site.
fn splits(forms: &Forms, sites: &[usize], neighbours: &[Vec<u32>]) -> Vec<[Vec<usize>; 3]> {
    let d = forms.len();
    let is =
        |i: &usize, normal: bool| forms[*i].is_some_and(|e| (e.form == Form::Normal) == normal);
    // Long sites first, so that what is left for theta is short.
    let mut order: Vec<usize> = (0..d).collect();
    order.sort_by_key(|i| std::cmp::Reverse(sites[*i]));
    let all =
        |normal: bool| -> Vec<usize> { order.iter().copied().filter(|i| is(i, normal)).collect() };
    let (normal, others) = (all(true), all(false));
    let mut out: Vec<[Vec<usize>; 3]> = vec![];
    let mut add = |gaussian: Vec<usize>, exact: Vec<usize>| {
        let mut open = vec![true; d];
        gaussian.iter().chain(&exact).for_each(|i| open[*i] = false);
        let theta: Vec<usize> = (0..d).filter(|i| open[*i]).collect();
        let split = [theta, exact, gaussian];
        if split[0].len() <= MOST_THETA && split[0].len() < d && !out.contains(&split) {
            out.push(split);
        }
    };
    // The Gaussian ones first, all together, or those of the longest sites.
    let mut lengths: Vec<usize> = normal.iter().map(|i| sites[*i]).collect();
    lengths.dedup();
    for least in lengths.iter().rev().take(4) {
        let some: Vec<usize> = (normal.iter().copied())
            .filter(|i| sites[*i] >= *least)
            .collect();
        let exact = apart(&others, &some, neighbours);
        add(some, exact);
    }
    // The others first.
    let exact = apart(&others, &[], neighbours);
    let mut met = vec![false; d];
    for i in &exact {
        neighbours[*i].iter().for_each(|j| met[*j as usize] = true);
    }
    add(normal.iter().copied().filter(|i| !met[*i]).collect(), exact);
    out.sort_by_key(|s| s[0].len());
    out.truncate(MOST_SPLITS);
    out
}

/// Conditionals with theta of a few numbers, the fewest first.
pub(super) fn conditionals(
    q: &Gaussian,
    structure: &Pattern,
    scales: Option<&[f64]>,
    sites: &[usize],
    workers: &mut [Smooth],
) -> Vec<Conditional> {
    let n_groups = groups(&structure.neighbours()).len();
    let work = n_groups * POINTS.len() * 2 * workers[0].work;
    if work as f64 > MOST_WORK {
        return vec![];
    }
    let neighbours = meeting(q, structure, scales, &mut workers[0]);
    let forms = forms(q, &neighbours, workers);
    let mut out = vec![];
    for [theta, exact, gaussian] in splits(&forms, sites, &neighbours) {
        let exact: Vec<Exact> = exact.iter().filter_map(|i| forms[*i]).collect();
        let found = Conditional::new(q, (theta, exact), structure, scales, &mut workers[0]);
        // Each may be Gaussian given the rest, and their products with each other not.
        if let Some(found) = found.filter(Conditional::is_exact) {
            debug_assert_eq!(found.gaussian().len(), gaussian.len());
            out.push(found);
        }
    }
    out
}

/// Theta as members of families, where it is such once all else is integrated out; empty where there is no theta.
pub(super) fn members(
    conditional: &Conditional,
    q: &Gaussian,
    workers: &mut [Smooth],
) -> Option<Vec<Member>> {
    let theta = &conditional.theta;
    let k = theta.len();
    let diagonal: Vec<f64> = q.precision.diagonal().collect();
    let centre: Vec<f64> = theta.iter().map(|i| q.mean[*i]).collect();
    let scales: Vec<f64> = theta.iter().map(|i| diagonal[*i].sqrt().recip()).collect();
    // Along each number by itself, then along all together.
    let n = POINTS.len();
    let mut points = vec![];
    for along in 0..=k {
        for p in POINTS {
            let moved = (0..k).map(|i| match along == i || along == k {
                true => centre[i] + p * scales[i],
                false => centre[i],
            });
            points.extend(moved);
        }
    }
    if k == 0 {
        return Some(vec![]);
    }
    let values = over_batches(workers, points.len() / k, |smooth, batch| {
        let own = &points[batch.start * k..batch.end * k];
        let given = conditional.given(smooth, own);
        given.iter().map(|g| g.marginal()).collect::<Vec<f64>>()
    });
    if values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let (alone, together) = values.split_at(k * n);
    // POINTS[2] is the centre.
    let base = alone[2];
    for (p, value) in together.iter().enumerate() {
        let sum: f64 = alone.chunks(n).map(|v| v[p] - base).sum();
        if (value - base - sum).abs() > SEPARATE * (1.0 + sum.abs()) {
            return None;
        }
    }
    let of = |i: usize| -> Option<Member> {
        let at = POINTS.map(|p| centre[i] + p * scales[i]);
        let values = &alone[i * n..(i + 1) * n];
        // Differences between neighbours have the slopes' form.
        let slopes: Vec<f64> = values.windows(2).map(|v| v[1] - v[0]).collect();
        let found = candidates(&at[..n - 1], &slopes).into_iter();
        let found: Vec<(Member, f64)> = found
            .filter_map(|form| form.of_values(&at, values))
            .collect();
        simplest(&found, MET)
    };
    (0..k).map(of).collect()
}

/// What is exact, in words: unknowns by name with the families of their conditionals.
pub(super) fn in_words(
    conditional: &Conditional,
    names: &[String],
    single: &[bool],
) -> Vec<(String, &'static str)> {
    let gaussian = conditional.gaussian().iter().map(|i| (*i, Form::Normal));
    let exact = conditional.exact().iter().map(|e| (e.unknown, e.form));
    named(gaussian.chain(exact), names, single)
}

/// The same for theta.
pub(super) fn outer_in_words(
    conditional: &Conditional,
    members: &[Member],
    names: &[String],
    single: &[bool],
) -> Vec<(String, &'static str)> {
    let theta = conditional.theta.iter().copied();
    named(theta.zip(members.iter().map(Member::form)), names, single)
}

fn named(
    unknowns: impl Iterator<Item = (usize, Form)>,
    names: &[String],
    single: &[bool],
) -> Vec<(String, &'static str)> {
    let mut out: Vec<(String, &'static str)> = vec![];
    for (i, form) in unknowns {
        let site = names[i].split('[').next().unwrap_or_default().to_owned();
        let words = (site, form.name(single[i]));
        let known = out.iter().position(|w| w.0 == words.0);
        match known {
            // A broken stick ends in a piece that is not shifted.
            Some(at) if [out[at].1, words.1].contains(&"Dirichlet") => out[at].1 = "Dirichlet",
            _ if out.contains(&words) => {}
            _ => out.push(words),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_in_groups_of_their_own() {
        // A star around 0, and 3 beside 4.
        let neighbours = vec![vec![1, 2, 3, 4], vec![0], vec![0], vec![0, 4], vec![0, 3]];
        assert_eq!(groups(&neighbours), [vec![0], vec![1, 2, 3], vec![4]]);
        assert_eq!(apart(&[1, 3, 4, 0], &[], &neighbours), [1, 3]);
        assert_eq!(apart(&[1, 3, 4], &[4], &neighbours), [1]);
        assert_eq!(apart(&[0, 1], &[], &neighbours), [0]);
    }
}
