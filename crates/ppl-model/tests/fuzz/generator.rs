//! Inputs: mutated models, strings of bytes, and models grown from the grammar.

use std::fs;
use std::path::Path;

/// xorshift64*: the same inputs on every machine.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Numbers {
        Numbers(0x9e37_79b9_7f4a_7c15 ^ (seed << 32 | seed))
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n.max(1)
    }

    pub fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Every seed: the corpus of odd inputs and all models of the repository.
pub fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut out = vec![];
    let mut folders = vec![
        root.join("tests/corpus"),
        root.join("tests/posteriordb"),
        root.join("examples"),
        root.join("tests/suite"),
    ];
    while let Some(folder) = folders.pop() {
        let mut paths: Vec<_> = fs::read_dir(folder)
            .expect("a folder of seeds")
            .map(|e| e.expect("an entry").path())
            .collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "ppl") {
                out.push(String::from_utf8_lossy(&fs::read(path).expect("a seed")).into_owned());
            } else if path.extension().is_some_and(|e| e == "md") {
                let text = fs::read_to_string(path).expect("a suite file");
                let blocks = text
                    .split("```ppl\n")
                    .skip(1)
                    .filter_map(|rest| rest.split("```").next());
                out.extend(blocks.map(str::to_owned));
            }
        }
    }
    out
}

/// Words, numbers, strings, single marks and what is between them.
fn tokens(text: &str) -> Vec<&str> {
    let mut out = vec![];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let len = match first {
            '"' => rest[1..].find('"').map_or(rest.len(), |i| i + 2),
            c if word(c) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        out.push(&rest[..len]);
        rest = &rest[len..];
    }
    out
}

/// A model with tokens dropped, doubled, swapped, or spliced in from another.
pub fn mutant(corpus: &[String], numbers: &mut Numbers) -> String {
    let text: &String = numbers.one_of(corpus);
    let mut mutant = tokens(text);
    let other: &String = numbers.one_of(corpus);
    let other = tokens(other);
    for _ in 0..=numbers.below(4) {
        if mutant.is_empty() || other.is_empty() {
            break;
        }
        let (i, j) = (numbers.below(mutant.len()), numbers.below(mutant.len()));
        match numbers.below(5) {
            0 => drop(mutant.remove(i)),
            1 => mutant.insert(j, mutant[i]),
            2 => mutant.swap(i, j),
            3 => mutant[i] = *numbers.one_of(&other),
            // A stretch of one model into another.
            _ => {
                let from = numbers.below(other.len());
                let to = (from + 1 + numbers.below(20)).min(other.len());
                let end = (i + numbers.below(10)).min(mutant.len());
                mutant.splice(i..end, other[from..to].iter().copied());
            }
        }
    }
    mutant.concat()
}

/// Bytes: any, those of the language's marks, or a seed with some bytes changed.
pub fn random_bytes(corpus: &[String], numbers: &mut Numbers) -> String {
    const MARKS: &[u8] = b"abxy01.;:,~=<>[](){}+-*/^@!&|\"'#\n \t?_%\\$";
    let bytes: Vec<u8> = match numbers.below(4) {
        0 => (0..numbers.below(80))
            .map(|_| numbers.below(256) as u8)
            .collect(),
        1 | 2 => (0..numbers.below(120))
            .map(|_| *numbers.one_of(MARKS))
            .collect(),
        _ => {
            let seed: &String = numbers.one_of(corpus);
            let seed = seed.as_bytes();
            let from = numbers.below(seed.len());
            let mut bytes = seed[from..seed.len().min(from + 150)].to_vec();
            for _ in 0..numbers.below(6) {
                let n = bytes.len();
                if n > 0 {
                    bytes[numbers.below(n)] = numbers.below(256) as u8;
                }
            }
            bytes
        }
    };
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text that the grammar accepts, with comments and line breaks where they may stand.
pub fn random_model(numbers: &mut Numbers) -> String {
    let n = 1 + numbers.below(8);
    (0..n).map(|_| statement(numbers, 2)).collect()
}

const NAMES: &[&str] = &["a", "b", "mu", "theta", "row", "county", "y", "x_1"];

fn gap(numbers: &mut Numbers) -> &'static str {
    [
        "",
        " ",
        "  ",
        "\n",
        " /* why */ ",
        "",
        " ",
        "",
        " // because\n",
    ][numbers.below(9)]
}

fn name(numbers: &mut Numbers) -> String {
    (*numbers.one_of(NAMES)).to_owned()
}

fn target(numbers: &mut Numbers) -> String {
    match numbers.below(3) {
        0 => name(numbers),
        1 => format!("{}[{}]", name(numbers), name(numbers)),
        _ => format!("{}[{}, {}]", name(numbers), name(numbers), name(numbers)),
    }
}

fn statement(numbers: &mut Numbers, depth: usize) -> String {
    let (g, h) = (gap(numbers), gap(numbers));
    let body = |numbers: &mut Numbers| -> String {
        (0..numbers.below(3))
            .map(|_| statement(numbers, depth - 1))
            .collect()
    };
    match numbers.below(if depth > 0 { 11 } else { 9 }) {
        0 => format!("axis {} = {};{h}", name(numbers), 1 + numbers.below(5)),
        1 => format!("axis {} = {{low, {}}};{h}\n", name(numbers), name(numbers)),
        2 => format!("data {}:{g}real;{h}\n", target(numbers)),
        3 => format!("{}{g}~ {};{h}", target(numbers), distribution(numbers)),
        4 => format!(
            "observe {}{g}~ {};{h}\n",
            expression(numbers, 2),
            distribution(numbers)
        ),
        5 => format!("let {} ={g}{};{h}", target(numbers), expression(numbers, 4)),
        6 => format!("factor {};{h}\n\n\n", expression(numbers, 4)),
        7 => format!(
            "report {} = {};{h}",
            target(numbers),
            expression(numbers, 3)
        ),
        8 => format!(
            "param {}: positive = {};{h}\n",
            target(numbers),
            expression(numbers, 2)
        ),
        9 => format!("for t in {} {{{g}{}}}{h}\n", name(numbers), body(numbers)),
        _ => format!("guide {{{g}{}}}{h}\n", body(numbers)),
    }
}

fn distribution(numbers: &mut Numbers) -> String {
    match numbers.below(4) {
        0 => format!(
            "Normal({}, {})",
            expression(numbers, 2),
            expression(numbers, 2)
        ),
        1 => format!("Gamma(a, scale = {})", expression(numbers, 2)),
        2 => "Flat()".to_owned(),
        _ => format!(
            "if {} {{ Normal(0, 1) }} else {{ Cauchy({}, 1) }}",
            expression(numbers, 1),
            expression(numbers, 1)
        ),
    }
}

fn expression(numbers: &mut Numbers, depth: usize) -> String {
    let g = gap(numbers);
    if depth == 0 {
        return match numbers.below(4) {
            0 => format!("{}", numbers.below(100)),
            1 => "0.5e-3".to_owned(),
            2 => "true".to_owned(),
            _ => name(numbers),
        };
    }
    let (a, b) = (
        expression(numbers, depth - 1),
        expression(numbers, numbers_below(depth)),
    );
    match numbers.below(9) {
        0 => format!("({a})"),
        1 => format!("-{a}"),
        2 => format!("!({a})"),
        3 => format!("exp({a}{g})"),
        4 => format!("theta[{a}, {b}]"),
        5 => format!("if {a} {{ {b} }} else {{{g}{a} }}"),
        6 => format!("sum(k in row if {a}: {b})"),
        7 => format!("[{a},{g}{b}]"),
        _ => {
            let marks = [
                "+", "-", "*", "/", "%", "@", "^", "&&", "||", "<", ">=", "==", "!=",
            ];
            // Comparisons do not chain.
            format!("({a}){g}{}{g}({b})", numbers.one_of(&marks))
        }
    }
}

fn numbers_below(depth: usize) -> usize {
    depth.saturating_sub(2)
}
