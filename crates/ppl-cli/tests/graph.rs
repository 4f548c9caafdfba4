//! `ppl graph`: nodes, edges, plates, shading.

mod support;

use support::Folder;

const MODEL: &str = "data y[row]: real;\ndata s[row]: positive;\nmu ~ Normal(0, 5);\ntau ~ HalfCauchy(5);\n\
    z[row] ~ Normal(0, 1);\nlet effect[row] = mu + tau * z;\nobserve y ~ Normal(effect, s);\nfactor -tau;\n";

#[test]
fn text_and_dot() {
    let folder = Folder::new("graph").with("m.ppl", MODEL);
    let run = folder.run(&["graph", "m.ppl"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for line in [
        "y[row]  observed ~ Normal  <- s, effect\n",
        "s[row]  data\n",
        "mu  ~ Normal\n",
        "effect[row]  let  <- mu, tau, z\n",
        "factor 1  factor  <- tau\n",
    ] {
        assert!(
            run.out.contains(line),
            "{line:?} is missing in\n{}",
            run.out
        );
    }
    let run = folder.run(&["graph", "m.ppl", "--format", "dot"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(
        run.out.matches("subgraph cluster_").count(),
        1,
        "{}",
        run.out
    );
    assert!(run.out.contains("label=\"row\""), "{}", run.out);
    assert!(
        run.out
            .contains("[label=\"y\\nobserved ~ Normal\", shape=ellipse, style=filled"),
        "{}",
        run.out
    );
    assert_eq!(run.out.matches(" -> ").count(), 6, "{}", run.out);
    let run = folder.run(&["graph", "m.ppl", "--format", "svg"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.starts_with("<svg ") && run.out.ends_with("</svg>\n"));
    assert_eq!(run.out.matches("class=\"plate\"").count(), 1);
    assert_eq!(run.out.matches("class=\"edge\"").count(), 6);
    assert_eq!(run.out.matches("class=\"observed\"").count(), 1);
    folder
        .run(&["graph", "none.ppl"])
        .refused(&["no model file"]);
}
