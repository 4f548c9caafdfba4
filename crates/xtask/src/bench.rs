//! Speed: of one model, of the benchmark problems, and beside other systems.

mod clock;
mod load;
pub mod peers;
mod problems;
mod table;
pub mod time;
