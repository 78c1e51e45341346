//! A node sells only from a database that contains every epoch on the chain.

mod chain;
mod journal;
mod shop;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use alloy_primitives::B256;
use chain::{Chain, Gateway};
use shelfproof_base::clock::now_ms;
use shelfproof_tests::child::{Signal, command, run};
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::shop::StockedShop;
use shelfproof_tests::{Result, tools};
use shop::{FencedShop, get, said, wait_unready};

#[test]
fn a_node_over_an_old_backup_sells_nothing_and_says_how_to_repair_it() -> Result<()> {
    let chain = Chain::start()?;
    let stocked = FencedShop::start(chain.settings())?;
    stocked.stock()?;
    let StockedShop { shop, product, .. } = &*stocked;
    for name in ["old", "other"] {
        let sql = format!("CREATE DATABASE {name} TEMPLATE {}", shop.database);
        shop.postgres.psql("postgres", &sql)?;
    }
    let epoch = chain.anchor(1, B256::ZERO)?;
    epoch.store(&shop.postgres, &shop.database)?;

    let old = shop.over(&shop.postgres, "old")?;
    let node = shop.listen(&old)?;
    stocked.assert_fenced(&node, "the chain holds epoch 1")?;
    let metrics = node.metrics().ok_or("a node without metrics")?;
    let figures = get(metrics, "", "/metrics")?.text();
    assert!(figures.contains("shelfproof_fence_open 0"), "{figures}");
    let repair = "until attest.epochs reaches epoch 1";
    let log = node.log();
    assert!(log.contains("the fence is closed") && log.contains(repair), "{log}");
    // Requests that write no event still work.
    get(node.address(), &shop.admin, "/api/v1/orders")?.expect(200)?;
    old.run(&["admin", "product", "show", product])?;
    let import = old.run(&["import", "/dev/null", "--product", product, "--batch", "late"]);
    let refused = import
        .err()
        .ok_or("an import over an old backup was taken")?
        .to_string();
    assert!(refused.contains(repair), "{refused}");

    // Somebody continued from the backup.
    let mut fork = epoch.clone();
    fork.hash = B256::repeat_byte(1);
    fork.store(&shop.postgres, "other")?;
    let node = shop.listen(&shop.over(&shop.postgres, "other")?)?;
    stocked.assert_fenced(&node, "holds another epoch 1 than the chain")?;

    let newest = shop.listen(&shop.cli)?;
    newest.wait_until_ready()?;
    stocked.order(&newest)?.expect(201)?;
    Ok(())
}

#[test]
fn a_dump_in_a_new_server_sells_once_its_transactions_count_on() -> Result<()> {
    let chain = Chain::start()?;
    let stocked = FencedShop::start(chain.settings())?;
    stocked.stock()?;
    let shop = &stocked.shop;
    // A server that has counted many transactions.
    let many = "DO $$ BEGIN FOR each IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$";
    shop.postgres.psql(&shop.database, many)?;
    chain.anchor(1, B256::ZERO)?.store(&shop.postgres, &shop.database)?;

    let mut server = Postgres::start(Durability::Fsync)?;
    let database = server.database()?;
    let dump = tempfile::NamedTempFile::new()?;
    let mut pg_dump = Command::new(tools::postgres("pg_dump")?);
    pg_dump.arg(format!("--file={}", dump.path().display()));
    run("pg_dump", {
        pg_dump.arg(shop.postgres.connection(&shop.database));
        pg_dump
    })?;
    let mut psql = Command::new(tools::postgres("psql")?);
    psql.args([
        "-q",
        "-X",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        &server.connection(&database),
        "-f",
    ]);
    run("psql", {
        psql.arg(dump.path());
        psql
    })?;

    let cli = shop.over(&server, &database)?;
    let node = shop.listen(&cli)?;
    stocked.assert_fenced(&node, "counts transactions from")?;
    assert!(node.log().contains("pg_resetwal --epoch=1 "), "{}", node.log());
    drop(node);

    server.stop()?;
    let data = server.folder().join("data");
    let owner = fs::metadata(&data)?.uid().to_string();
    let is_root = fs::metadata("/proc/self")?.uid() == 0;
    let mut reset = command(
        tools::postgres("pg_resetwal")?,
        is_root.then_some(&*owner),
        Signal::Kill,
    );
    reset.args(["--epoch=1", "--pgdata"]).arg(&data);
    run("pg_resetwal", reset)?;
    server.restart()?;

    let node = shop.listen(&cli)?;
    node.wait_until_ready()?;
    stocked.order(&node)?.expect(201)?;
    // Events that are sold now are newer than the snapshot of the epoch.
    let newer = "SELECT count(*) FROM attest.events, attest.epochs WHERE NOT pg_visible_in_snapshot(xid, snapshot)";
    assert_eq!(server.psql(&database, newer)?, "1");
    Ok(())
}

#[test]
fn a_running_node_whose_database_is_replaced_sells_nothing_until_it_was_held_against_the_chain() -> Result<()> {
    let chain = Chain::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let gateway = runtime.block_on(async { Gateway::closed() })?;
    let (address, rpc) = (gateway.address(), gateway.url());
    let way = runtime.block_on(async { chain.open(gateway) })?;
    let settings = shelfproof_tests::shop::Chain {
        rpc,
        ..chain.settings()
    };
    let mut stocked = FencedShop::start(settings)?;
    stocked.stock()?;
    let data = stocked.shop.postgres.folder().join("data");
    let (old, newest) = (data.with_extension("old"), data.with_extension("newest"));
    stocked.shop.postgres.stop()?;
    let mut copy = Command::new("cp");
    copy.arg("-a").args([&data, &old]);
    run("cp", copy)?;
    stocked.shop.postgres.restart()?;

    let node = stocked.shop.listen(&stocked.shop.cli)?;
    node.wait_until_ready()?;
    stocked.order(&node)?.expect(201)?;
    let epoch = chain.anchor(1, B256::ZERO)?;
    epoch.store(&stocked.shop.postgres, &stocked.shop.database)?;

    // This cluster does not sync to the disk, so this must be written out to survive the kill.
    stocked.shop.postgres.psql(&stocked.shop.database, "CHECKPOINT")?;

    // The chain cannot be reached, and an old backup has replaced the database.
    way.abort();
    let _ = runtime.block_on(way);
    stocked.shop.postgres.kill()?;
    fs::rename(&data, &newest)?;
    fs::rename(&old, &data)?;
    stocked.shop.postgres.restart()?;
    let events = stocked.shop.ask("SELECT count(*) FROM attest.events")?;
    let problem = stocked.order(&node)?.expect(503)?;
    assert_eq!(problem["code"], "fenced", "{problem}");
    stocked.assert_fenced(&node, "has not seen the chain since it or its database started")?;
    let gateway = runtime.block_on(async { Gateway::closed_at(address) })?;
    runtime.block_on(async { chain.open(gateway) })?;
    stocked.assert_fenced(&node, "the chain holds epoch 1")?;
    assert_eq!(stocked.shop.ask("SELECT count(*) FROM attest.events")?, events);

    stocked.shop.postgres.kill()?;
    fs::rename(&data, &old)?;
    fs::rename(&newest, &data)?;
    stocked.shop.postgres.restart()?;
    node.wait_until_ready()?;
    stocked.order_again(&node)?.expect(201)?;
    Ok(())
}

#[test]
fn a_node_of_a_chain_that_stands_still_sells_nothing() -> Result<()> {
    let chain = Chain::start_at(Some(1_600_000_000))?;
    let stocked = FencedShop::start(chain.settings())?;
    let node = stocked.shop.listen(&stocked.shop.cli)?;
    stocked.assert_fenced(&node, "the chain's node lags")
}

#[test]
fn a_node_twelve_minutes_ahead_of_the_chain_signs_no_receipt_until_both_agree() -> Result<()> {
    const AHEAD_S: u64 = 720;
    let chain = Chain::start_at(Some(now_ms() / 1_000 - AHEAD_S))?;
    let stocked = FencedShop::start(chain.settings())?;
    // Events without a receipt are written: the anchor sends them once the chain's time has come.
    stocked.stock()?;
    let node = stocked.shop.listen(&stocked.shop.cli)?;
    wait_unready(&node, "s ahead of the chain's newest block")?;
    let refused = stocked.order(&node)?.expect(503)?;
    assert_eq!(refused["code"], "clock_drift", "{refused}");
    assert!(said(&refused).contains("No receipt is signed"), "{refused}");
    let metrics = node.metrics().ok_or("a node without metrics")?;
    let figures = get(metrics, "", "/metrics")?.text();
    assert!(figures.contains("shelfproof_chain_apart_seconds 7"), "{figures}");
    assert!(node.log().contains("no receipt is signed"), "{}", node.log());

    chain.pass(AHEAD_S)?;
    node.wait_until_ready()?;
    stocked.order(&node)?.expect(201)?;
    let ready = get(node.address(), "", "/readyz")?.expect(200)?;
    assert_eq!(ready["chainClock"], true, "{ready}");
    Ok(())
}

#[test]
fn a_node_that_has_not_seen_the_chain_sells_once_it_does() -> Result<()> {
    let chain = Chain::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let gateway = runtime.block_on(async { Gateway::closed() })?;
    let settings = shelfproof_tests::shop::Chain {
        rpc: gateway.url(),
        ..chain.settings()
    };
    let stocked = FencedShop::start(settings)?;
    let shop = &stocked.shop;
    let refused = stocked
        .stock()
        .err()
        .ok_or("stock came in without the chain")?
        .to_string();
    assert!(refused.contains("the chain cannot be read: no answer"), "{refused}");
    let node = shop.listen(&shop.cli)?;
    stocked.assert_fenced(&node, "has not seen the chain since it or its database started")?;
    let ready = get(node.address(), "", "/readyz")?.expect(503)?;
    assert!(!said(&ready).contains(&gateway.url()), "{ready}");

    runtime.block_on(async { chain.open(gateway) })?;
    node.wait_until_ready()?;
    stocked.stock()?;
    stocked.order(&node)?.expect(201)?;
    Ok(())
}
