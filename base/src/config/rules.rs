//! What a value must be, in the words that a refusal uses.

use std::ops::RangeInclusive;

/// A field and the rule that it breaks: `must be 1 to 64, not 65`.
pub type Check = (&'static str, String);

/// The checks that failed.
#[must_use]
pub fn broken<const N: usize>(checks: [Option<Check>; N]) -> Vec<Check> {
    checks.into_iter().flatten().collect()
}

/// What is wrong with a number outside its bounds.
#[must_use]
pub fn within(field: &'static str, value: u64, bounds: RangeInclusive<u64>) -> Option<Check> {
    let (least, most) = (bounds.start(), bounds.end());
    (!bounds.contains(&value)).then(|| (field, format!("must be {least} to {most}, not {value}")))
}
