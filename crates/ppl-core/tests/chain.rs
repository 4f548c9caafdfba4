//! Chains: the total against the sum over all paths, its derivatives against differences, and weights so far apart that
//! their products leave the range of floating-point numbers.

use ppl_core::interpret::evaluate;
use ppl_core::passes::optimise;
use ppl_core::{Axis, AxisId, AxisSet, Builder, DRAW, Expr, NodeId, Program, gradient};

const ALONG: AxisId = AxisId(1);
const FROM: AxisId = AxisId(2);
const TO: AxisId = AxisId(3);

struct Case {
    k: usize,
    n: usize,
    ends: Vec<u32>,
    varies: bool,
}

fn case(k: usize, ends: &[u32], varies: bool) -> Case {
    Case {
        k,
        n: *ends.last().unwrap_or(&0) as usize,
        ends: ends.to_vec(),
        varies,
    }
}

impl Case {
    fn n_params(&self) -> usize {
        self.k * self.k * if self.varies { self.n } else { 1 } + self.n * self.k
    }

    fn builder(&self) -> Builder {
        let axis = |name: &str, size| Axis {
            name: name.into(),
            size,
        };
        Builder::new(vec![
            axis("draw", 2),
            axis("t", self.n),
            axis("from", self.k),
            axis("to", self.k),
        ])
    }

    fn weights<'b>(&self, b: &'b Builder) -> (Expr<'b>, Expr<'b>) {
        let both = AxisSet::of(&[FROM, TO]);
        let steps = if self.varies { both.with(ALONG) } else { both };
        (b.param(steps).0, b.param(AxisSet::of(&[ALONG, TO])).0)
    }

    /// The total and `order` contractions of its derivatives with fixed directions, then the gradient of the last.
    fn program(&self, order: usize) -> Program {
        let b = self.builder();
        let (pair, own) = self.weights(&b);
        let leaves: Vec<NodeId> = [pair, own].iter().map(|e| e.node(&b)).collect();
        // Draws see other weights.
        let noise = b.noise(AxisSet::of(&[DRAW])).0;
        let places = AxisSet::of(&[ALONG, TO]);
        let tilt = (0..self.n * self.k).map(|i| (2.1 * i as f64).cos());
        let shifted = own + noise * b.data(tilt.collect(), places);
        let total = b.chain_log_sum((pair, FROM, TO), shifted, ALONG, self.ends.clone().into());
        let mut of = b.sum(total, AxisSet::of(&[DRAW]));
        for o in 0..order {
            let inner: Expr<'_> = gradient(&b, of.node(&b), &leaves)
                .into_iter()
                .map(|id| {
                    let g = b.literal_or_node(id);
                    let size = b.axes_of(g);
                    let weights: Vec<f64> = (0..size.iter().map(|a| b.size(a)).product())
                        .map(|i: usize| (1.3 * i as f64 + o as f64).sin())
                        .collect();
                    b.sum(g * b.data(weights.into(), size), size)
                })
                .fold(Expr::Const(0.0), |s, e| s + e);
            of = inner;
        }
        let mut outputs = vec![of.node(&b)];
        outputs.extend(gradient(&b, of.node(&b), &leaves));
        b.finish(outputs)
    }

    /// The log of the sum over all paths, one by one.
    fn enumerated(&self, x: &[f64]) -> f64 {
        let (k, n) = (self.k, self.n);
        let (pair, own) = x.split_at(self.n_params() - n * k);
        let mut total = 0.0;
        let mut begin = 0;
        for &end in &self.ends {
            let len = end as usize - begin;
            let paths = (0..k.pow(len as u32)).map(|mut code| {
                let mut log = 0.0;
                let mut before = None;
                for t in begin..end as usize {
                    let j = code % k;
                    code /= k;
                    log += own[t * k + j];
                    if let Some(i) = before {
                        let base = if self.varies { t * k * k } else { 0 };
                        log += pair[base + i * k + j];
                    }
                    before = Some(j);
                }
                log
            });
            let paths: Vec<f64> = paths.collect();
            let peak = paths.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            total += peak + paths.iter().map(|p| (p - peak).exp()).sum::<f64>().ln();
            begin = end as usize;
        }
        total
    }
}

fn cases() -> Vec<Case> {
    vec![
        case(2, &[6], false),
        case(2, &[1, 4, 5, 9], true),
        case(3, &[3, 7], false),
        case(3, &[5], true),
        case(4, &[4], true),
        case(5, &[3, 4], false),
        case(6, &[3], false),
        case(7, &[1, 4], false),
        case(8, &[3], true),
        case(9, &[2, 5], false),
    ]
}

fn point(n: usize) -> Vec<f64> {
    (0..n)
        .map(|i| 1.5 * (0.7 * i as f64 + 0.3).sin() - 0.4)
        .collect()
}

fn value(p: &Program, x: &[f64], noise: &[f64]) -> f64 {
    evaluate(p, x, noise, &p.outputs[..1])[0][0]
}

#[test]
fn totals_are_those_of_all_paths() {
    for c in cases() {
        let p = c.program(0);
        for scale in [1.0, 30.0, 200.0] {
            let x: Vec<f64> = point(c.n_params()).iter().map(|v| v * scale).collect();
            let found = value(&p, &x, &[0.0, 0.0]);
            let expected = 2.0 * c.enumerated(&x);
            assert!(
                (found - expected).abs() < 1e-12 * (1.0 + expected.abs()),
                "k {} scale {scale}: {found} against {expected}",
                c.k
            );
        }
    }
}

#[test]
fn derivatives_are_those_of_differences() {
    for order in 0..3 {
        for c in cases() {
            let p = optimise(c.program(order)).0;
            let noise = [0.2, -0.1];
            let x = point(c.n_params());
            let found = evaluate(&p, &x, &noise, &p.outputs[1..]).concat();
            for i in 0..x.len() {
                let h = 1e-4;
                let at = |d: f64| {
                    let mut moved = x.clone();
                    moved[i] += d;
                    value(&p, &moved, &noise)
                };
                // Fourth order in h.
                let difference =
                    (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
                assert!(
                    (found[i] - difference).abs() < 1e-9 * (1.0 + difference.abs()),
                    "order {order}, k {}, {i}: {} against {difference}",
                    c.k,
                    found[i]
                );
            }
        }
    }
}

/// A value that can only be left, never reached again, 2,000 nats behind half-way and ahead in the end: the plain
/// recursion would have forgotten it. The total and the marginals have closed forms.
#[test]
fn what_underflows_on_the_way_is_not_lost() {
    let n = 40;
    let c = case(2, &[n as u32], false);
    let p = c.program(0);
    let never = f64::NEG_INFINITY;
    for never in [never, -1e4] {
        let mut x = vec![0.0, 0.5f64.ln(), never, 0.0];
        for t in 0..n {
            // The first value is worse by 100 nats an element up to half-way, then better by 150.
            x.push(if t < n / 2 { -100.0 } else { 150.0 });
            x.push(0.0);
        }
        // Paths leave the first value at some element, or never.
        let own = |t: usize| x[4 + 2 * t];
        let left = |at: usize| {
            (0..at).map(own).sum::<f64>() + if at > 0 && at < n { 0.5f64.ln() } else { 0.0 }
        };
        let logs: Vec<f64> = (0..=n).map(left).collect();
        let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|l| (l - peak).exp()).sum();
        let expected = peak + sum.ln();
        let found = evaluate(&p, &x, &[0.0, 0.0], &p.outputs);
        assert!(
            (found[0][0] - 2.0 * expected).abs() < 1e-11 * expected.abs(),
            "{} against {expected}",
            found[0][0]
        );
        for t in 0..n {
            let stays: f64 = (t + 1..=n).map(|at| (logs[at] - peak).exp()).sum();
            let marginal = 2.0 * stays / sum;
            assert!((found[2][2 * t] - marginal).abs() < 1e-12, "element {t}");
        }
    }
}

#[test]
fn what_cannot_be_weighs_nothing() {
    let c = case(2, &[3], false);
    let p = c.program(1);
    let mut x = point(c.n_params());
    x[5] = f64::NEG_INFINITY;
    x[7] = f64::NEG_INFINITY;
    let found = evaluate(&p, &x, &[0.0, 0.0], &p.outputs).concat();
    assert!(found.iter().all(|v| v.is_finite()), "{found:?}");
    // Nothing at all is possible.
    x[4] = f64::NEG_INFINITY;
    let p = c.program(0);
    let found = evaluate(&p, &x, &[0.0, 0.0], &p.outputs).concat();
    assert!(found[0] <= -1e300);
    assert!(found[1..5].iter().all(|v| *v == 0.0), "{found:?}");
    x[4] = f64::NAN;
    assert!(value(&p, &x, &[0.0, 0.0]).is_nan());
}

/// Long chains, whose weights become small or large many times, against the recursion in logarithms.
#[test]
fn long_chains() {
    let cases = [
        (2, 3000, 1.0),
        (3, 1000, 1.0),
        (8, 700, 0.01),
        (9, 700, 0.01),
    ];
    for (k, n, scale) in cases {
        let c = case(k, &[n as u32 / 3, n as u32], false);
        let p = c.program(0);
        let x: Vec<f64> = point(c.n_params()).iter().map(|v| v * scale).collect();
        let (pair, own) = x.split_at(k * k);
        let mut expected = 0.0;
        let mut before: Vec<f64> = vec![];
        let sum = |logs: Vec<f64>| {
            let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            peak + logs.iter().map(|l| (l - peak).exp()).sum::<f64>().ln()
        };
        for t in 0..n {
            if t == n / 3 {
                expected += sum(std::mem::take(&mut before));
            }
            before = (0..k)
                .map(|j| {
                    let steps = before.iter().enumerate().map(|(i, a)| a + pair[i * k + j]);
                    let steps: Vec<f64> = steps.collect();
                    own[t * k + j] + if steps.is_empty() { 0.0 } else { sum(steps) }
                })
                .collect();
        }
        expected += sum(before);
        let found = evaluate(&p, &x, &[0.0, 0.0], &p.outputs);
        assert!(
            (found[0][0] - 2.0 * expected).abs() < 1e-11 * expected.abs(),
            "k {k}: {} against {expected}",
            found[0][0]
        );
        // Every element takes some value, and every step but a chain's first is some step.
        let total = |values: &[f64]| values.iter().sum::<f64>();
        assert!((total(&found[2]) - 2.0 * n as f64).abs() < 1e-9 * n as f64);
        assert!((total(&found[1]) - 2.0 * (n as f64 - 2.0)).abs() < 1e-9 * n as f64);
    }
}
