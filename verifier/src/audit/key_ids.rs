//! The rule `key_ids`: ids made up to crowd one place of the history map.

use alloy_primitives::B256;

use super::Breach;
use crate::breach::Rule;
use crate::event::EVENT_BYTES;

/// The most key ids with an event that may share their first 48 bits. Ids are as good as random: of a million
/// million keys, no eight do.
pub const MAX_KEY_IDS: usize = 256;

/// A key id's first 48 bits.
#[must_use]
pub fn prefix_of(key: &B256) -> u64 {
    key.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes) >> 16)
}

/// The key ids in an epoch's data, in ascending order, each once. The rule comes before those of the data's form, so
/// the records may be in any order, and what is left after the last whole one is ignored.
#[must_use]
pub fn key_ids_in(data: &[u8]) -> Vec<B256> {
    let (records, _) = data.as_chunks::<EVENT_BYTES>();
    let mut keys: Vec<B256> = records.iter().map(|record| B256::from_slice(&record[..32])).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Checks ids that have an event, in ascending order, each once: those of the epoch in a light audit, those of the
/// history in a full one.
///
/// # Errors
/// A [`Breach`] if more than [`MAX_KEY_IDS`] share their first 48 bits.
pub fn check_key_ids(number: u64, keys: &[B256]) -> Result<(), Breach> {
    let mut crowds = keys.chunk_by(|a, b| prefix_of(a) == prefix_of(b));
    match crowds.find(|crowd| crowd.len() > MAX_KEY_IDS) {
        Some(crowd) => Err(Breach::key_ids(number, &crowd[0])),
        None => Ok(()),
    }
}

impl Breach {
    /// The breach of an epoch that makes more than [`MAX_KEY_IDS`] key ids share the first 48 bits of this one.
    #[must_use]
    pub fn key_ids(number: u64, key: &B256) -> Self {
        Self::new(
            Rule::KeyIds,
            format!(
                "epoch {number}: more than {MAX_KEY_IDS} key ids with an event share the first 48 bits of {key}, which \
                 the ids of real codes never do"
            ),
        )
    }
}
