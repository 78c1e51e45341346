//! `shelfproof` itself, as a process, where it needs no database.

mod usage;
