//! Quantities with tails so long that draws know their sd roughly only, however many of them are effective.

use crate::fit::Row;

/// From this k-hat on, of the weights times the squared distance from the mean, the variance of that average is infinite.
const ROUGH: f64 = 0.5;

/// A note on them.
pub(crate) fn note(rows: &[Row]) -> Option<String> {
    let mut rough: Vec<(&str, f64)> = { rows.iter() }
        .filter(|row| row.k_hat > ROUGH)
        .map(|row| (row.name.as_str(), row.k_hat))
        .collect();
    rough.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (name, k) = *rough.first()?;
    let (others, is) = match rough.len() {
        1 => (String::new(), "is"),
        2 => (" and of one other quantity".to_owned(), "are"),
        n => (format!(" and of {} other quantities", n - 1), "are"),
    };
    Some(format!(
        "the sd of `{name}`{others} {is} rough: the tails are long (k-hat {k:.2}; from {ROUGH} on the variance of an sd by draws is infinite), and what few draws far out add to it is more often missed than not; quantiles are not affected"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_told_by_the_longest_tail() {
        let row = |name: &str, k_hat| Row {
            name: name.to_owned(),
            k_hat,
            ..crate::summary::summarise(String::new(), "site", &[0.0, 1.0])
        };
        let mut rows = vec![row("a", 0.3), row("b", f64::NAN), row("c", 0.5)];
        assert_eq!(note(&rows), None);
        rows.push(row("d", 0.51));
        let found = note(&rows).unwrap_or_default();
        assert!(found.starts_with("the sd of `d` is rough"), "{found}");
        rows.push(row("e", 0.6));
        let found = note(&rows).unwrap_or_default();
        let start = "the sd of `e` and of one other quantity are rough";
        assert!(found.starts_with(start), "{found}");
    }
}
