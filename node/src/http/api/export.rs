//! Lists as CSV files, sent page by page: no more than two pages are in memory, and a client that reads slowly slows the
//! reading down.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use shelfproof_base::server::stream;
use tokio::sync::mpsc::{self, Sender};
use tokio::time::timeout;

use crate::api_types::{CsvRow, csv_header, csv_lines};
use crate::domain::id::AccountId;
use crate::flow::query::Found;
use crate::http::edge::exports::Exports;
use crate::http::edge::limits::EXPORT_WAIT;
use crate::http::edge::problem::Problem;

/// The media type of the files.
pub(crate) const MEDIA_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// Pages that wait for the client.
const WAITING: usize = 1;

/// Answers an account with all pages of a list; `page` reads the page after a cursor.
///
/// # Errors
/// `busy` where a file is being sent to the account already, or too many to others, and what the first page fails with. Where a later page fails, the
/// connection is closed before the file's end.
pub(crate) async fn csv_response<R, C, E, P, F>(
    exports: &Arc<Exports>,
    account: AccountId,
    name: &'static str,
    page: P,
) -> Result<Response, Problem>
where
    R: CsvRow + Send + 'static,
    C: Send + 'static,
    E: Into<Problem> + Send + 'static,
    P: Fn(Option<C>) -> F + Send + 'static,
    F: Future<Output = Result<Found<R, C>, E>> + Send,
{
    let place = exports.begin(account)?;
    let first = page(None).await.map_err(Into::into)?;
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        if let Err(error) = send(&sender, first, page).await {
            // Where nobody reads any more, nobody has to be told.
            let _ = timeout(EXPORT_WAIT, sender.send(Err(error))).await;
        }
        // Before the sender, with which the file ends: whoever has read it to its end can ask for the next.
        drop(place);
    });
    let headers = [
        (CONTENT_TYPE, MEDIA_TYPE.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, stream::body(receiver)).into_response())
}

async fn send<R, C, E, P, F>(sender: &Sender<io::Result<Bytes>>, mut found: Found<R, C>, page: P) -> io::Result<()>
where
    R: CsvRow,
    E: Into<Problem>,
    P: Fn(Option<C>) -> F,
    F: Future<Output = Result<Found<R, C>, E>>,
{
    let mut text = csv_header::<R>();
    loop {
        text += &csv_lines(&found.rows);
        if !text.is_empty() {
            let sent = timeout(EXPORT_WAIT, sender.send(Ok(Bytes::from(text)))).await;
            sent.map_err(|_| ErrorKind::TimedOut)?.map_err(io::Error::other)?;
        }
        if sender.is_closed() {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let Some(next) = found.next else { return Ok(()) };
        found = page(Some(next))
            .await
            .map_err(|error| io::Error::other(error.into().detail))?;
        text = String::new();
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use tokio::task::yield_now;

    use super::*;

    struct Row(u32);

    impl CsvRow for Row {
        const HEADER: &'static [&'static str] = &["number"];

        fn cells(&self) -> Vec<String> {
            vec![self.0.to_string()]
        }
    }

    /// A list of so many pages of one row each, for that account.
    async fn file(exports: &Arc<Exports>, account: u8, pages: u32) -> Result<Response, Problem> {
        let page = move |after: Option<u32>| async move {
            let number = after.unwrap_or(1);
            Ok::<_, Problem>(Found {
                rows: vec![Row(number)],
                next: (number < pages).then_some(number + 1),
                looked_at: None,
            })
        };
        csv_response(exports, AccountId::new(1, [account; 10]), "rows.csv", page).await
    }

    #[tokio::test]
    async fn who_reads_slowly_gets_no_second_file_and_others_get_theirs() {
        let exports = Arc::new(Exports::default());
        let unread = file(&exports, 1, 100).await.unwrap();
        let refused = file(&exports, 1, 1).await.unwrap_err();
        assert!(refused.detail.contains("one at a time"), "{}", refused.detail);
        for _ in 0..3 {
            let other = file(&exports, 2, 3).await.unwrap().into_body();
            let text = to_bytes(other, usize::MAX).await.unwrap();
            assert_eq!(text, "number\r\n1\r\n2\r\n3\r\n");
        }
        // When the connection ends, the place is free again.
        drop(unread);
        for _ in 0..100 {
            yield_now().await;
        }
        file(&exports, 1, 1).await.unwrap();
    }
}
