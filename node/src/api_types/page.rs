//! Pages of lists.

use serde::Serialize;
use utoipa::ToSchema;

use crate::flow::query::{Found, Page};

/// A page of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed<T> {
    /// The entries.
    pub(crate) items: Vec<T>,
    /// The cursor for `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
    /// How many entries were looked at, where that ended the page before it was full: go on with `next`, also after a
    /// page without entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) looked_at: Option<u32>,
}

impl<T> Listed<T> {
    /// The page as the API shows it. `cursor` returns the cursor that continues after a row.
    pub(crate) fn new<R>(page: Page<R>, cursor: impl Fn(&R) -> String, show: impl Fn(R) -> T) -> Self {
        Self {
            next: page.rows.last().filter(|_| page.has_more).map(cursor),
            items: page.rows.into_iter().map(show).collect(),
            looked_at: None,
        }
    }

    /// The page of a list with filters as the API shows it.
    pub(crate) fn found<R>(found: Found<R, impl ToString>, show: impl Fn(R) -> T) -> Self {
        Self {
            next: found.next.as_ref().map(ToString::to_string),
            items: found.rows.into_iter().map(show).collect(),
            looked_at: found.looked_at,
        }
    }

    /// The same page with other entries, each made by `show`.
    pub(crate) fn map<'a, S>(&'a self, show: impl Fn(&'a T) -> S) -> Listed<S> {
        Listed {
            items: self.items.iter().map(show).collect(),
            next: self.next.clone(),
            looked_at: self.looked_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = |has_more| Page {
            rows: vec![1, 2],
            has_more,
        };
        let listed = Listed::new(page(true), ToString::to_string, |row| row);
        assert_eq!((listed.items, listed.next.as_deref()), (vec![1, 2], Some("2")));
        let listed = Listed::new(page(false), ToString::to_string, |row| row);
        assert_eq!((listed.items, listed.next), (vec![1, 2], None));
    }
}
