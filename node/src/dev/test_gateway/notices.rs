//! The notices of the test gateway: when they are sent, and what counts as taken.

use std::sync::Arc;
use std::time::Duration;

use shelfproof_base::client::{Bounds, HeaderMap, Method};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Shared;
use super::book::Order;

/// The pauses before each repetition, in minutes, as the real program's: an order's notices end with the last one.
const PAUSES: [u32; 5] = [1, 2, 17, 40, 60];

/// The bounds of one notice.
const BOUNDS: Bounds = Bounds {
    bytes: 64 << 10,
    time: Duration::from_secs(10),
};

/// Sends the notice of a paid order, and repeats it by the schedule until it is taken.
pub(super) fn start(shared: Arc<Shared>, order: Order) {
    tokio::spawn(async move {
        if send(&shared, &order).await {
            return;
        }
        for minutes in PAUSES {
            sleep(shared.account.minute * minutes).await;
            if send(&shared, &order).await {
                return;
            }
        }
    });
}

/// Sends the notice of a paid order so many times at once, also while notices are held back. Returns how many were
/// taken.
pub(super) async fn repeat(shared: &Arc<Shared>, order: &Order, times: u32) -> usize {
    let mut sending = JoinSet::new();
    for _ in 0..times {
        let (shared, order) = (Arc::clone(shared), order.clone());
        sending.spawn(async move { deliver(&shared, &order).await });
    }
    sending.join_all().await.into_iter().filter(|taken| *taken).count()
}

/// Sends a notice, unless notices are held back. Returns whether it was taken.
async fn send(shared: &Shared, order: &Order) -> bool {
    let is_held = shared.book().is_held;
    if is_held {
        shared
            .book()
            .count(&order.out_trade_no, |notices| notices.held_back += 1);
        return false;
    }
    deliver(shared, order).await
}

async fn deliver(shared: &Shared, order: &Order) -> bool {
    let url = shared.signed(&order.notify_url, order);
    let answer = shared
        .client
        .exchange(Method::GET, &url, HeaderMap::new(), Vec::new(), BOUNDS)
        .await;
    let is_taken = answer.is_ok_and(|answer| is_success(&answer.body));
    shared.book().count(&order.out_trade_no, |notices| {
        notices.sent += 1;
        if is_taken {
            notices.taken += 1;
        } else {
            notices.not_taken += 1;
        }
    });
    is_taken
}

/// As the real program looks for it: anywhere in the answer.
fn is_success(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body);
    ["success", "SUCCESS", "Success"].iter().any(|word| body.contains(word))
}
