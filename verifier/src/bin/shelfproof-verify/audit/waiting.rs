//! What an audit remembers of data that it could not have: when it first saw each epoch final, and which tries got no
//! usable answer. A file beside the audit's record holds it, because runs lie hours apart.

use std::path::Path;

use serde::{Deserialize, Serialize};
use shelfproof_verifier::audit::{Breach, SILENT_AFTER_S, Silence, WITHHELD_AFTER_S, is_overdue};
use shelfproof_verifier::chain::AnchoredEpoch;
use shelfproof_verifier::published::Missing;

use crate::report::Failure;
use crate::{store, time};

const FORMAT: &str = "shelfproof-waiting-v1";
/// The most sights that are remembered. Later ones are left out, so that their epochs have longer.
const MAX_SIGHTS: usize = 64;
/// A sight that lies longer than this before its epoch's block was made by a wrong clock, seconds.
const MAX_BEFORE_BLOCK_S: u64 = 86_400;

/// What an audit waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    format: String,
    /// The latest final epoch that a run saw, and when, in ascending order.
    seen: Vec<Sight>,
    /// The tries for the epoch that the audit stopped at.
    silence: Option<SilentEpoch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sight {
    epoch: u64,
    at: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SilentEpoch {
    epoch: u64,
    first: u64,
    last: u64,
    tries: u32,
}

impl Waiting {
    /// Reads the file. One that is damaged is like none: the epochs have longer.
    fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = store::read(path)?.unwrap_or_default();
        let read: Option<Self> = serde_json::from_slice(&bytes).ok();
        Ok(read.filter(|waiting| waiting.format == FORMAT).unwrap_or_else(|| Self {
            format: FORMAT.to_owned(),
            ..Self::default()
        }))
    }

    fn write(&self, path: &Path) -> Result<(), Failure> {
        let json = serde_json::to_vec_pretty(self).map_err(|error| store::failed(path, &error))?;
        store::replace(path, &json)
    }

    /// Remembers that `latest` is final. What is remembered of epochs up to `done`, which are audited, is not needed
    /// any more, and a sight from the future was made by a wrong clock.
    fn see(&mut self, done: u64, latest: u64, now_s: u64) {
        self.seen.retain(|sight| sight.epoch > done && sight.at <= now_s);
        self.silence = self.silence.filter(|silent| silent.epoch > done);
        let newest = self.seen.last().map_or(done, |sight| sight.epoch);
        if latest > newest && self.seen.len() < MAX_SIGHTS {
            self.seen.push(Sight {
                epoch: latest,
                at: now_s,
            });
        }
    }

    /// When the audit first saw that epoch final; now if it does not know.
    fn first_seen_s(&self, epoch: &AnchoredEpoch, now_s: u64) -> u64 {
        let earliest = epoch.anchored_at_s.saturating_sub(MAX_BEFORE_BLOCK_S);
        let saw = |sight: &&Sight| sight.epoch >= epoch.header.number && (earliest..=now_s).contains(&sight.at);
        self.seen.iter().find(saw).map_or(now_s, |sight| sight.at)
    }

    /// Counts one more try without a usable answer. Tries by a wrong clock do not count.
    fn try_again(&mut self, epoch: &AnchoredEpoch, now_s: u64) -> Silence {
        let number = epoch.header.number;
        let earliest = epoch.anchored_at_s.saturating_sub(MAX_BEFORE_BLOCK_S);
        let before = self
            .silence
            .filter(|silent| silent.epoch == number && silent.first >= earliest);
        let before = before.map(|silent| Silence {
            first_s: silent.first,
            last_s: silent.last,
            tries: silent.tries,
        });
        let silence = Silence::and(before, now_s);
        self.silence = Some(SilentEpoch {
            epoch: number,
            first: silence.first_s,
            last: silence.last_s,
            tries: silence.tries,
        });
        silence
    }
}

/// Remembers that the epochs up to `latest` are final, of which those up to `done` are audited.
pub(super) fn see(path: &Path, done: u64, latest: u64, now_s: u64) -> Result<(), Failure> {
    let mut waiting = Waiting::read(path)?;
    let before = waiting.clone();
    waiting.see(done, latest, now_s);
    if waiting == before {
        return Ok(());
    }
    waiting.write(path)
}

/// Whether data that is missing is a breach now: the breach, or the failure that says from when on it would be one.
pub(super) fn judge(path: &Path, epoch: &AnchoredEpoch, missing: Missing, now_s: u64) -> Result<Breach, Failure> {
    let mut waiting = Waiting::read(path)?;
    let (why, unanswered): (String, fn(String) -> Missing) = match missing {
        Missing::Answered(why) => return overdue(&waiting, epoch, &why, now_s),
        Missing::Silent(why) => (why, Missing::Silent),
        Missing::Network(why) => (why, Missing::Network),
        missing => return Err(missing.into()),
    };
    let silence = waiting.try_again(epoch, now_s);
    waiting.write(path)?;
    let since = time::utc(silence.first_s);
    if silence.is_breach(now_s) {
        let how = format!("{why}; in {} tries since {since}, no usable answer", silence.tries);
        return Ok(Breach::withheld(epoch.header.number, &how));
    }
    let due = time::utc(silence.first_s.saturating_add(SILENT_AFTER_S));
    let why = format!(
        "{why}; without a usable answer since {since}: if there is none by {due} either, in tries some hours apart, \
         that is a breach"
    );
    Err(unanswered(why).into())
}

/// The failure for data that a mirror does not give, which is no breach: the registry names another address.
pub(super) fn of_mirror(missing: Missing, named: &str) -> Failure {
    let failure = Failure::from(missing);
    let detail = format!(
        "{}; this server is a mirror, whose silence is no breach of the shop's: the registry names {named} for its data",
        failure.detail
    );
    Failure { detail, ..failure }
}

/// As [`judge`], for data that the server says it does not have.
fn overdue(waiting: &Waiting, epoch: &AnchoredEpoch, why: &str, now_s: u64) -> Result<Breach, Failure> {
    let since_s = waiting.first_seen_s(epoch, now_s);
    if is_overdue(since_s, now_s) {
        let how = format!(
            "{why}, over an hour after it was first seen final, {}",
            time::utc(since_s)
        );
        return Ok(Breach::withheld(epoch.header.number, &how));
    }
    let due = time::utc(since_s.saturating_add(WITHHELD_AFTER_S));
    let why = format!("{why}; if the server still has none by {due}, that is a breach");
    Err(Missing::Answered(why).into())
}

#[cfg(test)]
mod tests {
    use shelfproof_verifier::B256;
    use shelfproof_verifier::epoch::Header;

    use super::*;

    const HOUR_S: u64 = 3_600;
    /// When the epochs were anchored.
    const ANCHORED_S: u64 = 1_800_000_000;

    fn epoch(number: u64) -> AnchoredEpoch {
        AnchoredEpoch {
            header: Header {
                number,
                parent: B256::ZERO,
                events_root: B256::ZERO,
                history_root: B256::ZERO,
                event_count: 1,
                data_hash: B256::ZERO,
            },
            hash: B256::ZERO,
            block: 1,
            anchored_at_s: ANCHORED_S,
        }
    }

    /// Whether missing data is a breach so many seconds after the block.
    fn is_breach(path: &Path, number: u64, missing: Missing, after_s: u64) -> bool {
        judge(path, &epoch(number), missing, ANCHORED_S + after_s).is_ok()
    }

    fn answered() -> Missing {
        Missing::Answered("status 404".to_owned())
    }

    fn silent() -> Missing {
        Missing::Silent("status 503".to_owned())
    }

    #[test]
    fn none_is_a_breach_an_hour_after_the_epoch_was_first_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("waiting.json");
        // Seen two hours after the block: what the chain says of time is not asked.
        let seen = 2 * HOUR_S;
        see(&path, 0, 3, ANCHORED_S + seen).unwrap();
        see(&path, 0, 5, ANCHORED_S + seen + 600).unwrap();
        see(&path, 0, 5, ANCHORED_S + seen + 1_200).unwrap();
        for (number, seen) in [(1, seen), (3, seen), (4, seen + 600), (5, seen + 600)] {
            assert!(!is_breach(&path, number, answered(), seen + HOUR_S - 1), "{number}");
            assert!(is_breach(&path, number, answered(), seen + HOUR_S), "{number}");
        }
        // What was never seen before is seen now.
        assert!(!is_breach(&path, 6, answered(), 100 * HOUR_S));
        // What is audited is forgotten: also that its data could not be had for a while.
        assert!(!is_breach(&path, 3, silent(), seen));
        see(&path, 3, 5, ANCHORED_S + seen + 1_200).unwrap();
        assert!(is_breach(&path, 4, answered(), seen + 600 + HOUR_S));
        let waiting = Waiting::read(&path).unwrap();
        assert_eq!((waiting.seen.len(), waiting.silence), (1, None));
        // Errors of this machine are never a breach.
        for missing in [Missing::Unknown(String::new()), Missing::CopyDiffers(String::new())] {
            assert!(!is_breach(&path, 4, missing, 100 * HOUR_S));
        }
    }

    #[test]
    fn silence_is_a_breach_after_a_day_of_tries_that_are_spread() {
        let folder = tempfile::tempdir().unwrap();
        for (tries, expected) in [
            (&[0, 7, 24][..], true),
            (&[0, 12, 18, 24], true),
            (&[0, 7, 23, 24], true),
            (&[0, 24], false),
            (&[0, 1, 23, 24], false),
            (&[0, 7, 14, 23], false),
            (&[0, 1, 2, 3, 4, 5], false),
            (&[0, 6, 25], true),
        ] {
            let path = folder.path().join(format!("{tries:?}"));
            see(&path, 0, 1, ANCHORED_S).unwrap();
            let found: Vec<bool> = tries
                .iter()
                .map(|hour| is_breach(&path, 1, silent(), hour * HOUR_S))
                .collect();
            let (last, before) = found.split_last().unwrap();
            assert_eq!(*last, expected, "{tries:?}");
            assert!(before.iter().all(|breach| !breach), "{tries:?}");
            // Another epoch begins anew.
            assert!(!is_breach(&path, 2, silent(), 100 * HOUR_S));
        }
    }

    #[test]
    fn a_wrong_clock_makes_no_breach() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("waiting.json");
        for wrong_s in [0, ANCHORED_S - 2 * MAX_BEFORE_BLOCK_S, ANCHORED_S + 900 * HOUR_S] {
            see(&path, 0, 1, wrong_s).unwrap();
            assert!(!is_breach(&path, 1, answered(), HOUR_S), "{wrong_s}");
            assert!(!is_breach(&path, 1, silent(), HOUR_S), "{wrong_s}");
            std::fs::remove_file(&path).unwrap();
        }
        // Tries in 1970 do not count.
        for after_s in [0, 7 * HOUR_S] {
            let then_s = 1_000 + after_s;
            assert!(judge(&path, &epoch(1), silent(), then_s).is_err());
        }
        assert!(!is_breach(&path, 1, silent(), HOUR_S));
        assert!(!is_breach(&path, 1, silent(), 8 * HOUR_S));
        std::fs::remove_file(&path).unwrap();
        // A sight from the future is dropped, and the next one counts.
        see(&path, 0, 1, ANCHORED_S + 900 * HOUR_S).unwrap();
        see(&path, 0, 1, ANCHORED_S).unwrap();
        assert!(is_breach(&path, 1, answered(), HOUR_S));
        // A try from the future begins anew.
        assert!(!is_breach(&path, 1, silent(), 900 * HOUR_S));
        assert!(!is_breach(&path, 1, silent(), HOUR_S));
        assert_eq!(Waiting::read(&path).unwrap().silence.unwrap().tries, 1);
    }

    #[test]
    fn a_damaged_file_is_like_none_and_the_file_stays_small() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("waiting.json");
        for content in ["{", "[]", r#"{"format":"other","seen":[],"silence":null}"#] {
            std::fs::write(&path, content).unwrap();
            assert!(!is_breach(&path, 1, answered(), HOUR_S), "{content}");
            see(&path, 0, 1, ANCHORED_S).unwrap();
            assert!(is_breach(&path, 1, answered(), HOUR_S), "{content}");
        }
        for number in 1..1_000 {
            see(&path, 0, number, ANCHORED_S + number).unwrap();
        }
        assert_eq!(Waiting::read(&path).unwrap().seen.len(), MAX_SIGHTS);
    }
}
