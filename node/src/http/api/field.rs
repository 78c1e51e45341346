//! Types of fields that have rules: a value of such a type keeps them.

use std::str::FromStr;

use alloy_primitives::{B256, hex};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::coupon::CouponCode;
use crate::domain::edit::Edit;
use crate::domain::id::CouponId;
use crate::domain::money::MAX_TEXT;

/// The longest reason, characters.
pub(super) const MAX_REASON: usize = 200;

/// 32 bytes as `0x` and 64 lower-case hex digits.
pub(crate) fn hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<B256>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    parse_hash(&text)
        .map(Some)
        .ok_or_else(|| D::Error::custom("it must be 0x and 64 lower-case hex digits"))
}

/// The same, from text.
fn parse_hash(text: &str) -> Option<B256> {
    let digits = text.strip_prefix("0x")?;
    let is_lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if !digits.bytes().all(is_lower_hex) {
        return None;
    }
    hex::decode_to_array(digits).ok().map(B256::new)
}

/// A price as a decimal string: digits, with a point before the decimals. The currency limits the decimals, and is
/// checked later.
pub(crate) fn price<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > MAX_TEXT || !digits(whole) || !digits(part) {
        return Err(D::Error::custom("it must be a decimal string such as 9.90"));
    }
    Ok(Some(text))
}

/// The code of a coupon, as the coupon's id.
pub(crate) fn coupon<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CouponId>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let code = text.map(|text| text.parse::<CouponCode>()).transpose();
    code.map(|code| code.map(|code| code.id())).map_err(D::Error::custom)
}

/// A value, or `null` where what is there is to be removed. The field must have a default for where it is left out.
pub(crate) fn edit<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Edit<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.map_or(Edit::Remove, Edit::Set))
}

/// A key's id in an address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyId(pub(crate) B256);

/// The text is no key's id.
#[derive(Debug)]
pub(crate) struct NotKeyId;

impl FromStr for KeyId {
    type Err = NotKeyId;

    fn from_str(text: &str) -> Result<Self, NotKeyId> {
        parse_hash(text).map(Self).ok_or(NotKeyId)
    }
}

/// Why something is done, as a person wrote it.
#[derive(Debug)]
pub(crate) struct Reason(pub(crate) String);

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let has_control = text.chars().any(char::is_control);
        if has_control || !(1..=MAX_REASON).contains(&text.chars().count()) {
            return Err(D::Error::custom(format!(
                "it must have 1 to {MAX_REASON} characters on one line"
            )));
        }
        Ok(Self(text))
    }
}

impl PartialSchema for Reason {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new().schema_type(Type::String);
        object.min_length(Some(1)).max_length(Some(MAX_REASON)).into()
    }
}

impl ToSchema for Reason {}
