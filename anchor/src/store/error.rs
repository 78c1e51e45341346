/// Why the schema `attest` could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused, could not be reached, or did not answer in time.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A row holds what this program never writes.
    #[error("attest.{table}, row {number}, holds what this program never writes; restore it from a backup")]
    Inconsistent {
        table: &'static str,
        /// The row's number; 0 in a table of one row.
        number: u64,
    },
}
