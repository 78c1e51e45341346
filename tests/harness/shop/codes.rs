//! Codes for a test to import.

use alloy_primitives::{hex, keccak256};

/// Returns `count` codes, in five groups of four characters, that no other `series` contains.
#[must_use]
pub fn codes(series: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| code(&format!("{series}/{number}"))).collect()
}

fn code(name: &str) -> String {
    let digits = hex::encode_upper(&keccak256(name)[..10]);
    let groups = (0..5).map(|group| &digits[group * 4..group * 4 + 4]);
    groups.collect::<Vec<_>>().join("-")
}
