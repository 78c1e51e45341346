//! What programs leave around and in a code: the wrapping of a spreadsheet, characters that nobody sees, and values
//! that are no code at all.

use super::{Reason, trim};
use crate::domain::character;

/// Digits of a number that a spreadsheet keeps; it writes zeros for those after them.
pub(super) const KEPT_DIGITS: usize = 15;

/// What was taken off a code, or off what is delivered with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// A spreadsheet's mark for text: `="0012"` or `'0012`.
    pub wrapping: bool,
    /// Characters without width.
    pub invisible: bool,
}

impl Taken {
    /// What was taken off either.
    pub(super) const fn or(self, other: Self) -> Self {
        Self {
            wrapping: self.wrapping || other.wrapping,
            invisible: self.invisible || other.invisible,
        }
    }
}

/// Why a cell has no code or nothing to deliver, with a detail that helps to correct it.
pub(super) type Refused = (Reason, String);

/// The code of a cell, as it is delivered. `is_table` where the cell is one of a table: a program may have written it.
pub(super) fn code(cell: &str, is_table: bool) -> Result<(String, Taken), Refused> {
    let (cell, taken) = cleaned(cell, keeps_none)?;
    let (cell, wrapping) = unwrapped(&cell, true)?;
    let taken = Taken { wrapping, ..taken };
    if cell.is_empty() {
        return Err((Reason::NoCode, String::new()));
    }
    if let Some(word) = no_code_word(&cell) {
        return Err((Reason::Placeholder, word.to_owned()));
    }
    if is_scientific(&cell) {
        return Err((Reason::DamagedNumber, String::new()));
    }
    let separator = |character| matches!(character, '\n' | ',' | ';' | '，' | '；' | '、');
    if is_table && let Some(character) = cell.chars().find(|character| separator(*character)) {
        return Err((Reason::SeveralCodes, character::name(character)));
    }
    Ok((cell, taken))
}

/// What is delivered with a code. A password may begin with an apostrophe: it is a spreadsheet's mark only in a table,
/// before what a spreadsheet would else calculate with.
pub(super) fn extra(cell: &str, is_table: bool) -> Result<(String, Taken), Refused> {
    let (cell, taken) = cleaned(cell, keeps_joiners)?;
    if !is_table {
        return Ok((cell, taken));
    }
    let (cell, wrapping) = unwrapped(&cell, false)?;
    if let Some(word) = error_word(&cell) {
        return Err((Reason::Placeholder, word.to_owned()));
    }
    if is_scientific(&cell) {
        return Err((Reason::DamagedNumber, String::new()));
    }
    Ok((cell, Taken { wrapping, ..taken }))
}

/// The cell without white space around it and characters without width, unless `keeps` one between its neighbours.
fn cleaned(cell: &str, keeps: fn(Option<char>, char, Option<char>) -> bool) -> Result<(String, Taken), Refused> {
    if let Some(bidi) = cell.chars().find(|character| character::is_bidi(*character)) {
        return Err((Reason::BidiControl, character::name(bidi)));
    }
    // Nearly every cell is as it should be.
    if !cell.chars().any(character::is_zero_width) {
        return Ok((trim(cell).to_owned(), Taken::default()));
    }
    let characters: Vec<char> = cell.chars().collect();
    let beside = |at: Option<usize>| at.and_then(|at| characters.get(at)).copied();
    let kept = characters.iter().enumerate().filter(|(at, character)| {
        !character::is_zero_width(**character) || keeps(beside(at.checked_sub(1)), **character, beside(Some(at + 1)))
    });
    let text: String = kept.map(|(_, character)| *character).collect();
    let invisible = text.len() < cell.len();
    let taken = Taken {
        invisible,
        ..Taken::default()
    };
    Ok((trim(&text).to_owned(), taken))
}

const fn keeps_none(_: Option<char>, _: char, _: Option<char>) -> bool {
    false
}

/// Joiners belong to the text between characters of scripts and emoji that use them.
fn keeps_joiners(before: Option<char>, character: char, after: Option<char>) -> bool {
    let is_other = |neighbour: Option<char>| {
        neighbour.is_some_and(|neighbour| !neighbour.is_ascii() && !character::is_zero_width(neighbour))
    };
    matches!(character, '\u{200c}' | '\u{200d}') && is_other(before) && is_other(after)
}

/// The text within a spreadsheet's mark for text, and whether there was one.
fn unwrapped(cell: &str, is_code: bool) -> Result<(String, bool), Refused> {
    let quoted = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    if let Some(text) = quoted.filter(|text| !text.contains('"')) {
        return Ok((trim(text).to_owned(), true));
    }
    if is_code && cell.starts_with('=') {
        return Err((Reason::Formula, String::new()));
    }
    let calculates = |rest: &str| rest.starts_with(|first: char| first.is_ascii_digit() || "=+-@".contains(first));
    match cell.strip_prefix('\'') {
        Some(rest) if is_code || calculates(rest) => {
            Ok((trim(rest.strip_suffix('\'').unwrap_or(rest)).to_owned(), true))
        }
        _ => Ok((cell.to_owned(), false)),
    }
}

/// Values that stand where there is no code.
const MARKERS: [&str; 42] = [
    "n/a",
    "na",
    "n.a.",
    "n.a",
    "null",
    "nil",
    "none",
    "nan",
    "undefined",
    "empty",
    "blank",
    "unknown",
    "tbd",
    "test",
    "tests",
    "testing",
    "example",
    "sample",
    "dummy",
    "placeholder",
    "true",
    "false",
    "0",
    "0.0",
    "0.00",
    "-",
    "--",
    "---",
    "\u{2013}",
    "\u{2014}",
    "\u{2014}\u{2014}",
    "/",
    "?",
    "*",
    "无",
    "無",
    "空",
    "暂无",
    "测试",
    "測試",
    "示例",
    "(blank)",
];

/// The value's word for a message, where it is a spreadsheet's error or a marker that stands where there is no code.
fn no_code_word(cell: &str) -> Option<&'static str> {
    let bare = cell.trim_matches(['(', ')', '<', '>', '[', ']', '{', '}', '"']);
    let is_marker = |text: &str| MARKERS.iter().any(|marker| marker.eq_ignore_ascii_case(text));
    if is_marker(cell) || is_marker(bare) {
        return Some("a word or sign that stands where there is no code, such as N/A, NULL, 0 or test");
    }
    // xxxx-xxxx, ****: a form to be filled in.
    let mut signs = cell
        .chars()
        .filter(|character| !matches!(character, '-' | ' ' | '_'))
        .peekable();
    if cell.len() > 2 && signs.peek().is_some() && signs.all(|character| "xX*?#".contains(character)) {
        return Some("a form to be filled in, such as xxxx-xxxx");
    }
    error_word(cell)
}

fn error_word(cell: &str) -> Option<&'static str> {
    let is_error = cell.strip_prefix('#').is_some_and(|rest| {
        rest.ends_with(['!', '?']) && !rest.contains(' ') && rest.chars().count() <= 20
            || [
                "N/A",
                "NV",
                "N/D",
                "GETTING_DATA",
                "DIV/0",
                "REF",
                "VALUE",
                "NAME",
                "NUM",
                "NULL",
            ]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(rest))
    });
    // LibreOffice numbers its errors.
    let is_numbered = cell
        .strip_prefix("Err:")
        .is_some_and(|number| number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit()));
    (is_error || is_numbered).then_some("an error of a spreadsheet, such as #REF! or #N/A")
}

/// Whether the cell is a number with an exponent, `1.23457E+18`: a spreadsheet's form of a long one. A code of
/// letters and digits can be `123E45`, so that a sign or a decimal point is needed.
pub(super) fn is_scientific(cell: &str) -> bool {
    let Some((number, exponent)) = cell.split_once(['E', 'e']) else {
        return false;
    };
    let (whole, part) = number.split_once(['.', ',']).unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let bare = exponent.trim_start_matches(['+', '-']);
    let is_sure = number.len() > whole.len() || exponent.starts_with('+');
    whole.len() == 1 && is_sure && is_digits(whole) && is_digits(part) && is_digits(bare) && bare.len() <= 3
}

/// Whether the cell is a number whose digits after the kept ones are `zeros` zeros or more.
pub(super) fn is_rounded(cell: &str, zeros: usize) -> bool {
    let digits = cell.strip_suffix(".0").unwrap_or(cell);
    digits.len() >= KEPT_DIGITS + zeros
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits[KEPT_DIGITS..].bytes().all(|byte| byte == b'0')
}

/// Whether the value stands where there is no code; such a first row is none that names columns either.
pub(super) fn is_no_code(cell: &str) -> bool {
    no_code_word(trim(cell)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(cell: &str) -> Option<Reason> {
        code(cell, true).err().map(|(reason, _)| reason)
    }

    #[test]
    fn wrappings_are_taken_off() {
        for (cell, text) in [
            ("=\"0012012345\"", "0012012345"),
            ("'0012012347", "0012012347"),
            ("'AB-1'", "AB-1"),
            (" =\" 7 7 \" ", "7 7"),
        ] {
            let (code, taken) = code(cell, true).unwrap();
            assert_eq!((code.as_str(), taken.wrapping), (text, true), "{cell}");
        }
        assert_eq!(reason("=A1&B2"), Some(Reason::Formula));
        assert_eq!(reason("=\"0012"), Some(Reason::Formula));
        assert_eq!(extra("'secret", true).unwrap().0, "'secret");
        assert_eq!(extra("=secret", true).unwrap().0, "=secret");
        assert_eq!(extra("'0012", true).unwrap().0, "0012");
        assert_eq!(
            extra("'0012", false).unwrap().0,
            "'0012",
            "a password of a text file is as it stands"
        );
    }

    #[test]
    fn what_stands_where_there_is_no_code_is_none() {
        for cell in [
            "N/A",
            "n/a",
            "NULL",
            "null",
            "(null)",
            "<none>",
            "None",
            "-",
            "0",
            "test",
            "TEST",
            "无",
            "#REF!",
            "#N/A",
            "#NAME?",
            "#WERT!",
            "#DIV/0!",
            "Err:502",
            "xxxx-xxxx",
            "****",
            "######",
            "nan",
            "undefined",
            "#ИМЯ?",
        ] {
            assert_eq!(reason(cell), Some(Reason::Placeholder), "{cell}");
        }
        for cell in [
            "TEST-1234",
            "0012",
            "NA-12",
            "NULLPTR1",
            "X1",
            "#1234",
            "NONE-0001",
            "00",
        ] {
            assert_eq!(reason(cell), None, "{cell}");
        }
    }

    #[test]
    fn damaged_numbers_are_told_from_codes() {
        for cell in [
            "1.23457E+18",
            "1.9143100000101E+18",
            "2.19e+26",
            "1E+18",
            "1,23457E+18",
            "1.5E12",
            "6.02E-5",
        ] {
            assert_eq!(reason(cell), Some(Reason::DamagedNumber), "{cell}");
        }
        for cell in [
            "123E45",
            "1E18",
            "1914310000010100001",
            "1914310000010100000",
            "1234567890123450",
            "E+18",
            "ABCE+1",
            "8E9F-1234",
        ] {
            assert_eq!(reason(cell), None, "{cell}");
        }
    }

    #[test]
    fn two_codes_in_a_cell_are_not_one() {
        assert_eq!(reason("I25-1\nI25-2"), Some(Reason::SeveralCodes));
        assert_eq!(reason("I25-1, I25-2"), Some(Reason::SeveralCodes));
        assert_eq!(reason("I25-1\n"), None);
        assert_eq!(
            code("A;B", false).unwrap().0,
            "A;B",
            "a line is one code where its caller says so"
        );
    }

    #[test]
    fn what_nobody_sees_is_taken_off_or_refused() {
        for cell in [
            "\u{200b}A-1",
            "A-1\u{200b}\u{200d}",
            "A\u{200b}-1",
            "\u{feff}A-1",
            "A\u{2060}-1",
            "A\u{ad}-1",
        ] {
            let (code, taken) = code(cell, false).unwrap();
            assert_eq!((code.as_str(), taken.invisible), ("A-1", true), "{cell:?}");
        }
        for cell in ["\u{202a}A-1\u{202c}", "\u{2066}A\u{2069}", "A\u{200f}", "\u{61c}A"] {
            let (reason, detail) = code(cell, false).unwrap_err();
            assert_eq!(reason, Reason::BidiControl);
            assert!(detail.contains("(U+"), "{detail}");
        }
        assert_eq!(extra("pa\u{200b}ss", false).unwrap().0, "pass");
        let family = "👨\u{200d}👩";
        assert_eq!(extra(family, false).unwrap(), (family.to_owned(), Taken::default()));
    }
}
