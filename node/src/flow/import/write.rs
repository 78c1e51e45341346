//! One chunk of an import, one transaction: keys, goods, events, refusals, and how far the batch has come.

use std::collections::{HashMap, HashSet};

use alloy_primitives::B256;
use shelfproof_anchor::store::events::{NewEvent, event_append};
use shelfproof_verifier::event::Kind;
use sqlx::{PgConnection, PgPool};

use super::ImportError;
use super::chunk::{Chunk, Prepared, duplicate_in_file};
use crate::domain::id::BatchId;
use crate::import::{Reason, Refusal};
use crate::store::import::{
    Added, BatchCounts, KeyOrigin, NewGoods, NewKey, ReturnedKey, batch_advance, batch_lock, goods_insert,
    key_find_origin, key_insert, key_take_over, refused_line_insert,
};

/// Writes a chunk whose batch had been written up to `after_line` when it was read. Where another import of the same
/// file has written it meanwhile, nothing is done. Killed before the commit it leaves nothing, and after it the whole.
pub(super) async fn write_chunk(
    pool: &PgPool,
    batch: BatchId,
    after_line: u64,
    chunk: &Chunk,
) -> Result<BatchCounts, ImportError> {
    let mut transaction = pool.begin().await?;
    let counts = batch_lock(&mut transaction, batch).await?;
    let counts = counts.ok_or(ImportError::Moved(batch))?;
    if counts.is_withdrawn {
        return Err(ImportError::Withdrawn(batch));
    }
    if counts.is_complete || counts.lines != after_line {
        let is_written = counts.lines >= chunk.last_line;
        return is_written.then_some(counts).ok_or(ImportError::Moved(batch));
    }
    let made = write_keys(&mut transaction, batch, &chunk.keys).await?;
    let others: Vec<&Prepared> = chunk
        .keys
        .iter()
        .filter(|key| !made.contains_key(&key.key_id))
        .collect();
    let returned = take_over(&mut transaction, batch, &others).await?;
    let duplicates = others
        .into_iter()
        .filter(|key| !returned.contains(&key.key_id))
        .collect();
    let mut refusals = refuse_duplicates(&mut transaction, batch, duplicates).await?;
    refusals.extend_from_slice(&chunk.refusals);
    refused_line_insert(&mut transaction, batch, &refusals).await?;
    let is_in = |key: &&Prepared| made.contains_key(&key.key_id) || returned.contains(&key.key_id);
    let brought = || chunk.keys.iter().filter(is_in);
    let added = Added {
        imported: brought().count(),
        refused: refusals.len(),
        unwrapped: brought().filter(|key| key.taken.wrapping).count(),
        cleaned: brought().filter(|key| key.taken.invisible).count(),
        returned: returned.len(),
    };
    let counts = batch_advance(&mut transaction, batch, chunk.last_line, added, chunk.is_last).await?;
    transaction.commit().await?;
    Ok(counts)
}

/// Takes those of the keys into the batch that came in before with one that was withdrawn. Their histories stay as
/// they are: the activation is the next event.
async fn take_over(
    connection: &mut PgConnection,
    batch: BatchId,
    keys: &[&Prepared],
) -> Result<HashSet<B256>, ImportError> {
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let keys = keys.iter().map(|key| ReturnedKey {
        key_id: key.key_id,
        line: key.line,
        sealed: &key.sealed,
    });
    let taken = key_take_over(connection, batch, &keys.collect::<Vec<_>>()).await?;
    Ok(taken.into_iter().collect())
}

/// Makes the keys whose ids are not there, with all that belongs to each; their numbers by id.
async fn write_keys(
    connection: &mut PgConnection,
    batch: BatchId,
    keys: &[Prepared],
) -> Result<HashMap<B256, i64>, ImportError> {
    let new: Vec<NewKey> = keys.iter().map(NewKey::from).collect();
    let made: HashMap<B256, i64> = key_insert(connection, batch, &new).await?.into_iter().collect();
    let numbered = || keys.iter().filter_map(|key| made.get(&key.key_id).map(|no| (*no, key)));
    let goods = numbered().map(|(key_no, key)| NewGoods {
        key_no,
        line: key.line,
        sealed: &key.sealed,
        vrf_proof: &key.proof,
    });
    goods_insert(connection, &goods.collect::<Vec<_>>()).await?;
    let events = numbered().map(|(key_no, key)| NewEvent {
        sale: None,
        key_no,
        before: None,
        event: key.event,
        opening: key.opening.clone(),
    });
    event_append(connection, &events.collect::<Vec<_>>()).await?;
    Ok(made)
}

impl From<&Prepared> for NewKey {
    fn from(key: &Prepared) -> Self {
        Self {
            key_id: key.key_id,
            kind: Kind::Generated,
            head: key.event.hash(),
            at_ms: key.event.at_ms,
        }
    }
}

/// Refuses keys that are there, each with the origin of the one that has its id.
async fn refuse_duplicates(
    connection: &mut PgConnection,
    batch: BatchId,
    duplicates: Vec<&Prepared>,
) -> Result<Vec<Refusal>, ImportError> {
    if duplicates.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<B256> = duplicates.iter().map(|key| key.key_id).collect();
    let origins = key_find_origin(connection, &ids).await?;
    let origins: HashMap<&[u8], &KeyOrigin> = origins
        .iter()
        .map(|origin| (origin.key_id.as_slice(), origin))
        .collect();
    let refusal = |key: &Prepared| match origins.get(key.key_id.as_slice()) {
        Some(origin) if origin.batch_id == batch.0 => duplicate_in_file(key.line, origin.line.cast_unsigned()),
        Some(origin) => Refusal::new(key.line, Reason::DuplicateInStock, &place(origin)),
        // A key without goods was not imported from a file.
        None => Refusal::new(key.line, Reason::DuplicateInStock, ""),
    };
    Ok(duplicates.into_iter().map(refusal).collect())
}

/// Where a key came from, and where it stands.
fn place(origin: &KeyOrigin) -> String {
    let KeyOrigin {
        line, batch, product, ..
    } = origin;
    let kind = u8::try_from(origin.state).ok().and_then(Kind::from_number);
    let state = kind.map_or("", Kind::name);
    format!("line {line} of batch {batch:?} of product {product:?}, now {state}; case, spaces and signs do not count")
}
