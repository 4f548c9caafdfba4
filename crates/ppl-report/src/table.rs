//! The summary as an aligned table.

use crate::number::{decimals, grouped, readable};
use ppl_infer::{Fit, Row};

/// How the table is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableOptions {
    /// Columns of the terminal; names are cut in their middle to fit.
    pub width: usize,
    /// Rows shown of one site; `None` shows all.
    pub rows_per_site: Option<usize>,
    /// Where the rows that are not shown can be seen.
    pub rest: String,
}

impl Default for TableOptions {
    fn default() -> Self {
        TableOptions {
            width: 100,
            rows_per_site: Some(40),
            rest: "see summary.csv".to_owned(),
        }
    }
}

/// The table at a width, long sites abbreviated.
pub fn summary_table(fit: &Fit, width: usize) -> String {
    summary_table_with(
        fit,
        &TableOptions {
            width,
            ..TableOptions::default()
        },
    )
}

/// One line a scalar quantity under a header: name, mean, sd, 5%, 50%, 95%, mcse.
///
/// Digits follow the sd: three significant ones of it (two in less than 64 columns), the same decimals within a site. The table is never
/// wider than `width`, unless the numbers alone are (some 45 columns).
pub fn summary_table_with(fit: &Fit, options: &TableOptions) -> String {
    let mut lines = vec![Line::Cells("name".to_owned(), HEADER.map(str::to_owned))];
    for site in fit
        .rows
        .chunk_by(|a, b| base(&a.name) == base(&b.name) && a.role == b.role)
    {
        let limit = options.rows_per_site.unwrap_or(usize::MAX);
        // One row too many takes no more room than the line that would replace it.
        let shown = if site.len() <= limit.saturating_add(1) {
            site.len()
        } else {
            limit
        };
        let decimals = site_decimals(site, if options.width < 64 { 2 } else { 3 });
        lines.extend(site[..shown].iter().map(|row| line(row, decimals)));
        if shown < site.len() {
            lines.push(Line::Rest(format!(
                "… {} more: {}",
                grouped(site.len() - shown),
                options.rest
            )));
        }
    }
    lay_out(&lines, options.width)
}

const HEADER: [&str; 6] = ["mean", "sd", "5%", "50%", "95%", "mcse"];
const OPTIMISED: &str = "optimised, no interval";

/// A line before its widths are known.
enum Line {
    Cells(String, [String; 6]),
    Param(String, String),
    Rest(String),
}

/// The site's name: `theta` of `theta[3]`.
fn base(name: &str) -> &str {
    name.split('[').next().unwrap_or(name)
}

/// So many digits of the smallest sd, but no more than two in addition of the largest.
fn site_decimals(site: &[Row], digits: i32) -> usize {
    let sizes = || {
        site.iter()
            .map(|row| {
                match row.role != "param" {
                    true if row.sd > 0.0 => row.sd,
                    // As wide as a Gaussian whose quantiles lie so far apart.
                    true if row.sd.is_nan() => (row.q95 - row.q5) / 3.3,
                    _ => row.mean.abs() / 10.0,
                }
            })
            .filter(|size| size.is_finite() && *size > 0.0)
    };
    let smallest = sizes().fold(f64::INFINITY, f64::min);
    let largest = sizes().fold(0.0, f64::max);
    decimals(smallest, digits).min(decimals(largest, digits + 2))
}

fn line(row: &Row, places: usize) -> Line {
    if row.role == "param" {
        return Line::Param(row.name.clone(), readable(row.mean, places));
    }
    let mcse = readable(row.mcse, decimals(row.mcse, 2).max(places.min(2)));
    let cell = |value| readable(value, places);
    Line::Cells(
        row.name.clone(),
        [
            cell(row.mean),
            cell(row.sd),
            cell(row.q5),
            cell(row.q50),
            cell(row.q95),
            mcse,
        ],
    )
}

fn lay_out(lines: &[Line], width: usize) -> String {
    let mut widths = [0; 6];
    let mut name_width = 0;
    for line in lines {
        match line {
            Line::Cells(name, cells) => {
                name_width = name_width.max(name.chars().count());
                for (width, cell) in widths.iter_mut().zip(cells) {
                    *width = (*width).max(cell.chars().count());
                }
            }
            Line::Param(name, mean) => {
                name_width = name_width.max(name.chars().count());
                widths[0] = widths[0].max(mean.chars().count());
            }
            Line::Rest(_) => {}
        }
    }
    let gap = if name_width + numbers(&widths, 2) <= width {
        2
    } else {
        1
    };
    let name_width = name_width.min(width.saturating_sub(numbers(&widths, gap)).max(6));
    let mut text = String::new();
    for line in lines {
        let mut shown = match line {
            Line::Cells(name, cells) => {
                let mut shown = padded(name, name_width);
                for (width, cell) in widths.iter().zip(cells) {
                    shown.push_str(&format!("{:gap$}{cell:>width$}", ""));
                }
                shown
            }
            Line::Param(name, mean) => {
                let width = widths[0];
                format!(
                    "{}{:gap$}{mean:>width$}{:gap$}{OPTIMISED}",
                    padded(name, name_width),
                    "",
                    ""
                )
            }
            Line::Rest(message) => message.clone(),
        };
        shown.truncate(shown.trim_end().len());
        text.push_str(&shown);
        text.push('\n');
    }
    text
}

fn numbers(widths: &[usize; 6], gap: usize) -> usize {
    widths.iter().map(|width| width + gap).sum()
}

/// The name at a width: control characters blanked, filled up, or its middle replaced by an ellipsis.
fn padded(name: &str, width: usize) -> String {
    let letters: Vec<char> = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if letters.len() <= width {
        let name: String = letters.into_iter().collect();
        return format!("{name:<width$}");
    }
    let kept = width.saturating_sub(1);
    let tail = kept / 2;
    let head: String = letters[..kept - tail].iter().collect();
    let tail: String = letters[letters.len() - tail..].iter().collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{row, small};

    #[test]
    fn aligned() {
        let expected = "\
name               mean     sd     5%    50%      95%    mcse
mu                 4.40   3.30  -1.00   4.45     9.80   0.052
a[ST LOUIS, \"N\"]  0.300  0.100  0.100  0.300  1.00e-7  0.0010
ratio                NA     NA   -inf      2      inf      NA
w                 1.250  optimised, no interval
";
        assert_eq!(summary_table(&small(), 100), expected);
    }

    #[test]
    fn narrow() {
        let mut fit = small();
        fit.rows = vec![row(
            "intercept[PRINCE GEORGE'S COUNTY]",
            "site",
            [-1.234, 0.523, -2.1, -1.2, 0.1, 0.008],
        )];
        let expected = "\
name             mean   sd    5%   50%  95%   mcse
interce…COUNTY] -1.23 0.52 -2.10 -1.20 0.10 0.0080
";
        let text = summary_table(&fit, 50);
        assert_eq!(text, expected);
        assert!(text.lines().all(|line| line.chars().count() <= 50));
    }

    #[test]
    fn long_sites_are_abbreviated() {
        let mut fit = small();
        fit.rows = (1..=400)
            .map(|i| row(&format!("a[{i}]"), "site", [1.0, 0.5, 0.1, 1.0, 1.9, 0.01]))
            .collect();
        fit.rows
            .push(row("b", "site", [1.0, 0.5, 0.1, 1.0, 1.9, 0.01]));
        let text = summary_table(&fit, 80);
        assert_eq!(text.lines().count(), 1 + 40 + 1 + 1);
        assert!(text.contains("… 360 more: see summary.csv\nb "), "{text}");
        let all = summary_table_with(
            &fit,
            &TableOptions {
                rows_per_site: None,
                ..TableOptions::default()
            },
        );
        assert_eq!(all.lines().count(), 402);
    }

    #[test]
    fn sizes_far_apart() {
        let mut fit = small();
        fit.rows = vec![
            row("n", "site", [1.5e9, 2e8, 1.2e9, 1.5e9, 1.8e9, 3e6]),
            row("k", "site", [5.0; 6]),
        ];
        let text = summary_table(&fit, 80);
        assert!(text.contains("1.50e9") && text.contains("2.00e8"), "{text}");
    }
}
