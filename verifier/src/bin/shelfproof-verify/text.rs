//! Text on a terminal: its width, and removing characters with an effect.

/// The most characters printed of a text from elsewhere.
const MAX_CHARS: usize = 2_000;

/// `text` without characters that move the cursor, set colours, are invisible, or change the direction of text.
pub(crate) fn printable(text: &str) -> String {
    let harmless = |c: char| if is_harmless(c) { c } else { '\u{fffd}' };
    let mut out: String = text.chars().take(MAX_CHARS).map(harmless).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        out.push('…');
    }
    out
}

fn is_harmless(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'))
}

/// The columns of `text`: two for Chinese and full-width characters.
pub(crate) fn width(text: &str) -> usize {
    console::measure_text_width(text)
}

/// `text`, padded with spaces to `columns`.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let fill = columns.saturating_sub(width(text));
    format!("{}{}", printable(text), " ".repeat(fill))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_drive_the_terminal() {
        assert_eq!(
            printable("a\u{1b}[31mb\r\n\u{202e}c\u{7}"),
            "a\u{fffd}[31mb\u{fffd}\u{fffd}\u{fffd}c\u{fffd}"
        );
        assert_eq!(printable("价格 9.90"), "价格 9.90");
        assert_eq!(printable(&"x".repeat(9_999)).chars().count(), MAX_CHARS + 1);
    }

    #[test]
    fn columns_align_in_both_scripts() {
        assert_eq!((width("sold"), width("售出")), (4, 4));
        assert_eq!(pad("售出", 6), "售出  ");
        assert_eq!(pad("longer", 3), "longer");
    }
}
