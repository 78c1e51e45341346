//! The final epoch hashes that this verifier has seen of a merchant, over any node. A chain that gives another hash for
//! one of them shows two histories (`equivocation`).
//!
//! They lie beside the trust store, a file for each merchant, with a line for each epoch: its number and its hash. The
//! first contradiction is a line of its own with both hashes. From then on every command about that merchant ends with
//! it, until the user removes the file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::json;
use shelfproof_verifier::B256;
use shelfproof_verifier::chain::Identity;

use crate::cause::Cause;
use crate::report::Failure;
use crate::store;

const FORMAT: &str = "shelfproof-seen-v1";
/// The most epochs that are remembered of a merchant: the newest ones. Each commits to all before it, so that a history
/// that differs anywhere before differs in them too.
const MAX_EPOCHS: usize = 4_096;
/// The most new epochs that wait to be written.
const MAX_WAITING: usize = 512;

/// What was seen of one merchant.
#[derive(Debug)]
pub(crate) struct Seen {
    path: PathBuf,
    known: BTreeMap<u64, B256>,
    /// Those of `known` that are not in the file yet.
    waiting: BTreeMap<u64, B256>,
}

/// One epoch with two hashes: the one seen first, and another.
type Contradiction = (u64, B256, B256);

impl Seen {
    /// Reads what was seen of that merchant. The folder may be missing.
    ///
    /// # Errors
    /// [`Cause::Equivocation`] if the chain has contradicted itself before.
    pub(crate) fn open(folder: &Path, identity: &Identity) -> Result<Self, Failure> {
        let Identity {
            chain_id,
            registry,
            merchant_id,
        } = identity;
        let path = folder.join(format!("{chain_id}-{registry:#x}-{merchant_id:#x}"));
        let (known, contradiction) = read(&path)?;
        match contradiction {
            Some(contradiction) => Err(equivocation(&path, contradiction)),
            None => Ok(Self {
                path,
                known,
                waiting: BTreeMap::new(),
            }),
        }
    }

    /// The newest epoch up to `latest` that was seen.
    pub(crate) fn newest_up_to(&self, latest: u64) -> Option<u64> {
        self.known.range(..=latest).next_back().map(|(number, _)| *number)
    }

    /// The newest epoch that was seen, with its hash.
    pub(crate) fn newest(&self) -> Option<(u64, B256)> {
        self.known.last_key_value().map(|(number, hash)| (*number, *hash))
    }

    /// Whether another hash of that epoch was seen.
    pub(crate) fn contradicts(&self, number: u64, hash: B256) -> bool {
        self.known.get(&number).is_some_and(|known| *known != hash)
    }

    /// Compares a final epoch's hash with what was seen, and takes it to what [`keep`](Self::keep) writes.
    ///
    /// # Errors
    /// [`Cause::Equivocation`] if it is another one; then both are in the file.
    pub(crate) fn compare(&mut self, number: u64, hash: B256) -> Result<(), Failure> {
        match self.known.get(&number) {
            Some(known) if *known == hash => return Ok(()),
            Some(known) => return self.merge(&[(number, *known), (number, hash)]),
            None => {}
        }
        self.known.insert(number, hash);
        self.waiting.insert(number, hash);
        while self.known.len() > MAX_EPOCHS {
            self.known.pop_first();
        }
        if self.waiting.len() < MAX_WAITING {
            Ok(())
        } else {
            self.keep()
        }
    }

    /// Forgets what is new, which a node alone said and another one contradicts.
    pub(crate) fn forget(&mut self) {
        self.waiting.clear();
    }

    /// Writes what is new into the file.
    ///
    /// # Errors
    /// [`Cause::Storage`], or [`Cause::Equivocation`] if another run of this program has seen something else meanwhile.
    pub(crate) fn keep(&mut self) -> Result<(), Failure> {
        let waiting: Vec<(u64, B256)> = std::mem::take(&mut self.waiting).into_iter().collect();
        if waiting.is_empty() {
            return Ok(());
        }
        self.merge(&waiting)
    }

    /// Adds epochs to the file. Two runs at once wait for each other, so that neither loses what the other wrote.
    fn merge(&self, epochs: &[(u64, B256)]) -> Result<(), Failure> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let _held = lock(folder)?;
        let (mut known, mut contradiction) = read(&self.path)?;
        for (number, hash) in epochs {
            let first = *known.entry(*number).or_insert(*hash);
            if first != *hash {
                contradiction = contradiction.or(Some((*number, first, *hash)));
            }
        }
        while known.len() > MAX_EPOCHS {
            known.pop_first();
        }
        store::replace_private(&self.path, text(&known, contradiction).as_bytes())?;
        contradiction.map_or(Ok(()), |contradiction| Err(equivocation(&self.path, contradiction)))
    }
}

/// Waits until no other run writes into the folder. The lock ends with the file that is returned, or with the program.
pub(crate) fn lock(folder: &Path) -> Result<File, Failure> {
    fs::create_dir_all(folder).map_err(|error| store::failed(folder, &error))?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(|error| store::failed(&path, &error))?;
    match file.lock() {
        // On a file system without locks two runs at once may lose what one of them saw.
        Err(error) if error.kind() != ErrorKind::Unsupported => Err(store::failed(&path, &error)),
        _ => Ok(file),
    }
}

fn text(known: &BTreeMap<u64, B256>, contradiction: Option<Contradiction>) -> String {
    let mut text = format!("{FORMAT}\n");
    // Writing into a string cannot fail.
    if let Some((number, first, other)) = contradiction {
        let _ = writeln!(text, "{number} {first} {other}");
    }
    for (number, hash) in known {
        let _ = writeln!(text, "{number} {hash}");
    }
    text
}

fn read(path: &Path) -> Result<(BTreeMap<u64, B256>, Option<Contradiction>), Failure> {
    let Some(bytes) = store::read(path)? else {
        return Ok((BTreeMap::new(), None));
    };
    let text = String::from_utf8_lossy(&bytes);
    parse(&text).map_err(|line| {
        let why = format!("line {line} is damaged: if you know why, remove the file, and what was seen is forgotten");
        store::failed(path, &why)
    })
}

/// Reads the file's text; the number of the first line that is not of the form otherwise.
fn parse(text: &str) -> Result<(BTreeMap<u64, B256>, Option<Contradiction>), usize> {
    let mut lines = text.lines();
    if lines.next() != Some(FORMAT) {
        return Err(1);
    }
    let (mut known, mut contradiction) = (BTreeMap::new(), None);
    for (index, line) in lines.enumerate() {
        let words: Vec<&str> = line.split(' ').collect();
        let read = |number: &str, hash: &str| Some((number.parse::<u64>().ok()?, hash.parse::<B256>().ok()?));
        let (number, hash) = match words.as_slice() {
            [number, hash] => read(number, hash),
            [number, first, other] => read(number, first)
                .zip(other.parse().ok())
                .map(|((number, first), other)| {
                    contradiction = Some((number, first, other));
                    (number, first)
                }),
            _ => None,
        }
        .ok_or(index + 2)?;
        known.insert(number, hash);
    }
    Ok((known, contradiction))
}

fn equivocation(path: &Path, (number, first, other): Contradiction) -> Failure {
    let path = path.display();
    let detail = format!("epoch {number}: the chain first gave the hash {first}, and then {other} (kept in {path})");
    Failure::new(Cause::Equivocation, detail)
        .with("epoch", number)
        .with("hashes", json!([first, other]))
        .with("file", path.to_string())
}

#[cfg(test)]
mod tests {
    use std::thread;

    use shelfproof_verifier::Address;

    use super::*;

    const SHOP: Identity = Identity {
        chain_id: 1,
        registry: Address::ZERO,
        merchant_id: B256::ZERO,
    };

    fn hash(number: u64) -> B256 {
        B256::left_padding_from(&number.to_be_bytes())
    }

    #[test]
    fn the_newest_epochs_are_remembered_and_what_commits_to_the_rest() {
        let folder = tempfile::tempdir().expect("a folder");
        let last = 2 * MAX_EPOCHS as u64;
        let mut seen = Seen::open(folder.path(), &SHOP).expect("nothing");
        assert_eq!(seen.newest_up_to(u64::MAX), None);
        for number in 1..=last {
            seen.compare(number, hash(number)).expect("new");
        }
        seen.keep().expect("written");
        let mut seen = Seen::open(folder.path(), &SHOP).expect("what was written");
        assert_eq!(seen.known.len(), MAX_EPOCHS);
        assert_eq!(
            (seen.newest_up_to(last + 9), seen.newest_up_to(last - 9)),
            (Some(last), Some(last - 9))
        );
        for number in 1..=last {
            seen.compare(number, hash(number)).expect("the same");
        }
        seen.keep().expect("written");
        assert_eq!(
            Seen::open(folder.path(), &SHOP).expect("the file").known.len(),
            MAX_EPOCHS
        );
    }

    #[test]
    fn a_contradiction_stays_with_both_hashes() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut seen = Seen::open(folder.path(), &SHOP).expect("nothing");
        seen.compare(3, hash(3)).expect("new");
        // Not even written yet.
        let found = seen.compare(3, hash(4)).expect_err("another hash");
        for failure in [found, Seen::open(folder.path(), &SHOP).expect_err("it stays")] {
            assert_eq!(failure.cause, Cause::Equivocation);
            assert_eq!(failure.json["epoch"], 3);
            assert_eq!(failure.json["hashes"], json!([hash(3), hash(4)]));
        }
        let other = Identity { chain_id: 2, ..SHOP };
        Seen::open(folder.path(), &other).expect("another merchant is not concerned");
    }

    #[test]
    fn two_runs_at_once_lose_nothing_and_see_each_others_contradictions() {
        let folder = tempfile::tempdir().expect("a folder");
        thread::scope(|scope| {
            for run in 0..4 {
                let folder = folder.path();
                scope.spawn(move || {
                    for number in (1..=40).filter(|number| number % 4 == run) {
                        let mut seen = Seen::open(folder, &SHOP).expect("the file");
                        seen.compare(number, hash(number)).expect("new");
                        seen.keep().expect("written");
                    }
                });
            }
        });
        assert_eq!(Seen::open(folder.path(), &SHOP).expect("the file").known.len(), 40);
        let [mut one, mut two] = [(); 2].map(|()| Seen::open(folder.path(), &SHOP).expect("the file"));
        one.compare(41, hash(41)).expect("new");
        two.compare(41, hash(42)).expect("new to this run");
        one.keep().expect("written");
        assert_eq!(
            two.keep().expect_err("the other saw another").cause,
            Cause::Equivocation
        );
    }

    #[test]
    fn a_damaged_file_is_told_and_not_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut seen = Seen::open(folder.path(), &SHOP).expect("nothing");
        seen.compare(1, hash(1)).expect("new");
        seen.keep().expect("written");
        let whole = fs::read_to_string(&seen.path).expect("the file");
        for damaged in [
            "",
            "another\n",
            &whole[..whole.len() - 9],
            &whole.replace("1 0x", "x 0x"),
        ] {
            fs::write(&seen.path, damaged).expect("written");
            let failure = Seen::open(folder.path(), &SHOP).expect_err("damaged");
            assert_eq!(failure.cause, Cause::Storage);
            assert!(failure.detail.contains("remove the file"), "{}", failure.detail);
        }
    }
}
