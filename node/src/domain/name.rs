//! Names that people give: to products, accounts, batches, top-ups.

use super::character;

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotName {
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// More characters than that.
    #[error("it is longer than {0} characters")]
    TooLong(usize),
    /// A line break, an escape, or another character that would change how a terminal or a file shows the rest; or
    /// one that nobody sees, so that two names look the same.
    #[error("it has a character that is not shown, {}; type the name anew without it", character::name(*.0))]
    Unseen(char),
}

/// Reads a name of at most `max` characters, without the white space around it.
///
/// # Errors
/// With the rule that is broken.
pub fn parse(text: &str, max: usize) -> Result<String, NotName> {
    let name = text.trim();
    if name.is_empty() {
        return Err(NotName::Empty);
    }
    if name.chars().count() > max {
        return Err(NotName::TooLong(max));
    }
    let is_unseen = |character: &char| character.is_control() || character::is_invisible(*character);
    match name.chars().find(is_unseen) {
        Some(unseen) => Err(NotName::Unseen(unseen)),
        None => Ok(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_people_type() {
        assert_eq!(parse(" 月卡 30 天 ", 7), Ok("月卡 30 天".to_owned()));
        assert_eq!(parse("❤\u{fe0f} Card", 7), Ok("❤\u{fe0f} Card".to_owned()));
        assert_eq!(parse("   ", 7), Err(NotName::Empty));
        assert_eq!(parse("月卡月卡", 3), Err(NotName::TooLong(3)));
        for (text, unseen) in [
            ("a\u{1b}[2Jb", '\u{1b}'),
            ("a\nb", '\n'),
            ("Month\u{200b}ly", '\u{200b}'),
            ("\u{202e}drac", '\u{202e}'),
            ("a\u{2069}b", '\u{2069}'),
            ("\u{3164}", '\u{3164}'),
            ("Card\u{ad}", '\u{ad}'),
        ] {
            assert_eq!(parse(text, 20), Err(NotName::Unseen(unseen)), "{text:?}");
        }
        let told = parse("a\u{200b}b", 20).unwrap_err().to_string();
        assert!(told.contains("ZERO WIDTH SPACE (U+200B)"), "{told}");
    }
}
