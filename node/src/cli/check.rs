//! `shelfproof admin check`: whether the shop's data keeps its invariants.

use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Failure, print};
use crate::flow::check::{Finding, Progress, check_with_progress};

/// Look for whatever the shop's books must not hold
///
/// Reads every row, and changes none: orders, keys, money, and every key's history with its hashes. Ends with 0 where
/// nothing is found, with 1 where something is.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Checks, and prints what was found.
///
/// # Errors
/// Where the database cannot be read, or the answer not be printed.
pub async fn run(args: CheckArgs, pool: &PgPool) -> Result<ExitCode, Failure> {
    // Shown on a terminal only, on standard error.
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{msg:24} {bar:30} {human_pos}/{human_len} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let findings = check_with_progress(pool, |progress| match progress {
        Progress::Rule(name) => bar.set_message(name),
        Progress::Keys { done, total } => {
            bar.set_message("histories");
            bar.set_length(total);
            bar.set_position(done);
        }
    })
    .await?;
    bar.finish_and_clear();
    print(args.json, || findings_json(&findings), || findings_text(&findings))?;
    Ok(ExitCode::from(u8::from(!findings.is_empty())))
}

fn findings_json(findings: &[Finding]) -> Value {
    let listed = findings.iter().map(|finding| {
        json!({
            "check": finding.check,
            "subject": finding.subject,
            "detail": finding.detail,
            "advice": finding.advice,
        })
    });
    json!({ "holds": findings.is_empty(), "findings": listed.collect::<Vec<_>>() })
}

/// The findings by rule, each rule's meaning once.
fn findings_text(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "every rule holds\n".to_owned();
    }
    let groups = findings.chunk_by(|one, next| one.check == next.check);
    let blocks = groups.map(|group| {
        let lines = group
            .iter()
            .map(|finding| format!("  {}: {}\n", finding.subject, finding.detail));
        format!(
            "{}\n{}  {}\n",
            group[0].check,
            lines.collect::<String>(),
            group[0].advice
        )
    });
    blocks.collect::<Vec<_>>().join("\n")
}
