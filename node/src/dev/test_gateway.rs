//! A payment gateway for tests and for trying a shop out: 易支付 V1, on this machine, in memory. No money moves.
//!
//! It does what the real program does to a shop: a signed page on which the buyer pays ([`http`]), signed notices that
//! are repeated until the shop answers `success` (`notices`), queries and refunds. Beside that, `/control/` lets a test
//! pay without a browser, repeat notices, and hold them back.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use shelfproof_base::client::{Client, HttpError, Reach};
use shelfproof_base::server;
use shelfproof_base::web::{NotWeb, Url, parse_url};
use tokio::net::TcpListener;

use crate::gateway::epay::v1::form;
use crate::gateway::rules;

mod book;
mod http;
mod notices;
#[cfg(test)]
mod tests;

use book::{Book, Order};

/// How long requests in flight have to end at shutdown.
const DRAIN: Duration = Duration::from_secs(1);

/// The account that the gateway serves.
#[derive(Clone, Debug)]
pub struct TestAccount {
    /// Its number.
    pub pid: u64,
    /// What signs its requests and notices.
    pub key: SecretString,
    /// How long a minute of the schedule of repeated notices lasts.
    pub minute: Duration,
}

/// Why it cannot run.
#[derive(Debug, thiserror::Error)]
pub enum TestGatewayError {
    #[error("{0}: this gateway is for tests, and listens on this machine's own addresses only: 127.0.0.1")]
    NotHere(SocketAddr),
    #[error("the key {0}")]
    Key(String),
    #[error(transparent)]
    Client(#[from] HttpError),
    #[error(transparent)]
    Address(#[from] NotWeb),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A gateway that listens, and does not serve yet.
#[derive(Debug)]
pub struct TestGateway {
    listener: TcpListener,
    shared: Arc<Shared>,
}

/// What its requests and its notices share.
#[derive(Debug)]
struct Shared {
    account: TestAccount,
    client: Client,
    book: Mutex<Book>,
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An address of the shop with the signed notice of an order. What the shop put into its query stays.
    fn signed(&self, url: &Url, order: &Order) -> Url {
        let signed = form::signed(order.notice(self.account.pid), &self.account.key).encode();
        let mut url = url.clone();
        let query = url
            .query()
            .map_or_else(|| signed.clone(), |own| format!("{own}&{signed}"));
        url.set_query(Some(&query));
        url
    }
}

impl TestGateway {
    /// Listens on an address of this machine. `now_ms` begins the numbers of its trades.
    ///
    /// # Errors
    /// Where the address is another machine's or in use, or the key is none that a shop accepts.
    pub async fn bind(listen: SocketAddr, account: TestAccount, now_ms: u64) -> Result<Self, TestGatewayError> {
        if !listen.ip().is_loopback() {
            return Err(TestGatewayError::NotHere(listen));
        }
        if let Some((_, rule)) = rules::secret("key", &account.key, &account.pid.to_string()) {
            return Err(TestGatewayError::Key(rule));
        }
        let listener = TcpListener::bind(listen).await?;
        let own = parse_url(&format!("http://{}/", listener.local_addr()?))?;
        let shared = Shared {
            account,
            client: Client::new(&own, Reach::Any, 0)?,
            book: Mutex::new(Book::new(now_ms)),
        };
        Ok(Self {
            listener,
            shared: Arc::new(shared),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Where the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop`.
    ///
    /// # Errors
    /// Where the listener fails.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        server::run(http::router(self.shared), self.listener, DRAIN, stop).await
    }
}
