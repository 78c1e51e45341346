//! How a guest can be reached, which is also the name under which their orders are found again.

use std::str::FromStr;

/// How many characters a contact has.
pub const CONTACT_CHARS: std::ops::RangeInclusive<usize> = 3..=200;

/// How many characters a look-up password has.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 6..=100;

/// An e-mail address, a telephone number, or whatever else a guest gives, in one spelling.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact(String);

/// The text is no contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must have {} to {} characters on one line", CONTACT_CHARS.start(), CONTACT_CHARS.end())]
pub struct NotContact;

impl Contact {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Contact {
    type Err = NotContact;

    fn from_str(text: &str) -> Result<Self, NotContact> {
        let text = text.trim();
        if !CONTACT_CHARS.contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(NotContact);
        }
        // Nobody tells two mailboxes apart by the case of their letters.
        let is_mail = text.contains('@');
        Ok(Self(if is_mail { text.to_lowercase() } else { text.to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_has_one_spelling() {
        let read = |text: &str| text.parse::<Contact>().map(|contact| contact.0);
        assert_eq!(read(" Ann@Example.COM "), Ok("ann@example.com".to_owned()));
        assert_eq!(read("QQ 10001"), Ok("QQ 10001".to_owned()));
        assert_eq!(read("微信号"), Ok("微信号".to_owned()));
        for no in ["", "  ab  ", "a\nb@example.com", &"a".repeat(201)] {
            assert_eq!(read(no), Err(NotContact), "{no}");
        }
    }
}
