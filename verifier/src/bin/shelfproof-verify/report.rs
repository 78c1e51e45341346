//! The answer of a command, and its printing: for people, or as one JSON object.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};

use clap::builder::styling::{AnsiColor, Style};
use serde_json::{Map, Value, json};
use shelfproof_verifier::Refusal;
use shelfproof_verifier::chain::Identity;

use crate::args::Lang;
use crate::cause::{CANNOT_TELL, Cause, HOLDS};
use crate::sentences::{self, NotProved, Text};
use crate::text;

/// How an answer that holds is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// What the user hopes for.
    Good,
    /// Proved, but the user must be careful: a key that is used up, a sale that may be anybody's.
    #[default]
    Care,
}

/// An answer that holds.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The verdict, like `holds sold`.
    pub(crate) verdict: String,
    /// What stands beside it in the text's first line.
    pub(crate) mark: Option<&'static str>,
    /// Its colour.
    pub(crate) tone: Tone,
    /// What it means, and what to do.
    pub(crate) sentence: String,
    /// What the user must not overlook.
    pub(crate) warnings: Vec<String>,
    /// Labels and values, in the text only.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// A table, in the text only: the first row has the heads; a row with one cell is a remark on the row above.
    pub(crate) table: Vec<Vec<String>>,
    /// What was not proved.
    pub(crate) not_proved: Vec<NotProved>,
    /// More fields, in the JSON only.
    pub(crate) json: Map<String, Value>,
    /// A file for standard output: printed instead of the text.
    pub(crate) file: Option<String>,
}

/// A merchant in JSON.
pub(crate) fn identity_json(identity: &Identity) -> Value {
    json!({"chainId": identity.chain_id, "registry": identity.registry, "merchantId": identity.merchant_id})
}

/// An answer that does not hold.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Why.
    pub(crate) cause: Cause,
    /// The place and the rule, in English; never a code, nonce or secret.
    pub(crate) detail: String,
    /// More fields, in the JSON only.
    pub(crate) json: Map<String, Value>,
}

impl Failure {
    /// A failure for `cause`, with the place and the rule in `detail`.
    pub(crate) fn new(cause: Cause, detail: impl Into<String>) -> Self {
        Self {
            cause,
            detail: detail.into(),
            json: Map::new(),
        }
    }

    /// A failure for a command line that is incomplete or contradicts itself.
    pub(crate) fn usage(detail: impl Into<String>) -> Self {
        Self::new(Cause::Usage, detail)
    }

    /// Names the node or file that it is about, where there are several.
    pub(crate) fn of(mut self, name: &str) -> Self {
        self.detail = format!("{name}: {}", self.detail);
        self
    }

    /// Adds a hint to use `--from-block`, for commands that have it, if a log was not found.
    pub(crate) fn naming_from_block(mut self) -> Self {
        if self.cause == Cause::LogNotFound {
            self.detail.push_str(
                "; --from-block with the block that made the registry shortens the search, and must not lie after it",
            );
        }
        self
    }

    /// Adds a field to the JSON.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.json.insert(name.to_owned(), value.into());
        self
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(Cause::Check(refusal.code), refusal.detail)
    }
}

/// How answers are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer {
    /// Whether to print one JSON object instead of text.
    pub(crate) json: bool,
    /// The language of the sentences.
    pub(crate) lang: Lang,
}

impl Printer {
    /// Prints the answer, and returns the exit status. A closed standard output is not an error.
    pub(crate) fn print(self, answer: &Result<Report, Failure>) -> u8 {
        let exit = answer.as_ref().map_or_else(|failure| failure.cause.exit(), |_| HOLDS);
        let text = if self.json {
            let json = match answer {
                Ok(report) => self.report_json(report),
                Err(failure) => self.failure_json(failure),
            };
            format!("{json}\n")
        } else {
            match answer {
                Ok(report) => self.report_text(report),
                Err(failure) => self.failure_text(failure),
            }
        };
        let _ = io::stdout().write_all(text.as_bytes());
        exit
    }

    fn report_json(self, report: &Report) -> Value {
        let mut object = report.json.clone();
        object.insert("verdict".into(), json!(report.verdict));
        object.insert("code".into(), Value::Null);
        object.insert("exit".into(), json!(HOLDS));
        object.insert("sentence".into(), json!(report.sentence));
        object.insert("warnings".into(), json!(report.warnings));
        object.insert("notProved".into(), self.not_proved_json(&report.not_proved));
        object.into()
    }

    fn failure_json(self, failure: &Failure) -> Value {
        let mut object = failure.json.clone();
        let exit = failure.cause.exit();
        object.insert(
            "verdict".into(),
            json!(if exit == CANNOT_TELL { "cannot tell" } else { "refused" }),
        );
        object.insert("code".into(), json!(failure.cause.code()));
        object.insert("exit".into(), json!(exit));
        object.insert("sentence".into(), json!(sentences::of_cause(failure.cause, self.lang)));
        object.insert("detail".into(), json!(failure.detail));
        object.insert("notProved".into(), self.not_proved_json(&left_open(failure.cause)));
        object.into()
    }

    fn not_proved_json(self, items: &[NotProved]) -> Value {
        items
            .iter()
            .map(|item| json!({"name": item.name(), "sentence": item.sentence(self.lang)}))
            .collect()
    }

    fn report_text(self, report: &Report) -> String {
        if let Some(file) = &report.file {
            return format!("{file}\n");
        }
        let mut out = String::new();
        let color = if report.tone == Tone::Good {
            AnsiColor::Green
        } else {
            AnsiColor::Yellow
        };
        let head = self.lang.text(Text::Proved);
        let mark = report.mark.map(|mark| format!(" ({mark})")).unwrap_or_default();
        let verdict = text::printable(&report.verdict);
        push_line(&mut out, &format!("{}: {verdict}{mark}", paint(head, color)));
        push_line(&mut out, &report.sentence);
        for warning in &report.warnings {
            let mark = paint(self.lang.text(Text::Warning), AnsiColor::Yellow);
            push_line(&mut out, &format!("{mark}: {}", text::printable(warning)));
        }
        if !report.facts.is_empty() {
            out.push('\n');
        }
        let width = report
            .facts
            .iter()
            .map(|(name, _)| text::width(name))
            .max()
            .unwrap_or(0);
        for (name, value) in &report.facts {
            push_line(
                &mut out,
                &format!("  {}  {}", text::pad(name, width), text::printable(value)),
            );
        }
        push_table(&mut out, &report.table);
        self.push_not_proved(&mut out, &report.not_proved);
        out
    }

    fn failure_text(self, failure: &Failure) -> String {
        let mut out = String::new();
        let head = if failure.cause.exit() == CANNOT_TELL {
            paint(self.lang.text(Text::CannotTell), AnsiColor::Yellow)
        } else {
            paint(self.lang.text(Text::Refused), AnsiColor::Red)
        };
        push_line(&mut out, &format!("{head}: {}", failure.cause.code()));
        push_line(&mut out, sentences::of_cause(failure.cause, self.lang));
        if !failure.detail.is_empty() {
            let name = self.lang.text(Text::Detail);
            push_line(&mut out, &format!("\n  {name}  {}", text::printable(&failure.detail)));
        }
        self.push_not_proved(&mut out, &left_open(failure.cause));
        out
    }

    fn push_not_proved(self, out: &mut String, items: &[NotProved]) {
        if items.is_empty() {
            return;
        }
        push_line(out, &format!("\n{}", self.lang.text(Text::NotProved)));
        for item in items {
            push_line(out, &format!("  - {}", item.sentence(self.lang)));
        }
    }
}

/// What a failure does not prove.
fn left_open(cause: Cause) -> Vec<NotProved> {
    match cause {
        Cause::Check(_) => {
            vec![
                NotProved::Anything,
                NotProved::CodeWorks,
                NotProved::SoldElsewhere,
                NotProved::LookAlikes,
            ]
        }
        _ => vec![NotProved::Anything],
    }
}

fn push_line(out: &mut String, line: &str) {
    // Writing into a string cannot fail.
    let _ = writeln!(out, "{}", line.trim_end());
}

/// Prints rows in aligned columns; a row with one cell is a remark on the row above.
fn push_table(out: &mut String, rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    out.push('\n');
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| {
        rows.iter()
            .filter(|row| row.len() > 1)
            .filter_map(move |row| row.get(column))
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| cells(column).map(|cell| text::width(cell)).max().unwrap_or(0))
        .collect();
    for row in rows {
        match row.as_slice() {
            [remark] => push_line(out, &format!("       {}", text::printable(remark))),
            row => {
                let cells: Vec<String> = row
                    .iter()
                    .zip(&widths)
                    .map(|(cell, width)| text::pad(cell, *width))
                    .collect();
                push_line(out, &format!("  {}", cells.join("  ")));
            }
        }
    }
}

/// Bold and coloured on a terminal; plain elsewhere, or if `NO_COLOR` is set.
fn paint(text: &str, color: AnsiColor) -> String {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if plain || !io::stdout().is_terminal() {
        return text.to_owned();
    }
    let style = Style::new().bold().fg_color(Some(color.into()));
    format!("{style}{text}{style:#}")
}
