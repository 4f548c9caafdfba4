//! Guide families beyond one Gaussian: log densities against formulas written out here, which integrate to one; gradients
//! without bias; the base Gaussian at the start.

use ppl_core::Prim;
use ppl_infer::objective::Objective;
use ppl_infer::sampler::Sampler;
use ppl_infer::stochastic::Target;
use ppl_lang::GuideChoice;
use ppl_lang::parts::{guide, model};
use ppl_tests::{bind, differences, guided, ln_normal, log_sum_exp};

/// Two unknowns, the second bounded below: transforms come after everything else.
const MODEL: &str = "a ~ Normal(0, 1); s: positive ~ Gamma(3, 2); observe 0.4 ~ Normal(a, s);";

const FAMILIES: [&str; 4] = ["skewed", "flow", "low-rank", "mixture"];

struct Case {
    objective: Objective,
    sampler: Sampler,
    /// Values of every param away from the start, on the unconstrained scale.
    params: Vec<f64>,
}

impl Case {
    fn of(model: &str, family: &str) -> Case {
        let bound = bind(model, "");
        let bound = guided(&bound, family);
        let objective = Objective::new(&bound, 4, 7).expect("an objective");
        let params = objective
            .initial()
            .iter()
            .enumerate()
            .map(|(i, v)| v + 0.4 * (1.7 * i as f64 + 0.3).sin())
            .collect();
        Case {
            objective,
            sampler: Sampler::new(&bound, 64, 5).expect("a sampler"),
            params,
        }
    }

    fn block(&self, i: usize) -> &[f64] {
        let p = &self.objective.params[i];
        &self.params[p.offset..p.offset + p.init.len()]
    }

    /// The lower-triangular 2 x 2 matrices of a block: places of a square, then the logarithms of the diagonals. Short
    /// axes are outer ones, and those of equal length in the order of their declaration: the parts innermost.
    fn cholesky(&self, i: usize) -> Vec<[f64; 3]> {
        let all = self.block(i);
        let parts = all.len() / 6;
        (0..parts)
            .map(|k| {
                let diagonal = &all[4 * parts + k..];
                [diagonal[0].exp(), all[2 * parts + k], diagonal[parts].exp()]
            })
            .collect()
    }

    /// Log density of the unconstrained pair.
    fn ln_density(&self, family: &str, x: [f64; 2]) -> f64 {
        let m = self.block(0);
        let whiten = |m: &[f64], c: [f64; 3]| {
            let y = (x[0] - m[0]) / c[0];
            [y, (x[1] - m[1] - c[1] * y) / c[2]]
        };
        let standard = |z: [f64; 2]| ln_normal(z[0], 0.0, 1.0) + ln_normal(z[1], 0.0, 1.0);
        match family {
            "skewed" => {
                let c = self.cholesky(1)[0];
                let y = whiten(m, c);
                let (skew, tail) = (self.block(2), self.block(3));
                (0..2)
                    .map(|i| {
                        let d = tail[i].exp();
                        let t = d * y[i].asinh() - skew[i];
                        let slope = t.cosh() * d / (1.0 + y[i] * y[i]).sqrt();
                        ln_normal(t.sinh(), 0.0, 1.0) + slope.ln()
                    })
                    .sum::<f64>()
                    - (c[0] * c[2]).ln()
            }
            "mixture" => {
                let (parts, weights) = (self.cholesky(1), self.block(2));
                let total = log_sum_exp(weights);
                let each: Vec<f64> = (0..2)
                    .map(|k| {
                        let c = parts[k];
                        let z = whiten(&[m[k], m[2 + k]], c);
                        weights[k] - total + standard(z) - (c[0] * c[2]).ln()
                    })
                    .collect();
                log_sum_exp(&each)
            }
            "low-rank" => {
                let (scale, b) = (self.block(1), self.block(2));
                let rank = b.len() / 2;
                let dot = |i: usize, j: usize| -> f64 {
                    (0..rank).map(|r| b[i * rank + r] * b[j * rank + r]).sum()
                };
                let (p, q, r) = (
                    (2.0 * scale[0]).exp() + dot(0, 0),
                    dot(0, 1),
                    (2.0 * scale[1]).exp() + dot(1, 1),
                );
                let det = p * r - q * q;
                let (u, v) = (x[0] - m[0], x[1] - m[1]);
                let form = (r * u * u - 2.0 * q * u * v + p * v * v) / det;
                -(2.0 * std::f64::consts::PI).ln() - 0.5 * det.ln() - 0.5 * form
            }
            "flow" => {
                let c = self.cholesky(1)[0];
                let mut y = whiten(m, c);
                let mut ln = -(c[0] * c[2]).ln();
                let (inner, bias) = (self.block(2), self.block(3));
                let (stretch, shift) = (self.block(4), self.block(5));
                let layers = 4;
                let hidden = bias.len() / layers;
                // The last layer is undone first.
                for l in (0..layers).rev() {
                    let (kept, moved) = (l % 2, 1 - l % 2);
                    let h: Vec<f64> = (0..hidden)
                        .map(|k| {
                            let at = l * hidden + k;
                            (inner[kept * layers * hidden + at] * y[kept] + bias[at]).tanh()
                        })
                        .collect();
                    let through = |w: &[f64]| -> f64 {
                        let row = &w[(moved * layers + l) * hidden..][..hidden];
                        row.iter().zip(&h).map(|(w, h)| w * h).sum()
                    };
                    let by = 2.0 * (through(stretch) / 2.0).tanh();
                    y[moved] = (y[moved] - through(shift)) / by.exp();
                    ln -= by;
                }
                ln + standard(y)
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn log_densities_are_those_of_formulas() {
    for family in FAMILIES {
        let mut case = Case::of(MODEL, family);
        case.sampler.run(&case.params, 3);
        let mut values = [[0.0; 1]; 2];
        for s in 0..64 {
            for (i, v) in values.iter_mut().enumerate() {
                case.sampler.copy(i, s, v);
            }
            let [[a], [scale]] = values;
            let want = case.ln_density(family, [a, scale.ln()]) - scale.ln();
            let found = case.sampler.log_q()[s];
            assert!(
                (found - want).abs() < 1e-9 * (1.0 + want.abs()),
                "{family}, draw {s} at ({a}, {scale}): {found}, not {want}"
            );
        }
    }
}

#[test]
fn the_formulas_integrate_to_one() {
    for family in FAMILIES {
        let case = Case::of(MODEL, family);
        let step = 0.04;
        let mut total = 0.0;
        for i in -300..=300 {
            for j in -300..=300 {
                let x = [f64::from(i) * step, f64::from(j) * step];
                total += case.ln_density(family, x).exp();
            }
        }
        total *= step * step;
        assert!((total - 1.0).abs() < 1e-3, "{family}: {total}");
    }
}

#[test]
fn gradients_are_those_of_differences() {
    // All but the choice of a mixture's part go through the draw.
    for family in ["skewed", "flow", "low-rank"] {
        let case = Case::of(MODEL, family);
        let (mut target, at) = (case.objective, case.params);
        let mut gradient = vec![0.0; at.len()];
        target.estimate(&at, 3, &mut gradient);
        let cell = std::cell::RefCell::new(target);
        let value = |u: &[f64]| vec![cell.borrow_mut().estimate(u, 3, &mut vec![0.0; u.len()])];
        for i in (0..at.len()).step_by(if at.len() > 50 { 7 } else { 1 }) {
            let (slope, error) = differences(&value, &at, i)[0];
            assert!(
                (gradient[i] - slope).abs() < 1e-7 * (1.0 + slope.abs()) + 10.0 * error,
                "{family}, parameter {i}: {} instead of {slope}",
                gradient[i]
            );
        }
    }
}

#[test]
fn the_gradient_of_a_mixture_has_no_bias() {
    // One unknown, a skewed target; the bound by the trapezoidal rule.
    let model = "x ~ Normal(0, 2); factor -exp(0.7 * x);";
    let bound = guided(&bind(model, ""), "mixture");
    let mut target = Objective::new(&bound, 8, 3).expect("an objective");
    // Locations, places of the factors, logarithms of the scales, weights.
    let at = [-1.2, 0.8, 0.0, 0.0, -0.3, 0.2, 0.5, -0.2];
    assert_eq!(target.n_params(), at.len());
    let exact = |p: &[f64]| -> Vec<f64> {
        let total = log_sum_exp(&p[6..8]);
        let bound: f64 = (-3000..=3000)
            .map(|i| {
                let x = f64::from(i) * 0.01;
                let part = |k: usize| p[6 + k] - total + ln_normal(x, p[k], p[4 + k].exp());
                let ln_q = log_sum_exp(&[part(0), part(1)]);
                let ln_p = ln_normal(x, 0.0, 2.0) - Prim::Exp.eval(&[0.7 * x]);
                ln_q.exp() * (ln_p - ln_q)
            })
            .sum();
        vec![bound * 0.01]
    };
    let n = 4000;
    let (mut sums, mut squares) = ([0.0; 8], [0.0; 8]);
    let mut gradient = [0.0; 8];
    for step in 0..n {
        target.estimate(&at, step, &mut gradient);
        for i in 0..8 {
            sums[i] += gradient[i];
            squares[i] += gradient[i] * gradient[i];
        }
    }
    for i in [0, 1, 4, 5, 6, 7] {
        let mean = sums[i] / n as f64;
        let se = ((squares[i] / n as f64 - mean * mean) / n as f64).sqrt();
        let want = differences(&exact, &at, i)[0].0;
        assert!(se > 0.0 && se < 0.05, "parameter {i}: standard error {se}");
        assert!(
            (mean - want).abs() < 4.5 * se,
            "parameter {i}: {mean} +- {se}, not {want}"
        );
    }
}

#[test]
fn the_start_is_the_gaussian() {
    let bound = bind(MODEL, "");
    let value = |family: &str| {
        let mut target = Objective::new(&guided(&bound, family), 4, 7).expect("an objective");
        let at = target.initial();
        target.estimate(&at, 3, &mut vec![0.0; at.len()])
    };
    let gaussian = value("full-rank");
    for family in ["skewed", "flow"] {
        let found = value(family);
        assert!(
            (found - gaussian).abs() < 1e-12,
            "{family}: {found}, not {gaussian}"
        );
    }
}

#[test]
fn every_family_prints_a_guide_that_can_be_put_back() {
    let keywords: Vec<&str> = guide::ALL.iter().map(|f| f.keyword()).collect();
    // Others are fitted around one of these and have no statements of their own.
    let mut named = keywords.clone();
    named.extend(model::departure::OF_ALL);
    named.sort_unstable();
    let mut families = model::departure::FAMILIES.to_vec();
    families.sort_unstable();
    assert_eq!(named, families);
    let source = "axis k = 3; m ~ Normal(0, 1); s: positive ~ Gamma(3, 2); x[k] ~ Normal(0, 1); observe 1 ~ Normal(m + sum(x), s);";
    for family in guide::ALL {
        assert!(model::departure::FAMILIES.contains(&family.keyword()));
        let bound = bind(source, "");
        if family.name() == guide::SPARSE {
            continue;
        }
        let text = guide::text(*family, bound.inner(), guide::Centring::NonCentred);
        let written = bind(&format!("{source}\n{text}"), "");
        let own = |bound: &model::Bound| {
            let mut target = Objective::new(bound, 4, 7).expect("an objective");
            let at = target.initial();
            target.estimate(&at, 1, &mut vec![0.0; at.len()]).to_bits()
        };
        let generated = guide::attach(bound.inner(), &text).expect("a guide");
        assert_eq!(own(&generated), own(written.inner()), "{text}");
        // By its name, in the model.
        let named = bind(&format!("{source} guide auto({});", family.keyword()), "");
        let printed = named.guide_text(GuideChoice::Auto).expect("a guide");
        assert!(printed.contains("transformed("), "{printed}");
    }
}
