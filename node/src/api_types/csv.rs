//! Lists as CSV (RFC 4180), for spreadsheets and bookkeeping: UTF-8 with a header row. Times are UTC,
//! `2026-09-21 14:13:20`.
//!
//! A spreadsheet would run a cell that begins like a formula, and names are what others typed: such a cell gets an
//! apostrophe before it.

use shelfproof_base::table;

use crate::domain::batch::Batch;
use crate::domain::key::KeySummary;
use crate::domain::money::Money;
use crate::domain::order::{Order, RefusalReason};

/// What a cell that is run as a formula begins with; the full-width forms are folded by some spreadsheets.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Something that is a row of a table.
pub(crate) trait CsvRow {
    /// The names of the columns.
    const HEADER: &'static [&'static str];

    /// The cells, one a column.
    fn cells(&self) -> Vec<String>;
}

/// The header row.
pub(crate) fn header<R: CsvRow>() -> String {
    line(R::HEADER.iter().copied())
}

/// Those rows.
pub(crate) fn lines<R: CsvRow>(rows: &[R]) -> String {
    let lines = rows.iter().map(|row| line(row.cells().iter().map(String::as_str)));
    lines.collect()
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.map(cell).collect();
    cells.join(",") + "\r\n"
}

fn cell(text: &str) -> String {
    let guard = if text.starts_with(FORMULA) { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

impl CsvRow for Order {
    const HEADER: &'static [&'static str] = &[
        "order",
        "state",
        "reason",
        "account",
        "createdAt",
        "total",
        "currency",
        "keys",
        "products",
    ];

    fn cells(&self) -> Vec<String> {
        let reason = self.status.reason().map(RefusalReason::name);
        let products: Vec<String> = self.lines.iter().map(|line| line.product.to_string()).collect();
        vec![
            self.id.to_string(),
            self.status.name().to_owned(),
            reason.unwrap_or_default().to_owned(),
            text(self.customer.account()),
            table::time(self.created_at_ms.cast_signed()),
            self.total().as_ref().map(Money::decimal).unwrap_or_default(),
            text(self.total().map(|total| total.currency.code())),
            self.quantity().to_string(),
            products.join(" "),
        ]
    }
}

impl CsvRow for KeySummary {
    const HEADER: &'static [&'static str] = &["keyId", "state", "version", "at", "batch", "order"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.key_id.to_string(),
            self.state.name().to_owned(),
            self.version.to_string(),
            table::time(self.at_ms.cast_signed()),
            self.batch.to_string(),
            text(self.order),
        ]
    }
}

impl CsvRow for Batch {
    const HEADER: &'static [&'static str] = &[
        "batch",
        "product",
        "name",
        "supplier",
        "state",
        "lines",
        "imported",
        "refused",
        "activated",
        "unwrapped",
        "cleaned",
        "returned",
        "createdAt",
        "withdrawnAt",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.product.to_string(),
            self.name.clone(),
            self.supplier.clone(),
            self.state().name().to_owned(),
            self.lines.to_string(),
            self.imported.to_string(),
            self.refused.to_string(),
            self.activated.to_string(),
            self.unwrapped.to_string(),
            self.cleaned.to_string(),
            self.returned.to_string(),
            table::time(self.created_at_ms),
            self.withdrawn_at_ms.map(table::time).unwrap_or_default(),
        ]
    }
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::id::{BatchId, ProductId};

    fn batch(name: &str, supplier: &str) -> Batch {
        Batch {
            id: BatchId(Uuid::nil()),
            product: ProductId(Uuid::nil()),
            name: name.to_owned(),
            supplier: supplier.to_owned(),
            lines: 3,
            imported: 2,
            refused: 1,
            activated: 0,
            unwrapped: 0,
            cleaned: 0,
            returned: 0,
            is_complete: true,
            created_at_ms: 1_790_000_000_000,
            withdrawn_at_ms: None,
        }
    }

    #[test]
    fn a_file_reads_back_as_what_was_written() {
        let rows = [
            batch("五月, 月卡", "a \"b\""),
            batch("two\nlines", "plain"),
            batch("", " "),
        ];
        let file = header::<Batch>() + &lines(&rows);
        let mut read = csv::Reader::from_reader(file.as_bytes());
        assert_eq!(read.headers().unwrap(), Batch::HEADER);
        let read: Vec<Vec<String>> = read.deserialize().collect::<Result<_, _>>().unwrap();
        assert_eq!(read, rows.map(|row| row.cells()));
        assert_eq!(read[0][12], "2026-09-21 14:13:20");
    }

    #[test]
    fn no_cell_begins_like_a_formula() {
        for name in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "＝1",
            "=HYPERLINK(\"x\",\"y\")",
        ] {
            let file = lines(&[batch(name, "plain")]);
            let mut read = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(file.as_bytes());
            let row = read.records().next().unwrap().unwrap();
            assert_eq!(row[2], format!("'{name}"));
            assert_eq!(&row[3], "plain");
        }
    }
}
