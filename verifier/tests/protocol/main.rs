//! The protocol as a whole: against the vectors, on honest shelves, and on every cheat.

mod audits;
mod bounds;
mod flips;
mod histories;
mod purchases;
mod shelf;
mod transfers;
mod vectors;
