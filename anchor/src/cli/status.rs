//! `status`: where database, anchor and chain stand, side by side.

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
use shelfproof_anchor::store::lock::session_open;
use shelfproof_anchor::store::status::{AnchorStatus, anchor_status_get};
use shelfproof_base::clock::now_ms;
use shelfproof_base::config::Settings;
use shelfproof_base::table::{render, time};
use sqlx::postgres::PgConnectOptions;

use super::{ConfigArgs, Done};

/// How many of the newest epochs are listed.
const LISTED: u64 = 8;

/// An anchor that said nothing for so long does not work, milliseconds: above the longest pause with all its tries.
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

/// What the database knows.
struct Books {
    progress: EpochProgress,
    told: Option<AnchorStatus>,
    newest: Vec<Epoch>,
}

/// What the chain knows.
struct OnChain {
    newest: (u64, B256),
    last: (u64, B256),
    final_block: u64,
    balance: Option<(Address, U256)>,
}

pub(super) async fn run(args: &StatusArgs) -> Result<Done, Box<dyn Error>> {
    let settings = Settings::read(args.config.config.as_deref(), &[])?;
    let config = Config::read(&settings)?;
    let books = books(&config).await;
    let signer = books
        .as_ref()
        .ok()
        .and_then(|books| books.told.as_ref())
        .map(|told| told.signer);
    let chain = on_chain(&config.chain, signer).await;
    let problems = problems(books.as_ref().ok(), chain.as_ref().ok());
    let done = Done {
        json: json!({
            "database": part(&books, books_json),
            "chain": part(&chain, chain_json),
            "problems": problems,
        }),
        text: text(&books, &chain, &problems),
    };
    if books.is_ok() && chain.is_ok() && problems.is_empty() {
        return Ok(done);
    }
    Err(Box::new(super::Shown(done)))
}

async fn books(config: &Config) -> Result<Books, Box<dyn Error>> {
    let options = PgConnectOptions::from_str(config.database.url.expose_secret())?;
    let mut connection = session_open(&options).await?;
    let progress = epoch_progress(&mut connection).await?;
    Ok(Books {
        told: anchor_status_get(&mut connection).await?,
        newest: epoch_after(&mut connection, progress.newest.saturating_sub(LISTED)).await?,
        progress,
    })
}

async fn on_chain(chain: &Chain, signer: Option<Address>) -> Result<OnChain, Box<dyn Error>> {
    let source = chain.source().await?;
    let at = source.final_block().await?;
    source.vrf_public_key(&at).await?;
    let balance = match signer {
        Some(signer) => Some((signer, source.provider().get_balance(signer).await?)),
        None => None,
    };
    Ok(OnChain {
        newest: source.newest_epoch().await?,
        last: source.latest_epoch(&at).await?,
        final_block: at.number,
        balance,
    })
}

/// What needs somebody, in words.
fn problems(books: Option<&Books>, chain: Option<&OnChain>) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(Books { told, progress, .. }) = books {
        match told {
            None => {
                problems.push("no anchor has ever worked on this database: start `shelfproof-anchor run`".to_owned());
            }
            Some(told) => {
                let silent_ms = now_ms().abs_diff(told.at_ms);
                if silent_ms > SILENT_MS {
                    problems.push(format!(
                        "the anchor has said nothing for {} s: start `shelfproof-anchor run`",
                        silent_ms / 1_000
                    ));
                }
                if !told.status.condition.is_well() {
                    problems.push(format!("{}: {}", told.status.condition.name(), told.status.detail));
                }
            }
        }
        if let Some(chain) = chain.filter(|chain| chain.newest.0 > progress.newest) {
            problems.push(format!(
                "the chain holds epoch {} and the database {}: the database is an old one. Restore the newest backup with all archived logs",
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

fn books_json(books: &Books) -> Value {
    json!({
        "newestEpoch": books.progress.newest,
        "finalEpoch": books.progress.finished,
        "anchor": books.told.as_ref().map(|told| json!({
            "signer": told.signer, "at": told.at_ms, "status": told.status,
        })),
        "epochs": books.newest.iter().map(epoch_json).collect::<Vec<_>>(),
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

fn chain_json(chain: &OnChain) -> Value {
    json!({
        "newestEpoch": chain.newest.0,
        "finalEpoch": chain.last.0,
        "finalHash": chain.last.1,
        "finalBlock": chain.final_block,
        "balanceWei": chain.balance.map(|(_, wei)| wei.to_string()),
    })
}

fn text(books: &Result<Books, Box<dyn Error>>, chain: &Result<OnChain, Box<dyn Error>>, problems: &[String]) -> String {
    let mut text = String::new();
    match books {
        Err(error) => text += &format!("database  {error}\n"),
        Ok(books) => {
            text += &format!(
                "database  epoch {}, final {}\n",
                books.progress.newest, books.progress.finished
            );
            text += &anchor_line(books.told.as_ref());
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
    if let Ok(books) = books
        && !books.newest.is_empty()
    {
        text += "\n";
        text += &table(&books.newest);
    }
    text.trim_end().to_owned()
}

fn anchor_line(told: Option<&AnchorStatus>) -> String {
    told.map_or_else(
        || "anchor    has never worked here\n".to_owned(),
        |told| {
            let condition = told.status.condition.name();
            format!(
                "anchor    {condition}, said {} s ago\n",
                now_ms().saturating_sub(told.at_ms) / 1_000
            )
        },
    )
}

fn table(epochs: &[Epoch]) -> String {
    let columns = [
        ("EPOCH", Alignment::Right),
        ("EVENTS", Alignment::Right),
        ("CUT (UTC)", Alignment::Left),
        ("BLOCK", Alignment::Right),
        ("FINAL (UTC)", Alignment::Left),
        ("HASH", Alignment::Left),
    ];
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let rows: Vec<[String; 6]> = epochs
        .iter()
        .map(|epoch| {
            [
                epoch.number.to_string(),
                or_dash(epoch.roots.map(|roots| roots.header.event_count.to_string())),
                time(epoch.cut_at_ms.cast_signed()),
                or_dash(epoch.anchored.map(|place| place.block.to_string())),
                or_dash(epoch.anchored.map(|place| time(place.final_at_ms.cast_signed()))),
                or_dash(epoch.roots.map(|roots| format!("{:.18}…", roots.hash.to_string()))),
            ]
        })
        .collect();
    render(&columns, &rows)
}
