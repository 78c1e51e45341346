//! `shelfproof admin key`: keys in stock and sold, never a code.

use alloy_primitives::B256;
use clap::{Args, Subcommand};
use console::Alignment::Left;
use shelfproof_base::table;
use shelfproof_verifier::event::Kind;
use sqlx::PgPool;

use super::list::{Length, more, print_csv};
use super::{Failure, print};
use crate::api_types::{Listed, ShownListedKey};
use crate::domain::id::OrderId;
use crate::domain::key::{KeyCursor, KeyFilter, KeySummary};
use crate::domain::search::IdRange;
use crate::flow::query::EXPORT_PAGE;
use crate::flow::query::batch::find_batch;
use crate::flow::query::key_list::list_keys;
use crate::flow::query::product::find_product;

/// Keys: where each stands, and the order that it was sold with; never a code
#[derive(Debug, Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List keys by batch, oldest first
    ///
    /// A page looks at 2,000 keys at most; where that ends it early, it says so and how to go on.
    ///
    /// Example: shelfproof admin key list --product 月卡 --state redeemed
    ///
    /// Example: shelfproof admin key list --search 0x5f0c1d2e
    ///
    /// Example: shelfproof admin key list --batch may --csv
    List(Box<ListArgs>),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Of this batch: its id, or its name where only one product has a batch of that name
    #[arg(long, value_name = "ID|NAME")]
    batch: Option<String>,
    /// Of this product, by id or name
    #[arg(long, value_name = "ID|NAME")]
    product: Option<String>,
    /// In this state: the kind of their newest event
    #[arg(long, value_parser = state)]
    state: Option<Kind>,
    /// Sold with this order
    #[arg(long, value_name = "ID")]
    order: Option<OrderId>,
    /// A key's id, or at least its first 8 hex digits
    #[arg(long, value_name = "ID|BEGINNING")]
    search: Option<IdRange<B256>>,
    /// Only those after this place: the cursor that the page before ended with
    #[arg(long, value_name = "CURSOR")]
    after: Option<KeyCursor>,
    #[command(flatten)]
    length: Length,
}

/// Reads an argument that names a kind of event.
fn state(name: &str) -> Result<Kind, String> {
    Kind::from_name(name).ok_or_else(|| format!("it must be one of {}", Kind::ALL.map(Kind::name).join(", ")))
}

/// Prints what was asked for.
///
/// # Errors
/// Where there is no such batch or product, or the database fails.
pub async fn run(args: KeyArgs, pool: &PgPool) -> Result<(), Failure> {
    let Command::List(list) = args.command;
    let is_csv = list.length.is_csv(args.json)?;
    let filter = KeyFilter {
        batch: match &list.batch {
            Some(batch) => Some(find_batch(pool, batch).await?),
            None => None,
        },
        product: match &list.product {
            Some(product) => Some(find_product(pool, product).await?.id),
            None => None,
        },
        state: list.state,
        order: list.order,
        search: list.search,
    };
    if is_csv {
        return print_csv(async |after| list_keys(pool, &filter, after, EXPORT_PAGE).await).await;
    }
    let keys = list_keys(pool, &filter, list.after, list.length.limit).await?;
    let page = Listed::found(keys, |key| key);
    print(args.json, || page.map(ShownListedKey::from), || text(&page))?;
    Ok(())
}

fn text(page: &Listed<KeySummary>) -> String {
    let rows = page.items.iter().map(|key| {
        [
            key.key_id.to_string(),
            key.state.name().to_owned(),
            table::time(key.at_ms.cast_signed()),
            key.order.map(|order| order.to_string()).unwrap_or_default(),
        ]
    });
    let columns = [
        ("KEY ID", Left),
        ("STATE", Left),
        ("SINCE (UTC)", Left),
        ("ORDER", Left),
    ];
    table::render(&columns, &rows.collect::<Vec<_>>()) + &more(page)
}
