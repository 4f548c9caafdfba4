//! Numbers as text: exact for programs, a sensible number of digits for people.

use std::fmt::Write;

/// Appends the shortest text that reads back as the same number; `false`, and nothing, where it is not finite.
pub(crate) fn push_shortest(text: &mut String, value: f64) -> bool {
    if !value.is_finite() {
        return false;
    }
    // Writing to a string cannot fail.
    let _ = write!(text, "{value:?}");
    if text.ends_with(".0") {
        text.truncate(text.len() - 2);
    }
    true
}

/// How many decimals show `digits` significant digits of a number of this size; 0 to 6.
pub(crate) fn decimals(size: f64, digits: i32) -> usize {
    if !size.is_finite() || size == 0.0 {
        return 0;
    }
    let magnitude = size.abs().log10().floor() as i32;
    (digits - 1 - magnitude).clamp(0, 6) as usize
}

/// A number with a fixed count of decimals, or in scientific form where that would be endless or show only zeros.
pub(crate) fn readable(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        return "NA".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = value.abs();
    let vanishes = size != 0.0 && size < 1e-4 && size < 0.5 * 10f64.powi(-(decimals as i32));
    if size >= 1e7 || vanishes {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    }
}

/// A count with commas between thousands.
pub(crate) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_reads_back() {
        for value in [
            0.1,
            1e-300,
            1e300,
            -0.0,
            1.0 / 3.0,
            123456789.0,
            f64::MIN_POSITIVE,
        ] {
            let mut text = String::new();
            assert!(push_shortest(&mut text, value));
            assert_eq!(
                text.parse::<f64>().unwrap().to_bits(),
                value.to_bits(),
                "{text}"
            );
        }
        let mut text = String::from("x");
        assert!(!push_shortest(&mut text, f64::NAN) && push_shortest(&mut text, 3.0));
        assert_eq!(text, "x3");
    }

    #[test]
    fn digits_follow_size() {
        assert_eq!(decimals(0.0123, 3), 4);
        assert_eq!(decimals(3.3, 3), 2);
        assert_eq!(decimals(1234.0, 3), 0);
        assert_eq!(decimals(0.0, 3), 0);
        assert_eq!(readable(-0.001, 1), "0.0");
        assert_eq!(readable(1.5e9, 2), "1.50e9");
        assert_eq!(readable(2.5e-9, 2), "2.50e-9");
        assert_eq!(readable(f64::NAN, 2), "NA");
        assert_eq!(grouped(1234567), "1,234,567");
        assert_eq!(grouped(12), "12");
    }
}
