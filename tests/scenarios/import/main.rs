//! Import: vendors' files become keys on sale. The files are those of `tests/data`, or made by
//! `shelfproof_tests::codes`.

mod api;
mod damage;
mod files;
mod kinds;
mod shop;
mod withdraw;
