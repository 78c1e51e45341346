//! Rules that the settings of several gateways share.

use secrecy::{ExposeSecret, SecretString};
use serde::Serializer;
use shelfproof_base::client::HttpError;
use shelfproof_base::config::Check;
use shelfproof_base::web::{is_this_machine, parse_url};

/// The fewest characters of a secret.
const SECRET_CHARS_MIN: usize = 8;

/// Secrets that examples and installers contain, in small letters.
const PLACEHOLDERS: [&str; 12] = [
    "12345678",
    "123456789",
    "1234567890",
    "abcdefgh",
    "changeit",
    "changeme",
    "epusdt_password",
    "password",
    "secretkey",
    "your-key",
    "your_key",
    "yoursecret",
];

/// Why an account cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A field of the settings, and the rule that it breaks.
    #[error("{0} {1}")]
    Rule(&'static str, String),
    #[error(transparent)]
    Http(#[from] HttpError),
}

/// Checks the address of a gateway.
#[must_use]
pub fn address(field: &'static str, text: &str) -> Option<Check> {
    let refuse = |rule: &str| Some((field, rule.to_owned()));
    let Ok(url) = parse_url(text) else {
        return refuse("must be an https address");
    };
    if url.scheme() != "https" && !is_this_machine(&url) {
        return refuse("must be an https address: plain http is for a gateway on this machine only");
    }
    let has_user = !url.username().is_empty() || url.password().is_some();
    if has_user || url.query().is_some() || url.fragment().is_some() {
        return refuse("must have no user, query or fragment");
    }
    None
}

/// Checks a secret that the gateway gave out. `account` is the account's own public name, which is no secret.
#[must_use]
pub fn secret(field: &'static str, secret: &SecretString, account: &str) -> Option<Check> {
    let text = secret.expose_secret();
    let first = text.chars().next();
    let rule = if text.is_empty() {
        "must not be empty"
    } else if text == account {
        "must be the account's secret, not its name"
    } else if text.trim() != text {
        "must not begin or end with a blank"
    } else if text.chars().count() < SECRET_CHARS_MIN {
        "must have 8 characters or more"
    } else if PLACEHOLDERS.contains(&text.to_ascii_lowercase().as_str()) || text.chars().all(|c| Some(c) == first) {
        "must be the account's own secret, not a placeholder"
    } else {
        return None;
    };
    Some((field, rule.to_owned()))
}

/// Serializes a secret as stars, for the description of the settings.
///
/// # Errors
/// The serializer's.
pub fn hide<S: Serializer>(_: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("***")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_this_machine_s() {
        for good in [
            "https://pay.example/",
            "https://pay.example/epay",
            "http://127.0.0.1:8081",
            "http://localhost/x/",
        ] {
            assert_eq!(address("url", good), None, "{good}");
        }
        for (bad, word) in [
            ("pay.example", "https"),
            ("", "https"),
            ("ftp://pay.example/", "https"),
            ("http://pay.example/", "plain http"),
            ("http://10.0.0.1/", "plain http"),
            ("https://me:geheim@pay.example/", "no user"),
            ("https://pay.example/?key=geheim", "no user"),
            ("https://pay.example/#top", "no user"),
        ] {
            let (field, rule) = address("url", bad).unwrap();
            assert!(field == "url" && rule.contains(word), "{bad}: {rule}");
            assert!(!rule.contains("geheim"), "{rule}");
        }
    }

    #[test]
    fn a_secret_is_one() {
        let check = |text: &str| secret("key", &SecretString::from(text), "12345671001").map(|(_, rule)| rule);
        assert_eq!(check("wq8xkUwz"), None);
        for (bad, word) in [
            ("", "empty"),
            ("123456", "8 characters"),
            ("short77", "8 characters"),
            ("changeme", "placeholder"),
            ("ChangeMe", "placeholder"),
            ("1234567890", "placeholder"),
            ("xxxxxxxxxxxxxxxx", "placeholder"),
            ("12345671001", "not its name"),
            (" wq8xkUwz", "blank"),
            ("wq8xkUwz\n", "blank"),
        ] {
            let rule = check(bad).unwrap();
            assert!(rule.contains(word), "{bad:?}: {rule}");
            assert!(bad.is_empty() || !rule.contains(bad), "{rule}");
        }
    }
}
