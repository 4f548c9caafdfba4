//! Intrinsic autoregressions over a map: edge table, matrix, and the same written out; a map that fits.

use ppl_lang::{Dataset, FitOptions, Model};
use ppl_tests::{arrays, bind_to, estimate, row};

/// A ring of nine areas with two chords.
fn edges() -> Vec<(usize, usize)> {
    let mut all: Vec<(usize, usize)> = (0..9).map(|i| (i, (i + 1) % 9)).collect();
    all.extend([(0, 4), (2, 7)]);
    all
}

fn data() -> Dataset {
    let mut w = [0.0; 81];
    let (mut ends1, mut ends2) = (vec![], vec![]);
    for (a, b) in edges() {
        w[a * 9 + b] = 1.0;
        w[b * 9 + a] = 1.0;
        ends1.push(a as f64 + 1.0);
        ends2.push(b as f64 + 1.0);
    }
    arrays(&[
        ("node1", &[11], &ends1),
        ("node2", &[11], &ends2),
        ("W", &[9, 9], &w),
        (
            "cases",
            &[9],
            &[3.0, 5.0, 2.0, 8.0, 9.0, 4.0, 2.0, 1.0, 3.0],
        ),
        (
            "expected",
            &[9],
            &[4.0, 4.0, 3.0, 5.0, 6.0, 4.0, 3.0, 2.0, 4.0],
        ),
    ])
}

const HEAD: &str = "axis area = 9; axis edge = 11; data node1[edge]: area; data node2[edge]: area; data W[area, area]: real;
    data cases[area]: int; data expected[area]: positive; s ~ HalfNormal(1); b ~ Normal(0, 1);";
const TAIL: &str = "observe cases ~ PoissonLog(log(expected) + b + phi);";

#[test]
fn an_edge_table_a_matrix_and_the_terms_written_out() {
    let of = |prior: &str| estimate(&bind_to(&format!("{HEAD} {prior} {TAIL}"), &data()));
    let table = of("phi[area] ~ CarIcar(node1, node2, sd = s);");
    let matrix = of("phi[area] ~ CarIcar(adjacency = W, sd = s);");
    let written = of(
        "phi[area]: sum_to_zero ~ Flat(); factor -0.5 * sum((phi[node1] - phi[node2])^2) / s^2 - 8 * log(s);",
    );
    assert_eq!((table.len(), matrix.len()), (written.len(), written.len()));
    for (i, (a, b)) in table.iter().zip(&matrix).enumerate() {
        assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "{i}: {a} {b}");
    }
    // The written terms lack the constant: 4 ln(2 pi) less half of ln(9 t), t being the number of spanning trees.
    let trees = 93.0f64;
    let constant = 0.5 * (9.0 * trees).ln() - 4.0 * (2.0 * std::f64::consts::PI).ln();
    assert!(
        (table[0] - written[0] - constant).abs() < 1e-9,
        "{} {constant}",
        table[0] - written[0]
    );
    for (a, b) in table[1..].iter().zip(&written[1..]) {
        assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn graphs_without_a_density_are_refused() {
    let bound = |model: &str, a: [f64; 3], b: [f64; 3]| {
        let data = arrays(&[("a", &[3], &a), ("b", &[3], &b)]);
        let (model, messages) = Model::parse(model);
        let model = model.unwrap_or_else(|| panic!("{messages:?}"));
        model
            .bind(&data)
            .err()
            .map(|e| e[0].message.clone())
            .unwrap_or_default()
    };
    let head = "axis area = 4; axis edge = 3; data a[edge]: area; data b[edge]: area;
        phi[area] ~ CarIcar(a, b); observe 0.5 ~ Normal(sum(phi^2), 1);";
    let message = bound(head, [1.0, 2.0, 1.0], [2.0, 3.0, 3.0]);
    assert!(message.contains("`4` has no neighbour"), "{message}");
    let message = bound(head, [1.0, 2.0, 4.0], [2.0, 1.0, 3.0]);
    assert!(
        message.contains("edge 2") && message.contains("twice"),
        "{message}"
    );
    let message = bound(head, [1.0, 2.0, 4.0], [2.0, 2.0, 3.0]);
    assert!(
        message.contains("edge 2") && message.contains("itself"),
        "{message}"
    );
    assert_eq!(bound(head, [1.0, 2.0, 4.0], [2.0, 3.0, 3.0]), "");
}

/// The BYM2 model (Riebler and others 2016) in full.
#[test]
fn a_map_of_counts() {
    let model = "axis area = 9; axis edge = 11; data node1[edge]: area; data node2[edge]: area;
         data cases[area]: int; data expected[area]: positive;
         b0 ~ Normal(0, 1); s ~ HalfNormal(1); rho ~ Beta(1, 1);
         theta[area] ~ Normal(0, 1); phi[area] ~ CarIcar(node1, node2);
         let u[area] = s * (sqrt(1 - rho) * theta + sqrt(rho / 0.4) * phi);
         observe cases ~ PoissonLog(log(expected) + b0 + u); report total = sum(phi);";
    let fit = bind_to(model, &data())
        .fit(&FitOptions::default(), &mut ppl_lang::Silent)
        .expect("a fit");
    assert_ne!(fit.verdict.word(), "failed", "{:?}", fit.verdict);
    assert!(row(&fit, "total").mean.abs() < 1e-10 && row(&fit, "total").sd < 1e-9);
    assert!(row(&fit, "phi[5]").mean > row(&fit, "phi[8]").mean);
    assert!(fit.elbo.expect("a bound").evidence_defined);
}
