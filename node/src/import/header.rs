//! Whether a file's first row names its columns. A row that may hold a code is never passed over unasked.

use super::cell::is_no_code;
use super::mask::masked_row;
use super::words::{self, Meaning};
use super::{ReadError, trim};

/// From how many rows of one shape on a first row of another shape is unlike them.
const SHAPED_ROWS: usize = 3;

/// The most rows after the first that are compared with it.
const COMPARED_ROWS: usize = 200;

/// Whether the first of these rows is a header: as it is asked for, or as its content says. `code` is the code's
/// column, where that is known.
///
/// # Errors
/// [`ReadError::WhichHeader`] where the row is unlike those after it, and none that is known to be a header.
pub(super) fn is_first(rows: &[Vec<String>], asked: Option<bool>, code: Option<usize>) -> Result<bool, ReadError> {
    if let Some(asked) = asked {
        return Ok(asked);
    }
    let Some((first, rest)) = rows.split_first() else {
        return Ok(false);
    };
    let rest = &rest[..rest.len().min(COMPARED_ROWS)];
    let ask = || ReadError::WhichHeader {
        first: masked_row(first),
        second: rest.first().map(|row| masked_row(row)).unwrap_or_default(),
    };
    let named: Vec<usize> = (0..first.len())
        .filter(|at| words::meaning(&first[*at]).is_some())
        .collect();
    let filled = first.iter().filter(|cell| !trim(cell).is_empty()).count();
    // Names alone are no code, also where they recur: two files may have become one.
    if filled > 0 && named.len() == filled {
        return Ok(true);
    }
    if !named.is_empty() {
        // A code's column has a name of a code, or the row may be the first code with a word beside it.
        let is_code = |at: usize| {
            matches!(
                words::meaning(&first[at]),
                Some(Meaning::Code | Meaning::CodeOrSecret | Meaning::Number)
            )
        };
        let has_code = code.map_or_else(|| named.iter().any(|at| is_code(*at)), |at| named.contains(&at));
        // A product is called so in each row, a column only in the first.
        let recurs = |at: &usize| rest.iter().any(|row| row.get(*at) == Some(&first[*at]));
        if named.iter().any(recurs) {
            return Ok(false);
        }
        // A name that is not known is a name where what stands below it is of another kind; or where a known one
        // beside it is, and it has nothing of a code.
        let others = || (0..first.len()).filter(|at| !named.contains(at) && !trim(&first[*at]).is_empty());
        let is_clear = |at: usize| is_unlike(first, rest, at);
        let is_clear_beside = others().all(is_clear)
            || named.iter().any(|at| is_clear(*at)) && !others().any(|at| may_be_code(first, rest, at));
        return if has_code && is_clear_beside {
            Ok(true)
        } else {
            Err(ask())
        };
    }
    let column = code.or((first.len() == 1).then_some(0));
    match column {
        Some(at) if is_unlike(first, rest, at) => Err(ask()),
        _ => Ok(false),
    }
}

/// Whether the first row's cell is unlike all cells below it.
fn is_unlike(first: &[String], rest: &[Vec<String>], at: usize) -> bool {
    let cell = |row: &[String]| row.get(at).map(|cell| trim(cell).to_owned());
    let Some(first) = cell(first).filter(|first| !first.is_empty() && !is_no_code(first)) else {
        return false;
    };
    let rest = rest.iter().filter_map(|row| cell(row));
    let rest: Vec<String> = rest.filter(|below| !below.is_empty() && !is_no_code(below)).collect();
    if rest.is_empty() {
        return false;
    }
    let all = |holds: fn(&str) -> bool| rest.iter().all(|below| holds(below));
    if !first.is_ascii() && all(str::is_ascii) {
        return true;
    }
    let own = shape(&first);
    let shapes: Vec<String> = rest.iter().map(|below| shape(below)).collect();
    if shapes.contains(&own) {
        return false;
    }
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let has_space = |text: &str| text.contains(char::is_whitespace);
    !has_digit(&first) && all(has_digit)
        || has_space(&first) && rest.iter().all(|below| !has_space(below))
        || shapes.len() >= SHAPED_ROWS && shapes.iter().all(|shape| *shape == shapes[0])
}

/// Whether the first row's cell has a digit, or the shape of a cell below it.
fn may_be_code(first: &[String], rest: &[Vec<String>], at: usize) -> bool {
    let own = shape(trim(&first[at]));
    let mut below = rest.iter().filter_map(|row| row.get(at));
    first[at].bytes().any(|byte| byte.is_ascii_digit()) || below.any(|cell| shape(trim(cell)) == own)
}

/// The text with `A` for each capital letter and digit and `a` for each small letter: codes of one vendor often agree
/// in it.
fn shape(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            'A'..='Z' | '0'..='9' => 'A',
            'a'..='z' => 'a',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let cells = |line: &str| line.split(',').map(str::to_owned).collect();
        text.lines().map(cells).collect()
    }

    fn told(text: &str) -> Option<bool> {
        is_first(&rows(text), None, None).ok()
    }

    #[test]
    fn known_names_are_a_header() {
        for text in [
            "code\nA-1",
            "License_Key\nA-1\nA-2",
            "no,License Key,price\n1,A-1,9",
            "账号,密码\na,b",
            "id,x,code\n1,77,A-1",
            "code,login hint\nA-1,first pet",
            "License Key\nA-1\nLicense Key\nA-2",
            "code,price\nA-1,9\ncode,price\nA-2,9",
        ] {
            assert_eq!(told(text), Some(true), "{text}");
        }
    }

    #[test]
    fn a_first_row_like_its_neighbours_is_data() {
        for text in [
            "A-1\nA-2",
            "1,I20-AAAA-0001,9.90\n2,I20-AAAA-0002,9.90",
            "user1,pass1\nuser2,pass2",
            "Steam Key,ABCD-1234\nSteam Key,ABCD-1235",
            "A-1",
            "N/A\nA-1\nA-2",
            "QWXKZZ\nA1B2C3\nD4E5F6",
            "12345\nAB-99\n7",
        ] {
            assert_eq!(told(text), Some(false), "{text}");
        }
    }

    #[test]
    fn a_first_row_unlike_all_others_is_asked_about() {
        for text in [
            "Kartennummer\nA-1\nA-2",
            "以下是卡密\nA-1",
            "Steam 50 USD\nAAAA-1\nBBBB-2",
            "AB\nAAAA-1111\nBBBB-2222\nCCCC-3333",
            "Steam Key,ABCD-1234,9.90\nSteam Card,ABCD-1235,9.90",
            "Steam Key,ABCD-1234\nGift 50,ABCD-1235",
            "bob,password\nalice,secret",
            "bob,password",
            "johnsmith,password\nmary88,xk29dk3\nkate77,zz81kk2",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
        let named = rows("1,Nummer\n2,A-1\n3,A-2");
        assert!(is_first(&named, None, Some(1)).is_err());
        assert!(is_first(&named, Some(true), Some(1)).unwrap());
        assert!(!is_first(&named, Some(false), Some(1)).unwrap());
    }

    proptest! {
        /// Whatever form a vendor's codes have, the first one is not taken for a header.
        #[test]
        fn a_code_is_never_passed_over(
            groups in prop::collection::vec(prop::collection::vec("[A-Z0-9]{4}", 4), 2..40),
            price in prop::bool::ANY,
        ) {
            let rows: Vec<Vec<String>> = groups.iter().map(|groups| {
                let code = groups.join("-");
                if price { vec![code, "9.90".to_owned()] } else { vec![code] }
            }).collect();
            prop_assert!(!matches!(is_first(&rows, None, Some(0)), Ok(true)));
        }
    }
}
