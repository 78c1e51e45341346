//! Search terms: an id, or its beginning.

use std::str::FromStr;

use alloy_primitives::{B256, hex};
use uuid::Uuid;

use super::id::OrderId;

/// The fewest hex digits of an id that are searched for: few ids begin with the same ones.
pub const MIN_DIGITS: usize = 8;

/// The ids that begin alike, from the first possible one to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange<T> {
    pub first: T,
    pub last: T,
}

/// What orders are searched by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderTerm {
    /// An order's id, or its beginning.
    Order(IdRange<OrderId>),
    /// The id of a key that was sold with the order.
    Key(B256),
}

/// The text is neither an id nor the beginning of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTerm {
    #[error(
        "it must be an order's id or at least its first {MIN_DIGITS} hex digits, or a key's whole id, which is 0x and 64 \
         hex digits"
    )]
    Order,
    #[error("it must be a key's id, which is 0x and 64 hex digits, or at least the first {MIN_DIGITS} of them")]
    Key,
}

impl FromStr for OrderTerm {
    type Err = NotTerm;

    fn from_str(text: &str) -> Result<Self, NotTerm> {
        let text = text.trim();
        if text.starts_with("0x") {
            return text.parse().map(Self::Key).map_err(|_| NotTerm::Order);
        }
        let range: IdRange<[u8; 16]> = range(&text.replace('-', "")).ok_or(NotTerm::Order)?;
        Ok(Self::Order(IdRange {
            first: OrderId(Uuid::from_bytes(range.first)),
            last: OrderId(Uuid::from_bytes(range.last)),
        }))
    }
}

impl FromStr for IdRange<B256> {
    type Err = NotTerm;

    fn from_str(text: &str) -> Result<Self, NotTerm> {
        let text = text.trim();
        let range: IdRange<[u8; 32]> = range(text.strip_prefix("0x").unwrap_or(text)).ok_or(NotTerm::Key)?;
        Ok(Self {
            first: B256::from(range.first),
            last: B256::from(range.last),
        })
    }
}

/// All values of `N` bytes that begin with those hex digits.
fn range<const N: usize>(digits: &str) -> Option<IdRange<[u8; N]>> {
    if !(MIN_DIGITS..=2 * N).contains(&digits.len()) {
        return None;
    }
    let filled = |with: &str| hex::decode_to_array(digits.to_owned() + &with.repeat(2 * N - digits.len())).ok();
    Some(IdRange {
        first: filled("0")?,
        last: filled("f")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_a_range_of_ids() {
        let order = |text: &str| text.parse::<OrderTerm>();
        let id: OrderId = "0192f0c4-b3d4-7e5f-8a6b-7c8d9e0f1a2b".parse().unwrap();
        assert_eq!(
            order(&id.to_string()),
            Ok(OrderTerm::Order(IdRange { first: id, last: id }))
        );
        let range = IdRange {
            first: "0192f0c4-b000-0000-0000-000000000000".parse().unwrap(),
            last: "0192f0c4-bfff-ffff-ffff-ffffffffffff".parse().unwrap(),
        };
        for text in ["0192f0c4-b", " 0192F0C4B "] {
            assert_eq!(order(text), Ok(OrderTerm::Order(range)), "{text}");
        }
        let key = B256::repeat_byte(0xab);
        assert_eq!(order(&key.to_string()), Ok(OrderTerm::Key(key)));
        let range = IdRange { first: key, last: key };
        assert_eq!(key.to_string().parse(), Ok(range));
        let range: IdRange<B256> = "abababab".parse().unwrap();
        assert!(range.first < key && key < range.last);
    }

    #[test]
    fn what_is_no_id_names_the_rule() {
        for text in ["", "0192f0c", "0192f0c4-zzzz", "0x1234567890", "ééééé", &"0".repeat(33)] {
            assert_eq!(text.parse::<OrderTerm>(), Err(NotTerm::Order), "{text}");
        }
        for text in ["", "0x1234567", "0xzzzzzzzz", &"0".repeat(65)] {
            assert_eq!(text.parse::<IdRange<B256>>(), Err(NotTerm::Key), "{text}");
        }
    }
}
