//! Holes of time, labels and data through which a wrong posterior would pass; see holes.rs.

use ppl_lang::{FitOptions, GuideChoice, Model};
use ppl_tests::holes::{near, posterior, real, says, unit};
use ppl_tests::{dataset, density_at, fit, row, with_guide};

fn options() -> FitOptions {
    with_guide(GuideChoice::FullRank)
}

#[test]
fn a_chain_across_subjects() {
    let data = "subject,y\na,4.1\na,3.9\nb,-4.2\nb,-3.8\n";
    let chain = |by: &str| {
        format!(
            "axis subject; data subject[row]: subject; data y[row]: real; phi ~ Normal(0, 10);
            for t in row {by} skip 1 {{ observe y[t] ~ Normal(phi * y[t-1], 1); }}"
        )
    };
    says(&chain(""), data, "W0222");
    near(posterior(&chain(""), data, real).0, 0.313);
    near(posterior(&chain("by subject"), data, real).0, 0.927);
    // The time alone tells as well, and a warning is no error.
    let by_time = "data y[row]: real; phi ~ Normal(0, 1); for t in row skip 1 { observe y[t] ~ Normal(phi * y[t-1], 1); }";
    says(by_time, "time,y\n1,2\n2,1\n1,4\n2,3\n", "W0222");
    // So does a column that counts: it goes back, or would go on by one if it were sorted.
    says(by_time, "trial,y\n4,2\n3,1\n2,4\n1,3\n", "W0222");
    says(by_time, "trial,y\n1,2\n4,1\n3,4\n2,3\n", "W0222");
    // One that begins anew, stands still, or numbers things in no order says nothing.
    for quiet in [
        "trial,y\n1,2\n2,1\n1,4\n2,3\n",
        "block,y\n3,2\n3,1\n1,4\n1,3\n2,3\n2,3\n",
        "match,y\n107,2\n12,1\n230,4\n15,3\n",
    ] {
        let (model, _) = ppl_lang::Model::parse(by_time);
        let model = model.expect("a model");
        let (_, warnings) = model.bind(&dataset(quiet)).expect("data that fit");
        assert!(warnings.is_empty(), "{quiet}: {warnings:?}");
    }
}

#[test]
fn a_gap_in_time() {
    let data = "year,y\n2000,4\n2003,0.5\n2004,0.25\n";
    let chain = |power: &str| {
        format!(
            "data year[row]: real; data y[row]: real; phi ~ Uniform(0, 1);
            for t in row skip 1 {{ observe y[t] ~ Normal(phi{power} * y[t-1], 0.01); }}"
        )
    };
    says(&chain(""), data, "W0223");
    near(posterior(&chain(""), data, unit).0, 0.131);
    near(
        posterior(&chain("^(year[t] - year[t-1])"), data, unit).0,
        0.5,
    );
}

#[test]
fn the_alphabet_as_an_order() {
    let data = "answer,x\nlow,-2\nlow,-1\nmedium,0\nmedium,0.5\nhigh,1\nhigh,2\n";
    let model = |levels: &str| {
        format!(
            "axis answer{levels}; axis cut = 2; data answer[row]: answer; data x[row]: real;
            b ~ Normal(0, 1); let c[cut] = [-1, 1]; observe answer ~ OrderedLogistic(b * x, c);"
        )
    };
    says(&model(""), data, "E0118");
    let right = posterior(&model(" = {low, medium, high}"), data, real).0;
    let wrong = posterior(&model(" = {high, low, medium}"), data, real).0;
    assert!(right > 0.9 && wrong < 0.0, "{right} {wrong}");
}

#[test]
fn one_label_in_two_spellings() {
    let model = "axis site; data site[row]: site; data y[row]: real; a[site] ~ Normal(0, 100); observe y ~ Normal(a[site], 1);";
    let data = "site,y\n1,0\n1 ,0\n01,0\n01,0\n";
    says(model, data, "W0224");
    near(
        row(&fit(model, data, &options()), "a[1]").sd,
        0.5_f64.sqrt(),
    );
    // A blank at the end of a cell makes no other label.
    let mended = data.replace("01", "1");
    assert!((row(&fit(model, &mended, &options()), "a[1]").sd - 0.5).abs() < 0.01);
    let two = "axis team; data home[row]: team; data away[row]: team; a[team] ~ Normal(0, 1); factor sum(a[home] - a[away]);";
    says(two, "home,away\nAjax,PSV\npsv,Ajax\n", "E0215");
}

#[test]
fn ids_from_zero() {
    let model = |levels: &str| {
        format!(
            "axis g = {levels}; data g[row]: g; let u[g] = [10, 20, 30]; m ~ Normal(0, 1); factor m * sum(u[g]) / 1000;"
        )
    };
    let data = "g\n0\n1\n2\n1\n";
    says(&model("3"), data, "E0210");
    near(posterior(&model("0..2"), data, real).0, 0.08);
    // Taken as places from 1, id 1 would be the first element.
    near(posterior(&model("3"), "g\n1\n1\n2\n1\n", real).0, 0.05);
}

#[test]
fn a_covariate_that_differs_within_its_level() {
    let model = "axis g; data g[row]: g; data u[g]: real; data y[row]: real; a ~ Normal(0, 100); observe y ~ Normal(a * u[g], 1);";
    let data = "g,u,y\n1,3,6\n1,4,8\n";
    says(model, data, "E0209");
    let by_row =
        "data u[row]: real; data y[row]: real; a ~ Normal(0, 100); observe y ~ Normal(a * u, 1);";
    near(posterior(by_row, data, real).0, 2.0);
    near(
        posterior(model, "g,u,y\n1,3,6\n1,3,8\n", real).0,
        42.0 / 18.0,
    );
}

#[test]
fn a_mean_over_everything() {
    let data = "x_a,x_b,y\n-1,9,2\n1,11,4\n";
    let model = |centre: &str| {
        format!("axis f = columns(\"x_*\"); data X[row, f]: real; data y[row]: real; a ~ Normal(0, 100); let b[f] = [0, 1];
            {centre} observe y ~ Normal(a + Z @ b, 1);")
    };
    says(&model("let Z[row, f] = X - mean(X);"), data, "E0106");
    near(
        posterior(
            &model("let Z[row, f] = X - mean(X, over = row);"),
            data,
            real,
        )
        .0,
        3.0,
    );
    let all = "let by_row[row] = mean(X, over = f); let Z[row, f] = X - mean(by_row);";
    near(posterior(&model(all), data, real).0, -2.0);
}

#[test]
fn a_level_and_a_value_of_one_name() {
    let head = "axis c = {left, right}; let m[c] = [0, 6]; data y[row]: real; a ~ Normal(0, 100);";
    let data = "y,left\n4,right\n4,right\n";
    says(
        &format!("{head} data left[row]: c; observe y ~ Normal(a + m[left], 1);"),
        data,
        "E0110",
    );
    near(
        posterior(
            &format!("{head} data side[row]: c from \"left\"; observe y ~ Normal(a + m[side], 1);"),
            data,
            real,
        )
        .0,
        -2.0,
    );
    near(
        posterior(
            &format!("{head} observe y ~ Normal(a + m[left], 1);"),
            data,
            real,
        )
        .0,
        4.0,
    );
}

#[test]
fn missing_cells_without_a_distribution() {
    let data = "x\n4\nNA\n8\n";
    says(
        "data x[row]: real?; m ~ Normal(0, 1); factor m * sum(x);",
        data,
        "E0126",
    );
    let model = "data x[row]: real?; m ~ Normal(0, 100); observe x ~ Normal(m, 1);";
    near(posterior(model, data, real).0, 6.0);
    // A zero in its place.
    near(
        posterior(&model.replace('?', ""), "x\n4\n0\n8\n", real).0,
        4.0,
    );
}

#[test]
fn ones_and_twos_as_truth_values() {
    let model = "data y[row]: bool; p ~ Beta(1, 1); observe y ~ Bernoulli(p);";
    says(model, "y\n1\n2\n2\n1\n", "E0314");
    near(posterior(model, "y\n0\n1\n1\n0\n", unit).0, 0.5);
    // What is not 0 would be true.
    near(posterior(model, "y\n1\n1\n1\n1\n", unit).0, 5.0 / 6.0);
}

#[test]
fn a_key_that_stands_twice() {
    use ppl_data::Table;
    let model = "axis g; data g[row]: g; data u[g]: real; data y[row]: real; a ~ Normal(0, 100); observe y ~ Normal(a * u[g], 1);";
    let tables = |g: &str| {
        let mut data = dataset("g,y\n1,12\n");
        let table = Table::from_csv_text("g.csv", g).expect("a table");
        data.tables.insert("g".to_owned(), table);
        data
    };
    let parsed = Model::parse(model).0.expect("a model");
    let twice = parsed.bind(&tables("g,u\n1,3\n1,4\n")).err();
    assert_eq!(twice.map(|e| e[0].code), Some("E0205"));
    // The first line, or the last.
    for (line, slope) in [("1,3", 4.0), ("1,4", 3.0)] {
        let bound = ppl_tests::bind_to(model, &tables(&format!("g,u\n{line}\n")));
        let slope_at = |a: f64| density_at(&bound, &[("a", a)]).0;
        assert!(slope_at(slope) > slope_at(slope + 0.1) && slope_at(slope) > slope_at(slope - 0.1));
    }
}
