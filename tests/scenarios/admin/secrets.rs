//! Secrets are shown only where they must be. Logs at the level DEBUG, answers to others, metrics, errors, output of
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
    /// A code, as sent or in its canonical spelling.
    Code,
    /// Goods that are delivered with a code.
    Beside,
    /// The supplier of codes.
    Supplier,
    /// The secret part of an API key.
    ApiKey,
    OrderToken,
    /// The secret with which a buyer proves the sale.
    BuyerSecret,
    /// A passphrase, or the password of the database.
    Password,
}

/// Who or what can read a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The logs of all processes, including PostgreSQL with its default settings.
    Log,
    /// The arguments of every process.
    CommandLine,
    /// The output of commands, also when they fail.
    Printed,
    /// Files: backups, encrypted keys, lists of refused lines.
    File,
    Metrics,
    /// An answer to a reseller or a stranger who does not hold the order.
    Stranger,
    /// An answer to an admin.
    Admin,
    /// An answer to the holder of the order.
    Holder,
}

impl Place {
    /// Whether a secret of that kind may be shown here.
    const fn may_show(self, kind: Kind) -> bool {
        match self {
            Self::Holder => matches!(kind, Kind::Code | Kind::Beside | Kind::OrderToken | Kind::BuyerSecret),
            Self::Admin => matches!(kind, Kind::Supplier),
            _ => false,
        }
    }
}

/// Collects the command lines of all processes until told to stop.
fn watch_processes(stop: &AtomicBool) -> String {
    let mut seen = String::new();
    while !stop.load(Ordering::Relaxed) {
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            // Each is kept once.
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
    // The processes of other tests must not be searched, so no other test runs servers.
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
            // The programs log nothing at a more detailed level than this one.
            assert!(
                text.contains(r#""level":"DEBUG""#),
                "the nodes were not asked to tell all"
            );
            assert!(!text.contains("a panic"), "{text}");
        }
        for (kind, secret) in secrets.iter().filter(|(kind, _)| !place.may_show(*kind)) {
            assert!(secret.len() > 5, "{kind:?} is too short to be told from other text");
            // The message does not contain the secret either.
            assert!(!text.contains(secret.as_str()), "{place:?} holds {kind:?}");
        }
    }
    // Checks that the search works: each kind of secret is found where it may be shown, if there is such a place.
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
