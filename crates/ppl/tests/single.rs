//! Matrices of data in single precision: the densities are those of the rounded numbers, and nothing else is rounded.

use ppl_lang::{Array, Bound, Dataset, Model, Point, Source};

const MODEL: &str = "
    axis feature = columns(\"x*\");
    data X[row, feature]: real;
    data z[row]: real;
    data y[row]: real;
    b[feature] ~ Normal(0, 1);
    s ~ HalfNormal(1);
    observe y ~ Normal(z + X @ b, s);
";

fn table(number: impl Fn(f64) -> f64) -> String {
    let row = |i: u32| {
        let x = f64::from(i);
        let (x0, x1) = (number((x / 3.0).sin()), number((x / 7.0).cos()));
        format!("{x0},{x1},{},{}\n", (x / 11.0).sin(), (x / 5.0).cos())
    };
    "x0,x1,z,y\n".to_owned() + &(0..500).map(row).collect::<String>()
}

fn bound(name: &str, text: &str) -> Bound {
    let path = std::env::temp_dir().join(format!("ppl-single-{}-{name}.csv", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let data = Dataset::load(&[Source::Main(&path)]).unwrap();
    std::fs::remove_file(&path).unwrap();
    let (model, found) = Model::parse(MODEL);
    assert!(found.is_empty(), "{found:?}");
    model.unwrap().bind(&data).unwrap().0
}

fn density(bound: &Bound) -> f64 {
    let array = |shape: &[usize], values: &[f64]| Array {
        shape: shape.to_vec(),
        values: values.to_vec(),
    };
    let point = [
        ("b".to_owned(), array(&[2], &[0.7, -1.3])),
        ("s".to_owned(), array(&[], &[0.6])),
    ];
    let found = bound.density(&Point::Constrained(point.into()));
    found.expect("a density").log_density
}

#[test]
fn only_matrices_are_rounded() {
    let exact = density(&bound("exact", &table(|x| x)));
    let mut rounded = bound("rounded", &table(|x| x));
    rounded.round_matrices();
    let rounded = density(&rounded);
    let given = density(&bound("given", &table(|x| f64::from(x as f32))));
    // The sums are in double precision, so that nothing but the numbers themselves differs.
    assert!(
        (rounded - given).abs() < 1e-12 * given.abs(),
        "{rounded} {given}"
    );
    assert!(
        rounded != exact && (rounded - exact).abs() < 1e-5 * exact.abs(),
        "{rounded} {exact}"
    );
}
