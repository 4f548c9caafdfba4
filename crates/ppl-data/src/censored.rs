//! Cells that may be censored: `3.2`, `<3.2`, `<=3.2`, `>10`, `>=10`, `[2, 5]`.

use crate::codes;
use crate::column::{Column, Refusal};
use crate::number::{is_missing, parse_real, why_not_real};
use crate::source::shown;
use ppl_syntax::diagnostic::Diagnostic;

/// The values that a cell stands for, both ends included; a number stands for itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Smallest value; -inf where there is none.
    pub lower: f64,
    /// Largest value; inf where there is none.
    pub upper: f64,
}

impl Interval {
    /// Of a missing cell: NaN on both sides.
    pub const MISSING: Interval = Interval {
        lower: f64::NAN,
        upper: f64::NAN,
    };
}

/// `whole`: ends are whole numbers, and `<3` means at most 2.
fn parse(text: &str, whole: bool) -> Option<Interval> {
    let number = |text: &str| parse_real(text.trim()).filter(|x| !whole || x.trunc() == *x);
    let step = if whole { 1.0 } else { 0.0 };
    let to = |upper| Interval {
        lower: f64::NEG_INFINITY,
        upper,
    };
    let from = |lower| Interval {
        lower,
        upper: f64::INFINITY,
    };
    if let Some(rest) = text.strip_prefix("<=") {
        return number(rest).map(to);
    }
    if let Some(rest) = text.strip_prefix('<') {
        return number(rest).map(|x| to(x - step));
    }
    if let Some(rest) = text.strip_prefix(">=") {
        return number(rest).map(from);
    }
    if let Some(rest) = text.strip_prefix('>') {
        return number(rest).map(|x| from(x + step));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (lower, upper) = rest.strip_suffix(']')?.split_once(',')?;
        let (lower, upper) = (number(lower)?, number(upper)?);
        return (lower <= upper).then_some(Interval { lower, upper });
    }
    number(text).map(|x| Interval { lower: x, upper: x })
}

/// Why a text is no such cell.
fn why_not(text: &str, name: &str, whole: bool) -> Refusal {
    let number = if whole { "a whole number" } else { "a number" };
    let expected = format!("column `{name}` expects {number}, a limit or an interval, found");
    if is_missing(text) {
        let (code, found, _) = why_not_real(text, name);
        return (
            code,
            format!("{expected} {found}"),
            "remove the row, fill the cell, or declare the column with `?`: missing entries are then integrated out".to_owned(),
        );
    }
    let forms = "write `3`, `<3`, `>3` or `[2, 5]`".to_owned();
    let inner = text.trim_matches(|c: char| "[]()<>=".contains(c));
    let ends: Vec<Option<f64>> = inner.split(',').map(|t| parse_real(t.trim())).collect();
    let help = match ends.as_slice() {
        [Some(a), Some(b)] if whole && (a.fract() != 0.0 || b.fract() != 0.0) => {
            format!("declare `{name}` as `censored real`, or round it")
        }
        [Some(a)] if whole && a.fract() != 0.0 => {
            format!("declare `{name}` as `censored real`, or round it")
        }
        [Some(a), Some(b)] if a > b => format!("write `[{b}, {a}]`, the smaller end first"),
        [Some(a), Some(b)] => format!("write `[{a}, {b}]`, both ends included"),
        [None, Some(b)] if text.starts_with('[') => format!("write `<={b}`"),
        [Some(a), None] if text.starts_with('[') => format!("write `>={a}`"),
        _ if inner.contains('\u{2264}') || text.starts_with('\u{2264}') => {
            "write `<=`, in ASCII".to_owned()
        }
        _ if text.starts_with('\u{2265}') => "write `>=`, in ASCII".to_owned(),
        _ => forms,
    };
    let code = if whole && help.contains("or round it") {
        codes::NOT_WHOLE
    } else {
        codes::NOT_AN_INTERVAL
    };
    (code, format!("{expected} {}", shown(text)), help)
}

impl Column<'_> {
    /// All rows as the values that they stand for. `whole`: whole numbers; `optional`: missing cells are allowed.
    ///
    /// # Errors
    /// At the first cell that is neither a number, a limit nor an interval.
    pub fn intervals(&self, whole: bool, optional: bool) -> Result<Vec<Interval>, Diagnostic> {
        self.read(
            |text| match parse(text, whole) {
                None if optional && is_missing(text) => Some(Interval::MISSING),
                found => found,
            },
            |text| why_not(text, self.name(), whole),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_cells() {
        let inf = f64::INFINITY;
        let cases = [
            ("3.2", false, 3.2, 3.2),
            ("<3.2", false, -inf, 3.2),
            ("< 3.2", false, -inf, 3.2),
            ("<=-3", true, -inf, -3.0),
            ("<3", true, -inf, 2.0),
            (">10", true, 11.0, inf),
            (">=10", true, 10.0, inf),
            (">1e3", false, 1000.0, inf),
            ("[2, 5]", true, 2.0, 5.0),
            ("[-2.5,-2.5]", false, -2.5, -2.5),
        ];
        for (text, whole, lower, upper) in cases {
            assert_eq!(
                parse(text, whole),
                Some(Interval { lower, upper }),
                "{text}"
            );
        }
        for text in [
            "",
            "<",
            "[2]",
            "[2, 5",
            "[5, 2]",
            "(2, 5)",
            "2-5",
            "<<3",
            "<inf",
            "[1, 2, 3]",
            "> x",
            "=3",
        ] {
            assert_eq!(parse(text, false), None, "{text}");
        }
        assert_eq!(parse("<2.5", true), None);
    }
}
