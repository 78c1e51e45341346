//! `shelfproof init`: sets up a shop on a merchant's own database and chain, step by step. Steps that are done are
//! skipped.

use std::fs;
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use shelfproof_anchor::config::Anchor;
use shelfproof_base::config::{Settings, read_secret};
use shelfproof_base::keyfile::disk;
use shelfproof_verifier::epoch;
use tokio::task::spawn_blocking;

use super::{Failure, print};
use crate::app::{check_merchant, check_server, open_unmigrated, open_vault};
use crate::config::Config;
use crate::dev::{Folder, PublicKeys};
use crate::flow::migrate::migrate_schema;
use crate::flow::query::database::find_volatile_setting;

mod ask;
mod words;

use ask::Asker;

/// The configuration's file in the folder.
const CONFIG: &str = "shelfproof.toml";

/// The configuration until it was checked.
const DRAFT: &str = "shelfproof.toml.new";

/// The file that holds the database's address with its password.
const DATABASE_URL: &str = "database.url";

/// The file that holds the address of the chain's node, which may hold a key.
const RPC_URL: &str = "rpc.url";

/// Set up a shop on your own database and chain, step by step
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  shelfproof init
  shelfproof init --folder shop --yes --name \"My shop\" --database-url-file database.url --chain-id 1 --registry 0x… \\
      --data-uri https://shop.example/data --rpc https://node.example

Asks for what no flag tells. Makes the keys and the configuration, checks the database and brings it to the schema, then
prints what to do on the chain and what to back up. Run it again at any time: what is done stays.")]
pub struct InitArgs {
    /// The folder for configuration and keys
    #[arg(long, default_value = ".")]
    folder: PathBuf,
    /// Ask nothing: a value that no flag gives is an error
    #[arg(long)]
    yes: bool,
    /// The shop's name
    #[arg(long)]
    name: Option<String>,
    /// The file that holds the database's address, postgres://user:password@host:port/database
    #[arg(long, value_name = "FILE")]
    database_url_file: Option<PathBuf>,
    /// The chain's EIP-155 id
    #[arg(long)]
    chain_id: Option<u64>,
    /// The registry's address on it
    #[arg(long)]
    registry: Option<Address>,
    /// Where epoch data will be published
    #[arg(long)]
    data_uri: Option<String>,
    /// The address of a node of that chain, kept in rpc.url; the command that is printed takes it from `SHELFPROOF_RPC`
    #[arg(long, env = "SHELFPROOF_RPC", hide_env_values = true)]
    rpc: Option<SecretString>,
}

pub(super) async fn run(args: InitArgs, is_json: bool) -> Result<(), Failure> {
    let is_rpc_told = args.rpc.is_some();
    // Questions, Argon2id and fsync may block: nothing else runs in this process.
    let Shop { folder, keys, draft } = spawn_blocking(move || prepare(&args)).await??;
    let file = folder.join(CONFIG);
    let config = Config::read(&Settings::read_apart(draft.as_ref().unwrap_or(&file), &[])?)?;
    check_owner(&config, &keys, &file)?;
    open_vault(&config).await?;
    prepare_database(&config).await.map_err(|error| {
        format!("{error} (the database that --database-url-file names, or else {DATABASE_URL} in the folder)")
    })?;
    if let Some(draft) = draft {
        fs::rename(&draft, &file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let next = words::Next {
        folder: folder.path(),
        config: &config,
        keys: &keys,
        is_rpc_told,
    };
    print(
        is_json,
        || {
            json!({
                "config": file,
                "merchantId": config.chain.merchant_id,
                "owner": keys.owner,
                "anchorer": keys.anchorer,
                "register": next.register(),
            })
        },
        || next.to_string(),
    )?;
    Ok(())
}

/// The folder's files once all questions are answered.
struct Shop {
    /// Locked to the end, so that two runs do not write two shops into one folder.
    folder: Folder,
    keys: PublicKeys,
    /// The configuration, where it is new. It gets its name once all of it was found to work, so that a run that
    /// failed, or was killed, leaves a folder in which the next one may be told something else.
    draft: Option<PathBuf>,
}

/// Keys and configuration, where they are not there yet.
fn prepare(args: &InitArgs) -> Result<Shop, Failure> {
    let folder = Folder::take(&args.folder)?;
    folder.make_keys()?;
    folder.make_journal()?;
    let keys = PublicKeys::read(&folder.keys())?;
    let (file, draft) = (folder.join(CONFIG), folder.join(DRAFT));
    let draft = if file.exists() {
        eprintln!("{} is there and stays as it is", file.display());
        None
    } else {
        let text = ask_config(args, &folder, &keys)?;
        disk::replace(&draft, text.as_bytes()).map_err(|error| format!("{}: {error}", draft.display()))?;
        Some(draft)
    };
    Ok(Shop { folder, keys, draft })
}

fn ask_config(args: &InitArgs, folder: &Folder, keys: &PublicKeys) -> Result<String, Failure> {
    let asker = Asker::new(args.yes);
    let name = asker.text("--name", args.name.clone(), "The shop's name / 店铺名称")?;
    let url_file = database_url_file(args, folder, &asker)?;
    let rpc = rpc_line(args, folder)?;
    let chain_id = asker.parsed("--chain-id", args.chain_id, "The chain's id (1 is Ethereum) / 链 ID")?;
    let registry = asker.parsed("--registry", args.registry, "The registry's address / 注册合约地址")?;
    let question = "Where epoch data will be published, https://… / 公开数据的网址";
    let data_uri = asker.text("--data-uri", args.data_uri.clone(), question)?;
    let merchant_id = epoch::merchant_id(chain_id, &registry, &keys.owner, &B256::ZERO);
    let chain_id = i64::try_from(chain_id).map_err(|_| "--chain-id is too large a number")?;
    let text = |value: &str| toml::Value::from(value).to_string();
    Ok(format!(
        "\
# Written by `shelfproof init`. Paths start at this file's folder; `shelfproof serve --check-config` shows all settings.
[database]
url_file = {}

[keys]
folder = \"keys\"
passphrase_file = \"passphrase\"

[chain]
chain_id = {chain_id}
registry = \"{registry}\"
merchant_id = \"{merchant_id}\"
{rpc}

[shop]
name = {}
data_uri = {}

# What was sold, beside the database. Move this folder to another disk, and write its path here.
[sale]
journal = \"journal\"

[anchor]
folder = \"anchor\"

[proofs]
prover = \"http://{}\"
data_folder = \"anchor/data\"
",
        text(&url_file.to_string_lossy()),
        text(&name),
        text(&data_uri),
        Anchor::default().listen,
    ))
}

/// What the configuration says of the chain's node. Its address goes into a file of its own; a run that failed before
/// may have left another.
fn rpc_line(args: &InitArgs, folder: &Folder) -> Result<String, Failure> {
    let line = format!("rpc_file = \"{RPC_URL}\"");
    let Some(rpc) = &args.rpc else {
        return Ok(format!(
            "# {line}   # a file with your node's JSON-RPC address: `shelfproof-anchor run` needs it, and the fence"
        ));
    };
    let file = folder.join(RPC_URL);
    disk::replace(&file, rpc.expose_secret().as_bytes()).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(line)
}

/// The file that was named, or one in the folder: what lies there already, or a new one with the address that was
/// typed.
fn database_url_file(args: &InitArgs, folder: &Folder, asker: &Asker) -> Result<PathBuf, Failure> {
    if let Some(file) = &args.database_url_file {
        let at = |error| format!("--database-url-file {}: {error}", file.display());
        read_secret(file).map_err(at)?;
        return Ok(file.canonicalize().map_err(at)?);
    }
    if !folder.join(DATABASE_URL).exists() {
        let question = "The database, postgres://user:password@host:port/database (not shown) / 数据库地址（不显示）";
        folder.write_secret(DATABASE_URL, &asker.secret("--database-url-file", question)?)?;
    }
    Ok(PathBuf::from(DATABASE_URL))
}

/// The merchant's id is a hash over its owner: a configuration and keys of different shops do not go together.
fn check_owner(config: &Config, keys: &PublicKeys, file: &Path) -> Result<(), Failure> {
    let chain = &config.chain;
    if epoch::merchant_id(chain.chain_id, &chain.registry, &keys.owner, &B256::ZERO) == chain.merchant_id {
        return Ok(());
    }
    Err(format!(
        "{} names another merchant than the owner's key makes: use the keys it was made with",
        file.display()
    )
    .into())
}

async fn prepare_database(config: &Config) -> Result<(), Failure> {
    let pool = open_unmigrated(&config.database)?;
    check_server(&pool).await?;
    if let Some(setting) = find_volatile_setting(&pool).await? {
        let advice = "a crash could lose what was sold: set it to on in postgresql.conf, and run this again";
        return Err(format!("the database's {setting} is off: {advice}").into());
    }
    migrate_schema(&pool).await?;
    check_merchant(&pool, config).await?;
    pool.close().await;
    Ok(())
}
