//! Tables for a terminal. Columns are aligned by display width, so that wide (Chinese) characters count as two.

use console::{Alignment, pad_str};

/// The columns of a table: heading and alignment of each.
pub type Columns<'a, const N: usize> = [(&'a str, Alignment); N];

/// The space between two columns.
const GAP: &str = "  ";

/// Formats a table: the headings, then a line for each row, each with a newline.
#[must_use]
pub fn render<const N: usize>(columns: &Columns<'_, N>, rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|at| {
        let cells = rows.iter().map(|row| row[at].as_str());
        let width = cells.chain([columns[at].0]).map(console::measure_text_width).max();
        width.unwrap_or_default()
    });
    let line = |cells: [&str; N]| {
        let padded = std::array::from_fn::<_, N, _>(|at| pad_str(cells[at], widths[at], columns[at].1, None));
        format!("{}\n", padded.join(GAP).trim_end())
    };
    let head = line(std::array::from_fn(|at| columns[at].0));
    let body = rows.iter().map(|row| line(std::array::from_fn(|at| row[at].as_str())));
    body.fold(head, |table, line| table + &line)
}

/// Formats Unix milliseconds as UTC: `2026-09-21 14:13:20`.
#[must_use]
pub fn time(at_ms: i64) -> String {
    let (days, second) = (at_ms.div_euclid(86_400_000), at_ms.rem_euclid(86_400_000) / 1000);
    // Days from 0000-03-01, in eras of 400 years, so that a leap day ends its year (Hinnant, "chrono-compatible
    // low-level date algorithms").
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_keep_the_columns_straight() {
        let rows = [
            ["腾讯视频月卡".to_owned(), "9.90".to_owned()],
            ["Steam 100".to_owned(), "1200.00".to_owned()],
        ];
        let table = render(&[("NAME", Alignment::Left), ("PRICE", Alignment::Right)], &rows);
        let expected = "NAME            PRICE\n腾讯视频月卡     9.90\nSteam 100     1200.00\n";
        assert_eq!(table, expected);
    }

    #[test]
    fn times_are_the_calendar_s() {
        for (at_ms, text) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_400_000, "2000-02-29 00:00:00"),
            (1_790_000_000_999, "2026-09-21 14:13:20"),
            (4_107_542_399_000, "2100-02-28 23:59:59"),
            (4_107_542_400_000, "2100-03-01 00:00:00"),
        ] {
            assert_eq!(time(at_ms), text);
        }
    }
}
