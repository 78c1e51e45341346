//! The command line: arguments in, text or JSON out.
//!
//! A command is a file with its arguments and its `run`, and a variant of [`Command`]. It returns a [`Done`]; only
//! [`run`] prints.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use alloy_primitives::{Address, B256};
use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};
use shelfproof_anchor::owner::{Change, Deployed, Disputes, Registration};
use shelfproof_base::output::print;
use shelfproof_verifier::chain::rpc::Finality;

mod account;
mod export;
mod key;
mod mirror;
mod rotate;
mod run;
mod status;

use account::{ChainArgs, LogArgs, connect};

/// Puts a merchant and its events on the chain, and proves what happened to each key: the one program that holds the
/// keys which sign transactions.
#[derive(Debug, Parser)]
#[command(name = "shelfproof-anchor", version, after_help = HELP, disable_help_subcommand = true)]
struct Cli {
    /// Print JSON, errors too
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const HELP: &str = "\
Exit status: 0 done (or was done before), 1 failed, 2 the command line is wrong.
Keys and passphrases are read from files only. Run a command that was killed again: it continues with the transaction
that it stored.";

const DEPLOY_HELP: &str = "\
Example, on a chain of your own machine:
  shelfproof-anchor deploy --rpc http://127.0.0.1:8545 --dev-account 0";

const REGISTER_HELP: &str = "\
Example (shelfproof init prints it with your keys filled in):
  shelfproof-anchor register --rpc https://node.example --chain-id 1 --registry 0x… \\
      --key-file keys/owner.key --passphrase-file passphrase \\
      --vrf-public-key 0x… --anchorer 0x… --receipt-signer 0x… --data-uri https://shop.example/data";

#[derive(Debug, Subcommand)]
enum Command {
    /// Deploy the registry, where the chain has none: on chains of your own
    #[command(after_help = DEPLOY_HELP)]
    Deploy {
        #[command(flatten)]
        chain: ChainArgs,
        /// The dispute contract that the registry names for good: its address, or `next` for the contract that this
        /// account creates with its transaction after the registry's [default: none]
        #[arg(long, value_name = "ADDRESS")]
        disputes: Option<Disputes>,
    },
    /// Register a merchant, and wait until that is final
    #[command(after_help = REGISTER_HELP)]
    Register(RegisterArgs),
    Run(run::RunArgs),
    Status(status::StatusArgs),
    Rebuild(mirror::RebuildArgs),
    Follow(mirror::FollowArgs),
    Rotate(rotate::RotateArgs),
    Export(export::ExportArgs),
}

/// The configuration, which `shelfproof` reads too.
#[derive(Debug, Args)]
struct ConfigArgs {
    /// The configuration file [default: shelfproof.toml in the working folder]
    #[arg(long, env = "SHELFPROOF_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct RegisterArgs {
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    config: LogArgs,
    /// The registry's address
    #[arg(long)]
    registry: Address,
    /// Tells apart several merchants of one owner
    #[arg(long, default_value_t = B256::ZERO)]
    salt: B256,
    /// The merchant's VRF key, which never changes
    #[arg(long)]
    vrf_public_key: B256,
    /// The address that anchors epochs
    #[arg(long)]
    anchorer: Address,
    /// The address whose receipts count
    #[arg(long)]
    receipt_signer: Address,
    /// Where epoch data will be published
    #[arg(long)]
    data_uri: String,
    /// Number of further blocks that make a block final [default: the node's tag `finalized`]
    #[arg(long)]
    confirmations: Option<u64>,
}

/// Parses the command line, runs the command, and prints its result.
pub(crate) async fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = cli.command.run().await.and_then(|done| {
        let shown = if cli.json { done.json.to_string() } else { done.text };
        Ok(print(&format!("{shown}\n"))?)
    });
    let error = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(error) => error,
    };
    if let Some(Shown(done)) = error.downcast_ref() {
        let shown = if cli.json {
            done.json.to_string()
        } else {
            done.text.clone()
        };
        return match print(&format!("{shown}\n")) {
            Ok(()) | Err(_) => ExitCode::FAILURE,
        };
    }
    // If this cannot be printed either, the exit code is all there is.
    let is_printed = cli.json && print(&format!("{}\n", json!({ "error": error.to_string() }))).is_ok();
    if !is_printed {
        eprintln!("error: {error}");
    }
    ExitCode::FAILURE
}

/// A command's result, for programs and for people.
#[derive(Debug)]
struct Done {
    json: Value,
    text: String,
}

/// The result of a command that worked, and found something that needs an operator: exit status 1.
#[derive(Debug)]
struct Shown(Done);

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.text)
    }
}

impl Error for Shown {}

impl Command {
    async fn run(self) -> Result<Done, Box<dyn Error>> {
        match self {
            Self::Deploy { chain, disputes } => deploy(&chain, disputes).await,
            Self::Register(args) => register(args).await,
            Self::Run(args) => run::run(&args).await,
            Self::Status(args) => status::run(&args).await,
            Self::Rebuild(args) => mirror::run_rebuild(args).await,
            Self::Follow(args) => mirror::run_follow(args).await,
            Self::Rotate(args) => rotate::run(args).await,
            Self::Export(args) => export::run(&args),
        }
    }
}

async fn deploy(args: &ChainArgs, disputes: Option<Disputes>) -> Result<Done, Box<dyn Error>> {
    let mut owner = connect(args, None).await?;
    let Deployed {
        registry,
        disputes: named,
        disputes_nonce,
        dead,
        change,
    } = owner.deploy(disputes.unwrap_or(Disputes::None)).await?;
    let named_line = match (named, disputes_nonce) {
        (Address::ZERO, _) => String::new(),
        (named, None) => format!("\ndisputes {named}"),
        (named, Some(nonce)) => format!(
            "\ndisputes {named}\nNothing is there yet: deploy the dispute contract with this account's very next \
             transaction, nonce {nonce}. Until then send nothing else from it."
        ),
    };
    let dead_line = dead.map_or_else(String::new, |dead| {
        format!(
            "warning: nothing stands, or can ever stand, at the address that this account's registry {dead} names as its \
             dispute contract: do not use that registry\n"
        )
    });
    Ok(Done {
        json: json!({
            "chainId": owner.chain_id(),
            "registry": registry,
            "disputes": named,
            "disputesNonce": disputes_nonce,
            "deadRegistry": dead,
            "deployed": matches!(change, Change::Done(_)),
        }),
        text: format!(
            "{dead_line}{}registry {registry}{named_line}",
            outcome_line(change, "the registry was deployed before\n")
        ),
    })
}

async fn register(args: RegisterArgs) -> Result<Done, Box<dyn Error>> {
    let config = args.config.read(&args.chain)?;
    let mut owner = connect(&args.chain, config.as_ref()).await?;
    let registration = Registration {
        registry: args.registry,
        salt: args.salt,
        vrf_public_key: args.vrf_public_key,
        anchorer: args.anchorer,
        receipt_signer: args.receipt_signer,
        data_uri: args.data_uri,
    };
    let finality = args.confirmations.map_or(Finality::Tag, Finality::Confirmations);
    let (merchant_id, change) = owner.register(&registration, finality).await?;
    let (chain_id, registry) = (owner.chain_id(), args.registry);
    let missing = owner.missing_disputes(registry).await?;
    let warning = missing.map_or_else(String::new, |disputes| {
        format!(
            "warning: the registry names {disputes} as its dispute contract, and nothing stands there: no bond pays for \
             breaches before it is deployed, and it can never be if the registry's deployer has sent another \
             transaction since\n"
        )
    });
    Ok(Done {
        json: json!({
            "chainId": chain_id,
            "registry": registry,
            "merchantId": merchant_id,
            "owner": owner.address(),
            "missingDisputes": missing,
            "registered": matches!(change, Change::Done(_)),
        }),
        text: format!(
            "{warning}{}[chain]\nchain_id = {chain_id}\nregistry = \"{registry}\"\nmerchant_id = \"{merchant_id}\"",
            outcome_line(change, "this merchant was registered before\n")
        ),
    })
}

fn outcome_line(change: Change, found: &str) -> String {
    match change {
        Change::Found => found.to_owned(),
        Change::Done(transaction) => format!("transaction {transaction}\n"),
    }
}
