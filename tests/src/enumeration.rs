//! Log densities by going through all states of the discrete unknowns.

use crate::{bind, differences, log_sum_exp};
use ppl_infer::density::{Array, Gradient, Point};
use std::collections::BTreeMap;

/// A fixed sequence of numbers that look random.
pub struct Numbers(pub u64);

impl Numbers {
    /// Uniform on [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number below n.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.uniform() * n as f64) as usize).min(n - 1)
    }

    /// Roughly standard normal.
    pub fn normal(&mut self) -> f64 {
        2.0 * (self.uniform() + self.uniform() + self.uniform()) - 3.0
    }
}

/// Values of the latents: name, shape, numbers.
pub type Values = Vec<(&'static str, Vec<usize>, Vec<f64>)>;

fn point(values: &Values) -> Point {
    let array = |(name, shape, values): &(&str, Vec<usize>, Vec<f64>)| {
        let (shape, values) = (shape.clone(), values.clone());
        (name.to_string(), Array { shape, values })
    };
    Point::Constrained(values.iter().map(array).collect::<BTreeMap<_, _>>())
}

/// ln of the standard normal density.
pub fn ln_std(x: f64) -> f64 {
    -0.5 * (2.0 * std::f64::consts::PI).ln() - 0.5 * x * x
}

/// The density is what `expected` says, and its gradient, where `expected` has few states to go through, is its slope.
pub fn assert_density(
    model: &str,
    data: &str,
    states: usize,
    at: &Values,
    expected: &dyn Fn(&Values) -> f64,
) {
    let found = bind(model, data)
        .density(&point(at))
        .unwrap_or_else(|e| panic!("{model}\n{e}"));
    let here = expected(at);
    assert!(
        (found.log_density - here).abs() <= 1e-10 * (1.0 + here.abs()),
        "{model}\n{data}\n{} is not {here}",
        found.log_density
    );
    if states > 600 {
        return;
    }
    let Gradient::Constrained(gradient) = found.gradient else {
        panic!("on the latents' own scale");
    };
    let flat: Vec<f64> = at.iter().flat_map(|a| a.2.clone()).collect();
    let of = |x: &[f64]| {
        let mut moved = at.clone();
        let mut next = x.iter();
        for (_, _, v) in &mut moved {
            v.iter_mut()
                .for_each(|v| *v = *next.next().expect("as many"));
        }
        vec![expected(&moved)]
    };
    let mut i = 0;
    for (name, _, values) in at {
        let slopes = &gradient
            .iter()
            .find(|g| g.0 == *name)
            .expect("its gradient")
            .1
            .values;
        for (j, found) in slopes.iter().enumerate().take(values.len()) {
            let (slope, error) = differences(&of, &flat, i)[0];
            assert!(
                (found - slope).abs() <= 10.0 * error + 1e-8 * (1.0 + slope.abs()),
                "{model}\n{name}[{j}]: {found} is not {slope} ± {error}"
            );
            i += 1;
        }
    }
}

/// log of the sum over all ways to give `n` variables one of `k` values.
pub fn enumerated(n: usize, k: usize, ln_joint: impl Fn(&[usize]) -> f64) -> f64 {
    let mut labels = vec![0; n];
    let mut terms = Vec::with_capacity(k.pow(n as u32));
    loop {
        terms.push(ln_joint(&labels));
        let Some(i) = labels.iter().position(|&l| l + 1 < k) else {
            return log_sum_exp(&terms);
        };
        labels[i] += 1;
        labels[..i].fill(0);
    }
}
