//! Protocol §2: the buyer in a sale. A sale commits to its buyer by a hash, which only the buyer can open.

use alloy_primitives::{B256, keccak256};

/// The prefix of what is hashed to a secret.
const DOMAIN: &[u8] = b"shelfproof-buyer-v1:";

/// The buyer's secret, which proves a purchase: `keccak256(domain ‖ nonce ‖ tag)`. The buyer's side makes the random
/// nonce; the tag is the buyer's e-mail, phone or other name, without spaces and invisible characters, and with
/// A–Z as a–z.
#[must_use]
pub fn secret(nonce: &B256, tag: &str) -> B256 {
    let tag: String = tag
        .chars()
        .filter(|character| !is_space(*character))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    keccak256([DOMAIN, nonce.as_slice(), tag.as_bytes()].concat())
}

/// The `buyer` in a sale's body: `keccak256(secret)`. Only one nonce and tag lead to it.
#[must_use]
pub fn commitment(secret: &B256) -> B256 {
    keccak256(secret)
}

/// Spaces and invisible characters, which a tag is compared without.
const fn is_space(character: char) -> bool {
    matches!(
        character,
        '\u{9}'..='\u{d}'
            | ' '
            | '\u{85}'
            | '\u{a0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{205f}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{3000}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_case_make_no_other_buyer() {
        let nonce = B256::repeat_byte(7);
        let expected = secret(&nonce, "bob@example.com");
        for spelling in [
            "Bob@Example.COM",
            " bob@example.com\r\n",
            "bob\u{85}@\u{a0}ex\u{1680}am\u{2000}p\u{200f}le\u{2028}.\u{2029}c\u{202f}o\u{205f}m\u{2060}\u{3000}\u{feff}\u{9}\u{b}\u{c}",
            "\u{202a}bob@\u{2066}example\u{2069}.com\u{202e}",
        ] {
            assert_eq!(secret(&nonce, spelling), expected, "{spelling:?}");
        }
        for another in [
            "bob@example.com\u{8}",
            "bob@example.com\u{e}",
            "bob@example.com\u{1fff}",
            "b\u{2010}ob@example.com",
            "bob@example.com\u{2030}",
            "bob@example.com\u{2065}",
            "bob@example.com\u{206a}",
        ] {
            assert_ne!(secret(&nonce, another), expected, "{another:?}");
        }
        assert_ne!(secret(&B256::repeat_byte(8), "bob@example.com"), expected);
        assert_ne!(secret(&nonce, "É"), secret(&nonce, "é"), "only A–Z are folded");
    }
}
