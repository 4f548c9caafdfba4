//! Nets: a call is the layers that its author could have written.

use ppl_lang::FitOptions;
use ppl_tests::{bind, csv, estimate, fit, row, spread};

fn data() -> String {
    let (a, b) = (spread(20, 0.3), spread(20, 1.4));
    let y: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a * b + 0.1 * a).collect();
    csv(&[("x_a", &a), ("x_b", &b), ("y", &y)])
}

/// Names are those of the net's own params, so that the weights start from the same numbers.
#[test]
fn a_call_is_its_layers() {
    let head = "axis feature = columns(\"x_*\"); data x[row, feature]: real; data y[row]: real;\ns ~ HalfNormal(1);\n";
    let net = format!(
        "{head}net f = mlp(hidden = [4, 3], activation = softplus);\nobserve y ~ Normal(f(x), s);"
    );
    let layers = format!(
        "{head}axis f_1 = 4; axis f_2 = 3; axis f_3 = 1;\n\
         param f_W1[f_1, feature] = glorot(); param f_b1[f_1] = 0;\n\
         param f_W2[f_2, f_1] = glorot(); param f_b2[f_2] = 0;\n\
         param f_W3[f_3, f_2] = glorot(); param f_b3 = 0;\n\
         let h[row, f_1] = softplus(f_W1 @ x + f_b1);\n\
         let g[row, f_2] = softplus(f_W2 @ h + f_b2);\n\
         let o[row, f_3] = f_W3 @ g;\n\
         observe y ~ Normal(sum(o, over = f_3) + f_b3, s);"
    );
    let [a, b] = [net, layers].map(|m| estimate(&bind(&m, &data())));
    assert_eq!(a.len(), b.len());
    let mut a: Vec<f64> = a.into_iter().collect();
    let mut b: Vec<f64> = b.into_iter().collect();
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() <= 1e-10 * (1.0 + a.abs()), "{a} {b}");
    }
}

/// Called twice, in a loop and outside of it, a net has one set of weights.
#[test]
fn calls_share_the_weights() {
    let model = "axis feature = columns(\"x_*\"); axis out = 2; data x[row, feature]: real; data y[row]: real;\n\
        s ~ HalfNormal(1);\nnet f = mlp(hidden = [3]);\n\
        let h[row, out] = f(x);\n\
        for i in row { let g[i, out] = f(2 * x[i]); }\n\
        observe y ~ Normal(sum(h, over = out) + sum(g, over = out), s);";
    let bound = bind(model, &data());
    let params = bound.inner().model.symbols.iter();
    let params = params.filter(|s| s.name.starts_with("f_W") || s.name.starts_with("f_b"));
    assert_eq!(params.count(), 4);
}

/// In the body of a function, and of one within it, a net is what it is outside.
#[test]
fn calls_in_functions() {
    let head = "axis feature = columns(\"x_*\"); axis out = 2; data x[row, feature]: real; data y[row]: real;\n\
        s ~ HalfNormal(1);\nnet f = mlp(hidden = [3]);\nnet g = mlp(hidden = [2]);\n";
    let inside = "fn sums(v[feature], a) { let h[out] = f(v); a * sum(h, over = out) }\n\
        fn both(v[feature]) = sums(v, 2) + g(v);\n\
        fn idle(v[feature]) = f(v);\n\
        for i in row { observe y[i] ~ Normal(both(x[i]), s); }\n\
        let o[row] = both(x);\nfactor sum(o);";
    let outside = "let h[row, out] = f(x);\nlet o[row] = 2 * sum(h, over = out) + g(x);\n\
        observe y ~ Normal(o, s);\nfactor sum(o);";
    let [a, b] = [inside, outside].map(|m| estimate(&bind(&format!("{head}{m}"), &data())));
    assert_eq!(a.len(), b.len());
    let sorted = |v: Vec<f64>| {
        let mut v = v;
        v.sort_by(f64::total_cmp);
        v
    };
    for (a, b) in sorted(a).into_iter().zip(sorted(b)) {
        assert!((a - b).abs() <= 1e-10 * (1.0 + a.abs()), "{a} {b}");
    }
}

#[test]
fn a_net_learns_a_product() {
    let model = "axis feature = columns(\"x_*\"); data x[row, feature]: real; data y[row]: real;\n\
        net f = mlp(hidden = [8]);\ns ~ HalfNormal(1);\nobserve y ~ Normal(f(x), s);";
    let options = FitOptions {
        max_steps: 3000,
        ..FitOptions::default()
    };
    let fit = fit(model, &data(), &options);
    let plain = ppl_tests::fit(
        "axis feature = columns(\"x_*\"); data x[row, feature]: real; data y[row]: real;\n\
         param w[feature] = 0; param b = 0;\ns ~ HalfNormal(1);\nobserve y ~ Normal(sum(w * x, over = feature) + b, s);",
        &data(),
        &options,
    );
    let (s, linear) = (row(&fit, "s").mean, row(&plain, "s").mean);
    assert!(s < 0.5 * linear, "{s} {linear}");
}

fn sorted(mut v: Vec<f64>) -> Vec<f64> {
    v.sort_by(f64::total_cmp);
    v
}

/// Two ways to write a model give the same estimate of bound and gradient.
fn equal(one: &str, other: &str) {
    let [a, b] = [one, other].map(|m| sorted(estimate(&bind(m, &data()))));
    assert_eq!(a.len(), b.len());
    assert!(a.iter().any(|v| *v != 0.0) && a.iter().all(|v| v.is_finite()));
    for (a, b) in a.into_iter().zip(b) {
        assert!((a - b).abs() <= 1e-10 * (1.0 + a.abs()), "{a} {b}");
    }
}

/// The right side of a differential equation may be a net of its state, or have one in it: its weights are inputs like others.
#[test]
fn nets_in_differential_equations() {
    let head = "axis state = {u, v}; data x_a[row]: real; data y[row]: real; s ~ HalfNormal(1); k ~ LogNormal(0, 1);\n";
    let tail =
        "let o[row, state] = ode(f, z0, 0, 2 + x_a, ARGS); observe y ~ Normal(o[u] + o[v], s);";
    let start = "let z0[state] = [u = 1, v = 0.5];\n";
    let layers = "axis g_1 = 3; param g_W1[g_1, state] = glorot(); param g_b1[g_1] = 0;\n";
    equal(
        &format!(
            "{head}{start}net g = mlp(hidden = [3]);\nfn f(t, z[state], k) = g(z) - k * z;\n{}",
            tail.replace("ARGS", "k")
        ),
        &format!(
            "{head}{start}{layers}param g_W2[state, g_1] = glorot(); param g_b2[state] = 0;\n\
             fn f(t, z[state], k, W1[g_1, state], b1[g_1], W2[state, g_1], b2[state]) \
             {{ let h[g_1] = tanh(W1 @ z + b1); W2 @ h + b2 - k * z }}\n{}",
            tail.replace("ARGS", "k, g_W1, g_b1, g_W2, g_b2")
        ),
    );
    // One number beside known terms.
    equal(
        &format!(
            "{head}{start}net g = mlp(hidden = [3]);\nfn f(t, z[state], k) = [u = -k * z[u], v = z[u] + g(z)];\n{}",
            tail.replace("ARGS", "k")
        ),
        &format!(
            "{head}{start}{layers}axis g_2 = 1; param g_W2[g_2, g_1] = glorot(); param g_b2 = 0;\n\
             fn f(t, z[state], k, W1[g_1, state], b1[g_1], W2[g_2, g_1], b2) \
             {{ let h[g_1] = tanh(W1 @ z + b1); [u = -k * z[u], v = z[u] + sum(W2 @ h) + b2] }}\n{}",
            tail.replace("ARGS", "k, g_W1, g_b1, g_W2, g_b2")
        ),
    );
}

/// Where both sides lie alike, a net takes the last axis to itself.
#[test]
fn a_net_from_an_axis_to_itself() {
    let head = "axis feature = columns(\"x_*\"); data x[row, feature]: real; data y[row]: real; s ~ HalfNormal(1);\n";
    let tail = "observe y ~ Normal(sum(o, over = feature), s);";
    equal(
        &format!("{head}net g = mlp(hidden = [3]);\nlet o[row, feature] = g(x);\n{tail}"),
        &format!(
            "{head}axis g_1 = 3; param g_W1[g_1, feature] = glorot(); param g_b1[g_1] = 0;\n\
             param g_W2[feature, g_1] = glorot(); param g_b2[feature] = 0;\n\
             let h[row, g_1] = tanh(g_W1 @ x + g_b1); let o[row, feature] = g_W2 @ h + g_b2;\n{tail}"
        ),
    );
}
