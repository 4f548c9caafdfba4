//! Kernels against the reference interpreter, over every operation, every primitive and many shapes.

mod support;

use ppl_core::{AxisId, AxisSet, Builder, Expr, Index, IndexId, Prim};
use support::{Numbers, axis, check, id, set};

const DRAWS: [usize; 3] = [1, 3, 16];
const SIZES: [usize; 7] = [1, 7, 8, 255, 512, 513, 5000];

/// DRAW, a group axis, and a row axis.
fn builder(draws: usize, groups: usize, rows: usize) -> Builder {
    Builder::new(vec![
        axis("draw", draws),
        axis("group", groups),
        axis("row", rows),
    ])
}

fn index(b: &Builder, target: u8, axes: AxisSet, n: usize, size: usize, sorted: bool) -> IndexId {
    let mut numbers = Numbers(n as u64 + 1);
    let mut values: Vec<u32> = (0..n)
        .map(|_| (numbers.next() % size as u64) as u32)
        .collect();
    if sorted {
        values.sort_unstable();
    }
    b.index(Index {
        target: AxisId(target),
        axes,
        values: values.into(),
    })
}

fn data<'b>(b: &'b Builder, axes: AxisSet, n: usize, seed: u64) -> Expr<'b> {
    b.data(Numbers(seed).reals(n).into(), axes)
}

fn apply<'b>(prim: Prim, args: &[Expr<'b>]) -> Expr<'b> {
    Expr::apply(prim, args)
}

#[test]
fn sums_of_every_axis() {
    for draws in DRAWS {
        for rows in SIZES {
            let b = builder(draws, 3, rows);
            let (s, g, n) = (set(&[0]), set(&[1]), set(&[2]));
            let x = data(&b, n, rows, 1);
            let z = b.noise(s.union(g)).0;
            let w = b.noise(s).0;
            let p = b.param(n).0;
            let y = z * x + w * p + x;
            let mut outputs = vec![y, y * y];
            for over in [
                s,
                g,
                n,
                s.union(g),
                s.union(n),
                g.union(n),
                s.union(g).union(n),
            ] {
                outputs.extend([
                    b.sum(y, over),
                    b.sum(y * x, over),
                    b.sum(y * w, over),
                    b.max_over(y, over),
                ]);
            }
            outputs.push(b.log_sum_exp(y, g));
            outputs.push(b.sum(b.log_sum_exp(y, g), n));
            outputs.push(apply(Prim::Exp, &[b.sum(y * y, n) * Expr::Const(1e-4)]) + z);
            let outputs = outputs.into_iter().map(|e| id(&b, e)).collect();
            check(
                &format!("sums, {draws} draws, {rows} rows"),
                &b.finish(outputs),
                1e-11,
            );
        }
    }
}

#[test]
fn gathers_and_scatters() {
    for draws in DRAWS {
        for rows in SIZES {
            for sorted in [false, true] {
                let groups = 5;
                let b = builder(draws, groups, rows);
                let (s, g, n) = (set(&[0]), set(&[1]), set(&[2]));
                let by_row = index(&b, 1, n, rows, groups, sorted);
                let by_draw = index(&b, 1, s, draws, groups, sorted);
                let shift = b.index(Index {
                    target: AxisId(2),
                    axes: n,
                    values: (0..rows as u32)
                        .map(|i| i.saturating_sub(1))
                        .collect::<Vec<_>>()
                        .into(),
                });
                // Two stretches of ascending positions.
                let turn = b.index(Index {
                    target: AxisId(2),
                    axes: n,
                    values: (0..rows as u32).map(|i| (i + 37) % rows as u32).collect(),
                });
                let pick_row = index(&b, 2, g, groups, rows, sorted);
                let both = index(&b, 1, s.union(n), draws * rows, groups, false);
                let x = data(&b, n, rows, 2);
                let za = b.noise(s.union(g)).0;
                let zb = b.param(g).0;
                let grid = b.noise(g.union(n)).0;
                let full = b.noise(s.union(g).union(n)).0;
                let mut out = vec![];
                let eta = b.gather(za, by_row) * x + b.gather(zb, by_row);
                let eta = eta + b.gather(apply(Prim::Exp, &[za + zb]), by_row);
                out.push(eta);
                for source in [za, zb, grid, full] {
                    out.push(b.gather(source, by_row));
                    out.push(b.gather(source, by_draw));
                    out.push(b.gather(source, both));
                    out.push(b.gather(source, pick_row));
                    out.push(b.gather(source, shift));
                    out.push(b.gather(source, shift) + x);
                    out.push(b.gather(source, turn));
                }
                for source in [x, eta, grid, full, x * eta] {
                    for axes in [g, s.union(g)] {
                        out.push(b.scatter(source, by_row, axes));
                        out.push(b.scatter(source, both, axes));
                    }
                    out.push(b.scatter(source, by_row, g.union(n)));
                    out.push(b.scatter(source, shift, n));
                    out.push(b.scatter(source, turn, n));
                    out.push(b.scatter(source, shift, g.union(n)));
                    out.push(b.scatter(source, pick_row, n));
                }
                let outputs = out.into_iter().map(|e| id(&b, e)).collect();
                check(
                    &format!("{draws} draws, {rows} rows, sorted {sorted}"),
                    &b.finish(outputs),
                    1e-11,
                );
            }
        }
    }
}

#[test]
fn stacks_renames_and_elements() {
    for draws in DRAWS {
        for rows in SIZES {
            let b = Builder::new(vec![
                axis("draw", draws),
                axis("k", 3),
                axis("l", 3),
                axis("row", rows),
            ]);
            let (s, k, l, n) = (set(&[0]), set(&[1]), set(&[2]), set(&[3]));
            let x = data(&b, n, rows, 3);
            let z = b.noise(s.union(k)).0;
            let m = b.param(k.union(l)).0;
            let parts = [x, b.at(z, AxisId(1), 1), b.at(z, AxisId(1), 2) * x];
            let stacked = b.stack(&parts, AxisId(2));
            let scalars = b.stack(
                &[
                    b.at(z, AxisId(1), 0),
                    Expr::Const(2.0),
                    b.at(z, AxisId(1), 2),
                ],
                AxisId(2),
            );
            let r = b.rename(z, AxisId(1), AxisId(2));
            let computed = b.rename(apply(Prim::Exp, &[z]), AxisId(1), AxisId(2));
            let out = vec![
                stacked,
                stacked + z,
                scalars,
                scalars * m,
                r,
                r + m * z,
                computed * z + r,
                b.sum(m * r, l),
                b.sum(b.sum(m * r, l) * x, n),
                b.at(stacked, AxisId(0), draws - 1),
                b.at(b.sum(stacked, n), AxisId(2), 1),
                b.at(apply(Prim::Exp, &[x]), AxisId(3), rows - 1),
                b.at(apply(Prim::Exp, &[x * z]), AxisId(3), rows / 2) * x,
                b.stop(stacked) + x,
                Expr::Const(3.0),
                x,
                z,
            ];
            let outputs = out.into_iter().map(|e| id(&b, e)).collect();
            check(
                &format!("views, {draws} draws, {rows} rows"),
                &b.finish(outputs),
                1e-11,
            );
        }
    }
}

#[test]
fn every_primitive() {
    use Prim::*;
    let unary = [
        Recip, Exp, Ln, Log1p, Expm1, Sqrt, Tanh, InvLogit, Softplus, Sin, Cos, Atan, Abs, Sign,
        Floor, LnGamma, Erf, Phi,
    ];
    let binary = [Add, Mul, Pow, Max, Min, Less, LessEq, Equal];
    for draws in DRAWS {
        for rows in SIZES {
            let b = builder(draws, 3, rows);
            let x = data(&b, set(&[2]), rows, 4) * Expr::Const(3.0);
            let y = data(&b, set(&[2]), rows, 5) * b.noise(set(&[0])).0;
            let w = b.noise(set(&[0])).0;
            let c = b.param(AxisSet::EMPTY).0;
            let mut out = vec![];
            for prim in unary {
                out.extend([
                    apply(prim, &[x]),
                    apply(prim, &[w]),
                    apply(prim, &[c]),
                    apply(prim, &[x * w]),
                ]);
            }
            for prim in binary {
                for (l, r) in [
                    (x, y),
                    (x, w),
                    (w, x),
                    (c, x),
                    (x, c),
                    (c, w),
                    (c, c),
                    (x, x),
                ] {
                    out.push(apply(prim, &[l, r]));
                }
            }
            let truth = apply(Less, &[x, y]);
            for (p, q, r) in [
                (truth, x, y),
                (w, x, y),
                (truth, w, c),
                (truth, x, c),
                (c, w, x),
                (truth, c, x),
            ] {
                out.push(apply(Select, &[p, q, r]));
            }
            for (p, q, r) in [(x, y, w), (x, w, y), (w, c, x), (y, c, c), (x, y, x)] {
                out.extend([
                    p * q + r,
                    p * q + -r,
                    r + -(p * q),
                    p + -(q * r),
                    p * q + -(r * x),
                    -(p * q) + -(q * r),
                ]);
            }
            let outputs = out.into_iter().map(|e| id(&b, e)).collect();
            check(
                &format!("primitives, {draws} draws, {rows} rows"),
                &b.finish(outputs),
                2e-14,
            );
        }
    }
}

#[test]
fn gradients_of_a_hierarchy() {
    for draws in DRAWS {
        for rows in [7, 513, 5000] {
            let b = builder(draws, 6, rows);
            let (s, g, n) = (set(&[0]), set(&[1]), set(&[2]));
            let by_row = index(&b, 1, n, rows, 6, true);
            let x = data(&b, n, rows, 6);
            let y = data(&b, n, rows, 7);
            let (z, mu, ln_s) = (
                b.noise(s.union(g)).0,
                b.param(AxisSet::EMPTY).0,
                b.param(AxisSet::EMPTY).0,
            );
            let scale = apply(Prim::Exp, &[ln_s]);
            let residual =
                (y + -(mu + scale * b.gather(z, by_row) * x)) * apply(Prim::Recip, &[scale]);
            let value = b.sum(residual * residual * Expr::Const(-0.5) + -ln_s, s.union(n))
                + b.sum(z * z, s.union(g)) * Expr::Const(-0.5);
            let value = id(&b, value);
            let wrt = [id(&b, z), id(&b, mu), id(&b, ln_s)];
            let gradient = ppl_core::gradient(&b, value, &wrt);
            let program = b.finish([vec![value], gradient].concat());
            check("hierarchy", &program, 1e-10);
            check(
                "hierarchy, optimised",
                &ppl_core::passes::optimise(program).0,
                1e-10,
            );
        }
    }
}
