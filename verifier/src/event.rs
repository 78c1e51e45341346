//! Protocol §2: events. A key's history is a chain of events of fixed size, each with the hash of the one before.

use alloy_primitives::{B256, keccak256};

mod fields;

/// Bytes of an event in an epoch's data file:
/// `keyId(32) ‖ version(4) ‖ kind(1) ‖ at(8) ‖ prev(32) ‖ payload(32)`, integers big-endian.
pub const EVENT_BYTES: usize = 109;

/// Bytes of `abi.encode` of an event's six fields.
pub const EVENT_ABI_BYTES: usize = 6 * 32;

/// What happened to a key. The discriminant is the number in encoded events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// The key was taken into stock.
    Generated = 1,
    /// The key was put on sale.
    Activated = 2,
    /// The key was sold.
    Sold = 3,
    /// The key was used.
    Redeemed = 4,
    /// The sale was undone and the money paid back; the key can never be sold again.
    Refunded = 5,
    /// The key was withdrawn before it was sold.
    Voided = 6,
    /// The buyer disputes the sale.
    Disputed = 7,
    /// The dispute ended and the sale remains valid.
    Upheld = 8,
    /// The key left for another merchant.
    TransferredOut = 9,
    /// The key came from another merchant.
    TransferredIn = 10,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Generated,
        Self::Activated,
        Self::Sold,
        Self::Redeemed,
        Self::Refunded,
        Self::Voided,
        Self::Disputed,
        Self::Upheld,
        Self::TransferredOut,
        Self::TransferredIn,
    ];

    /// The kind with that number; `None` if the protocol has none.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// The kind with that name; `None` if the protocol has none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name in files, in `snake_case`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Activated => "activated",
            Self::Sold => "sold",
            Self::Redeemed => "redeemed",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
            Self::Disputed => "disputed",
            Self::Upheld => "upheld",
            Self::TransferredOut => "transferred_out",
            Self::TransferredIn => "transferred_in",
        }
    }

    /// Whether an event of this kind may follow one of kind `before`, or be a key's first event if `before` is `None`.
    #[must_use]
    pub const fn may_follow(self, before: Option<Self>) -> bool {
        match before {
            None => matches!(self, Self::Generated | Self::TransferredIn),
            Some(Self::Generated | Self::TransferredIn) => matches!(self, Self::Activated | Self::Voided),
            Some(Self::Activated) => matches!(self, Self::Sold | Self::Voided | Self::TransferredOut),
            Some(Self::Sold) => matches!(self, Self::Redeemed | Self::Refunded | Self::Disputed),
            Some(Self::Redeemed) => matches!(self, Self::Refunded),
            Some(Self::Refunded | Self::Voided) => false,
            Some(Self::Disputed) => matches!(self, Self::Refunded | Self::Upheld),
            Some(Self::Upheld) => matches!(self, Self::Redeemed | Self::Refunded),
            Some(Self::TransferredOut) => matches!(self, Self::TransferredIn),
        }
    }

    /// Whether the event is one side of a transfer between merchants.
    #[must_use]
    pub const fn is_transfer(self) -> bool {
        matches!(self, Self::TransferredIn | Self::TransferredOut)
    }
}

/// One event of one key, of a kind that the protocol has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyEvent {
    /// The key's id.
    pub key_id: B256,
    /// The event's position in the key's history: 1, 2, 3 …
    pub version: u32,
    /// What happened.
    pub kind: Kind,
    /// Unix milliseconds; never decreases along a key.
    pub at_ms: u64,
    /// The previous event's hash; zero for version 1.
    pub prev: B256,
    /// [`payload`] of the event's salt and body.
    pub payload: B256,
}

impl KeyEvent {
    /// `keccak256(keccak256(abi.encode(…)))` of the six fields: what the next event's `prev` holds, and the event's
    /// leaf in the events tree.
    #[must_use]
    pub fn hash(&self) -> B256 {
        RawEvent::from(*self).hash()
    }

    /// The event's bytes in an epoch's data file.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; EVENT_BYTES] {
        RawEvent::from(*self).to_bytes()
    }
}

/// An event as published data holds it: its kind may be a number that the protocol does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawEvent {
    /// As in [`KeyEvent`].
    pub key_id: B256,
    /// As in [`KeyEvent`].
    pub version: u32,
    /// The kind's number.
    pub kind: u8,
    /// As in [`KeyEvent`].
    pub at_ms: u64,
    /// As in [`KeyEvent`].
    pub prev: B256,
    /// As in [`KeyEvent`].
    pub payload: B256,
}

/// An event with its hash, so that it is computed once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashedEvent {
    /// The event.
    pub event: RawEvent,
    /// [`RawEvent::hash`] of it.
    pub hash: B256,
}

impl From<RawEvent> for HashedEvent {
    fn from(event: RawEvent) -> Self {
        Self {
            event,
            hash: event.hash(),
        }
    }
}

impl From<KeyEvent> for RawEvent {
    fn from(event: KeyEvent) -> Self {
        let KeyEvent {
            key_id,
            version,
            kind,
            at_ms,
            prev,
            payload,
        } = event;
        Self {
            key_id,
            version,
            kind: kind as u8,
            at_ms,
            prev,
            payload,
        }
    }
}

impl RawEvent {
    /// The typed event; `None` if the protocol has no kind with that number.
    #[must_use]
    pub fn event(&self) -> Option<KeyEvent> {
        let Self {
            key_id,
            version,
            kind,
            at_ms,
            prev,
            payload,
        } = *self;
        Some(KeyEvent {
            key_id,
            version,
            kind: Kind::from_number(kind)?,
            at_ms,
            prev,
            payload,
        })
    }

    /// `abi.encode(keyId, version, kind, at, prev, payload)`.
    #[must_use]
    pub fn abi_encode(&self) -> [u8; EVENT_ABI_BYTES] {
        let mut out = [0; EVENT_ABI_BYTES];
        out[..32].copy_from_slice(self.key_id.as_slice());
        out[60..64].copy_from_slice(&self.version.to_be_bytes());
        out[95] = self.kind;
        out[120..128].copy_from_slice(&self.at_ms.to_be_bytes());
        out[128..160].copy_from_slice(self.prev.as_slice());
        out[160..].copy_from_slice(self.payload.as_slice());
        out
    }

    /// As [`KeyEvent::hash`].
    #[must_use]
    pub fn hash(&self) -> B256 {
        keccak256(keccak256(self.abi_encode()))
    }

    /// As [`KeyEvent::to_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> [u8; EVENT_BYTES] {
        let mut out = [0; EVENT_BYTES];
        out[..32].copy_from_slice(self.key_id.as_slice());
        out[32..36].copy_from_slice(&self.version.to_be_bytes());
        out[36] = self.kind;
        out[37..45].copy_from_slice(&self.at_ms.to_be_bytes());
        out[45..77].copy_from_slice(self.prev.as_slice());
        out[77..].copy_from_slice(self.payload.as_slice());
        out
    }

    /// Reads an event's bytes in an epoch's data file. Any bytes are an event; its kind need not be known.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; EVENT_BYTES]) -> Self {
        let mut fields = Fields(bytes);
        Self {
            key_id: B256::from(fields.take()),
            version: u32::from_be_bytes(fields.take()),
            kind: u8::from_be_bytes(fields.take()),
            at_ms: u64::from_be_bytes(fields.take()),
            prev: B256::from(fields.take()),
            payload: B256::from(fields.take()),
        }
    }
}

/// Takes fields of fixed size from the front of an event's bytes.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut field = [0; N];
        if let Some((head, rest)) = self.0.split_at_checked(N) {
            field.copy_from_slice(head);
            self.0 = rest;
        }
        field
    }
}

/// An event's commitment to its body: `keccak256(salt ‖ body)`.
#[must_use]
pub fn payload(salt: &B256, body: &str) -> B256 {
    keccak256([salt.as_slice(), body.as_bytes()].concat())
}

/// An event's body with its salt, disclosed to whoever may read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// 32 random bytes, so that a body cannot be guessed from its hash.
    pub salt: B256,
    /// The exact text that was hashed: one JSON object, which [`crate::vocabulary::body`] reads.
    pub body: String,
}

impl Opening {
    /// Whether `event` commits to this salt and body.
    #[must_use]
    pub fn opens(&self, event: &KeyEvent) -> bool {
        payload(&self.salt, &self.body) == event.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_of_kinds_sells_or_redeems_twice() {
        // Only transfers, which come before the sale, can repeat: with them bounded, every path is finite.
        fn walk(path: &mut Vec<Kind>) {
            for next in Kind::ALL {
                let handed_over = path.iter().filter(|kind| **kind == Kind::TransferredIn).count();
                if !next.may_follow(path.last().copied()) || handed_over > 2 {
                    continue;
                }
                path.push(next);
                for once in [Kind::Sold, Kind::Redeemed] {
                    assert!(path.iter().filter(|kind| **kind == once).count() <= 1, "{path:?}");
                }
                walk(path);
                path.pop();
            }
        }
        walk(&mut Vec::new());
    }

    #[test]
    fn kinds_have_one_number_and_one_name() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_number(kind as u8), Some(kind));
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(Kind::from_number(0), None);
        assert_eq!(Kind::from_number(11), None);
        assert_eq!(Kind::from_name("Sold"), None);
    }
}
