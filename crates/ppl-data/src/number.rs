//! Cells as numbers, and why a cell is none.

use crate::codes;
use crate::source::shown;

/// Whether a trimmed text stands for a missing value: empty, `NA`, `NaN`, `nan` or `null`.
pub fn is_missing(text: &str) -> bool {
    matches!(text, "" | "NA" | "NaN" | "nan" | "null")
}

/// The finite number a trimmed text states: decimal, with optional sign and exponent.
pub fn parse_real(text: &str) -> Option<f64> {
    if let Some(number) = short_decimal(text.as_bytes()) {
        return Some(number);
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Powers of ten, all exact as `f64`, as far as they are needed.
pub(crate) const POWERS: [u64; 16] = {
    let mut powers = [1; 16];
    let mut k = 1;
    while k < powers.len() {
        powers[k] = 10 * powers[k - 1];
        k += 1;
    }
    powers
};

/// A sign, up to 15 digits and a point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Short {
    negative: bool,
    digits: u64,
    /// Digits behind the point.
    places: usize,
}

impl Short {
    /// Both the digits and the power of ten are exact, so their quotient is rounded once (Clinger 1990).
    #[inline]
    pub(crate) fn value(self) -> f64 {
        let size = self.digits as f64 / POWERS[self.places] as f64;
        if self.negative { -size } else { size }
    }

    /// Digits behind the point that are needed: those before the zeros at its end.
    pub(crate) fn places(self) -> usize {
        let needed = |places: &usize| self.digits.is_multiple_of(POWERS[self.places - places]);
        (0..self.places).find(needed).unwrap_or(self.places)
    }

    /// Whether it is 0 with a minus.
    #[inline]
    pub(crate) fn is_negative_zero(self) -> bool {
        self.negative && self.digits == 0
    }

    /// As a whole number of units of 10 to the power of minus `places`, at most 9 of them; -0 is 0.
    #[inline]
    pub(crate) fn whole(self, places: usize) -> Option<i32> {
        const LARGEST: u64 = i32::MAX as u64;
        let (mut digits, mut own) = (self.digits, self.places);
        if own > places {
            let zeros = POWERS[own - places];
            if !digits.is_multiple_of(zeros) {
                return None;
            }
            (digits, own) = (digits / zeros, places);
        }
        // Below 2^31 times 10^9, which fits.
        if digits > LARGEST || digits * POWERS[places - own] > LARGEST {
            return None;
        }
        let size = (digits * POWERS[places - own]) as i32;
        Some(if self.negative { -size } else { size })
    }
}

/// The value of a short decimal; `None` leaves the text to the standard library.
fn short_decimal(text: &[u8]) -> Option<f64> {
    let (end, number) = short_at(text, 0);
    number.filter(|_| end == text.len()).map(Short::value)
}

/// Reads on from `at` over what may be a short decimal: where it ends, and the decimal if it is one.
#[inline]
pub(crate) fn short_at(text: &[u8], at: usize) -> (usize, Option<Short>) {
    let negative = text.get(at) == Some(&b'-');
    let first = at + usize::from(negative);
    let (mut end, mut digits, mut point) = (first, 0u64, None);
    while let Some(&byte) = text.get(end) {
        match byte {
            // More digits than fit are refused below.
            b'0'..=b'9' => digits = digits.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')),
            b'.' if point.is_none() => point = Some(end),
            _ => break,
        }
        end += 1;
    }
    let n_digits = end - first - usize::from(point.is_some());
    if n_digits == 0 || n_digits >= POWERS.len() {
        return (end, None);
    }
    let short = Short {
        negative,
        digits,
        places: point.map_or(0, |point| end - point - 1),
    };
    (end, Some(short))
}

/// The number that a text states in another way than as a short decimal; NaN if it states none.
pub(crate) fn other_number(text: &str) -> f64 {
    let begins = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.');
    match text.as_bytes().first().filter(|byte| begins(byte)) {
        Some(_) => parse_real(text).unwrap_or(f64::NAN),
        None => f64::NAN,
    }
}

/// Why a text is no number: code, what was found, what to do.
pub(crate) fn why_not_real(text: &str, name: &str) -> (&'static str, String, String) {
    let found = shown(text);
    if is_missing(text) {
        let help =
            "remove the row, fill the cell, or declare the column with `?` (`real?`): missing entries are then integrated out; a cell that a condition of the model never reads may hold any number, such as 0".to_owned();
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

/// How other programs write a missing value, in lower case.
const OTHER_MISSING: [&str; 11] = [
    ".", "-", "--", "?", "n/a", "#n/a", "na", "null", "none", "missing", "unknown",
];

/// Whether a text is a date: three whole numbers, the year first or last, perhaps with a time after them.
fn is_date(text: &str) -> bool {
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let separator = |c: char| matches!(c, '-' | '/' | '.');
    let parts: Vec<&str> = day.split(separator).collect();
    let digits = |p: &&str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3
        && parts.iter().all(digits)
        && (parts[0].len() == 4 || matches!(parts[2].len(), 2 | 4))
        && parts[1].len() <= 2
}

fn mend(text: &str, name: &str) -> String {
    if OTHER_MISSING.contains(&text.to_ascii_lowercase().as_str()) {
        return format!(
            "if the value is missing, write `NA` or nothing, and declare the column with `?`, as in `data {name}[row]: real?;`"
        );
    }
    if is_date(text) {
        return format!(
            "dates are no numbers: give days or years since a start; where each date has unknowns of its own, declare an axis, as in `axis a; data {name}[row]: a;`"
        );
    }
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
        "write a number, or `NA` and a kind with `?` where it is missing; for labels declare an axis, as in `axis a; data {name}[row]: a;`"
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

#[cfg(test)]
mod tests {
    use super::{parse_real, short_decimal};

    #[test]
    fn short_decimals_are_those_of_the_standard_library() {
        let mut state = 1u64;
        let mut next = || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            state >> 11
        };
        for _ in 0..20_000 {
            let digits = (next() % 10u64.pow(1 + (next() % 16) as u32)).to_string();
            let mut text = digits.clone();
            text.insert(next() as usize % (digits.len() + 1), '.');
            for text in [format!("-{text}"), text, digits] {
                let expected: f64 = text.parse().unwrap();
                assert_eq!(
                    parse_real(&text).unwrap().to_bits(),
                    expected.to_bits(),
                    "{text}"
                );
            }
        }
        for text in [
            "0",
            "-0",
            "-0.0",
            "5.",
            ".5",
            "-.25",
            "000.1",
            "999999999999999",
        ] {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(
                short_decimal(text.as_bytes()).unwrap().to_bits(),
                expected.to_bits(),
                "{text}"
            );
        }
        for text in [
            "", ".", "-", "-.", "+", "1.2.3", "--1", "1e5", "1-", "0x1", "1_0", "inf", "\u{661}",
        ] {
            assert_eq!(short_decimal(text.as_bytes()), None, "{text}");
        }
        assert!(
            ["", ".", "-", "-.", "+", "1.2.3", "--1"]
                .iter()
                .all(|t| parse_real(t).is_none())
        );
    }
}
