//! Characters that a person does not see, and names for characters that a message must speak of.

/// Whether the character takes no room on a screen: a reader cannot tell a text with it from one without.
///
/// Variation selectors are not among them: they belong to the emoji before them.
#[must_use]
pub const fn is_invisible(character: char) -> bool {
    is_zero_width(character)
        || is_bidi(character)
        || matches!(
            character,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180e}' | '\u{2028}'
                | '\u{2029}'
                | '\u{2061}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Whether the character is one without width that copying from a page or a document leaves in a text, and that changes
/// nothing of what a reader sees.
#[must_use]
pub const fn is_zero_width(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Whether the character changes the direction in which the text after it is shown, so that a reader sees another order
/// than a program.
#[must_use]
pub const fn is_bidi(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// The character's name and code point, for a message: `ZERO WIDTH SPACE (U+200B)`. Where Unicode's own name is not
/// listed here, the kind of character stands in its place.
#[must_use]
pub fn name(character: char) -> String {
    let kind = own_name(character).unwrap_or_else(|| kind(character));
    format!("{kind} (U+{:04X})", u32::from(character))
}

const fn own_name(character: char) -> Option<&'static str> {
    Some(match character {
        '\0' => "NULL",
        '\t' => "TAB",
        '\n' => "LINE FEED",
        '\r' => "CARRIAGE RETURN",
        '\u{1a}' => "SUBSTITUTE",
        '\u{1b}' => "ESCAPE",
        '\u{7f}' => "DELETE",
        '\u{a0}' => "NO-BREAK SPACE",
        '\u{ad}' => "SOFT HYPHEN",
        '\u{34f}' => "COMBINING GRAPHEME JOINER",
        '\u{61c}' => "ARABIC LETTER MARK",
        '\u{180e}' => "MONGOLIAN VOWEL SEPARATOR",
        '\u{200b}' => "ZERO WIDTH SPACE",
        '\u{200c}' => "ZERO WIDTH NON-JOINER",
        '\u{200d}' => "ZERO WIDTH JOINER",
        '\u{200e}' => "LEFT-TO-RIGHT MARK",
        '\u{200f}' => "RIGHT-TO-LEFT MARK",
        '\u{2028}' => "LINE SEPARATOR",
        '\u{2029}' => "PARAGRAPH SEPARATOR",
        '\u{202a}' => "LEFT-TO-RIGHT EMBEDDING",
        '\u{202b}' => "RIGHT-TO-LEFT EMBEDDING",
        '\u{202c}' => "POP DIRECTIONAL FORMATTING",
        '\u{202d}' => "LEFT-TO-RIGHT OVERRIDE",
        '\u{202e}' => "RIGHT-TO-LEFT OVERRIDE",
        '\u{2060}' => "WORD JOINER",
        '\u{2066}' => "LEFT-TO-RIGHT ISOLATE",
        '\u{2067}' => "RIGHT-TO-LEFT ISOLATE",
        '\u{2068}' => "FIRST STRONG ISOLATE",
        '\u{2069}' => "POP DIRECTIONAL ISOLATE",
        '\u{3002}' => "IDEOGRAPHIC FULL STOP",
        '\u{3164}' => "HANGUL FILLER",
        '\u{feff}' => "ZERO WIDTH NO-BREAK SPACE",
        '\u{fffd}' => "REPLACEMENT CHARACTER",
        _ => return None,
    })
}

fn kind(character: char) -> &'static str {
    match character {
        _ if character.is_control() => "control character",
        _ if is_invisible(character) => "invisible character",
        _ if character.is_whitespace() => "space",
        '\u{370}'..='\u{3ff}' => "Greek letter",
        '\u{400}'..='\u{52f}' => "Cyrillic letter",
        '\u{590}'..='\u{5ff}' => "Hebrew letter",
        '\u{600}'..='\u{6ff}' => "Arabic letter",
        '\u{2e80}'..='\u{2fdf}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => "Chinese character",
        '\u{3000}'..='\u{303f}' => "Chinese punctuation mark",
        '\u{3040}'..='\u{30ff}' => "Japanese letter",
        '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}' => "Korean letter",
        '\u{c0}'..='\u{24f}' => "letter with a mark",
        '\u{e000}'..='\u{f8ff}' => "character of private use",
        '\u{1f300}'..='\u{1faff}' => "emoji",
        _ if character.is_alphabetic() => "letter of another script",
        _ if character.is_numeric() => "digit of another script",
        _ => "sign",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_told_from_what_is() {
        for character in [
            '\u{200b}',
            '\u{ad}',
            '\u{202e}',
            '\u{2066}',
            '\u{3164}',
            '\u{e0041}',
            '\u{2028}',
        ] {
            assert!(is_invisible(character), "{}", name(character));
        }
        for character in ['a', ' ', '卡', '\u{fe0f}', '\u{a0}', '❤'] {
            assert!(!is_invisible(character), "{}", name(character));
        }
        assert!(is_bidi('\u{202e}') && !is_zero_width('\u{202e}'));
        assert!(is_zero_width('\u{feff}') && !is_bidi('\u{feff}'));
    }

    #[test]
    fn a_name_has_the_code_point() {
        assert_eq!(name('\u{202e}'), "RIGHT-TO-LEFT OVERRIDE (U+202E)");
        assert_eq!(name('\u{1}'), "control character (U+0001)");
        assert_eq!(name('А'), "Cyrillic letter (U+0410)");
        assert_eq!(name('密'), "Chinese character (U+5BC6)");
    }
}
