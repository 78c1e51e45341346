//! Import: vendors' files become keys on sale. The files are those of `tests/data`, or made by
//! `shelfproof_tests::codes`.

mod files;
mod shop;
