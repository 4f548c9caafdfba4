//! Speed: of one model, of the benchmark problems, and beside other systems.

pub mod clock;
pub mod load;
pub mod peers;
pub mod problems;
pub mod reach;
mod table;
pub mod time;
mod turns;
