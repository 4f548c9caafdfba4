//! The benchmark problems: models in `crates/xtask/bench`, data from fixed seeds.

use super::table::{Random, Table, rounded};
use std::fs;
use std::path::{Path, PathBuf};

/// A problem.
pub struct Problem {
    /// Name of its model and of its table.
    pub name: &'static str,
    make: fn(&mut Random) -> Table,
}

/// All problems.
pub const PROBLEMS: [Problem; 14] = [
    Problem::new("eight_schools", eight_schools),
    Problem::new("linreg", |r| linear(r, 10_000, 20, false)),
    Problem::new("logreg", |r| linear(r, 100_000, 50, true)),
    Problem::new("hier_radon", |r| hier_radon(r, 12_500)),
    Problem::new("poisson_glmm", poisson_glmm),
    Problem::new("gmm_marginal", gmm_marginal),
    Problem::new("stoch_vol", stoch_vol),
    Problem::new("discrete_hmm", discrete_hmm),
    Problem::new("crossed", crossed),
    Problem::new("items", items),
    Problem::new("ordinal", ordinal),
    Problem::new("lda", lda),
    Problem::new("hmm_covariates", hmm_covariates),
    Problem::new("gp", gp),
];

/// A smaller logistic regression, where a hundred thousand rows would take too long.
pub const SHORT_LOGREG: Problem = Problem {
    name: "logreg",
    make: |r| linear(r, 2_000, 50, true),
};

/// The problems of these names; all, if there are none.
pub fn named(names: &[String]) -> Result<Vec<&'static Problem>, String> {
    if names.is_empty() {
        return Ok(PROBLEMS.iter().collect());
    }
    let find = |name: &String| {
        PROBLEMS.iter().find(|p| p.name == name).ok_or_else(|| {
            let all: Vec<&str> = PROBLEMS.iter().map(|p| p.name).collect();
            format!("there is no problem `{name}`; there are {}", all.join(", "))
        })
    };
    names.iter().map(find).collect()
}

/// Directory of models and peers' scripts.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench")
}

impl Problem {
    const fn new(name: &'static str, make: fn(&mut Random) -> Table) -> Problem {
        Problem { name, make }
    }

    /// The model's file.
    pub fn model(&self) -> PathBuf {
        directory().join(format!("{}.ppl", self.name))
    }

    /// The table's file below `directory`, written if it is not there yet.
    pub fn data(&self, directory: &Path) -> Result<PathBuf, String> {
        let path = directory.join(format!("{}.csv", self.name));
        if !path.exists() {
            let table = (self.make)(&mut Random::of(self.name));
            fs::create_dir_all(directory)
                .and_then(|()| fs::write(&path, table.csv()))
                .map_err(|e| format!("{}: {e}", path.display()))?;
        }
        Ok(path)
    }
}

fn eight_schools(_: &mut Random) -> Table {
    let mut t = Table::default();
    t.add("y", [28., 8., -3., 7., -1., 1., 18., 12.]);
    t.add("sigma", [15., 10., 16., 11., 9., 11., 10., 18.]);
    t
}

/// Standard normal columns of 5 decimals, and a linear predictor.
fn columns(r: &mut Random, t: &mut Table, rows: usize, n: usize, scale: f64) -> Vec<f64> {
    let mut predictor = vec![0.0; rows];
    for j in 0..n {
        let b = scale * r.normal();
        let x: Vec<f64> = (0..rows).map(|_| rounded(r.normal(), 5)).collect();
        predictor.iter_mut().zip(&x).for_each(|(p, x)| *p += b * x);
        t.add(&format!("x{j}"), x);
    }
    predictor
}

fn linear(r: &mut Random, rows: usize, n: usize, logistic: bool) -> Table {
    let mut t = Table::default();
    let predictor = columns(r, &mut t, rows, n, if logistic { 0.5 } else { 1.0 });
    let y = predictor.into_iter().map(|p| match logistic {
        true => f64::from(r.flip(1.0 / (1.0 + (0.5 - p).exp()))),
        false => rounded(1.5 + p + 0.7 * r.normal(), 6),
    });
    let y: Vec<f64> = y.collect();
    t.add("y", y);
    t
}

/// Groups in order, each at least once.
fn groups(r: &mut Random, rows: usize, n: usize) -> Vec<usize> {
    let mut g: Vec<usize> = (0..n).chain((n..rows).map(|_| r.below(n))).collect();
    g.sort_unstable();
    g
}

fn add_labels(t: &mut Table, name: &str, labels: &[usize]) {
    t.add(name, labels.iter().map(|&l| l as f64));
}

fn hier_radon(r: &mut Random, rows: usize) -> Table {
    let mut t = Table::default();
    let g = groups(r, rows, 400);
    let a = r.normals(400, 1.3, 0.4);
    let b = r.normals(400, -0.6, 0.25);
    let x: Vec<f64> = g
        .iter()
        .map(|_| rounded(f64::from(r.flip(0.5)) - 0.5 + 0.3 * r.normal(), 5))
        .collect();
    let y: Vec<f64> = g
        .iter()
        .zip(&x)
        .map(|(&g, x)| rounded(a[g] + b[g] * x + 0.75 * r.normal(), 6))
        .collect();
    add_labels(&mut t, "g", &g);
    t.add("x", x);
    t.add("y", y);
    t
}

fn poisson_glmm(r: &mut Random) -> Table {
    let mut t = Table::default();
    let g = groups(r, 20_000, 1000);
    let z = r.normals(1000, 0.0, 0.5);
    let x: Vec<f64> = g.iter().map(|_| rounded(r.normal(), 5)).collect();
    let y: Vec<f64> = g
        .iter()
        .zip(&x)
        .map(|(&g, x)| r.poisson((0.8 + 0.4 * x + z[g]).exp()))
        .collect();
    add_labels(&mut t, "g", &g);
    t.add("x", x);
    t.add("y", y);
    t
}

fn gmm_marginal(r: &mut Random) -> Table {
    let mut t = Table::default();
    let y = (0..5000).map(|_| {
        let k = r.choice(&[0.3, 0.45, 0.25]);
        rounded([-2.5, 0.5, 4.0][k] + [0.6, 0.9, 1.2][k] * r.normal(), 6)
    });
    let y: Vec<f64> = y.collect();
    t.add("y", y);
    t
}

fn stoch_vol(r: &mut Random) -> Table {
    let (mu, phi, sigma) = (-1.0, 0.95, 0.25f64);
    let mut h = mu + sigma / (1.0f64 - phi * phi).sqrt() * r.normal();
    let mut t = Table::default();
    let y: Vec<f64> = (0..2000)
        .map(|_| {
            let y = rounded((h / 2.0).exp() * r.normal(), 6);
            h = mu + phi * (h - mu) + sigma * r.normal();
            y
        })
        .collect();
    t.add("y", y);
    t
}

fn discrete_hmm(r: &mut Random) -> Table {
    let mut state = 0;
    let mut t = Table::default();
    let y: Vec<f64> = (0..1000)
        .map(|_| {
            let y = rounded([-1.0, 1.5][state] + [0.8, 0.6][state] * r.normal(), 6);
            if !r.flip([0.92, 0.85][state]) {
                state = 1 - state;
            }
            y
        })
        .collect();
    t.add("y", y);
    t
}

fn crossed(r: &mut Random) -> Table {
    let (u, v) = (r.normals(300, 0.0, 0.8), r.normals(200, 0.0, 0.5));
    let labels: Vec<(usize, usize)> = (0..20_000).map(|_| (r.below(300), r.below(200))).collect();
    let mut t = Table::default();
    t.add("g", labels.iter().map(|l| l.0 as f64));
    t.add("h", labels.iter().map(|l| l.1 as f64));
    let y: Vec<f64> = labels
        .iter()
        .map(|&(g, h)| rounded(1.0 + u[g] + v[h] + 0.6 * r.normal(), 6))
        .collect();
    t.add("y", y);
    t
}

fn items(r: &mut Random) -> Table {
    let school: Vec<usize> = (0..500).map(|_| r.below(20)).collect();
    let effect = r.normals(20, 0.0, 0.4);
    let ability = r.normals(500, 0.0, 1.0);
    let difficulty = r.normals(40, 0.0, 1.0);
    let discrimination = r.normals(40, 0.0, 0.4);
    let (mut p, mut q, mut y) = (vec![], vec![], vec![]);
    for person in 0..500 {
        for item in 0..40 {
            let eta = discrimination[item].exp() * (ability[person] - difficulty[item]);
            let eta = eta + effect[school[person]];
            p.push(person);
            q.push(item);
            y.push(f64::from(r.flip(1.0 / (1.0 + (-eta).exp()))));
        }
    }
    let s: Vec<usize> = p.iter().map(|&p| school[p]).collect();
    let mut t = Table::default();
    add_labels(&mut t, "p", &p);
    add_labels(&mut t, "q", &q);
    add_labels(&mut t, "s", &s);
    t.add("y", y);
    t
}

fn ordinal(r: &mut Random) -> Table {
    let mut t = Table::default();
    let predictor = columns(r, &mut t, 5000, 8, 0.7);
    let cuts = [-1.5, -0.3, 0.8, 2.0];
    let y: Vec<f64> = predictor
        .into_iter()
        .map(|p| {
            let u = r.uniform();
            let latent = p + (u / (1.0 - u)).ln();
            1.0 + cuts.iter().filter(|c| latent > **c).count() as f64
        })
        .collect();
    t.add("y", y);
    t
}

fn lda(r: &mut Random) -> Table {
    let phi: Vec<Vec<f64>> = (0..5).map(|_| r.weights(200)).collect();
    let theta: Vec<Vec<f64>> = (0..50).map(|_| r.weights(5)).collect();
    let (mut d, mut w) = (vec![], vec![]);
    for n in 0..5000 {
        let document = n / 100;
        // Every word once at least, so that the table names all of them.
        let topic = r.choice(&theta[document]);
        let word = r.choice(&phi[topic]);
        d.push(document);
        w.push(if n < 200 { n } else { word });
    }
    let mut t = Table::default();
    add_labels(&mut t, "d", &d);
    add_labels(&mut t, "w", &w);
    t
}

fn hmm_covariates(r: &mut Random) -> Table {
    let stay = [0.9, 0.85, 0.8];
    let (mut state, mut x, mut y) = (0, vec![], vec![]);
    for _ in 0..1000 {
        let z = rounded(r.normal(), 5);
        let mean = [-2.0, 0.5, 3.0][state] + [0.5, -0.8, 1.0][state] * z;
        x.push(z);
        y.push(rounded(mean + [0.6, 0.5, 0.8][state] * r.normal(), 6));
        if !r.flip(stay[state]) {
            state = (state + 1 + r.below(2)) % 3;
        }
    }
    let mut t = Table::default();
    t.add("x", x);
    t.add("y", y);
    t
}

fn gp(r: &mut Random) -> Table {
    let x: Vec<f64> = (0..300).map(|i| f64::from(i) / 30.0).collect();
    let y: Vec<f64> = x
        .iter()
        .map(|x| rounded(x.sin() + 0.5 * (2.3 * x).cos() + 0.3 * r.normal(), 6))
        .collect();
    let mut t = Table::default();
    t.add("x", x.iter().map(|&x| rounded(x, 5)));
    t.add("y", y);
    t
}

#[cfg(test)]
mod tests {
    use super::PROBLEMS;
    use ppl_lang::parts::infer::choice::with_guide;
    use ppl_lang::parts::infer::timing::{LogDensity, Steps};
    use ppl_lang::{Dataset, GuideChoice, Model, Source};

    #[test]
    fn the_small_ones_can_be_timed() {
        let directory = std::env::temp_dir().join(format!("ppl-bench-{}", std::process::id()));
        for problem in PROBLEMS {
            let text = std::fs::read_to_string(problem.model()).unwrap();
            let (model, found) = Model::parse(&text);
            // Topics can be exchanged, which is told.
            let known = |d: &ppl_lang::Diagnostic| problem.name == "lda" && d.code == "W0135";
            assert!(found.iter().all(known), "{}: {found:?}", problem.name);
            if matches!(problem.name, "logreg" | "linreg" | "gp") {
                continue;
            }
            let data = problem.data(&directory).unwrap();
            let data = Dataset::load(&[Source::Main(&data)]).unwrap();
            let (bound, _) = model.unwrap().bind(&data).unwrap();
            let guided = with_guide(bound.inner(), GuideChoice::MeanField).unwrap();
            let mut density = LogDensity::new(&guided.bound, 2).unwrap();
            assert!(density.run().is_finite(), "{}", problem.name);
            let finite = |g: &[f64]| g.iter().all(|x| x.is_finite());
            assert!(density.gradients().all(finite), "{}", problem.name);
            let mut steps = Steps::new(&guided.bound, 2).unwrap();
            assert!(steps.run().is_finite(), "{}", problem.name);
            let first = steps.run();
            steps.restart();
            steps.run();
            assert_eq!(steps.run(), first, "{}", problem.name);
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
