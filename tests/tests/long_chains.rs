//! Chains that are summed out step by step, against the forward algorithm written here, and its gradient against
//! differences: many states, several chains at once, steps that are impossible, posterior probabilities by the backward pass.

use ppl_lang::FitOptions;
use ppl_tests::enumeration::{Numbers, Values, assert_density, ln_std};
use ppl_tests::{csv, fit, ln_normal};

fn log_sum_exp(terms: &[f64]) -> f64 {
    match terms.iter().any(|t| *t > f64::NEG_INFINITY) {
        true => ppl_tests::log_sum_exp(terms),
        false => f64::NEG_INFINITY,
    }
}

/// Log density of a chain's observations: `own[t][j]`, and `step(t, i, j)` from one state to the next.
fn forward(own: &[Vec<f64>], step: &dyn Fn(usize, usize, usize) -> f64) -> Vec<Vec<f64>> {
    let mut out: Vec<Vec<f64>> = vec![own[0].clone()];
    for t in 1..own.len() {
        let last = &out[t - 1];
        let next = (0..own[t].len())
            .map(|j| {
                let terms: Vec<f64> = (0..last.len()).map(|i| last[i] + step(t, i, j)).collect();
                own[t][j] + log_sum_exp(&terms)
            })
            .collect();
        out.push(next);
    }
    out
}

fn total(own: &[Vec<f64>], step: &dyn Fn(usize, usize, usize) -> f64) -> f64 {
    log_sum_exp(forward(own, step).last().expect("an element"))
}

fn log_softmax(h: &[f64], z: usize) -> f64 {
    h[z] - log_sum_exp(h)
}

fn parameters(k: usize, numbers: &mut Numbers) -> Values {
    let mut normals = |n: usize| (0..n).map(|_| numbers.normal()).collect::<Vec<f64>>();
    vec![
        ("h", vec![k], normals(k)),
        ("c", vec![k, k], normals(k * k)),
    ]
}

fn prior(at: &Values) -> f64 {
    at.iter().flat_map(|a| &a.2).map(|x| ln_std(*x)).sum()
}

fn model(k: usize, by: &str, extra: &str) -> String {
    let (over, first) = match by {
        "" => ("row".to_string(), "first(t)"),
        by => (format!("row by {by}"), "first(t)"),
    };
    format!(
        "axis k = {k}; {extra} data y[row]: real; h[k] ~ Normal(0, 1); c[k, k] ~ Normal(0, 1);
        for t in {over} {{
            z[t] ~ if {first} {{ CategoricalLogit(h) }} else {{ CategoricalLogit(c[z[t - 1]]) }};
            observe y[t] ~ Normal(h[z[t]], 1);
        }}"
    )
}

/// The density of one chain whose observations are `y`.
fn chain(y: &[f64], k: usize, at: &Values) -> f64 {
    let (h, c) = (&at[0].2, &at[1].2);
    let own: Vec<Vec<f64>> = y
        .iter()
        .enumerate()
        .map(|(t, y)| {
            let start = |j| if t == 0 { log_softmax(h, j) } else { 0.0 };
            (0..k)
                .map(|j| start(j) + ln_normal(*y, h[j], 1.0))
                .collect()
        })
        .collect();
    let steps: Vec<f64> = c
        .chunks(k)
        .flat_map(|c| {
            let whole = log_sum_exp(c);
            c.iter().map(move |c| c - whole)
        })
        .collect();
    total(&own, &|_, i, j| steps[i * k + j])
}

#[test]
fn many_states() {
    let mut numbers = Numbers(11);
    for (k, n, checked) in [(8, 40, 1), (8, 2000, 1000), (20, 2000, 1000), (30, 3, 1)] {
        let y: Vec<f64> = (0..n).map(|_| numbers.normal()).collect();
        let at = parameters(k, &mut numbers);
        let data = csv(&[("y", &y)]);
        assert_density(&model(k, "", ""), &data, checked, &at, &|at| {
            prior(at) + chain(&y, k, at)
        });
    }
}

#[test]
fn the_gradient_of_a_long_chain() {
    // The posterior is the gradient: see the next tests. Here a direction of the parameters by central differences.
    let mut numbers = Numbers(12);
    let (k, n) = (8, 2000);
    let y: Vec<f64> = (0..n).map(|_| numbers.normal()).collect();
    let text = format!(
        "axis k = {k}; data y[row]: real; a ~ Normal(0, 1); b ~ Normal(0, 1); let h[i in k] = a + b * i;
        let c[i in k, j in k] = -b * abs(i - j);
        for t in row {{
            z[t] ~ if first(t) {{ CategoricalLogit(h) }} else {{ CategoricalLogit(c[z[t - 1]]) }};
            observe y[t] ~ Normal(h[z[t]], 1);
        }}"
    );
    let at: Values = vec![("a", vec![], vec![-1.5]), ("b", vec![], vec![0.3])];
    assert_density(&text, &csv(&[("y", &y)]), 1, &at, &|at| {
        let (a, b) = (at[0].2[0], at[1].2[0]);
        let h: Vec<f64> = (1..=k).map(|i| a + b * i as f64).collect();
        let c: Vec<f64> = (0..k * k)
            .map(|ij: usize| -b * (ij / k).abs_diff(ij % k) as f64)
            .collect();
        let inner: Values = vec![("h", vec![k], h), ("c", vec![k, k], c)];
        prior(at) + chain(&y, k, &inner)
    });
}

#[test]
fn chains_of_groups_that_are_interleaved() {
    let mut numbers = Numbers(13);
    let (k, n) = (9, 31);
    let y: Vec<f64> = (0..n).map(|_| numbers.normal()).collect();
    let group: Vec<usize> = (0..n).map(|_| numbers.below(4)).collect();
    let mut data = String::from("y,g\n");
    for (y, g) in y.iter().zip(&group) {
        data += &format!("{y},s{g}\n");
    }
    let at = parameters(k, &mut numbers);
    let text = model(k, "g", "axis subject; data g[row]: subject;");
    assert_density(&text, &data, 1, &at, &|at| {
        let one = |s: usize| -> f64 {
            let own: Vec<f64> = (0..n).filter(|&i| group[i] == s).map(|i| y[i]).collect();
            if own.is_empty() {
                0.0
            } else {
                chain(&own, k, at)
            }
        };
        prior(at) + (0..4).map(one).sum::<f64>()
    });
}

#[test]
fn steps_that_are_impossible_and_the_posterior_of_each_state() {
    // From each state to itself and the next only; the first element is in the first state.
    let mut numbers = Numbers(14);
    let (k, n) = (8, 60);
    let y: Vec<f64> = (0..n)
        .map(|t| (t * k / n) as f64 + 0.7 * numbers.normal())
        .collect();
    let text = format!(
        "axis k = {k}; data y[row]: real; m ~ Normal(0, 1); observe 0.3 ~ Normal(m, 1);
        let start[i in k] = if i == 1 {{ 1 }} else {{ 0 }};
        let p[i in k, j in k] = if j == i {{ if i == {k} {{ 1 }} else {{ 0.8 }} }} else {{ if j == i + 1 {{ 0.2 }} else {{ 0 }} }};
        let number[i in k] = i;
        for t in row {{
            z[t] ~ if first(t) {{ Categorical(start) }} else {{ Categorical(p[z[t - 1]]) }};
            observe y[t] ~ Normal(number[z[t]] - 1, 1);
        }}
        report late = sum(number[z] == {k});"
    );
    let found = fit(&text, &csv(&[("y", &y)]), &FitOptions::default());
    let own: Vec<Vec<f64>> = (0..n)
        .map(|t| {
            (0..k)
                .map(|j| {
                    let start = if t == 0 && j > 0 {
                        f64::NEG_INFINITY
                    } else {
                        0.0
                    };
                    start + ln_normal(y[t], j as f64, 1.0)
                })
                .collect()
        })
        .collect();
    let step = |i: usize, j: usize| match j.wrapping_sub(i) {
        // Whoever reaches the last state stays.
        0 if i + 1 == k => 0.0,
        0 => 0.8f64.ln(),
        1 => 0.2f64.ln(),
        _ => f64::NEG_INFINITY,
    };
    // Forward and backward passes in plain numbers, scaled at each element.
    let ahead = forward(&own, &|_, i, j| step(i, j));
    let mut behind = vec![vec![0.0f64; k]; n];
    for t in (0..n - 1).rev() {
        for i in 0..k {
            let terms: Vec<f64> = (i..k.min(i + 2))
                .map(|j| step(i, j) + own[t + 1][j] + behind[t + 1][j])
                .collect();
            behind[t][i] = log_sum_exp(&terms);
        }
    }
    let whole = log_sum_exp(ahead.last().expect("an element"));
    let mut late = 0.0;
    for t in 0..n {
        for j in 0..k {
            let p = (ahead[t][j] + behind[t][j] - whole).exp();
            let q = found.discrete[0].probabilities[t][j];
            assert!((p - q).abs() < 1e-9, "{t} {j}: {q} is not {p}");
            late += if j + 1 == k { p } else { 0.0 };
        }
    }
    assert!((ppl_tests::row(&found, "late").mean - late).abs() < 1e-8);
    // The most probable path, by the Viterbi recursion.
    let mut best = own.clone();
    for t in 1..n {
        for j in 0..k {
            let from = (j.saturating_sub(1)..=j).map(|i| best[t - 1][i] + step(i, j));
            best[t][j] += from.fold(f64::NEG_INFINITY, f64::max);
        }
    }
    let largest = |v: &[f64]| {
        (0..k)
            .max_by(|a, b| v[*a].total_cmp(&v[*b]))
            .expect("a state")
    };
    let mut at = largest(&best[n - 1]);
    for t in (0..n).rev() {
        assert_eq!(found.discrete[0].most_probable[t], at, "element {t}");
        if t > 0 {
            let from: Vec<f64> = (0..k).map(|i| best[t - 1][i] + step(i, at)).collect();
            at = largest(&from);
        }
    }
}

#[test]
fn the_cost_of_a_step_is_that_of_the_states() {
    let n = 100_000;
    let y: Vec<f64> = (0..n).map(|t| (t % 7) as f64).collect();
    let bound = ppl_tests::bind(&model(8, "", ""), &csv(&[("y", &y)]));
    let found = ppl_lang::parts::model::lower::summed_out(bound.inner());
    let found = found.unwrap_or_else(|d| panic!("{}", d.message.message));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].largest, found[0].rounds), (8.0 * n as f64, 1));
}
