//! Labels of an axis with their positions. Those of rows and ranges are whole numbers in a row: they are written out when
//! somebody reads them as text, which a fit does not.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// Labels in order; as a slice, their texts.
#[derive(Debug, Clone)]
pub struct Labels(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    len: usize,
    /// The first of whole numbers in a row.
    first: Option<i64>,
    texts: OnceLock<Box<[String]>>,
    positions: OnceLock<HashMap<String, u32>>,
}

impl Labels {
    /// These labels.
    pub fn listed(labels: Vec<String>) -> Self {
        Labels(Arc::new(Inner {
            len: labels.len(),
            first: None,
            texts: OnceLock::from(labels.into_boxed_slice()),
            positions: OnceLock::new(),
        }))
    }

    /// `n` whole numbers from `first` on.
    pub fn numbered(first: i64, n: usize) -> Self {
        Labels(Arc::new(Inner {
            len: n,
            first: Some(first),
            texts: OnceLock::new(),
            positions: OnceLock::new(),
        }))
    }

    /// How many there are; writes none.
    pub fn len(&self) -> usize {
        self.0.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where a label stands; none, if it is no label of the axis.
    pub fn position(&self, label: &str) -> Option<u32> {
        match self.0.first {
            Some(first) => {
                let at = whole(label)?.checked_sub(first)?;
                let at = usize::try_from(at).ok()?;
                (at < self.len()).then_some(at as u32)
            }
            None => self.positions().get(label).copied(),
        }
    }

    fn positions(&self) -> &HashMap<String, u32> {
        self.0.positions.get_or_init(|| {
            let labels = self.iter().cloned();
            labels.zip(0..).collect()
        })
    }

    /// What the first label says as a number; 0, where it says none.
    pub fn first_number(&self) -> f64 {
        match self.0.first {
            Some(first) if !self.is_empty() => first as f64,
            _ => self.first().and_then(|l| l.parse().ok()).unwrap_or(0.0),
        }
    }

    /// What each label says as a number; its position, where it says none.
    pub fn numbers(&self) -> Vec<f64> {
        match self.0.first {
            Some(first) => (0..self.len() as i64).map(|i| (first + i) as f64).collect(),
            None => {
                let number = |(i, l): (usize, &String)| l.parse().unwrap_or(i as f64);
                self.iter().enumerate().map(number).collect()
            }
        }
    }
}

impl Deref for Labels {
    type Target = [String];

    fn deref(&self) -> &[String] {
        self.0.texts.get_or_init(|| {
            let first = self.0.first.unwrap_or(0);
            let numbers = 0..self.len() as i64;
            numbers.map(|i| (first + i).to_string()).collect()
        })
    }
}

/// A whole number, written as a label writes it: `7`, and neither `07` nor `+7`.
fn whole(label: &str) -> Option<i64> {
    let digits = label.strip_prefix('-').unwrap_or(label);
    let plain = match digits.as_bytes() {
        [b'0'] => label == "0",
        [first, ..] => (b'1'..=b'9').contains(first),
        [] => false,
    };
    plain.then(|| label.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::Labels;

    #[test]
    fn numbers_in_a_row_are_the_labels_that_they_would_be() {
        let (numbered, listed) = (
            Labels::numbered(-2, 5),
            Labels::listed(["-2", "-1", "0", "1", "2"].map(String::from).to_vec()),
        );
        for label in [
            "-3",
            "-2",
            "-1",
            "-0",
            "0",
            "1",
            "2",
            "3",
            "01",
            "+1",
            "1.0",
            "",
            "-",
            " 1",
            "x",
            "99999999999999999999",
        ] {
            assert_eq!(numbered.position(label), listed.position(label), "{label}");
        }
        assert_eq!(numbered.len(), listed.len());
        assert_eq!(numbered[..], listed[..]);
        assert_eq!(numbered.numbers(), listed.numbers());
    }
}
