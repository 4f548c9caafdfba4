//! Variable elimination against enumeration: generated graphs of up to 12 binary or 8 ternary nodes, chains, trees, loops,
//! plates, written as models; the log density and its gradient.

use ppl_tests::enumeration::{Numbers, Values, assert_density, enumerated, ln_std};
use ppl_tests::log_sum_exp;

/// Weights, an asymmetric matrix of couplings, and their standard normal priors.
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

fn log_softmax(h: &[f64], z: usize) -> f64 {
    h[z] - log_sum_exp(h)
}

/// Edges of a tree, of a chain, of a loop, or of a tree with more edges.
fn edges(kind: usize, n: usize, numbers: &mut Numbers) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = (1..n)
        .map(|i| match kind {
            0 => (numbers.below(i), i),
            3 => (i, numbers.below(i)),
            _ => (i - 1, i),
        })
        .collect();
    match kind {
        2 => out.push((n - 1, 0)),
        3 => {
            for _ in 0..2 {
                let (a, b) = (numbers.below(n), numbers.below(n));
                out.push((a, b));
            }
        }
        _ => {}
    }
    out
}

const SIZES: [(usize, usize); 6] = [(2, 2), (2, 5), (2, 9), (2, 12), (3, 4), (3, 8)];

#[test]
fn graphs_of_scalar_sites() {
    let mut numbers = Numbers(1);
    for (k, n) in SIZES {
        for kind in 0..4 {
            let edges = edges(kind, n, &mut numbers);
            let mut model = format!("axis k = {k}; h[k] ~ Normal(0, 1); c[k, k] ~ Normal(0, 1);\n");
            for i in 0..n {
                model += &format!("z{i} ~ CategoricalLogit(h);\n");
            }
            for (a, b) in &edges {
                model += &if a == b {
                    format!("factor c[z{a}, z{a}];\n")
                } else {
                    format!("factor c[z{a}, z{b}];\n")
                };
            }
            let at = parameters(k, &mut numbers);
            assert_density(&model, "", k.pow(n as u32), &at, &|at| {
                let (h, c) = (&at[0].2, &at[1].2);
                prior(at)
                    + enumerated(n, k, |z| {
                        let own: f64 = z.iter().map(|&z| log_softmax(h, z)).sum();
                        own + edges.iter().map(|&(a, b)| c[z[a] * k + z[b]]).sum::<f64>()
                    })
            });
        }
    }
}

#[test]
fn graphs_whose_edges_are_data() {
    let mut numbers = Numbers(2);
    for (k, n) in SIZES {
        for kind in 0..4 {
            let mut edges = edges(kind, n, &mut numbers);
            // One edge twice, and one from a node to itself.
            edges.push(edges[0]);
            edges.push((n / 2, n / 2));
            let mut data = String::from("a,b\n");
            for (a, b) in &edges {
                data += &format!("n{a},n{b}\n");
            }
            let model = format!(
                "axis k = {k}; axis node; data a[row]: node; data b[row]: node; h[k] ~ Normal(0, 1); c[k, k] ~ Normal(0, 1);
                z[node] ~ CategoricalLogit(h);
                for e in row {{ factor c[z[a[e]], z[b[e]]]; }}"
            );
            let at = parameters(k, &mut numbers);
            assert_density(&model, &data, k.pow(n as u32), &at, &|at| {
                let (h, c) = (&at[0].2, &at[1].2);
                prior(at)
                    + enumerated(n, k, |z| {
                        let own: f64 = z.iter().map(|&z| log_softmax(h, z)).sum();
                        own + edges.iter().map(|&(a, b)| c[z[a] * k + z[b]]).sum::<f64>()
                    })
            });
        }
    }
}

#[test]
fn chains_over_rows() {
    let mut numbers = Numbers(3);
    for (k, n) in SIZES {
        let y: Vec<f64> = (0..n).map(|_| numbers.normal()).collect();
        let data = ppl_tests::csv(&[("y", &y)]);
        let model = format!(
            "axis k = {k}; data y[row]: real; h[k] ~ Normal(0, 1); c[k, k] ~ Normal(0, 1);
            for t in row {{
                z[t] ~ if first(t) {{ CategoricalLogit(h) }} else {{ CategoricalLogit(c[z[t - 1]]) }};
                observe y[t] ~ Normal(h[z[t]], 1);
            }}"
        );
        let at = parameters(k, &mut numbers);
        assert_density(&model, &data, k.pow(n as u32), &at, &|at| {
            let (h, c) = (&at[0].2, &at[1].2);
            prior(at)
                + enumerated(n, k, |z| {
                    (0..n)
                        .map(|t| {
                            let step = match t {
                                0 => log_softmax(h, z[0]),
                                _ => log_softmax(&c[z[t - 1] * k..][..k], z[t]),
                            };
                            step + ln_std(y[t] - h[z[t]])
                        })
                        .sum()
                })
        });
    }
}
