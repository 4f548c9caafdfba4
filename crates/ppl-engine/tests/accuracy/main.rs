//! Vector functions against numbers of 106 bits, in units of the last place, for every instruction set of the machine. The
//! table of `docs/src/accuracy.md` is what is found here; `UPDATE_ACCURACY=1` writes it anew.

mod double_double;
mod golden;
mod references;

use ppl_core::{Axis, AxisId, AxisSet, Builder, Expr, Prim};
use ppl_engine::{InstructionSet, Kernels};
use references::Scaled;
use std::fmt::Write;

/// A function under test.
struct Function {
    name: &'static str,
    /// The polygamma's order, where it is one.
    order: Option<f64>,
    prim: Prim,
    reference: fn(f64) -> Scaled,
    /// Where it is measured.
    domain: &'static str,
    /// Ends of stretches that are measured densely, besides all magnitudes between the first two.
    stretches: &'static [(f64, f64)],
    /// Units of the last place that it may be off.
    bar: f64,
}

const ALL: (f64, f64) = (-f64::MAX, f64::MAX);
const POSITIVE: (f64, f64) = (0.0, f64::MAX);

const FUNCTIONS: [Function; 12] = [
    Function::new(
        "exp",
        Prim::Exp,
        references::exp,
        2.0,
        &[ALL, (-746.0, 710.0), (-1.0, 1.0)],
    ),
    Function::new(
        "ln",
        Prim::Ln,
        references::ln,
        2.0,
        &[POSITIVE, (0.0, 4.0), (0.99, 1.01)],
    ),
    Function::new(
        "log1p",
        Prim::Log1p,
        references::log1p,
        2.0,
        &[(-1.0, f64::MAX), (-1.0, 4.0), (-0.01, 0.01)],
    ),
    Function::new(
        "expm1",
        Prim::Expm1,
        references::expm1,
        2.0,
        &[ALL, (-40.0, 710.0), (-1.0, 1.0)],
    ),
    Function::new(
        "tanh",
        Prim::Tanh,
        references::tanh,
        2.0,
        &[ALL, (-20.0, 20.0), (-1.0, 1.0)],
    ),
    Function::new(
        "inv_logit",
        Prim::InvLogit,
        references::inv_logit,
        2.0,
        &[ALL, (-746.0, 40.0), (-4.0, 4.0)],
    ),
    Function::new(
        "softplus",
        Prim::Softplus,
        references::softplus,
        2.0,
        &[ALL, (-746.0, 40.0), (-4.0, 4.0)],
    ),
    Function::new(
        "erf",
        Prim::Erf,
        references::erf,
        2.0,
        &[ALL, (-6.0, 6.0), (-1.5, 1.5)],
    ),
    Function::new(
        "Phi",
        Prim::Phi,
        references::phi,
        2.0,
        &[ALL, (-38.5, 9.0), (-3.0, 3.0)],
    ),
    Function::new(
        "lgamma",
        Prim::LnGamma,
        references::ln_gamma,
        4.0,
        &[POSITIVE, (0.0, 30.0), (0.9, 2.1)],
    ),
    Function::new(
        "digamma",
        Prim::Polygamma,
        references::digamma,
        4.0,
        &[POSITIVE, (0.0, 30.0), (1.3, 1.6)],
    )
    .of_order(0.0),
    Function::new(
        "trigamma",
        Prim::Polygamma,
        references::trigamma,
        4.0,
        &[(1e-150, 1e300), (0.0, 30.0)],
    )
    .of_order(1.0),
];

impl Function {
    const fn new(
        name: &'static str,
        prim: Prim,
        reference: fn(f64) -> Scaled,
        bar: f64,
        stretches: &'static [(f64, f64)],
    ) -> Function {
        let domain = if stretches[0].0 >= 0.0 {
            "x > 0"
        } else if stretches[0].0 == -1.0 {
            "x > -1"
        } else {
            "all numbers"
        };
        Function {
            name,
            order: None,
            prim,
            reference,
            domain,
            stretches,
            bar,
        }
    }

    const fn of_order(self, order: f64) -> Function {
        Function {
            order: Some(order),
            ..self
        }
    }

    fn values(&self, x: &[f64], set: InstructionSet) -> Vec<f64> {
        values(self.prim, self.order, x, set)
    }

    /// Numbers of all magnitudes in the first stretch, and evenly spaced ones in the others.
    fn points(&self) -> Vec<f64> {
        const EACH: u64 = 12_000;
        let (low, high) = self.stretches[0];
        let magnitudes =
            (0..EACH).map(|i| f64::from_bits(i * (f64::MAX.to_bits() / EACH) + 12_345));
        let both = magnitudes.flat_map(|x| [x, -x]);
        let mut points: Vec<f64> = both.filter(|x| *x > low && *x < high).collect();
        for &(low, high) in &self.stretches[1..] {
            let step = (high - low) / EACH as f64;
            points.extend((0..EACH).map(|i| low + step * (i as f64 + 0.37)));
        }
        points
    }
}

/// A primitive's values through kernels of an instruction set.
fn values(prim: Prim, order: Option<f64>, x: &[f64], set: InstructionSet) -> Vec<f64> {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    let b = Builder::new(vec![axis("draw", 1), axis("row", x.len())]);
    let x = b.data(x.into(), AxisSet::EMPTY.with(AxisId(1)));
    let y = match order {
        Some(order) => Expr::apply(prim, &[Expr::Const(order), x]),
        None => Expr::apply(prim, &[x]),
    };
    let y = y.node(&b);
    let program = b.finish(vec![y]);
    let mut kernels = Kernels::compile_for(&program, set).unwrap();
    kernels.run(&[], &[]);
    kernels.output(0).to_vec()
}

/// How far off a value is, in units of the last place of the true one.
fn off(got: f64, (true_value, power): Scaled) -> f64 {
    const PLACE: i32 = 52;
    const SMALLEST: i32 = -1074;
    let (_, exponent) = libm::frexp(true_value.0);
    let exponent = exponent - 1 + power;
    if exponent > 1023 {
        // The true value is beyond the range.
        return if got == f64::INFINITY.copysign(true_value.0) {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let unit = (exponent - PLACE).max(SMALLEST);
    // Both in these units; the difference of the high parts is exact.
    let scaled = |x: f64, power: i32| libm::scalbn(x, power - unit);
    if got == 0.0 && true_value.0 == 0.0 {
        return 0.0;
    }
    if !got.is_finite() {
        return f64::INFINITY;
    }
    ((scaled(got, 0) - scaled(true_value.0, power)) - scaled(true_value.1, power)).abs()
}

/// The largest error of a function for each instruction set, and where.
fn worst(function: &Function) -> Vec<(f64, f64)> {
    let x = function.points();
    let truth: Vec<Scaled> = x.iter().map(|&x| (function.reference)(x)).collect();
    let sets = InstructionSet::available();
    let of_set = |&set: &InstructionSet| {
        let errors = function.values(&x, set).into_iter().zip(&truth).zip(&x);
        errors
            .map(|((got, &truth), &x)| (off(got, truth), x))
            .fold((0.0, 0.0), |worst, e| {
                if e.0 > worst.0 || e.0.is_nan() {
                    e
                } else {
                    worst
                }
            })
    };
    sets.iter().map(of_set).collect()
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/accuracy.md");
const COLUMNS: [&str; 3] = ["baseline", "avx2", "avx512"];

#[test]
fn functions_are_as_accurate_as_the_table_says() {
    let found: Vec<Vec<(f64, f64)>> = std::thread::scope(|scope| {
        let threads: Vec<_> = FUNCTIONS.iter().map(|f| scope.spawn(|| worst(f))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let page = std::fs::read_to_string(PAGE).unwrap_or_default();
    let mut beyond = vec![];
    let mut table = String::from(
        "| function | over | bar | baseline | avx2 | avx512 |\n|---|---|---|---|---|---|\n",
    );
    for (function, found) in FUNCTIONS.iter().zip(&found) {
        let name = function.name;
        for ((error, x), set) in found.iter().zip(InstructionSet::available()) {
            println!("{name}, {}: {error:.3} at {x:e}", set.name());
            if error.is_nan() || *error > function.bar {
                beyond.push(format!(
                    "{name} ({}) is off by {error} units in the last place at {x:e}",
                    set.name()
                ));
            }
        }
        let row = format!("| {name} | ");
        let committed = page
            .lines()
            .find(|line| line.starts_with(&row))
            .unwrap_or("");
        let committed: Vec<&str> = committed.split('|').map(str::trim).collect();
        write!(table, "{row}{} | {} |", function.domain, function.bar).unwrap();
        for (i, column) in COLUMNS.iter().enumerate() {
            let sets = InstructionSet::available();
            let measured = sets.iter().position(|set| set.name() == *column);
            // What this machine cannot measure stays as it is.
            let entry = match measured {
                Some(set) => format!("{:.2}", found[set].0),
                None => committed.get(i + 4).copied().unwrap_or("").to_owned(),
            };
            write!(table, " {entry} |").unwrap();
        }
        table.push('\n');
    }
    assert!(beyond.is_empty(), "{}", beyond.join("\n"));
    if std::env::var_os("UPDATE_ACCURACY").is_some() {
        let start = page.find("| function |").unwrap();
        let end = page[start..]
            .find("\n\n")
            .map_or(page.len(), |at| start + at + 1);
        let new = format!("{}{table}{}", &page[..start], &page[end..]);
        std::fs::write(PAGE, new).unwrap();
    } else if cfg!(target_arch = "x86_64") {
        // Elsewhere the baseline may have fused multiply-add, and only the bars hold.
        assert!(
            page.contains(&table),
            "docs/src/accuracy.md differs; UPDATE_ACCURACY=1 writes it anew:\n{table}"
        );
    }
}

#[test]
fn references_are_right() {
    for &(name, x, high, low, power) in &golden::GOLDEN {
        let function = FUNCTIONS.iter().find(|f| f.name == name).unwrap();
        let (value, scale) = (function.reference)(x);
        let scaled = |v: f64| libm::scalbn(v, scale - power);
        let error = ((scaled(value.0) - high) + (scaled(value.1) - low)) / high;
        assert!(error.abs() < 1e-24, "{name}({x}) is off by {error:e}");
    }
}

#[test]
fn special_numbers() {
    let x = [
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        f64::MAX,
        -f64::MAX,
        5e-324,
        -1.0,
        -2.5,
        -1e300,
    ];
    for set in InstructionSet::available() {
        for function in &FUNCTIONS {
            for (&x, got) in x.iter().zip(function.values(&x, set)) {
                let want = match function.order {
                    Some(order) => function.prim.eval(&[order, x]),
                    None => function.prim.eval(&[x]),
                };
                let close = got == want
                    || (got - want).abs() <= 1e-14 * want.abs()
                    || (got.is_nan() && want.is_nan());
                assert!(
                    close,
                    "{} ({}) at {x:e}: {got:e} instead of {want:e}",
                    function.name,
                    set.name()
                );
            }
        }
    }
}

#[test]
fn long_chains_compile() {
    let b = Builder::new(vec![Axis {
        name: "draw".into(),
        size: 1,
    }]);
    let p = b.param(AxisSet::EMPTY).0;
    let chain = (0..100_000).fold(p, |x, _| Expr::apply(Prim::Tanh, &[x]));
    let chain = chain.node(&b);
    let mut kernels = Kernels::compile(&b.finish(vec![chain])).unwrap();
    kernels.run(&[0.5], &[]);
    assert!(kernels.output(0)[0] > 0.0);
}
