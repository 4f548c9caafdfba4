//! Discrete sites that the guide draws: gradients without bias, against sums over all their values.

use ppl_infer::stochastic::Target;
use ppl_lang::parts::model::{analyse, bind_within};
use ppl_lang::parts::{guide, model};
use ppl_lang::{FitOptions, Silent};
use ppl_tests::{bind, csv, dataset, fit, ln_normal, log_sum_exp, with_sampled};

/// The bound and its gradient by five-point differences, from a function of the parameters.
fn with_gradient(f: &dyn Fn(&[f64]) -> f64, u: &[f64]) -> Vec<f64> {
    let h = 1e-3;
    let slope = |i: usize| {
        let at = |by: f64| {
            let mut moved = u.to_vec();
            moved[i] += by;
            f(&moved)
        };
        (8.0 * (at(h) - at(-h)) - at(2.0 * h) + at(-2.0 * h)) / (12.0 * h)
    };
    std::iter::once(f(u))
        .chain((0..u.len()).map(slope))
        .collect()
}

fn guided(bound: &model::Bound) -> model::Bound {
    let family = guide::find("mean-field").expect("a family");
    let text = guide::text(family, bound, guide::Centring::Centred);
    guide::attach(bound, &text).unwrap_or_else(|e| panic!("{text}\n{e:?}"))
}

/// Estimates of the bound and the gradient have the exact mean, whatever the number of draws; gives the sd of the
/// gradient's estimates at 8 draws.
fn assert_unbiased(bound: &model::Bound, exact: &dyn Fn(&[f64]) -> f64) -> f64 {
    let bound = guided(bound);
    let mut spread = 0.0;
    for draws in [1, 8] {
        let mut target =
            ppl_infer::objective::Objective::new(&bound, draws, 5).expect("an objective");
        let n = target.n_params();
        let u: Vec<f64> = (0..n).map(|i| 0.6 * (i as f64 * 1.7 + 0.4).sin()).collect();
        let truth = with_gradient(exact, &u);
        let (mut sum, mut squares) = (vec![0.0; n + 1], vec![0.0; n + 1]);
        let steps = 6_000u64;
        for step in 0..steps {
            let mut gradient = vec![0.0; n];
            let value = target.estimate(&u, step, &mut gradient);
            gradient.insert(0, value);
            for (i, v) in gradient.iter().enumerate() {
                sum[i] += v - truth[i];
                squares[i] += (v - truth[i]).powi(2);
            }
        }
        let count = steps as f64;
        spread = (squares[1..].iter().sum::<f64>() / count / n as f64).sqrt();
        for (i, (s, q)) in sum.iter().zip(&squares).enumerate() {
            let mean = s / count;
            let se = ((q / count - mean * mean).max(0.0) / count).sqrt();
            assert!(
                mean.abs() < 4.5 * se + 1e-8,
                "{draws} draws, number {i}: {} off by {mean:.2e} ± {se:.1e}",
                truth[i]
            );
        }
    }
    spread
}

/// E_q[ln p - ln q] over all values of `n` elements with `k` values, `ln_q(i)` being those of element i.
fn bound_of(
    n: usize,
    k: usize,
    ln_q: &dyn Fn(usize) -> Vec<f64>,
    ln_p: &dyn Fn(&[usize]) -> f64,
) -> f64 {
    let ln_q: Vec<Vec<f64>> = (0..n).map(ln_q).collect();
    let mut total = 0.0;
    for state in 0..k.pow(n as u32) {
        let z: Vec<usize> = (0..n).map(|i| state / k.pow(i as u32) % k).collect();
        let q: f64 = z.iter().enumerate().map(|(i, &v)| ln_q[i][v]).sum();
        if q > f64::NEG_INFINITY {
            total += q.exp() * (ln_p(&z) - q);
        }
    }
    total
}

fn log_softmax(w: &[f64]) -> Vec<f64> {
    let all = log_sum_exp(w);
    w.iter().map(|x| x - all).collect()
}

const HMM: &str = "axis k = 3; data y[row]: real; let p[k] = [0.2, 0.5, 0.3];
    let m[k] = [-1, 0.5, 2]; let P[k, k] = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]];
    for t in row { z[t] ~ if first(t) { Categorical(p) } else { Categorical(P[z[t-1]]) };
      observe y[t] ~ Normal(m[z[t]], 1); }";
const Y: [f64; 4] = [0.3, 1.9, -0.7, 0.8];

fn ln_hmm(z: &[usize]) -> f64 {
    let m = [-1.0, 0.5, 2.0];
    let to = |from: usize| [[0.7f64, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]][from];
    let mut sum = [0.2f64, 0.5, 0.3][z[0]].ln();
    for t in 0..4 {
        if t > 0 {
            sum += to(z[t - 1])[z[t]].ln();
        }
        sum += ln_normal(Y[t], m[z[t]], 1.0);
    }
    sum
}

#[test]
fn a_chain() {
    let bound = with_sampled(&bind(HMM, &csv(&[("y", &Y)])));
    // The weights lie with the longest axis, the rows, innermost.
    let spread = assert_unbiased(&bound, &|u| {
        let ln_q = |i: usize| log_softmax(&[u[i], u[4 + i], u[8 + i]]);
        bound_of(4, 3, &ln_q, &ln_hmm)
    });
    // By expectation over an element's values: the score function's estimates spread ten times as much.
    assert!(spread < 0.3, "{spread}");
}

/// Two ways to read a site meet in the same element in the second row: the score function serves.
#[test]
fn elements_that_a_term_reads_twice() {
    let model = "axis k = 2; axis g = 3; data a[row]: g; data b[row]: g; data y[row]: real;
        let m[k] = [-1, 1.5]; let w[k] = [0.4, 0.6]; z[g] ~ Categorical(w);
        observe y ~ Normal(m[z[a]] * m[z[b]], 1);";
    let (a, b) = ([1.0, 2.0, 3.0], [2.0, 2.0, 1.0]);
    let bound = with_sampled(&bind(model, &csv(&[("a", &a), ("b", &b), ("y", &Y[..3])])));
    assert_unbiased(&bound, &|u| {
        let ln_q = |i: usize| log_softmax(&[u[i], u[3 + i]]);
        bound_of(3, 2, &ln_q, &|z| {
            let m = |i: f64| [-1.0, 1.5][z[i as usize - 1]];
            let prior: f64 = z.iter().map(|&v| [0.4f64, 0.6][v].ln()).sum();
            let seen = (0..3).map(|r| ln_normal(Y[r], m(a[r]) * m(b[r]), 1.0));
            prior + seen.sum::<f64>()
        })
    });
}

/// Looked up by two columns that never name the same element at once.
#[test]
fn elements_that_columns_pick() {
    let model = "axis k = 2; axis g = 3; data a[row]: g; data b[row]: g; data y[row]: real;
        let m[k] = [-1, 1.5]; let w[k] = [0.4, 0.6]; z[g] ~ Categorical(w);
        observe y ~ Normal(m[z[a]] * m[z[b]], 1);";
    let (a, b) = ([1.0, 2.0, 3.0, 3.0], [2.0, 3.0, 1.0, 2.0]);
    let bound = with_sampled(&bind(model, &csv(&[("a", &a), ("b", &b), ("y", &Y)])));
    let spread = assert_unbiased(&bound, &|u| {
        let ln_q = |i: usize| log_softmax(&[u[i], u[3 + i]]);
        bound_of(3, 2, &ln_q, &|z| {
            let m = |i: f64| [-1.0, 1.5][z[i as usize - 1]];
            let prior: f64 = z.iter().map(|&v| [0.4f64, 0.6][v].ln()).sum();
            let seen = (0..4).map(|r| ln_normal(Y[r], m(a[r]) * m(b[r]), 1.0));
            prior + seen.sum::<f64>()
        })
    });
    // The score function spreads twice as much.
    assert!(spread < 0.6, "{spread}");
}

/// Counts whose ends differ between rows, beside a latent number that they move.
#[test]
fn counts_with_ends_of_their_own() {
    let model =
        "data n[row]: int(0, inf); data y[row]: real; c[row] ~ Binomial(n, 0.4); m ~ Normal(0, 1);
        observe y ~ Normal(m * c, 1);";
    let n = [1usize, 3, 2];
    let bound = with_sampled(&bind(
        model,
        &csv(&[("n", &n.map(|v| v as f64)), ("y", &Y[..3])]),
    ));
    assert_unbiased(&bound, &|u| {
        // Four values, 0 to 3, are longer than the rows. The site's weights come first or the latent's two numbers do.
        let (w, m, s) = (&u[..12], u[12], u[13].exp());
        let ln_q = |i: usize| {
            let own: Vec<f64> = (0..=n[i]).map(|v| w[i * 4 + v]).collect();
            let mut own = log_softmax(&own);
            own.resize(4, f64::NEG_INFINITY);
            own
        };
        let discrete = bound_of(3, 4, &ln_q, &|c| {
            let each = |i: usize| {
                let choose = [
                    [1.0f64, 1.0, 0.0, 0.0],
                    [1.0, 3.0, 3.0, 1.0],
                    [1.0, 2.0, 1.0, 0.0],
                ][i][c[i]];
                let v = c[i] as f64;
                let prior = choose.ln() + v * 0.4f64.ln() + (n[i] as f64 - v) * 0.6f64.ln();
                prior + ln_normal(Y[i], m * v, 1.0) - 0.5 * (s * v).powi(2)
            };
            (0..3).map(each).sum()
        });
        let entropy = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln() + s.ln();
        discrete + ln_normal(m, 0.0, 1.0) - 0.5 * s * s + entropy
    });
}

/// What is summed out within the bound on cost is drawn beyond it, with a message, and the verdict says so.
#[test]
fn beyond_the_bound_on_cost_labels_are_drawn() {
    let data = csv(&[("y", &Y)]);
    let (file, _) = ppl_lang::parts::syntax::parse(HMM);
    let (graph, _) = analyse(&file);
    let exact = fit(HMM, &data, &FitOptions::default());
    assert_eq!(exact.verdict.word(), "certified");
    let bound = bind_within(&graph, &dataset(&data), 5.0).expect("data that fit");
    let warning = &bound.warnings[0];
    assert_eq!(warning.code, "W0133");
    assert!(
        warning.message.contains("`z`") && warning.message.contains("5e0"),
        "{}",
        warning.message
    );
    let drawn = ppl_infer::engine::fit(&bound, &FitOptions::default(), &mut Silent).expect("a fit");
    assert_eq!(drawn.verdict.word(), "approximate", "{:?}", drawn.verdict);
    let evidence = exact.elbo.expect("a bound").by_prior.value;
    let e = drawn.elbo.expect("a bound");
    assert!(e.by_prior.value < evidence + 4.0 * e.by_prior.se);
    assert!(e.by_prior.value > evidence - 0.5, "{e:?} {evidence}");
    for (a, b) in exact.discrete[0]
        .probabilities
        .iter()
        .zip(&drawn.discrete[0].probabilities)
    {
        for (p, q) in a.iter().zip(b) {
            assert!((p - q).abs() < 0.15, "{a:?} {b:?}");
        }
    }
}

/// Why the message: four labels that nearly always agree and that nothing else tells apart. Drawn one by one they all fall into one
/// state: probability above 0.9 or below 0.1 for 0.50, evidence lower by ln 2.
#[test]
fn labels_drawn_one_by_one_fall_into_one_state() {
    let model = "axis k = 2; data y[row]: real; let p[k] = [0.5, 0.5]; let P[k, k] = [[0.98, 0.02], [0.02, 0.98]];
        let m[k] = [-0.2, 0.2];
        for t in row { z[t] ~ if first(t) { Categorical(p) } else { Categorical(P[z[t-1]]) };
          observe y[t] ~ Normal(m[z[t]], 1); }";
    let data = csv(&[("y", &[0.4, -0.4, 0.4, -0.4])]);
    let exact = fit(model, &data, &FitOptions::default());
    for p in exact.discrete[0].probabilities.iter().flatten() {
        assert!((p - 0.5).abs() < 0.02, "{p}");
    }
    let (file, _) = ppl_lang::parts::syntax::parse(model);
    let bound = bind_within(&analyse(&file).0, &dataset(&data), 1.0).expect("data that fit");
    assert_eq!(bound.warnings[0].code, "W0133");
    let drawn = ppl_infer::engine::fit(&bound, &FitOptions::default(), &mut Silent).expect("a fit");
    assert_ne!(drawn.verdict.word(), "certified");
    for p in drawn.discrete[0].probabilities.iter().flatten() {
        assert!(
            *p < 0.1 || *p > 0.9,
            "{:?}",
            drawn.discrete[0].probabilities
        );
    }
    let evidence = |fit: &ppl_lang::Fit| fit.elbo.expect("a bound").by_prior.value;
    let lost = evidence(&exact) - evidence(&drawn);
    assert!((lost - std::f64::consts::LN_2).abs() < 0.1, "{lost}");
}

/// The bound is on what grows with the structure, not with the data: a mixture of any number of rows is summed out.
#[test]
fn many_rows_of_a_mixture_are_summed_out() {
    let rows = 400_000;
    let y: Vec<f64> = (0..rows).map(|i| (i % 7) as f64).collect();
    let data = dataset(&csv(&[("y", &y)]));
    let model = "
        axis component = 3;
        data y[row]: real;
        w[component] ~ Dirichlet(1);
        mu[component] ~ Normal(0, 5);
        z[row] ~ Categorical(w);
        observe y ~ Normal(mu[z], 1);
    ";
    let (graph, _) = analyse(&ppl_lang::parts::syntax::parse(model).0);
    let bound = bind_within(&graph, &data, 1e6).expect("data that fit");
    assert!(bound.warnings.iter().all(|w| w.code != "W0133"));
    assert_eq!(bound.n_unknowns(), 5);
}
