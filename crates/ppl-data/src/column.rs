//! A column read as numbers, truth values or labels.

use crate::factor::Factor;
use crate::number::{is_missing, parse_real, why_not_real};
use crate::source::shown;
use crate::{Table, codes};
use ppl_core::Numbers;
use ppl_syntax::diagnostic::{Diagnostic, FilePlace};

/// One column of a [`Table`]; rows count from 0.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    pub(crate) table: &'a Table,
    pub(crate) index: usize,
}

/// Why a cell is refused: code, message, help.
pub(crate) type Refusal = (&'static str, String, String);

impl<'a> Column<'a> {
    /// The name, trimmed.
    pub fn name(&self) -> &'a str {
        &self.table.names[self.index]
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.table.n_rows()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The trimmed text of a row.
    pub fn text(&self, row: usize) -> &'a str {
        self.table.source.cell(self.table.cell(row, self.index))
    }

    /// Whether a row is empty, `NA`, `NaN`, `nan` or `null`.
    pub fn is_missing(&self, row: usize) -> bool {
        is_missing(self.text(row))
    }

    /// All rows as finite numbers, shared with the table where it has them.
    ///
    /// # Errors
    /// At the first missing or non-numeric cell.
    pub fn reals(&self) -> Result<Numbers, Diagnostic> {
        match self.table.column_numbers(self.index) {
            Some(numbers) => Ok(numbers),
            None => self
                .read(parse_real, |text| self.not_real("a number", text))
                .map(Numbers::from),
        }
    }

    /// All rows as finite numbers or missing.
    ///
    /// # Errors
    /// At the first cell that is neither.
    pub fn optional_reals(&self) -> Result<Vec<Option<f64>>, Diagnostic> {
        let parse = |text: &str| match parse_real(text) {
            None if is_missing(text) => Some(None),
            None => None,
            number => Some(number),
        };
        let known = |row| self.table.number(row, self.index).map(Some);
        let cell = |row| known(row).or_else(|| parse(self.text(row)));
        if let Some(rows) = (0..self.len()).map(cell).collect() {
            return Ok(rows);
        }
        self.read(parse, |text| self.not_real("a number", text))
    }

    /// All rows as whole numbers of at most 2^53 in size.
    ///
    /// # Errors
    /// At the first cell that is none.
    pub fn integers(&self) -> Result<Numbers, Diagnostic> {
        const LARGEST: f64 = 9_007_199_254_740_992.0;
        let fits = |x: f64| x.trunc() == x && x.abs() <= LARGEST;
        if let Some(numbers) = self.table.column_numbers(self.index)
            && numbers.iter().all(|x| fits(*x))
        {
            return Ok(numbers);
        }
        let parse = |text: &str| parse_real(text).filter(|x| fits(*x));
        let whole = self.read(parse, |text| match parse_real(text) {
            None => self.not_real("a whole number", text),
            Some(number) => {
                let name = self.name();
                let found = shown(text);
                let (what, help) = if number.trunc() == number {
                    (
                        "of at most 2^53 in size",
                        format!("declare `{name}` as `real`, or give it another unit"),
                    )
                } else {
                    ("", format!("declare `{name}` as `real`, or round it"))
                };
                let message = format!("column `{name}` expects a whole number {what}");
                (
                    codes::NOT_WHOLE,
                    format!("{}, found {found}", message.trim_end()),
                    help,
                )
            }
        });
        whole.map(Numbers::from)
    }

    /// All rows as 1 for `1` and `true`, 0 for `0` and `false`; letters in any case.
    ///
    /// # Errors
    /// At the first other cell.
    pub fn bools(&self) -> Result<Numbers, Diagnostic> {
        // Both are looked at without a branch, which 0 and 1 in no order would make dear.
        if let Some(digits) = self.table.digits(self.index)
            && (digits.iter()).fold(true, |all, x| all & ((*x == 0.0) | (*x == 1.0)))
        {
            return Ok(digits);
        }
        let parse = |text: &str| match text {
            "0" => Some(0.0),
            "1" => Some(1.0),
            _ if text.eq_ignore_ascii_case("true") => Some(1.0),
            _ if text.eq_ignore_ascii_case("false") => Some(0.0),
            _ => None,
        };
        let numbers = self.read(parse, |text| {
            let name = self.name();
            if is_missing(text) {
                let (code, found, _) = why_not_real(text, name);
                let message = format!("column `{name}` expects 0/1 or true/false, found {found}");
                return (
                    code,
                    message,
                    "remove the row, or fill the value in".to_owned(),
                );
            }
            let help = match text.to_ascii_lowercase().as_str() {
                "yes" | "y" | "t" | "1.0" => "write `1` or `true`".to_owned(),
                "no" | "n" | "f" | "0.0" => "write `0` or `false`".to_owned(),
                _ => format!(
                    "recode it as 0 and 1, or declare `{name}` as `real` or as labels of an axis"
                ),
            };
            let message = format!(
                "column `{name}` expects 0/1 or true/false, found {}",
                shown(text)
            );
            (codes::NOT_BOOL, message, help)
        });
        numbers.map(Numbers::from)
    }

    /// All rows as trimmed text.
    ///
    /// # Errors
    /// At the first missing cell.
    pub fn labels(&self) -> Result<Vec<&'a str>, Diagnostic> {
        self.read(
            |text| (!is_missing(text)).then_some(text),
            |text| {
                let (code, found, _) = why_not_real(text, self.name());
                let message = format!("column `{}` expects a label, found {found}", self.name());
                let help = "fill the label in or remove the row; a level really named so needs another name, \
                            such as `none`";
                (code, message, help.to_owned())
            },
        )
    }

    /// Distinct texts and which each row has; computed once.
    pub fn factor(&self) -> &'a Factor {
        self.table.factors[self.index].get_or_init(|| Factor::of(*self).into())
    }

    /// The distinct labels, in the order in which they appear.
    ///
    /// # Errors
    /// At the first missing cell.
    pub fn levels(&self) -> Result<Vec<&'a str>, Diagnostic> {
        let rows = self.factor().first_rows.iter();
        let levels: Vec<&str> = rows.map(|row| self.text(*row as usize)).collect();
        match levels.iter().any(|level| is_missing(level)) {
            true => self.labels().map(|_| levels),
            false => Ok(levels),
        }
    }

    /// The place of a row's cell.
    pub fn place(&self, row: usize) -> FilePlace {
        self.table
            .source
            .cell_place(self.table.cell(row, self.index))
    }

    /// The place of the column's name (in a JSON file, of its array).
    pub fn name_place(&self) -> FilePlace {
        self.table
            .source
            .cell_place(self.table.name_cells[self.index])
    }

    fn not_real(&self, expected: &str, text: &str) -> Refusal {
        let name = self.name();
        let (code, found, help) = why_not_real(text, name);
        (
            code,
            format!("column `{name}` expects {expected}, found {found}"),
            help,
        )
    }

    /// Reads all rows; on refusal describes the first and counts the others.
    pub(crate) fn read<T>(
        &self,
        parse: impl Fn(&'a str) -> Option<T>,
        refuse: impl Fn(&'a str) -> Refusal,
    ) -> Result<Vec<T>, Diagnostic> {
        let rows: Option<Vec<T>> = (0..self.len()).map(|row| parse(self.text(row))).collect();
        if let Some(rows) = rows {
            return Ok(rows);
        }
        let mut refused = (0..self.len()).filter(|&row| parse(self.text(row)).is_none());
        let row = refused.next().unwrap_or(0);
        let (code, message, help) = refuse(self.text(row));
        let help = match refused.count() {
            0 => help,
            1 => format!("{help} (1 more cell of the column is refused)"),
            more => format!("{help} ({more} more cells of the column are refused)"),
        };
        Err(Diagnostic::data(code, self.place(row), message).help(help))
    }
}
