//! Values of a file as a question or a preview may show them: enough to tell one column from another, and no code.

/// The most characters of a value that are shown.
const SHOWN: usize = 3;

/// The start of the value, at most a quarter of it, and how long it is.
pub(super) fn masked(value: &str) -> String {
    let count = value.chars().count();
    if count == 0 {
        return "nothing".to_owned();
    }
    let start: String = value
        .chars()
        .take(SHOWN.min(count / 4))
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    format!("{start}*** ({count} long)")
}

/// A row's values, each masked.
pub(super) fn masked_row(row: &[String]) -> String {
    row.iter().map(|value| masked(value)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_shows_a_quarter_at_most() {
        for (value, shown) in [
            ("", "nothing"),
            ("abc", "*** (3 long)"),
            ("abcd", "a*** (4 long)"),
            ("ABCD-EFGH-0001", "ABC*** (14 long)"),
            ("卡密卡密", "卡*** (4 long)"),
        ] {
            assert_eq!(masked(value), shown);
        }
    }
}
