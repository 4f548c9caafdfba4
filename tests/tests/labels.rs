//! Labels: in what order they stand, what number they say, and vectors laid along their axes.

use ppl_lang::Point;
use ppl_tests::{bind, estimate, ln_normal};
use std::collections::BTreeMap;

/// The log density of a model without unknowns.
fn value(model: &str, data: &str) -> f64 {
    let bound = bind(model, data);
    let density = bound.density(&Point::Constrained(BTreeMap::new()));
    density.expect("a density").log_density
}

#[track_caller]
fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{a} {b}");
}

/// Labels that are numbers say these numbers, wherever they are calculated with; not their places, which start at 0.
#[test]
fn labels_are_numbers() {
    let data = "age,y\n2,1\n4,3\n2,5\n3,7\n";
    for (axis, shift) in [("1..4", 0.0), ("2..4", 0.0), ("4", 0.0)] {
        let head = format!("axis age = {axis}; data age[row]: age; data y[row]: real;");
        for (expression, want) in [
            ("sum(age)", 11.0),
            ("sum(age * y)", 2.0 + 12.0 + 10.0 + 21.0),
            ("mean(age)", 2.75),
            ("sum(if age == 3 { 1 } else { 0 })", 1.0),
            ("sum(if age >= 3 { y } else { 0 })", 10.0),
            ("sum(log(age))", (48.0_f64).ln()),
            ("sum(max(age, y))", 2.0 + 4.0 + 5.0 + 7.0),
            ("sum(age @ y)", 45.0),
        ] {
            let expression = expression.replace("sum(age @ y)", "age @ y");
            close(
                value(&format!("{head} factor {expression};"), data),
                want + shift,
            );
        }
        // As an argument, under a name, and in a loop.
        let want: f64 = [(2.0, 1.0), (4.0, 3.0), (2.0, 5.0), (3.0, 7.0)]
            .iter()
            .map(|(a, y)| ln_normal(*y, *a, 1.0))
            .sum();
        for statement in [
            "observe y ~ Normal(age, 1);",
            "let b = age; observe y ~ Normal(b, 1);",
            "for i in row { let b = age[i]; observe y[i] ~ Normal(b, 1); }",
        ] {
            close(value(&format!("{head} {statement}"), data), want);
        }
    }
    let model = "axis t = 3..5; let s[i in t] = i; factor sum(s) + 100 * sum(i in t: i * s[i]);";
    close(value(model, ""), 12.0 + 100.0 * 50.0);
}

/// `t <= entry[i]` compares places along an ordered axis.
#[test]
fn labels_have_an_order() {
    let data = "entry,o1,o2,o3\no1,1,2,4\no3,8,16,32\no2,64,128,256\n";
    let head = "axis occ = columns(\"o*\"); data entry[row]: occ; data y[row, occ]: real;";
    // Labels of a column axis are the parts under the star.
    let data = data
        .replace("\no1,", "\n1,")
        .replace("\no3,", "\n3,")
        .replace("\no2,", "\n2,");
    for (op, want) in [
        ("<=", 1.0 + 8.0 + 16.0 + 32.0 + 64.0 + 128.0),
        ("<", 8.0 + 16.0 + 64.0),
        (">", 2.0 + 4.0 + 256.0),
        (">=", 1.0 + 2.0 + 4.0 + 32.0 + 128.0 + 256.0),
        ("==", 1.0 + 32.0 + 128.0),
        ("!=", 2.0 + 4.0 + 8.0 + 16.0 + 64.0 + 256.0),
    ] {
        let model = format!(
            "{head} for i in row {{ for t in occ {{ factor if t {op} entry[i] {{ y[i, t] }} else {{ 0 }}; }} }}"
        );
        close(value(&model, &data), want);
    }
    // Listed levels in their order, which is not the alphabet's; a level by its name on either side.
    let data = "a,y\nrarely,1\nnever,2\nalways,4\n";
    let head = "axis answer = {never, rarely, always}; data a[row]: answer; data y[row]: real;";
    for (condition, want) in [
        ("a > never", 5.0),
        ("a <= rarely", 3.0),
        ("rarely <= a", 5.0),
        ("always > a", 3.0),
        ("a != rarely", 6.0),
    ] {
        close(
            value(
                &format!("{head} factor sum(if {condition} {{ y }} else {{ 0 }});"),
                data,
            ),
            want,
        );
    }
}

/// Rows of a matrix with priors of their own, and vectors along named levels.
#[test]
fn vectors_and_named_levels() {
    let head = "axis s = {drive, none}; data y[row]: real; ";
    let end = " observe y ~ Normal(P[drive, drive], 1);";
    let a = format!(
        "{head} P[i in s, s] ~ Dirichlet(if i == drive {{ [4, 2] }} else {{ [2, 3] }});{end}"
    );
    let b = format!("{head} let c[s, s] = [[4, 2], [2, 3]]; P[s, s] ~ Dirichlet(c);{end}");
    let c = format!(
        "{head} let c[i in s, s] = if none != i {{ [drive = 4, none = 2] }} else {{ [none = 3, drive = 2] }}; P[s, s] ~ Dirichlet(c);{end}"
    );
    let data = "y\n0.3\n0.8\n";
    let want = estimate(&bind(&a, data));
    for other in [b, c] {
        let got = estimate(&bind(&other, data));
        assert_eq!(got.len(), want.len());
        for (g, w) in got.iter().zip(&want) {
            assert!((g - w).abs() <= 1e-11 * (1.0 + w.abs()), "{other}\n{g} {w}");
        }
    }
}
