//! Times in UTC: writing and reading.

use shelfproof_base::clock::now_ms;
use shelfproof_base::table;

const DAY_S: u64 = 86_400;

/// The time now, Unix seconds.
pub(crate) fn now_s() -> u64 {
    now_ms() / 1_000
}

/// Unix seconds as `2026-09-21 14:14:09 UTC`.
pub(crate) fn utc(time_s: u64) -> String {
    // Times that others wrote may be beyond any calendar; what matters then is that they are far away.
    let at_ms = i64::try_from(time_s.saturating_mul(1_000)).unwrap_or(i64::MAX);
    format!("{} UTC", table::time(at_ms))
}

/// Reads `2026-09-21T14:14:09Z`, the same with a space, or Unix seconds.
pub(crate) fn parse(text: &str) -> Option<u64> {
    if let Ok(time_s) = text.parse() {
        return Some(time_s);
    }
    let text = text.trim_end_matches("UTC").trim_end_matches(['Z', ' ']);
    let (date, time) = text.split_once(['T', ' '])?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let is_date = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let time_s = (days_before(year, month)? + day - 1) * DAY_S + hour * 3600 + minute * 60 + second;
    // A day that the month does not have comes back as another date.
    utc(time_s)
        .starts_with(&format!("{year:04}-{month:02}-{day:02} "))
        .then_some(time_s)
}

fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let numbers: Vec<u64> = text
        .split(separator)
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    numbers.try_into().ok()
}

/// Days from 1970-01-01 to the first of a month.
fn days_before(year: u64, month: u64) -> Option<u64> {
    let (year, month_from_march) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * month_from_march + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read() {
        for (time_s, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_790_000_049, "2026-09-21T14:14:09Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(utc(time_s), text.replace('T', " ").replace('Z', " UTC"));
            assert_eq!(parse(text), Some(time_s));
            assert_eq!(parse(&utc(time_s)), Some(time_s));
            assert_eq!(parse(&time_s.to_string()), Some(time_s));
        }
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in [
            "",
            "yesterday",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "2026-01-1844674407370000000T00:00:00Z",
            "18446744073709551615-01-01T00:00:00Z",
            "2026-01-01T00:18446744073709551615:00Z",
            "1969-12-31T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
