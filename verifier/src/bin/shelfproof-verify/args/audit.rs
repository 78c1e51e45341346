//! What an auditor gives.

use std::path::PathBuf;

use clap::{Args, value_parser};

use super::{OtherArgs, SourceArgs};

/// `audit`.
#[derive(Args, Clone, Debug)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Where the shop's data is published: its address, or a folder with a copy.
    #[arg(long, value_name = "URL|FOLDER")]
    pub(crate) data: String,
    /// Audit only what came after this epoch, without the history before it: the one before that of your purchase,
    /// or the last one of an earlier audit. Needs the shop's deltas, and keeps only what it found.
    #[arg(long, value_name = "EPOCH")]
    pub(crate) since: Option<u64>,
    /// Where audits are kept. An audit that was interrupted continues where it stopped.
    #[arg(long, value_name = "FOLDER", env = "SHELFPROOF_STATE")]
    pub(crate) state: Option<PathBuf>,
    /// The first block to read: one that is not later than the registry's deployment.
    #[arg(long, value_name = "BLOCK", default_value_t = 0)]
    pub(crate) from_block: u64,
    /// Write the evidence here if a breach is found.
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
    /// Write a report here that can be handed to others.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Who audits: the name in the report.
    #[arg(long, value_name = "NAME", requires = "report")]
    pub(crate) auditor: Option<String>,
    #[command(flatten)]
    pub(crate) attest: AttestArgs,
}

/// An auditor's word on the chain.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Your word on the chain")]
pub(crate) struct AttestArgs {
    /// Say on the chain, in the registry, how far the audit came: verifiers that trust your address count it.
    #[arg(long, conflicts_with = "since", requires = "key_file")]
    pub(crate) attest: bool,
    /// The encrypted key file of the account that signs and pays; it is made if it is not there.
    #[arg(long, value_name = "FILE", requires_all = ["attest", "passphrase_file"])]
    pub(crate) key_file: Option<PathBuf>,
    /// The file that holds the key file's passphrase; - reads what you type.
    #[arg(long, value_name = "FILE", requires = "key_file")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The most to pay for a unit of gas, in 10^-9 of the chain's coin, whatever the node says.
    #[arg(long, value_name = "GWEI", default_value_t = 300)]
    pub(crate) max_fee_gwei: u64,
}

pub(super) const AUDIT_HELP: &str = "\
Examples:
  Audit a pinned shop; run it again later, and it goes on from there:
    shelfproof-verify audit --merchant myshop --data https://shop.example/data
  Audit what came since your purchase, without replaying what came before:
    shelfproof-verify audit --merchant myshop --data https://shop.example/data --since 41
  Audit from a copy of the data, with a report for others:
    shelfproof-verify audit --rpc https://node.example --registry 0x5FbD…0aa3 --merchant 0x340c…7838 \\
      --data ./mirror --report report.json --auditor \"Alice\"
  Audit, and say on the chain how far it came (fund the address that is printed):
    shelfproof-verify audit --merchant myshop --data https://shop.example/data \\
      --attest --key-file auditor.key --passphrase-file passphrase";

/// `watch`.
#[derive(Args, Clone, Debug)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Where the shop's data and deltas are published: their address, or a folder with a copy.
    #[arg(long, value_name = "URL|FOLDER")]
    pub(crate) data: String,
    /// A file with your codes, one a line; - reads standard input. May be repeated.
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) code_file: Vec<PathBuf>,
    /// The proof file of a key that you bought. May be repeated, for several keys and for the parts of a long history.
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Vec<PathBuf>,
    /// A receipt whose sale may not be in the log yet. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: Vec<PathBuf>,
    /// Look once and end, as for cron.
    #[arg(long)]
    pub(crate) once: bool,
    /// How long to wait between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = value_parser!(u64).range(1..=86_400))]
    pub(crate) every: u64,
    /// Where audits, and what was followed so far, are kept.
    #[arg(long, value_name = "FOLDER", env = "SHELFPROOF_STATE")]
    pub(crate) state: Option<PathBuf>,
    /// The first block to read: one that is not later than the registry's deployment.
    #[arg(long, value_name = "BLOCK", default_value_t = 0)]
    pub(crate) from_block: u64,
    /// Write the evidence here if a breach is found.
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) others: OtherArgs,
}

pub(super) const WATCH_HELP: &str = "\
Examples:
  Follow two keys, and a receipt, until something is wrong:
    shelfproof-verify watch --merchant myshop --data https://shop.example/data --code-file codes.txt \\
      --bundle first.json --bundle second.json --receipt receipt.json
  Look once, from cron:
    shelfproof-verify watch --once --merchant myshop --data https://shop.example/data --code-file codes.txt \\
      --bundle first.json

A breach, or a receipt that was not kept, ends it with status 1. Otherwise it prints one line a day, and what happens to
a key.";
