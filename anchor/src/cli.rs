//! The command line: arguments in, text or JSON out.
//!
//! A command is a file with its arguments and its `run`, and a variant of [`Command`]. It returns a [`Done`]; only
//! [`run`] prints.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use alloy_primitives::{Address, B256};
use clap::{Args, Parser, Subcommand};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shelfproof_anchor::config::Config;
use shelfproof_anchor::owner::{Change, Owner, Registration};
use shelfproof_anchor::step::Unobserved;
use shelfproof_anchor::store::intents::intent_open;
use shelfproof_anchor::store::lock::session_open;
use shelfproof_anchor::tx::{IntentLog, Journal};
use shelfproof_base::config::Settings;
use shelfproof_base::output::print;
use shelfproof_verifier::chain::rpc::Finality;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;

mod export;
mod key;
mod mirror;
mod rotate;
mod run;
mod status;

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
Key files and passphrases are read from files only. A command that was killed is run again: it goes on with the transaction that it stored.";

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

/// The database that keeps an owner's transaction.
#[derive(Debug, Args)]
struct LogArgs {
    /// The configuration whose database keeps the transaction, for the running anchor to carry on; --journal goes
    /// before it
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
    /// The file that keeps the transaction until it is final; beside the key file, as NAME.transactions, where not
    /// given
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
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
    #[command(flatten)]
    config: LogArgs,
    /// The registry's address
    #[arg(long)]
    registry: Address,
    /// Tells apart several merchants of one owner
    #[arg(long, default_value_t = B256::ZERO)]
    salt: B256,
    /// The VRF key of the merchant: it never changes
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

/// The account of `args`, over the log that keeps its transactions: the file of `--journal`, the database of `config`,
/// a file beside the key, or memory alone for the key that everybody has.
async fn connect(args: &ChainArgs, config: Option<&Path>) -> Result<Owner, Box<dyn Error>> {
    let signer = key::signer(&args.signer)?;
    let chain_id = match (args.signer.dev_account, args.chain_id) {
        (None, told) => told,
        (Some(_), None | Some(key::DEV_CHAIN_ID)) => Some(key::DEV_CHAIN_ID),
        (Some(_), Some(_)) => {
            return Err("--dev-account is for chain 31337 alone: everybody knows its key. Give --key-file".into());
        }
    };
    let beside_key = args
        .signer
        .key_file
        .as_ref()
        .map(|file| file.with_extension("transactions"));
    let log = match (&args.journal, config, beside_key) {
        (Some(file), _, _) => IntentLog::Journal(Journal::open(file)?),
        (None, Some(config), _) => IntentLog::Database(database(config).await?),
        (None, None, Some(file)) => IntentLog::Journal(Journal::open(&file)?),
        (None, None, None) => IntentLog::Journal(Journal::default()),
    };
    Ok(Owner::connect(&args.rpc, chain_id, signer, log, Box::new(Unobserved)).await?)
}

/// A session of the configured database, which must have its schema.
async fn database(config: &Path) -> Result<PgConnection, Box<dyn Error>> {
    let config = Config::read(&Settings::read(Some(config), &[])?)?;
    let options = PgConnectOptions::from_str(config.database.url.expose_secret())?;
    let mut connection = session_open(&options).await?;
    match intent_open(&mut connection).await {
        Ok(_) => Ok(connection),
        Err(error) => Err(format!("the database: {error}; run `shelfproof migrate` first, or give --journal").into()),
    }
}

async fn deploy(args: &ChainArgs) -> Result<Done, Box<dyn Error>> {
    let mut owner = connect(args, None).await?;
    let (registry, change) = owner.deploy().await?;
    Ok(Done {
        json: json!({
            "chainId": owner.chain_id(),
            "registry": registry,
            "deployed": matches!(change, Change::Done(_)),
        }),
        text: format!(
            "{}registry {registry}",
            outcome_line(change, "the registry was deployed before\n")
        ),
    })
}

async fn register(args: RegisterArgs) -> Result<Done, Box<dyn Error>> {
    let mut owner = connect(&args.chain, args.config.config.as_deref()).await?;
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
    Ok(Done {
        json: json!({
            "chainId": chain_id,
            "registry": registry,
            "merchantId": merchant_id,
            "owner": owner.address(),
            "registered": matches!(change, Change::Done(_)),
        }),
        text: format!(
            "{}[chain]\nchain_id = {chain_id}\nregistry = \"{registry}\"\nmerchant_id = \"{merchant_id}\"",
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
