//! Log densities of whole models at random points, and their gradients, against the formulas that the models stand for,
//! written out here with loops over numbers: what a model says must be what it means.

use ppl_tests::enumeration::{Numbers, Values, assert_density};
use ppl_tests::{csv, ln_gamma, ln_normal, log_sum_exp};
use std::f64::consts::{LN_2, PI};

fn ln_gamma_density(x: f64, shape: f64, rate: f64) -> f64 {
    shape * rate.ln() - ln_gamma(shape) + (shape - 1.0) * x.ln() - rate * x
}

fn ln_dirichlet(x: &[f64], a: &[f64]) -> f64 {
    let sum: f64 = a.iter().sum();
    let terms = x
        .iter()
        .zip(a)
        .map(|(x, a)| (a - 1.0) * x.ln() - ln_gamma(*a));
    ln_gamma(sum) + terms.sum::<f64>()
}

fn inv_logit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Five random points: for each latent its name, shape, and how its numbers are drawn.
fn check(
    model: &str,
    data: &str,
    latents: &[(&'static str, &[usize], Draw)],
    expected: &dyn Fn(&Values) -> f64,
) {
    let mut numbers = Numbers(model.len() as u64);
    for _ in 0..5 {
        let at = latents
            .iter()
            .map(|(name, shape, draw)| {
                let n = shape.iter().product();
                let mut x: Vec<f64> = (0..n).map(|_| draw.one(&mut numbers)).collect();
                let event = shape.last().copied().unwrap_or(1);
                match draw {
                    Draw::Simplex => x.chunks_mut(event).for_each(|x| {
                        let sum: f64 = x.iter().sum();
                        x.iter_mut().for_each(|x| *x /= sum);
                    }),
                    Draw::Ordered => x.chunks_mut(event).for_each(|x| x.sort_by(f64::total_cmp)),
                    _ => {}
                }
                (*name, shape.to_vec(), x)
            })
            .collect();
        assert_density(model, data, 1, &at, expected);
    }
}

#[derive(Clone, Copy)]
enum Draw {
    Real,
    Positive,
    Unit,
    Simplex,
    Ordered,
}

impl Draw {
    fn one(self, numbers: &mut Numbers) -> f64 {
        match self {
            Draw::Real | Draw::Ordered => numbers.normal(),
            Draw::Positive | Draw::Simplex => (0.5 * numbers.normal()).exp(),
            Draw::Unit => 0.05 + 0.9 * numbers.uniform(),
        }
    }
}

fn normals(n: usize, seed: u64) -> Vec<f64> {
    let mut numbers = Numbers(seed);
    (0..n).map(|_| numbers.normal()).collect()
}

#[test]
fn a_level_and_a_trend_by_series() {
    let model = "axis series; data series[row]: series; data y[row]: real;
        alpha ~ Uniform(0, 1); beta ~ Uniform(0, 1); l0 ~ Normal(0, 1); b0 ~ Normal(0, 0.5); s ~ HalfNormal(1);
        for t in row by series {
          let level[t] = if first(t) { l0 } else { alpha * y[t-1] + (1 - alpha) * (level[t-1] + trend[t-1]) };
          let trend[t] = if first(t) { b0 } else { beta * (level[t] - level[t-1]) + (1 - beta) * trend[t-1] };
          observe y[t] ~ Normal(level[t] + trend[t], s);
        }";
    // The rows of the two series alternate.
    let y = normals(14, 3);
    let series: Vec<f64> = (0..14).map(|i| f64::from(i % 2)).collect();
    let latents: [(&str, &[usize], Draw); 5] = [
        ("alpha", &[], Draw::Unit),
        ("beta", &[], Draw::Unit),
        ("l0", &[], Draw::Real),
        ("b0", &[], Draw::Real),
        ("s", &[], Draw::Positive),
    ];
    check(
        model,
        &csv(&[("series", &series), ("y", &y)]),
        &latents,
        &|at| {
            let [alpha, beta, l0, b0, s] = [0, 1, 2, 3, 4].map(|i| at[i].2[0]);
            let mut density =
                ln_normal(l0, 0.0, 1.0) + ln_normal(b0, 0.0, 0.5) + LN_2 + ln_normal(s, 0.0, 1.0);
            for k in 0..2 {
                let (mut level, mut trend) = (l0, b0);
                for t in (k..14).step_by(2) {
                    if t > k {
                        let next = alpha * y[t - 2] + (1.0 - alpha) * (level + trend);
                        trend = beta * (next - level) + (1.0 - beta) * trend;
                        level = next;
                    }
                    density += ln_normal(y[t], level + trend, s);
                }
            }
            density
        },
    );
}

#[test]
fn a_hidden_markov_model_by_subject() {
    let model = "axis state = 3; axis subject; data subject[row]: subject; data y[row]: real;
        start[state] ~ Dirichlet(1); P[state, state] ~ Dirichlet(2); mu[state]: ordered ~ Normal(0, 3); s ~ HalfNormal(2);
        for t in row by subject {
          z[t] ~ if first(t) { Categorical(start) } else { Categorical(P[z[t-1]]) };
          observe y[t] ~ Normal(mu[z[t]], s);
        }";
    let y = normals(15, 5);
    let subject: Vec<f64> = (0..15).map(|i| f64::from(u8::from(i >= 6))).collect();
    let latents: [(&str, &[usize], Draw); 4] = [
        ("start", &[3], Draw::Simplex),
        ("P", &[3, 3], Draw::Simplex),
        ("mu", &[3], Draw::Ordered),
        ("s", &[], Draw::Positive),
    ];
    check(
        model,
        &csv(&[("subject", &subject), ("y", &y)]),
        &latents,
        &|at| {
            let (start, p, mu, s) = (&at[0].2, &at[1].2, &at[2].2, at[3].2[0]);
            let mut density =
                ln_dirichlet(start, &[1.0; 3]) + 6.0_f64.ln() + LN_2 + ln_normal(s, 0.0, 2.0);
            for k in 0..3 {
                density +=
                    ln_dirichlet(&p[3 * k..3 * k + 3], &[2.0; 3]) + ln_normal(mu[k], 0.0, 3.0);
            }
            // The forward algorithm.
            for rows in [&y[..6], &y[6..]] {
                let mut g: Vec<f64> = (0..3)
                    .map(|k| start[k].ln() + ln_normal(rows[0], mu[k], s))
                    .collect();
                for &y in &rows[1..] {
                    g = (0..3)
                        .map(|k| {
                            let ways: Vec<f64> = (0..3).map(|j| g[j] + p[3 * j + k].ln()).collect();
                            log_sum_exp(&ways) + ln_normal(y, mu[k], s)
                        })
                        .collect();
                }
                density += log_sum_exp(&g);
            }
            density
        },
    );
}

#[test]
fn zero_inflated_counts() {
    let model = "data x[row]: real; data y[row]: int;
        b[coef] ~ Normal(0, 2); axis coef = {level, slope}; g ~ Normal(0, 1.5); size ~ Gamma(2, 0.5);
        never[row] ~ BernoulliLogit(g * x);
        observe y ~ if never { Constant(0) } else { NegBinomialLog(b[level] + b[slope] * x, size = size) };";
    let x = normals(9, 7);
    let y = [0.0, 3.0, 0.0, 1.0, 0.0, 12.0, 2.0, 0.0, 5.0];
    let latents: [(&str, &[usize], Draw); 3] = [
        ("b", &[2], Draw::Real),
        ("g", &[], Draw::Real),
        ("size", &[], Draw::Positive),
    ];
    check(model, &csv(&[("x", &x), ("y", &y)]), &latents, &|at| {
        let (b, g, r) = (&at[0].2, at[1].2[0], at[2].2[0]);
        let mut density =
            ln_normal(b[0], 0.0, 2.0) + ln_normal(b[1], 0.0, 2.0) + ln_normal(g, 0.0, 1.5);
        density += ln_gamma_density(r, 2.0, 0.5);
        for (x, y) in x.iter().zip(y) {
            let (never, m) = (inv_logit(g * x), (b[0] + b[1] * x).exp());
            let count = ln_gamma(y + r) - ln_gamma(r) - ln_gamma(y + 1.0)
                + r * (r / (r + m)).ln()
                + y * (m / (r + m)).ln();
            let zero = if y == 0.0 { never } else { 0.0 };
            density += (zero + (1.0 - never) * count.exp()).ln();
        }
        density
    });
}

#[test]
fn answers_in_order_and_times_without_an_event() {
    let model = "axis answer = {never, rarely, often}; axis cut = size(answer) - 1;
        data answer[row]: answer; data x[row]: real; data time[row]: positive; data event[row]: bool;
        b ~ Normal(0, 2); c[cut]: ordered ~ Normal(0, 3); k ~ Gamma(2, 1);
        observe answer ~ OrderedLogistic(b * x, c);
        observe time ~ Weibull(k, exp(b * x)).censored(right = !event);";
    let x = normals(8, 11);
    let answers = [0, 1, 2, 1, 2, 0, 2, 1];
    let mut data = String::from("answer,x,time,event\n");
    for (i, x) in x.iter().enumerate() {
        let name = ["never", "rarely", "often"][answers[i]];
        data += &format!("{name},{x},{},{}\n", 0.5 + i as f64, i % 3 / 2);
    }
    let latents: [(&str, &[usize], Draw); 3] = [
        ("b", &[], Draw::Real),
        ("c", &[2], Draw::Ordered),
        ("k", &[], Draw::Positive),
    ];
    check(model, &data, &latents, &|at| {
        let (b, c, k) = (at[0].2[0], &at[1].2, at[2].2[0]);
        let mut density = ln_normal(b, 0.0, 2.0) + LN_2 + ln_gamma_density(k, 2.0, 1.0);
        density += ln_normal(c[0], 0.0, 3.0) + ln_normal(c[1], 0.0, 3.0);
        for (i, x) in x.iter().enumerate() {
            let below = [0.0, inv_logit(c[0] - b * x), inv_logit(c[1] - b * x), 1.0];
            density += (below[answers[i] + 1] - below[answers[i]]).ln();
            let (time, scale) = (0.5 + i as f64, (b * x).exp());
            density -= (time / scale).powf(k);
            if i % 3 == 2 {
                density += k.ln() - scale.ln() + (k - 1.0) * (time / scale).ln();
            }
        }
        density
    });
}

#[test]
fn correlated_effects_of_groups() {
    let model = "axis coef = {intercept, slope}; axis school; data school[row]: school; data x[row]: real; data y[row]: real;
        mu[coef] ~ Normal(0, 2); tau[coef] ~ HalfNormal(1); R[coef, coef] ~ LkjCorr(2); s ~ Exponential(1);
        b[school, coef] ~ MultiNormal(mu, cov = diag(tau) @ R @ diag(tau));
        observe y ~ Normal(b[school, intercept] + b[school, slope] * x, s);";
    let (x, y) = (normals(9, 13), normals(9, 17));
    let school: Vec<f64> = (0..9).map(|i| f64::from(i % 3)).collect();
    let data = csv(&[("school", &school), ("x", &x), ("y", &y)]);
    let mut numbers = Numbers(19);
    for _ in 0..5 {
        let r = 1.8 * numbers.uniform() - 0.9;
        let mut some =
            |n: usize, draw: Draw| -> Vec<f64> { (0..n).map(|_| draw.one(&mut numbers)).collect() };
        let at: Values = vec![
            ("mu", vec![2], some(2, Draw::Real)),
            ("tau", vec![2], some(2, Draw::Positive)),
            ("R", vec![2, 2], vec![1.0, r, r, 1.0]),
            ("s", vec![], some(1, Draw::Positive)),
            ("b", vec![3, 2], some(6, Draw::Real)),
        ];
        // The entries of R are not free of each other, so there is no slope along one of them: the value alone.
        assert_density(model, &data, 1000, &at, &|at| {
            let (mu, tau, s, b) = (&at[0].2, &at[1].2, at[3].2[0], &at[4].2);
            let r = at[2].2[1];
            // (1 - r²)^(η - 1) / B(η, η) / 2^(2 η - 1) with η = 2: r = 2 u - 1 with u ~ Beta(η, η).
            let mut density = (0.75 * (1.0 - r * r)).ln() - s;
            for k in 0..2 {
                density += ln_normal(mu[k], 0.0, 2.0) + LN_2 + ln_normal(tau[k], 0.0, 1.0);
            }
            for j in 0..3 {
                let (u, v) = ((b[2 * j] - mu[0]) / tau[0], (b[2 * j + 1] - mu[1]) / tau[1]);
                density -= (2.0 * PI * tau[0] * tau[1]).ln() + 0.5 * (1.0 - r * r).ln();
                density -= 0.5 * (u * u - 2.0 * r * u * v + v * v) / (1.0 - r * r);
            }
            for i in 0..9 {
                density += ln_normal(y[i], b[2 * (i % 3)] + b[2 * (i % 3) + 1] * x[i], s);
            }
            density
        });
    }
}

#[test]
fn counts_of_animals_and_a_series_with_holes() {
    let model = "axis site; data site[row]: site; data seen[row]: int; data y[row]: real?;
        lambda ~ Gamma(2, 0.5); p ~ Beta(2, 3); a ~ Normal(0, 1); s ~ HalfNormal(1);
        N[site] ~ Poisson(lambda).truncated(upper = 12);
        observe seen ~ Binomial(N[site], p);
        for t in row { observe y[t] ~ Normal(if first(t) { 0 } else { a * y[t-1] }, s); }";
    let seen = [2.0, 3.0, 1.0, 0.0, 4.0, 2.0];
    let y = [0.4, -0.3, 0.0, 0.9, 0.0, 0.2];
    let mut data = String::from("site,seen,y\n");
    for i in 0..6 {
        let cell = if i == 2 || i == 4 {
            String::new()
        } else {
            y[i].to_string()
        };
        data += &format!("{},{},{cell}\n", ["u", "v", "w"][i / 2], seen[i]);
    }
    let latents: [(&str, &[usize], Draw); 5] = [
        ("lambda", &[], Draw::Positive),
        ("p", &[], Draw::Unit),
        ("a", &[], Draw::Real),
        ("s", &[], Draw::Positive),
        ("y_missing", &[2], Draw::Real),
    ];
    check(model, &data, &latents, &|at| {
        let [lambda, p, a, s] = [0, 1, 2, 3].map(|i| at[i].2[0]);
        let mut density =
            ln_gamma_density(lambda, 2.0, 0.5) + 12.0_f64.ln() + p.ln() + 2.0 * (1.0 - p).ln();
        density += ln_normal(a, 0.0, 1.0) + LN_2 + ln_normal(s, 0.0, 1.0);
        let ln_poisson = |n: usize| n as f64 * lambda.ln() - lambda - ln_gamma(n as f64 + 1.0);
        let within: Vec<f64> = (0..=12).map(ln_poisson).collect();
        for visits in seen.chunks(2) {
            let ways: Vec<f64> = (0..=12)
                .filter(|&n| visits.iter().all(|&k| k <= n as f64))
                .map(|n| {
                    let n = n as f64;
                    let binomial = |&k: &f64| {
                        ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
                            + k * p.ln()
                            + (n - k) * (1.0 - p).ln()
                    };
                    ln_poisson(n as usize) + visits.iter().map(binomial).sum::<f64>()
                })
                .collect();
            density += log_sum_exp(&ways) - log_sum_exp(&within);
        }
        let mut full = y;
        (full[2], full[4]) = (at[4].2[0], at[4].2[1]);
        for t in 0..6 {
            density += ln_normal(full[t], if t == 0 { 0.0 } else { a * full[t - 1] }, s);
        }
        density
    });
}
