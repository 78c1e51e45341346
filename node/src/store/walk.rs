//! Rows of a list that stops at a bound of rows looked at: a filter that matches little costs no more than one that
//! matches all.

use sqlx::FromRow;

/// A row that a list looked at.
#[derive(Clone, Copy, Debug)]
pub struct Looked<T> {
    pub row: T,
    /// Whether it meets the filter. One that does not is returned only as the last that was looked at.
    pub matches: bool,
    /// How many were looked at up to it.
    pub looked: u32,
    /// Whether the list stopped here because of the bound.
    pub is_bound: bool,
}

/// Those columns of a list.
#[derive(Clone, Copy, Debug, FromRow)]
pub(super) struct Columns {
    matches: bool,
    looked: i64,
    is_bound: bool,
}

impl Columns {
    pub(super) fn with<T>(self, row: T) -> Looked<T> {
        Looked {
            row,
            matches: self.matches,
            looked: u32::try_from(self.looked).unwrap_or(u32::MAX),
            is_bound: self.is_bound,
        }
    }
}

/// How far a list goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most rows that are looked at.
    pub looked: u32,
    /// Most rows that match.
    pub rows: u32,
}

impl Bounds {
    /// Most rows that are returned: the last that was looked at comes beside those that match.
    pub(super) fn returned(self) -> i64 {
        i64::from(self.rows) + 1
    }
}
