//! Intents in a file, for commands that have no database: an owner's machine, or a chain before its first shop.
//!
//! The file holds one JSON entry a line and is only appended to, with a sync after each line. A crash leaves whole
//! lines and at most one torn line at the end, whose write was never confirmed: opening the file removes it. A journal
//! without a file lives as long as the process, for accounts whose key anybody has: there a crash leaves only what the
//! chain's node was sent.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use shelfproof_base::keyfile::disk;

use crate::store::intents::{Call, Closed, Intent, NewIntent, Purpose, Variant};

/// Far more than one account's commands ever write.
const MAX_BYTES: u64 = 16 << 20;

/// Why a journal could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{path}: {cause}")]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("{0}: another command has this file open: wait until it has ended")]
    Locked(PathBuf),
    #[error(
        "{path}, line {line}: this is not what this program writes; check what the account sent last, then move the \
         file away"
    )]
    Damaged { path: PathBuf, line: usize },
    /// The entry does not fit those before it.
    #[error("intent {0} is unknown or closed, or its nonce is not the one given or belongs to another open intent")]
    Refused(u64),
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Intent { id: u64, content: NewIntent },
    Variant { intent: u64, nonce: u64, variant: Variant },
    Closed { intent: u64, closed: Closed },
}

/// The intents of one account.
#[derive(Debug, Default)]
pub struct Journal {
    file: Option<(PathBuf, File)>,
    intents: Vec<Intent>,
}

impl Journal {
    /// Opens that file, or creates it, for this process alone.
    ///
    /// # Errors
    /// If another process has it open, or it cannot be used.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let in_file = |cause| JournalError::Io {
            path: path.to_owned(),
            cause,
        };
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(in_file)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked(path.to_owned())),
            Err(TryLockError::Error(cause)) => return Err(in_file(cause)),
            Ok(()) => {}
        }
        // Without this a loss of power can take the new file away, and with it the nonces that were signed.
        disk::sync_folder_of(path).map_err(in_file)?;
        if file.metadata().map_err(in_file)?.len() > MAX_BYTES {
            return Err(in_file(ErrorKind::FileTooLarge.into()));
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(in_file)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut journal = Self::default();
        for (at, line) in text[..whole].lines().enumerate() {
            let damaged = || JournalError::Damaged {
                path: path.to_owned(),
                line: at + 1,
            };
            let entry = serde_json::from_str(line).map_err(|_| damaged())?;
            journal.apply(entry).map_err(|_| damaged())?;
        }
        file.set_len(whole as u64).map_err(in_file)?;
        file.seek(SeekFrom::End(0)).map_err(in_file)?;
        journal.file = Some((path.to_owned(), file));
        Ok(journal)
    }

    /// The open intents, oldest first.
    pub(super) fn open_intents(&self) -> Vec<Intent> {
        let open = self.intents.iter().filter(|intent| intent.closed.is_none());
        open.cloned().collect()
    }

    /// The nonces of all intents for a call, open and closed, oldest first.
    pub(super) fn nonces(&self, purpose: Purpose, call: &Call) -> Vec<u64> {
        let of_call = |intent: &&Intent| intent.content.purpose == purpose && intent.content.call == *call;
        let intents = self.intents.iter().filter(of_call);
        intents.filter_map(|intent| intent.nonce).collect()
    }

    pub(super) fn insert(&mut self, content: &NewIntent) -> Result<u64, JournalError> {
        let id = self.intents.len() as u64 + 1;
        self.append(Entry::Intent {
            id,
            content: content.clone(),
        })?;
        Ok(id)
    }

    pub(super) fn add_variant(&mut self, intent: u64, nonce: u64, variant: &Variant) -> Result<(), JournalError> {
        self.append(Entry::Variant {
            intent,
            nonce,
            variant: variant.clone(),
        })
    }

    pub(super) fn close(&mut self, intent: u64, closed: &Closed) -> Result<(), JournalError> {
        self.append(Entry::Closed {
            intent,
            closed: *closed,
        })
    }

    /// Adds an entry that fits those before it. After an error of the file the journal must be opened again.
    fn append(&mut self, entry: Entry) -> Result<(), JournalError> {
        let line = serde_json::to_string(&entry);
        self.apply(entry)?;
        let Some((path, file)) = &mut self.file else {
            return Ok(());
        };
        let written = line
            .map_err(io::Error::from)
            .and_then(|line| file.write_all(format!("{line}\n").as_bytes()))
            .and_then(|()| file.sync_all());
        written.map_err(|cause| JournalError::Io {
            path: path.clone(),
            cause,
        })
    }

    fn apply(&mut self, entry: Entry) -> Result<(), JournalError> {
        match entry {
            Entry::Intent { id, content } => {
                let is_next = id == self.intents.len() as u64 + 1;
                let mut open = self.intents.iter().filter(|intent| intent.closed.is_none());
                if !is_next || open.any(|intent| intent.content.excludes(&content)) {
                    return Err(JournalError::Refused(id));
                }
                self.intents.push(Intent::new(id, content));
            }
            Entry::Variant { intent, nonce, variant } => {
                let signer = self.open_mut(intent)?.content.signer();
                let mut open = self
                    .intents
                    .iter()
                    .filter(|other| other.closed.is_none() && other.id != intent);
                let is_held = open.any(|other| other.nonce == Some(nonce) && other.content.signer() == signer);
                let found = self.open_mut(intent)?;
                let is_other = found.nonce.is_some_and(|own| own != nonce);
                if is_held || is_other || variant.number as usize != found.variants.len() + 1 {
                    return Err(JournalError::Refused(intent));
                }
                found.nonce = Some(nonce);
                found.variants.push(variant);
            }
            Entry::Closed { intent, closed } => self.open_mut(intent)?.closed = Some(closed),
        }
        Ok(())
    }

    fn open_mut(&mut self, id: u64) -> Result<&mut Intent, JournalError> {
        let mut open = self.intents.iter_mut().filter(|intent| intent.closed.is_none());
        open.find(|intent| intent.id == id).ok_or(JournalError::Refused(id))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use alloy_primitives::{Address, B256, Bytes};

    use super::*;
    use crate::store::intents::Outcome;

    fn register() -> NewIntent {
        NewIntent {
            purpose: Purpose::Register,
            call: Call {
                chain_id: 31337,
                sender: Address::repeat_byte(1),
                target: None,
                data: Bytes::from_static(b"call"),
            },
            deadline_s: None,
            max_fee_wei: None,
            created_at_ms: 1,
        }
    }

    fn variant(number: u32) -> Variant {
        Variant {
            number,
            gas_limit: 21_000,
            max_fee_wei: 2,
            priority_fee_wei: 1,
            hash: B256::repeat_byte(7),
            raw: Bytes::from_static(b"raw"),
            signed_at_ms: 2,
        }
    }

    #[test]
    fn what_was_confirmed_is_there_again_and_a_torn_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("owner.transactions");
        let mut journal = Journal::open(&path).unwrap();
        let id = journal.insert(&register()).unwrap();
        journal.add_variant(id, 5, &variant(1)).unwrap();
        assert!(matches!(Journal::open(&path), Err(JournalError::Locked(_))));
        let before = journal.open_intents();
        drop(journal);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"closed\":{\"int").unwrap();
        drop(file);
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.open_intents(), before);
        assert_eq!((before[0].nonce, before[0].variants.len()), (Some(5), 1));
        let closed = Closed {
            outcome: Outcome::Failed,
            at_ms: 3,
        };
        journal.close(id, &closed).unwrap();
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().open_intents(), []);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
    }

    #[test]
    fn one_open_intent_a_purpose_and_one_nonce_an_intent() {
        let mut journal = Journal::default();
        let id = journal.insert(&register()).unwrap();
        assert!(journal.insert(&register()).is_err());
        journal.add_variant(id, 5, &variant(1)).unwrap();
        assert!(journal.add_variant(id, 6, &variant(2)).is_err(), "another nonce");
        assert!(journal.add_variant(id, 5, &variant(1)).is_err(), "the same number");
        journal.add_variant(id, 5, &variant(2)).unwrap();
        let closed = Closed {
            outcome: Outcome::Superseded,
            at_ms: 3,
        };
        journal.close(id, &closed).unwrap();
        assert!(journal.add_variant(id, 5, &variant(3)).is_err(), "closed");
        journal.insert(&register()).unwrap();
    }

    #[test]
    fn two_chains_and_two_accounts_have_their_own_intents_and_nonces() {
        let mut journal = Journal::default();
        let first = journal.insert(&register()).unwrap();
        let mut on_another_chain = register();
        on_another_chain.call.chain_id = 1;
        let second = journal.insert(&on_another_chain).unwrap();
        let mut of_another_account = register();
        of_another_account.call.sender = Address::repeat_byte(2);
        let third = journal.insert(&of_another_account).unwrap();
        for id in [first, second, third] {
            journal.add_variant(id, 5, &variant(1)).unwrap();
        }
        let mut deploy = register();
        deploy.purpose = Purpose::Deploy;
        let fourth = journal.insert(&deploy).unwrap();
        assert!(
            journal.add_variant(fourth, 5, &variant(1)).is_err(),
            "the first one's nonce"
        );
        journal.add_variant(fourth, 6, &variant(1)).unwrap();
        assert_eq!(journal.nonces(Purpose::Register, &register().call), [5]);
    }

    #[test]
    fn an_epoch_has_one_open_intent_whoever_signs() {
        let epoch = |number, sender| {
            let mut intent = register();
            intent.purpose = Purpose::AnchorEpoch(number);
            intent.call.sender = Address::repeat_byte(sender);
            intent
        };
        assert!(epoch(1, 1).excludes(&epoch(1, 2)));
        assert!(!epoch(1, 1).excludes(&epoch(2, 1)));
    }
}
