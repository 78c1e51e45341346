//! What can go wrong between the shop and its database.

use shelfproof_anchor::store::StoreError as AttestError;
use sqlx::migrate::MigrateError;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused, or could not be reached.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database's schema: {0}")]
    Migration(#[from] MigrateError),
    /// A row is not what this program ever writes.
    #[error("{table}.{column} of {row} holds what this program never writes")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: String,
    },
}

impl From<AttestError> for StoreError {
    fn from(error: AttestError) -> Self {
        match error {
            AttestError::Database(error) => Self::Database(error),
            AttestError::Inconsistent { table, number } => Self::Inconsistent {
                table,
                column: "number",
                row: number.to_string(),
            },
        }
    }
}

impl StoreError {
    /// The name of the constraint that refused a statement.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Database(error) => error.as_database_error()?.constraint(),
            _ => None,
        }
    }

    /// Whether trying again later can help: the database is away, or ended the transaction for another's sake.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            // Classes: connection; transaction state; transaction rollback; resources; locks; operator's intervention.
            Self::Database(sqlx::Error::Database(_)) => self.has_class(&["08", "25P", "40", "53", "55P", "57"]),
            Self::Database(error) => !matches!(
                error,
                sqlx::Error::RowNotFound | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }
            ),
            _ => false,
        }
    }

    /// Whether somebody else kept a row locked for longer than the session waits.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.has_class(&["55P03"])
    }

    /// Whether the rows that were to be written are at fault: a value, a constraint, or a trigger refused them.
    #[must_use]
    pub fn is_of_rows(&self) -> bool {
        self.has_class(&["22", "23", "P0"])
    }

    /// Whether the database itself failed: the same rows may be written later.
    #[must_use]
    pub fn is_of_database(&self) -> bool {
        matches!(self, Self::Database(_)) && !self.is_of_rows()
    }

    fn has_class(&self, classes: &[&str]) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else {
            return false;
        };
        error
            .code()
            .is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
    }

    /// Whether the connection cannot be used again: it is broken, or the server closed it.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(_)) => self.has_class(&["08", "25P", "57P"]),
            Self::Database(_) => true,
            _ => false,
        }
    }
}
