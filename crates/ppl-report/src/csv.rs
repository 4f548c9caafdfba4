//! The summary as CSV, for a program to read: full precision, no rounding.

use crate::number::push_shortest;
use ppl_infer::{Fit, Row};

/// One line a scalar quantity under the header `name,mean,sd,q5,q50,q95,mcse`.
///
/// Fields are quoted as in RFC 4180 where needed; lines end with `\n`. Numbers are the shortest text that reads
/// back as the same double, so that equal files mean equal bits; what is not finite is `NA`. A param has a mean
/// only.
pub fn summary_csv(fit: &Fit) -> String {
    rows_csv(&fit.rows)
}

/// The same of some rows.
pub fn rows_csv(rows: &[Row]) -> String {
    let mut text = String::from("name,mean,sd,q5,q50,q95,mcse\n");
    for row in rows {
        text.push_str(&field(&row.name));
        for value in crate::json::cells(row) {
            text.push(',');
            if !push_shortest(&mut text, value) {
                text.push_str("NA");
            }
        }
        text.push('\n');
    }
    text
}

/// A CSV field: quoted if it holds a comma, a quote, a line end or an outer blank, or could be taken for a comment.
pub(crate) fn field(text: &str) -> String {
    let quoted = text.contains([',', '"', '\n', '\r'])
        || text.starts_with([' ', '#'])
        || text.ends_with(' ')
        || text.is_empty();
    if quoted {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn summary_is_exact_and_quoted() {
        let text = summary_csv(&fixture::small());
        let expected = "name,mean,sd,q5,q50,q95,mcse\n\
            mu,4.4,3.3,-1,4.45,9.8,0.052\n\
            \"a[ST LOUIS, \"\"N\"\"]\",0.30000000000000004,0.1,0.1,0.3,1e-7,0.001\n\
            ratio,NA,NA,NA,2,NA,NA\n\
            w,1.25,NA,NA,NA,NA,NA\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn fields() {
        assert_eq!(field("a[1]"), "a[1]");
        assert_eq!(field("ab[x,y]"), "\"ab[x,y]\"");
        assert_eq!(field("#a"), "\"#a\"");
        assert_eq!(field(""), "\"\"");
    }
}
