//! The long explanations of all codes: the pages of the book, made readable on a terminal.

/// A code and its page, in the order of the book's table of contents.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/explanations.rs"));

/// All codes with their titles, one a line.
pub fn list() -> String {
    PAGES
        .iter()
        .map(|(code, page)| format!("{code}  {}\n", title(code, page)))
        .collect()
}

/// The explanation of a code; lower case will do.
pub fn find(code: &str) -> Option<String> {
    let found = PAGES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(code));
    found.map(|(_, page)| plain(page))
}

/// The code that was likely meant: by spelling, else the one with the nearest number.
pub fn nearest(code: &str) -> Option<&'static str> {
    let number = |text: &str| -> Option<u32> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let wanted = number(code);
    let by_number = || {
        let distance = |known: &str| Some(number(known)?.abs_diff(wanted?));
        PAGES
            .iter()
            .map(|p| p.0)
            .filter(|known| distance(known).is_some())
            .min_by_key(|known| distance(known))
    };
    by_number().or_else(|| ppl_syntax::suggest(code, PAGES.iter().map(|p| p.0)))
}

/// The heading without the code.
fn title<'a>(code: &str, page: &'a str) -> &'a str {
    let first = page.lines().next().unwrap_or_default();
    first
        .trim_start_matches("# ")
        .trim_start_matches(code)
        .trim_start_matches(": ")
}

/// Markdown without its fences: code is indented, files are headed by their names, commands by a `$`.
fn plain(page: &str) -> String {
    let mut out = String::new();
    let mut block: Option<&str> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), block) {
            (Some(info), None) => {
                block = Some(info);
                if let Some((_, file)) = info.split_once(' ') {
                    out.push_str(&format!("  {file}:\n"));
                }
            }
            (Some(_), Some(_)) => block = None,
            (None, Some("sh")) => out.push_str(&format!("    $ {line}\n")),
            (None, Some(_)) => out.push_str(format!("    {line}").trim_end()),
            (None, None) => out.push_str(line.trim_start_matches('#').trim_start()),
        }
        if line.strip_prefix("```").is_none() && block != Some("sh") {
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_become_plain_text() {
        assert_eq!(
            plain(
                "# E1: a\n\nText.\n\n```ppl\nx;\n```\n\n```csv d.csv\ny\n```\n\n```sh\nppl\n```\n"
            ),
            "E1: a\n\nText.\n\n    x;\n\n  d.csv:\n    y\n\n    $ ppl\n"
        );
    }

    #[test]
    fn unknown_codes_have_neighbours() {
        assert_eq!(nearest("E0199"), Some("E0202"));
        assert_eq!(nearest("0102"), Some("E0102"));
        assert_eq!(nearest("x"), None);
    }
}
