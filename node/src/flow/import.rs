//! Imports codes from a file: each becomes a key with its first event, or a refusal with its reason.
//!
//! The file is read twice: once for its fingerprint, by which a repeated import of the same file is recognized, and
//! once for its codes, in chunks of [`CHUNK`] rows. A chunk is one transaction, which also stores the progress of the
//! batch: an import that was killed continues after its last chunk.

use std::io::{self, Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shelfproof_anchor::store::events::EventError;
use shelfproof_verifier::vocabulary::body::{Body, Generated};
use sqlx::PgPool;
use tokio::task::spawn_blocking;

use super::clock::{ClockError, check_clock};
use crate::domain::goods::WrappedKey;
use crate::domain::id::{BatchId, ProductId};
use crate::domain::name::{self, NotName};
use crate::import::{ImportRows, Options, ReadError};
use crate::store::StoreError;
use crate::store::import::{BatchCounts, BatchRow, NewBatch, batch_find_by_name, batch_insert};
use crate::vault::{DataKey, Vault, VaultError};

mod chunk;
mod fingerprint;
mod write;

/// Most rows that are written in one transaction.
pub const CHUNK: usize = 1_000;

/// The longest name of a batch or a supplier, characters.
pub const MAX_NAME: usize = 200;

/// How often a chunk is tried when the database ends its transaction for a passing reason.
const CHUNK_TRIES: u32 = 3;

/// What to import, apart from the file.
#[derive(Clone, Debug)]
pub struct Request {
    /// What the keys are stock of.
    pub product: ProductId,
    /// The batch's name, the only one of the product. The same import again has the same name.
    pub name: String,
    /// Whom the keys came from; may be empty.
    pub supplier: String,
    /// How the file is read.
    pub options: Options,
}

/// The stage of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading the whole file for its fingerprint.
    Fingerprint,
    /// Importing its codes.
    Keys,
}

/// The progress of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The stage.
    pub stage: Stage,
    /// Bytes of the file that were read in this stage.
    pub read_bytes: u64,
    /// Bytes of the file.
    pub total_bytes: u64,
}

/// The result of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The batch.
    pub batch: BatchId,
    /// How the file was read, in words.
    pub reading: String,
    /// Lines of the file.
    pub lines: u64,
    /// Keys that they brought.
    pub imported: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// Keys that a spreadsheet's wrapping was taken off.
    pub unwrapped: u64,
    /// Keys that characters without width were taken off.
    pub cleaned: u64,
    /// Keys that had come in with a batch that was withdrawn.
    pub returned: u64,
    /// The line after which this run continued an earlier one; `None` where it began at the first.
    pub resumed_after: Option<u64>,
    /// Whether the batch was complete before, so that this run changed nothing.
    pub was_complete: bool,
}

impl Report {
    /// Lines that were neither keys nor refused: blank, a table's header, or the rest of a row over several lines.
    #[must_use]
    pub const fn other(&self) -> u64 {
        self.lines.saturating_sub(self.imported + self.refused)
    }
}

/// Why an import ended before its file did. What was written before stays, and the same import goes on after it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read with these options.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A name is invalid.
    #[error("{field}: {error}")]
    Name {
        /// `name`, the batch's, or `supplier`.
        field: &'static str,
        /// What is wrong with it.
        error: NotName,
    },
    /// There is no such product.
    #[error("there is no product {0}")]
    UnknownProduct(ProductId),
    /// The product has a batch of that name, of another file or supplier.
    #[error(
        "the product has a batch of this name already ({0}), and it was another file, read another way, or from another \
         supplier; give this batch another name"
    )]
    OtherFile(BatchId),
    /// The batch was withdrawn.
    #[error(
        "the product's batch of this name ({0}) was withdrawn; import the file under another name, and its codes \
         come in again"
    )]
    Withdrawn(BatchId),
    /// The batch's progress is one that this program never stores.
    #[error("batch {0} was moved by another program version meanwhile; run the import again")]
    Moved(BatchId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database refused the events.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The time cannot be trusted.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The batch's data key does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The thread that reads ended without an answer.
    #[error("the import was stopped; run it again, it goes on where it was")]
    Stopped,
}

impl From<sqlx::Error> for ImportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<io::Error> for ImportError {
    fn from(error: io::Error) -> Self {
        Self::Read(error.into())
    }
}

/// A request's names, as they are stored.
struct Names {
    name: String,
    supplier: String,
}

impl Names {
    fn parse(request: &Request) -> Result<Self, ImportError> {
        let invalid = |field| move |error| ImportError::Name { field, error };
        let name = name::parse(&request.name, MAX_NAME).map_err(invalid("name"))?;
        let supplier = match request.supplier.trim() {
            "" => String::new(),
            supplier => name::parse(supplier, MAX_NAME).map_err(invalid("supplier"))?,
        };
        Ok(Self { name, supplier })
    }
}

/// A batch that is being imported.
struct Batch {
    id: BatchId,
    key: Arc<DataKey>,
    /// The body of every key's first event.
    body: String,
}

/// Imports `file` as the batch that `request` names, or goes on with it. `progress` is told after each chunk.
///
/// # Errors
/// Where the file cannot be read so, the name is another file's, or the database or the vault fails.
pub async fn import_codes<F: Read + Seek + Send + 'static>(
    pool: &PgPool,
    vault: &Arc<Vault>,
    file: F,
    request: &Request,
    mut progress: impl FnMut(Progress) + Send,
    now_ms: impl Fn() -> u64 + Send,
) -> Result<Report, ImportError> {
    let names = Names::parse(request)?;
    let mut print = fingerprint::take(file, &request.options, &mut progress).await?;
    let (batch, begun) = open_batch(pool, vault, request.product, &names, &print.source, now_ms()).await?;
    let mut counts = begun;
    let read_bytes = Arc::new(AtomicU64::new(0));
    if !counts.is_complete {
        print.file.rewind()?;
        let counted = Counted {
            inner: print.file,
            read_bytes: Arc::clone(&read_bytes),
        };
        let options = request.options.clone();
        let mut rows = blocking(move || ImportRows::open(counted, &options)).await??;
        while !counts.is_complete {
            check_clock(&mut *pool.acquire().await?, now_ms()).await?;
            let chunk;
            (rows, chunk) = chunk::prepare(rows, vault, &batch, counts.lines, now_ms()).await?;
            counts = write_in_tries(pool, &batch, counts.lines, &chunk).await?;
            progress(Progress {
                stage: Stage::Keys,
                read_bytes: read_bytes.load(Ordering::Relaxed),
                total_bytes: print.total_bytes,
            });
        }
    }
    Ok(Report {
        batch: batch.id,
        reading: print.reading.to_string(),
        lines: counts.lines,
        imported: counts.imported,
        refused: counts.refused,
        unwrapped: counts.unwrapped,
        cleaned: counts.cleaned,
        returned: counts.returned,
        resumed_after: (begun.lines > 0).then_some(begun.lines),
        was_complete: begun.is_complete,
    })
}

/// Makes the batch, or finds it if it is this very import's, with how far it has come.
async fn open_batch(
    pool: &PgPool,
    vault: &Vault,
    product: ProductId,
    Names { name, supplier }: &Names,
    source: &[u8; 32],
    now_ms: u64,
) -> Result<(Batch, BatchCounts), ImportError> {
    let find = async || batch_find_by_name(pool, product, name).await;
    let mut found = find().await?;
    if found.is_none() {
        let id = BatchId::new(now_ms, rand::random());
        let (
            _,
            WrappedKey {
                wrapped,
                master_generation,
            },
        ) = vault.data_key_new(id);
        let new = NewBatch {
            id,
            product,
            name,
            supplier,
            wrapped_key: &wrapped,
            master_generation,
            source,
            created_at_ms: now_ms,
        };
        batch_insert(pool, &new).await?;
        // Read back: another import of the same name may have been faster.
        found = find().await?;
    }
    let row: BatchRow = found.ok_or(ImportError::UnknownProduct(product))?;
    let id = BatchId(row.id);
    if row.counts.is_withdrawn {
        return Err(ImportError::Withdrawn(id));
    }
    if row.source != source || row.supplier != *supplier {
        return Err(ImportError::OtherFile(id));
    }
    let wrapped = WrappedKey {
        wrapped: row.wrapped_key,
        master_generation: row.master_generation,
    };
    let body = Generated {
        batch: Some(name.into()),
        product: Some(product.to_string().into()),
        supplier: Some(supplier.into()),
    };
    let batch = Batch {
        id,
        key: vault.data_key_open(id, &wrapped)?,
        body: body.to_json(),
    };
    Ok((batch, row.counts))
}

/// Writes a chunk. If the database ended the transaction for another's sake, it is tried again; the batch's row shows
/// whether a chunk was written although its answer was lost.
async fn write_in_tries(
    pool: &PgPool,
    batch: &Batch,
    after_line: u64,
    chunk: &chunk::Chunk,
) -> Result<BatchCounts, ImportError> {
    let mut tries = 1;
    loop {
        match write::write_chunk(pool, batch.id, after_line, chunk).await {
            Err(ImportError::Store(error)) if error.is_passing() && tries < CHUNK_TRIES => tries += 1,
            written => return written,
        }
    }
}

/// Runs what computes or reads files on a thread that may wait.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ImportError> {
    spawn_blocking(work).await.map_err(|_| ImportError::Stopped)
}

/// A reader that tells another thread how far it is.
struct Counted<R> {
    inner: R,
    read_bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read_bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
