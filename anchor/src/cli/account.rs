//! The account that signs for an owner, and the log that keeps its transactions.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use secrecy::ExposeSecret;
use shelfproof_anchor::config::Config;
use shelfproof_anchor::owner::Owner;
use shelfproof_anchor::step::Unobserved;
use shelfproof_anchor::store::intents::intent_open;
use shelfproof_anchor::store::lock::session_open;
use shelfproof_anchor::tx::{IntentLog, Journal};
use shelfproof_base::config::Settings;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;

use super::key::{self, SignerArgs};

/// The database that keeps an owner's transaction.
#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// The configuration whose database keeps the transaction, for the running anchor to carry on; not read with
    /// --journal
    #[arg(long, env = "SHELFPROOF_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The chain, and who signs.
#[derive(Debug, Args)]
pub(super) struct ChainArgs {
    /// A node's JSON-RPC address
    #[arg(long, env = "SHELFPROOF_RPC", hide_env_values = true)]
    pub(super) rpc: String,
    /// The expected chain id [default: that of the node]
    #[arg(long)]
    chain_id: Option<u64>,
    /// The file that keeps the transaction until it is final [default: NAME.transactions beside the key file NAME.key]
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    #[command(flatten)]
    pub(super) signer: SignerArgs,
}

impl LogArgs {
    /// The configuration, if its database is to keep the transaction.
    pub(super) fn read(&self, chain: &ChainArgs) -> Result<Option<Config>, Box<dyn Error>> {
        match &self.config {
            Some(file) if chain.journal.is_none() => Ok(Some(Config::read(&Settings::read(Some(file), &[])?)?)),
            _ => Ok(None),
        }
    }
}

/// The account of `args`, over the log that keeps its transactions: the file of `--journal`, the database of `config`,
/// a file beside the key, or memory alone for the key that everybody has.
///
/// What the file beside the key holds is carried on first, whatever the log: a command that was killed, and runs again
/// with other arguments, must not sign a second transaction for the same change. As long as one of them is not final,
/// this file stays the log; with another `--journal` the command is refused.
pub(super) async fn connect(args: &ChainArgs, config: Option<&Config>) -> Result<Owner, Box<dyn Error>> {
    let signer = key::signer(&args.signer)?;
    let chain_id = match (args.signer.dev_account, args.chain_id) {
        (None, told) => told,
        (Some(_), None | Some(key::DEV_CHAIN_ID)) => Some(key::DEV_CHAIN_ID),
        (Some(_), Some(_)) => {
            return Err("--dev-account is for chain 31337 alone: everybody knows its key. Give --key-file".into());
        }
    };
    let over = async |log| Owner::connect(&args.rpc, chain_id, signer.clone(), log, Box::new(Unobserved)).await;
    let beside_key = args.signer.key_file.as_deref();
    let beside_key = beside_key.map(|file| file.with_extension("transactions"));
    let is_other = config.is_some()
        || args
            .journal
            .as_ref()
            .is_some_and(|file| !is_same(file, beside_key.as_deref()));
    if let Some(file) = beside_key.as_ref().filter(|file| is_other && file.exists()) {
        let mut owner = over(IntentLog::Journal(Journal::open(file)?)).await?;
        match (owner.has_open_transaction().await?, &args.journal) {
            (false, _) => {}
            (true, None) => return Ok(owner),
            (true, Some(_)) => {
                let file = file.display();
                return Err(format!(
                    "{file} holds a transaction of this account that no final block has yet: give --journal {file}, or \
                     wait until it is final"
                )
                .into());
            }
        }
    }
    let log = match (&args.journal, config, beside_key) {
        (Some(file), _, _) => IntentLog::Journal(Journal::open(file)?),
        (None, Some(config), _) => IntentLog::Database(database(config).await?),
        (None, None, Some(file)) => IntentLog::Journal(Journal::open(&file)?),
        (None, None, None) => IntentLog::Journal(Journal::default()),
    };
    Ok(over(log).await?)
}

fn is_same(one: &Path, other: Option<&Path>) -> bool {
    let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    other.is_some_and(|other| absolute(one) == absolute(other))
}

/// A session of the configured database, which must have its schema.
async fn database(config: &Config) -> Result<PgConnection, Box<dyn Error>> {
    let options = PgConnectOptions::from_str(config.database.url.expose_secret())?;
    let mut connection = session_open(&options).await?;
    match intent_open(&mut connection).await {
        Ok(_) => Ok(connection),
        Err(error) => Err(format!("the database: {error}; run `shelfproof migrate` first, or give --journal").into()),
    }
}
