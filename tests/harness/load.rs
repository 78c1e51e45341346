//! Clients that place one order after another and measure the answers.
//!
//! They share the machine with the programs that they measure, so they are made to cost little: they run on one thread,
//! a request is one write from a buffer that is filled once, an answer is read into memory that is used again, and no
//! answer is parsed during the run. [`Client`](crate::client::Client) is the one for everything else.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::select;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{sleep, sleep_until};

use crate::Result;
use crate::vector_chain::block_on;

mod connection;
mod head;
mod measure;
mod request;

pub use measure::{Latencies, rate};

use connection::Connection;
use request::Request;

/// How long an answer may take.
const BOUND: Duration = Duration::from_secs(30);

/// The orders that the clients place.
#[derive(Clone, Debug)]
pub struct Load {
    /// The address of the node, or of another service that accepts the same orders.
    pub address: SocketAddr,
    /// The reseller's API key.
    pub token: String,
    /// The orders' bodies, at least one. They are sent in turn, and after the last one comes the first again.
    pub bodies: Vec<String>,
    /// The number of clients, each with a connection of its own.
    pub clients: usize,
    /// Whether an answer may have that status. Any other ends the run.
    pub expects: fn(u16) -> bool,
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
    pub status: u16,
    pub body: Box<[u8]>,
}

/// The status of a delivery.
#[must_use]
pub const fn is_sale(status: u16) -> bool {
    status == 201
}

impl Load {
    /// Carries out `plan`, and returns all answers in no particular order.
    ///
    /// # Errors
    /// The first order that got no answer, or one with a status that is not expected.
    pub fn run(&self, plan: &Plan) -> Result<Vec<Answered>> {
        Ok(run_together(&[self], plan)?.concat())
    }
}

/// Carries out `plan` with several loads at the same time; each sends as much as the plan says. Returns the answers of
/// each load.
///
/// # Errors
/// Those of [`Load::run`].
pub fn run_together(loads: &[&Load], plan: &Plan) -> Result<Vec<Vec<Answered>>> {
    run_within(loads, plan, BOUND)
}

fn run_within(loads: &[&Load], plan: &Plan, bound: Duration) -> Result<Vec<Vec<Answered>>> {
    if loads.iter().any(|load| load.bodies.is_empty()) {
        return Err("a load has no orders to send".into());
    }
    let start = Instant::now();
    let run = async {
        let (mut clients, mut waits) = (JoinSet::new(), Vec::new());
        for (at, load) in loads.iter().enumerate() {
            let run = Rc::new(Run {
                load: (*load).clone(),
                plan: plan.clone(),
                start,
                next: Cell::new(0),
            });
            for _ in 0..load.clients {
                let (run, wait) = (Rc::clone(&run), Rc::new(Cell::new(None)));
                waits.push(Rc::clone(&wait));
                clients.spawn_local(async move { (at, client(&run, &wait).await) });
            }
        }
        let mut answers = vec![Vec::new(); loads.len()];
        let collect = async {
            while let Some(ended) = clients.join_next().await {
                let (at, answered) = ended?;
                answers[at].append(&mut answered?);
            }
            Result::Ok(())
        };
        select! {
            collected = collect => collected.map(|()| answers),
            () = wait_too_long(&waits, bound) => Err(format!("an order was not answered within {bound:?}").into()),
        }
    };
    block_on(LocalSet::new().run_until(run))?
}

/// One load and its plan, shared by the load's clients.
struct Run {
    load: Load,
    plan: Plan,
    start: Instant,
    next: Cell<u32>,
}

impl Run {
    /// Returns the number of the next order, and when it is due. There is none when the plan is carried out.
    fn next(&self) -> Option<(u32, Duration)> {
        let number = self.next.get();
        let due = self.plan.rate.map_or_else(
            || self.start.elapsed(),
            |rate| Duration::from_secs_f64(f64::from(number) / rate),
        );
        if due >= self.plan.length || number >= self.plan.orders {
            return None;
        }
        self.next.set(number + 1);
        Some((number, due))
    }
}

/// Places orders until the plan is carried out. While an order is not answered, `wait` holds when it was sent.
async fn client(run: &Run, wait: &Cell<Option<Instant>>) -> Result<Vec<Answered>> {
    let load = &run.load;
    let mut connection = Connection::new(load.address);
    let mut request = Request::new(load.address, &load.token);
    let mut answers = Vec::new();
    while let Some((number, due)) = run.next() {
        if due > run.start.elapsed() {
            sleep_until((run.start + due).into()).await;
        }
        // Random, as the keys of real clients are: consecutive numbers would put new rows next to each other in every
        // index.
        let key = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        let order = request.order(key, &load.bodies[number as usize % load.bodies.len()]);
        wait.set(Some(Instant::now()));
        let answer = connection.exchange(order).await;
        let took = run.start.elapsed().saturating_sub(due);
        wait.set(None);
        let answer = answer.map_err(|error| format!("order {number}: {error}"))?;
        if !(load.expects)(answer.status) {
            let body = String::from_utf8_lossy(answer.body);
            return Err(format!("order {number}: {}: {body}", answer.status).into());
        }
        answers.push(Answered {
            due,
            took,
            status: answer.status,
            body: Box::from(answer.body),
        });
    }
    Ok(answers)
}

/// Returns when an order has waited for longer than `bound`. One task watches all clients: a timer for each order would
/// cost more than the order.
async fn wait_too_long(waits: &[Rc<Cell<Option<Instant>>>], bound: Duration) {
    let is_late = |wait: &Rc<Cell<Option<Instant>>>| wait.get().is_some_and(|sent| sent.elapsed() > bound);
    while !waits.iter().any(is_late) {
        sleep(bound / 10).await;
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

#[cfg(test)]
mod tests;
