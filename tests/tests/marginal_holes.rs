//! Forms that read discrete sites in ways that once gave a wrong bound without a word: each is now right, or refused.

use ppl_tests::{bind, estimate};

const HEAD: &str = "axis g; axis k = 2; data g[row]: g; data y[row]: real; w[k] ~ Dirichlet(1); mu[k] ~ Normal(0, 2);";
const DATA: &str = "g,y\n0,0.5\n1,-1\n1,0.7\n0,2\n";

fn equal(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn an_array_of_a_groups_labels_looked_up_by_rows() {
    let bound = |text: &str| estimate(&bind(&format!("{HEAD} {text}"), DATA));
    equal(
        &bound("z[g] ~ Categorical(w); let m[g] = mu[z]; observe y ~ Normal(m[g], 1);"),
        &bound("z[g] ~ Categorical(w); observe y ~ Normal(mu[z[g]], 1);"),
    );
}

#[test]
fn several_elements_reduced_in_one_statement() {
    // Against the sum over all values of the elements, one scalar site for each.
    let bound = |text: &str, data: &str| estimate(&bind(&format!("{HEAD} {text}"), data));
    let pairs = [
        ("observe 0.5 ~ Normal(sum(mu[z]), 1);", "observe 0.5 ~ Normal(mu[z1] + mu[z2] + mu[z3] + mu[z4], 1);"),
        (
            "let m[row] = mu[z]; observe y ~ Normal(m - mean(m), 1);",
            "let a = (mu[z1] + mu[z2] + mu[z3] + mu[z4]) / 4; observe 0.5 ~ Normal(mu[z1] - a, 1);
             observe -1 ~ Normal(mu[z2] - a, 1); observe 0.7 ~ Normal(mu[z3] - a, 1); observe 2 ~ Normal(mu[z4] - a, 1);",
        ),
        ("let m[row] = mu[z]; factor max(m);", "factor max(max(mu[z1], mu[z2]), max(mu[z3], mu[z4]));"),
        (
            "factor log_sum_exp(i in row if i > 2: mu[z[i]] * y[i]);",
            "factor log(exp(mu[z3] * 0.7) + exp(mu[z4] * 2)); factor if z1 == z2 { 0 } else { 0 };",
        ),
    ];
    for (mixed, apart) in pairs {
        equal(
            &bound(&format!("z[row] ~ Categorical(w); {mixed}"), DATA),
            &bound(
                &format!(
                    "z1 ~ Categorical(w); z2 ~ Categorical(w); z3 ~ Categorical(w); z4 ~ Categorical(w); {apart}"
                ),
                DATA,
            ),
        );
    }
}

#[test]
fn a_site_with_two_axes_one_of_them_looked_up() {
    let wide = "axis g; axis k = 2; axis day = columns(\"y_*\");
        data g[row]: g; data y[row, day]: real;
        w[k] ~ Dirichlet(1); mu[k] ~ Normal(0, 2);
        z[g, day] ~ Categorical(w);
        observe y ~ Normal(mu[z[g]], 1);";
    let long = "axis cell; axis k = 2; data cell[row]: cell; data y[row]: real;
        w[k] ~ Dirichlet(1); mu[k] ~ Normal(0, 2);
        z[cell] ~ Categorical(w);
        observe y ~ Normal(mu[z[cell]], 1);";
    let a = estimate(&bind(wide, "g,y_a,y_b\n0,0.5,1\n1,-1,0.3\n0,2,-0.4\n"));
    let b = estimate(&bind(
        long,
        "cell,y\n0a,0.5\n0b,1\n1a,-1\n1b,0.3\n0a,2\n0b,-0.4\n",
    ));
    equal(&a, &b);
}

#[test]
fn the_normaliser_of_an_ordered_prior_that_reads_a_label() {
    // With both labels alike the label does not matter, and the prior is that of an ordered vector: 3! and all.
    let reads = "axis k = 2; axis c = 3; let w[k] = 0.5; let mu[k] = 0; z ~ Categorical(w);
        o[c]: ordered ~ Normal(mu[z], 1);";
    let plain = "axis c = 3; o[c]: ordered ~ Normal(0, 1);";
    equal(&estimate(&bind(reads, "")), &estimate(&bind(plain, "")));
}

#[test]
fn a_label_is_no_number() {
    for use_of_z in [
        "observe y ~ Normal(z, 1);",
        "factor sum(z + 1);",
        "factor sum(exp(z));",
    ] {
        let text = format!("{HEAD} z[row] ~ Categorical(w); {use_of_z}");
        let (model, messages) = ppl_lang::Model::parse(&text);
        assert!(model.is_none(), "{use_of_z}");
        assert!(
            messages.iter().any(|m| m.code == "E0114"),
            "{use_of_z}: {messages:?}"
        );
    }
}

#[test]
fn a_chain_without_branches_between_distributions() {
    let inside = "data y[row]: real; a ~ Normal(0, 1); s ~ HalfNormal(1);
        for t in row { h[t] ~ Normal(if first(t) { 0 } else { a * h[t-1] }, s); observe y[t] ~ Normal(h[t], 1); }";
    let outside = "data y[row]: real; a ~ Normal(0, 1); s ~ HalfNormal(1);
        for t in row { h[t] ~ if first(t) { Normal(0, s) } else { Normal(a * h[t-1], s) }; observe y[t] ~ Normal(h[t], 1); }";
    let data = "y\n0.1\n0.5\n-0.2\n";
    equal(
        &estimate(&bind(inside, data)),
        &estimate(&bind(outside, data)),
    );
}

#[test]
fn the_normaliser_of_an_ordered_site_whose_components_differ_is_not_known() {
    let model = |mean: &str| {
        format!(
            "axis c = {{a, b}}; let m[c] = {mean}; o[c]: ordered ~ Normal(m, 1); observe 0.3 ~ Normal(sum(o), 1);"
        )
    };
    let unknown = |text: &str| {
        let bound = bind(text, "");
        let model = &bound.inner().model;
        model.sites().any(|(_, s)| model.unknown_normaliser(s))
    };
    assert!(unknown(&model("[0, 1]")));
    let alike = "axis c = {a, b}; o[c]: ordered ~ Normal(0, 1); observe 0.3 ~ Normal(sum(o), 1);";
    assert!(!unknown(alike));
}
