//! What is said about weights that do not lie along the axis of their labels, and that what the help says is taken.

mod common;

use common::{check, diagnostics, table};

/// A label of three levels, a number, and unknowns with and without an axis.
const HEAD: &str = "axis m = {lo, mid, hi};\naxis g;\ndata grade[row]: m;\ndata x[row]: real;\ndata grp[row]: g;\nb ~ Normal(0, 1);\nc[m] ~ Normal(0, 1);\ne[g] ~ Normal(0, 1);\nobserve x ~ Normal(b + c[mid] + e[grp], 1);\n";

/// Code, message and help of everything that is said about a model that begins so.
fn said(rest: &str) -> Vec<(&'static str, String, String)> {
    let found = diagnostics(&format!("{HEAD}{rest}"), None);
    let all = found
        .into_iter()
        .map(|d| (d.code, d.message, d.help.unwrap_or_default()));
    all.collect()
}

/// One refusal for want of the labels' axis, whose help has that phrase.
fn refused(rest: &str, help: &str) {
    let found = said(rest);
    let ok = |f: &(&str, String, String)| {
        f.0 == "E0110"
            && f.1.contains("lie along `m`, the axis of the labels")
            && f.2.contains(help)
    };
    assert!(found.len() == 1 && ok(&found[0]), "{rest}\n{found:?}");
}

/// Nothing is wrong with it, with data as well.
fn accepted(text: &str) {
    let data = table("grade,x,grp\nlo,0.5,u\nmid,-1,v\nhi,2,u\n");
    let found = diagnostics(text, Some(&data));
    assert!(found.iter().all(|d| !d.is_error()), "{text}\n{found:?}");
}

#[test]
fn every_way_to_observe_a_label() {
    refused("observe grade ~ CategoricalLogit(b * x);", "`b[m] ~ …`");
    refused("observe grade ~ CategoricalLogit(b);", "`b[m] ~ …`");
    refused(
        "let w[row] = e[grp];\nobserve grade ~ CategoricalLogit(w);",
        "`e[g, m] ~ …`",
    );
    refused(
        "let w[row] = softmax(b * x);\nobserve grade ~ Categorical(w);",
        "`b[m] ~ …`",
    );
    refused("observe grade ~ Categorical(b);", "`b[m] ~ Dirichlet(1)`");
    refused(
        "let w[row] = x / sum(x);\nobserve grade ~ Categorical(w);",
        "`p[m] ~ Dirichlet(1);`",
    );
    refused(
        "observe grade ~ CategoricalLogit(x);",
        "`CategoricalLogit(beta * x)`",
    );
    refused(
        "observe grade ~ if x > 0 { CategoricalLogit(c) } else { CategoricalLogit(b * x) };",
        "`b[m] ~ …`",
    );
    refused(
        "for i in row { observe grade[i] ~ CategoricalLogit(b * x[i]); }",
        "`b[m] ~ …`",
    );
    refused(
        "factor sum(log_density(CategoricalLogit(b * x), grade));",
        "`b[m] ~ …`",
    );
    refused(
        "axis n = 3;\np[n] ~ Dirichlet(1);\nobserve grade ~ Categorical(p);",
        "`p[m] ~ Dirichlet(1)`",
    );
    refused(
        "z[row]: m ~ CategoricalLogit(b * x);\nobserve x ~ Normal(c[z], 1);",
        "`b[m] ~ …`",
    );
}

#[test]
fn one_label_s_weight_is_not_all_of_them() {
    refused(
        "for i in row { observe grade[i] ~ CategoricalLogit(c[grade[i]] * x[i]); }",
        "`c[grade]` is that of one label",
    );
    refused(
        "observe grade ~ CategoricalLogit(c[lo] * x);",
        "`c[lo]` is that of one label",
    );
    refused(
        "for l in m { observe grade ~ CategoricalLogit(c[l] * x); }",
        "take the statement out of the loop over `m`",
    );
}

#[test]
fn what_is_right_stays_so() {
    for rest in [
        "observe grade ~ CategoricalLogit(c * x);",
        "observe grade ~ CategoricalLogit(c);",
        "for i in row { observe grade[i] ~ CategoricalLogit(c * x[i]); }",
        // One known number stands for all labels.
        "observe grade ~ Categorical(1 / 3);",
        "let eta[row, m] = c * x;\nobserve grade ~ Categorical(softmax(eta, over = m));",
        // A loop's element is one number, and lines up with every vector.
        "for i in row { observe grade[i] ~ Categorical(softmax(c * x[i])); }",
    ] {
        accepted(&format!("{HEAD}{rest}"));
    }
}

#[test]
fn counts_have_weights_along_their_axis() {
    check(
        &[
            (
                "axis k = columns(\"n_*\");\ndata n[row, k]: int;\ndata t[row]: int;\nb ~ Beta(1, 1);\nobserve n ~ Multinomial(t, b);",
                "E0110",
                "5:28",
                "lie along `k`",
                "`b[k] ~ Dirichlet(1)`",
            ),
            (
                "axis k = columns(\"n_*\");\ndata n[row, k]: int;\ndata t[row]: int;\ndata x[row]: real;\nb ~ Normal(0, 1);\nlet w[row] = softmax(b * x);\nobserve n ~ Multinomial(t, w);",
                "E0110",
                "7:28",
                "lie along `k`",
                "`b[k] ~ …`",
            ),
        ],
        None,
    );
}

#[test]
fn what_is_shared_out_is_named_first() {
    let found = said("observe grade ~ Categorical(softmax(c * x));");
    let help = "give it a name above, with all of its axes, `let eta[row, m] = c * x;`, then `softmax(eta, over = m)`";
    assert_eq!(
        (found.len(), found[0].0, found[0].2.as_str()),
        (1, "E0109", help)
    );
    // A sum over the lines may well look up.
    let found = said("report r = sum(c * x);");
    assert!(found[0].2.contains("`c[grade]`"), "{found:?}");
    // The label that is observed picks nothing on the right of its own `~`.
    let found = said("observe grade ~ Categorical(exp(log_softmax(c * x, over = m)));");
    assert!(
        found[0].2.contains("`log_softmax(eta, over = m)`"),
        "{found:?}"
    );
}
