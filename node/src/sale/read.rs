//! What a batch reads before it is decided: locks, then what the locks protect, then the keys that are sold.

use std::collections::BTreeSet;

use alloy_primitives::B256;
use sqlx::PgConnection;

use super::context::BatchContext;
use super::plan::{self, Choice, OpenedKey, OpenedKeys, PlanState};
use super::trouble::Troubles;
use crate::domain::id::{AccountId, ProductId};
use crate::domain::sale::{AvailableKey, Intent, Neighbour, Pool};
use crate::store::StoreError;
use crate::store::sale::{Wanted, sale_facts, sale_keys, sale_lock};
use crate::vault::{Vault, VaultError};

/// Whether a batch waits for rows that somebody else has locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// It waits for all rows but those that a batch waited for in vain before.
    Waits,
    /// It waits for none.
    Skips,
}

/// Locks and reads what the intents are decided over. Rows that are not waited for, and that somebody else has locked, hold
/// their product or account back.
pub(super) async fn state(
    connection: &mut PgConnection,
    context: &BatchContext,
    intents: &[&Intent],
    patience: Patience,
) -> Result<PlanState, StoreError> {
    let troubles = &context.troubles;
    let neighbours: BTreeSet<Neighbour> = intents.iter().flat_map(|intent| intent.neighbours()).collect();
    let (skip, wait): (BTreeSet<Neighbour>, BTreeSet<Neighbour>) = neighbours
        .into_iter()
        .partition(|neighbour| patience == Patience::Skips || troubles.skips(*neighbour));
    let (wait, skip) = (wanted(&wait), wanted(&skip));
    let locked = sale_lock(connection, &wait, &skip).await?;
    let facts = sale_facts(connection, &wait, &skip, &locked).await?;
    remember(troubles, &skip, &facts.busy);
    Ok(PlanState::new(facts.pools, facts.credits, facts.busy, context.keys_max))
}

/// Decides the intents, and reads the keys that are sold. Where one of them cannot be sold, its pool is limited to those before
/// it, and all is decided again.
pub(super) async fn choose<'a>(
    connection: &mut PgConnection,
    context: &BatchContext,
    state: &mut PlanState,
    intents: &[&'a Intent],
    anchor_by_s: u64,
) -> Result<(Vec<Choice<'a>>, OpenedKeys), StoreError> {
    loop {
        let choices = plan::choose(state, intents);
        let demand = plan::demand(&choices);
        if demand.is_empty() {
            return Ok((choices, OpenedKeys::default()));
        }
        let wanted: Vec<_> = demand.values().map(|(pool, keys)| (&**pool, *keys)).collect();
        let opened = read_keys(connection, context, &wanted, anchor_by_s).await?;
        let there = |pool: &Pool| (opened.len(pool.pool) as u64).cast_signed();
        let short: Vec<_> = wanted.into_iter().filter(|(pool, keys)| there(pool) < *keys).collect();
        if short.is_empty() {
            return Ok((choices, opened));
        }
        for (pool, keys) in short {
            let there = there(pool);
            tracing::error!(product = %pool.product, keys, there, "a product has fewer keys that can be sold than wanted");
            if there == 0 {
                context.troubles.unsellable(Neighbour::Product(pool.product));
            }
            state.limit(pool.pool, there);
        }
    }
}

/// The next keys of each pool, up to the first that cannot be sold.
async fn read_keys(
    connection: &mut PgConnection,
    context: &BatchContext,
    wanted: &[(&Pool, i64)],
    anchor_by_s: u64,
) -> Result<OpenedKeys, StoreError> {
    let mut opened = OpenedKeys::default();
    let mut broken = BTreeSet::new();
    for (pool, key) in sale_keys(connection, wanted).await? {
        if broken.contains(&pool) {
            continue;
        }
        match open(&context.vault, key, anchor_by_s) {
            Ok(key) => opened.push(key),
            Err(error) => {
                tracing::error!(%error, "a key cannot be sold; void it, or mend what the error names");
                broken.insert(pool);
            }
        }
    }
    Ok(opened)
}

/// Why a key cannot be sold. Its product sells nothing until that is mended, or the key voided.
#[derive(Debug, thiserror::Error)]
enum Unsellable {
    #[error(transparent)]
    Row(#[from] StoreError),
    #[error("key {key_id}: {error}")]
    Vault { key_id: B256, error: VaultError },
    /// The receipt would promise that the sale is anchored before it happened.
    #[error("key {0}: its newest event lies in the future")]
    Future(B256),
}

fn open(vault: &Vault, key: Result<AvailableKey, StoreError>, anchor_by_s: u64) -> Result<OpenedKey, Unsellable> {
    let key = key?;
    let key_id = key.head.key_id;
    if key.head.at_ms / 1000 >= anchor_by_s {
        return Err(Unsellable::Future(key_id));
    }
    let data_key = vault.data_key_open(key.batch, &key.wrapped);
    let goods = data_key.and_then(|data_key| data_key.open(&key_id, key.batch, &key.sealed));
    let goods = goods.map_err(|error| Unsellable::Vault { key_id, error })?;
    Ok(OpenedKey { key, goods })
}

fn wanted(neighbours: &BTreeSet<Neighbour>) -> Wanted {
    let product = |neighbour: &Neighbour| match neighbour {
        Neighbour::Product(product) => Some(*product),
        Neighbour::Account(_) => None,
    };
    let account = |neighbour: &Neighbour| match neighbour {
        Neighbour::Account(account) => Some(*account),
        Neighbour::Product(_) => None,
    };
    Wanted {
        products: neighbours.iter().filter_map(product).collect::<Vec<ProductId>>(),
        accounts: neighbours.iter().filter_map(account).collect::<Vec<AccountId>>(),
    }
}

/// Keeps in mind which rows were locked, and which of those that were tried are no longer.
fn remember(troubles: &Troubles, tried: &Wanted, busy: &[Neighbour]) {
    for neighbour in busy {
        troubles.locked(*neighbour);
    }
    let products = tried.products.iter().copied().map(Neighbour::Product);
    for neighbour in products.chain(tried.accounts.iter().copied().map(Neighbour::Account)) {
        if !busy.contains(&neighbour) {
            troubles.unlocked(neighbour);
        }
    }
}
