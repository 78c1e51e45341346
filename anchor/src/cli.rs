//! The command line.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use alloy_primitives::{Address, B256};
use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};
use shelfproof_anchor::register::{Account, Outcome, Registration};
use shelfproof_base::output::print;
use shelfproof_verifier::chain::rpc::Finality;

mod export;
mod key;
mod mirror;
mod rotate;
mod run;
mod status;

/// Puts a merchant and its events on the chain, and proves what happened to each key: the one program that holds the keys which
/// sign transactions.
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
Key files and passphrases are read from files only. A command that was killed is run again: it asks the chain first.";

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
    /// The configuration file; shelfproof.toml in the working folder where not given
    #[arg(long, env = "SHELFPROOF_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The chain, and who signs.
#[derive(Debug, Args)]
struct ChainArgs {
    /// A node's JSON-RPC address
    #[arg(long, env = "SHELFPROOF_RPC", hide_env_values = true)]
    rpc: String,
    /// The chain that is meant; the node's word where not given
    #[arg(long)]
    chain_id: Option<u64>,
    #[command(flatten)]
    signer: SignerArgs,
}

#[derive(Debug, Args)]
#[group(required = true)]
struct SignerArgs {
    /// The encrypted key file of the account that signs and pays
    #[arg(long, value_name = "FILE", requires = "passphrase_file")]
    key_file: Option<PathBuf>,
    /// The file that holds the key file's passphrase
    #[arg(long, value_name = "FILE", requires = "key_file")]
    passphrase_file: Option<PathBuf>,
    /// Anvil's first account, whose key everybody knows: on chain 31337 alone
    #[arg(long, value_name = "0", value_parser = clap::value_parser!(u8).range(0..=0), conflicts_with = "key_file")]
    dev_account: Option<u8>,
}

#[derive(Debug, Args)]
struct RegisterArgs {
    #[command(flatten)]
    chain: ChainArgs,
    /// The registry's address
    #[arg(long)]
    registry: Address,
    /// Tells apart several merchants of one owner
    #[arg(long, default_value_t = B256::ZERO)]
    salt: B256,
    /// The VRF key of the shelf: it never changes
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
    /// Blocks on top after which a block counts as final; the node's `finalized` tag where not given
    #[arg(long)]
    confirmations: Option<u64>,
}

/// Reads the command line, does what it says, and tells how it went.
pub(crate) async fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = cli.command.run().await.and_then(|done| {
        let said = if cli.json { done.json.to_string() } else { done.text };
        Ok(print(&format!("{said}\n"))?)
    });
    let error = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(error) => error,
    };
    if let Some(Shown(done)) = error.downcast_ref() {
        let said = if cli.json {
            done.json.to_string()
        } else {
            done.text.clone()
        };
        return match print(&format!("{said}\n")) {
            Ok(()) | Err(_) => ExitCode::FAILURE,
        };
    }
    // Where not even this can be said, the exit code says it.
    let is_printed = cli.json && print(&format!("{}\n", json!({ "error": error.to_string() }))).is_ok();
    if !is_printed {
        eprintln!("error: {error}");
    }
    ExitCode::FAILURE
}

/// What a command says in the end.
#[derive(Debug)]
struct Done {
    json: Value,
    text: String,
}

/// A command that did what it should, and found that something needs to be done.
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
            Self::Deploy { chain } => deploy(&chain).await,
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

async fn connect(args: &ChainArgs) -> Result<Account, Box<dyn Error>> {
    let signer = key::signer(&args.signer)?;
    let chain_id = match (args.signer.dev_account, args.chain_id) {
        (None, told) => told,
        (Some(_), None | Some(key::DEV_CHAIN_ID)) => Some(key::DEV_CHAIN_ID),
        (Some(_), Some(_)) => {
            return Err("--dev-account is for chain 31337 alone: everybody knows its key. Give --key-file".into());
        }
    };
    Ok(Account::connect(&args.rpc, chain_id, signer).await?)
}

async fn deploy(args: &ChainArgs) -> Result<Done, Box<dyn Error>> {
    let account = connect(args).await?;
    let (registry, outcome) = account.deploy().await?;
    Ok(Done {
        json: json!({
            "chainId": account.chain_id(),
            "registry": registry,
            "deployed": matches!(outcome, Outcome::Done(_)),
        }),
        text: format!(
            "{}registry {registry}",
            said(outcome, "the registry was deployed before\n")
        ),
    })
}

async fn register(args: RegisterArgs) -> Result<Done, Box<dyn Error>> {
    let account = connect(&args.chain).await?;
    let registration = Registration {
        registry: args.registry,
        salt: args.salt,
        vrf_public_key: args.vrf_public_key,
        anchorer: args.anchorer,
        receipt_signer: args.receipt_signer,
        data_uri: args.data_uri,
    };
    let finality = args.confirmations.map_or(Finality::Tag, Finality::Confirmations);
    let (merchant_id, outcome) = account.register(&registration, finality).await?;
    let (chain_id, registry) = (account.chain_id(), args.registry);
    Ok(Done {
        json: json!({
            "chainId": chain_id,
            "registry": registry,
            "merchantId": merchant_id,
            "owner": account.address(),
            "registered": matches!(outcome, Outcome::Done(_)),
        }),
        text: format!(
            "{}[chain]\nchain_id = {chain_id}\nregistry = \"{registry}\"\nmerchant_id = \"{merchant_id}\"",
            said(outcome, "this merchant was registered before\n")
        ),
    })
}

fn said(outcome: Outcome, found: &str) -> String {
    match outcome {
        Outcome::Found => found.to_owned(),
        Outcome::Done(transaction) => format!("transaction {transaction}\n"),
    }
}
