//! Kernels over many short axes, as the values of discrete sites make them: axes that run as one loop, lanes of several axes, tiles.

mod support;

use ppl_core::{Axis, AxisId, AxisSet, Builder, Expr, Index, Real};
use ppl_engine::Kernels;
use support::{Numbers, axis, check, id, set};

/// Some of the axes.
fn some(numbers: &mut Numbers, axes: usize) -> AxisSet {
    let chosen = numbers.next();
    (0..axes as u8)
        .filter(|a| chosen >> a & 1 == 1)
        .fold(AxisSet::EMPTY, |set, a| set.with(AxisId(a)))
}

fn elements(b: &Builder, axes: AxisSet) -> usize {
    axes.iter().map(|a| b.size(a)).product()
}

/// An index along some axes into another.
fn lookup(b: &Builder, numbers: &mut Numbers, axes: usize) -> (ppl_core::IndexId, AxisSet) {
    let target = AxisId((numbers.next() % axes as u64) as u8);
    let along = some(numbers, axes).without(target);
    let size = b.size(target) as u64;
    let mut values: Vec<u32> = (0..elements(b, along))
        .map(|_| (numbers.next() % size) as u32)
        .collect();
    if numbers.next().is_multiple_of(2) {
        values.sort_unstable();
    }
    let index = Index {
        target,
        axes: along,
        values: values.into(),
    };
    (b.index(index), AxisSet::of(&[target]))
}

/// Sums, products, look-ups and reductions of arrays over random axes.
fn random(seed: u64, sizes: &[usize]) -> ppl_core::Program {
    let mut numbers = Numbers(seed);
    let names = |(i, size): (usize, &usize)| axis(&format!("axis {i}"), *size);
    let axes: Vec<Axis> = sizes.iter().enumerate().map(names).collect();
    let n = axes.len();
    let b = Builder::new(axes);
    let mut values: Vec<Expr> = vec![];
    for k in 0..8 {
        let along = some(&mut numbers, n);
        values.push(match k % 3 {
            0 => b.param(along).0,
            1 => b.noise(along).0,
            _ => b.data(numbers.reals(elements(&b, along)).into(), along),
        });
    }
    for _ in 0..24 {
        let mut pick = || values[(numbers.next() % values.len() as u64) as usize];
        let (x, y, z) = (pick(), pick(), pick());
        let made = match numbers.next() % 8 {
            0 => x + y,
            1 => x * y,
            2 => x * y + z,
            3 => (x * Expr::Const(0.1)).exp(),
            4 => b.sum(x * y, some(&mut numbers, n)) * Expr::Const(0.05),
            5 => b.max_over(x, some(&mut numbers, n)),
            6 => {
                let (index, target) = lookup(&b, &mut numbers, n);
                match b.axes_of(x).contains_all(target) {
                    true => b.gather(x, index),
                    false => x + z,
                }
            }
            _ => {
                let (index, target) = lookup(&b, &mut numbers, n);
                let kept = some(&mut numbers, n).intersection(b.axes_of(x));
                b.scatter(x, index, kept.union(target)) * Expr::Const(0.05)
            }
        };
        if elements(&b, b.axes_of(made)) <= 20_000 {
            values.push(made);
        }
    }
    let outputs = values[8..].iter().map(|e| id(&b, *e)).collect();
    b.finish(outputs)
}

#[test]
fn random_programs() {
    let shapes: [&[usize]; 6] = [
        &[1, 2, 2, 2, 2, 2, 2, 3],
        &[3, 2, 2, 2, 2, 2, 2, 10],
        &[4, 2, 3, 2, 40, 2, 2],
        &[2, 40, 2, 2, 2, 2],
        &[7, 1, 9, 5, 1, 3],
        &[300, 2, 2, 3],
    ];
    for shape in shapes {
        for seed in 0..60 {
            let name = format!("{shape:?}, seed {seed}");
            check(&name, &random(seed, shape), 1e-10);
        }
    }
}

#[test]
fn neighbouring_axes_run_as_one() {
    let b = Builder::new([1, 2, 2, 2, 2, 5].map(|n| axis("", n)).to_vec());
    let of = |axes: &[u8]| b.param(set(axes)).0;
    let (all, last) = (of(&[1, 2, 3, 4, 5]), of(&[4, 5]));
    let (table, first) = (of(&[1, 2, 3, 4, 5]), of(&[1, 2, 3]));
    let outputs = [
        (all * table + all).exp(),
        all + last,
        b.sum(table * first, AxisSet::of(&[AxisId(1)])),
    ];
    let outputs = outputs.map(|e| id(&b, e)).to_vec();
    let program = b.finish(outputs);
    check("one loop", &program, 1e-13);
    let explained = Kernels::compile(&program).map(|k| k.explain());
    let explained = explained.unwrap_or_default();
    // The first alone would run over 80 lanes at once; beside it two others share the space and its loops.
    assert!(
        explained.contains("80 lanes in blocks of 10"),
        "{explained}"
    );
}
