//! `shelfproof worker`: it finds rows that were changed without the program, reports the state of its tasks, shares
//! them with other workers, and stops when told to.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use shelfproof_tests::child::{ChildError, Server, Signal, send};
use shelfproof_tests::client::Client;
use shelfproof_tests::shop::{CURRENCY, PRICE, Settings, TestShop, codes};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, permit};

/// How long a start and a check may take.
const BOUND: Duration = Duration::from_mins(1);

/// How long stopping may take.
const STOP_BOUND: Duration = Duration::from_secs(5);

/// The words before the address of a worker's health and metrics.
const LISTENING: &str = "health and metrics on http://";

fn start(shop: &TestShop, log: &Path, settings: &[(&str, &str)]) -> Result<Server> {
    let mut command = shop.cli.command(&["worker"]);
    for (name, value) in settings {
        command.env(format!("SHELFPROOF_WORKER__{name}"), value);
    }
    Ok(Server::start("shelfproof worker", command, Signal::Kill, log)?)
}

fn stop(worker: &mut Server) -> Result<()> {
    send(Signal::Terminate, worker.pid())?;
    match worker.wait_for(STOP_BOUND, |_| None::<()>) {
        Err(ChildError::Ended { status, .. }) => assert_eq!(status.code(), Some(0)),
        other => return Err(format!("it does not end by SIGTERM: {other:?}").into()),
    }
    Ok(())
}

/// Waits until `ready` accepts the row of the task `check` in `admin task list --json`, and returns the row.
fn wait_for_check(shop: &TestShop, ready: impl Fn(&Value) -> bool) -> Result<Value> {
    let end = Instant::now() + BOUND;
    loop {
        let listed = shop.cli.json(&["admin", "task", "list"])?;
        let tasks = listed["items"].as_array().ok_or("no items")?;
        let check = tasks.iter().find(|task| task["name"] == "check");
        match check {
            Some(check) if ready(check) => return Ok(check.clone()),
            _ if Instant::now() > end => return Err(format!("the task does not come so far: {listed}").into()),
            _ => sleep(Duration::from_millis(100)),
        }
    }
}

#[test]
fn a_changed_row_is_logged_and_sigterm_ends_it() -> Result<()> {
    // The time limit on stopping is only a few seconds.
    let _alone = permit::alone()?;
    let shop = TestShop::start(&Settings {
        nodes: 0,
        ..Settings::default()
    })?;
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock(&product, &codes("worker", 3))?;
    let folder = tempfile::tempdir()?;
    let mut worker = start(&shop, &folder.path().join("worker.log"), &[("CHECK_EVERY_S", "1")])?;
    worker.wait_for(BOUND, |log| log.contains("\"findings\":0").then_some(()))?;

    // A change that the owner of the server can make despite every trigger.
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

    stop(&mut worker)?;
    Ok(())
}

#[test]
fn it_says_how_its_tasks_are_doing_and_runs_one_that_is_nudged() -> Result<()> {
    let shop = TestShop::start(&Settings {
        nodes: 0,
        ..Settings::default()
    })?;
    let refused = shop.cli.output(&["admin", "task", "run", "check"])?;
    assert_eq!(refused.status.code(), Some(1), "no worker ever ran one");
    let folder = tempfile::tempdir()?;
    let mut worker = start(&shop, &folder.path().join("worker.log"), &[("LISTEN", "127.0.0.1:0")])?;
    let address = worker.wait_for(BOUND, |log| {
        let (_, rest) = log.split_once(LISTENING)?;
        rest.lines().next()?.parse().ok()
    })?;

    let check = wait_for_check(&shop, |check| check["runs"] == 1)?;
    assert_eq!(check["periodMs"], 3_600_000);
    assert_eq!(check["last"]["outcome"], "done");
    assert_eq!(check["last"]["details"], serde_json::json!({ "findings": 0 }));
    assert_eq!((&check["failures"], &check["isOverdue"]), (&0.into(), &false.into()));
    shop.cli.run(&["admin", "task", "run", "check"])?;
    wait_for_check(&shop, |check| check["runs"] == 2)?;
    let listed = shop.cli.run(&["admin", "task", "list"])?;
    assert!(listed.contains("check") && listed.contains("due in"), "{listed}");

    block_on(async {
        let mut client = Client::new(address, "")?;
        let health = client.get("/healthz").await?.expect(200)?;
        let tasks = health["tasks"].as_array().ok_or("no tasks")?;
        assert!(
            tasks.iter().any(|task| task["name"] == "check" && task["runs"] == 2),
            "{health}"
        );
        let metrics = client.get("/metrics").await?.text();
        for line in [
            "shelfproof_task_runs_total{task=\"check\",outcome=\"done\"} 2",
            "shelfproof_task_failures{task=\"check\"} 0",
        ] {
            assert!(metrics.contains(line), "{line} is not in:\n{metrics}");
        }
        assert_eq!(
            client.get("/api/v1/products").await?.status,
            404,
            "it serves nothing else"
        );
        Result::Ok(())
    })??;
    stop(&mut worker)
}

#[test]
fn of_two_workers_one_runs_a_task_and_the_other_goes_on_when_it_ends() -> Result<()> {
    let shop = TestShop::start(&Settings {
        nodes: 0,
        ..Settings::default()
    })?;
    let folder = tempfile::tempdir()?;
    let runner = |check: &Value| check["last"]["worker"].as_str().unwrap_or_default().to_owned();
    let mut first = start(&shop, &folder.path().join("first.log"), &[("CHECK_EVERY_S", "1")])?;
    wait_for_check(&shop, |check| check["runs"].as_u64() >= Some(1))?;
    let mut second = start(&shop, &folder.path().join("second.log"), &[("CHECK_EVERY_S", "1")])?;
    let both = wait_for_check(&shop, |check| check["runs"].as_u64() >= Some(5))?;
    assert_eq!(both["failures"], 0, "no run got in another's way: {both}");
    stop(&mut first)?;
    let pid = format!("/{}/", second.pid());
    wait_for_check(&shop, |check| runner(check).contains(&pid))?;
    stop(&mut second)
}
