//! Messages about labels in order and their cutpoints.

mod common;

use common::{Case, check, table};

#[test]
fn labels_need_an_order_and_cutpoints_an_axis() {
    let cases: &[Case] = &[
        (
            "axis answer; axis cut = 3; data answer[row]: answer;\nc[cut]: ordered ~ Normal(0, 3);\n\
             observe answer ~ OrderedLogistic(0, c);",
            "E0118",
            "3:18",
            "those of `answer` have none",
            "`axis answer = {low, middle, high};`",
        ),
        (
            "data answer[row]: int; axis cut = 3;\nc[cut]: ordered ~ Normal(0, 3);\n\
             observe answer ~ OrderedProbit(0, c);",
            "E0114",
            "3:18",
            "OrderedProbit draws labels in order",
            "must be the name of an axis",
        ),
        (
            "axis answer = 1..4; data answer[row]: answer;\nc ~ Normal(0, 3);\n\
             observe answer ~ OrderedLogistic(0, c);",
            "E0110",
            "3:37",
            "lie along one axis of their own",
            "ordered ~ Normal(0, 3)",
        ),
        (
            "axis answer = 1..4; axis cut = 3;\nc[cut]: ordered ~ Normal(0, 3);\n\
             z[row] ~ OrderedLogistic(0, c);",
            "E0113",
            "3:10",
            "unknown label drawn from OrderedLogistic",
            "Categorical",
        ),
        (
            "axis answer = 1..4; axis cut = 3; data y[row]: real;\nc[cut]: ordered ~ Normal(0, 3);\n\
             observe y ~ OrderedLogistic(0, c).truncated(lower = 0);",
            "E0114",
            "3:13",
            "OrderedLogistic draws labels in order",
            "",
        ),
        (
            "axis week; data week[row]: week;\nh[week] ~ GaussianRandomWalk(1);",
            "E0123",
            "2:11",
            "the levels of `week` have none",
            "`axis week = 1..52;`",
        ),
        (
            "h ~ GaussianRandomWalk(1);",
            "E0110",
            "1:5",
            "a draw from GaussianRandomWalk is a vector",
            "name its axis",
        ),
        (
            "axis t = 4;\nphi[t] ~ Normal(0, 1);\nh[t] ~ Ar(phi, 1, start = 0, start_sd = 1);",
            "E0110",
            "3:11",
            "may not vary along the sequence",
            "`axis lag = 2; coefficients[lag] ~ Normal(0, 1);`",
        ),
        (
            "axis t = 4;\nh[t] ~ Ar(0.5, 1);",
            "E0106",
            "2:8",
            "Ar needs its `start`",
            "Ar(coefficients, sd, start = …, start_sd = …)",
        ),
        (
            "axis k = 3;\nx[k] ~ Multinomial(4, 1 / 3);",
            "E0113",
            "2:8",
            "latent `x` ~ Multinomial, a vector of counts",
            "`z[row] ~ Categorical(p);`",
        ),
    ];
    check(cases, None);
}

#[test]
fn one_cutpoint_fewer_than_labels() {
    let cases: &[Case] = &[
        (
            "axis answer = 1..4; axis cut = size(answer); data answer[row]: answer;\n\
             c[cut]: ordered ~ Normal(0, 3);\nobserve answer ~ OrderedLogistic(0, c);",
            "E0202",
            "3:18",
            "`answer` has 4 labels, which 3 cutpoints would cut, but `cut` has 4 elements",
            "`axis cut = size(answer) - 1;`",
        ),
        (
            "axis answer = 1..4; axis cut = 2; data answer[row]: answer;\n\
             c[cut]: ordered ~ Normal(0, 3);\nobserve answer ~ OrderedProbit(0, c);",
            "E0202",
            "3:18",
            "but `cut` has 2 elements",
            "size(answer) - 1",
        ),
    ];
    check(cases, Some(&table("answer\n1\n4\n2\n")));
}

#[test]
fn counts_are_whole_numbers_from_zero() {
    let model = "axis k = {a, b}; data y[row, k]: int from \"y_*\";\np[k] ~ Dirichlet(1);\nobserve y ~ Multinomial(3, p);";
    let cases: &[Case] = &[(
        model,
        "E0211",
        "data.csv:3:1",
        "-1 cannot be observed",
        "mend the data",
    )];
    check(cases, Some(&table("y_a,y_b\n1,2\n-1,4\n")));
}
