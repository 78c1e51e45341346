//! Pages of lists.

use serde::Serialize;
use utoipa::ToSchema;

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Listed<T> {
    /// The entries.
    pub(crate) items: Vec<T>,
    /// The cursor for `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl<T> Listed<T> {
    /// A page of `rows`, which are one more than `limit` where there is more to come.
    pub(crate) fn new<R>(mut rows: Vec<R>, limit: u32, cursor: impl Fn(&R) -> String, show: impl Fn(R) -> T) -> Self {
        let limit = limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Self {
            next: rows.last().filter(|_| has_more).map(cursor),
            items: rows.into_iter().map(show).collect(),
        }
    }

    /// The same page, its entries shown otherwise.
    pub(crate) fn map<'a, S>(&'a self, show: impl Fn(&'a T) -> S) -> Listed<S> {
        Listed {
            items: self.items.iter().map(show).collect(),
            next: self.next.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_cursor() {
        let listed = Listed::new(vec![1, 2, 3], 2, ToString::to_string, |row| row);
        assert_eq!((listed.items, listed.next.as_deref()), (vec![1, 2], Some("2")));
        let listed = Listed::new(vec![1, 2], 2, ToString::to_string, |row| row);
        assert_eq!((listed.items, listed.next), (vec![1, 2], None));
    }
}
