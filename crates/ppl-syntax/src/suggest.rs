//! "Did you mean": the nearest known name.

/// The candidate nearest to `name` by edit distance, if it is near enough to be a misspelling.
///
/// Near enough is a distance of at most a third of the name's length (but at least 1); an exchange of neighbours
/// counts once, and a difference of case alone counts as none. The first of equally near candidates wins.
pub fn suggest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower: Vec<char> = name.to_lowercase().chars().collect();
    let limit = (lower.len() / 3).max(1);
    if lower.is_empty() || lower.len() > 64 {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other: Vec<char> = candidate.to_lowercase().chars().collect();
        if other.len().abs_diff(lower.len()) > limit {
            continue;
        }
        let distance = distance(&lower, &other);
        let useful = distance <= limit && distance < other.len().max(1);
        if useful && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edit distance with exchanges of neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut two_back = vec![0; b.len() + 1];
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut current = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = previous[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replace.min(previous[j] + 1).min(current[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(two_back[j - 2] + 1);
            }
            current[j] = least;
        }
        two_back = std::mem::replace(&mut previous, current);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::suggest;

    fn pick(name: &str, candidates: &[&'static str]) -> Option<&'static str> {
        suggest(name, candidates.iter().copied())
    }

    #[test]
    fn near_names_are_found() {
        assert_eq!(pick("Norml", &["Normal", "LogNormal"]), Some("Normal"));
        assert_eq!(pick("normal", &["Norma", "Normal"]), Some("Normal"));
        assert_eq!(pick("obsreve", &["observe", "report"]), Some("observe"));
        assert_eq!(pick("sgima", &["mu", "sigma"]), Some("sigma"));
    }

    #[test]
    fn far_names_are_not() {
        assert_eq!(pick("x", &["mu", "tau"]), None);
        assert_eq!(pick("x", &["y"]), None);
        assert_eq!(pick("alpha", &["beta"]), None);
        assert_eq!(pick("", &["", "a"]), None);
    }
}
