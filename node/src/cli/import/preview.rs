//! What a preview prints.

use crate::import::{Preview, PreviewRow};

/// The preview for a person.
pub(super) fn text(preview: &Preview) -> String {
    let refused = preview.refused_lines();
    let other = preview.lines.saturating_sub(preview.codes + refused);
    let mut text = format!(
        "{}\n\nlines     {:>10}\ncodes     {:>10}\nrefused   {refused:>10}\nother     {other:>10}  \
         blank, a header, or the rest of a row\n",
        preview.reading, preview.lines, preview.codes
    );
    for (count, what) in [
        (
            preview.unwrapped,
            "in a spreadsheet's wrapping, such as =\"0012\", that is taken off",
        ),
        (preview.cleaned, "with characters that nobody sees, which are taken off"),
    ] {
        if count > 0 {
            text += &format!("{count:>20}  {what}\n");
        }
    }
    rows(&mut text, "first codes", &preview.first);
    rows(&mut text, "last codes", &preview.last);
    for (at, refusal) in preview.refusals.iter().enumerate() {
        text += if at == 0 { "\nrefused lines\n" } else { "" };
        text += &format!(
            "{:>8}  {}; {}\n",
            refusal.line,
            refusal.detail,
            refusal.reason.chinese()
        );
    }
    let more = refused - preview.refusals.len() as u64;
    if more > 0 {
        text += &format!("     ...  and {more} more\n");
    }
    text + "\nnothing was brought in; codes that the shop has already show at the import\n"
}

fn rows(text: &mut String, heading: &str, rows: &[PreviewRow]) {
    for (at, row) in rows.iter().enumerate() {
        if at == 0 {
            *text += &format!("\n{heading}\n");
        }
        let beside = if row.extra.is_empty() { "" } else { ", with it " };
        *text += &format!("{:>8}  {}{beside}{}\n", row.line, row.code, row.extra);
    }
}
