//! Clients that place one order after another and measure the answers. They run on one thread and do not parse the
//! answers during the run, because they share the machine with the programs that they measure.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use tokio::task::LocalSet;
use tokio::time::sleep_until;

use crate::Result;
use crate::client::Client;
use crate::vector_chain::block_on;

/// The orders that the clients place.
#[derive(Clone, Debug)]
pub struct Load {
    /// The address of the node, or of another service that accepts the same orders.
    pub address: SocketAddr,
    /// The reseller's API key.
    pub token: String,
    /// The order's body.
    pub body: String,
    /// The number of clients, each with a connection of its own.
    pub clients: usize,
}

/// When orders are sent, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Orders per second, sent whether or not earlier ones were answered. With `None` each client sends an order when
    /// the one before is answered.
    pub rate: Option<f64>,
    /// The time after which no order is sent.
    pub length: Duration,
    /// The greatest number of orders.
    pub orders: u32,
}

/// The answer to one order.
#[derive(Clone, Debug)]
pub struct Answered {
    /// When it was due, counted from the start. In a closed loop, that is when it was sent.
    pub due: Duration,
    /// The time from then to the end of the answer.
    pub took: Duration,
    pub body: Box<[u8]>,
}

impl Load {
    /// Carries out `plan`, and returns all answers in no particular order.
    ///
    /// # Errors
    /// The first order that got no answer, or an answer other than a delivery.
    pub fn run(&self, plan: &Plan) -> Result<Vec<Answered>> {
        let (next, start) = (Rc::new(Cell::new(0)), Instant::now());
        let clients = (0..self.clients).map(|_| client(self.clone(), plan.clone(), Rc::clone(&next), start));
        let answers: Result<Vec<Vec<Answered>>> = at_once(clients)?.into_iter().collect();
        Ok(answers?.concat())
    }
}

/// Runs all futures at the same time on this thread, and returns their results in their order.
///
/// # Errors
/// If one of them panics.
pub fn at_once<F: Future<Output: 'static> + 'static>(futures: impl Iterator<Item = F>) -> Result<Vec<F::Output>> {
    let local = LocalSet::new();
    let tasks: Vec<_> = futures.map(|future| local.spawn_local(future)).collect();
    block_on(async {
        local.await;
        let mut outputs = Vec::new();
        for task in tasks {
            outputs.push(task.await?);
        }
        Ok(outputs)
    })?
}

async fn client(load: Load, plan: Plan, next: Rc<Cell<u32>>, start: Instant) -> Result<Vec<Answered>> {
    let mut client = Client::new(load.address, &load.token)?;
    let body = Bytes::from(load.body);
    let mut answers = Vec::new();
    loop {
        let number = next.get();
        let due = plan.rate.map_or_else(
            || start.elapsed(),
            |rate| Duration::from_secs_f64(f64::from(number) / rate),
        );
        if due >= plan.length || number >= plan.orders {
            return Ok(answers);
        }
        next.set(number + 1);
        if plan.rate.is_some() {
            sleep_until((start + due).into()).await;
        }
        // Random, as the keys of real clients are: consecutive numbers would put new rows next to each other in every
        // index.
        let key = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        let answer = client.order(&key.to_string(), body.clone()).await?;
        let took = start.elapsed().saturating_sub(due);
        if answer.status != 201 {
            return Err(format!("order {number}: {}: {}", answer.status, answer.text()).into());
        }
        answers.push(Answered {
            due,
            took,
            // Copied, because the answer's bytes keep alive the whole buffer that they were read into.
            body: Box::from(&answer.body[..]),
        });
    }
}

/// Returns the answers per second between `from` and `until`.
#[must_use]
pub fn rate(answers: &[Answered], from: Duration, until: Duration) -> f64 {
    let ended = answers.iter().map(|answer| answer.due + answer.took);
    let within = ended.filter(|end| (from..until).contains(end)).count();
    u32::try_from(within).map_or(f64::INFINITY, f64::from) / until.saturating_sub(from).as_secs_f64()
}

/// The sorted latencies of orders, from which percentiles can be read.
#[derive(Clone, Debug)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Collects the latencies of the orders that were due at `from` or later.
    #[must_use]
    pub fn of(answers: &[Answered], from: Duration) -> Self {
        let counted = answers.iter().filter(|answer| answer.due >= from);
        let mut took: Vec<Duration> = counted.map(|answer| answer.took).collect();
        took.sort_unstable();
        Self(took)
    }

    /// The time, in milliseconds, within which `thousandths` of the orders were answered; 1000 gives the slowest.
    #[must_use]
    pub fn within_ms(&self, thousandths: usize) -> f64 {
        let at = (self.0.len() * thousandths).div_ceil(1000).saturating_sub(1);
        self.0.get(at).map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(due_ms: u64, took_ms: u64) -> Answered {
        Answered {
            due: Duration::from_millis(due_ms),
            took: Duration::from_millis(took_ms),
            body: Box::default(),
        }
    }

    #[test]
    fn what_ended_within_the_window_counts() {
        let answers = [answer(0, 999), answer(0, 1000), answer(2000, 999), answer(2999, 1)];
        let (from, until) = (Duration::from_secs(1), Duration::from_secs(3));
        assert!((rate(&answers, from, until) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let answers: Vec<Answered> = (1..=1000).map(|took| answer(5, took)).collect();
        let latencies = Latencies::of(&answers, Duration::from_millis(5));
        let asked = [500, 990, 999, 1000].map(|thousandths| latencies.within_ms(thousandths).round());
        assert!(
            asked
                .iter()
                .zip([500.0, 990.0, 999.0, 1000.0])
                .all(|(one, other)| (one - other).abs() < 1e-9)
        );
        assert!(
            Latencies::of(&answers, Duration::from_millis(6))
                .within_ms(500)
                .is_nan()
        );
    }
}
