//! Recurrences: deterministic values that read earlier elements of themselves, against the same model written out.

use ppl_tests::{bind, csv, estimate};

const Y: [f64; 5] = [0.3, -0.4, 0.9, 1.7, 1.1];

/// Two models with the same sites in the same order have the same bound and the same gradient, term by term.
fn same(model: &str, data: &str, by_hand: &str) {
    let (a, b) = (estimate(&bind(model, data)), estimate(&bind(by_hand, "")));
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn a_conditional_variance() {
    let model = "data y[row]: real;
        mu ~ Normal(0, 1); a ~ HalfNormal(1); b ~ Uniform(0, 1); c ~ Uniform(0, 1);
        for t in row {
          let v[t] = if first(t) { 0.25 } else { a + b * (y[t-1] - mu)^2 + c * v[t-1] };
          observe y[t] ~ Normal(mu, sqrt(v[t]));
        }";
    let mut by_hand = "mu ~ Normal(0, 1); a ~ HalfNormal(1); b ~ Uniform(0, 1); c ~ Uniform(0, 1);
        let v0 = 0.25; factor log_density(Normal(mu, sqrt(v0)), 0.3);"
        .to_string();
    for t in 1..5 {
        let before = Y[t - 1];
        by_hand += &format!(
            "let v{t} = a + b * ({before} - mu)^2 + c * v{};
             factor log_density(Normal(mu, sqrt(v{t})), {});",
            t - 1,
            Y[t]
        );
    }
    same(model, &csv(&[("y", &Y)]), &by_hand);
}

#[test]
fn two_lags_and_a_use_outside_of_the_loop() {
    let model = "data y[row]: real;
        a ~ Normal(0, 1); b ~ Normal(0, 1);
        for t in row {
          let e[t] = if first(t, 2) { y[t] } else { y[t] - a * e[t-1] - b * e[t-2] };
        }
        observe y ~ Normal(e, 1);";
    let mut by_hand = format!(
        "a ~ Normal(0, 1); b ~ Normal(0, 1); let e0 = {}; let e1 = {};",
        Y[0], Y[1]
    );
    for (t, y) in Y.iter().enumerate().skip(2) {
        by_hand += &format!("let e{t} = {y} - a * e{} - b * e{};", t - 1, t - 2);
    }
    for (t, y) in Y.iter().enumerate() {
        by_hand += &format!("factor log_density(Normal(e{t}, 1), {y});");
    }
    same(model, &csv(&[("y", &Y)]), &by_hand);
}

#[test]
fn values_that_read_each_other() {
    // One reads an earlier element of the other before the text defines it.
    let model = "data y[row]: real;
        beta ~ HalfNormal(1); gamma ~ Uniform(0, 1);
        for t in row {
          let s[t] = if first(t) { 10 } else { s[t-1] - new[t-1] };
          let i[t] = if first(t) { 1 } else { i[t-1] + new[t-1] - gamma * i[t-1] };
          let new[t] = beta * s[t] * i[t] / 11;
          observe y[t] ~ Normal(new[t], 1);
        }";
    let mut by_hand =
        "beta ~ HalfNormal(1); gamma ~ Uniform(0, 1); let s0 = 10; let i0 = 1;".to_string();
    for (t, y) in Y.iter().enumerate() {
        if t > 0 {
            let p = t - 1;
            by_hand +=
                &format!("let s{t} = s{p} - new{p}; let i{t} = i{p} + new{p} - gamma * i{p};");
        }
        by_hand += &format!(
            "let new{t} = beta * s{t} * i{t} / 11; factor log_density(Normal(new{t}, 1), {y});"
        );
    }
    same(model, &csv(&[("y", &Y)]), &by_hand);
}

#[test]
fn groups_start_anew_wherever_their_rows_stand() {
    let text = "s,y\na,0.3\nb,-0.4\na,0.9\nb,1.7\na,1.1\nb,0.2\n";
    let model = "axis s; data s[row]: s; data y[row]: real;
        b ~ Normal(0, 1);
        for t in row by s {
          let level[t] = if first(t) { y[t] } else { b * level[t-1] + y[t] };
          observe y[t] ~ Normal(level[t], 1);
        }";
    let mut by_hand = "b ~ Normal(0, 1);".to_string();
    for (g, ys) in [[0.3, 0.9, 1.1], [-0.4, 1.7, 0.2]].iter().enumerate() {
        by_hand += &format!("let l{g}_0 = {};", ys[0]);
        for (t, y) in ys.iter().enumerate().skip(1) {
            by_hand += &format!("let l{g}_{t} = b * l{g}_{} + {y};", t - 1);
        }
    }
    for (g, t, y) in [
        (0, 0, 0.3),
        (1, 0, -0.4),
        (0, 1, 0.9),
        (1, 1, 1.7),
        (0, 2, 1.1),
        (1, 2, 0.2),
    ] {
        by_hand += &format!("factor log_density(Normal(l{g}_{t}, 1), {y});");
    }
    same(model, text, &by_hand);
}

#[test]
fn a_renewal_reads_all_lags() {
    let model = "axis lag = 3; data y[row]: real; let g[lag] = [0.5, 0.3, 0.2];
        r ~ Gamma(4, 2); i0 ~ Exponential(1);
        for t in row { let n[t] = if first(t) { i0 } else { r * sum(k in lag if k < t: n[t - k] * g[k]) }; }
        observe y ~ Normal(n, 1);";
    let g = [0.5, 0.3, 0.2];
    let mut by_hand = "r ~ Gamma(4, 2); i0 ~ Exponential(1); let n0 = i0;".to_string();
    for t in 1..5 {
        let sum: Vec<String> = (1..=3)
            .filter(|k| *k <= t)
            .map(|k| format!("n{} * {}", t - k, g[k - 1]))
            .collect();
        by_hand += &format!("let n{t} = r * ({});", sum.join(" + "));
    }
    for (t, y) in Y.iter().enumerate() {
        by_hand += &format!("factor log_density(Normal(n{t}, 1), {y});");
    }
    same(model, &csv(&[("y", &Y)]), &by_hand);
}

#[test]
fn a_vector_moves_by_a_matrix() {
    let model = "axis k = {a, b}; data y[row]: real;
        m[k] ~ Normal(0, 1); c ~ Normal(0, 1);
        for t in row {
          let x[t, k] = if first(t) { m } else { c * x[t-1] + 0.1 * x[t-1, a] };
          observe y[t] ~ Normal(x[t, b], 1);
        }";
    let mut by_hand =
        "axis k = {a, b}; m[k] ~ Normal(0, 1); c ~ Normal(0, 1); let a0 = m[a]; let b0 = m[b];"
            .to_string();
    for t in 1..5 {
        let p = t - 1;
        by_hand += &format!("let a{t} = c * a{p} + 0.1 * a{p}; let b{t} = c * b{p} + 0.1 * a{p};");
    }
    for (t, y) in Y.iter().enumerate() {
        by_hand += &format!("factor log_density(Normal(b{t}, 1), {y});");
    }
    same(model, &csv(&[("y", &Y)]), &by_hand);
}

#[test]
fn weights_of_broken_sticks_sum_to_one() {
    let model = "axis k = 6; a ~ Gamma(1, 1); v[k] ~ Beta(1, a);
        for j in k {
          let left[j] = if first(j) { 1 } else { left[j-1] * (1 - v[j-1]) };
          let w[j] = if last(j) { left[j] } else { left[j] * v[j] };
        }
        factor 7 * sum(w) + w[3];";
    let by_hand = "axis k = 6; a ~ Gamma(1, 1); v[k] ~ Beta(1, a);
        factor 7 + (1 - v[1]) * (1 - v[2]) * v[3];";
    same(model, "", by_hand);
}
