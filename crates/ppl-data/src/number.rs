//! Cells as numbers, and why a cell is none.

use crate::codes;
use crate::source::shown;

/// Whether a trimmed text stands for a missing value: empty, `NA`, `NaN`, `nan` or `null`.
pub fn is_missing(text: &str) -> bool {
    matches!(text, "" | "NA" | "NaN" | "nan" | "null")
}

/// The finite number a trimmed text states: decimal, with optional sign and exponent.
pub fn parse_real(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Why a text is no number: code, what was found, what to do.
pub(crate) fn why_not_real(text: &str, name: &str) -> (&'static str, String, String) {
    let found = shown(text);
    if is_missing(text) {
        let help =
            "remove the row, fill the cell, or declare the column with `?` (`real?`): missing entries are then integrated out".to_owned();
        let what = if text.is_empty() {
            "an empty cell".to_owned()
        } else {
            found
        };
        return (codes::MISSING, format!("{what}, a missing value"), help);
    }
    if let Ok(number) = text.parse::<f64>() {
        let help = if number.is_nan() {
            "write `NA` for a missing value".to_owned()
        } else if text.contains(|c: char| c.is_ascii_digit()) {
            "numbers reach to 1.8e308; give the column another unit".to_owned()
        } else {
            "write `NA` if the value is unknown; a bound goes into a `censored real` column, as in `>10`".to_owned()
        };
        return (
            codes::NOT_FINITE,
            format!("{found}, which is not finite"),
            help,
        );
    }
    (codes::NOT_A_NUMBER, found, mend(text, name))
}

fn mend(text: &str, name: &str) -> String {
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return format!("declare `{name}` as `bool`");
    }
    if text.starts_with(['<', '>', '[']) {
        return format!("declare `{name}` as `censored real`");
    }
    let plain = text.replace('\u{2212}', "-");
    if parse_real(&plain).is_some() {
        return format!("write `{plain}`, with an ASCII minus");
    }
    if let Some(help) = separators(&plain) {
        return help;
    }
    let number = plain.trim_matches(|c: char| !c.is_ascii_digit() && !"+-.".contains(c));
    if !number.is_empty() && number.len() < plain.len() && parse_real(number).is_some() {
        return format!("write `{number}`, without unit or sign of currency");
    }
    format!(
        "write a number or `NA`; for labels declare an axis, as in `axis a; data {name}[row]: a;`"
    )
}

/// Proposals for thousands separators and decimal commas.
fn separators(text: &str) -> Option<String> {
    let is_separator = |c: char| matches!(c, ',' | ' ' | '\'' | '_' | '\u{a0}' | '\u{202f}');
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.,".contains(c)) {
        return None;
    }
    let without = text.replace(is_separator, "");
    let decimal = text.replace(['.', ' ', '\''], "").replace(',', ".");
    let commas = text.matches(',').count();
    let grouped = parse_real(&without).is_some() && groups_of_three(text, is_separator);
    match (grouped, commas == 1 && parse_real(&decimal).is_some()) {
        (true, true) if !text.contains('.') => Some(format!(
            "write `{without}` if the comma separates thousands, `{decimal}` if decimals"
        )),
        (true, _) => Some(format!("write `{without}`, without thousands separators")),
        (false, true) => Some(format!("write `{decimal}`, with a decimal point")),
        _ => None,
    }
}

/// Whether the part before the point is digits in groups of three.
fn groups_of_three(text: &str, is_separator: impl Fn(char) -> bool) -> bool {
    let whole = text
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_start_matches(['+', '-']);
    let mut groups = whole.split(is_separator);
    let first = groups.next().unwrap_or_default().len();
    let rest: Vec<usize> = groups.map(str::len).collect();
    (1..=3).contains(&first) && !rest.is_empty() && rest.iter().all(|&length| length == 3)
}
