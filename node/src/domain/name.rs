//! Names that people give: to products, accounts, top-ups.

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotName {
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// More characters than that.
    #[error("it is longer than {0} characters")]
    TooLong(usize),
    /// A line break, an escape, or another character that would change how a terminal or a file shows the rest.
    #[error("it has a control character")]
    Control,
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
    if name.chars().any(char::is_control) {
        return Err(NotName::Control);
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_people_type() {
        assert_eq!(parse(" 月卡 30 天 ", 7), Ok("月卡 30 天".to_owned()));
        assert_eq!(parse("   ", 7), Err(NotName::Empty));
        assert_eq!(parse("月卡月卡", 3), Err(NotName::TooLong(3)));
        assert_eq!(parse("a\u{1b}[2Jb", 20), Err(NotName::Control));
        assert_eq!(parse("a\nb", 20), Err(NotName::Control));
    }
}
