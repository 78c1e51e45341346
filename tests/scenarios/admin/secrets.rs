//! Secrets appear nowhere but where they belong: logs at the level DEBUG, answers to others, metrics, errors, output of
//! commands and command lines are searched for them.

mod life;
mod vault;

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use life::Life;
use shelfproof_tests::{Result, permit};

/// A kind of secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A code, as it was sent or in its canonical spelling.
    Code,
    /// What is delivered beside a code.
    Beside,
    /// Whom codes came from.
    Supplier,
    /// An API key's secret part.
    ApiKey,
    OrderToken,
    /// What a buyer proves the sale with.
    BuyerSecret,
    /// A passphrase, or the database's password.
    Password,
}

/// Who or what reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// What every process wrote about what it did, PostgreSQL with its default settings among them.
    Log,
    /// The arguments of every process.
    CommandLine,
    /// What commands print, when they fail too.
    Printed,
    /// Files that lie about: backups, encrypted keys, lists of refused lines.
    File,
    Metrics,
    /// An answer to a reseller or a stranger that does not hold the order.
    Stranger,
    /// An answer to an admin.
    Admin,
    /// The answer to whoever holds the order.
    Holder,
}

impl Place {
    /// Whether that may be read there.
    const fn may_show(self, kind: Kind) -> bool {
        match self {
            Self::Holder => matches!(kind, Kind::Code | Kind::Beside | Kind::OrderToken | Kind::BuyerSecret),
            Self::Admin => matches!(kind, Kind::Supplier),
            _ => false,
        }
    }
}

/// The command lines of every process, again and again until told to stop.
fn watch_processes(stop: &AtomicBool) -> String {
    let mut seen = String::new();
    while !stop.load(Ordering::Relaxed) {
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            // Each once: what is shown again tells nothing new.
            if !line.is_empty() && !seen.contains(&line) {
                seen += &line;
                seen.push('\n');
            }
        }
        thread::sleep(Duration::from_millis(2));
    }
    seen
}

#[test]
fn nothing_secret_is_read_where_it_does_not_belong() -> Result<()> {
    // The command lines of another test's processes are not this shop's.
    let _alone = permit::alone()?;
    let stop = AtomicBool::new(false);
    let (life, processes) = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch_processes(&stop));
        let life = Life::live();
        stop.store(true, Ordering::Relaxed);
        (life, watcher.join())
    });
    let Life { secrets, mut read } = life?;
    let processes = processes.map_err(|_| "the watcher panicked")?;
    assert!(processes.contains(" serve"), "no node was seen: {processes}");
    read.push((Place::CommandLine, processes));
    for (place, text) in &read {
        if *place == Place::Log {
            // Nothing that is built in says more than at this level.
            assert!(
                text.contains(r#""level":"DEBUG""#),
                "the nodes were not asked to tell all"
            );
            assert!(!text.contains("a panic"), "{text}");
        }
        for (kind, secret) in secrets.iter().filter(|(kind, _)| !place.may_show(*kind)) {
            assert!(secret.len() > 5, "{kind:?} is too short to be told from other text");
            // The secret itself is not printed here either.
            assert!(!text.contains(secret.as_str()), "{place:?} holds {kind:?}");
        }
    }
    // What is looked for can be found: each kind is shown where it may be, but for what is shown nowhere.
    for kind in [
        Kind::Code,
        Kind::Beside,
        Kind::OrderToken,
        Kind::BuyerSecret,
        Kind::Supplier,
    ] {
        let shown = read.iter().filter(|(place, _)| place.may_show(kind)).any(|(_, text)| {
            let mut of_kind = secrets.iter().filter(|(own, _)| *own == kind);
            of_kind.any(|(_, secret)| text.contains(secret.as_str()))
        });
        assert!(shown, "{kind:?} was shown to nobody");
    }
    Ok(())
}
