//! Columns that say when, or who: told by their names, since nothing else tells them.

use ppl_data::Column;

/// Names of columns that count on and on.
const LINEAR: &[&str] = &[
    "t",
    "time",
    "times",
    "year",
    "yr",
    "date",
    "datetime",
    "timestamp",
    "period",
    "wave",
    "visit",
    "occasion",
    "epoch",
    "age",
];

/// Names of columns that begin anew, such as the month within a year.
const CYCLIC: &[&str] = &[
    "quarter", "season", "month", "week", "weekday", "day", "hour", "minute", "second",
];

/// Names of columns that count what was done, and that may begin anew or stand still: the trial within a block.
const COUNTING: &[&str] = &[
    "trial",
    "round",
    "session",
    "block",
    "step",
    "index",
    "game",
    "match",
    "cycle",
    "generation",
    "turn",
];

/// Names of columns that say whose a row is.
const IDS: &[&str] = &[
    "id",
    "subject",
    "subj",
    "person",
    "patient",
    "animal",
    "participant",
    "individual",
    "unit",
    "user",
    "series",
];

fn word(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Whether a column of that name says when.
pub(super) fn is_time(name: &str) -> bool {
    LINEAR.contains(&word(name).as_str()) || is_cyclic(name)
}

/// Whether a column of that name counts what was done one after the other.
pub(super) fn is_counting(name: &str) -> bool {
    COUNTING.contains(&word(name).as_str())
}

/// Whether it may begin anew within one series.
pub(super) fn is_cyclic(name: &str) -> bool {
    CYCLIC.contains(&word(name).as_str())
}

/// Whether a column that the model does not read as labels says whose a row is: by its name, or as it holds words.
pub(super) fn id_like(name: &str, column: Column) -> bool {
    let name = word(name);
    let id = IDS.contains(&name.as_str()) || name.ends_with("_id") || name.ends_with(".id");
    let words = || {
        !is_time(&name)
            && (0..column.len()).all(|row| {
                let text = column.text(row);
                text.parse::<f64>().is_err() && date(text).is_none()
            })
    };
    id || words()
}

/// A column of numbers or of dates, in rows.
pub(super) struct Times<'a> {
    pub column: Column<'a>,
    values: Vec<f64>,
    dates: bool,
}

impl<'a> Times<'a> {
    /// `None` where a cell is neither a number nor a date.
    pub fn of(column: Column<'a>) -> Option<Self> {
        let all = |read: fn(&str) -> Option<f64>| -> Option<Vec<f64>> {
            (0..column.len())
                .map(|row| read(column.text(row)))
                .collect()
        };
        let (values, dates) = match all(number) {
            Some(values) => (values, false),
            None => (all(date)?, true),
        };
        Some(Times {
            column,
            values,
            dates,
        })
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn at(&self, row: usize) -> f64 {
        self.values[row]
    }

    /// The longest step that is still one, where the shortest is this: months differ, and weeks may end on a Friday.
    pub fn most(&self, shortest: f64) -> f64 {
        match self.dates && shortest <= 1.0 {
            true => 4.0,
            false => 1.5 * shortest,
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|v: &f64| v.is_finite())
}

/// Days from the first of March of the year 0, of `2001-03-31` or `2001-03`, a time of day left away (H. Hinnant, `days_from_civil`).
fn date(text: &str) -> Option<f64> {
    let day = text.split([' ', 'T']).next()?;
    let mut parts = day.split('-').map(|p| p.parse::<i64>().ok());
    let (year, month) = (parts.next()??, parts.next()??);
    let day = parts.next().unwrap_or(Some(1))?;
    let known = parts.next().is_none() && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !known || !(1..10_000).contains(&year) {
        return None;
    }
    let (year, month) = match month > 2 {
        true => (year, month - 3),
        false => (year - 1, month + 9),
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    Some(days as f64)
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_between_dates() {
        let between = |a, b| Some(date(b)? - date(a)?);
        assert_eq!(between("2000-02-28", "2000-03-01"), Some(2.0));
        assert_eq!(between("2001-02-28", "2001-03-01"), Some(1.0));
        assert_eq!(between("1999-12-31", "2000-01-01 06:00"), Some(1.0));
        assert_eq!(between("2000-01", "2001-01"), Some(366.0));
        assert_eq!(date("2001-13-01"), None);
        assert_eq!(date("7"), None);
    }
}
