//! Why the schema `attest` cannot be read or written.

/// A failure of this store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused, or could not be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A row is not what this program ever writes.
    #[error("attest.{table}, epoch {number}, holds what this program never writes; restore it from a backup")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The epoch's number.
        number: u64,
    },
}
