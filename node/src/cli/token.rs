//! `shelfproof admin token`: makes, lists and revokes the tokens that call the API (API keys).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use console::Alignment::Left;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use shelfproof_base::clock::now_ms;
use sqlx::PgPool;

use shelfproof_base::table;

use super::list::more;
use super::{Failure, print};
use crate::api_types::Listed;
use crate::domain::account::Role;
use crate::domain::api_key::{ApiKey, ListedKey};
use crate::domain::id::{AccountId, ApiKeyId};
use crate::flow::FlowError;
use crate::flow::create_account::create_account;
use crate::flow::create_api_key::create_api_key;
use crate::flow::query::api_key::list_api_keys;
use crate::flow::revoke_api_key::revoke_api_key;

/// Make, list and revoke API keys, the tokens that call the API
#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make an API key, and its account if there is none of that name
    ///
    /// The key is shown once: only a hash of it is kept.
    ///
    /// Example: shelfproof admin token create --account shop-a --role reseller --out shop-a.key
    Create {
        /// The account's name
        #[arg(long)]
        account: String,
        /// What the account may do
        #[arg(long)]
        role: RoleArg,
        /// Write the key to this new file, which only its owner can read, and not to standard output
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// List the API keys, oldest first
    List {
        /// Only those after this id: the last of the page before
        #[arg(long)]
        after: Option<ApiKeyId>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Revoke an API key; every server refuses it within seconds
    Revoke {
        /// Its id, as the list shows it
        id: ApiKeyId,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleArg {
    /// Runs the shop; sees no code
    Admin,
    /// Buys from its prepaid credit
    Reseller,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Admin => Self::Admin,
            RoleArg::Reseller => Self::Reseller,
        }
    }
}

/// Runs the command, and prints the result.
///
/// # Errors
/// A refusal, with what to do about it.
pub async fn run(args: TokenArgs, pool: &PgPool) -> Result<(), Failure> {
    match args.command {
        Command::Create { account, role, out } => create(pool, &account, role.into(), out.as_deref(), args.json).await,
        Command::List { after, limit } => {
            let keys = list_api_keys(pool, after, limit).await?;
            let page = Listed::new(keys, |key| key.id.to_string(), |key| key);
            print(
                args.json,
                || page.map(key_json),
                || list_text(&page.items) + &more(&page),
            )?;
            Ok(())
        }
        Command::Revoke { id } => {
            let revoked_at_ms = revoke_api_key(pool, id, now_ms()).await?;
            print(
                args.json,
                || json!({ "apiKey": id, "revokedAt": revoked_at_ms }),
                || format!("{id} is revoked since {} UTC\n", table::time(revoked_at_ms)),
            )?;
            Ok(())
        }
    }
}

async fn create(pool: &PgPool, account: &str, role: Role, out: Option<&Path>, is_json: bool) -> Result<(), Failure> {
    let now_ms = now_ms();
    let account = create_account(pool, AccountId::new(now_ms, rand::random()), account, role, now_ms).await?;
    let key = ApiKey::new(ApiKeyId::new(now_ms, rand::random()), rand::random());
    // The file first: a crash in between leaves a token that opens nothing, not an API key whose token is lost.
    if let Some(path) = out {
        write_token(path, &key.token()).map_err(|error| FlowError::Invalid {
            field: "out",
            detail: format!("{}: {error}", path.display()),
        })?;
    }
    if let Err(error) = create_api_key(pool, &key, account.id, now_ms).await {
        // The token opens nothing: it does no harm where the file cannot be removed.
        let _ = out.map(fs::remove_file);
        return Err(error.into());
    }
    let token = out.is_none().then(|| key.token());
    let shown = token.as_ref().map(ExposeSecret::expose_secret);
    let value = || json!({ "apiKey": key.id(), "account": account.name, "role": role.name(), "token": shown });
    print(is_json, value, || match (shown, out) {
        (Some(token), _) => format!("{token}\n"),
        (None, out) => format!(
            "{} of {}: {}\n",
            key.id(),
            account.name,
            out.unwrap_or(Path::new("")).display()
        ),
    })?;
    Ok(())
}

/// Writes a token to a new file that only its owner can read.
fn write_token(path: &Path, token: &SecretString) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(token.expose_secret().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn key_json(key: &ListedKey) -> Value {
    json!({
        "apiKey": key.id,
        "account": key.account,
        "role": key.role.name(),
        "createdAt": key.created_at_ms,
        "revokedAt": key.revoked_at_ms,
    })
}

fn list_text(keys: &[ListedKey]) -> String {
    let rows = keys.iter().map(|key| {
        [
            key.id.to_string(),
            key.account.clone(),
            key.role.name().to_owned(),
            table::time(key.created_at_ms),
            key.revoked_at_ms.map_or_else(|| "-".to_owned(), table::time),
        ]
    });
    let columns = [
        ("ID", Left),
        ("ACCOUNT", Left),
        ("ROLE", Left),
        ("MADE (UTC)", Left),
        ("REVOKED (UTC)", Left),
    ];
    table::render(&columns, &rows.collect::<Vec<_>>())
}
