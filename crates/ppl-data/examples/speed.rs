//! Time to read 100,000 rows of 50 columns as numbers.

use std::fmt::Write;
use std::time::Instant;

fn main() {
    let mut text = (0..50)
        .map(|j| format!("x{j}"))
        .collect::<Vec<_>>()
        .join(",");
    for i in 0..100_000u32 {
        for j in 0..50u32 {
            let end = if j == 0 { '\n' } else { ',' };
            let _ = write!(
                text,
                "{end}{}",
                f64::from((i * 50 + j).wrapping_mul(2_654_435_761) % 1_000_003) / 1009.0
            );
        }
    }
    let bytes = text.len();
    let start = Instant::now();
    let table = ppl_data::Table::from_csv_text("speed", &text).ok();
    let parsed = start.elapsed();
    let sum: f64 = table
        .iter()
        .flat_map(|t| {
            t.column_names()
                .filter_map(|name| t.column(name)?.reals().ok())
                .map(|numbers| numbers.iter().sum::<f64>())
        })
        .sum();
    println!(
        "{bytes} bytes: parsed in {parsed:?}, with numbers {:?} (sum {sum})",
        start.elapsed()
    );
}
