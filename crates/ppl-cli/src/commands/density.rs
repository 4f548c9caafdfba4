//! `ppl density`: the log joint density at a point, for checking a model against another system.

use crate::inputs::Inputs;
use crate::messages::{codes, plain};
use crate::outcome::Outcome;
use crate::session::Session;
use crate::terminal::Terminal;
use ppl_lang::{Array, Bound, DensityError, Diagnostic, FitError, Gradient, Point};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Arguments of `ppl density`.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  ppl density model.ppl data.csv --at point.json
  ppl density model.ppl data.csv --at vector.json --unconstrained

The point is an object such as {\"mu\": 4.5, \"theta\": [1, 2]}: every latent by name on its own scale, arrays nested in
declared order of their axes; with --unconstrained a flat list: the sites in order, each batch row-major, each event's
unconstrained numbers. All constants are kept. Numbers that are not finite are printed as \"inf\", \"-inf\", \"nan\".
Discrete sites that are summed out are no part of the point."
)]
pub struct Density {
    #[command(flatten)]
    inputs: Inputs,
    /// The point, a JSON file
    #[arg(long, value_name = "FILE")]
    at: PathBuf,
    /// The point is a flat list on the unconstrained scale; the density then includes the log Jacobian
    #[arg(long)]
    unconstrained: bool,
}

/// Most bytes of a point.
const MAX_POINT: u64 = 1 << 30;

/// Runs it.
pub fn run(density: &Density, terminal: &Terminal) -> Outcome {
    density.print(terminal).into()
}

impl Density {
    fn print(&self, terminal: &Terminal) -> Result<(), Outcome> {
        let session = Session::open(&self.inputs, terminal)?;
        let point = self.point().map_err(|errors| session.refuse(&errors))?;
        let bound = session.bind()?;
        let density = bound
            .density(&point)
            .map_err(|error| self.refuse(error, &session, &bound))?;
        let terms: Vec<Value> = density
            .terms
            .iter()
            .map(|term| {
                let line = session.line(term.span);
                match &term.site {
                    Some(site) => {
                        json!({"line": line, "role": "prior", "site": site, "value": number(term.value)})
                    }
                    None => json!({"line": line, "role": "likelihood", "value": number(term.value)}),
                }
            })
            .collect();
        let mut out = Map::new();
        out.insert("log_density".to_owned(), number(density.log_density));
        if let Some(jacobian) = density.log_jacobian {
            out.insert("log_jacobian".to_owned(), number(jacobian));
        }
        out.insert("terms".to_owned(), terms.into());
        let gradient = match &density.gradient {
            Gradient::Unconstrained(values) => values.iter().map(|v| number(*v)).collect(),
            Gradient::Constrained(sites) => Value::Object(
                sites
                    .iter()
                    .map(|(name, array)| (name.clone(), nested(&array.shape, &array.values)))
                    .collect(),
            ),
        };
        out.insert("gradient".to_owned(), gradient);
        let text = format!("{:#}\n", Value::Object(out));
        terminal.result(&text)?;
        if let Some(fault) = density.fault {
            session.print(&[*fault]);
        }
        Ok(())
    }

    fn refuse(&self, error: DensityError, session: &Session<'_>, bound: &Bound) -> Outcome {
        match error {
            DensityError::Objective(error) => {
                session.refuse_fit(&FitError::Objective(error), bound)
            }
            DensityError::Point(mistakes) => {
                let errors: Vec<Diagnostic> = mistakes
                    .into_iter()
                    .map(|m| plain(codes::POINT, m.message).help(m.help))
                    .collect();
                session.refuse(&errors)
            }
        }
    }

    /// Reads the point; all that is wrong with it.
    fn point(&self) -> Result<Point, Vec<Diagnostic>> {
        let name = self.at.display();
        let text = read(&self.at).map_err(|error| {
            vec![plain(
                codes::POINT,
                format!("`{name}` cannot be read: {error}"),
            )]
        })?;
        let value: Value = serde_json::from_str(&text).map_err(|error| {
            vec![plain(
                codes::POINT,
                format!("`{name}` is not JSON: {error}"),
            )]
        })?;
        match (value, self.unconstrained) {
            (Value::Array(items), true) => items
                .iter()
                .map(Value::as_f64)
                .collect::<Option<Vec<f64>>>()
                .filter(|numbers| numbers.iter().all(|v| v.is_finite()))
                .map(Point::Unconstrained)
                .ok_or_else(|| {
                    let message = format!("`{name}` holds something else than finite numbers");
                    let help = "with `--unconstrained` the point is a flat list: `[0.1, -2, 3]`";
                    vec![plain(codes::POINT, message).help(help)]
                }),
            (Value::Object(object), false) => {
                let mut errors = vec![];
                let mut values = std::collections::BTreeMap::new();
                for (key, value) in object {
                    match array(&value) {
                        Some(array) => drop(values.insert(key, array)),
                        None => errors.push(
                            plain(
                                codes::POINT,
                                format!("the value of `{key}` in `{name}` is no array of numbers"),
                            )
                            .help("give a number, or nested lists of equal lengths"),
                        ),
                    }
                }
                if errors.is_empty() {
                    Ok(Point::Constrained(values))
                } else {
                    Err(errors)
                }
            }
            (_, true) => {
                let message = format!("`{name}` is no flat list of numbers");
                Err(vec![plain(codes::POINT, message).help(
                    "`[0.1, -2, 3]`; values by name go without `--unconstrained`",
                )])
            }
            (_, false) => {
                let message = format!("`{name}` is no object of values by name");
                Err(vec![plain(codes::POINT, message).help(
                    "`{\"mu\": 4.5, \"theta\": [1, 2]}`; a flat list goes with `--unconstrained`",
                )])
            }
        }
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_POINT).read_to_string(&mut text)?;
    Ok(text)
}

/// Nested lists as an array; `None` where they are ragged or hold something else than numbers.
fn array(value: &Value) -> Option<Array> {
    let scalar = |v| Array {
        shape: vec![],
        values: vec![v],
    };
    match value {
        Value::Number(number) => number.as_f64().map(scalar),
        Value::Bool(value) => Some(scalar(f64::from(u8::from(*value)))),
        Value::Array(items) => {
            let parts = items.iter().map(array).collect::<Option<Vec<Array>>>()?;
            let inner = parts.first().map_or(vec![], |p| p.shape.clone());
            let mut shape = vec![parts.len()];
            shape.extend(&inner);
            let equal = parts.iter().all(|p| p.shape == inner);
            equal.then(|| Array {
                shape,
                values: parts.into_iter().flat_map(|p| p.values).collect(),
            })
        }
        _ => None,
    }
}

/// An array as nested lists.
fn nested(shape: &[usize], values: &[f64]) -> Value {
    match shape {
        [] => number(values[0]),
        [_, inner @ ..] => {
            let step = inner.iter().product::<usize>().max(1);
            values
                .chunks(step)
                .map(|part| nested(inner, part))
                .collect()
        }
    }
}

/// A number, or a word for what JSON has none for.
fn number(value: f64) -> Value {
    if value.is_finite() {
        value.into()
    } else if value.is_nan() {
        "nan".into()
    } else if value > 0.0 {
        "inf".into()
    } else {
        "-inf".into()
    }
}
