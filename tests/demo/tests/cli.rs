//! The demo runs to its end, reports where everything is, and leaves nothing behind, whatever ends it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use shelfproof::dev::Folder;
use shelfproof_tests::child::{Server, Signal, below, command, send, wait_until_gone};
use shelfproof_tests::{Result, tools};
use tempfile::TempDir;

/// How long an act may take.
const BOUND: Duration = Duration::from_mins(5);

/// The pause between two checks whether it has ended.
const POLL: Duration = Duration::from_millis(20);

/// A folder for demos, and for the programs that they start.
struct Stage(TempDir);

impl Stage {
    fn new() -> Result<Self> {
        // They must be beside the demo's program, which cargo has built for this test.
        for name in ["shelfproof", "shelfproof-anchor", "shelfproof-verify"] {
            tools::binary(name)?;
        }
        Ok(Self(tempfile::tempdir()?))
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("demo")
    }

    fn ready(&self) -> PathBuf {
        self.folder().join("ready.json")
    }

    fn play(&self, log: &str, args: &[&str]) -> Result<Server> {
        let mut demo = command(env!("CARGO_BIN_EXE_demo"), None, Signal::Terminate);
        demo.args(["--small", "--folder"]).arg(self.folder()).args(args);
        let log = self.0.path().join(log);
        Ok(Server::start("demo", demo, Signal::Terminate, &log)?)
    }
}

impl Drop for Stage {
    /// If the test runs as root, the shop's database is elsewhere on the machine and must be removed too.
    fn drop(&mut self) {
        if let Ok(shop) = Folder::take(&self.folder().join("shop")) {
            let _ = shop.remove();
        }
    }
}

fn wait_until_it_says(demo: &mut Server, words: &str) -> Result<()> {
    Ok(demo.wait_for(BOUND, |log| log.contains(words).then_some(()))?)
}

/// Sends the demo a signal, and waits until it and all its children have ended. Returns its exit code, or `None` if a
/// signal ended it.
fn end(demo: &mut Server, signal: Signal) -> Result<Option<i32>> {
    let below = below(demo.pid());
    assert!(below.len() > 3, "the shop has processes: {below:?}");
    send(signal, demo.pid())?;
    let code = exit_code(demo)?;
    wait_until_gone(&below)?;
    Ok(code)
}

/// Waits until the demo has ended. Returns its exit code, or `None` if a signal ended it.
fn exit_code(demo: &mut Server) -> Result<Option<i32>> {
    let bound = Instant::now() + BOUND;
    loop {
        if let Some(status) = demo.status()? {
            return Ok(status.code());
        }
        assert!(Instant::now() < bound, "it does not end: {}", demo.log());
        thread::sleep(POLL);
    }
}

fn check_ready(path: &Path) -> Result<()> {
    assert_eq!(fs::metadata(path)?.permissions().mode() & 0o777, 0o600);
    let ready: Value = serde_json::from_slice(&fs::read(path)?)?;
    for field in ["http", "rpc", "registry", "merchantId", "dataUrl", "adminKey"] {
        assert!(ready[field].is_string(), "{field}");
    }
    assert_eq!(ready["chainId"], 31337);
    let buyers = ready["buyers"].as_array().ok_or("no buyers")?;
    let of = |state: &str| buyers.iter().filter(|buyer| buyer["state"] == state).count();
    assert!(
        of("sold") >= 10 && of("redeemed") >= 1 && of("refunded") >= 1,
        "{buyers:?}"
    );
    for buyer in buyers {
        for field in ["code", "order", "nonce", "tag"] {
            assert!(buyer[field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
        }
        let bundle = Path::new(buyer["bundle"].as_str().ok_or("no bundle")?);
        assert!(bundle.is_absolute() && bundle.is_file(), "{}", bundle.display());
    }
    Ok(())
}

/// Checks that each cheat's command prints the same verdict to anybody who repeats it.
fn check_cheats(folder: &Path) -> Result<()> {
    let mut cheats = 0;
    for entry in fs::read_dir(folder)? {
        let cheat = entry?.path();
        let output = Command::new("sh").arg(cheat.join("command")).output()?;
        // Of an unknown registry nothing can be told.
        let exit = if cheat.ends_with("look-alike") { 2 } else { 1 };
        assert_eq!(output.status.code(), Some(exit), "{}", cheat.display());
        assert_eq!(output.stdout, fs::read(cheat.join("verdict"))?, "{}", cheat.display());
        cheats += 1;
    }
    assert_eq!(cheats, 13);
    Ok(())
}

#[test]
fn it_plays_to_its_end_serves_until_somebody_ends_it_and_leaves_nothing() -> Result<()> {
    let stage = Stage::new()?;
    let mut demo = stage.play("demo.log", &[])?;
    wait_until_it_says(&mut demo, "goes on serving")?;
    check_ready(&stage.ready())?;
    check_cheats(&stage.folder().join("cheats"))?;
    let log = demo.log();
    assert!(
        log.contains("noticed by Ann's own `watch`, without any auditor: history_mismatch"),
        "{log}"
    );

    let mut second = stage.play("second.log", &["--once"])?;
    assert_eq!(exit_code(&mut second)?, Some(1));
    let refused = second.log();
    assert!(
        refused.contains("a demo runs in") && refused.contains(&demo.pid().to_string()),
        "{refused}"
    );
    check_ready(&stage.ready())?;

    let token: Value = serde_json::from_slice(&fs::read(stage.ready())?)?;
    let token = token["adminKey"].as_str().ok_or("no key")?.to_owned();
    assert!(!demo.log().contains(&token), "the admin's key was printed");
    assert_eq!(end(&mut demo, Signal::Interrupt)?, Some(0));
    assert!(!stage.ready().exists());
    Ok(())
}

#[test]
fn it_can_be_killed_or_stopped_in_the_middle_and_begins_anew() -> Result<()> {
    let stage = Stage::new()?;
    let mut killed = stage.play("killed.log", &[])?;
    wait_until_it_says(&mut killed, "\n2. ")?;
    assert_eq!(end(&mut killed, Signal::Kill)?, None);

    // Started immediately: the new demo waits for the children of the old one, and starts with an empty shop.
    let stale = stage.folder().join("cheats/stale");
    fs::create_dir_all(&stale)?;
    let mut stopped = stage.play("stopped.log", &[])?;
    wait_until_it_says(&mut stopped, "\n3. ")?;
    assert!(!stale.exists());
    assert_eq!(end(&mut stopped, Signal::Terminate)?, Some(130));
    assert!(!stage.ready().exists());
    assert!(stopped.log().contains("nothing is left running"), "{}", stopped.log());

    let mut whole = stage.play("whole.log", &["--once"])?;
    assert_eq!(exit_code(&mut whole)?, Some(0), "{}", whole.log());
    assert!(whole.log().contains("All of it held"), "{}", whole.log());
    assert!(!stage.ready().exists());
    Ok(())
}

#[test]
fn a_folder_of_something_else_is_not_touched() -> Result<()> {
    let stage = Stage::new()?;
    let kept = stage.folder().join("kept");
    fs::create_dir_all(&kept)?;
    let mut demo = stage.play("refused.log", &["--once"])?;
    assert_eq!(exit_code(&mut demo)?, Some(1));
    assert!(
        demo.log().contains("choose another one with --folder"),
        "{}",
        demo.log()
    );
    assert_eq!(fs::read_dir(stage.folder())?.count(), 1);
    Ok(())
}
