//! The codes of this crate's messages: what `ppl explain E03..` prints.

/// A code with its title and what there is to know about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Stable code such as `E0301`.
    pub code: &'static str,
    /// A few words.
    pub title: &'static str,
    /// One paragraph.
    pub explanation: &'static str,
}

macro_rules! codes {
    ($($name:ident $code:literal $title:literal $explanation:literal;)*) => {
        $(#[doc = $title] #[doc = ""] #[doc = $explanation] pub const $name: &str = $code;)*
        /// All codes, in order.
        pub const ALL: &[Code] = &[$(Code { code: $code, title: $title, explanation: $explanation }),*];
    };
}

codes! {
    UNREADABLE "E0301" "A data file cannot be read."
        "The file does not exist, is a directory, or may not be read. Paths are relative to the working directory.";
    TOO_LARGE "E0302" "A data file is beyond a limit."
        "At most 2 GiB a file, 100,000 columns, 10,000 bytes a column name, 1,000,000 bytes a cell, 8 dimensions a JSON array. Most often the file is not a table, or a quote or line end is lost.";
    ENCODING "E0303" "A data file is not UTF-8 text."
        "Data files are UTF-8, with or without byte order mark. UTF-16 and Latin-1 files have to be saved anew as UTF-8; NUL bytes mean that the file is binary or UTF-16.";
    EMPTY "E0304" "A data file is empty."
        "A CSV file begins with a line of column names; a JSON file is an object.";
    NO_ROWS "E0305" "A table has column names but no rows."
        "There is nothing to learn from. The column names were found, so the file is likely cut off or filtered too far.";
    DUPLICATE_NAME "E0306" "A name is given twice."
        "Two columns of a file, two keys of a JSON object, two tables of an axis or two values of one `--set` name: which is meant cannot be known, so rename or remove one.";
    RAGGED "E0307" "A row has more or fewer fields than the header."
        "Usually a text with the delimiter inside that is not quoted, or a row cut short. A missing value is written as an empty cell or `NA`, never left out.";
    QUOTE "E0308" "A quoted cell is malformed."
        "A quoted cell ends with a quote directly before the next delimiter or line end; a quote inside it is written twice, as in \"5\"\" pipe\".";
    BLANK_LINE "E0309" "A blank line in a table of one column."
        "It could be a missing value or no row at all. Write `NA`, or remove the line.";
    MISSING "E0310" "A missing value where none may be."
        "A cell is missing when it is empty, `NA`, `NaN`, `nan` or `null`. Remove the row, fill the cell, or declare the column with `?` (`real?`): missing entries are then integrated out.";
    NOT_A_NUMBER "E0311" "A cell is not a number."
        "Numbers are written as in 12, -0.5 or 6.02e23: a decimal point, no thousands separators, no units.";
    NOT_FINITE "E0312" "A number is not finite."
        "Infinities and numbers beyond 1.8e308 are refused: no density is defined there. An unknown value is `NA`; a bound is written in a `censored real` column, as in `>10`.";
    NOT_WHOLE "E0313" "A number is not whole, or too large to be exact."
        "Counts and integers are whole numbers of at most 2^53 in size; `3.0` and `1e3` are whole.";
    NOT_BOOL "E0314" "A cell is neither 0/1 nor true/false."
        "Truth values are `0`, `1`, `true` and `false` (in any case); `yes`, `T` or `2` are refused, since their coding cannot be known.";
    JSON_SYNTAX "E0315" "A JSON file is malformed."
        "JSON knows no comments, no trailing commas and no NaN; a missing value is `null`.";
    JSON_SHAPE "E0316" "A JSON value does not fit a data set."
        "A data file is an object of numbers and arrays of numbers, texts and truth values; nested arrays are rectangular and hold numbers. An axis's own table has arrays of one length only.";
    SETTING "E0317" "A value of `--set` is not a number."
        "`--set n=3` gives a size or constant its value; anything but one finite number is refused.";
    SOURCE "E0318" "Two main data files."
        "A model is fitted to one main table; the others belong to an axis: `county=counties.csv`.";
}
