//! The members of a message, and their signature.
//!
//! A message is a flat JSON object. Its members with a value are sorted by name and joined as `name=value&…`; the
//! signature is a digest of that text and the secret. A number is signed as the shortest decimal without an exponent,
//! whatever its zeros in the JSON, because the gateways read it into a double and write it again. The text does not say
//! which values were strings: `"9.9"` and `9.9` are signed alike, so both are read alike, as the text that is signed.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::settings::Digest;
use crate::gateway::signature;

/// The member that carries the signature.
pub(super) const SIGNATURE: &str = "signature";

/// The members of a flat JSON object, each as the text that is signed; empty for `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Members(BTreeMap<String, String>);

impl Members {
    /// Reads a JSON object. `None` if it is none, has a member twice, or has one that is an array or an object.
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The value of a member that has one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The signature over all members but the signature itself.
    pub(super) fn sign(&self, digest: Digest, secret: &SecretString) -> String {
        let signed = self
            .0
            .iter()
            .filter(|(name, value)| *name != SIGNATURE && !value.is_empty());
        let pairs: Vec<String> = signed.map(|(name, value)| format!("{name}={value}")).collect();
        let text = pairs.join("&");
        match digest {
            Digest::Md5 => signature::md5(&text, secret),
            Digest::HmacSha256 => signature::hmac_sha256(&[text.as_bytes()], secret),
        }
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a flat object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            let text = signed_text(value).ok_or_else(|| A::Error::custom("a value that is not signed"))?;
            if members.insert(name, text).is_some() {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(Members(members))
    }
}

/// A value as it is signed.
pub(super) fn signed_text(value: &RawValue) -> Option<String> {
    let json = value.get();
    match json.bytes().next()? {
        b'"' => serde_json::from_str(json).ok(),
        b'{' | b'[' => None,
        b'n' => Some(String::new()),
        b't' | b'f' => Some(json.to_owned()),
        _ => {
            let number = json.parse::<f64>().ok().filter(|number| number.is_finite())?;
            Some(number.to_string())
        }
    }
}
