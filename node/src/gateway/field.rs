//! What the settings and messages of the gateways with JSON share, beside the [rules](super::rules).

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use secrecy::{ExposeSecret, SecretString};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use shelfproof_base::config::Check;
use shelfproof_base::web::Url;

use crate::domain::money::Currency;

/// The length of a secret that a program has drawn, bytes.
const SECRET_BYTES: RangeInclusive<usize> = 16..=512;

/// How many different characters it has at least.
const SECRET_KINDS: usize = 8;

/// What stands in the place of a secret in examples, also in those of the gateways' own documentation.
const PLACEHOLDERS: [&str; 6] = ["change", "example", "password", "placeholder", "replace", "your"];

/// Checks a secret that the gateway's own program has drawn, so that it is long: no placeholder is.
pub(super) fn drawn_secret(field: &'static str, secret: &SecretString) -> Option<Check> {
    let text = secret.expose_secret();
    let is_written = SECRET_BYTES.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_varied = text.bytes().collect::<BTreeSet<u8>>().len() >= SECRET_KINDS;
    if !is_written || !is_varied {
        let (least, most) = (SECRET_BYTES.start(), SECRET_BYTES.end());
        let rule = format!("must have {least} to {most} letters, digits and signs, {SECRET_KINDS} of them different");
        return Some((field, rule));
    }
    let lower = text.to_ascii_lowercase();
    let is_placeholder = PLACEHOLDERS.iter().any(|word| lower.contains(word));
    is_placeholder.then(|| (field, "must be the account's own secret, not a placeholder".to_owned()))
}

/// Whether a text is 1 to `most` letters, digits, and these signs.
pub(super) fn is_word(text: &str, most: usize, signs: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || signs.contains(c);
    (1..=most).contains(&text.len()) && text.chars().all(fits)
}

/// A gateway's words, cut to what a person reads, on one line.
pub(super) fn words(text: &str) -> String {
    let shown = text.chars().take(300);
    shown.map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The address of a path below a gateway's, which may end with a slash or not.
pub(super) fn below(url: &Url, path: &str) -> Url {
    let mut below = url.clone();
    below.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
    below
}

/// Deserializes a currency.
///
/// # Errors
/// If it is no code of ISO 4217.
pub(super) fn read_currency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
    let code = String::deserialize(deserializer)?;
    Currency::from_code(&code).ok_or_else(|| D::Error::custom("the currency is no code of ISO 4217, such as CNY"))
}

/// Serializes a currency.
///
/// # Errors
/// The serializer's.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over the field as it is")]
pub(super) fn write_currency<S: Serializer>(currency: &Currency, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(currency.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_no_placeholder() {
        let refused = |text: &str| drawn_secret("secret", &SecretString::from(text)).map(|(_, rule)| rule);
        assert_eq!(refused("q7Vd2mXw9KbLr4TzNc8YfGhJ"), None);
        for short in [
            "",
            "123234",
            "abcabcabcabcabcabcabc",
            "with a blank in between",
            "密钥密钥密钥密钥密钥密钥",
        ] {
            assert!(refused(short).unwrap().starts_with("must have 16"), "{short}");
        }
        for placeholder in [
            "epusdt_password_xasddawqe",
            "your_api_token_here",
            "CHANGE-ME-CHANGE-ME-NOW",
        ] {
            assert!(refused(placeholder).unwrap().contains("placeholder"), "{placeholder}");
        }
    }

    #[test]
    fn a_path_is_below_an_address() {
        for base in ["https://pay.example/usdt", "https://pay.example/usdt/"] {
            let url = below(&base.parse().unwrap(), "/api/v1");
            assert_eq!(url.as_str(), "https://pay.example/usdt/api/v1");
        }
    }
}
