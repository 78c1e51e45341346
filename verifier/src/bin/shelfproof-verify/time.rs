//! Times in UTC: writing and reading.

use shelfproof_base::clock::{now_ms, parse_utc};
use shelfproof_base::table;

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
    parse_utc(date, time)
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
