//! The command line's form.
//!
//! The buyer's secrets (code, nonce, tag, secret) are taken as plain text and checked later, because clap prints a
//! value that it refuses.

use std::env;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod audit;
mod buyer;

use audit::{AUDIT_HELP, WATCH_HELP};
pub(crate) use audit::{AttestArgs, AuditArgs, WatchArgs};
use buyer::{BUYER_HELP, EVIDENCE_HELP, RECEIPT_HELP};
pub(crate) use buyer::{BuyerCommand, EvidenceArgs, ReceiptArgs};

/// Checks what a shop says of a key against what it once committed to on a chain. It trusts neither the shop nor this
/// project's servers.
///
/// Exit status: 0 it holds, 1 it is refused, 2 it cannot be told. Whatever the verdict, the answer also says what was
/// not proved.
#[derive(Debug, Parser)]
#[command(name = "shelfproof-verify", version, after_help = HELP, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Print one JSON object, errors too.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Language of the sentences [default: that of the environment].
    #[arg(long, global = true, value_enum)]
    pub(crate) lang: Option<Lang>,
    /// File of pinned merchants.
    #[arg(long, global = true, value_name = "FILE", env = "SHELFPROOF_TRUST_STORE")]
    pub(crate) trust_store: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Languages of the sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// English
    En,
    /// 中文
    Zh,
}

const HELP: &str = "\
Start here:
  Pin the shop once, by a name you choose:
    shelfproof-verify trust add myshop --from https://shop.example/.well-known/shelfproof.json \\
      --rpc https://node.example
  Check the key you bought, with the proof file that the shop gave you (the code is read from what you type):
    shelfproof-verify key --code-file - --bundle proof.json --merchant myshop
  And that the sale is yours, by the nonce your side made and the name you bought under:
    shelfproof-verify key --code-file code.txt --nonce-file nonce.txt --tag you@example.com --bundle proof.json \\
      --merchant myshop

Codes and secrets on the command line can be seen by other users of this machine: prefer the -file options.";

/// The command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a key: what happened to it, that nothing else did, and whether the sale is yours.
    #[command(after_help = KEY_HELP)]
    Key(KeyArgs),
    /// Show a key's history for people: dates, what happened, epochs, blocks. Checks it first, as `key` does.
    #[command(after_help = SHOW_HELP)]
    Show(KeyArgs),
    /// Check a receipt: on purchase, and later whether its promise was kept.
    #[command(after_help = RECEIPT_HELP)]
    Receipt(ReceiptArgs),
    /// Make the nonce that you buy under, and the value that the shop is told.
    #[command(subcommand, after_help = BUYER_HELP)]
    Buyer(BuyerCommand),
    /// Replay everything that a shop ever anchored, from the chain and its published data alone.
    #[command(after_help = AUDIT_HELP)]
    Audit(AuditArgs),
    /// Follow your keys: each new epoch's history, what happens to them, and receipts that are due.
    #[command(after_help = WATCH_HELP)]
    Watch(WatchArgs),
    /// Make the evidence of a dispute out of two bundles of one key that contradict each other.
    #[command(after_help = EVIDENCE_HELP)]
    Evidence(EvidenceArgs),
    /// Write what the chain says to a file, for checks with --offline.
    #[command(after_help = EPOCHS_HELP)]
    Epochs(EpochsArgs),
    /// Pin merchants by name.
    #[command(subcommand, after_help = TRUST_HELP)]
    Trust(TrustCommand),
}

/// The merchant, and where to read what the chain holds.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The merchant, and where to read what the chain holds")]
pub(crate) struct SourceArgs {
    /// A node's JSON-RPC address [default: `SHELFPROOF_RPC` in the environment]. Use your own or one that the
    /// shop did not choose: what it says is believed. May be repeated: then the nodes must agree.
    // Read from the environment by `nodes`: for clap, a variable that stands there always would conflict with --offline.
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: Vec<String>,
    /// Of several nodes, so many must agree on the final block and its latest epoch [default: all of them].
    #[arg(long, value_name = "COUNT", requires = "rpc")]
    pub(crate) agree: Option<usize>,
    /// The registry contract's address.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) registry: Option<String>,
    /// The merchant's id in the registry, or the name it is pinned under.
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) merchant: Option<String>,
    /// The id of the chain that the node must serve. Without it and without a pinned name, any chain is accepted.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) chain_id: Option<u64>,
    /// Count a block as final when this many blocks follow it, instead of using the node's finalized tag.
    #[arg(long, value_name = "BLOCKS")]
    pub(crate) confirmations: Option<u64>,
    /// Ask no node: believe the file named by --trusted-epochs.
    #[arg(long, requires = "trusted_epochs", conflicts_with_all = ["rpc", "agree", "confirmations"])]
    pub(crate) offline: bool,
    /// A file of `epochs`, from someone you trust or from yourself, earlier.
    #[arg(long, value_name = "FILE", requires = "offline")]
    pub(crate) trusted_epochs: Option<PathBuf>,
}

impl SourceArgs {
    /// The nodes that the command line names, or else the environment.
    pub(crate) fn nodes(&self) -> Vec<String> {
        if self.rpc.is_empty() {
            node_of_environment().into_iter().collect()
        } else {
            self.rpc.clone()
        }
    }
}

/// The node that the environment names.
pub(crate) fn node_of_environment() -> Option<String> {
    env::var("SHELFPROOF_RPC").ok().filter(|url| !url.is_empty())
}

/// The code, and what shows a sale to be yours.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "The key, and whose it is")]
pub(crate) struct CodeArgs {
    /// The code, as you were given it.
    #[arg(
        long,
        value_name = "CODE",
        allow_hyphen_values = true,
        required_unless_present = "code_file"
    )]
    pub(crate) code: Option<String>,
    /// A file that holds the code; - reads what you type.
    #[arg(long, value_name = "FILE", conflicts_with = "code")]
    pub(crate) code_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) buyer: BuyerArgs,
}

/// What shows a sale to be yours.
#[derive(Args, Clone, Debug)]
pub(crate) struct BuyerArgs {
    /// The nonce that your side made when you bought: 64 hex digits.
    #[arg(
        long,
        value_name = "HEX",
        allow_hyphen_values = true,
        conflicts_with_all = ["nonce_file", "secret", "secret_file"]
    )]
    pub(crate) nonce: Option<String>,
    /// A file that holds the nonce; - reads what you type.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["secret", "secret_file"])]
    pub(crate) nonce_file: Option<PathBuf>,
    /// The name you bought under: e-mail, phone or other.
    #[arg(
        long,
        value_name = "NAME",
        allow_hyphen_values = true,
        conflicts_with_all = ["tag_file", "secret", "secret_file"]
    )]
    pub(crate) tag: Option<String>,
    /// A file that holds the name; - reads what you type.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["secret", "secret_file"])]
    pub(crate) tag_file: Option<PathBuf>,
    /// Instead of nonce and name, the secret made of them: 64 hex digits.
    #[arg(long, value_name = "HEX", allow_hyphen_values = true, conflicts_with = "secret_file")]
    pub(crate) secret: Option<String>,
    /// A file that holds the secret; - reads what you type.
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
}

/// `key` and `show`.
#[derive(Args, Clone, Debug)]
pub(crate) struct KeyArgs {
    #[command(flatten)]
    pub(crate) code: CodeArgs,
    /// The proof file; - reads standard input. May be repeated: a long history comes in parts.
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) bundle: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) more: MoreArgs,
}

/// Limits and audits that a verdict may depend on.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "More")]
pub(crate) struct MoreArgs {
    /// How long a history is still accepted after a later epoch has superseded it. By default an hour, and a day with a
    /// file of trusted epochs.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) stale_after: Option<u64>,
    /// An audit's report, handed to you by its auditor. May be repeated. Your own audits are found automatically.
    #[arg(long, value_name = "FILE")]
    pub(crate) audit: Vec<PathBuf>,
    /// Answer `unaudited` (cannot tell) if no audit covers the epoch with which the history ends.
    #[arg(long)]
    pub(crate) require_audit: bool,
    /// Where your own audits are kept.
    #[arg(long, value_name = "FOLDER", env = "SHELFPROOF_STATE")]
    pub(crate) state: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) others: OtherArgs,
}

/// The other sides of transfers.
#[derive(Args, Clone, Debug)]
pub(crate) struct OtherArgs {
    /// The other merchant's proof file, if the key was transferred between merchants. May be repeated, for several
    /// merchants and for the parts of one merchant's.
    #[arg(long, value_name = "FILE")]
    pub(crate) other_bundle: Vec<PathBuf>,
    /// For each --other-bundle in turn, where to read what the chain holds of that merchant: a pinned name (asked
    /// through its own node or --rpc), or a file of trusted epochs.
    #[arg(long, value_name = "NAME|FILE", requires = "other_bundle")]
    pub(crate) other_source: Vec<String>,
}

const KEY_HELP: &str = "\
Examples:
  Ask a node, with the shop pinned before by `trust add`:
    shelfproof-verify key --code-file - --bundle proof.json --merchant myshop
  The same without a pinned name:
    shelfproof-verify key --code-file code.txt --bundle proof.json --rpc https://node.example \\
      --registry 0x5FbD…0aa3 --merchant 0x340c…7838
  Prove that the sale is yours:
    shelfproof-verify key --code-file code.txt --nonce-file nonce.txt --tag you@example.com --bundle proof.json \\
      --merchant myshop
  Without network, from a file written earlier by `epochs`:
    shelfproof-verify key --code-file code.txt --bundle proof.json --offline --trusted-epochs epochs.json

Without nonce or secret, the answer does not say whose a sale is. Only `sold`, proved to be yours, is yours to use.";

const SHOW_HELP: &str = "\
Example:
  shelfproof-verify show --code-file - --bundle proof.json --merchant myshop

Times are UTC. Takes what `key` takes.";

/// `epochs`.
#[derive(Args, Clone, Debug)]
pub(crate) struct EpochsArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// The file to write; - is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Write only what came after this epoch. A history whose events reach back to it or further cannot be told with
    /// the file.
    #[arg(long, value_name = "EPOCH")]
    pub(crate) since: Option<u64>,
    /// The first block to read: one that is not later than the registry's deployment.
    #[arg(long, value_name = "BLOCK", default_value_t = 0)]
    pub(crate) from_block: u64,
}

const EPOCHS_HELP: &str = "\
Examples:
  shelfproof-verify epochs --merchant myshop --out epochs.json
  shelfproof-verify epochs --merchant myshop --since 40 --out epochs.json
  shelfproof-verify key --code-file - --bundle proof.json --offline --trusted-epochs epochs.json";

/// `trust`.
#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    /// Pin a merchant under a name of your choice.
    Add(TrustAddArgs),
    /// Show a pinned merchant, what the registry says of it now, and what the shop says differently since.
    Show {
        /// The name it is pinned under.
        name: String,
        /// The node to ask [default: `SHELFPROOF_RPC` in the environment, or the one kept with the name].
        #[arg(long, value_name = "URL")]
        rpc: Option<String>,
    },
    /// Show what is pinned.
    List,
    /// Forget a pinned merchant.
    Remove {
        /// The name it is pinned under.
        name: String,
    },
    /// The auditors whose word on the chain counts.
    #[command(subcommand)]
    Auditor(AuditorCommand),
}

/// `trust auditor`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditorCommand {
    /// Count the word of an auditor in verdicts about every merchant.
    Add {
        /// A name of your choice: letters, digits, dots, dashes and underscores.
        name: String,
        /// The address from which the auditor attests, as you have it from the auditor.
        address: String,
    },
    /// Show whose word counts.
    List,
    /// Count an auditor's word no longer.
    Remove {
        /// The name that you gave it.
        name: String,
    },
}

/// `trust add`.
#[derive(Args, Clone, Debug)]
pub(crate) struct TrustAddArgs {
    /// The name to pin it under: letters, digits, dots, dashes and underscores.
    pub(crate) name: String,
    /// What the shop says of itself, /.well-known/shelfproof.json: an address or a file.
    #[arg(
        long,
        value_name = "URL|FILE",
        conflicts_with_all = ["chain_id", "registry", "merchant"],
        required_unless_present = "merchant"
    )]
    pub(crate) from: Option<String>,
    /// The chain's id.
    #[arg(long, value_name = "NUMBER", requires = "registry", requires = "merchant")]
    pub(crate) chain_id: Option<u64>,
    /// The registry contract's address.
    #[arg(long, value_name = "ADDRESS", requires = "chain_id")]
    pub(crate) registry: Option<String>,
    /// The merchant's id in the registry.
    #[arg(long, value_name = "ID", requires = "chain_id")]
    pub(crate) merchant: Option<String>,
    /// The node to ask about it; kept with the name, and asked once now [default: `SHELFPROOF_RPC` in the environment,
    /// or the one kept with the name].
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: Option<String>,
}

const TRUST_HELP: &str = "\
Examples:
  shelfproof-verify trust add myshop --from https://shop.example/.well-known/shelfproof.json --rpc https://node.example
  shelfproof-verify trust add myshop --chain-id 1 --registry 0x5FbD…0aa3 --merchant 0x340c…7838
  shelfproof-verify trust show myshop
  shelfproof-verify trust list
  shelfproof-verify trust auditor add alice 0x70997970C51812dc3A010C7d01b50e0d17dc79C8

What the shop says is believed once, when it is pinned. Compare the ids with what others see: a shop that names another
merchant later, or to you alone, shows another history.";
