//! Protocol §5: the lexical rules, the same for every file and every body.
//!
//! UTF-8 without byte order mark; nesting of at most [`MAX_DEPTH`]; no duplicate names after unescaping; no lone
//! surrogates; numbers whole, unsigned, at most [`MAX_NUMBER`] and without exponent. `serde_json` reads the text, and a
//! visitor refuses what JSON allows and the protocol does not, in unknown fields too. [`Node`] then reads fields by
//! name and type.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserializer as _, MapAccess, SeqAccess};

use crate::Refusal;

mod node;

pub use node::{Node, Place, hex_bytes};

/// The most levels of arrays and objects.
pub const MAX_DEPTH: usize = 64;

/// The largest number: 2⁵³ − 1, the largest integer that every JSON reader represents exactly.
pub const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Up to this many names, comparing each with each is faster than a set.
const FEW_NAMES: usize = 16;

/// A JSON value under the protocol's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number up to [`MAX_NUMBER`].
    Number(u64),
    /// A string, unescaped.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// An object: unique names, in the file's order.
    Object(Vec<(String, Value)>),
}

/// Reads one JSON value and nothing after it.
///
/// # Errors
/// `malformed`, with the line and column where a rule is broken.
pub fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|error| Refusal::malformed(format!("not UTF-8: {error}")))?;
    parse_text(text)
}

/// Reads one JSON value and nothing after it.
///
/// # Errors
/// As [`parse`].
pub fn parse_text(text: &str) -> Result<Value, Refusal> {
    let read = || {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let value = deserializer.deserialize_any(Strict { depth: 0 })?;
        deserializer.end()?;
        Ok(value)
    };
    read()
        .map_err(|error: serde_json::Error| Refusal::malformed(format!("not JSON as the protocol allows it: {error}")))
}

/// Reads one JSON object and nothing after it, as event bodies are.
///
/// # Errors
/// As [`parse`], and where the text is another value than an object.
pub fn parse_object(text: &str) -> Result<Value, Refusal> {
    match parse_text(text)? {
        object @ Value::Object(_) => Ok(object),
        _ => Err(Refusal::malformed("a body must be an object")),
    }
}

/// Builds a [`Value`] that is nested in `depth` arrays and objects.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!("nested deeper than {MAX_DEPTH}")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> de::DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a whole unsigned number up to 2^53-1, true, false, null, an array or an object")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_NUMBER {
            return Err(E::custom("a number above 2^53-1"));
        }
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object: Vec<(String, Value)> = Vec::new();
        let mut names = HashSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            let twice = if object.len() < FEW_NAMES {
                object.iter().any(|(other, _)| *other == name)
            } else {
                names.extend(object.iter().skip(names.len()).map(|(other, _)| other.clone()));
                names.contains(&name)
            };
            if twice {
                return Err(de::Error::custom("a name twice in one object"));
            }
            object.push((name, fields.next_value_seed(inner)?));
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_json_allows_and_the_protocol_does_not() {
        for text in [
            "",
            "\u{feff}{}",
            "{} {}",
            "-1",
            "-0",
            "1.0",
            "1e3",
            "1E0",
            "9007199254740992",
            "18446744073709551616",
            "01",
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#""\ud800""#,
            r#""\udc00\ud800""#,
            "\"\u{1}\"",
            "[1,]",
            "NaN",
        ] {
            assert!(parse_text(text).is_err(), "{text}");
        }
        assert!(parse(&[b'"', 0xff, b'"']).is_err());
    }

    #[test]
    fn accepts_what_the_protocol_allows() {
        assert_eq!(parse_text("9007199254740991"), Ok(Value::Number(MAX_NUMBER)));
        assert_eq!(
            parse_text(" [ null , true ] "),
            Ok(Value::Array(vec![Value::Null, Value::Bool(true)]))
        );
        assert_eq!(parse_text(r#""\ud83d\udd11""#), Ok(Value::Text("🔑".into())));
    }

    #[test]
    fn nesting_ends_at_sixty_four() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse_text(&nested(MAX_DEPTH)).is_ok());
        assert!(parse_text(&nested(MAX_DEPTH + 1)).is_err());
        assert!(parse_text(&nested(100_000)).is_err());
        let objects = |depth| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        assert!(parse_text(&objects(MAX_DEPTH)).is_ok());
        assert!(parse_text(&objects(MAX_DEPTH + 1)).is_err());
    }

    #[test]
    fn a_name_twice_is_found_among_many() {
        let mut names: Vec<String> = (0..1000).map(|n| format!(r#""n{n}":0"#)).collect();
        assert!(parse_text(&format!("{{{}}}", names.join(","))).is_ok());
        names.push(r#""n3":0"#.into());
        assert!(parse_text(&format!("{{{}}}", names.join(","))).is_err());
        names.truncate(FEW_NAMES + 1);
        names.push(format!(r#""n{FEW_NAMES}":0"#));
        assert!(parse_text(&format!("{{{}}}", names.join(","))).is_err());
    }
}
