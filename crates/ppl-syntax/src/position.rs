//! Bytes to lines and columns.

/// Line and column of a byte, both from 1, the column counted in characters.
///
/// A byte past the end counts as the end; one inside a character counts as that character's first byte.
pub fn line_column(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..floor_boundary(text, byte)];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

/// The last character boundary that is not after `byte`.
pub(crate) fn floor_boundary(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// The first character boundary that is not before `byte`.
pub(crate) fn ceil_boundary(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte += 1;
    }
    byte
}

#[cfg(test)]
mod tests {
    use super::line_column;

    #[test]
    fn columns_are_characters() {
        assert_eq!(line_column("a\nβγ x", 7), (2, 4));
        assert_eq!(line_column("βγ", 1), (1, 1));
        assert_eq!(line_column("a\n", 99), (2, 1));
        assert_eq!(line_column("", 0), (1, 1));
    }
}
