//! Made-up tables: random numbers from a name, and columns to CSV.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};
use std::fmt::Write;

/// Columns of a table.
#[derive(Debug, Default)]
pub struct Table {
    columns: Vec<(String, Vec<f64>)>,
}

impl Table {
    /// One more column.
    pub fn add(&mut self, name: &str, values: impl IntoIterator<Item = f64>) {
        self.columns
            .push((name.to_owned(), values.into_iter().collect()));
    }

    /// The table's text; numbers come back exactly.
    pub fn csv(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| &**name).collect();
        let mut out = names.join(",") + "\n";
        let rows = self.columns.first().map_or(0, |(_, values)| values.len());
        for row in 0..rows {
            for (i, (_, values)) in self.columns.iter().enumerate() {
                let comma = if i == 0 { "" } else { "," };
                write!(out, "{comma}{}", values[row]).expect("a string takes everything");
            }
            out.push('\n');
        }
        out
    }
}

/// To so many decimals.
pub fn rounded(x: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (x * scale).round() / scale
}

/// Random numbers.
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream of a name.
    pub fn of(name: &str) -> Random {
        let mut seed = [0; 32];
        seed.iter_mut().zip(name.bytes()).for_each(|(s, b)| *s = b);
        Random(ChaCha8Rng::from_seed(seed))
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// Independent normals.
    pub fn normals(&mut self, n: usize, mean: f64, sd: f64) -> Vec<f64> {
        (0..n).map(|_| mean + sd * self.normal()).collect()
    }

    /// Uniform on (0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 12) as f64 / (1u64 << 52) as f64 + f64::EPSILON / 4.0
    }

    /// True with that probability.
    pub fn flip(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// One of 0, ..., n - 1.
    pub fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    /// An index with these probabilities.
    pub fn choice(&mut self, weights: &[f64]) -> usize {
        let mut rest = self.uniform();
        let chosen = weights.iter().position(|w| {
            rest -= w;
            rest < 0.0
        });
        chosen.unwrap_or(weights.len() - 1)
    }

    /// Weights that add up to 1, some much larger than others.
    pub fn weights(&mut self, n: usize) -> Vec<f64> {
        let raw: Vec<f64> = (0..n).map(|_| (1.5 * self.normal()).exp()).collect();
        let total: f64 = raw.iter().sum();
        raw.into_iter().map(|w| w / total).collect()
    }

    /// A Poisson count.
    pub fn poisson(&mut self, rate: f64) -> f64 {
        Poisson::new(rate).map_or(0.0, |p| p.sample(&mut self.0))
    }
}
