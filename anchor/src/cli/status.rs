//! `status`: how far database, anchor and chain are, side by side.

use std::error::Error;
use std::str::FromStr;

use alloy::primitives::utils::format_ether;
use alloy::providers::Provider;
use alloy_primitives::{Address, B256, U256};
use clap::Args;
use console::Alignment;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shelfproof_anchor::config::{Chain, Config};
use shelfproof_anchor::store::epochs::{Epoch, EpochProgress, epoch_after, epoch_progress};
use shelfproof_anchor::store::intents::{Intent, NewIntent, intent_open};
use shelfproof_anchor::store::lock::session_open;
use shelfproof_anchor::store::status::{AnchorStatus, anchor_status_get};
use shelfproof_base::clock::now_ms;
use shelfproof_base::config::Settings;
use shelfproof_base::table::{render, time};
use sqlx::postgres::PgConnectOptions;

use super::{ConfigArgs, Done};

/// The number of the newest epochs that are listed.
const LISTED: u64 = 8;

/// An anchor that stored no status for this long does not work, milliseconds: longer than its longest pause with all
/// tries.
const SILENT_MS: u64 = 180_000;

/// Show where database, anchor and chain stand
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  shelfproof-anchor status
  shelfproof-anchor status --json

Exit status 1 where something needs to be done: what it is stands in the line `anchor`, `database` or `chain`.")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// What the database holds.
struct DatabaseState {
    progress: EpochProgress,
    stored: Option<AnchorStatus>,
    newest: Vec<Epoch>,
    /// Open intents, oldest first.
    open: Vec<Intent>,
}

/// What the chain holds.
struct ChainState {
    newest: (u64, B256),
    last: (u64, B256),
    final_block: u64,
    balance: Option<(Address, U256)>,
}

pub(super) async fn run(args: &StatusArgs) -> Result<Done, Box<dyn Error>> {
    let settings = Settings::read(args.config.config.as_deref(), &[])?;
    let config = Config::read(&settings)?;
    let database = database(&config).await;
    let signer = database
        .as_ref()
        .ok()
        .and_then(|database| database.stored.as_ref())
        .map(|stored| stored.signer);
    let chain = on_chain(&config.chain, signer).await;
    let problems = problems(database.as_ref().ok(), chain.as_ref().ok());
    let done = Done {
        json: json!({
            "database": part(&database, database_json),
            "chain": part(&chain, chain_json),
            "problems": problems,
        }),
        text: text(&database, &chain, &problems),
    };
    if database.is_ok() && chain.is_ok() && problems.is_empty() {
        return Ok(done);
    }
    Err(Box::new(super::Shown(done)))
}

async fn database(config: &Config) -> Result<DatabaseState, Box<dyn Error>> {
    let options = PgConnectOptions::from_str(config.database.url.expose_secret())?;
    let mut connection = session_open(&options).await?;
    let progress = epoch_progress(&mut connection).await?;
    Ok(DatabaseState {
        stored: anchor_status_get(&mut connection).await?,
        newest: epoch_after(&mut connection, progress.newest.saturating_sub(LISTED)).await?,
        open: intent_open(&mut connection).await?,
        progress,
    })
}

async fn on_chain(chain: &Chain, signer: Option<Address>) -> Result<ChainState, Box<dyn Error>> {
    let source = chain.source().await?;
    let at = source.final_block().await?;
    source.vrf_public_key().await?;
    let balance = match signer {
        Some(signer) => Some((signer, source.provider().get_balance(signer).await?)),
        None => None,
    };
    Ok(ChainState {
        newest: source.newest_epoch().await?,
        last: source.latest_epoch(&at).await?,
        final_block: at.number,
        balance,
    })
}

/// What needs an operator, in words.
fn problems(database: Option<&DatabaseState>, chain: Option<&ChainState>) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(DatabaseState { stored, progress, .. }) = database {
        match stored {
            None => {
                problems.push("no anchor has ever worked on this database: start `shelfproof-anchor run`".to_owned());
            }
            Some(stored) => {
                let silent_ms = now_ms().abs_diff(stored.at_ms);
                if silent_ms > SILENT_MS {
                    problems.push(format!(
                        "the anchor has stored no status for {} s: start `shelfproof-anchor run`",
                        silent_ms / 1_000
                    ));
                }
                if !stored.status.condition.is_well() {
                    problems.push(format!("{}: {}", stored.status.condition.name(), stored.status.detail));
                }
            }
        }
        if let Some(chain) = chain.filter(|chain| chain.newest.0 > progress.newest) {
            problems.push(format!(
                "the chain holds epoch {} and the database {}: the database comes from an old backup. Restore the \
                 newest backup with all archived write-ahead logs",
                chain.newest.0, progress.newest
            ));
        }
    }
    problems
}

fn part<T>(part: &Result<T, Box<dyn Error>>, show: impl Fn(&T) -> Value) -> Value {
    match part {
        Ok(part) => show(part),
        Err(error) => json!({"error": error.to_string()}),
    }
}

fn database_json(database: &DatabaseState) -> Value {
    json!({
        "newestEpoch": database.progress.newest,
        "finalEpoch": database.progress.finished,
        "anchor": database.stored.as_ref().map(|stored| json!({
            "signer": stored.signer, "at": stored.at_ms, "status": stored.status,
        })),
        "epochs": database.newest.iter().map(epoch_json).collect::<Vec<_>>(),
        "openIntents": database.open.iter().map(intent_json).collect::<Vec<_>>(),
    })
}

fn intent_json(intent: &Intent) -> Value {
    let variant = intent.variants.last();
    json!({
        "id": intent.id,
        "purpose": intent.content.purpose.name(),
        "epoch": intent.content.purpose.epoch(),
        "chainId": intent.content.call.chain_id,
        "sender": intent.content.call.sender,
        "nonce": intent.nonce,
        "transaction": variant.map(|variant| variant.hash),
        "signedAt": variant.map(|variant| variant.signed_at_ms),
    })
}

fn epoch_json(epoch: &Epoch) -> Value {
    json!({
        "number": epoch.number,
        "cutAt": epoch.cut_at_ms,
        "hash": epoch.roots.map(|roots| roots.hash),
        "events": epoch.roots.map(|roots| roots.header.event_count),
        "block": epoch.anchored.map(|place| place.block),
        "finalAt": epoch.anchored.map(|place| place.final_at_ms),
    })
}

fn chain_json(chain: &ChainState) -> Value {
    json!({
        "newestEpoch": chain.newest.0,
        "finalEpoch": chain.last.0,
        "finalHash": chain.last.1,
        "finalBlock": chain.final_block,
        "balanceWei": chain.balance.map(|(_, wei)| wei.to_string()),
    })
}

fn text(
    database: &Result<DatabaseState, Box<dyn Error>>,
    chain: &Result<ChainState, Box<dyn Error>>,
    problems: &[String],
) -> String {
    let mut text = String::new();
    match database {
        Err(error) => text += &format!("database  {error}\n"),
        Ok(database) => {
            text += &format!(
                "database  epoch {}, final {}\n",
                database.progress.newest, database.progress.finished
            );
            text += &anchor_line(database.stored.as_ref());
        }
    }
    match chain {
        Err(error) => text += &format!("chain     {error}\n"),
        Ok(chain) => {
            text += &format!(
                "chain     epoch {}, final {} (as of block {})\n",
                chain.newest.0, chain.last.0, chain.final_block
            );
            if let Some((signer, wei)) = chain.balance {
                text += &format!("account   {signer} has {} ETH\n", format_ether(wei));
            }
        }
    }
    for problem in problems {
        text += &format!("! {problem}\n");
    }
    if let Ok(DatabaseState { newest, open, .. }) = database {
        let tables = [
            (newest.is_empty(), epoch_table(newest)),
            (open.is_empty(), intent_table(open)),
        ];
        for (_, table) in tables.iter().filter(|(is_empty, _)| !is_empty) {
            text += "\n";
            text += table;
        }
    }
    text.trim_end().to_owned()
}

fn anchor_line(stored: Option<&AnchorStatus>) -> String {
    stored.map_or_else(
        || "anchor    has never worked here\n".to_owned(),
        |stored| {
            let condition = stored.status.condition.name();
            format!(
                "anchor    {condition}, {} s ago\n",
                now_ms().saturating_sub(stored.at_ms) / 1_000
            )
        },
    )
}

/// What is on its way to a final block.
fn intent_table(open: &[Intent]) -> String {
    let columns = [
        ("OPEN INTENT", Alignment::Left),
        ("SENDER", Alignment::Left),
        ("NONCE", Alignment::Right),
        ("SIGNED (UTC)", Alignment::Left),
        ("TRANSACTION", Alignment::Left),
    ];
    let rows: Vec<[String; 5]> = open
        .iter()
        .map(|intent| {
            let NewIntent { purpose, call, .. } = &intent.content;
            let variant = intent.variants.last();
            [
                purpose
                    .epoch()
                    .map_or_else(|| purpose.name().to_owned(), |epoch| format!("anchor epoch {epoch}")),
                call.sender.to_string(),
                or_dash(intent.nonce),
                or_dash(variant.map(|variant| time(variant.signed_at_ms.cast_signed()))),
                or_dash(variant.map(|variant| variant.hash)),
            ]
        })
        .collect();
    render(&columns, &rows)
}

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn epoch_table(epochs: &[Epoch]) -> String {
    let columns = [
        ("EPOCH", Alignment::Right),
        ("EVENTS", Alignment::Right),
        ("CUT (UTC)", Alignment::Left),
        ("BLOCK", Alignment::Right),
        ("FINAL (UTC)", Alignment::Left),
        ("HASH", Alignment::Left),
    ];
    let rows: Vec<[String; 6]> = epochs
        .iter()
        .map(|epoch| {
            [
                epoch.number.to_string(),
                or_dash(epoch.roots.map(|roots| roots.header.event_count)),
                time(epoch.cut_at_ms.cast_signed()),
                or_dash(epoch.anchored.map(|place| place.block)),
                or_dash(epoch.anchored.map(|place| time(place.final_at_ms.cast_signed()))),
                or_dash(epoch.roots.map(|roots| format!("{:.18}…", roots.hash.to_string()))),
            ]
        })
        .collect();
    render(&columns, &rows)
}
