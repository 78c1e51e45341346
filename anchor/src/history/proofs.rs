//! An epoch's proofs file: it proves the epoch's events without building their tree again.
//!
//! `magic(8) ‖ merchantId(32) ‖ number(8) ‖ parent(32) ‖ eventsRoot(32) ‖ historyRoot(32) ‖ eventCount(8) ‖
//! dataHash(32) ‖ block(8) ‖ blockTime(8) ‖ SHA-256 of all that(32)`, then for each event, in the data's order,
//! `link(8)`: the epoch that holds the key's previous version, 0 for version 1; then the nodes of the events tree, root
//! first, 32 bytes each. Integers are big-endian. Everything follows from the chain and the published data.

use std::io::Write;
use std::path::Path;

use alloy_primitives::B256;
use shelfproof_verifier::epoch::ListedHeader;
use shelfproof_verifier::epoch::{self, Header, MAX_EVENTS};
use shelfproof_verifier::tree::{self, EventsTree, MAX_PATH};

use super::durable;
use super::error::HistoryError;
use super::file::{LargeFile, first_not};

const MAGIC: &[u8; 8] = b"sfproof1";
const FIELDS_BYTES: usize = 200;
const FACTS_BYTES: usize = FIELDS_BYTES + 32;
const LINK_BYTES: u64 = 8;
const NODE_BYTES: u64 = 32;

/// The fixed fields at the file's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) merchant_id: B256,
    pub(super) header: Header,
    /// Number of the final block that holds it.
    pub(super) block: u64,
    /// Time of that block, Unix seconds.
    pub(super) anchored_at_s: u64,
}

impl Facts {
    fn to_bytes(self) -> Vec<u8> {
        let Header {
            number,
            parent,
            events_root,
            history_root,
            event_count,
            data_hash,
        } = self.header;
        let mut bytes = [
            &MAGIC[..],
            self.merchant_id.as_slice(),
            &number.to_be_bytes(),
            parent.as_slice(),
            events_root.as_slice(),
            history_root.as_slice(),
            &event_count.to_be_bytes(),
            data_hash.as_slice(),
            &self.block.to_be_bytes(),
            &self.anchored_at_s.to_be_bytes(),
        ]
        .concat();
        bytes.extend_from_slice(epoch::data_hash(&bytes).as_slice());
        bytes
    }

    /// The header as bundles list it.
    pub(super) const fn listed(&self) -> ListedHeader {
        ListedHeader {
            header: self.header,
            block: Some(self.block),
        }
    }

    /// `None` for bytes of another form, or with another checksum.
    fn from_bytes(bytes: &[u8; FACTS_BYTES]) -> Option<Self> {
        let (fields, sum) = bytes.split_at(FIELDS_BYTES);
        let mut rest = fields.strip_prefix(MAGIC)?;
        if epoch::data_hash(fields) != *sum {
            return None;
        }
        let facts = Self {
            merchant_id: take(&mut rest)?.into(),
            header: Header {
                number: u64::from_be_bytes(take(&mut rest)?),
                parent: take(&mut rest)?.into(),
                events_root: take(&mut rest)?.into(),
                history_root: take(&mut rest)?.into(),
                event_count: u64::from_be_bytes(take(&mut rest)?),
                data_hash: take(&mut rest)?.into(),
            },
            block: u64::from_be_bytes(take(&mut rest)?),
            anchored_at_s: u64::from_be_bytes(take(&mut rest)?),
        };
        (1..=MAX_EVENTS).contains(&facts.header.event_count).then_some(facts)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (field, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*field)
}

/// Writes the file. A crash leaves the new one or the one before.
pub(super) fn write(path: &Path, facts: Facts, links: &[u64], tree: &EventsTree) -> Result<(), HistoryError> {
    let fill = |file: &mut dyn Write| {
        file.write_all(&facts.to_bytes())?;
        for link in links {
            file.write_all(&link.to_be_bytes())?;
        }
        for node in tree.nodes() {
            file.write_all(node.as_slice())?;
        }
        Ok(())
    };
    durable::write(path, |file| fill(file)).map_err(HistoryError::io(path))
}

pub(super) struct ProofsFile {
    file: LargeFile,
    facts: Facts,
}

impl ProofsFile {
    /// Opens the file, which must be of that epoch.
    pub(super) fn open(path: &Path, number: u64) -> Result<Self, HistoryError> {
        let file = LargeFile::open(path)?;
        let facts = Facts::from_bytes(&file.read(0)?)
            .filter(|facts| facts.header.number == number)
            .ok_or_else(|| file.damaged(format!("this is not what was written for epoch {number}")))?;
        let events = facts.header.event_count;
        file.expect_length(nodes_at(events) + (2 * events - 1) * NODE_BYTES)?;
        Ok(Self { file, facts })
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The epoch that holds the previous version of an event's key; 0 for version 1.
    pub(super) fn link(&self, index: u64) -> Result<u64, HistoryError> {
        let at = FACTS_BYTES as u64 + index * LINK_BYTES;
        Ok(u64::from_be_bytes(self.file.read(at)?))
    }

    /// The siblings from an event's hash up to the events root.
    pub(super) fn path(&self, leaf: &B256) -> Result<Vec<B256>, HistoryError> {
        let events = self.facts.header.event_count;
        // The leaves come last, in descending order.
        let first = events - 1;
        let after = first_not(events, |at| Ok::<_, HistoryError>(self.node(first + at)? > *leaf))?;
        let mut index = first + after;
        let mut path = Vec::with_capacity(MAX_PATH);
        while index > 0 {
            let sibling = if index % 2 == 1 { index + 1 } else { index - 1 };
            path.push(self.node(sibling)?);
            index = (index - 1) / 2;
        }
        if tree::climb(leaf, &path) == self.facts.header.events_root {
            Ok(path)
        } else {
            Err(self
                .file
                .damaged(format!("event {leaf} has no path to the events root")))
        }
    }

    pub(super) fn damaged(&self, detail: impl Into<String>) -> HistoryError {
        self.file.damaged(detail)
    }

    fn node(&self, index: u64) -> Result<B256, HistoryError> {
        let at = nodes_at(self.facts.header.event_count) + index * NODE_BYTES;
        Ok(B256::new(self.file.read(at)?))
    }
}

/// Offset of the first node.
const fn nodes_at(events: u64) -> u64 {
    FACTS_BYTES as u64 + events * LINK_BYTES
}
