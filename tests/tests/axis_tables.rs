//! Tables of axes: their lines come in any order, and what they lack may stand in the main table.

use ppl_data::Dataset;
use ppl_lang::{Model, Point};
use ppl_tests::{bind_to, dataset, ln_normal};
use std::collections::BTreeMap;

const MODEL: &str =
    "axis tree; data size[tree]: real; data tree[row]: tree; data w[tree]: real; data y[row]: real;
    a[tree] ~ Normal(size, w); observe y ~ Normal(a[tree], 1);";

fn with_table(main: &str, table: &str) -> Dataset {
    let table = dataset(table).main.expect("a table");
    Dataset {
        tables: BTreeMap::from([("tree".to_owned(), table)]),
        ..dataset(main)
    }
}

#[test]
fn a_column_of_the_main_table_beside_one_of_the_axis() {
    // Levels in the order of their own table: 30, 10, 20.
    let data = with_table(
        "tree,y,w\n10,0.5,2\n20,-1,3\n30,0.3,4\n20,0.1,3\n",
        "size,tree\n0.3,30\n0.1,10\n0.2,20\n",
    );
    let a = [0.4, -0.2, 0.9];
    let found = bind_to(MODEL, &data)
        .density(&Point::Unconstrained(a.to_vec()))
        .unwrap();
    let exact = ln_normal(0.4, 0.3, 4.0)
        + ln_normal(-0.2, 0.1, 2.0)
        + ln_normal(0.9, 0.2, 3.0)
        + ln_normal(0.5, -0.2, 1.0)
        + ln_normal(-1.0, 0.9, 1.0)
        + ln_normal(0.3, 0.4, 1.0)
        + ln_normal(0.1, 0.9, 1.0);
    assert!((found.log_density - exact).abs() < 1e-12);
}

#[test]
fn a_column_that_no_table_has_or_that_differs_within_a_level_is_refused() {
    let table = "size,tree\n0.3,30\n0.1,10\n0.2,20\n";
    for (main, says) in [
        ("tree,y\n10,0.5\n20,-1\n30,0.3\n", "no column `w`"),
        ("tree,y,w\n10,0.5,1\n20,-1,1\n30,0.3,1\n20,1,2\n", "`w`"),
    ] {
        let (model, _) = Model::parse(MODEL);
        let Err(errors) = model.expect("a model").bind(&with_table(main, table)) else {
            panic!("accepted: {main}");
        };
        assert!(errors[0].message.contains(says), "{errors:?}");
    }
}

#[test]
fn two_columns_of_labels_that_could_be_the_key() {
    let main = "home,away,rating,y\nA,B,2,1\nB,C,3,0\nC,A,1,2\n";
    let model = |key: &str| {
        format!(
            "axis team; data {key}[row]: team from \"home\"; data away[row]: team; data rating[team]: real; data y[row]: real;
             a[team] ~ Normal(rating, 1); observe y ~ Normal(a[{key}] - a[away], 1);"
        )
    };
    let (parsed, _) = Model::parse(&model("home"));
    let Err(errors) = parsed.expect("a model").bind(&dataset(main)) else {
        panic!("either could be meant");
    };
    assert!(
        errors[0].message.contains("`home` or by `away`"),
        "{errors:?}"
    );
    // The column that is called as the axis is the key.
    let found = bind_to(&model("team"), &dataset(main))
        .density(&Point::Unconstrained(vec![2.0, 3.0, 1.0]))
        .unwrap();
    let exact = 3.0 * ln_normal(0.0, 0.0, 1.0)
        + ln_normal(1.0, -1.0, 1.0)
        + ln_normal(0.0, 2.0, 1.0)
        + ln_normal(2.0, -1.0, 1.0);
    assert!((found.log_density - exact).abs() < 1e-12);
}
