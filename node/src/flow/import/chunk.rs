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
use crate::import::{Content, ImportRows, Reason, Refusal, Taken};
use crate::vault::{DataKey, Vault};

/// Up to [`CHUNK`] rows of a file. Holds no code that is not sealed.
pub(super) struct Chunk {
    /// The last line that it writes.
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
    /// What was taken off the code or off what is delivered with it.
    pub(super) taken: Taken,
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
        let mut firsts: HashMap<B256, &Row> = HashMap::new();
        for (row, prepared) in goods.iter().zip(work.on_all_cores(&goods)) {
            match prepared {
                Ok(key) => match firsts.entry(key.key_id) {
                    Entry::Vacant(entry) => {
                        entry.insert(row);
                        chunk.keys.push(key);
                    }
                    Entry::Occupied(first) => chunk.refusals.push(row.repeats(first.get())),
                },
                Err(refusal) => chunk.refusals.push(refusal),
            }
        }
        Ok((rows, chunk))
    })
    .await?
}

/// That an earlier line of the file, which is not at hand any more, has the same key id.
pub(super) fn duplicate_in_file(line: u64, first: u64) -> Refusal {
    let more = format!("in line {first}; case, spaces and signs do not count");
    Refusal::new(line, Reason::DuplicateInFile, &more)
}

/// A row that has a code.
struct Row {
    line: u64,
    goods: Goods,
    taken: Taken,
}

impl Row {
    /// That `first`, an earlier row, has the same key id.
    fn repeats(&self, first: &Self) -> Refusal {
        let line = first.line;
        let more = if self.goods.code.expose_secret() == first.goods.code.expose_secret() {
            format!("it is the code of line {line}")
        } else {
            format!("it differs from line {line} only in case, spaces or signs")
        };
        Refusal::new(self.line, Reason::DuplicateInFile, &more)
    }
}

/// Reads a chunk's rows; those that were written before are passed over.
fn read<R: Read>(rows: &mut ImportRows<R>, after_line: u64) -> io::Result<(Chunk, Vec<Row>)> {
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
            Content::Goods { code, extra, taken } => goods.push(Row {
                line: row.line,
                goods: Goods { code, extra },
                taken,
            }),
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
    fn on_all_cores(&self, goods: &[Row]) -> Vec<Result<Prepared, Refusal>> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let share = goods.len().div_ceil(threads).max(1);
        let mut prepared: Vec<Option<_>> = goods.iter().map(|_| None).collect();
        thread::scope(|scope| {
            for (goods, prepared) in goods.chunks(share).zip(prepared.chunks_mut(share)) {
                scope.spawn(move || {
                    for (row, prepared) in goods.iter().zip(prepared) {
                        *prepared = Some(self.prepare(row));
                    }
                });
            }
        });
        prepared.into_iter().flatten().collect()
    }

    fn prepare(&self, Row { line, goods, taken }: &Row) -> Result<Prepared, Refusal> {
        let named = self.vault.key_id(goods.code.expose_secret());
        let (key_id, proof) = named.map_err(|refusal| Refusal::new(*line, Reason::CodeUnusual, &refusal.detail))?;
        let opening = Opening {
            salt: B256::from(rand::random::<[u8; 32]>()),
            body: self.body.to_owned(),
        };
        let ChainedEvent { event, opening } = key::first(key_id, self.now_ms, opening);
        Ok(Prepared {
            line: *line,
            taken: *taken,
            key_id,
            proof,
            sealed: self.data_key.encrypt(&key_id, self.batch, goods),
            event,
            opening,
        })
    }
}
