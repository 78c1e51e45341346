//! What commands that list have in common: the page, and the list as CSV.

use std::io::{self, ErrorKind, Write};

use clap::Args;
use shelfproof_base::clock::parse_utc;

use super::Failure;
use crate::api_types::{CsvRow, Listed, csv_header, csv_lines};
use crate::domain::order::{OrderStatus, known_state};
use crate::flow::query::Found;

/// How much of a list is shown.
#[derive(Debug, Args)]
pub(super) struct Length {
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) limit: u32,
    /// Print the whole list as CSV with a header row, times in UTC
    ///
    /// A cell that a spreadsheet would take for a formula begins with an apostrophe.
    #[arg(long, conflicts_with_all = ["limit", "after"])]
    pub(super) csv: bool,
}

impl Length {
    /// Whether the list is to be printed as CSV.
    ///
    /// # Errors
    /// Where JSON is asked for as well.
    pub(super) fn is_csv(&self, is_json: bool) -> Result<bool, Failure> {
        if self.csv && is_json {
            return Err("give either --csv or --json".into());
        }
        Ok(self.csv)
    }
}

/// Prints all pages of a list as CSV; `page` reads the page after a cursor.
///
/// # Errors
/// Where a page cannot be read or printed. A closed pipe (`| head`) is not an error.
pub(super) async fn print_csv<R: CsvRow, C, E: Into<Failure>>(
    page: impl AsyncFn(Option<C>) -> Result<Found<R, C>, E>,
) -> Result<(), Failure> {
    let mut text = csv_header::<R>();
    let mut next = None;
    loop {
        let found = page(next).await.map_err(Into::into)?;
        text += &csv_lines(&found.rows);
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written.map_err(|error| format!("standard output: {error}"))?,
        }
        next = found.next;
        if next.is_none() {
            return Ok(());
        }
        text.clear();
    }
}

/// How to get the next page, if there is one.
pub(super) fn more<T>(page: &Listed<T>) -> String {
    match (&page.next, page.looked_at) {
        (None, _) => String::new(),
        (Some(next), None) => format!("more: --after {next}\n"),
        (Some(next), Some(looked)) => format!(
            "looked at {looked} and found {}; there may be more: go on with --after {next}\n",
            page.items.len()
        ),
    }
}

/// Reads an argument that names a state of orders.
pub(super) fn order_state(name: &str) -> Result<&'static str, String> {
    let names = OrderStatus::ALL.map(OrderStatus::name);
    known_state(name).ok_or_else(|| format!("it must be one of {}", names.join(", ")))
}

/// Reads an argument that is a time in UTC, as Unix milliseconds.
pub(super) fn time(text: &str) -> Result<u64, String> {
    let text = text.trim_end_matches('Z');
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let at_s = parse_utc(date, time);
    at_s.map(|at_s| at_s * 1_000)
        .ok_or_else(|| "it must be a day or a time in UTC: 2026-09-21, or 2026-09-21T14:13:20".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_utc() {
        assert_eq!(time("2026-09-21"), Ok(1_789_948_800_000));
        for text in ["2026-09-21T14:13:20", "2026-09-21 14:13:20", "2026-09-21T14:13:20Z"] {
            assert_eq!(time(text), Ok(1_790_000_000_000), "{text}");
        }
        for text in ["", "yesterday", "2026-02-29", "2026-09-21T25:00:00", "1790000000000"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
