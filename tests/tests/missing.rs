//! Missing entries of a `?` column: they are integrated out, so they have no term.

use ppl_tests::{bind, estimate};

#[test]
fn a_missing_entry_has_no_term() {
    let model = |kind: &str| {
        format!(
            "axis g; data g[row]: g; data y[row]: {kind}; a[g] ~ Normal(0, 1); s ~ HalfNormal(1); observe y ~ Normal(a[g], s);"
        )
    };
    let gaps = "g,y\na,0.5\nb,\nb,-1\na,NA\na,2\n";
    let full = "g,y\na,0.5\nb,-1\na,2\n";
    let (a, b) = (
        estimate(&bind(&model("real?"), gaps)),
        estimate(&bind(&model("real"), full)),
    );
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{a} {b}");
    }
    // Counts in a loop.
    let counts = |kind: &str| {
        format!(
            "data y[row]: {kind}; l ~ Gamma(2, 1); for i in row {{ observe y[i] ~ Poisson(l); }}"
        )
    };
    let (a, b) = (
        estimate(&bind(&counts("int?"), "y,x\n3,1\n,1\n0,1\n")),
        estimate(&bind(&counts("int"), "y,x\n3,1\n0,1\n")),
    );
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{a} {b}");
    }
}
