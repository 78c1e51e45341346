//! `shelfproof admin batch`: what came in, and taking back what was wrong.

use clap::{Args, Subcommand};
use console::Alignment::{Left, Right};
use shelfproof_base::clock::now_ms;
use shelfproof_base::table;
use shelfproof_verifier::event::Kind;
use sqlx::PgPool;

use super::list::{Length, more, print_csv};
use super::{Failure, print};
use crate::api_types::{Listed, ShownBatch, ShownBatchKey, ShownWithdrawal};
use crate::domain::batch::{Batch, BatchFilter, BatchKey, BatchState};
use crate::domain::id::BatchId;
use crate::flow::query::EXPORT_PAGE;
use crate::flow::query::batch::{find_batch, get_batch, list_batch_keys, list_batches};
use crate::flow::query::product::find_product;
use crate::flow::withdraw_batch::{Withdrawn, withdraw_batch};

/// Show what imports brought, and take back a batch that was wrong
#[derive(Debug, Args)]
pub struct BatchArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List batches, oldest first
    ///
    /// Example: shelfproof admin batch list --supplier Acme --state complete
    ///
    /// Example: shelfproof admin batch list --search may --csv
    List(Box<ListArgs>),
    /// Show a batch: what its file brought, and how much of it is on sale
    Show {
        /// Its id, or its name where only one product has a batch of that name
        #[arg(value_name = "ID|NAME")]
        batch: String,
    },
    /// List a batch's keys by line of its file: id and state, never a code
    Keys {
        /// Its id, or its name where only one product has a batch of that name
        #[arg(value_name = "ID|NAME")]
        batch: String,
        /// Only those after this number: the last of the page before
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: i64,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Withdraw a batch that was wrong, as far as it is not on sale
    ///
    /// Until a key is put on sale nothing was promised about it: the corrected file is imported as another batch, of
    /// the same or another product, and its codes come in with the new goods. The batch stays in the books as
    /// withdrawn. Keys that are on sale already stay there; each is withdrawn by itself, for good, with POST
    /// /api/v1/keys/{key id}/void.
    #[command(visible_alias = "void")]
    Withdraw {
        /// Its id, or its name where only one product has a batch of that name
        #[arg(value_name = "ID|NAME")]
        batch: String,
    },
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Of this product, by id or name
    #[arg(long, value_name = "ID|NAME")]
    product: Option<String>,
    /// From the supplier of exactly this name
    #[arg(long, value_name = "NAME")]
    supplier: Option<String>,
    /// How far they are: incomplete where the file was not read to its end
    #[arg(long, value_parser = batch_state)]
    state: Option<BatchState>,
    /// A part of the name, in upper or lower case
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only those after this id: the last of the page before
    #[arg(long, value_name = "ID")]
    after: Option<BatchId>,
    #[command(flatten)]
    length: Length,
}

fn batch_state(name: &str) -> Result<BatchState, String> {
    let names = BatchState::ALL.map(BatchState::name);
    BatchState::from_name(name).ok_or_else(|| format!("it must be one of {}", names.join(", ")))
}

impl BatchArgs {
    /// Whether a batch is to be withdrawn.
    pub(super) const fn withdraws(&self) -> bool {
        matches!(self.command, Command::Withdraw { .. })
    }
}

/// Does what was asked, and prints the answer.
///
/// # Errors
/// A refusal, with what to do about it.
pub async fn run(args: BatchArgs, pool: &PgPool) -> Result<(), Failure> {
    match args.command {
        Command::List(list) => run_list(*list, args.json, pool).await?,
        Command::Show { batch } => {
            let batch = get_batch(pool, find_batch(pool, &batch).await?).await?;
            let text = show_text(&batch);
            print(args.json, || ShownBatch::from(batch), || text)?;
        }
        Command::Keys { batch, after, limit } => {
            let batch = get_batch(pool, find_batch(pool, &batch).await?).await?;
            let keys = list_batch_keys(pool, batch.id, after, limit).await?;
            let page = Listed::new(keys, |key| key.no.to_string(), |key| key);
            print(
                args.json,
                || page.map(|key| ShownBatchKey::from(key.clone())),
                || keys_text(&batch, &page),
            )?;
        }
        Command::Withdraw { batch } => {
            let batch = get_batch(pool, find_batch(pool, &batch).await?).await?;
            let withdrawn = withdraw_batch(pool, batch.id, now_ms()).await?;
            let text = || withdrawn_text(&batch, &withdrawn);
            print(args.json, || ShownWithdrawal::new(batch.id, withdrawn), text)?;
        }
    }
    Ok(())
}

async fn run_list(args: ListArgs, is_json: bool, pool: &PgPool) -> Result<(), Failure> {
    let is_csv = args.length.is_csv(is_json)?;
    let filter = BatchFilter {
        product: match &args.product {
            Some(product) => Some(find_product(pool, product).await?.id),
            None => None,
        },
        supplier: args.supplier,
        state: args.state,
        search: args.search,
    };
    if is_csv {
        return print_csv(async |after| list_batches(pool, &filter, after, EXPORT_PAGE).await).await;
    }
    let batches = list_batches(pool, &filter, args.after, args.length.limit).await?;
    let page = Listed::found(batches, |batch| batch);
    print(
        is_json,
        || page.map(|batch| ShownBatch::from(batch.clone())),
        || list_text(&page),
    )?;
    Ok(())
}

fn stays(activated: u64) -> String {
    if activated == 0 {
        return String::new();
    }
    format!("{activated} of its keys had been put on sale, and stay as they are\n")
}

/// What a withdrawal did, and what comes next.
fn withdrawn_text(batch: &Batch, withdrawn: &Withdrawn) -> String {
    let before = if withdrawn.was_withdrawn { " before" } else { "" };
    let next = if withdrawn.keys == 0 {
        "none of its keys waits to come in again".to_owned()
    } else {
        format!(
            "next, import the corrected file under another name: shelfproof import FILE --product {} --batch NAME",
            batch.product
        )
    };
    format!(
        "batch {:?} was withdrawn{before}: {} keys\n{next}\n{}",
        batch.name,
        withdrawn.keys,
        stays(withdrawn.activated)
    )
}

const fn state(batch: &Batch) -> &'static str {
    match (batch.is_complete, batch.activated, batch.imported) {
        _ if batch.withdrawn_at_ms.is_some() => "withdrawn",
        (false, ..) => "import not ended",
        (true, _, 0) => "nothing came in",
        (true, 0, _) => "not on sale",
        (true, activated, imported) if activated < imported => "partly on sale",
        _ => "on sale",
    }
}

fn list_text(page: &Listed<Batch>) -> String {
    let rows = page.items.iter().map(|batch| {
        [
            batch.id.to_string(),
            batch.name.clone(),
            table::time(batch.created_at_ms),
            batch.imported.to_string(),
            batch.refused.to_string(),
            batch.activated.to_string(),
            state(batch).to_owned(),
        ]
    });
    let columns = [
        ("ID", Left),
        ("NAME", Left),
        ("TIME (UTC)", Left),
        ("KEYS", Right),
        ("REFUSED", Right),
        ("ON SALE", Right),
        ("STATE", Left),
    ];
    table::render(&columns, &rows.collect::<Vec<_>>()) + &more(page)
}

fn show_text(batch: &Batch) -> String {
    let rows = [
        ("name", batch.name.clone()),
        ("product", batch.product.to_string()),
        ("supplier", batch.supplier.clone()),
        ("imported at", table::time(batch.created_at_ms)),
        ("state", state(batch).to_owned()),
        (
            "withdrawn at",
            batch.withdrawn_at_ms.map(table::time).unwrap_or_default(),
        ),
        ("lines", batch.lines.to_string()),
        ("keys", batch.imported.to_string()),
        ("put on sale", batch.activated.to_string()),
        ("refused", batch.refused.to_string()),
        ("unwrapped", batch.unwrapped.to_string()),
        ("cleaned", batch.cleaned.to_string()),
        ("returned", batch.returned.to_string()),
    ];
    let id = batch.id.to_string();
    table::render(
        &[("id", Left), (&id, Left)],
        &rows.map(|(label, value)| [label.to_owned(), value]),
    )
}

fn keys_text(batch: &Batch, page: &Listed<BatchKey>) -> String {
    let state = |key: &BatchKey| match key.moved_to {
        Some(batch) => format!("{}, now of batch {batch}", key.state.name()),
        None if batch.withdrawn_at_ms.is_some() && key.state == Kind::Generated => "withdrawn".to_owned(),
        None => key.state.name().to_owned(),
    };
    let rows = page.items.iter().map(|key| {
        [
            key.no.to_string(),
            key.line.to_string(),
            key.key_id.to_string(),
            state(key),
        ]
    });
    let columns = [("NUMBER", Right), ("LINE", Right), ("KEY ID", Left), ("STATE", Left)];
    table::render(&columns, &rows.collect::<Vec<_>>()) + &more(page)
}
