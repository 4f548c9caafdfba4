//! Where a log density that is not finite comes from: the statement, its element (with the line of the data), and the values
//! that went in.

use crate::definite;
use crate::objective::ObjectiveError;
use ppl_core::{AxisId, AxisSet, Builder, DRAW, Program, passes};
use ppl_engine::Kernels;
use ppl_model::graph::{Located, Statement, SymbolId};
use ppl_model::lower::{AxisMap, Lowering, Part};
use ppl_model::{AxisRef, Bound};
use ppl_syntax::diagnostic::{Diagnostic, Label};
use std::collections::HashMap;

/// A statement whose density is not finite somewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// `the observation ~ Poisson in row 3 (data.csv:4)`.
    pub place: String,
    /// The whole story.
    pub diagnostic: Diagnostic,
}

/// Looks for the first statement whose density is not finite at these values of the latents (and the model's own params), each in
/// declared order of its axes.
///
/// # Errors
/// Where a statement cannot be lowered.
pub fn find(
    bound: &Bound,
    latents: &HashMap<SymbolId, Vec<f64>>,
) -> Result<Option<Fault>, ObjectiveError> {
    let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
    for located in &bound.model.statements {
        if let Some(fault) = examine(bound, &axes, located, latents)? {
            return Ok(Some(fault));
        }
    }
    Ok(None)
}

/// An output of the program that evaluates a statement.
struct Output {
    values: Vec<f64>,
    axes: AxisSet,
    strides: [usize; 64],
}

/// Positions along some axes.
type Element = HashMap<AxisId, usize>;

impl Output {
    /// The element that has these positions, as far as the output varies.
    fn at(&self, element: &Element) -> f64 {
        let index = self
            .axes
            .iter()
            .map(|a| self.stride(a) * element.get(&a).copied().unwrap_or(0));
        self.values[index.sum::<usize>()]
    }

    fn stride(&self, a: AxisId) -> usize {
        self.strides[a.0 as usize]
    }

    /// Elements that are not finite and agree with what is given.
    fn bad<'s>(
        &'s self,
        given: &'s Element,
        program: &'s Program,
    ) -> impl Iterator<Item = Element> + 's {
        let decode = move |i: usize| -> Element {
            let size = |a: AxisId| program.axes[a.0 as usize].size;
            let axes = self.axes.iter();
            axes.map(|a| (a, i / self.stride(a) % size(a))).collect()
        };
        let bad = self
            .values
            .iter()
            .enumerate()
            .filter(|(_, v)| !v.is_finite());
        bad.map(move |(i, _)| decode(i))
            .filter(move |e| e.iter().all(|(a, at)| given.get(a).is_none_or(|g| g == at)))
    }
}

fn examine(
    bound: &Bound,
    axes: &AxisMap,
    located: &Located,
    latents: &HashMap<SymbolId, Vec<f64>>,
) -> Result<Option<Fault>, ObjectiveError> {
    let builder = Builder::new(axes.program_axes(1));
    let lowering = Lowering::new(bound, axes, &builder);
    for (&id, values) in latents {
        let declared = &bound.model.symbols[id].axes;
        let numbers = axes.to_program(values, declared);
        lowering.set_latent(id, builder.data(numbers.into(), axes.set(declared)));
    }
    let Some(found) = lowering.inspect(located)? else {
        return Ok(None);
    };
    let evaluate = |nodes: Vec<_>| -> Result<(Vec<Output>, Program), ObjectiveError> {
        let program = Program {
            outputs: nodes,
            ..builder.snapshot()
        };
        let (program, _) = passes::optimise(program);
        let mut kernels = Kernels::compile(&program)?;
        kernels.run(&vec![0.0; program.n_params], &vec![0.0; program.n_noise]);
        let outputs = program.outputs.iter().enumerate().map(|(i, &id)| {
            let axes = program.node(id).axes;
            let (values, strides) = (kernels.output(i).to_vec(), program.strides(axes));
            Output {
                values,
                axes,
                strides,
            }
        });
        Ok((outputs.collect(), program))
    };
    let (density, program) = evaluate(vec![found.density.node(&builder)])?;
    let density = &density[0];
    let none = Element::new();
    let mut bad = density.bad(&none, &program);
    let Some(first) = bad.next() else {
        return Ok(None);
    };
    let more = bad.count();
    let nodes = found.parts.iter().map(|p| p.value.node(&builder)).collect();
    let (values, program) = evaluate(nodes)?;
    let value = density.at(&first);
    let place = place(bound, axes, &found.batch, &first);
    let what = statement_in_words(bound, &located.statement);
    let others = match more {
        0 => String::new(),
        1 => ", and of one element more".to_owned(),
        n => format!(", and of {n} elements more"),
    };
    let message = format!(
        "the log density of {what} is {}{place}{others}",
        shown(value)
    );
    let mut diagnostic = Diagnostic::error("E0401", found.span, message);
    let mut there: Vec<String> = vec![];
    let position = |a: AxisRef| first.get(&axes.id(a)).copied();
    for (part, output) in found.parts.iter().zip(&values) {
        let at = output.at(&first);
        let is_new = |d: &Diagnostic| d.labels.iter().skip(1).all(|l| l.span != part.span);
        let is_single = output
            .axes
            .iter()
            .all(|a| a == DRAW || first.contains_key(&a));
        if !is_single {
            continue;
        }
        if part.is_argument && !part.is_literal && is_new(&diagnostic) {
            diagnostic.labels.push(Label {
                span: part.span,
                message: shown(at),
            });
        } else if let (Some(name), false) = (part.name_at(bound, &position), part.is_argument) {
            there.push(format!("{name} = {}", shown(at)));
        }
    }
    let origin = origin(&found.parts, &values, &program, &first);
    let special = match &origin {
        Some((part, _)) => part.advice.map(str::to_owned),
        None if value.is_nan() => definite::advice(bound, located),
        None => bound.end_beyond_data(located),
    };
    if let Some((part, from)) = origin {
        let message = format!("this is where it first stops being finite{from}");
        diagnostic
            .labels
            .retain(|l| l.span != part.span || l.span == found.span);
        diagnostic.labels.push(Label {
            span: part.span,
            message,
        });
    }
    let mut seen = std::collections::HashSet::new();
    there.retain(|v| seen.insert(v.clone()));
    there.truncate(8);
    let there = match there.is_empty() {
        true => String::new(),
        false => format!("there {}; ", there.join(", ")),
    };
    let advice = match located.statement {
        _ if special.is_some() => special.as_deref().unwrap_or_default(),
        Statement::Observe { .. } if !value.is_nan() => {
            "the observed value is impossible under these arguments: keep them inside of the distribution's domain by the latents' kinds or priors, or choose a distribution that can draw the value"
        }
        Statement::Within(_) => {
            "the value is not what it is declared to be: mend the formula, so that it cannot leave its kind, or leave the kind away"
        }
        _ => {
            "keep what goes in inside of the function's domain: by a kind or a prior that excludes the rest, or by a form that cannot leave it (`exp(x)` is positive, `inv_logit(x)` a probability, a `…Log` or `…Logit` distribution does not overflow)"
        }
    };
    let linked = match &located.statement {
        Statement::Observe { dist, .. } if special.is_none() => dist.linked_form(),
        _ => None,
    };
    let linked = linked.map_or(String::new(), |l| format!("; {l}"));
    Ok(Some(Fault {
        place: format!("{what}{place}"),
        diagnostic: diagnostic.help(format!("{there}{advice}{linked}")),
    }))
}

/// The innermost part that is not finite although all that it was computed from is, with those values.
fn origin<'p, 'b>(
    parts: &'p [Part<'b>],
    values: &[Output],
    program: &Program,
    element: &Element,
) -> Option<(&'p Part<'b>, String)> {
    let bad_in = |i: usize, given: &Element| values[i].bad(given, program).next();
    let start = |i: &usize| parts[*i].is_argument && bad_in(*i, element).is_some();
    let mut at = (0..parts.len()).find(start)?;
    let mut element = element.clone();
    loop {
        element.extend(bad_in(at, &element)?);
        element.retain(|a, _| !parts[at].looked_up.contains(*a));
        match parts[at]
            .operands
            .iter()
            .find(|&&i| bad_in(i, &element).is_some())
        {
            Some(&deeper) => at = deeper,
            None => break,
        }
    }
    let from: Vec<String> = parts[at]
        .operands
        .iter()
        .filter(|&&i| {
            !parts[i].is_literal
                && values[i]
                    .axes
                    .iter()
                    .all(|a| a == DRAW || element.contains_key(&a))
        })
        .map(|&i| {
            let value = shown(values[i].at(&element));
            match &parts[i].name {
                Some(name) => format!("{name} = {value}"),
                None => value,
            }
        })
        .collect();
    let from = match from.is_empty() {
        true => String::new(),
        false => format!(", from {}", from.join(" and ")),
    };
    Some((&parts[at], from))
}

/// ` in row 3 (data.csv:4)`, ` at county OSLO`; empty for a single number.
fn place(bound: &Bound, axes: &AxisMap, batch: &[AxisRef], element: &Element) -> String {
    let mut words = vec![];
    for a in batch {
        let Some(&position) = element.get(&axes.id(*a)) else {
            continue;
        };
        let label = bound.axes[a.axis].labels.get(position).map_or("", |l| l);
        let name = bound.model.axis_name(*a);
        words.push(match bound.rows.lines.get(position) {
            Some(line) if a.axis == 0 => format!("{name} {label} ({}:{line})", bound.rows.path),
            _ => format!("{name} {label}"),
        });
    }
    match words.is_empty() {
        true => String::new(),
        false => format!(" in {}", words.join(", ")),
    }
}

/// The statement, in words.
pub(crate) fn statement_in_words(bound: &Bound, statement: &Statement) -> String {
    match statement {
        Statement::Sample(id) => {
            let name = &bound.model.symbols[*id].name;
            format!("the sample statement of `{name}`")
        }
        Statement::Observe { dist, .. } => {
            format!("the observation ~ {}", dist.distribution.definition().name)
        }
        Statement::Within(id) => {
            let s = &bound.model.symbols[*id];
            let kind = s.kind.as_ref().map_or("real", |k| k.keyword());
            format!("`{}`, which is declared as `{kind}`,", s.name)
        }
        _ => "a factor".to_owned(),
    }
}

/// A number as messages show it: four digits, whole numbers whole.
fn shown(v: f64) -> String {
    if v.is_nan() {
        return "NaN".to_owned();
    }
    if v.is_infinite() {
        return if v > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = v.abs();
    if v.fract() == 0.0 && size < 1e9 {
        format!("{v}")
    } else if (1e-4..1e6).contains(&size) {
        let digits = (3 - size.log10().floor() as i32).max(0) as usize;
        let text = format!("{v:.digits$}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{v:.3e}")
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn numbers() {
        let cases = [
            (3.0, "3"),
            (-0.25, "-0.25"),
            (1234.5678, "1235"),
            (0.0123456, "0.01235"),
            (1e300, "1.000e300"),
        ];
        for (v, text) in cases {
            assert_eq!(shown(v), text);
        }
        assert_eq!(shown(f64::NEG_INFINITY), "-inf");
    }
}
