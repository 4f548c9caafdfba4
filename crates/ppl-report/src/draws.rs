//! Draws as a Stan-style CSV: comments, a header, a line a draw.

use crate::csv::field;
use crate::{VERSION, number::push_shortest};
use ppl_infer::{Draws, Fit};
use std::io::{self, Write};

/// Writes the draws line by line, so that they are never held twice.
///
/// Comment lines start with `# ` and hold `key = value`. Column names are those of the summary, quoted as in RFC 4180
/// where they hold a comma. Numbers are the shortest text that reads back as the same double; what is not finite is
/// `nan`, `inf` or `-inf`, as in Stan's files.
///
/// # Errors
/// Those of the writer.
pub fn draws_csv(fit: &Fit, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "# ppl_version = {VERSION}")?;
    writeln!(out, "# method = variational")?;
    writeln!(out, "# guide = {}", fit.guide.replace(['\n', '\r'], " "))?;
    writeln!(out, "# seed = {}", fit.seed)?;
    writeln!(out, "# verdict = {}", fit.verdict.word())?;
    writeln!(out, "# draws = {}", fit.draws.values.nrows())?;
    draws_table(&fit.draws, out)
}

/// Draws alone: a header, then a line a draw.
///
/// # Errors
/// Those of the writer.
pub fn draws_table(draws: &Draws, out: &mut impl Write) -> io::Result<()> {
    let mut line = String::new();
    for (at, name) in draws.names.iter().enumerate() {
        separate(&mut line, at);
        line.push_str(&field(name));
    }
    writeln!(out, "{line}")?;
    for draw in draws.values.rows() {
        line.clear();
        for (at, &value) in draw.iter().enumerate() {
            separate(&mut line, at);
            if !push_shortest(&mut line, value) {
                line.push_str(not_finite(value));
            }
        }
        writeln!(out, "{line}")?;
    }
    out.flush()
}

fn separate(line: &mut String, at: usize) {
    if at > 0 {
        line.push(',');
    }
}

fn not_finite(value: f64) -> &'static str {
    match value {
        v if v.is_nan() => "nan",
        v if v > 0.0 => "inf",
        _ => "-inf",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn header_and_rows() {
        let mut bytes = vec![];
        draws_csv(&fixture::small(), &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (comments, rest): (Vec<&str>, Vec<&str>) =
            text.lines().partition(|l| l.starts_with("# "));
        assert!(comments.contains(&"# seed = 7") && comments.contains(&"# guide = full-rank"));
        assert_eq!(rest, ["mu,\"a[ST LOUIS, \"\"N\"\"]\"", "1,0.1", "-inf,nan"]);
    }
}
