//! `pointwise.bin`: a line of JSON, then numbers, little-endian: the log weights of the draws in double precision, then draw
//! by draw the log likelihoods of all units in single precision.

use ndarray::Array2;
use ppl_infer::pointwise::{Outcome, Pointwise};
use serde_json::{Value, json};
use std::io::{self, Write};

/// The version of the layout.
const FORMAT: u64 = 1;

/// Writes the file.
///
/// # Errors
/// Where `out` refuses.
pub fn write_pointwise(of: &Pointwise, out: &mut dyn Write) -> io::Result<()> {
    let outcomes: Vec<Value> = of
        .outcomes
        .iter()
        .map(|o| json!({ "name": o.name, "units": o.units, "fingerprint": format!("{:016x}", o.fingerprint) }))
        .collect();
    let head = json!({ "format": FORMAT, "draws": of.log_weights.len(), "outcomes": outcomes });
    writeln!(out, "{head}")?;
    for w in &of.log_weights {
        out.write_all(&w.to_le_bytes())?;
    }
    for v in &of.log_likelihood {
        out.write_all(&v.to_le_bytes())?;
    }
    Ok(())
}

/// Reads the file; `None` where it is none, or cut off.
pub fn read_pointwise(bytes: &[u8]) -> Option<Pointwise> {
    let end = bytes.iter().position(|b| *b == b'\n')?;
    let head: Value = serde_json::from_slice(&bytes[..end]).ok()?;
    if head["format"] != FORMAT {
        return None;
    }
    let draws = usize::try_from(head["draws"].as_u64()?).ok()?;
    let outcomes: Option<Vec<Outcome>> = head["outcomes"].as_array()?.iter().map(outcome).collect();
    let outcomes = outcomes?;
    let units: usize = outcomes.iter().map(|o| o.units.len()).sum();
    let rest = &bytes[end + 1..];
    let first = draws.checked_mul(8)?;
    let size = draws.checked_mul(units)?.checked_mul(4)?;
    if draws == 0 || rest.len() != first.checked_add(size)? {
        return None;
    }
    let (weights, values) = rest.split_at(first);
    let weights = weights.as_chunks::<8>().0;
    let values = values.as_chunks::<4>().0;
    let values: Vec<f32> = values.iter().map(|b| f32::from_le_bytes(*b)).collect();
    Some(Pointwise {
        outcomes,
        log_weights: weights.iter().map(|b| f64::from_le_bytes(*b)).collect(),
        log_likelihood: Array2::from_shape_vec((draws, units), values).ok()?,
    })
}

fn outcome(value: &Value) -> Option<Outcome> {
    let units = value["units"].as_array()?.iter();
    let units: Option<Vec<String>> = units.map(|u| u.as_str().map(str::to_owned)).collect();
    Some(Outcome {
        name: value["name"].as_str()?.to_owned(),
        units: units?,
        fingerprint: u64::from_str_radix(value["fingerprint"].as_str()?, 16).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let of = Pointwise {
            outcomes: vec![Outcome {
                name: "y".to_owned(),
                units: vec!["y[a\n]".to_owned(), "y[\"b\"]".to_owned()],
                fingerprint: u64::MAX - 5,
            }],
            log_weights: vec![-0.1, 1e-300, f64::NEG_INFINITY],
            log_likelihood: ndarray::array![[1.0, 2.0], [-3.5, f32::NEG_INFINITY], [0.0, 1e-30]],
        };
        let mut bytes = vec![];
        write_pointwise(&of, &mut bytes).unwrap();
        assert_eq!(read_pointwise(&bytes), Some(of));
        // Cut off anywhere it is no such file.
        assert!((0..bytes.len()).all(|n| read_pointwise(&bytes[..n]).is_none()));
        assert_eq!(
            read_pointwise(b"{\"format\":1,\"draws\":18446744073709551615,\"outcomes\":[]}\n"),
            None
        );
    }
}
