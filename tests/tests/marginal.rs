//! Discrete unknowns with labels as values: what is summed out is the sum, written by hand or enumerated here.

use ppl_infer::objective::Objective;
use ppl_infer::sampler::Sampler;
use ppl_infer::stochastic::Target;
use ppl_lang::{Dataset, FitOptions, Model, Silent};
use ppl_tests::{bind, csv, dataset, differences, guided, ln_normal, log_sum_exp, spread};

/// The bound and its gradient at the initial parameters, for some steps.
fn at_start(model: &str, data: &str) -> Vec<f64> {
    let bound = guided(&bind(model, data), "mean-field");
    let mut target = Objective::new(&bound, 4, 5).expect("an objective");
    let start = target.initial();
    let mut out = vec![];
    for step in [0, 3] {
        let mut gradient = vec![0.0; start.len()];
        out.push(target.estimate(&start, step, &mut gradient));
        out.extend(gradient);
    }
    out
}

fn assert_same(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (x, y) in a.iter().zip(b) {
        assert!(
            x.is_finite() && (x - y).abs() <= 1e-10 * (1.0 + x.abs()),
            "{a:?}\n{b:?}"
        );
    }
}

/// One draw of everything that the guide draws.
struct Drawn(Vec<(String, Vec<f64>)>);

impl Drawn {
    /// The elements of a quantity in declared order.
    fn of(&self, name: &str) -> &[f64] {
        let found = self.0.iter().find(|q| q.0 == name);
        &found.unwrap_or_else(|| panic!("no {name}")).1
    }
}

/// The log likelihood of every draw, all discrete sites summed out, is the one that is computed from the draw here.
fn assert_likelihood(model: &str, data: &str, expected: impl Fn(&Drawn) -> f64) {
    assert_part(model, data, |s| s.log_likelihood(), expected);
}

/// The log prior of every draw is the one that is computed from the draw here.
fn assert_prior(model: &str, data: &str, expected: impl Fn(&Drawn) -> f64) {
    assert_part(model, data, |s| s.log_prior(), expected);
}

fn assert_part(
    model: &str,
    data: &str,
    part: impl Fn(&Sampler) -> &[f64],
    expected: impl Fn(&Drawn) -> f64,
) {
    let bound = guided(&bind(model, data), "mean-field");
    let start = Objective::new(&bound, 1, 5)
        .expect("an objective")
        .initial();
    let mut sampler = Sampler::new(&bound, 8, 5).expect("a sampler");
    sampler.run(&start, 0);
    for s in 0..8 {
        let value = |i: usize| {
            let mut out = vec![0.0; sampler.quantities[i].elements.len()];
            sampler.copy(i, s, &mut out);
            (sampler.quantities[i].name.clone(), out)
        };
        let drawn = Drawn((0..sampler.quantities.len()).map(value).collect());
        let (found, expected) = (part(&sampler)[s], expected(&drawn));
        assert!(
            (found - expected).abs() <= 1e-10 * (1.0 + expected.abs()),
            "{model}\ndraw {s}: {found} is not {expected}"
        );
    }
}

/// Sums over all ways to give `n` sites one of `k` labels.
fn enumerated(n: usize, k: usize, ln_joint: impl Fn(&[usize]) -> f64) -> f64 {
    let state = |s: usize| {
        let labels: Vec<usize> = (0..n).map(|i| s / k.pow(i as u32) % k).collect();
        ln_joint(&labels)
    };
    log_sum_exp(&(0..k.pow(n as u32)).map(state).collect::<Vec<_>>())
}

/// Outcomes for `n` rows.
fn outcomes(n: usize) -> Vec<f64> {
    spread(n, 0.2).iter().map(|u| 6.0 * u - 3.0).collect()
}

const MIXTURE: &str = "axis k = 3; data y[row]: real; w[k] ~ Dirichlet(1); mu[k] ~ Normal(0, 2); s[k] ~ HalfNormal(1);";

fn rows(n: usize) -> String {
    csv(&[("y", &outcomes(n))])
}

#[test]
fn a_mixture_is_the_sum_by_hand() {
    let forms = [
        "z[row] ~ Categorical(w); observe y ~ Normal(mu[z], s[z]);",
        "z[row] ~ CategoricalLogit(log(w) + 0.7); observe y ~ Normal(mu[z], s[z]);",
        "z[row] ~ Categorical(w); let m[row] = mu[z]; let t[row] = s[z]; observe y ~ Normal(m, t);",
        "for i in row { z[i] ~ Categorical(w); observe y[i] ~ Normal(mu[z[i]], s[z[i]]); }",
        "for i in row { z[i] ~ Categorical(w); let m = mu[z[i]]; observe y[i] ~ Normal(m, s[z[i]]); }",
        "z[row] ~ Categorical(w); for i in row { factor log_density(Normal(mu[z[i]], s[z[i]]), y[i]); }",
    ];
    let by_hand = format!(
        "{MIXTURE} for i in row {{ factor log_sum_exp(log(w) + log_density(Normal(mu, s), y[i]), over = k); }}"
    );
    // Beside 100 rows the compiler unrolls the components, beside 20 it does not.
    for n in [20, 100] {
        let expected = at_start(&by_hand, &rows(n));
        for form in forms {
            let found = at_start(&format!("{MIXTURE} {form}"), &rows(n));
            assert_same(&found, &expected);
        }
    }
}

#[test]
fn a_mixture_is_the_sum_over_all_labellings() {
    let model = format!("{MIXTURE} z[row] ~ Categorical(w); observe y ~ Normal(mu[z], s[z]);");
    let y = outcomes(6);
    assert_likelihood(&model, &rows(6), |d| {
        let (w, mu, s) = (d.of("w"), d.of("mu"), d.of("s"));
        enumerated(6, 3, |z| {
            z.iter()
                .zip(&y)
                .map(|(&z, y)| w[z].ln() + ln_normal(*y, mu[z], s[z]))
                .sum()
        })
    });
}

/// Five items, each labelled by three raters.
fn labels() -> (String, Vec<[usize; 3]>) {
    let mut text = String::from("item,rater,label\n");
    let mut rows = vec![];
    for (i, u) in spread(15, 0.35).iter().enumerate() {
        // Neither items nor raters come in order.
        let (item, rater) = ((i * 4) % 5, (i * 5 + 2) % 3);
        let label = usize::from(*u > 0.45);
        text += &format!("{item},{rater},{}\n", ["neg", "pos"][label]);
        rows.push([item, rater, label]);
    }
    (text, rows)
}

#[test]
fn raters_by_dawid_and_skene() {
    let (text, rows) = labels();
    let head = "axis item; axis rater; data item[row]: item; data rater[row]: rater; data label[row]: class; prev[class] ~ Dirichlet(1);";
    let square = format!(
        "axis class = {{neg, pos}}; {head} C[rater, class, class] ~ Dirichlet(2); z[item] ~ Categorical(prev);
        observe label ~ Categorical(C[rater, z[item]]);"
    );
    let brute = |d: &Drawn| {
        let (prev, c) = (d.of("prev"), d.of("C"));
        enumerated(5, 2, |z| {
            let prior: f64 = z.iter().map(|&z| prev[z].ln()).sum();
            let line =
                |[item, rater, label]: &[usize; 3]| c[(rater * 2 + z[*item]) * 2 + label].ln();
            prior + rows.iter().map(line).sum::<f64>()
        })
    };
    assert_likelihood(&square, &text, brute);
    // The answer along an axis of its own; and as a loop.
    let head = head.replace("label[row]: class", "label[row]: answer");
    let apart = format!(
        "axis class = {{a, b}}; axis answer = {{neg, pos}}; {head} C[rater, class, answer] ~ Dirichlet(2);
        z[item] ~ Categorical(prev);"
    );
    for observe in [
        "observe label ~ Categorical(C[rater, z[item]]);",
        "for i in row { observe label[i] ~ Categorical(C[rater[i], z[item[i]]]); }",
    ] {
        assert_likelihood(&format!("{apart} {observe}"), &text, brute);
    }
}

#[test]
fn one_label_of_many_statements() {
    let y = outcomes(7);
    for k in 2..=6 {
        let model = format!(
            "axis k = {k}; data y[row]: real; w[k] ~ Dirichlet(1); mu[k] ~ Normal(0, 2); b[k] ~ Normal(0, 1); z ~ Categorical(w);
            observe y ~ Normal(mu[z], 1.5); observe 0.3 ~ Normal(b[z], 0.5); observe 2 ~ Poisson(exp(mu[z])); observe 0.1 ~ Normal(0, 1);"
        );
        assert_likelihood(&model, &rows(7), |d| {
            let (w, mu, b) = (d.of("w"), d.of("mu"), d.of("b"));
            let sum = enumerated(1, k, |z| {
                let z = z[0];
                let rows: f64 = y.iter().map(|y| ln_normal(*y, mu[z], 1.5)).sum();
                let count = 2.0 * mu[z] - mu[z].exp() - 2f64.ln();
                w[z].ln() + rows + ln_normal(0.3, b[z], 0.5) + count
            });
            sum + ln_normal(0.1, 0.0, 1.0)
        });
    }
}

#[test]
fn weights_of_each_row() {
    let doc: Vec<usize> = (0..8).map(|i| i * 3 % 4).collect();
    let y = outcomes(8);
    let data = csv(&[
        ("doc", &doc.iter().map(|d| *d as f64).collect::<Vec<_>>()),
        ("y", &y),
    ]);
    let head = "axis doc; axis k = 3; data doc[row]: doc; data y[row]: real; theta[doc, k] ~ Dirichlet(1); mu[k] ~ Normal(0, 2);";
    for form in [
        "z[row] ~ Categorical(theta[doc]); observe y ~ Normal(mu[z], 1);",
        "for i in row { z[i] ~ Categorical(theta[doc[i]]); observe y[i] ~ Normal(mu[z[i]], 1); }",
    ] {
        assert_likelihood(&format!("{head} {form}"), &data, |d| {
            let (theta, mu) = (d.of("theta"), d.of("mu"));
            let row = |i: usize| {
                enumerated(1, 3, |z| {
                    theta[doc[i] * 3 + z[0]].ln() + ln_normal(y[i], mu[z[0]], 1.0)
                })
            };
            (0..8).map(row).sum()
        });
    }
}

#[test]
fn a_label_compared_with_a_level() {
    let y = outcomes(5);
    let head = "axis class = {neg, pos}; data y[row]: real; w[class] ~ Dirichlet(1); a ~ Normal(0, 1); b ~ Normal(0, 2); z[row] ~ Categorical(w);";
    for form in [
        "observe y ~ Normal(if z == pos { a } else { b }, 1);",
        "let m[row] = if z != pos { b } else { a }; observe y ~ Normal(m, 1);",
        "for i in row { observe y[i] ~ Normal(if z[i] == pos { a } else { b }, 1); }",
    ] {
        assert_likelihood(&format!("{head} {form}"), &rows(5), |d| {
            let (w, mean) = (d.of("w"), [d.of("b")[0], d.of("a")[0]]);
            enumerated(5, 2, |z| {
                z.iter()
                    .zip(&y)
                    .map(|(&z, y)| w[z].ln() + ln_normal(*y, mean[z], 1.0))
                    .sum()
            })
        });
    }
}

#[test]
fn a_continuous_unknown_of_each_kind() {
    let y = outcomes(5);
    let model = "axis k = 3; data y[row]: real; w[k] ~ Dirichlet(1); mu[k] ~ Normal(0, 2); z[row] ~ Categorical(w);
        t[row] ~ Normal(mu[z], 0.5); observe y ~ Normal(t, 1);";
    // The density of t belongs to the prior, although it reads a label: the likelihood is that of y alone.
    assert_likelihood(model, &rows(5), |d| {
        let pairs = d.of("t").iter().zip(&y);
        pairs.map(|(t, y)| ln_normal(*y, *t, 1.0)).sum()
    });
    assert_prior(model, &rows(5), |d| {
        let (w, mu, t) = (d.of("w"), d.of("mu"), d.of("t"));
        let sum = enumerated(5, 3, |z| {
            z.iter()
                .zip(t)
                .map(|(&z, t)| w[z].ln() + ln_normal(*t, mu[z], 0.5))
                .sum()
        });
        // Dirichlet(1) over three: density 2.
        sum + 2f64.ln() + mu.iter().map(|m| ln_normal(*m, 0.0, 2.0)).sum::<f64>()
    });
}

/// The normaliser of a narrower support reads the label too.
#[test]
fn a_narrowed_unknown_of_each_kind() {
    let model = "axis k = 3; data y[row]: real; w[k] ~ Dirichlet(1); mu[k] ~ Normal(0, 2); z[row] ~ Categorical(w);
        t[row]: positive ~ Normal(mu[z], 1);";
    assert_likelihood(model, &rows(4), |_| 0.0);
    assert_prior(model, &rows(4), |d| {
        let (w, mu, t) = (d.of("w"), d.of("mu"), d.of("t"));
        let above = |mean: f64| ppl_core::Prim::LnPhi.eval(&[mean]);
        let sum = enumerated(4, 3, |z| {
            z.iter()
                .zip(t)
                .map(|(&z, t)| w[z].ln() + ln_normal(*t, mu[z], 1.0) - above(mu[z]))
                .sum()
        });
        sum + 2f64.ln() + mu.iter().map(|m| ln_normal(*m, 0.0, 2.0)).sum::<f64>()
    });
}

/// One discrete unknown whose prior reads another.
#[test]
fn a_switch_of_each_kind() {
    let model =
        "axis k = 2; data y[row]: real; w[k] ~ Dirichlet(1); p[k] ~ Beta(2, 2); z ~ Categorical(w);
        b[row] ~ Bernoulli(p[z]); observe y ~ Normal(2 * b, 1);";
    let y = outcomes(5);
    assert_likelihood(model, &rows(5), |d| {
        let (w, p) = (d.of("w"), d.of("p"));
        enumerated(1, 2, |z| {
            let p = p[z[0]];
            let each = y.iter().map(|y| {
                log_sum_exp(&[
                    p.ln() + ln_normal(*y, 2.0, 1.0),
                    (1.0 - p).ln() + ln_normal(*y, 0.0, 1.0),
                ])
            });
            w[z[0]].ln() + each.sum::<f64>()
        })
    });
}

/// Sites of groups, looked up by the rows.
#[test]
fn labels_of_groups() {
    let group = [2usize, 0, 1, 0, 2, 2, 1];
    let (y_a, y_b) = (outcomes(7), spread(7, 0.6));
    let data = csv(&[
        ("g", &group.map(|g| g as f64)),
        ("y_a", &y_a),
        ("y_b", &y_b),
    ]);
    let g = group;
    let head = "axis g; axis k = 2; data g[row]: g; data y_a[row]: real; data y_b[row]: real; w[k] ~ Dirichlet(1); mu[k] ~ Normal(0, 2); z[g] ~ Categorical(w);";
    for form in [
        "observe y_a ~ Normal(mu[z[g]], 1); observe y_b ~ Normal(0.5 * mu[z[g]], 2);",
        "for i in row { observe y_a[i] ~ Normal(mu[z[g[i]]], 1); observe y_b[i] ~ Normal(0.5 * mu[z[g[i]]], 2); }",
        "let c[row] = mu[z[g]]; observe y_a ~ Normal(c, 1); observe y_b ~ Normal(0.5 * c, 2);",
    ] {
        assert_likelihood(&format!("{head} {form}"), &data, |d| {
            let (w, mu) = (d.of("w"), d.of("mu"));
            enumerated(3, 2, |z| {
                let prior: f64 = z.iter().map(|&z| w[z].ln()).sum();
                let line = |i: usize| {
                    let m = mu[z[g[i]]];
                    ln_normal(y_a[i], m, 1.0) + ln_normal(y_b[i], 0.5 * m, 2.0)
                };
                prior + (0..7).map(line).sum::<f64>()
            })
        });
    }
}

/// The gradient is the slope of the estimate, with the noise held.
#[test]
fn gradients_are_slopes() {
    let grouped = csv(&[("g", &[2.0, 0.0, 1.0, 0.0, 2.0]), ("y", &outcomes(5))]);
    let models = [
        ("axis item; axis rater; axis class = {a, b}; data item[row]: item; data rater[row]: rater; data label[row]: answer;
            axis answer = {neg, pos}; prev[class] ~ Dirichlet(1); C[rater, class, answer] ~ Dirichlet(2);
            z[item] ~ Categorical(prev); observe label ~ Categorical(C[rater, z[item]]);", labels().0),
        ("axis g; axis k = 3; data g[row]: g; data y[row]: real; theta[g, k] ~ Dirichlet(1); mu[k] ~ Normal(0, 2);
            z[row] ~ Categorical(theta[g]); observe y ~ Normal(mu[z], 1);", grouped.clone()),
        ("axis g; axis k = 6; data g[row]: g; data y[row]: real; v[k] ~ Normal(0, 1); mu[k] ~ Normal(0, 2);
            z[g] ~ CategoricalLogit(v); t[g] ~ Normal(mu[z], 0.5); observe y ~ Normal(t[g] + mu[z[g]], 1);", grouped.clone()),
        ("axis g; axis k = {p, q}; data g[row]: g; data y[row]: real; w[k] ~ Dirichlet(1); a ~ Normal(0, 1); s ~ HalfNormal(1);
            z ~ Categorical(w); observe y ~ Normal(if z == p { a } else { 0.5 }, if z == p { s } else { 2 }); observe 0.3 ~ Normal(a, 1);", grouped),
    ];
    for (model, data) in models {
        let bound = guided(&bind(model, &data), "mean-field");
        let target = Objective::new(&bound, 3, 5).expect("an objective");
        let start: Vec<f64> = (target.initial().iter().enumerate())
            .map(|(i, v)| v + 0.2 * (i as f64 + 1.0).sin())
            .collect();
        let target = std::cell::RefCell::new(target);
        let mut gradient = vec![0.0; start.len()];
        target.borrow_mut().estimate(&start, 2, &mut gradient);
        let value = |u: &[f64]| {
            let mut unused = vec![0.0; u.len()];
            vec![target.borrow_mut().estimate(u, 2, &mut unused)]
        };
        for (i, found) in gradient.iter().enumerate() {
            let (slope, error) = differences(&value, &start, i)[0];
            assert!(
                (found - slope).abs() <= 10.0 * error + 1e-9 * (1.0 + slope.abs()),
                "{model}\n{i}: {found} is not {slope} ± {error}"
            );
        }
    }
}

/// The message of a model that is not fitted.
fn refusal(model: &str, data: &str) -> String {
    let (parsed, messages) = Model::parse(model);
    let data: Dataset = dataset(data);
    let found = match parsed {
        None => messages,
        Some(m) => match m.bind(&data) {
            Err(e) => e,
            Ok((bound, _)) => {
                let options = FitOptions {
                    max_steps: 10,
                    ..FitOptions::default()
                };
                match bound.fit(&options, &mut Silent) {
                    Err(e) => e.diagnostics(),
                    Ok(_) => panic!("not refused: {model}"),
                }
            }
        },
    };
    let d = found.first().expect("a message");
    assert_eq!(d.code, "E0113", "{}", d.message);
    d.message.clone()
}

#[test]
fn what_cannot_be_summed_out_is_refused() {
    let head = "axis g; axis k = 2; data g[row]: g; data y[row]: real; w[k] ~ Dirichlet(1); mu[k] ~ Normal(0, 2); T[k, k] ~ Dirichlet(1);";
    let data = csv(&[("g", &[0.0, 1.0, 1.0, 0.0]), ("y", &outcomes(4))]);
    let forms = ["z[row] ~ Categorical(w); observe y ~ Normal(mu[z], 1); report label[row] = z;"];
    for form in forms {
        let message = refusal(&format!("{head} {form}"), &data);
        assert!(message.contains("cannot be"), "{message}");
    }
}
