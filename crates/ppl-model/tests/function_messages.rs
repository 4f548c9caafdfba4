//! What is said about functions of the author and their calls.

mod common;

use common::check;

#[test]
fn definitions() {
    check(
        &[
            (
                "fn f(a) = a * mu;\nmu ~ Normal(0, 1);\nx ~ Normal(f(1), 1);",
                "E0101",
                "1:15",
                "`mu` is no argument of `f`",
                "add it to the arguments",
            ),
            (
                "fn f(a) = a * b;",
                "E0101",
                "1:15",
                "nothing is named `b`",
                "",
            ),
            (
                "fn f(a) = g(a);\nx ~ Normal(f(1), 1);",
                "E0103",
                "1:11",
                "no function `g`",
                "",
            ),
            (
                "fn f(a) = if a > 0 { f(a - 1) } else { 0 };\nx ~ Normal(f(1), 1);",
                "E0103",
                "1:22",
                "`f` calls itself",
                "recurrence",
            ),
            (
                "fn f(a) = g(a);\nfn g(a) = f(a);\nx ~ Normal(g(1), 1);",
                "E0103",
                "1:11",
                "`g` calls itself",
                "recurrence",
            ),
            (
                "fn exp(a) = a;",
                "E0105",
                "1:4",
                "a function of the language",
                "another name",
            ),
            (
                "fn Normal(a) = a;",
                "E0105",
                "1:4",
                "a distribution",
                "another name",
            ),
            (
                "fn f(a) = a;\nfn f(b) = b;",
                "E0105",
                "2:4",
                "defined twice",
                "rename",
            ),
            (
                "fn f(a, a) = a;",
                "E0105",
                "1:9",
                "an argument twice",
                "rename",
            ),
            (
                "fn f(n[species]) = sum(n);",
                "E0104",
                "1:8",
                "no axis `species`",
                "axis species;",
            ),
            (
                "axis k = 2;\nfn f(n[k, k, k]) = 1;",
                "E0106",
                "2:14",
                "too often",
                "twice",
            ),
            (
                "fn f(a) { let a = 2; a }\nx ~ Normal(f(1), 1);",
                "E0105",
                "1:15",
                "defined twice",
                "rename",
            ),
            (
                "fn f(a) { let b: positive = a; b }\nx ~ Normal(f(1), 1);",
                "E0111",
                "2:12",
                "has no kind",
                "leave it away",
            ),
            (
                "for i in row { fn f(a) = a; }",
                "E0116",
                "1:19",
                "outside of loops",
                "top of the file",
            ),
        ],
        None,
    );
}

#[test]
fn calls() {
    check(
        &[
            (
                "fn f(a, b) = a + b;\nx ~ Normal(f(1), 1);",
                "E0106",
                "2:12",
                "`f` takes 2 arguments, not 1",
                "`f(a, b)`",
            ),
            (
                "fn f(a) = a;\nx ~ Normal(f(a = 1), 1);",
                "E0106",
                "2:14",
                "by position",
                "leave `a =` away",
            ),
            (
                "axis k = 2;\nfn f(n[k]) = sum(n);\nx ~ Normal(f(1), 1);",
                "E0109",
                "3:14",
                "`n` of `f(n[k])` lies along `k`, but this is a scalar",
                "an array along `k`",
            ),
            (
                "axis k = 2;\nfn f(a, n[k]) = sum(n * a);\nm[k] ~ Normal(0, 1);\nx ~ Normal(f(m, m), 1);",
                "E0109",
                "4:14",
                "`a` of `f(a, n[k])` is one number",
                "a[k]",
            ),
            (
                "axis k = 2;\naxis j = 3;\nfn f(a, b) = a * b;\nm[k] ~ Normal(0, 1);\nn[j] ~ Normal(0, 1);\nlet z = f(m, n);",
                "E0109",
                "6:9",
                "do not line up",
                "give it a name above, with all of its axes",
            ),
            (
                "axis k = 2;\nfn f(a) = sum(a);\nm[k] ~ Normal(0, 1);\nx ~ Normal(f(m), 1);",
                "E0106",
                "4:12",
                "`sum` of a single number",
                "",
            ),
            (
                "data y[row]: real;\nfn f(a) = 2 * a;\nm ~ Normal(0, 1);\nfor t in row { observe y[t] ~ Normal(m, f(y)); }",
                "E0115",
                "4:43",
                "the whole of `row` inside a loop",
                "index it: `…[t]`",
            ),
            (
                "axis k = {a, b};\nfn f(n[k]) = n[c];\nm[k] ~ Normal(0, 1);\nx ~ Normal(f(m), 1);",
                "E0110",
                "4:12",
                "`c` is neither a level nor an index",
                "",
            ),
            (
                "fn half(a) = a / 2;\nx ~ Normal(hafl(1), 1);",
                "E0103",
                "2:12",
                "no function `hafl`",
                "`half`",
            ),
        ],
        None,
    );
}

/// Bodies that would grow without bound are refused, in time.
#[test]
fn expansion_is_bounded() {
    let mut text = String::from("fn f0(a) = a + 1;\n");
    for i in 1..60 {
        text += &format!("fn f{i}(a) = f{0}(a) + f{0}(2 * a);\n", i - 1);
    }
    text += "x ~ Normal(f59(1), 1);\ny ~ Normal(f30(1), 1);";
    let found = common::diagnostics(&text, None);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].code, "E0120");
    let wide = text.replace("f59(1)", "f12(1)").replace("f30(1)", "f13(1)");
    let found = common::diagnostics(&wide, None);
    assert!(found.iter().all(|d| d.code == "E0120"), "{found:#?}");
}

#[test]
fn reductions() {
    check(
        &[
            (
                "data x[row]: real;\nlet m = mean(x, by = x);",
                "E0106",
                "2:22",
                "labels are expected after `by =`",
                "data school[row]: school;",
            ),
            (
                "axis g;\ndata g[row]: g;\ndata x[row]: real;\nlet m = mean(x, by = g, over = row);",
                "E0106",
                "4:9",
                "either `over =` or `by =`",
                "the axes of `g`",
            ),
            (
                "axis g;\ndata g[row]: g;\nm[g] ~ Normal(0, 1);\nlet s = mean(m, by = g);",
                "E0109",
                "4:9",
                "do not line up",
                "the same axis",
            ),
            (
                "axis g;\ndata g[row]: g;\ndata X[row, g]: real;\nlet s = mean(X, by = g);",
                "E0109",
                "4:14",
                "lies along `g` already",
                "over = g",
            ),
            (
                "axis g;\ndata g[row]: g;\ndata x[row]: real;\nlet s = cumsum(x, by = g);",
                "E0106",
                "4:24",
                "`cumsum` has no groups",
                "over = axis",
            ),
            (
                "axis g;\ndata g[row]: g;\ndata x[row]: real;\nfor i in row { factor sum(sum(x, by = g[i])); }",
                "E0115",
                "4:39",
                "the group of one `row`",
                "outside of the loop",
            ),
            (
                "axis k = 2;\nw[k] ~ Dirichlet(1);\nz[row] ~ Categorical(w);\ndata x[row]: real;\nlet s = mean(x, by = z);",
                "E0112",
                "5:22",
                "depends on a latent",
                "look values up",
            ),
            (
                "axis g;\ndata g[row]: g;\nm[g] ~ Normal(0, 1);\nfactor sum(cumsum(m));",
                "E0123",
                "4:12",
                "have no order",
                "axis g = {…};",
            ),
            (
                "axis k = 3;\nlet s = softmax(i in k: i);",
                "E0103",
                "2:9",
                "`softmax` reduces nothing",
                "take a binder",
            ),
            (
                "axis k = 3;\nlet s = sd(i in k if i > 1: i);",
                "E0106",
                "2:22",
                "take no filter",
                "mean(k in a",
            ),
            (
                "axis k = 3;\nlet s = sum(i in k: 2);",
                "E0106",
                "2:13",
                "`i` is not used",
                "size(k)",
            ),
            (
                "axis k = 3;\nlet s = sum(i in k if i: i);",
                "E0114",
                "2:23",
                "a condition is expected",
                "compare it",
            ),
            (
                "data n: int;\naxis lag = n;\ndata y[row]: real;\nfor t in row { factor sum(k in lag: y[t - k]); }",
                "E0123",
                "4:39",
                "reads as far back as `lag` is long",
                "if k < t",
            ),
            (
                "axis g;\ndata g[row]: g;\naxis lag = 3;\ndata y[row]: real;\nfor t in row by g { factor sum(k in lag if k < t: y[t - k]); }",
                "E0123",
                "5:53",
                "reads 3 before `t`",
                "first(t, 3)",
            ),
            (
                "axis lag = 3;\ndata y[row]: real;\nfor t in row { factor sum(k in lag if k <= t: y[t - k]); }",
                "E0123",
                "3:49",
                "reads 3 before `t`",
                "first(t, 3)",
            ),
        ],
        None,
    );
}

#[test]
fn groups_without_elements() {
    check(
        &[
            (
                "axis g = {a, b, c};\ndata g[row]: g;\ndata x[row]: real;\nlet m = mean(x, by = g);",
                "E0214",
                "4:9",
                "the group `c` of `g` has no element",
                "gives 0",
            ),
            (
                "axis g = {a, b, c};\ndata g[row]: g;\ndata x[row]: real;\nm[row] ~ Normal(0, 1);\nlet s = sd(m, by = g);",
                "E0214",
                "5:9",
                "the group `b` of `g` has fewer than two elements, and so have 1 more",
                "gives 0",
            ),
        ],
        Some(&common::table("g,x\na,1\na,2\nb,3\n")),
    );
}
