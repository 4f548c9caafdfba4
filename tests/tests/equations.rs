//! Differential equations in models, against models that state the solution.

use ppl_tests::{bind, estimate};

/// Two models with the same sites have the same bound and gradient, up to the solver's tolerance.
fn same(model: &str, data: &str, closed: &str) {
    let (a, b) = (estimate(&bind(model, data)), estimate(&bind(closed, data)));
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-7 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn decay_is_exponential() {
    let data = "t,y\n0,3.1\n0.5,2.2\n2,1.1\n1.2,1.4\n";
    let common = "data t[row]: real; data y[row]: real;
        a ~ HalfNormal(1); n0 ~ LogNormal(1, 1); s ~ HalfNormal(1);";
    let model = format!(
        "{common} fn decay(t, n, a) = -a * n;
         let n[row] = ode(decay, n0, 0, t, a, rtol = 1e-10, atol = 1e-12);
         observe y ~ Normal(n, s);"
    );
    let closed = format!("{common} observe y ~ Normal(n0 * exp(-a * t), s);");
    same(&model, data, &closed);
}

#[test]
fn a_vector_equation_with_an_equation_for_each_group() {
    // Two compartments: x' = -k x, z' = k x - e z, from (dose, 0), at visits of each subject.
    let data = "g,v,time,y\na,1,0.5,0.4\na,2,1,0.5\na,3,3,0.3\nb,1,0.4,0.5\nb,2,2,0.6\nb,3,4,0.2\n";
    let common = "axis g; axis v = 3; data g[row]: g; data v[row]: v; data y[row]: real;
        let time[g, v] = 0.5 * number[v] + rate[g];
        k[g] ~ LogNormal(0, 0.5); e ~ LogNormal(-1, 0.5); dose ~ LogNormal(0, 1);";
    let common = common.replace(
        "let time[g, v] = 0.5 * number[v] + rate[g];",
        "let time[w in v] = 0.5 * w;",
    );
    let model = format!(
        "{common} axis part = {{gut, blood}};
         fn flow(t, x[part], k, e) = [gut = -k * x[gut], blood = k * x[gut] - e * x[blood]];
         let start[part] = [dose, 0];
         let x[g, v, part] = ode(flow, start, 0, time, k, e, rtol = 1e-10, atol = 1e-12);
         let blood[g, v] = x[blood];
         observe y ~ Normal(blood[g, v], 0.3);"
    );
    let closed = format!(
        "{common}
         let blood[g, v] = dose * k / (e - k) * (exp(-k * time) - exp(-e * time));
         observe y ~ Normal(blood[g, v], 0.3);"
    );
    same(&model, data, &closed);
}

#[test]
fn the_time_and_the_start_may_be_latent() {
    let data = "t,y\n1,3.1\n2,2.2\n3,1.1\n";
    let common = "data t[row]: real; data y[row]: real;
        t0 ~ Normal(0, 0.3); lag ~ Normal(0, 0.3); b ~ Normal(0, 1);";
    let model = format!(
        "{common} fn f(t, n, b) = b * t;
         let n[row] = ode(f, 1, t0, t + lag, b, rtol = 1e-10, atol = 1e-12);
         observe y ~ Normal(n, 1);"
    );
    let closed = format!("{common} observe y ~ Normal(1 + b * ((t + lag)^2 - t0^2) / 2, 1);");
    same(&model, data, &closed);
}

/// A table of visits in any order, subjects with different numbers of them: one compartment with absorption, from a dose at a
/// time of the subject's own.
#[test]
fn visits_of_several_subjects_as_lines_of_a_table() {
    let data = "subject,time,y,w\nb,1,0.5,1.2\na,0.5,0.4,0.7\nc,2,0.3,1\na,3,0.2,0.7\nb,2.5,0.3,1.2\na,1.5,0.6,0.7\n";
    let common =
        "axis subject; data subject[row]: subject; data time[row]: real; data y[row]: real;
        data w[row]: positive; ka[subject] ~ LogNormal(0.5, 0.5); ke ~ LogNormal(-1, 0.5);
        dose[subject] ~ LogNormal(0, 1); at[subject] ~ Normal(0, 0.1);";
    let closed = |dose: &str| {
        format!(
            "{common} let d[row] = {dose}; let t[row] = time - at[subject]; let a[row] = ka[subject];
             observe y ~ Normal(d * a / (ke - a) * (exp(-a * t) - exp(-ke * t)), 0.3);"
        )
    };
    let flow = "axis part = {gut, blood};
        fn flow(t, x[part], k, e) = [gut = -k * x[gut], blood = k * x[gut] - e * x[blood]];";
    let solved = |dose: &str| {
        format!(
            "{common} {flow} let start[row, part] = [{dose}, 0];
             let x[row, part] = ode(flow, start, at[subject], time, ka[subject], ke, rtol = 1e-10, atol = 1e-12);
             observe y ~ Normal(x[blood], 0.3);"
        )
    };
    // By labels alone, with a column that is the same for all lines of a subject, and with one that is not.
    for dose in [
        "dose[subject]",
        "dose[subject] / w",
        "dose[subject] * (1 + y)",
    ] {
        same(&solved(dose), data, &closed(dose));
    }
}

#[test]
fn one_time_for_each_group_and_one_time_alone() {
    let data = "g,y\np,0.4\nq,0.5\nq,0.1\n";
    let common = "axis g = {p, q}; data g[row]: g; data y[row]: real; a[g] ~ LogNormal(0, 0.5); t[g] ~ LogNormal(0, 0.5);";
    let model = format!(
        "{common} fn decay(t, n, a) = -a * n; let n[g] = ode(decay, 1, 0, t, a, rtol = 1e-10, atol = 1e-12);
         let last = ode(decay, 2, 0, 1.5, a[q], rtol = 1e-10, atol = 1e-12); observe y ~ Normal(n[g] + last, 0.3);"
    );
    let closed = format!(
        "{common} let n[g] = exp(-a * t); let last = 2 * exp(-1.5 * a[q]); observe y ~ Normal(n[g] + last, 0.3);"
    );
    same(&model, data, &closed);
}
