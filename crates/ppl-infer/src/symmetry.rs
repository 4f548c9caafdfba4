//! Exact symmetries of the joint density against what the draws say.
//!
//! Where the density of a model stays the same when the signs of some unknowns change together, or when two levels of an axis
//! change places, so does the posterior, and its marginal distributions are images of each other. Draws whose marginals are not
//! have missed a copy of what they describe: a mirror image, or another order of the labels. No gradient, weight or k-hat
//! shows that, as the copies lie far apart.

use crate::columns::Columns;
use crate::fit::Fit;
use crate::objective::ObjectiveError;
use ppl_core::{Builder, Expr, passes};
use ppl_dist::Bijection;
use ppl_engine::Kernels;
use ppl_model::graph::{Role, SymbolId, Ty};
use ppl_model::lower::{AxisMap, Lowering};
use ppl_model::{AxisRef, Bound};
use std::collections::HashMap;

/// Densities are equal if they differ by less than this share of them.
const EQUAL: f64 = 1e-9;

/// Draws at which they are compared.
const POINTS: usize = 3;

/// Maps that are tried: at least, at most, and one for so many gradients of the fit.
const FEWEST: usize = 64;
const MOST: usize = 1024;
const SHARE: usize = 50;

/// Longest axis whose levels are exchanged or mirrored one by one.
const MOST_LEVELS: usize = 24;

/// Columns that are compared for each map, those that look most unlike first.
const MOST_COLUMNS: usize = 16;

/// Kolmogorov-Smirnov distance of a marginal from its image beyond chance that counts.
const UNLIKE: f64 = 0.1;

/// A symmetry that the draws break.
pub(crate) struct Broken {
    /// What stays the same, and what the draws do.
    pub(crate) words: String,
}

/// An unknown that a point holds.
struct Unknown {
    id: SymbolId,
    /// Where its numbers stand in the point, in declared order.
    places: Vec<usize>,
    axes: Vec<AxisRef>,
    /// Whether its numbers may be any.
    is_free: bool,
    /// Whether its elements may change places.
    is_alike: bool,
}

/// A map of points onto points: from where each number comes, and with which sign.
struct Image {
    from: Vec<usize>,
    sign: Vec<f64>,
}

impl Image {
    fn identity(n: usize) -> Image {
        Image {
            from: (0..n).collect(),
            sign: vec![1.0; n],
        }
    }

    fn of(&self, point: &[f64]) -> Vec<f64> {
        let moved = self.from.iter().zip(&self.sign);
        moved.map(|(&from, sign)| sign * point[from]).collect()
    }

    fn moved(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.from.len()).filter(|&i| self.from[i] != i || self.sign[i] < 0.0)
    }
}

/// The density as a function of the unknowns on their own scale.
struct Joint {
    kernels: Kernels,
    unknowns: Vec<Unknown>,
    /// The column of the draws for each number of a point.
    columns: Vec<usize>,
}

impl Joint {
    /// `None` where the draws are not those of all unknowns.
    fn new(bound: &Bound, fit: &Fit) -> Result<Option<Joint>, ObjectiveError> {
        let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
        let builder = Builder::new(axes.program_axes(1));
        let lowering = Lowering::new(bound, &axes, &builder);
        let known = Columns::new(&fit.draws.names);
        let (mut unknowns, mut columns) = (vec![], vec![]);
        for (id, symbol) in bound.model.symbols.iter().enumerate() {
            if !bound.model.is_latent(id) {
                continue;
            }
            let (leaf, offset) = builder.param(axes.set(&symbol.axes));
            lowering.set_latent(id, leaf);
            let Ok(own) = known.of(bound, id) else {
                return Ok(None);
            };
            columns.extend(axes.to_program(&own, &symbol.axes));
            let mut places = vec![0; own.len()];
            for (i, at) in axes.order(&symbol.axes).into_iter().enumerate() {
                places[at] = offset + i;
            }
            let is_site = matches!(symbol.role, Role::Site(_));
            unknowns.push((id, places, is_site && symbol.ty == Ty::Real));
        }
        let mut found = vec![];
        for (id, places, is_site) in unknowns {
            let map = match is_site {
                true => Some(lowering.site_map(id)?.bijection),
                false => None,
            };
            found.push(Unknown {
                id,
                places,
                axes: bound.model.symbols[id].axes.clone(),
                is_free: matches!(map, Some(Bijection::Identity)),
                is_alike: matches!(
                    map,
                    Some(
                        Bijection::Identity
                            | Bijection::Lower(Expr::Const(_))
                            | Bijection::Upper(Expr::Const(_))
                            | Bijection::Interval(Expr::Const(_), Expr::Const(_))
                            | Bijection::Simplex
                    )
                ),
            });
        }
        let terms = lowering.terms()?;
        let total = terms.iter().fold(Expr::Const(0.0), |sum, t| sum + t.value);
        let total = total.node(&builder);
        drop((terms, lowering));
        let (program, _) = passes::optimise(builder.finish(vec![total]));
        Ok(Some(Joint {
            kernels: Kernels::compile(&program)?,
            unknowns: found,
            columns,
        }))
    }

    fn density(&mut self, point: &[f64]) -> f64 {
        self.kernels.run(point, &[]);
        self.kernels.output(0)[0]
    }

    fn point(&self, fit: &Fit, draw: usize) -> Vec<f64> {
        let row = fit.draws.values.row(draw);
        self.columns.iter().map(|&c| row[c]).collect()
    }

    /// Changes the signs of these unknowns, at one level of an axis or everywhere.
    fn mirrored(&self, which: &[usize], level: Option<(usize, usize)>, bound: &Bound) -> Image {
        let mut image = Image::identity(self.columns.len());
        for &u in which {
            let unknown = &self.unknowns[u];
            for (i, &place) in unknown.places.iter().enumerate() {
                let at = |(axis, level)| has_level(bound, &unknown.axes, i, axis, level);
                if level.is_none_or(at) {
                    image.sign[place] = -1.0;
                }
            }
        }
        image
    }

    /// Exchanges two neighbouring levels of an axis in all unknowns along it; `None` where one of them has an order.
    fn exchanged(&self, axis: usize, level: usize, bound: &Bound) -> Option<Image> {
        let mut image = Image::identity(self.columns.len());
        let along = |u: &&Unknown| u.axes.iter().any(|a| a.axis == axis);
        for unknown in self.unknowns.iter().filter(along) {
            if !unknown.is_alike {
                return None;
            }
            let sizes: Vec<usize> = unknown.axes.iter().map(|&a| bound.size(a)).collect();
            for (i, &place) in unknown.places.iter().enumerate() {
                let (mut rest, mut step, mut other) = (i, 1, 0);
                for (a, size) in unknown.axes.iter().zip(&sizes).rev() {
                    let own = rest % size;
                    rest /= size;
                    let to = match own {
                        _ if a.axis != axis => own,
                        own if own == level => level + 1,
                        own if own == level + 1 => level,
                        own => own,
                    };
                    other += to * step;
                    step *= size;
                }
                image.from[place] = unknown.places[other];
            }
        }
        Some(image)
    }
}

/// Whether an element, by its number in declared order, lies at a level of an axis.
fn has_level(bound: &Bound, axes: &[AxisRef], element: usize, axis: usize, level: usize) -> bool {
    let mut rest = element;
    for &a in axes.iter().rev() {
        let size = bound.size(a);
        if a.axis == axis && rest % size == level {
            return true;
        }
        rest /= size;
    }
    false
}

/// The subsets of the members, small ones first and then all of them, as many as wanted.
fn subsets(members: &[usize], most: usize) -> Vec<Vec<usize>> {
    let mut out: Vec<Vec<usize>> = vec![];
    let mut last: Vec<(usize, Vec<usize>)> = vec![(0, vec![])];
    while !last.is_empty() && out.len() < most {
        let mut next = vec![];
        for (from, subset) in &last {
            for (k, &member) in members.iter().enumerate().skip(*from) {
                if out.len() + next.len() >= most {
                    break;
                }
                let mut larger = subset.clone();
                larger.push(member);
                next.push((k + 1, larger));
            }
        }
        out.extend(next.iter().map(|n| n.1.clone()));
        last = next;
    }
    if members.len() > 1 && !out.iter().any(|s| s.len() == members.len()) {
        out.push(members.to_vec());
    }
    out
}

/// A map that may leave the density as it is.
enum Candidate {
    /// An axis, and the first of two neighbouring levels that change places.
    Exchange(usize, usize),
    /// Unknowns whose signs change, everywhere or at one level of an axis.
    Mirror(Vec<usize>, Option<(usize, usize)>),
}

impl Candidate {
    fn image(&self, bound: &Bound, joint: &Joint) -> Option<Image> {
        match self {
            Candidate::Exchange(axis, level) => joint.exchanged(*axis, *level, bound),
            Candidate::Mirror(which, level) => Some(joint.mirrored(which, *level, bound)),
        }
    }

    fn words(&self, bound: &Bound, unknowns: &[Unknown]) -> String {
        let level = |axis: usize, level: usize| format!("`{}`", bound.axes[axis].labels[level]);
        match self {
            Candidate::Exchange(axis, first) => format!(
                "{} and {} of `{}` change places",
                level(*axis, *first),
                level(*axis, first + 1),
                bound.model.axes[*axis].name
            ),
            Candidate::Mirror(which, at) => {
                let names = listed(bound, unknowns, which);
                let place = at.map_or(String::new(), |(axis, l)| {
                    format!(
                        " at {} of `{}`",
                        level(axis, l),
                        bound.model.axes[axis].name
                    )
                });
                match which.len() {
                    1 => format!("{names} changes its sign{place}"),
                    _ => format!("{names} change their signs together{place}"),
                }
            }
        }
    }
}

fn listed(bound: &Bound, unknowns: &[Unknown], which: &[usize]) -> String {
    let names: Vec<String> = which
        .iter()
        .map(|&u| format!("`{}`", bound.model.symbols[unknowns[u].id].name))
        .collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.join(""),
    }
}

/// The maps that are tried, as many as wanted.
fn candidates(bound: &Bound, unknowns: &[Unknown], most: usize) -> Vec<Candidate> {
    let free: Vec<usize> = (0..unknowns.len())
        .filter(|&u| unknowns[u].is_free)
        .collect();
    let every = unknowns.iter().flat_map(|u| &u.axes);
    let mut axes: Vec<usize> = every.map(|a| a.axis).collect();
    axes.sort_unstable();
    axes.dedup();
    let size = |axis: usize| bound.axes[axis].labels.len();
    axes.retain(|&axis| (2..=MOST_LEVELS).contains(&size(axis)));
    let mut out = vec![];
    for &axis in &axes {
        out.extend((0..size(axis) - 1).map(|level| Candidate::Exchange(axis, level)));
    }
    let left = most.saturating_sub(out.len()) / 2;
    let everywhere = subsets(&free, left).into_iter();
    out.extend(everywhere.map(|which| Candidate::Mirror(which, None)));
    for &axis in &axes {
        let along = |u: &usize| unknowns[*u].axes.iter().any(|a| a.axis == axis);
        let members: Vec<usize> = free.iter().copied().filter(along).collect();
        for which in subsets(&members, left / axes.len() / size(axis)) {
            let each = (0..size(axis)).map(|level| (axis, level));
            out.extend(each.map(|at| Candidate::Mirror(which.clone(), Some(at))));
        }
    }
    out
}

/// The largest distance of two distribution functions: of a column, and of another times a sign.
fn distance(fit: &Fit, a: usize, b: usize, sign: f64) -> f64 {
    let sorted = |column: usize, sign: f64| {
        let values = fit.draws.values.column(column);
        let mut values: Vec<f64> = values.iter().map(|v| sign * v).collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let (x, y) = (sorted(a, 1.0), sorted(b, sign));
    let (mut i, mut j, mut most) = (0, 0, 0usize);
    while i < x.len() && j < y.len() {
        let at = x[i].min(y[j]);
        while i < x.len() && x[i] <= at {
            i += 1;
        }
        while j < y.len() && y[j] <= at {
            j += 1;
        }
        most = most.max(i.abs_diff(j));
    }
    most as f64 / x.len().max(1) as f64
}

/// A symmetry of the density that the draws of a fit break; `None` where none of those that were tried is.
///
/// # Errors
/// Where the model cannot be lowered.
pub(crate) fn broken(bound: &Bound, fit: &Fit) -> Result<Option<Broken>, ObjectiveError> {
    let n = fit.draws.values.nrows();
    if n < 100 {
        return Ok(None);
    }
    let Some(mut joint) = Joint::new(bound, fit)? else {
        return Ok(None);
    };
    let mut points = vec![];
    for draw in [0, n / 3, 2 * n / 3] {
        let point = joint.point(fit, draw);
        let density = joint.density(&point);
        if density.is_finite() {
            points.push((point, density));
        }
    }
    if points.len() < POINTS {
        return Ok(None);
    }
    let rows: HashMap<&str, (f64, f64)> = fit
        .rows
        .iter()
        .map(|r| (r.name.as_str(), (r.mean, r.sd)))
        .collect();
    let row = |column: usize| {
        let known = rows.get(fit.draws.names[column].as_str());
        known.copied().unwrap_or((0.0, 1.0))
    };
    // A Kolmogorov-Smirnov distance of as many draws as the weights are worth, at the level 1e-4.
    let effective = fit.certificate.effective.clamp(1.0, n as f64);
    let chance = 2.2 * (2.0 / effective).sqrt();
    let most = (fit.gradient_evaluations / SHARE).clamp(FEWEST, MOST);
    for candidate in candidates(bound, &joint.unknowns, most) {
        let Some(image) = candidate.image(bound, &joint) else {
            continue;
        };
        let equal = points.iter().all(|(point, density)| {
            let other = joint.density(&image.of(point));
            (other - density).abs() <= EQUAL * (1.0 + density.abs())
        });
        if !equal {
            continue;
        }
        let mut moved: Vec<(f64, usize, usize, f64)> = image
            .moved()
            .map(|i| {
                let (a, b) = (joint.columns[i], joint.columns[image.from[i]]);
                let ((mean, sd), (other, other_sd)) = (row(a), row(b));
                let wide = sd.max(other_sd).max(f64::MIN_POSITIVE);
                let apart = (mean - image.sign[i] * other).abs() / wide;
                (apart + (sd - other_sd).abs() / wide, a, b, image.sign[i])
            })
            .collect();
        moved.sort_by(|a, b| b.0.total_cmp(&a.0));
        let unlike = |&(_, a, b, sign): &(f64, usize, usize, f64)| {
            let d = distance(fit, a, b, sign);
            (d > UNLIKE + chance).then_some((a, b, sign))
        };
        if let Some((a, b, sign)) = moved.iter().take(MOST_COLUMNS).find_map(unlike) {
            let names = &fit.draws.names;
            let told = match a == b {
                true => format!("`{}` of the draws is not symmetric about 0", names[a]),
                false => format!(
                    "`{}` and {}`{}` of the draws are not distributed alike",
                    names[a],
                    if sign < 0.0 { "-" } else { "" },
                    names[b]
                ),
            };
            return Ok(Some(Broken {
                words: format!(
                    "the density stays the same when {}, but {told}: the posterior has copies of this answer that the guide does not describe",
                    candidate.words(bound, &joint.unknowns)
                ),
            }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_subsets_first_and_all_at_the_end() {
        let found = subsets(&[3, 5, 8, 9], 7);
        assert_eq!(found[..4], [vec![3], vec![5], vec![8], vec![9]]);
        assert_eq!(found[4..7], [vec![3, 5], vec![3, 8], vec![3, 9]]);
        assert_eq!(found.last(), Some(&vec![3, 5, 8, 9]));
        assert_eq!(subsets(&[1, 2], 100).len(), 3);
        assert!(subsets(&[], 100).is_empty());
    }
}
