use crate::store::StoreError;
use crate::store::walk::{Bounds, Looked};

/// Most rows that a page of a list with filters looks at, so that it takes bounded time whatever the filters are.
pub const LOOKED_MAX: u32 = 2_000;

/// Entries of a page where a whole list is read, such as for a file.
pub const EXPORT_PAGE: u32 = 500;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// Whether more rows come after the last of these.
    pub has_more: bool,
}

/// A page of a list with filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T, C> {
    pub rows: Vec<T>,
    /// Where the next page begins; `None` at the end of the list.
    pub next: Option<C>,
    /// How many rows were looked at, where that ended the page before it was full: more may come with `next`.
    pub looked_at: Option<u32>,
}

/// Why there is no page of a list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The page should begin after something that is not in this list.
    #[error("it is no cursor of this list: take the one that the page before ended with")]
    Cursor,
}

impl From<sqlx::Error> for ListError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl<T> Page<T> {
    /// At most `limit` of `rows`, which were read with one more than `limit` where there are more.
    pub(super) fn cut(mut rows: Vec<T>, limit: u32) -> Self {
        let limit = limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows, has_more }
    }
}

impl<T, C> Found<T, C> {
    pub(super) const fn empty() -> Self {
        Self {
            rows: Vec::new(),
            next: None,
            looked_at: None,
        }
    }
}

/// A page while it is filled.
pub(super) struct Filling<T, C> {
    rows: Vec<T>,
    limit: usize,
    cursor: fn(&T) -> C,
}

impl<T, C> Filling<T, C> {
    /// An empty page of at most `limit` rows; `cursor` returns the cursor that continues after a row.
    pub(super) const fn new(limit: u32, cursor: fn(&T) -> C) -> Self {
        Self {
            rows: Vec::new(),
            limit: limit as usize,
            cursor,
        }
    }

    /// The bounds with which the next rows are to be read: one row more than the page lacks, which shows that there are
    /// more.
    pub(super) fn bounds(&self, looked: u32) -> Bounds {
        let missing = self.limit + 1 - self.rows.len();
        Bounds {
            looked,
            rows: u32::try_from(missing).unwrap_or(u32::MAX),
        }
    }

    /// Adds rows that were read with those bounds, after others of which `before` were looked at. Returns where the page
    /// ends, if it ends with them.
    pub(super) fn add(&mut self, looked: Vec<Looked<T>>, before: u32) -> Option<(C, Option<u32>)> {
        for Looked {
            row,
            matches,
            looked,
            is_bound,
        } in looked
        {
            let stopped = is_bound.then(|| (self.cursor)(&row));
            if matches {
                self.rows.push(row);
            }
            if self.rows.len() > self.limit {
                self.rows.truncate(self.limit);
                return self.rows.last().map(|last| ((self.cursor)(last), None));
            }
            if let Some(cursor) = stopped {
                let is_full = self.rows.len() == self.limit;
                return Some((cursor, (!is_full).then_some(before + looked)));
            }
        }
        None
    }

    /// The page, which ends there.
    pub(super) fn end(self, end: Option<(C, Option<u32>)>) -> Found<T, C> {
        let (next, looked_at) = end.map_or((None, None), |(next, looked_at)| (Some(next), looked_at));
        Found {
            rows: self.rows,
            next,
            looked_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_too_many_means_that_there_are_more() {
        let page = Page::cut(vec![1, 2, 3], 2);
        assert_eq!((page.rows, page.has_more), (vec![1, 2], true));
        let page = Page::cut(vec![1, 2], 2);
        assert_eq!((page.rows, page.has_more), (vec![1, 2], false));
    }

    fn found(limit: u32, rows: &[(u32, bool)], is_bound: bool) -> (Vec<u32>, Option<u32>, Option<u32>) {
        let last = rows.len();
        let looked = (1..).zip(rows).map(|(number, (row, matches))| Looked {
            row: *row,
            matches: *matches,
            looked: u32::try_from(number).unwrap(),
            is_bound: is_bound && number == last,
        });
        let mut filling = Filling::new(limit, |row: &u32| *row);
        let end = filling.add(looked.collect(), 10);
        let found = filling.end(end);
        (found.rows, found.next, found.looked_at)
    }

    #[test]
    fn a_page_ends_where_it_is_full_or_the_bound_is_reached() {
        let (yes, no) = (true, false);
        assert_eq!(
            found(2, &[(1, yes), (2, yes), (3, yes)], false),
            (vec![1, 2], Some(2), None)
        );
        assert_eq!(found(2, &[(1, yes), (2, yes)], false), (vec![1, 2], None, None));
        assert_eq!(found(2, &[(1, yes), (9, no)], true), (vec![1], Some(9), Some(12)));
        assert_eq!(found(2, &[(9, no)], true), (vec![], Some(9), Some(11)));
        // A full page says nothing of the bound.
        assert_eq!(
            found(2, &[(1, yes), (2, yes), (9, no)], true),
            (vec![1, 2], Some(9), None)
        );
        assert_eq!(found(1, &[(1, yes), (2, yes)], true), (vec![1], Some(1), None));
    }
}
