//! A client that repeats its order at another node if one does not answer.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::Result;
use crate::client::{Answer, Client, Gone};

/// How long an order is repeated before it counts as stuck.
const BOUND: Duration = Duration::from_mins(1);

/// The pause after an attempt without a final answer.
const PAUSE: Duration = Duration::from_millis(20);

/// Whether an answer is final, rather than a request to try again later.
#[must_use]
pub const fn is_final(status: u16) -> bool {
    status < 500 && status != 429
}

/// The addresses of the nodes, as a load balancer knows them.
#[derive(Clone, Debug)]
pub struct Addresses(Arc<RwLock<Vec<SocketAddr>>>);

impl Addresses {
    /// Starts with these addresses.
    #[must_use]
    pub fn new(addresses: Vec<SocketAddr>) -> Self {
        Self(Arc::new(RwLock::new(addresses)))
    }

    /// Replaces the addresses.
    pub fn set(&self, addresses: Vec<SocketAddr>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = addresses;
    }

    fn at(&self, turn: usize) -> SocketAddr {
        let addresses = self.0.read().unwrap_or_else(PoisonError::into_inner);
        addresses[turn % addresses.len()]
    }
}

/// Sends orders to one node, and to the next if that one does not answer.
#[derive(Debug)]
pub struct Buyer {
    client: Client,
    addresses: Addresses,
    turn: usize,
}

impl Buyer {
    /// Starts with the node that `turn` selects.
    ///
    /// # Errors
    /// If the token cannot be sent.
    pub fn new(addresses: &Addresses, turn: usize, token: &str) -> Result<Self> {
        Ok(Self {
            client: Client::new(addresses.at(turn), token)?,
            addresses: addresses.clone(),
            turn,
        })
    }

    /// Orders once. If the answer is not final, it pauses and switches to the next node.
    ///
    /// # Errors
    /// If no answer came.
    pub async fn order(&mut self, key: &str, body: &str) -> std::result::Result<Answer, Gone> {
        let answer = self.client.order(key, body.to_owned()).await;
        if !answer.as_ref().is_ok_and(|answer| is_final(answer.status)) {
            sleep(PAUSE).await;
            self.turn += 1;
            self.client.move_to(self.addresses.at(self.turn));
        }
        answer
    }

    /// Orders under the same key until the answer is final.
    ///
    /// # Errors
    /// The last answer, if none is final after a minute.
    pub async fn order_to_the_end(&mut self, key: &str, body: &str) -> Result<Answer> {
        let end = Instant::now() + BOUND;
        loop {
            let last = match self.order(key, body).await {
                Ok(answer) if is_final(answer.status) => return Ok(answer),
                Ok(answer) => format!("{}: {}", answer.status, answer.text()),
                Err(gone) => gone.to_string(),
            };
            if Instant::now() > end {
                return Err(format!("order {key} comes to no end; the last answer: {last}").into());
            }
        }
    }
}
