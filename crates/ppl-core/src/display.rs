//! Programs as text, one line a node: `%12 = mul %3 %7 : [draw,row]`.

use crate::axes::{AxisId, AxisSet};
use crate::program::{IndexId, Op, Program};
use ppl_dist::NodeId;
use std::fmt::{Display, Formatter, Result};

impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (i, node) in self.nodes.iter().enumerate() {
            write!(f, "%{i} = ")?;
            self.write_op(f, &node.op)?;
            writeln!(f, " : {}", self.names(node.axes))?;
        }
        write!(f, "outputs")?;
        self.write_ids(f, &self.outputs)?;
        writeln!(f)
    }
}

impl Program {
    fn write_op(&self, f: &mut Formatter<'_>, op: &Op) -> Result {
        match op {
            Op::Const(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            Op::Data(number) => write!(f, "data {number}"),
            Op::Param { offset } => write!(f, "param @{offset}"),
            Op::Noise { offset } => write!(f, "noise @{offset}"),
            Op::Map(prim, args) => {
                write!(f, "{}", snake_case(&format!("{prim:?}")))?;
                self.write_ids(f, args)
            }
            Op::Gather(a, index) => write!(f, "gather %{} by {}", a.0, self.index_name(*index)),
            Op::Scatter(a, index) => write!(f, "scatter %{} by {}", a.0, self.index_name(*index)),
            Op::Sum(a) => write!(f, "sum %{}", a.0),
            Op::Max(a) => write!(f, "max_over %{}", a.0),
            Op::Stack(parts, axis) => {
                write!(f, "stack {}", self.name(*axis))?;
                self.write_ids(f, parts)
            }
            Op::At(a, axis, position) => write!(f, "at %{} {}={position}", a.0, self.name(*axis)),
            Op::Rename(a, from, to) => write!(
                f,
                "rename %{} {}->{}",
                a.0,
                self.name(*from),
                self.name(*to)
            ),
            Op::Stop(a) => write!(f, "stop %{}", a.0),
            Op::Call(call, part, args) => {
                write!(
                    f,
                    "call {} part {part} of {}",
                    call.0,
                    self.calls[call.0 as usize].name()
                )?;
                self.write_ids(f, args)
            }
        }
    }

    fn write_ids(&self, f: &mut Formatter<'_>, ids: &[NodeId]) -> Result {
        ids.iter().try_for_each(|id| write!(f, " %{}", id.0))
    }

    fn index_name(&self, index: IndexId) -> String {
        let known = &self.indices[index.0 as usize];
        format!(
            "index {} {}->{}",
            index.0,
            self.names(known.axes),
            self.name(known.target)
        )
    }

    fn name(&self, axis: AxisId) -> &str {
        &self.axes[axis.0 as usize].name
    }

    fn names(&self, axes: AxisSet) -> String {
        let names: Vec<&str> = axes.iter().map(|a| self.name(a)).collect();
        format!("[{}]", names.join(","))
    }
}

/// `LnGamma` as `ln_gamma`.
fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && i > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::{Axis, AxisSet, Builder, DRAW, Expr, Real};

    #[test]
    fn a_line_a_node() {
        let b = Builder::new(vec![Axis {
            name: "draw".into(),
            size: 2,
        }]);
        let over = AxisSet::of(&[DRAW]);
        let e = b.sum(
            (b.noise(over).0 + b.param(AxisSet::EMPTY).0).ln_gamma(),
            over,
        ) * Expr::Const(2.0);
        let id = e.node(&b);
        let text = b.finish(vec![id]).to_string();
        let expected = "%0 = noise @0 : [draw]\n%1 = param @0 : []\n%2 = add %1 %0 : [draw]\n%3 = ln_gamma %2 : [draw]\n\
                        %4 = sum %3 : []\n%5 = 2.0 : []\n%6 = mul %5 %4 : []\noutputs %6\n";
        assert_eq!(text, expected);
    }
}
