/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// Whether more rows come after the last of these.
    pub has_more: bool,
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
}
