//! Block registers: a value's register is free again after its last use.

use crate::lower::{Lowered, Source, Target};

/// Registers of a kernel.
pub(crate) struct Registers {
    /// Register of every virtual one.
    pub(crate) of: Vec<usize>,
    /// How many there are.
    pub(crate) count: usize,
    /// How many more there are for all positions at once; they are numbered on their own and never shared.
    pub(crate) wide: usize,
}

/// Assigns registers; the destination of a step never shares one with its operands.
pub(crate) fn assign(lowered: &Lowered) -> Registers {
    let mut last_use = vec![0; lowered.n_virtual];
    for (at, step) in lowered.steps.iter().enumerate() {
        for arg in &step.args {
            if let Source::Register(v) = arg {
                last_use[*v] = at;
            }
        }
    }
    let mut registers = Registers {
        of: vec![0; lowered.n_virtual],
        count: 0,
        wide: 0,
    };
    let mut free = vec![];
    let mut given = vec![false; lowered.n_virtual];
    for (at, step) in lowered.steps.iter().enumerate() {
        let new = match step.target {
            Target::Register(v) if !std::mem::replace(&mut given[v], true) => Some(v),
            _ => None,
        };
        if let Some(v) = new.filter(|v| lowered.wide.contains(v)) {
            registers.of[v] = registers.wide;
            registers.wide += 1;
        } else if let Some(v) = new {
            registers.of[v] = free.pop().unwrap_or_else(|| {
                registers.count += 1;
                registers.count - 1
            });
        }
        let mut ended: Vec<usize> = step
            .args
            .iter()
            .filter_map(|arg| match arg {
                Source::Register(v) if last_use[*v] == at && !lowered.wide.contains(v) => Some(*v),
                _ => None,
            })
            .collect();
        ended.sort_unstable();
        ended.dedup();
        free.extend(ended.into_iter().map(|v| registers.of[v]));
    }
    registers
}
