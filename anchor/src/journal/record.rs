//! One record: a line of text of fixed length, which an operator can read too.
//!
//! Merchant, batch, root, the receipts' deadline, signature, time of the sales, how much of the file was synced when the
//! line was written, and the first bytes of the SHA-256 of all that. Numbers are decimal with leading zeros.

use std::fmt::Write;

use alloy_primitives::{B256, hex};
use sha2::{Digest, Sha256};
use shelfproof_verifier::vocabulary::typed_data::SIGNATURE_BYTES;

/// The length of a line, with its end.
pub const LINE_BYTES: usize = 368;

/// The bytes of the hash that end a line.
const CHECK_BYTES: usize = 8;

/// What the line says before its hash.
const CHECKED_BYTES: usize = LINE_BYTES - 2 * CHECK_BYTES - 1;

/// The signature of a batch's receipts, and what it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The batch's number in the database.
    pub batch: i64,
    /// The root of the tree of the batch's promises.
    pub root: B256,
    /// The deadline that its receipts promise, Unix seconds.
    pub anchor_by_s: u64,
    pub signature: [u8; SIGNATURE_BYTES],
    /// When it sold, Unix milliseconds.
    pub at_ms: u64,
}

impl Record {
    /// Appends the line to `text`. `synced` is how many bytes of the file are on the disk before it: a reader knows by
    /// it that what is damaged there was whole once, and is no write that a crash cut off.
    pub fn write(&self, merchant_id: &B256, synced: u64, text: &mut String) {
        let begin = text.len();
        let (root, signature) = (self.root, hex::encode_prefixed(self.signature));
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{merchant_id} {:020} {root} {:020} {signature} {:020} {synced:020} ",
            self.batch, self.anchor_by_s, self.at_ms
        );
        let check = check(&text.as_bytes()[begin..]);
        text.push_str(&check);
        text.push('\n');
    }

    /// Reads a line of that merchant, and how many bytes of the file were synced before it was written. `None` where it
    /// is not whole.
    pub(super) fn parse(line: &[u8], merchant_id: &B256) -> Option<(Self, u64)> {
        let (checked, end) = line.split_at_checked(CHECKED_BYTES)?;
        if end.strip_suffix(b"\n")? != check(checked).as_bytes() {
            return None;
        }
        let fields: Vec<&str> = str::from_utf8(checked).ok()?.split_ascii_whitespace().collect();
        let [merchant, batch, root, anchor_by_s, signature, at_ms, synced] = fields.try_into().ok()?;
        let record = Self {
            batch: batch.parse().ok()?,
            root: root.parse().ok()?,
            anchor_by_s: anchor_by_s.parse().ok()?,
            signature: hex::decode_to_array(signature).ok()?,
            at_ms: at_ms.parse().ok()?,
        };
        let is_own = merchant.parse() == Ok(*merchant_id);
        is_own.then_some((record, synced.parse().ok()?))
    }
}

fn check(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..CHECK_BYTES])
}
