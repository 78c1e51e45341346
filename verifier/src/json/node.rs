//! Reads fields by type. Errors name the field and what it must be.

use std::fmt;

use alloy_primitives::{Address, B256, U256, hex};

use super::Value;
use crate::Refusal;

/// A value's place in a file, for messages: `events[2].path[0]`.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Root(&'static str),
    Name(&'static str),
    Index(usize),
}

impl Place<'_> {
    /// The outermost value, with its name in messages.
    #[must_use]
    pub const fn root(name: &'static str) -> Self {
        Self {
            parent: None,
            step: Step::Root(name),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root(name) => f.write_str(name),
            Step::Name(name) => write!(f, ".{name}"),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// A value and its place.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    value: &'a Value,
    place: Place<'a>,
}

impl<'a> Node<'a> {
    /// The outermost value, with its name in messages.
    #[must_use]
    pub const fn root(value: &'a Value, name: &'static str) -> Self {
        Self {
            value,
            place: Place::root(name),
        }
    }

    /// The refusal of this value, which must be as `rule` says: `malformed`.
    #[must_use]
    pub fn must(&self, rule: &str) -> Refusal {
        Refusal::malformed(format!("{} must be {rule}", self.place))
    }

    /// A field that may be absent; also `None` if this is not an object.
    #[must_use]
    pub fn optional(&'a self, name: &'static str) -> Option<Node<'a>> {
        let Value::Object(fields) = self.value else { return None };
        let (_, value) = fields.iter().find(|(other, _)| other == name)?;
        Some(Node {
            value,
            place: Place {
                parent: Some(&self.place),
                step: Step::Name(name),
            },
        })
    }

    /// A field that must be present.
    ///
    /// # Errors
    /// `malformed` if it is absent or this is not an object.
    pub fn field(&'a self, name: &'static str) -> Result<Node<'a>, Refusal> {
        if !matches!(self.value, Value::Object(_)) {
            return Err(self.must("an object"));
        }
        self.optional(name)
            .ok_or_else(|| Refusal::malformed(format!("{}.{name} is missing", self.place)))
    }

    /// Whether this is `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Reads each item of an array.
    ///
    /// # Errors
    /// `malformed` if this is not an array; otherwise the first error of `read`.
    pub fn items<T>(&self, mut read: impl FnMut(Node<'_>) -> Result<T, Refusal>) -> Result<Vec<T>, Refusal> {
        let Value::Array(items) = self.value else {
            return Err(self.must("an array"));
        };
        let node = |(index, value)| Node {
            value,
            place: Place {
                parent: Some(&self.place),
                step: Step::Index(index),
            },
        };
        items.iter().enumerate().map(|item| read(node(item))).collect()
    }

    /// The value as a number.
    ///
    /// # Errors
    /// `malformed` if it is not one.
    pub fn number(&self) -> Result<u64, Refusal> {
        match self.value {
            Value::Number(number) => Ok(*number),
            _ => Err(self.must("a number")),
        }
    }

    /// The value as text.
    ///
    /// # Errors
    /// `malformed` if it is not text.
    pub fn text(&self) -> Result<&'a str, Refusal> {
        match self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.must("text")),
        }
    }

    /// Requires this text.
    ///
    /// # Errors
    /// `malformed` if the value is anything else.
    pub fn exactly(&self, expected: &str) -> Result<(), Refusal> {
        if self.text()? == expected {
            Ok(())
        } else {
            Err(self.must(&format!("\"{expected}\"")))
        }
    }

    /// The value as `N` bytes: `0x` and lower-case hex.
    ///
    /// # Errors
    /// `malformed` if it is anything else.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], Refusal> {
        hex_bytes(self.text()?).ok_or_else(|| self.must(&format!("0x and {} digits of lower-case hex", 2 * N)))
    }

    /// The value as 32 bytes: `0x` and lower-case hex.
    ///
    /// # Errors
    /// `malformed` if it is anything else.
    pub fn word(&self) -> Result<B256, Refusal> {
        self.bytes().map(B256::from)
    }

    /// The value as an array of [`Self::word`]s.
    ///
    /// # Errors
    /// `malformed` if it is anything else.
    pub fn words(&self) -> Result<Vec<B256>, Refusal> {
        self.items(|word| word.word())
    }

    /// The value as a whole number below 2^256, which is written as text: decimal digits without a leading zero.
    ///
    /// # Errors
    /// `malformed` if it is anything else.
    pub fn decimal(&self) -> Result<U256, Refusal> {
        decimal(self.text()?).ok_or_else(|| self.must("text of decimal digits, without a leading zero, below 2^256"))
    }

    /// The value as an address: `0x` and 40 hex digits of either case.
    ///
    /// # Errors
    /// `malformed` if it is anything else.
    pub fn address(&self) -> Result<Address, Refusal> {
        let lowered = self
            .text()?
            .strip_prefix("0x")
            .map(|digits| format!("0x{}", digits.to_ascii_lowercase()));
        let bytes = lowered.as_deref().and_then(hex_bytes);
        bytes
            .map(Address::from)
            .ok_or_else(|| self.must("0x and 40 digits of hex"))
    }
}

fn decimal(text: &str) -> Option<U256> {
    let canonical = text == "0" || !text.starts_with('0');
    if !canonical || text.is_empty() || text.bytes().any(|digit| !digit.is_ascii_digit()) {
        return None;
    }
    U256::from_str_radix(text, 10).ok()
}

/// Decodes exactly `N` bytes from `0x` and lower-case hex; `None` if the text is anything else.
#[must_use]
pub fn hex_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.strip_prefix("0x")?;
    if digits.len() != 2 * N || digits.bytes().any(|digit| digit.is_ascii_uppercase()) {
        return None;
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse_text;

    #[test]
    fn hex_is_lower_case_and_of_exact_length() {
        assert_eq!(hex_bytes("0x0aff"), Some([0x0a, 0xff]));
        for wrong in [
            "0x0aFF", "0aff", "0x0aff0", "0x0af", "0X0aff", "0x0agg", "0x", "0x+aff", "",
        ] {
            assert_eq!(hex_bytes::<2>(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn decimals_have_one_form() {
        let highest = U256::MAX.to_string();
        for (text, expected) in [("0", U256::ZERO), ("10", U256::from(10)), (&highest, U256::MAX)] {
            assert_eq!(decimal(text), Some(expected));
        }
        let above = format!("{}6", &highest[..77]);
        for wrong in [
            "", "00", "01", "+1", "-1", "1.0", "1e3", "0x1", " 1", "1 ", "1_000", "\u{0661}", &above,
        ] {
            assert_eq!(decimal(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn messages_name_the_place() {
        let value = parse_text(r#"{"events":[{"path":["0x00"]}]}"#).unwrap();
        let root = Node::root(&value, "bundle");
        let read = root
            .field("events")
            .unwrap()
            .items(|event| event.field("path")?.items(|hash| hash.word()));
        let detail = read.unwrap_err().detail;
        assert_eq!(
            detail,
            "bundle.events[0].path[0] must be 0x and 64 digits of lower-case hex"
        );
        assert_eq!(root.field("epochs").err().unwrap().detail, "bundle.epochs is missing");
    }
}
