//! The posterior of the discrete unknowns: `discrete.csv`, its part of `fit.json`, and a line a site for the terminal.

use crate::csv::field;
use crate::number::push_shortest;
use ppl_infer::Fit;
use ppl_infer::discrete::Discrete;
use serde_json::{Value, json};

/// One line for each value of each element under the header `name,value,probability,most_probable`; the last is 1 for the
/// values that are most probable together (the most probable path of a chain), else 0.
pub fn discrete_csv(fit: &Fit) -> String {
    let mut text = String::from("name,value,probability,most_probable\n");
    for site in &fit.discrete {
        for (i, element) in site.elements.iter().enumerate() {
            for (k, value) in site.values.iter().enumerate() {
                text.push_str(&format!("{},{},", field(element), field(value)));
                if !push_shortest(&mut text, site.probabilities[i][k]) {
                    text.push_str("NA");
                }
                text.push_str(if site.most_probable[i] == k {
                    ",1\n"
                } else {
                    ",0\n"
                });
            }
        }
    }
    text
}

/// One object a site: `name, values, elements, probabilities` (by element, then by value) and `most_probable` (a value for each element).
pub(crate) fn discrete_json(fit: &Fit) -> Value {
    let site = |s: &Discrete| {
        let path: Vec<&String> = s.most_probable.iter().map(|&k| &s.values[k]).collect();
        json!({
            "name": s.name, "values": s.values, "elements": s.elements,
            "probabilities": s.probabilities, "most_probable": path,
        })
    };
    Value::Array(fit.discrete.iter().map(site).collect())
}

/// Values of a site that its line names.
const NAMED: usize = 6;

/// One line for each discrete site: the probability of each value, averaged over the elements. Empty where there is none.
pub fn discrete_lines(fit: &Fit) -> String {
    let mut text = String::new();
    for site in &fit.discrete {
        let n = site.elements.len();
        let share = |k: usize| site.probabilities.iter().map(|p| p[k]).sum::<f64>() / n as f64;
        let mut shares: Vec<(usize, f64)> = (0..site.values.len()).map(|k| (k, share(k))).collect();
        let hidden = shares.len().saturating_sub(NAMED);
        if hidden > 0 {
            shares.sort_by(|a, b| b.1.total_cmp(&a.1));
            shares.truncate(NAMED);
        }
        let named: Vec<String> = shares
            .iter()
            .map(|(k, p)| format!("{} {p:.3}", site.values[*k]))
            .collect();
        let more = if hidden > 0 {
            format!(", {hidden} more")
        } else {
            String::new()
        };
        let how = match site.drawn {
            true => "drawn by the guide",
            false => "summed out",
        };
        let what = match n {
            1 => how.to_owned(),
            _ => format!("{how}, mean over {n} elements"),
        };
        text.push_str(&format!(
            "{} ({what}): {}{more}\n",
            site.name,
            named.join(", ")
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn fit() -> Fit {
        let mut fit = fixture::small();
        fit.discrete = vec![Discrete {
            name: "z".into(),
            elements: vec!["z[1]".into(), "z[2]".into()],
            values: vec!["calm".into(), "wild, very".into()],
            probabilities: vec![vec![0.75, 0.25], vec![0.125, 0.875]],
            most_probable: vec![0, 1],
            drawn: false,
        }];
        fit
    }

    #[test]
    fn lines_and_columns() {
        let text = discrete_csv(&fit());
        assert_eq!(text.lines().count(), 5);
        assert_eq!(text.lines().nth(2), Some("z[1],\"wild, very\",0.25,0"));
        assert_eq!(text.lines().nth(4), Some("z[2],\"wild, very\",0.875,1"));
        let value = discrete_json(&fit());
        assert_eq!(value[0]["most_probable"][0], "calm");
        assert_eq!(value[0]["probabilities"][1][0], 0.125);
        assert!(discrete_lines(&fit()).contains("calm 0.438, wild, very 0.562"));
        assert!(discrete_lines(&fixture::small()).is_empty());
    }
}
