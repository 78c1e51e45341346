//! Import: vendors' files become keys on sale. The files are those of `tests/data`, or made by
//! `shelfproof_tests::codes`.
//!
//! A test of how a file is read goes to `kinds` or `damage`, one of an import's result to `files`.

mod api;
mod damage;
mod files;
mod kinds;
mod shop;
mod withdraw;
