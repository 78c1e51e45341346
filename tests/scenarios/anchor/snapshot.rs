//! Which events make an epoch: those that its database snapshot sees. No event is in an earlier epoch than the event
//! before it of the same key.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use shelfproof::store;
use shelfproof_anchor::store::epochs::{
    EpochProgress, EpochRoots, epoch_commit_roots, epoch_cut, epoch_events, epoch_get, epoch_progress, event_backlog,
};
use shelfproof_anchor::store::events::event_append;
use shelfproof_anchor::store::lock::session_open;
use shelfproof_tests::event_writer::{EventWriter, key_id};
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, sample_rows};
use shelfproof_verifier::B256;
use shelfproof_verifier::epoch::Header;
use shelfproof_verifier::event::RawEvent;
use sqlx::{Connection, PgConnection};

use super::intents::store_signed;

const EVENTS_MAX: u64 = 1_000;

pub(crate) async fn database(postgres: &Postgres) -> Result<sqlx::postgres::PgConnectOptions> {
    let database = postgres.database()?;
    let pool = sample_rows::connect(postgres, &database)?;
    store::migrate(&pool).await?;
    pool.close().await;
    Ok(postgres.connection_url(&database).parse()?)
}

/// Cuts an epoch and gives it a hash, so that the next one can follow. Returns its (key, version) pairs.
pub(crate) async fn cut(connection: &mut PgConnection, events_max: u64) -> Result<Option<Vec<RawEvent>>> {
    let now_ms = epoch_progress(connection).await?.newest + 1;
    let Some(number) = epoch_cut(connection, events_max, now_ms).await? else {
        return Ok(None);
    };
    let events = epoch_events(connection, number).await?;
    let epoch = epoch_get(connection, number).await?.ok_or("the epoch is not there")?;
    let header = Header {
        number,
        parent: epoch.parent,
        events_root: B256::ZERO,
        history_root: B256::ZERO,
        event_count: events.len() as u64,
        data_hash: B256::ZERO,
    };
    let roots = EpochRoots {
        header,
        hash: header.hash(&B256::ZERO),
        newest_at_ms: events.iter().map(|event| event.at_ms).max().unwrap_or_default(),
    };
    epoch_commit_roots(connection, &roots, 1).await?;
    Ok(Some(events))
}

fn versions(events: &[RawEvent]) -> BTreeSet<(B256, u32)> {
    events.iter().map(|event| (event.key_id, event.version)).collect()
}

/// Adds the events of an epoch to those before. Fails if a version comes before its predecessor, or twice.
fn follow(heads: &mut BTreeMap<B256, u32>, events: &[RawEvent]) -> Result<()> {
    for (key, version) in versions(events) {
        let head = heads.entry(key).or_default();
        if version != *head + 1 {
            return Err(format!("key {key}: version {version} after {head}").into());
        }
        *head = version;
    }
    Ok(())
}

#[test]
fn a_sale_by_an_early_transaction_of_a_key_activated_late_is_not_cut_off_from_it() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    block_on(async {
        let options = database(&postgres).await?;
        let mut anchor = session_open(&options).await?;
        let mut events = EventWriter::default();
        events.write(&mut anchor, [1]).await?;
        assert_eq!(cut(&mut anchor, EVENTS_MAX).await?.map(|events| events.len()), Some(1));

        // Three transactions get their numbers in this order: one that will sell, one that runs for a long time, and
        // one that activates.
        let mut connections = [
            session_open(&options).await?,
            session_open(&options).await?,
            session_open(&options).await?,
        ];
        let [seller, slow, activator] = &mut connections;
        let mut sale = seller.begin().await?;
        let early: String = sqlx::query_scalar("SELECT pg_current_xact_id()::text")
            .fetch_one(&mut *sale)
            .await?;
        let mut long = slow.begin().await?;
        events.write(&mut long, [2]).await?;
        events.write(activator, [1]).await?;
        events.write(&mut sale, [1]).await?;
        sale.commit().await?;

        // A rule based on xmin would take only rows below the oldest running transaction: the sale, without the
        // activation.
        let by_xmin: Vec<i32> = sqlx::query_scalar(
            "SELECT version FROM attest.events WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY version",
        )
        .fetch_all(&mut anchor)
        .await?;
        assert_eq!(
            by_xmin,
            [1, 3],
            "transaction {early} sold; the case is the one that breaks a rule by xmin"
        );

        let events = cut(&mut anchor, EVENTS_MAX).await?.ok_or("nothing to cut")?;
        assert_eq!(versions(&events), BTreeSet::from([(key_id(1), 2), (key_id(1), 3)]));
        assert_eq!(cut(&mut anchor, EVENTS_MAX).await?, None, "what runs is not cut");
        long.commit().await?;
        let events = cut(&mut anchor, EVENTS_MAX)
            .await?
            .ok_or("the slow transaction was forgotten")?;
        assert_eq!(versions(&events), BTreeSet::from([(key_id(2), 1)]));
        Ok(())
    })?
}

#[test]
fn whatever_runs_beside_every_event_is_in_one_epoch_and_after_those_it_follows() -> Result<()> {
    const WRITERS: usize = 5;
    const STEPS: usize = 400;
    const KEYS: i64 = 60;
    let postgres = Postgres::start(Durability::None)?;
    block_on(async {
        let options = database(&postgres).await?;
        let mut anchor = session_open(&options).await?;
        let mut writers = Vec::new();
        for _ in 0..WRITERS {
            writers.push(session_open(&options).await?);
        }
        // The keys that each open transaction has written, and therefore locked.
        let mut open: [Option<BTreeSet<i64>>; WRITERS] = Default::default();
        let (mut committed, mut pending) = (EventWriter::default(), EventWriter::default());
        let mut rng = StdRng::seed_from_u64(4);
        let (mut heads, mut cut_events, mut written) = (BTreeMap::new(), 0, 0);
        for _ in 0..STEPS {
            let at = rng.random_range(0..WRITERS);
            let writer = &mut writers[at];
            let held: BTreeSet<i64> = open.iter().flatten().flatten().copied().collect();
            match rng.random_range(0..10) {
                0..=2 if open[at].is_none() => {
                    sqlx::raw_sql("BEGIN; SELECT pg_current_xact_id()")
                        .execute(writer)
                        .await?;
                    open[at] = Some(BTreeSet::new());
                }
                3..=6 => {
                    let key = rng.random_range(0..KEYS);
                    let is_mine = open[at].as_ref().is_some_and(|keys| keys.contains(&key));
                    if let Some(keys) = &mut open[at]
                        && (is_mine || !held.contains(&key))
                        && let Ok(events) = pending.next([key])
                    {
                        event_append(writer, &events).await?;
                        keys.insert(key);
                    }
                }
                7 => {
                    if let Some(keys) = open[at].take() {
                        if rng.random_bool(0.8) {
                            sqlx::raw_sql("COMMIT").execute(writer).await?;
                            committed.take(&pending, &keys);
                        } else {
                            sqlx::raw_sql("ROLLBACK").execute(writer).await?;
                            pending.take(&committed, &keys);
                        }
                    }
                }
                _ => {
                    // Small epochs as well, so that some snapshots are split.
                    if let Some(events) = cut(&mut anchor, rng.random_range(1..20)).await? {
                        follow(&mut heads, &events)?;
                        cut_events += events.len();
                    }
                }
            }
        }
        for (writer, open) in writers.iter_mut().zip(&mut open) {
            if open.take().is_some() {
                sqlx::raw_sql("COMMIT").execute(writer).await?;
            }
        }
        while let Some(events) = cut(&mut anchor, 7).await? {
            assert!(events.len() <= 7);
            follow(&mut heads, &events)?;
            cut_events += events.len();
        }
        written += sqlx::query_scalar::<_, i64>("SELECT count(*) FROM attest.events")
            .fetch_one(&mut anchor)
            .await?;
        assert_eq!(i64::try_from(cut_events)?, written);
        assert!(written > 60, "{written} events are no test");
        Ok(())
    })?
}

#[test]
fn too_many_events_are_split_and_the_rest_waits_with_its_own_snapshot() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    block_on(async {
        let options = database(&postgres).await?;
        let mut anchor = session_open(&options).await?;
        let mut events = EventWriter::default();
        events.write(&mut anchor, 0..10).await?;
        let progress = epoch_progress(&mut anchor).await?;
        let waiting = event_backlog(&mut anchor, &progress.waiting_since).await?;
        assert_eq!((waiting.events, waiting.anchor_by_s), (10, None));

        let first = cut(&mut anchor, 6).await?.ok_or("nothing to cut")?;
        let EpochProgress { has_rest, .. } = epoch_progress(&mut anchor).await?;
        assert!(has_rest);
        // Later events are not added to the rest of an earlier snapshot.
        events.write(&mut anchor, 0..10).await?;
        let rest = cut(&mut anchor, 6).await?.ok_or("the rest was forgotten")?;
        assert_eq!((first.len(), rest.len()), (6, 4));
        let last = first.iter().map(|event| event.key_id).max();
        assert!(rest.iter().all(|event| Some(event.key_id) > last && event.version == 1));
        let progress = epoch_progress(&mut anchor).await?;
        assert!(!progress.has_rest);
        assert_eq!(event_backlog(&mut anchor, &progress.waiting_since).await?.events, 10);
        assert_eq!(
            cut(&mut anchor, 10).await?.map(|events| events.len()),
            Some(10),
            "exactly full is no rest"
        );
        assert!(!epoch_progress(&mut anchor).await?.has_rest);
        Ok(())
    })?
}

#[test]
fn the_schema_refuses_what_no_sequence_writes() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    block_on(async {
        let options = database(&postgres).await?;
        let mut anchor = session_open(&options).await?;
        let mut events = EventWriter::default();
        events.write(&mut anchor, [1, 2, 3]).await?;
        cut(&mut anchor, 1).await?;
        store_signed(&mut anchor).await?;
        for (sql, why) in [
            ("UPDATE attest.epochs SET hash = sha256('x')", "not to be changed"),
            ("UPDATE attest.epochs SET cut_at_ms = 0", "not to be changed"),
            ("UPDATE attest.epochs SET snapshot = '1:1:'", "not to be changed"),
            ("DELETE FROM attest.epochs", "not allowed"),
            ("UPDATE attest.intents SET call_data = 'x'", "not to be changed"),
            ("UPDATE attest.intents SET nonce = 8", "not to be changed"),
            ("DELETE FROM attest.intents", "not allowed"),
            ("UPDATE attest.variants SET raw = 'x'", "not allowed"),
            ("TRUNCATE attest.variants", "not allowed"),
            (
                "INSERT INTO attest.intents (purpose, epoch, chain_id, sender, call_data, created_at_ms)
                 SELECT purpose, epoch, chain_id, sender, call_data, 2 FROM attest.intents",
                "intents_open_purpose",
            ),
            (
                "INSERT INTO attest.intents (purpose, chain_id, sender, call_data, nonce, created_at_ms)
                 SELECT 'register', chain_id, sender, call_data, nonce, 2 FROM attest.intents",
                "intents_open_nonce",
            ),
            (
                "INSERT INTO attest.variants SELECT intent, 2, gas_limit, max_fee_wei, priority_fee_wei, hash, raw, 2 FROM attest.variants",
                "variants_hash",
            ),
            (
                "INSERT INTO attest.epochs (number, parent, since, snapshot, cut_at_ms) VALUES (2, sha256(''), '1:1:', '1:1:', 1)",
                "foreign key",
            ),
            (
                "INSERT INTO attest.epochs (number, parent, since, snapshot, cut_at_ms) VALUES (3, sha256(''), '1:1:', '1:1:', 1)",
                "foreign key",
            ),
        ] {
            let refused = sqlx::raw_sql(sql).execute(&mut anchor).await.err().ok_or(sql)?;
            assert!(refused.to_string().contains(why), "{sql}: {refused}");
        }
        // An epoch that is cut but not sealed has no hash that another could follow.
        let number = epoch_cut(&mut anchor, 1, 3).await?.ok_or("nothing to cut")?;
        assert!(epoch_cut(&mut anchor, 1, 4).await.is_err(), "after {number}");
        Ok(())
    })?
}
