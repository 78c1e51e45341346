//! `shelfproof worker` sees what somebody did behind the program's back, and ends when it is told to.

use std::path::Path;
use std::time::Duration;

use shelfproof_tests::Result;
use shelfproof_tests::child::{ChildError, Server, Signal, send};
use shelfproof_tests::shop::{CURRENCY, PRICE, Settings, TestShop, codes};

/// How long a start and a check may take.
const BOUND: Duration = Duration::from_mins(1);

/// How long the end may take.
const STOP_BOUND: Duration = Duration::from_secs(5);

fn start(shop: &TestShop, log: &Path) -> Result<Server> {
    let mut command = shop.cli.command(&["worker"]);
    command.env("SHELFPROOF_WORKER__CHECK_EVERY_S", "1");
    Ok(Server::start("shelfproof worker", command, Signal::Kill, log)?)
}

#[test]
fn a_changed_row_is_logged_and_sigterm_ends_it() -> Result<()> {
    let shop = TestShop::start(&Settings {
        nodes: 0,
        ..Settings::default()
    })?;
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock(&product, &codes("worker", 3))?;
    let folder = tempfile::tempdir()?;
    let mut worker = start(&shop, &folder.path().join("worker.log"))?;
    worker.wait_for(BOUND, |log| log.contains("\"findings\":0").then_some(()))?;

    // As somebody can who owns the server, past every trigger.
    shop.postgres.psql(
        &shop.database,
        "SET session_replication_role = replica; UPDATE attest.events SET at_ms = at_ms + 1 \
         WHERE (key_no, version) IN (SELECT key_no, version FROM attest.events LIMIT 1)",
    )?;
    worker.wait_for(BOUND, |log| {
        let found = |line: &str| line.contains("\"findings\":") && !line.contains("\"findings\":0");
        log.lines().any(found).then_some(())
    })?;
    let log = worker.log();
    let finding = log.lines().find(|line| line.contains("\"level\":\"ERROR\""));
    assert!(finding.is_some_and(|line| line.contains("\"subject\"")), "{log}");

    send(Signal::Terminate, worker.pid())?;
    match worker.wait_for(STOP_BOUND, |_| None::<()>) {
        Err(ChildError::Ended { status, .. }) => assert_eq!(status.code(), Some(0)),
        other => return Err(format!("it does not end by SIGTERM: {other:?}").into()),
    }
    Ok(())
}
