//! Models with discrete unknowns against enumeration and against the forward recursion.

use ppl_tests::enumeration::{Numbers, Values, assert_density, enumerated, ln_std};
use ppl_tests::{csv, ln_normal, log_sum_exp};

fn scalar(name: &'static str, value: f64) -> (&'static str, Vec<usize>, Vec<f64>) {
    (name, vec![], vec![value])
}

fn log_softmax(h: &[f64], z: usize) -> f64 {
    h[z] - log_sum_exp(h)
}

fn normals(values: &Values) -> f64 {
    values.iter().flat_map(|v| &v.2).map(|x| ln_std(*x)).sum()
}

/// log p of 1 or 0 by log odds.
fn ln_bool(logit: f64, z: usize) -> f64 {
    -(if z == 1 { -logit } else { logit }).exp().ln_1p()
}

#[test]
fn a_hidden_markov_model_of_a_thousand_steps() {
    let (n, k) = (1000, 2);
    let mut numbers = Numbers(11);
    let y: Vec<f64> = (0..n).map(|_| 2.0 * numbers.normal()).collect();
    let model = "axis k = 2; data y[row]: real; h[k] ~ Normal(0, 1); c[k, k] ~ Normal(0, 1);
        for t in row {
            z[t] ~ if first(t) { CategoricalLogit(h) } else { CategoricalLogit(c[z[t - 1]]) };
            observe y[t] ~ Normal(h[z[t]], 1.5);
        }";
    let at: Values = vec![
        ("h", vec![2], vec![-0.8, 1.1]),
        ("c", vec![2, 2], vec![0.9, -0.4, -1.2, 0.7]),
    ];
    assert_density(model, &csv(&[("y", &y)]), 2, &at, &|at| {
        let (h, c) = (&at[0].2, &at[1].2);
        let mut forward: Vec<f64> = vec![];
        for (t, y) in y.iter().enumerate() {
            let step = |to: usize| {
                let arrive = match t {
                    0 => log_softmax(h, to),
                    _ => {
                        let from = |i: usize| forward[i] + log_softmax(&c[i * k..][..k], to);
                        log_sum_exp(&(0..k).map(from).collect::<Vec<_>>())
                    }
                };
                arrive + ln_normal(*y, h[to], 1.5)
            };
            forward = (0..k).map(step).collect();
        }
        normals(at) + log_sum_exp(&forward)
    });
}

/// Chains of different lengths, whose rows do not come in order of the groups; a switch that cannot be switched on again.
#[test]
fn animals_that_die() {
    let subject = [0usize, 1, 0, 2, 1, 0, 1, 0, 0, 1];
    let seen = [1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
    let data = csv(&[("s", &subject.map(|s| s as f64)), ("y", &seen)]);
    let model = "axis s; data s[row]: s; data y[row]: bool; a ~ Normal(0, 1); b ~ Normal(0, 1);
        for t in row by s {
            alive[t] ~ if first(t) { Bernoulli(1) } else { Bernoulli(inv_logit(a) * alive[t - 1]) };
            observe y[t] ~ Bernoulli(inv_logit(b) * alive[t]);
        }";
    let at = vec![scalar("a", 0.7), scalar("b", -0.3)];
    assert_density(model, &data, 2, &at, &|at| {
        let (a, b) = (at[0].2[0], at[1].2[0]);
        let sum = enumerated(10, 2, |z| {
            let mut last: [Option<usize>; 3] = [None; 3];
            let mut sum = 0.0;
            for t in 0..10 {
                sum += match last[subject[t]] {
                    None => [f64::NEG_INFINITY, 0.0][z[t]],
                    Some(0) => [0.0, f64::NEG_INFINITY][z[t]],
                    Some(_) => ln_bool(a, z[t]),
                };
                last[subject[t]] = Some(z[t]);
                sum += match z[t] {
                    0 => [0.0, f64::NEG_INFINITY][seen[t] as usize],
                    _ => ln_bool(b, seen[t] as usize),
                };
            }
            sum
        });
        normals(at) + sum
    });
}

#[test]
fn a_wide_table_of_animals() {
    let seen: [[f64; 4]; 3] = [
        [1.0, 0.0, 1.0, 0.0],
        [1.0, 1.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, 0.0],
    ];
    let column = |j: usize| seen.iter().map(|r| r[j]).collect::<Vec<f64>>();
    let columns: Vec<Vec<f64>> = (0..4).map(column).collect();
    let data = csv(&[
        ("o1", &columns[0]),
        ("o2", &columns[1]),
        ("o3", &columns[2]),
        ("o4", &columns[3]),
    ]);
    let model = "axis occ = columns(\"o*\"); data y[row, occ]: bool; a ~ Normal(0, 1); b ~ Normal(0, 1);
        for i in row { for t in occ {
            alive[i, t] ~ if first(t) { Bernoulli(1) } else { Bernoulli(inv_logit(a) * alive[i, t - 1]) };
            observe y[i, t] ~ if first(t) { Bernoulli(1) } else { Bernoulli(inv_logit(b) * alive[i, t]) };
        } }";
    let at = vec![scalar("a", 0.7), scalar("b", -0.3)];
    assert_density(model, &data, 2, &at, &|at| {
        let (a, b) = (at[0].2[0], at[1].2[0]);
        let row = |y: &[f64; 4]| {
            // The last occasion at which it lives.
            let until = |last: usize| {
                (1..4)
                    .map(|t| {
                        if t <= last {
                            ln_bool(a, 1) + ln_bool(b, y[t] as usize)
                        } else {
                            let dies = if t == last + 1 { ln_bool(a, 0) } else { 0.0 };
                            dies + if y[t] == 1.0 { f64::NEG_INFINITY } else { 0.0 }
                        }
                    })
                    .sum::<f64>()
            };
            log_sum_exp(&(0..4).map(until).collect::<Vec<_>>())
        };
        normals(at) + seen.iter().map(row).sum::<f64>()
    });
}

#[test]
fn groups_above_rows() {
    let mut numbers = Numbers(5);
    let group = [0usize, 2, 1, 0, 2, 2];
    let y: Vec<f64> = (0..6).map(|_| numbers.normal()).collect();
    let data = csv(&[("g", &group.map(|g| g as f64)), ("y", &y)]);
    let model = "axis k = 2; axis m = 3; axis g; data g[row]: g; data y[row]: real;
        h[k] ~ Normal(0, 1); c[k, m] ~ Normal(0, 1); mu[k, m] ~ Normal(0, 1);
        z[g] ~ CategoricalLogit(h);
        v[row] ~ CategoricalLogit(c[z[g]]);
        observe y ~ Normal(mu[z[g], v], 1);";
    let mut some = |n: usize| (0..n).map(|_| numbers.normal()).collect::<Vec<f64>>();
    let at = vec![
        ("h", vec![2], some(2)),
        ("c", vec![2, 3], some(6)),
        ("mu", vec![2, 3], some(6)),
    ];
    assert_density(model, &data, 2, &at, &|at| {
        let (h, c, mu) = (&at[0].2, &at[1].2, &at[2].2);
        let sum = enumerated(3, 2, |z| {
            let rows = (0..6).map(|i| {
                let z = z[group[i]];
                let each =
                    |v: usize| log_softmax(&c[z * 3..][..3], v) + ln_std(y[i] - mu[z * 3 + v]);
                log_sum_exp(&(0..3).map(each).collect::<Vec<_>>())
            });
            z.iter().map(|&z| log_softmax(h, z)).sum::<f64>() + rows.sum::<f64>()
        });
        normals(at) + sum
    });
}

#[test]
fn counts_between_known_ends() {
    let (trials, y) = ([3.0, 0.0, 5.0], [1.4, -0.2, 2.5]);
    let data = csv(&[("n", &trials), ("y", &y)]);
    let model = "data n[row]: int; data y[row]: real; a ~ Normal(0, 1);
        x[row] ~ Binomial(n, inv_logit(a)); u ~ DiscreteUniform(0, 2);
        observe y ~ Normal(x * 0.5 + u - 1, 1);";
    let at = vec![scalar("a", 0.3)];
    assert_density(model, &data, 2, &at, &|at| {
        let a = at[0].2[0];
        let sum = |u: f64| {
            let row = |i: usize| {
                let n = trials[i] as usize;
                let each = |x: usize| {
                    let choose: f64 = (0..x).map(|j| ((n - j) as f64 / (j + 1) as f64).ln()).sum();
                    let x = x as f64;
                    choose
                        + x * ln_bool(a, 1)
                        + (n as f64 - x) * ln_bool(a, 0)
                        + ln_std(y[i] - 0.5 * x - u)
                };
                log_sum_exp(&(0..=n).map(each).collect::<Vec<_>>())
            };
            (0..3).map(row).sum::<f64>() - 3f64.ln()
        };
        normals(at) + log_sum_exp(&[sum(-1.0), sum(0.0), sum(1.0)])
    });
}

/// Two chains that drive one outcome; one of them looks at the other.
#[test]
fn coupled_chains() {
    let mut numbers = Numbers(7);
    let y: Vec<f64> = (0..6).map(|_| numbers.normal()).collect();
    let model = "axis k = 2; data y[row]: real; h[k] ~ Normal(0, 1); c[k, k] ~ Normal(0, 1);
        for t in row {
            z[t] ~ if first(t) { CategoricalLogit(h) } else { CategoricalLogit(c[z[t - 1]]) };
            v[t] ~ if first(t) { BernoulliLogit(0.4) } else { BernoulliLogit(if v[t - 1] { h[z[t]] } else { -1 }) };
            observe y[t] ~ Normal(h[z[t]] + v[t], 1);
        }";
    let mut some = |n: usize| (0..n).map(|_| numbers.normal()).collect::<Vec<f64>>();
    let at = vec![("h", vec![2], some(2)), ("c", vec![2, 2], some(4))];
    assert_density(model, &csv(&[("y", &y)]), 2, &at, &|at| {
        let (h, c) = (&at[0].2, &at[1].2);
        let sum = enumerated(6, 4, |s| {
            let (z, v) = (|t: usize| s[t] / 2, |t: usize| s[t] % 2);
            (0..6)
                .map(|t| {
                    let step = if t == 0 {
                        log_softmax(h, z(0)) + ln_bool(0.4, v(0))
                    } else {
                        let logit = if v(t - 1) == 1 { h[z(t)] } else { -1.0 };
                        log_softmax(&c[z(t - 1) * 2..][..2], z(t)) + ln_bool(logit, v(t))
                    };
                    step + ln_std(y[t] - h[z(t)] - v(t) as f64)
                })
                .sum()
        });
        normals(at) + sum
    });
}

/// A grid: neighbours along both axes.
#[test]
fn a_small_grid() {
    let columns: Vec<Vec<f64>> = (0..3)
        .map(|j| vec![0.3 * j as f64 - 0.2, 0.5, -0.7])
        .collect();
    let data = csv(&[
        ("o1", &columns[0]),
        ("o2", &columns[1]),
        ("o3", &columns[2]),
    ]);
    let model = "axis k = 2; axis col = columns(\"o*\"); data y[row, col]: real; h[k] ~ Normal(0, 1); c[k, k] ~ Normal(0, 1);
        for i in row { for j in col { z[i, j] ~ CategoricalLogit(h); observe y[i, j] ~ Normal(h[z[i, j]], 1); } }
        for i in row { for j in col skip 1 { factor c[z[i, j], z[i, j - 1]]; } }
        for i in row skip 1 { for j in col { factor c[z[i - 1, j], z[i, j]]; } }";
    let at = vec![
        ("h", vec![2], vec![0.4, -0.9]),
        ("c", vec![2, 2], vec![0.8, -0.2, -0.5, 1.1]),
    ];
    assert_density(model, &data, 512, &at, &|at| {
        let (h, c) = (&at[0].2, &at[1].2);
        let sum = enumerated(9, 2, |z| {
            let z = |i: usize, j: usize| z[i * 3 + j];
            let mut sum = 0.0;
            for i in 0..3 {
                for j in 0..3 {
                    sum += log_softmax(h, z(i, j)) + ln_std(columns[j][i] - h[z(i, j)]);
                    if j > 0 {
                        sum += c[z(i, j) * 2 + z(i, j - 1)];
                    }
                    if i > 0 {
                        sum += c[z(i - 1, j) * 2 + z(i, j)];
                    }
                }
            }
            sum
        });
        normals(at) + sum
    });
}

fn log_density(model: &str, data: &str, at: &Values) -> f64 {
    let array = |v: &(&str, Vec<usize>, Vec<f64>)| {
        (
            v.0.to_string(),
            ppl_lang::Array {
                shape: v.1.clone(),
                values: v.2.clone(),
            },
        )
    };
    let point = ppl_lang::Point::Constrained(at.iter().map(array).collect());
    let found = ppl_tests::bind(model, data).density(&point);
    found.expect("a density").log_density
}

#[test]
fn what_cannot_be_has_no_density() {
    let model = "a ~ Normal(0, 1); z ~ Bernoulli(0); factor if z { a } else { -1 / 0 };";
    let at = vec![scalar("a", 0.3)];
    assert_eq!(log_density(model, "", &at), f64::NEG_INFINITY);
}

/// Two layers, each element of one meeting all of the other: 2^n states.
fn layers(n: usize) -> String {
    format!(
        "axis a = {n}; axis b = 30; m ~ Normal(0, 1); u[a] ~ Bernoulli(0.5); v[b] ~ Bernoulli(0.5);
        for i in a {{ for j in b {{ factor if u[i] && v[j] {{ m }} else {{ 0 }}; }} }}"
    )
}

#[test]
fn what_is_too_dear_is_left_to_the_guide_with_a_warning() {
    let bind = |n: usize| {
        let (model, _) = ppl_lang::Model::parse(&layers(n));
        let bound = model.expect("a model").bind(&ppl_lang::Dataset::empty());
        bound.expect("no data")
    };
    let (bound, warnings) = bind(30);
    assert_eq!(
        warnings.iter().map(|w| w.code).collect::<Vec<_>>(),
        ["W0133"]
    );
    let drawn: Vec<&str> = bound
        .inner()
        .model
        .sites()
        .map(|s| s.1.name.as_str())
        .collect();
    assert_eq!(drawn, ["m", "u", "v"]);
    assert!(bound.describe().contains("score function"));
    // Over the values of eight elements the others are independent.
    let (bound, warnings) = bind(8);
    assert!(warnings.is_empty());
    let text = bound.describe();
    assert!(
        text.contains("summed out u, v: by elimination in"),
        "{text}"
    );
    let at = vec![scalar("m", 0.4)];
    assert_density(&layers(8), "", 2, &at, &|at| {
        let m = at[0].2[0];
        let sum = enumerated(8, 2, |u| {
            let on = u.iter().sum::<usize>() as f64;
            30.0 * (0.5 * (1.0 + (m * on).exp())).ln() - 8.0 * 2f64.ln()
        });
        normals(at) + sum
    });
}

/// Spike and slab: every row reads all indicators at once.
#[test]
fn a_regression_that_leaves_columns_out() {
    let (rows, columns) = (15, 8);
    let mut numbers = Numbers(21);
    let x: Vec<Vec<f64>> = (0..columns)
        .map(|_| (0..rows).map(|_| numbers.normal()).collect())
        .collect();
    let y: Vec<f64> = (0..rows).map(|_| 2.0 * numbers.normal()).collect();
    let names: Vec<String> = (1..=columns).map(|j| format!("x_{j}")).collect();
    let mut table: Vec<(&str, &[f64])> = vec![("y", &y)];
    table.extend(names.iter().zip(&x).map(|(n, x)| (n.as_str(), &x[..])));
    let model = "axis f = columns(\"x_*\"); data x[row, f]: real; data y[row]: real;
        q ~ Beta(1, 1); kept[f] ~ Bernoulli(q); b[f] ~ Normal(0, 1);
        observe y ~ Normal(sum(j in f: kept[j] * b[j] * x[j]), 1.5);";
    let b = (0..columns).map(|_| numbers.normal()).collect();
    let at: Values = vec![("b", vec![columns], b), scalar("q", 0.3)];
    assert_density(model, &csv(&table), 1 << columns, &at, &|at| {
        let (b, q) = (&at[0].2, at[1].2[0]);
        let joint = |kept: &[usize]| {
            let of_row = |i: usize| {
                let terms = (0..columns).map(|j| kept[j] as f64 * b[j] * x[j][i]);
                ln_normal(y[i], terms.sum(), 1.5)
            };
            let ones = kept.iter().sum::<usize>() as f64;
            let prior = ones * q.ln() + (columns as f64 - ones) * (-q).ln_1p();
            prior + (0..rows).map(of_row).sum::<f64>()
        };
        b.iter().map(|x| ln_std(*x)).sum::<f64>() + enumerated(columns, 2, joint)
    });
}

/// A product `@` reads each element of a label as the sum does that it stands for.
#[test]
fn products_with_labels() {
    let mut numbers = Numbers(29);
    let x: Vec<Vec<f64>> = (0..3)
        .map(|_| (0..6).map(|_| numbers.normal()).collect())
        .collect();
    let y: Vec<f64> = (0..6).map(|_| numbers.normal()).collect();
    let data = csv(&[("x_0", &x[0]), ("x_1", &x[1]), ("x_2", &x[2]), ("y", &y)]);
    let at: Values = vec![
        ("b", vec![3], vec![0.7, -1.2, 0.4]),
        scalar("s", 0.3),
        ("M", vec![3, 3], (0..9).map(|_| numbers.normal()).collect()),
    ];
    let head = "axis k = columns(\"x_*\"); axis j = 3; data y[row]: real; data x[row, k]: real;
        b[k] ~ Normal(0, 1); s ~ Normal(0, 1); M[k, j] ~ Normal(0, 1); on[k] ~ BernoulliLogit(s);";
    let forms = [
        "observe y ~ Normal(x @ (b * on), 1);",
        "observe y ~ Normal((b * on) @ x, 1);",
        "observe y ~ Normal((x * b) @ on, 1);",
        "observe y ~ Normal((x * on) @ b, 1);",
        "let c = b * on; observe y ~ Normal(x @ c, 1);",
        "let c = b * on; for i in row { observe y[i] ~ Normal(x[i] @ c, 1); }",
        "observe y ~ Normal(sum(x * b * on, over = k), 1);",
    ];
    for form in forms {
        assert_density(&format!("{head} {form}"), &data, 2, &at, &|at| {
            let (b, s) = (&at[0].2, at[1].2[0]);
            let sum = enumerated(3, 2, |on| {
                let prior: f64 = on.iter().map(|&z| ln_bool(s, z)).sum();
                let each = |i: usize| {
                    let mean: f64 = (0..3).map(|k| x[k][i] * b[k] * on[k] as f64).sum();
                    ln_normal(y[i], mean, 1.0)
                };
                prior + (0..6).map(each).sum::<f64>()
            });
            normals(at) + sum
        });
    }
    let values = forms.map(|form| log_density(&format!("{head} {form}"), &data, &at));
    for v in values {
        assert!(
            (v - values[0]).abs() < 1e-12 * (1.0 + v.abs()),
            "{values:?}"
        );
    }
    // A vector times a matrix of unknowns, one mean for each element of another axis.
    let form = "let m = (b * on) @ M; factor sum(m * m, over = j);";
    assert_density(&format!("{head} {form}"), &data, 2, &at, &|at| {
        let (b, s, m) = (&at[0].2, at[1].2[0], &at[2].2);
        let sum = enumerated(3, 2, |on| {
            let prior: f64 = on.iter().map(|&z| ln_bool(s, z)).sum();
            let mean = |j: usize| {
                (0..3)
                    .map(|k| b[k] * on[k] as f64 * m[3 * k + j])
                    .sum::<f64>()
            };
            prior + (0..3).map(|j| mean(j).powi(2)).sum::<f64>()
        });
        normals(at) + sum
    });
}

/// Products of square matrices and labels along the same axis: the sum runs along columns, the labels along rows.
#[test]
fn square_matrices_with_labels() {
    let at: Values = vec![
        (
            "C",
            vec![3, 3],
            vec![0.3, -0.8, 0.5, 1.1, 0.2, -0.4, 0.6, -0.9, 0.7],
        ),
        ("v", vec![3], vec![0.4, -0.2, 0.9]),
    ];
    let head = "axis k = 3; C[k, k] ~ Normal(0, 1); v[k] ~ Normal(0, 1); on[k] ~ Bernoulli(0.3);";
    let prior = |on: &[usize]| -> f64 {
        let each = |&z: &usize| if z == 1 { 0.3f64.ln() } else { 0.7f64.ln() };
        on.iter().map(each).sum()
    };
    type Term = fn(&[f64], &[f64], &[usize]) -> f64;
    let forms: [(&str, Term); 4] = [
        ("factor v @ (C @ (v * on));", |c, v, on| {
            let each = |i: usize, j: usize| v[i] * c[3 * i + j] * v[j] * on[j] as f64;
            (0..9).map(|n| each(n / 3, n % 3)).sum()
        }),
        ("factor (v * on) @ C @ v;", |c, v, on| {
            let each = |i: usize, j: usize| v[i] * on[i] as f64 * c[3 * i + j] * v[j];
            (0..9).map(|n| each(n / 3, n % 3)).sum()
        }),
        // One term for each row, with its own label alone.
        (
            "let r[k] = (diag(v * on) @ C) @ v; for i in k { factor r[i]; }",
            |c, v, on| {
                let each = |i: usize, j: usize| v[i] * on[i] as f64 * c[3 * i + j] * v[j];
                (0..9).map(|n| each(n / 3, n % 3)).sum()
            },
        ),
        (
            "let r[k] = (C @ diag(v)) @ (v * on); factor sum(r);",
            |c, v, on| {
                let each = |i: usize, j: usize| c[3 * i + j] * v[j] * v[j] * on[j] as f64;
                (0..9).map(|n| each(n / 3, n % 3)).sum()
            },
        ),
    ];
    for (form, term) in forms {
        assert_density(&format!("{head} {form}"), "", 2, &at, &|at| {
            let (c, v) = (&at[0].2, &at[1].2);
            normals(at) + enumerated(3, 2, |on| prior(on) + term(c, v, on))
        });
    }
}

/// What is not summed out is said where it is, with what would be.
#[test]
fn products_that_mix_too_many_labels() {
    let warning = |form: &str| {
        let text = format!(
            "axis k = 9; m[k] ~ Normal(0, 1); C[k, k] ~ Normal(0, 1); on[k] ~ Bernoulli(0.5); {form}"
        );
        let (model, _) = ppl_lang::Model::parse(&text);
        let bound = model.expect("a model").bind(&ppl_lang::Dataset::empty());
        let (_, warnings) = bound.expect("no data");
        assert_eq!(warnings.len(), 1, "{form} {warnings:?}");
        let place = warnings[0].labels.get(1).map(|l| l.span);
        (
            warnings[0].message.clone(),
            warnings[0].help.clone().unwrap_or_default(),
            place.map(|s| text[s.start..s.end].to_owned()),
        )
    };
    for form in ["factor m @ on;", "factor sum(m * on);"] {
        let (message, help, place) = warning(form);
        assert!(message.contains("mixes 9 elements of `on`"), "{message}");
        assert!(help.contains("at most 8 elements"), "{help}");
        assert!(place.is_some_and(|p| form.contains(&p)));
    }
    // The labels lie along the columns of this product: their elements are not those of its rows.
    let (message, ..) = warning("let r[k] = (C @ diag(on)) @ m; factor sum(r);");
    assert!(message.contains("`on`"), "{message}");
}
