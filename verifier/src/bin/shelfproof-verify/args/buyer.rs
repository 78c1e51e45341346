//! What a buyer keeps beside the key: the nonce, the receipt, and evidence.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{BuyerArgs, CodeArgs, OtherArgs, SourceArgs};

/// `receipt`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReceiptArgs {
    /// The receipt that came with the code; - reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: PathBuf,
    #[command(flatten)]
    pub(crate) code: CodeArgs,
    /// The product you agreed to: the shop's id or name of it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) product: Option<String>,
    /// The price you agreed to: 10, 10.0 and 10.00 are the same.
    #[arg(long, value_name = "DECIMAL", allow_hyphen_values = true)]
    pub(crate) price: Option<String>,
    /// The currency you agreed to, in either case.
    #[arg(long, value_name = "TEXT")]
    pub(crate) currency: Option<String>,
    /// When you bought, if that is not now: like 2026-09-21T14:14:09Z, or Unix seconds.
    #[arg(long, value_name = "TIME", conflicts_with_all = ["bundle", "data"])]
    pub(crate) bought_at: Option<String>,
    /// Later: was the promise kept? Look for the sale in this proof file. May be repeated, for a proof in parts.
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub(crate) bundle: Vec<PathBuf>,
    /// Later: was the promise kept? Look for the sale in the shop's published data.
    #[arg(long, value_name = "URL|FOLDER", conflicts_with = "offline")]
    pub(crate) data: Option<String>,
    /// Where your own audits are kept.
    #[arg(long, value_name = "FOLDER", env = "SHELFPROOF_STATE")]
    pub(crate) state: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) others: OtherArgs,
}

pub(super) const RECEIPT_HELP: &str = "\
Examples:
  The moment you get the code (later than ten minutes after, add --bought-at):
    shelfproof-verify receipt --receipt receipt.json --code-file - --nonce-file nonce.txt --tag you@example.com \\
      --product steam-50 --price 9.90 --currency CNY --merchant myshop
  Later, to see whether the sale was entered in the log as promised:
    shelfproof-verify receipt --receipt receipt.json --code-file code.txt --merchant myshop \\
      --data https://shop.example/data
    shelfproof-verify receipt --receipt receipt.json --code-file code.txt --merchant myshop --bundle proof.json";

/// `buyer`.
#[derive(Debug, Subcommand)]
pub(crate) enum BuyerCommand {
    /// Make a nonce, in a new file that only you may read.
    New {
        /// The file to make. One that is there already is not overwritten.
        #[arg(long, value_name = "FILE")]
        nonce_file: PathBuf,
    },
    /// Print what the shop is told: a value made of the nonce and your name, which opens neither.
    Hash(BuyerArgs),
}

pub(super) const BUYER_HELP: &str = "\
Examples:
  Before you buy:
    shelfproof-verify buyer new --nonce-file nonce.txt
    shelfproof-verify buyer hash --nonce-file nonce.txt --tag you@example.com
  Give the shop what `buyer hash` prints, and keep the file: with your name it proves that the sale is yours.";

/// `evidence`.
#[derive(Args, Clone, Debug)]
pub(crate) struct EvidenceArgs {
    /// One proof file of the key.
    #[arg(long, value_name = "FILE")]
    pub(crate) a: PathBuf,
    /// Another proof file of the same key: somebody else's, or an older one.
    #[arg(long, value_name = "FILE")]
    pub(crate) b: PathBuf,
    /// A receipt for the same key beside them: what was promised in it counts like an event.
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: Option<PathBuf>,
    /// Write the evidence here.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

pub(super) const EVIDENCE_HELP: &str = "\
Example:
  shelfproof-verify evidence --a mine.json --b theirs.json --merchant myshop --out evidence.json

Exit status: 1 the shop broke its rules, and the evidence is written; 2 the two do not contradict each other. A file
that is not what the chain holds is refused, and is evidence of nothing.";
