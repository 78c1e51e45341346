//! Compares what a buyer typed with what a sale's body says.

use crate::vocabulary::body::Sold;

/// Whether the product that the buyer named is the sale's, by its id or its name. Spaces around it do not count.
pub(super) fn is_product(typed: &str, sold: &Sold<'_>) -> bool {
    let typed = typed.trim();
    let said = [&sold.product, &sold.name];
    !typed.is_empty() && said.into_iter().flatten().any(|said| said.trim() == typed)
}

/// Whether two texts are one currency: case and spaces around it do not count, nor do full-width forms.
pub(super) fn is_currency(typed: &str, said: &str) -> bool {
    plain(typed).eq_ignore_ascii_case(&plain(said))
}

/// Whether two texts are the same number. A text that is no decimal number is equal to none.
pub(super) fn is_price(typed: &str, said: &str) -> bool {
    let typed = decimal(typed);
    typed.is_some() && typed == decimal(said)
}

/// The one spelling of a decimal number: `10`, `10.0` and `010.00` are `10`. Full-width forms and spaces around it do
/// not count. `None` for anything but digits with at most one point between them: a comma or a space inside means
/// different things in different countries.
#[must_use]
pub fn decimal(text: &str) -> Option<String> {
    let text = plain(text);
    let (whole, part) = text
        .split_once('.')
        .map_or((&*text, None), |(whole, part)| (whole, Some(part)));
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if !is_digits(whole) || !part.is_none_or(is_digits) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let part = part.unwrap_or_default().trim_end_matches('0');
    Some(if part.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{part}")
    })
}

/// Without spaces around it, and with full-width forms as ASCII.
fn plain(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.trim().chars().map(narrow).collect()
}
