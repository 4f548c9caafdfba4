//! What is said about models that would give a wrong posterior if they were let through.

mod common;

use common::check;

#[test]
fn holes() {
    check(
        &[
            // The right side wider than the left: K terms a row.
            (
                "axis k = 3;\ndata y[row]: real;\nmu[k] ~ Normal(0, 1);\nobserve y ~ Normal(mu, 1);",
                "E0108",
                "4:20",
                "wider than the left",
                "over = k",
            ),
            (
                "data y[row]: real;\nmu ~ Normal(y, 1);",
                "E0108",
                "2:13",
                "wider than the left",
                "over = row",
            ),
            // A whole array inside a loop: N² terms.
            (
                "data y[row]: real;\nmu ~ Normal(0, 1);\nfor i in row { observe y ~ Normal(mu, 1); }",
                "E0115",
                "3:16",
                "does not mention `i`",
                "move it out",
            ),
            // A scalar latent or an un-indexed factor inside a plate.
            (
                "data y[row]: real;\nfor i in row { mu ~ Normal(0, 1); }",
                "E0115",
                "2:16",
                "does not mention `i`",
                "move it out",
            ),
            (
                "mu ~ Normal(0, 1);\nfor i in row { factor mu; }",
                "E0115",
                "2:16",
                "factor does not mention `i`",
                "move it out",
            ),
            (
                "data y[row]: real;\nmu ~ Normal(0, 1);\nfor i in row { factor log_density(Normal(mu, 1), y); }",
                "E0115",
                "3:16",
                "factor does not mention `i`",
                "index it",
            ),
            // A latent on the left of observe, bare or transformed.
            (
                "mu ~ Normal(0, 1);\nobserve mu ~ Normal(0, 1);",
                "E0112",
                "2:9",
                "depends on a latent",
                "observe the data itself",
            ),
            (
                "data y[row]: real;\nmu ~ Normal(0, 1);\nobserve y - mu ~ Normal(0, 1);",
                "E0112",
                "3:9",
                "depends on a latent",
                "observe the data itself",
            ),
            // A sample statement for data would ignore the data.
            (
                "data y[row]: real;\ny ~ Normal(0, 1);",
                "E0112",
                "2:1",
                "is data",
                "observe",
            ),
            // The same cells observed twice; data on the right of its own observation.
            (
                "data y[row]: real;\nmu ~ Normal(0, 1);\nobserve y ~ Normal(mu, 1);\nobserve y ~ Normal(mu, 1);",
                "W0121",
                "4:9",
                "observed twice",
                "delete one",
            ),
            (
                "data y[row]: real;\nmu ~ Normal(0, 1);\nlet z = y - mean(y);\nobserve y ~ Normal(mu + z, 1);",
                "W0122",
                "4:13",
                "both sides",
                "no likelihood",
            ),
            // Two operands of which neither contains the other.
            (
                "axis j = 2;\naxis k = 3;\na[j] ~ Normal(0, 1);\nb[k] ~ Normal(0, 1);\nlet c = a + b;",
                "E0109",
                "5:9",
                "do not line up",
                "",
            ),
            // A prior that is improper and unused.
            (
                "data y[row]: real;\na ~ Flat();\nmu ~ Normal(0, 1);\nobserve y ~ Normal(mu, 1);",
                "E0119",
                "2:1",
                "is Flat",
                "proper prior",
            ),
            // The order of components that differ by latents has no known normaliser.
            (
                "axis k = 2;\nm[k] ~ Normal(0, 1);\nx[k]: ordered ~ Normal(m, 1);",
                "E0118",
                "3:1",
                "ordered",
                "same distribution",
            ),
        ],
        None,
    );
}
