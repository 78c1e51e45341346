//! The bus: every event and fact reaches every consumer in the order of its key, also with concurrent writers and
//! killed workers.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use shelfproof::bus::{self, BusError, Origin};
use shelfproof::domain::id::AccountId;
use shelfproof::domain::message::{Fact, Message};
use shelfproof::domain::money::{Currency, Money};
use shelfproof::flow::trim_outbox::trim_outbox;
use shelfproof::store::{self, outbox::outbox_insert};
use shelfproof_anchor::store::events::event_append;
use shelfproof_anchor::store::lock::session_open;
use shelfproof_tests::child::{Server, Signal, send};
use shelfproof_tests::event_writer::EventWriter;
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::shop::{CURRENCY, PRICE, Settings, TestShop, codes};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, sample_rows};
use sqlx::{PgConnection, PgPool};

/// How long a start may take, including a takeover from a worker that was killed.
const BOUND: Duration = Duration::from_mins(2);

/// The messages of one consumer, checked as they arrive.
#[derive(Default)]
struct Inbox {
    ids: BTreeSet<String>,
    /// The last version of each key, and the last number of each account's facts.
    last: BTreeMap<String, u64>,
    repeated: usize,
}

impl Inbox {
    /// Takes messages. Fails if one is missing or out of its key's order. A repetition restarts from where it begins.
    fn take(&mut self, messages: &[Message]) -> Result<()> {
        for message in messages {
            let number = match message.topic.as_str() {
                "credit.added" => message.body["reference"].as_str().unwrap_or_default().parse()?,
                _ => message
                    .id
                    .rsplit_once('/')
                    .ok_or("an id without a version")?
                    .1
                    .parse()?,
            };
            let last = self.last.entry(message.key.clone()).or_default();
            if self.ids.insert(message.id.clone()) {
                if number != *last + 1 {
                    return Err(format!("{}: {number} of {} after {last}", message.id, message.key).into());
                }
                *last = number;
            } else {
                self.repeated += 1;
            }
        }
        Ok(())
    }

    /// Takes the messages of a delivery.
    fn deliver(&mut self, messages: &[Message]) -> std::result::Result<(), String> {
        self.take(messages).map_err(|error| error.to_string())
    }
}

/// The account with that number, whose facts are numbered.
fn account(number: i64) -> AccountId {
    AccountId(uuid(number))
}

fn uuid(number: i64) -> sqlx::types::Uuid {
    sqlx::types::Uuid::from_u128(number.cast_unsigned().into())
}

async fn add_credit(connection: &mut PgConnection, to: i64, number: u64) -> Result<()> {
    let fact = Fact::CreditAdded {
        account: account(to),
        amount: Money {
            minor: 1,
            currency: Currency::from_code(CURRENCY).ok_or("no currency")?,
        },
        reference: &number.to_string(),
    };
    Ok(outbox_insert(connection, &fact).await?)
}

async fn migrated(postgres: &Postgres) -> Result<(String, PgPool)> {
    let database = postgres.database()?;
    let pool = sample_rows::connect(postgres, &database)?;
    store::migrate(&pool).await?;
    Ok((postgres.connection_url(&database), pool))
}

#[test]
fn whatever_runs_beside_and_is_killed_nothing_is_left_out_or_out_of_order() -> Result<()> {
    const WRITERS: usize = 5;
    const STEPS: usize = 1_500;
    const KEYS: i64 = 60;
    let postgres = Postgres::start(Durability::None)?;
    block_on(async {
        let (url, pool) = migrated(&postgres).await?;
        let mut writers = Vec::new();
        for _ in 0..WRITERS {
            writers.push(session_open(&url.parse()?).await?);
        }
        bus::subscribe(&pool, "it", Origin::Start).await?;
        let mut inbox = Inbox::default();
        // The keys that each open transaction has written, and therefore locked. Numbers below zero are accounts.
        let mut open: [Option<BTreeSet<i64>>; WRITERS] = Default::default();
        let (mut committed, mut pending) = (EventWriter::default(), EventWriter::default());
        let mut credits: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        let mut rng = StdRng::seed_from_u64(7);
        for _ in 0..STEPS {
            let at = rng.random_range(0..WRITERS);
            let held: BTreeSet<i64> = open.iter().flatten().flatten().copied().collect();
            match rng.random_range(0..12) {
                0..=2 if open[at].is_none() => {
                    sqlx::raw_sql("BEGIN; SELECT pg_current_xact_id()")
                        .execute(&mut writers[at])
                        .await?;
                    open[at] = Some(BTreeSet::new());
                }
                3..=6 => {
                    let key = rng.random_range(-9..KEYS);
                    let Some(keys) = &mut open[at] else { continue };
                    if held.contains(&key) && !keys.contains(&key) {
                        continue;
                    }
                    if key < 0 {
                        let (_, number) = credits.entry(key).or_default();
                        *number += 1;
                        add_credit(&mut writers[at], key, *number).await?;
                    } else if let Ok(events) = pending.next([key]) {
                        event_append(&mut writers[at], &events).await?;
                    }
                    keys.insert(key);
                }
                7..=8 => {
                    let Some(keys) = open[at].take() else { continue };
                    let is_committed = rng.random_bool(0.8);
                    let end = if is_committed { "COMMIT" } else { "ROLLBACK" };
                    sqlx::raw_sql(end).execute(&mut writers[at]).await?;
                    if is_committed {
                        committed.take(&pending, &keys);
                    } else {
                        pending.take(&committed, &keys);
                    }
                    for (_, (stored, number)) in credits.iter_mut().filter(|(key, _)| keys.contains(*key)) {
                        if is_committed {
                            *stored = *number;
                        } else {
                            *number = *stored;
                        }
                    }
                }
                _ => {
                    let batch = bus::next(&pool, "it", rng.random_range(1..20)).await?;
                    inbox.take(&batch.messages)?;
                    // Sometimes the worker is killed after the delivery and before it stores its position.
                    if rng.random_bool(0.7) {
                        bus::ack(&pool, "it", &batch).await?;
                    }
                }
            }
        }
        for (writer, open) in writers.iter_mut().zip(&mut open) {
            if open.take().is_some() {
                sqlx::raw_sql("COMMIT").execute(writer).await?;
            }
        }
        bus::relay(&pool, "it", |messages| ready(inbox.deliver(&messages))).await?;
        let count = "SELECT (SELECT count(*) FROM attest.events) + (SELECT count(*) FROM shop.outbox)";
        let written: i64 = sqlx::query_scalar(count).fetch_one(&pool).await?;
        assert_eq!(i64::try_from(inbox.ids.len())?, written);
        assert!(
            written > 100 && inbox.repeated > 10,
            "{written} messages, {} again",
            inbox.repeated
        );
        let again = bus::relay(&pool, "it", |messages| ready(inbox.deliver(&messages))).await?;
        assert_eq!(again, 0);

        let mut second = Inbox::default();
        read_all(&pool, "other", &mut second).await?;
        assert_eq!((second.ids, second.repeated), (inbox.ids, 0));
        Ok(())
    })?
}

/// Reads everything as a new consumer, in small batches.
async fn read_all(pool: &PgPool, consumer: &str, inbox: &mut Inbox) -> Result<()> {
    bus::subscribe(pool, consumer, Origin::Start).await?;
    loop {
        let batch = bus::next(pool, consumer, 7).await?;
        if batch.messages.is_empty() {
            return Ok(());
        }
        inbox.take(&batch.messages)?;
        bus::ack(pool, consumer, &batch).await?;
    }
}

#[test]
fn of_two_processes_that_read_as_one_consumer_the_second_notices() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    block_on(async {
        let (_, pool) = migrated(&postgres).await?;
        bus::subscribe(&pool, "it", Origin::Start).await?;
        add_credit(&mut *pool.acquire().await?, 1, 1).await?;
        let one = bus::next(&pool, "it", 10).await?;
        let other = bus::next(&pool, "it", 10).await?;
        assert_eq!(one.messages, other.messages);
        bus::ack(&pool, "it", &one).await?;
        assert!(matches!(bus::ack(&pool, "it", &other).await, Err(BusError::Taken(_))));

        // A position from a server that had counted more transactions than this one.
        sqlx::raw_sql("UPDATE shop.consumers SET since = '900000:900000:'")
            .execute(&pool)
            .await?;
        assert!(matches!(bus::next(&pool, "it", 10).await, Err(BusError::Foreign(_))));
        bus::seek(&pool, "it", Origin::Start).await?;
        assert_eq!(bus::next(&pool, "it", 10).await?.messages, one.messages);
        bus::seek(&pool, "it", Origin::Now).await?;
        assert!(bus::next(&pool, "it", 10).await?.messages.is_empty());
        Ok(())
    })?
}

#[test]
fn facts_are_trimmed_once_they_are_old_and_every_consumer_has_read_them() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    block_on(async {
        let (_, pool) = migrated(&postgres).await?;
        for name in ["one", "other"] {
            bus::subscribe(&pool, name, Origin::Start).await?;
        }
        let mut connection = pool.acquire().await?;
        for number in 1..=2_500 {
            add_credit(&mut connection, 1, number).await?;
        }
        // Written 90 s ago by the database's clock. This machine's clock is not used.
        let age = "SET session_replication_role = replica; UPDATE shop.outbox SET at_ms = at_ms - 90000";
        sqlx::raw_sql(age).execute(&mut *connection).await?;
        let trim = async |keep_s| trim_outbox(&pool, Duration::from_secs(keep_s)).await;
        bus::relay(&pool, "one", |_| ready(Ok::<(), String>(()))).await?;
        assert_eq!(trim(10).await?, 0, "one of two has not read them");
        bus::relay(&pool, "other", |_| ready(Ok::<(), String>(()))).await?;
        assert_eq!(trim(3_600).await?, 0, "they are not old");
        assert_eq!(trim(10).await?, 2_500);

        // A consumer that no longer reads is deleted.
        add_credit(&mut connection, 1, 2_501).await?;
        sqlx::raw_sql(age).execute(&mut *connection).await?;
        bus::relay(&pool, "one", |_| ready(Ok::<(), String>(()))).await?;
        assert_eq!(trim(10).await?, 0);
        bus::unsubscribe(&pool, "other").await?;
        assert!(matches!(
            bus::unsubscribe(&pool, "other").await,
            Err(BusError::Missing(_))
        ));
        assert_eq!(trim(10).await?, 1);
        Ok(())
    })?
}

fn start_worker(shop: &TestShop, log: &Path) -> Result<Server> {
    let command = shop.cli.command(&["worker"]);
    Ok(Server::start("shelfproof worker", command, Signal::Kill, log)?)
}

#[test]
fn a_worker_killed_before_it_stored_its_position_leaves_the_delivery_to_the_next() -> Result<()> {
    let shop = TestShop::start(&Settings {
        nodes: 0,
        ..Settings::default()
    })?;
    let reseller = shop.reseller()?;
    let folder = tempfile::tempdir()?;
    let mut first = start_worker(&shop, &folder.path().join("first.log"))?;
    let said = |log: &str| log.contains("credit.added").then_some(());
    shop.credit(&reseller, "31.73", CURRENCY)?;
    first.wait_for(BOUND, said)?;
    let position = "SELECT messages FROM shop.consumers WHERE name = 'worker'";
    let end = Instant::now() + BOUND;
    while shop.ask(position)? != 1 {
        assert!(Instant::now() < end, "the position does not move");
    }

    block_on(async {
        // The position is locked: the worker delivers, and then waits to store its position.
        let pool = sample_rows::connect(&shop.postgres, &shop.database)?;
        let mut held = pool.begin().await?;
        sqlx::raw_sql("SELECT FROM shop.consumers WHERE name = 'worker' FOR UPDATE")
            .execute(&mut *held)
            .await?;
        shop.credit(&reseller, "42.91", CURRENCY)?;
        first.wait_for(BOUND, |log| log.contains("42.91").then_some(()))?;
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        let end = Instant::now() + BOUND;
        while shop.ask(waiting)? == 0 {
            assert!(Instant::now() < end, "the worker does not store its position");
        }
        send(Signal::Kill, first.pid())?;
        // The server notices a lost client only when it next writes to it, and would store the dead worker's position
        // once the lock is released. Ending the session here has the effect of losing the worker's machine.
        sqlx::raw_sql("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            .execute(&mut *held)
            .await?;
        Result::Ok(held.rollback().await?)
    })??;
    assert_eq!(shop.ask(position)?, 1);
    let mut second = start_worker(&shop, &folder.path().join("second.log"))?;
    second.wait_for(BOUND, |log| log.contains("42.91").then_some(()))?;
    assert!(!second.log().contains("31.73"), "{}", second.log());
    let end = Instant::now() + BOUND;
    while shop.ask(position)? != 2 {
        assert!(Instant::now() < end, "the position does not move");
    }
    Ok(())
}

fn lines(text: &str) -> Result<Vec<Value>> {
    Ok(text
        .lines()
        .map(serde_json::from_str)
        .collect::<std::result::Result<_, _>>()?)
}

#[test]
fn a_merchant_s_program_reads_what_happened_since_it_last_read() -> Result<()> {
    let shop = TestShop::start(&Settings {
        nodes: 0,
        ..Settings::default()
    })?;
    let tail = |more: &[&str]| {
        lines(
            &shop
                .cli
                .run(&[&["admin", "event", "tail", "--consumer", "books"], more].concat())?,
        )
    };
    assert_eq!(
        tail(&[])?,
        [] as [Value; 0],
        "a new consumer begins with what happens from now on"
    );
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock(&product, &codes("bus", 3))?;
    let read = tail(&[])?;
    let topics: Vec<&str> = read.iter().filter_map(|line| line["topic"].as_str()).collect();
    assert_eq!(topics[0], "product.changed");
    assert_eq!(read[0]["body"]["product"], product);
    let count = |topic| topics.iter().filter(|other| **other == topic).count();
    assert_eq!(
        (count("key.generated"), count("key.activated"), topics.len()),
        (3, 3, 7)
    );
    assert_eq!(tail(&[])?.len(), 0, "what was read is not read again");
    assert_eq!(tail(&["--from", "start"])?, read);

    let reseller = shop.reseller()?;
    shop.credit(&reseller, "1.00", CURRENCY)?;
    let listed = shop.cli.json(&["admin", "event", "consumers"])?;
    assert_eq!(
        (&listed["items"][0]["consumer"], &listed["items"][0]["waiting"]),
        (&"books".into(), &1.into())
    );
    assert_eq!(tail(&["--from", "now"])?.len(), 0);
    shop.cli.run(&["admin", "event", "forget", "books"])?;
    assert_eq!(
        shop.cli.output(&["admin", "event", "forget", "books"])?.status.code(),
        Some(1)
    );
    Ok(())
}
