//! Between which ends the values of a program's nodes are sure to lie: interval arithmetic, one step a node.

use super::Lowering;
use ppl_core::{Expr, NodeId, Op, Prim};

/// A closed interval; ends may be infinite.
pub(super) type Range = (f64, f64);

const ANY: Range = (f64::NEG_INFINITY, f64::INFINITY);

impl<'b> Lowering<'_, 'b> {
    /// Where the values of an expression lie, as far as its operations tell.
    pub(super) fn range(&self, e: Expr<'b>) -> Range {
        let Expr::Node(id, _) = e else {
            let Expr::Const(v) = e else {
                return ANY;
            };
            return (v, v);
        };
        // Arguments come before their uses, so that what is known grows with the program.
        let mut known = self.ranges.borrow_mut();
        for i in known.len()..=id.0 as usize {
            let range = self.range_of(&self.builder.op_of(NodeId(i as u32)), &known);
            known.push(range);
        }
        known[id.0 as usize]
    }

    fn range_of(&self, op: &Op, known: &[Range]) -> Range {
        let of = |id: &NodeId| known[id.0 as usize];
        match op {
            Op::Const(bits) => {
                let v = f64::from_bits(*bits);
                (v, v)
            }
            Op::Data(number) => self.builder.data_range(*number),
            Op::Map(prim, args) => {
                let args: Vec<Range> = args.iter().map(of).collect();
                tidy(map(*prim, &args))
            }
            Op::Gather(a, _) | Op::Max(a) | Op::At(a, ..) | Op::Rename(a, ..) | Op::Stop(a) => {
                of(a)
            }
            // Any number of elements, of which there is at least one.
            Op::Sum(a) | Op::Scatter(a, _) => match of(a) {
                (lo, _) if lo >= 0.0 => (0.0, f64::INFINITY),
                (_, hi) if hi <= 0.0 => (f64::NEG_INFINITY, 0.0),
                _ => ANY,
            },
            Op::Stack(parts, _) => parts.iter().map(of).reduce(union).unwrap_or(ANY),
            Op::Param { .. } | Op::Noise { .. } | Op::Call(..) => ANY,
        }
    }
}

fn union(a: Range, b: Range) -> Range {
    (a.0.min(b.0), a.1.max(b.1))
}

/// What cannot be told (0 times infinity, infinity less infinity) is any number.
fn tidy(r: Range) -> Range {
    if r.0.is_nan() || r.1.is_nan() { ANY } else { r }
}

/// An increasing function of its argument.
fn increasing(prim: Prim, a: Range) -> Range {
    (prim.eval(&[a.0]), prim.eval(&[a.1]))
}

fn map(prim: Prim, a: &[Range]) -> Range {
    use Prim::*;
    match (prim, a) {
        (Add, [x, y]) => (x.0 + y.0, x.1 + y.1),
        (Mul, [x, y]) => {
            // 0 times an end that is only approached is 0.
            let times = |p: f64, q: f64| if p == 0.0 || q == 0.0 { 0.0 } else { p * q };
            let corners = [
                times(x.0, y.0),
                times(x.0, y.1),
                times(x.1, y.0),
                times(x.1, y.1),
            ];
            corners
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |r, &c| union(r, (c, c)))
        }
        (Recip, [x]) if x.0 >= 0.0 => (
            1.0 / x.1,
            if x.0 == 0.0 { f64::INFINITY } else { 1.0 / x.0 },
        ),
        (Exp, [x]) => (x.0.exp(), x.1.exp()),
        (Ln | Sqrt | Log1p, [x]) if x.0 >= if prim == Log1p { -1.0 } else { 0.0 } => {
            increasing(prim, *x)
        }
        (Tanh, [x]) => (x.0.tanh(), x.1.tanh()),
        (InvLogit, [x]) => (1.0 / (1.0 + (-x.0).exp()), 1.0 / (1.0 + (-x.1).exp())),
        (Softplus, [x]) => (
            if x.0 > 0.0 { x.0 } else { 0.0 },
            if x.1 < 700.0 {
                x.1.exp().ln_1p()
            } else {
                f64::INFINITY
            },
        ),
        (Expm1, [x]) => (x.0.exp_m1(), x.1.exp_m1()),
        (Sin | Cos | Erf | Sign, _) => (-1.0, 1.0),
        (Atan, _) => (-std::f64::consts::FRAC_PI_2, std::f64::consts::FRAC_PI_2),
        (Abs, [x]) if x.0 >= 0.0 => *x,
        (Abs, [x]) => (0.0, x.0.abs().max(x.1.abs())),
        (Floor, [x]) => (x.0.floor(), x.1.floor()),
        (Max, [x, y]) => (x.0.max(y.0), x.1.max(y.1)),
        (Min, [x, y]) => (x.0.min(y.0), x.1.min(y.1)),
        (Less | LessEq | Equal | Phi, _) => (0.0, 1.0),
        (LnPhi, _) => (f64::NEG_INFINITY, 0.0),
        (Select, [_, x, y]) => union(*x, *y),
        (Pow, [_, e]) if e.0 == 2.0 && e.1 == 2.0 => (0.0, f64::INFINITY),
        (Pow, [x, _]) if x.0 >= 0.0 => (0.0, f64::INFINITY),
        _ => ANY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_hold_what_the_primitives_give() {
        let ends = [f64::NEG_INFINITY, -2.5, -1.0, 0.0, 0.3, 2.0, f64::INFINITY];
        let points = [
            -1e3, -2.5, -1.7, -1.0, -0.4, 0.0, 0.1, 0.3, 0.9, 1.5, 2.0, 55.0,
        ];
        let ranges: Vec<Range> = ends
            .iter()
            .flat_map(|&lo| {
                ends.iter()
                    .filter(move |&&hi| lo <= hi)
                    .map(move |&hi| (lo, hi))
            })
            .collect();
        use Prim::*;
        for prim in [
            Add, Mul, Recip, Exp, Ln, Log1p, Expm1, Sqrt, Pow, Tanh, InvLogit, Softplus, Sin, Cos,
            Atan, Abs, Sign, Floor, Max, Min, Less, LessEq, Equal, Erf, Phi, LnPhi,
        ] {
            for x in &ranges {
                for y in ranges
                    .iter()
                    .filter(|_| prim.arity() == 2)
                    .chain((prim.arity() == 1).then_some(&ANY))
                {
                    let r = tidy(map(prim, &[*x, *y][..prim.arity()]));
                    for p in points.iter().filter(|p| (x.0..=x.1).contains(*p)) {
                        for q in points.iter().filter(|q| (y.0..=y.1).contains(*q)) {
                            let v = prim.eval(&[*p, *q][..prim.arity()]);
                            let slack = if v.is_finite() { 1e-12 * v.abs() } else { 0.0 };
                            assert!(
                                v.is_nan() || (r.0 - slack <= v && v <= r.1 + slack),
                                "{prim:?} {x:?} {y:?}: {p} {q} gives {v}, not in {r:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}
