//! Protocol §1: a code's canonical form, so that all spellings of a code have the same key id.

use crate::{Code, Refusal};

/// The prefix of the VRF's input.
const DOMAIN: &str = "shelfproof-code-v1:";

/// The most characters of a canonical code.
pub const MAX_CANONICAL: usize = 256;

/// A code's canonical form: full-width forms become ASCII, ASCII that is no letter or digit and the listed invisible
/// characters are dropped, A–Z become a–z.
///
/// # Errors
/// `code_unusual` unless 1 to [`MAX_CANONICAL`] characters of a–z and 0–9 are left.
pub fn canonical(code: &str) -> Result<String, Refusal> {
    let mut canonical = String::new();
    for character in code.chars() {
        let character = half_width(character);
        if character.is_ascii_alphanumeric() {
            canonical.push(character.to_ascii_lowercase());
        } else if !is_dropped(character) {
            return Err(unusual(
                "it has a character other than letters a–z, digits and separators",
            ));
        }
        if canonical.len() > MAX_CANONICAL {
            return Err(unusual("it has more than 256 letters and digits"));
        }
    }
    if canonical.is_empty() {
        return Err(unusual("it has no letter and no digit"));
    }
    Ok(canonical)
}

/// The VRF's input for a code: the domain and the canonical code.
///
/// # Errors
/// As [`canonical`].
pub fn alpha(code: &str) -> Result<Vec<u8>, Refusal> {
    canonical(code).map(|canonical| [DOMAIN, &canonical].concat().into_bytes())
}

/// Maps the full-width forms U+FF01–U+FF5E to their ASCII characters.
fn half_width(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        _ => character,
    }
}

/// Separators and invisible characters, which a code is compared without.
const fn is_dropped(character: char) -> bool {
    character.is_ascii()
        || matches!(
            character,
            '\u{a0}'
                | '\u{ad}'
                | '\u{2000}'..='\u{2015}'
                | '\u{202a}'..='\u{202f}'
                | '\u{205f}'..='\u{2060}'
                | '\u{2066}'..='\u{2069}'
                | '\u{2212}'
                | '\u{3000}'
                | '\u{feff}'
        )
}

fn unusual(why: &str) -> Refusal {
    Refusal::new(Code::CodeUnusual, format!("the protocol cannot name this code: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_after_dropping() {
        assert_eq!(canonical(&"A-".repeat(256)).unwrap().len(), 256);
        assert_eq!(canonical(&"A".repeat(257)).unwrap_err().code, Code::CodeUnusual);
    }

    #[test]
    fn edges_of_the_listed_ranges() {
        for dropped in [
            '\u{a0}', '\u{ad}', '\u{2000}', '\u{2015}', '\u{202a}', '\u{202f}', '\u{205f}', '\u{2060}', '\u{2066}',
            '\u{2069}', '\u{2212}', '\u{3000}', '\u{feff}', '\u{ff01}',
        ] {
            assert_eq!(canonical(&format!("a{dropped}b")).unwrap(), "ab", "{dropped:?}");
        }
        for kept in [
            '\u{9f}', '\u{a1}', '\u{ac}', '\u{ae}', '\u{1fff}', '\u{2016}', '\u{2029}', '\u{2030}', '\u{205e}',
            '\u{2061}', '\u{2065}', '\u{206a}', '\u{2211}', '\u{2213}', '\u{3001}', '\u{ff00}', '\u{ff5f}',
        ] {
            assert!(canonical(&format!("a{kept}b")).is_err(), "{kept:?}");
        }
        assert_eq!(
            canonical("\u{ff21}\u{ff3a}\u{ff41}\u{ff5a}\u{ff10}\u{ff19}\u{ff5e}").unwrap(),
            "azaz09"
        );
        assert_eq!(canonical("\u{0}\u{7f}a").unwrap(), "a");
    }
}
