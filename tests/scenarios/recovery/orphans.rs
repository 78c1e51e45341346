//! Child processes end with their parent, also after `kill -9`.
//!
//! The parent that is killed is this test program, started again with an environment variable that makes it run
//! [`hold_children_until_killed`].

use std::env;
use std::fs::Permissions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use shelfproof_tests::Result;
use shelfproof_tests::anvil::{Anvil, Settings};
use shelfproof_tests::child::is_running;
use shelfproof_tests::postgres::{Durability, Postgres};

const ROLE: &str = "SHELFPROOF_TESTS_HOLD_CHILDREN";

/// How long the kernel and PostgreSQL's own shutdown may take.
const BOUND: Duration = Duration::from_secs(20);

#[test]
fn children_die_with_a_parent_that_is_killed() -> Result<()> {
    if env::var_os(ROLE).is_some() {
        return hold_children_until_killed();
    }
    // A killed process cannot remove its folders, so they are below this one. PostgreSQL's own account must be able to
    // enter it.
    let folder = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o755))
        .tempdir()?;
    let mut parent = Command::new(env::current_exe()?)
        .args([
            "--exact",
            "orphans::children_die_with_a_parent_that_is_killed",
            "--nocapture",
        ])
        .env(ROLE, "1")
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = BufReader::new(parent.stdout.take().ok_or("no pipe")?);
    let children = output
        .lines()
        .map_while(std::result::Result::ok)
        .find_map(|line| line.split_once("children ").map(|(_, pids)| pids.to_owned()))
        .ok_or("the parent names no children")?;
    let processes: Vec<u32> = children
        .split(' ')
        .map(str::parse)
        .collect::<std::result::Result<_, _>>()?;
    assert_eq!(processes.len(), 2);
    assert!(processes.iter().all(|pid| is_running(*pid)));

    parent.kill()?;
    parent.wait()?;
    let end = Instant::now() + BOUND;
    while processes.iter().any(|pid| is_running(*pid)) {
        assert!(Instant::now() < end, "still running: {children}");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn hold_children_until_killed() -> Result<()> {
    let anvil = Anvil::start(Settings::default())?;
    let postgres = Postgres::start(Durability::None)?;
    println!("\nchildren {} {}", anvil.pid(), postgres.pid());
    std::io::stdout().flush()?;
    thread::sleep(3 * BOUND);
    Err("nobody killed the parent".into())
}
