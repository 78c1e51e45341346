//! A piece of a file, ready to be written: read, named, sealed and chained on threads of their own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, Read};
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use alloy_primitives::B256;
use secrecy::ExposeSecret;
use shelfproof_verifier::event::{KeyEvent, Opening};
use shelfproof_verifier::vrf::Proof;

use super::{Batch, CHUNK, ImportError, blocking};
use crate::domain::goods::Goods;
use crate::domain::id::BatchId;
use crate::domain::key::{self, ChainedEvent};
use crate::import::{Content, ImportRows, Reason, Refusal};
use crate::vault::{DataKey, Vault};

/// Up to [`CHUNK`] rows of a file. Holds no code that is not sealed.
pub(super) struct Chunk {
    /// The last line that it settles.
    pub(super) last_line: u64,
    /// Whether the file ends with it.
    pub(super) is_last: bool,
    /// Codes, in their order, of different key ids.
    pub(super) keys: Vec<Prepared>,
    /// Rows that are refused, whatever is in stock.
    pub(super) refusals: Vec<Refusal>,
}

/// A key that is to be made, unless its id is there.
pub(super) struct Prepared {
    pub(super) line: u64,
    pub(super) key_id: B256,
    pub(super) proof: Proof,
    pub(super) sealed: Vec<u8>,
    pub(super) event: KeyEvent,
    pub(super) opening: Opening,
}

/// The next chunk of `rows` after `after_line`.
pub(super) async fn prepare<R: Read + Send + 'static>(
    mut rows: ImportRows<R>,
    vault: &Arc<Vault>,
    batch: &Batch,
    after_line: u64,
    now_ms: u64,
) -> Result<(ImportRows<R>, Chunk), ImportError> {
    let (vault, id, data_key, body) = (Arc::clone(vault), batch.id, Arc::clone(&batch.key), batch.body.clone());
    blocking(move || {
        let (mut chunk, goods) = read(&mut rows, after_line)?;
        let work = Work {
            vault: &vault,
            data_key: &data_key,
            batch: id,
            body: &body,
            now_ms,
        };
        let mut lines = HashMap::new();
        for prepared in work.on_all_cores(&goods) {
            match prepared {
                Ok(key) => match lines.entry(key.key_id) {
                    Entry::Vacant(entry) => {
                        entry.insert(key.line);
                        chunk.keys.push(key);
                    }
                    Entry::Occupied(first) => chunk.refusals.push(duplicate_in_file(key.line, *first.get())),
                },
                Err(refusal) => chunk.refusals.push(refusal),
            }
        }
        Ok((rows, chunk))
    })
    .await?
}

/// That an earlier line of the file has the same key id.
pub(super) fn duplicate_in_file(line: u64, first: u64) -> Refusal {
    Refusal::new(line, Reason::DuplicateInFile, &format!("line {first}"))
}

/// Reads a chunk's rows; those that were settled before are passed over.
fn read<R: Read>(rows: &mut ImportRows<R>, after_line: u64) -> io::Result<(Chunk, Vec<(u64, Goods)>)> {
    let (mut goods, mut refusals) = (Vec::new(), Vec::new());
    let is_last = loop {
        if goods.len() + refusals.len() == CHUNK {
            break false;
        }
        let Some(row) = rows.read_next()? else { break true };
        if row.last_line <= after_line {
            continue;
        }
        match row.content {
            Content::Goods { code, extra } => goods.push((row.line, Goods { code, extra })),
            Content::Refused(refusal) => refusals.push(refusal),
        }
    };
    let chunk = Chunk {
        last_line: rows.last_line(),
        is_last,
        keys: Vec::with_capacity(goods.len()),
        refusals,
    };
    Ok((chunk, goods))
}

/// What every code of a chunk is prepared with.
struct Work<'a> {
    vault: &'a Vault,
    data_key: &'a DataKey,
    batch: BatchId,
    body: &'a str,
    now_ms: u64,
}

impl Work<'_> {
    /// Prepares all goods, in their order: a key id takes some 100 µs, which is what an import waits for.
    fn on_all_cores(&self, goods: &[(u64, Goods)]) -> Vec<Result<Prepared, Refusal>> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let share = goods.len().div_ceil(threads).max(1);
        let mut prepared: Vec<Option<_>> = goods.iter().map(|_| None).collect();
        thread::scope(|scope| {
            for (goods, prepared) in goods.chunks(share).zip(prepared.chunks_mut(share)) {
                scope.spawn(move || {
                    for ((line, goods), prepared) in goods.iter().zip(prepared) {
                        *prepared = Some(self.prepare(*line, goods));
                    }
                });
            }
        });
        prepared.into_iter().flatten().collect()
    }

    fn prepare(&self, line: u64, goods: &Goods) -> Result<Prepared, Refusal> {
        let named = self.vault.key_id(goods.code.expose_secret());
        let (key_id, proof) = named.map_err(|refusal| Refusal::new(line, Reason::CodeUnusual, &refusal.detail))?;
        let opening = Opening {
            salt: B256::from(rand::random::<[u8; 32]>()),
            body: self.body.to_owned(),
        };
        let ChainedEvent { event, opening } = key::first(key_id, self.now_ms, opening);
        Ok(Prepared {
            line,
            key_id,
            proof,
            sealed: self.data_key.encrypt(&key_id, self.batch, goods),
            event,
            opening,
        })
    }
}
