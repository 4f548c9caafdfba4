//! An objective in coordinates in which all parameters of its Gaussian matter alike: the location in units of the base's
//! Cholesky factor, the factor as a multiple of the base's, everything else as it is.

use crate::objective::Objective;
use crate::stochastic::Target;

/// How a stretch of parameters follows from as many coordinates.
enum Map {
    /// location = m + C y.
    Location { at: usize },
    /// C T: T lower triangular, its strictly lower part y (0 unless `free`), the logarithms of its diagonal y.
    Factor { at: usize, free: bool },
    /// Elementwise products with these; the logarithms of scales are shifted.
    Scaled { at: usize, by: Vec<f64> },
}

/// The objective.
pub(super) struct Whitened {
    objective: Objective,
    maps: Vec<Map>,
    /// The parameters at the origin.
    origin: Vec<f64>,
    /// The base's lower-triangular factor, row-major.
    factor: Vec<f64>,
    d: usize,
    params: Vec<f64>,
    slopes: Vec<f64>,
    /// Coordinates that stay where they are; none where it is empty.
    held: Vec<bool>,
}

impl Whitened {
    /// The guide's params that are called `location` and `factor` are those of one Gaussian over all unknowns; `free`:
    /// whether its correlations are coordinates.
    pub(super) fn of(
        mut objective: Objective,
        origin: Vec<f64>,
        (location, factor): (usize, usize),
        free: bool,
    ) -> Whitened {
        objective.mirror();
        let blocks = &objective.params;
        let d = blocks[location].init.len();
        let at = blocks[factor].offset;
        let mut c = vec![0.0; d * d];
        for i in 0..d {
            c[i * d..i * d + i].copy_from_slice(&origin[at + i * d..at + i * d + i]);
            c[i * d + i] = origin[at + d * d + i].exp();
        }
        let maps = vec![
            Map::Location {
                at: blocks[location].offset,
            },
            Map::Factor { at, free },
        ];
        Whitened {
            params: origin.clone(),
            slopes: vec![0.0; origin.len()],
            held: vec![],
            factor: c,
            maps,
            origin,
            d,
            objective,
        }
    }

    /// With independent scales: params at these places in these units, everything else as it is. The first is the location.
    pub(super) fn scaled(
        mut objective: Objective,
        origin: Vec<f64>,
        units: Vec<(usize, Vec<f64>)>,
    ) -> Whitened {
        objective.mirror();
        Whitened {
            params: origin.clone(),
            slopes: vec![0.0; origin.len()],
            held: vec![],
            factor: vec![],
            d: units.first().map_or(0, |u| u.1.len()),
            maps: units
                .into_iter()
                .map(|(at, by)| Map::Scaled { at, by })
                .collect(),
            origin,
            objective,
        }
    }

    /// Holds these coordinates where they are.
    pub(super) fn hold(&mut self, held: Vec<bool>) {
        self.held = held;
    }

    /// The objective, when all is done.
    pub(super) fn into_objective(self) -> Objective {
        self.objective
    }

    /// The parameters that coordinates stand for.
    pub(super) fn params_at(&self, y: &[f64]) -> Vec<f64> {
        let mut out: Vec<f64> = self.origin.iter().zip(y).map(|(o, y)| o + y).collect();
        let (d, c) = (self.d, &self.factor);
        for map in &self.maps {
            match map {
                Map::Location { at } => {
                    for i in 0..d {
                        let moved: f64 = (0..=i).map(|j| c[i * d + j] * y[at + j]).sum();
                        out[at + i] = self.origin[at + i] + moved;
                    }
                }
                Map::Factor { at, free } => {
                    let logs = at + d * d;
                    for i in 0..d {
                        for j in 0..d {
                            out[at + i * d + j] = self.origin[at + i * d + j];
                        }
                        for j in 0..i {
                            let mut v = c[i * d + j] * y[logs + j].exp();
                            if *free {
                                let below = (j + 1..=i).map(|k| c[i * d + k] * y[at + k * d + j]);
                                v += below.sum::<f64>();
                            }
                            out[at + i * d + j] = v;
                        }
                    }
                }
                Map::Scaled { at, by } => {
                    for (k, s) in by.iter().enumerate() {
                        out[at + k] = self.origin[at + k] + s * y[at + k];
                    }
                }
            }
        }
        out
    }

    /// The gradient by the coordinates, in place of that by the parameters.
    fn pull(&self, y: &[f64], g: &mut [f64]) {
        let (d, c) = (self.d, &self.factor);
        for map in &self.maps {
            match map {
                Map::Location { at } => {
                    let own = g[*at..at + d].to_vec();
                    for j in 0..d {
                        g[at + j] = (j..d).map(|i| c[i * d + j] * own[i]).sum();
                    }
                }
                Map::Factor { at, free } => {
                    let own = g[*at..at + d * d].to_vec();
                    let logs = at + d * d;
                    for j in 0..d {
                        let below: f64 = (j + 1..d).map(|i| own[i * d + j] * c[i * d + j]).sum();
                        g[logs + j] += below * y[logs + j].exp();
                    }
                    g[*at..at + d * d].fill(0.0);
                    if *free {
                        for k in 0..d {
                            for j in 0..k {
                                let sum = (k..d).map(|i| own[i * d + j] * c[i * d + k]);
                                g[at + k * d + j] = sum.sum();
                            }
                        }
                    }
                }
                Map::Scaled { at, by } => {
                    for (k, s) in by.iter().enumerate() {
                        g[at + k] *= s;
                    }
                }
            }
        }
    }

    /// The mean over several batches of draws, the first of which has this address.
    pub(super) fn mean(&mut self, y: &[f64], first: u64, batches: u64, g: &mut [f64]) -> f64 {
        g.fill(0.0);
        let mut own = vec![0.0; g.len()];
        let mut value = 0.0;
        for step in 0..batches {
            value += self.estimate(y, first + step, &mut own);
            g.iter_mut().zip(&own).for_each(|(g, v)| *g += v);
        }
        let n = batches as f64;
        g.iter_mut().for_each(|v| *v /= n);
        value / n
    }

    /// ||C' E[g]|| / sqrt(d) on draws that nothing was fitted to.
    pub(super) fn residual(&mut self, y: &[f64], batches: u64) -> f64 {
        let mut g = vec![0.0; y.len()];
        self.mean(y, APART, batches, &mut g);
        let at = match self.maps[0] {
            Map::Location { at } | Map::Scaled { at, .. } | Map::Factor { at, .. } => at,
        };
        (g[at..at + self.d].iter().map(|v| v * v).sum::<f64>() / self.d as f64).sqrt()
    }
}

/// Addresses of the draws of the last look.
const APART: u64 = 1 << 42;

impl Target for Whitened {
    fn n_params(&self) -> usize {
        self.origin.len()
    }

    fn initial(&self) -> Vec<f64> {
        vec![0.0; self.origin.len()]
    }

    fn draws(&self) -> usize {
        self.objective.draws()
    }

    fn estimate(&mut self, y: &[f64], step: u64, gradient: &mut [f64]) -> f64 {
        self.params = self.params_at(y);
        let value = self
            .objective
            .estimate(&self.params, step, &mut self.slopes);
        gradient.copy_from_slice(&self.slopes);
        self.pull(y, gradient);
        for (g, held) in gradient.iter_mut().zip(&self.held) {
            if *held {
                *g = 0.0;
            }
        }
        value
    }
}
