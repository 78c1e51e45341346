//! Opened bodies for display, without codes and secrets.

use serde_json::{Map, Value as Json};
use shelfproof_verifier::event::Opening;
use shelfproof_verifier::json::{self, Value};
use shelfproof_verifier::{B256, code};

/// Printed instead of a code or a secret.
const HIDDEN: &str = "(hidden)";

/// The fields of a body by name. A name or value that contains the code or the buyer's secret, in any spelling, is
/// hidden, and so is the value of `buyerSecret`.
pub(crate) fn fields(opening: &Opening, code: &str, claim: Option<B256>) -> Vec<(String, Json)> {
    let Ok(Value::Object(fields)) = json::parse_text(&opening.body) else {
        return Vec::new();
    };
    let secrets = Secrets {
        code: code::canonical(code).unwrap_or_default(),
        claim: claim.map(|claim| format!("{claim:x}")),
    };
    let field = |(name, value): (String, Value)| {
        let value = if name == "buyerSecret" {
            HIDDEN.into()
        } else {
            secrets.leave_out(value)
        };
        (secrets.leave_out_of(name), value)
    };
    fields.into_iter().map(field).collect()
}

/// Formats the fields as one line.
pub(crate) fn line(fields: &[(String, Json)]) -> String {
    let field = |(name, value): &(String, Json)| match value {
        Json::String(text) => format!("{name} {}", shortened(text)),
        other => format!("{name} {other}"),
    };
    fields.iter().map(field).collect::<Vec<_>>().join(" · ")
}

/// Shortens a hash to its first and last digits.
fn shortened(text: &str) -> String {
    match (
        json::hex_bytes::<32>(text),
        text.get(..10),
        text.get(text.len().saturating_sub(8)..),
    ) {
        (Some(_), Some(first), Some(last)) => format!("{first}…{last}"),
        _ => text.to_owned(),
    }
}

struct Secrets {
    code: String,
    claim: Option<String>,
}

impl Secrets {
    fn leave_out(&self, value: Value) -> Json {
        match value {
            Value::Null => Json::Null,
            Value::Bool(value) => value.into(),
            Value::Number(number) if self.is_in(&number.to_string()) => HIDDEN.into(),
            Value::Number(number) => number.into(),
            Value::Text(text) => self.leave_out_of(text).into(),
            Value::Array(items) => items.into_iter().map(|item| self.leave_out(item)).collect(),
            Value::Object(fields) => Json::Object(
                fields
                    .into_iter()
                    .map(|(name, value)| (self.leave_out_of(name), self.leave_out(value)))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    fn is_in(&self, text: &str) -> bool {
        // Character by character, since the text around a code may have characters that no code has.
        let canonical: String = text
            .chars()
            .filter_map(|c| code::canonical(c.encode_utf8(&mut [0; 4])).ok())
            .collect();
        (!self.code.is_empty() && canonical.contains(&self.code))
            || self.claim.as_deref().is_some_and(|claim| canonical.contains(claim))
    }

    fn leave_out_of(&self, text: String) -> String {
        if self.is_in(&text) { HIDDEN.to_owned() } else { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_code_nor_secret_is_shown() {
        let claim = B256::repeat_byte(0xab);
        let body = format!(
            r#"{{"order":"O-7","note":["your key: abcd EFGH"],"buyerSecret":"0x00","echo":{{"s":"{claim}"}},"n":3,"ok":true,"none":null}}"#
        );
        let opening = Opening { salt: B256::ZERO, body };
        let shown = line(&fields(&opening, "ABCD-EFGH", Some(claim)));
        assert_eq!(
            shown,
            r#"order O-7 · note ["(hidden)"] · buyerSecret (hidden) · echo {"s":"(hidden)"} · n 3 · ok true · none null"#
        );
    }

    #[test]
    fn no_other_spelling_is_shown_either() {
        let claim = B256::repeat_byte(0xab);
        let shown = |code: &str, body: &str| {
            let opening = Opening {
                salt: B256::ZERO,
                body: body.to_owned(),
            };
            line(&fields(&opening, code, Some(claim)))
        };
        assert_eq!(shown("1234-5678", r#"{"n":12345678,"m":1234}"#), "n (hidden) · m 1234");
        assert_eq!(
            shown("ABCD-EFGH", r#"{"abcdefgh":1,"o":{"ABCD EFGH":2}}"#),
            r#"(hidden) 1 · o {"(hidden)":2}"#
        );
        assert_eq!(
            shown(
                "ABCD-EFGH",
                r#"{"a":"卡密：ＡＢＣＤ－ｅｆｇｈ。","b":"abcd\u200befgh","c":"商品"}"#
            ),
            "a (hidden) · b (hidden) · c 商品"
        );
        let hex = "AB".repeat(32);
        assert_eq!(shown("ABCD-EFGH", &format!(r#"{{"s":"{hex}"}}"#)), "s (hidden)");
    }
}
