//! Secrets among the settings: kept out of every Debug, error and print.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serializer};
use zeroize::Zeroizing;

use super::Check;
use crate::web::parse_url;

/// The longest secret that a file may hold.
const SECRET_MAX_BYTES: usize = 4_096;

/// What stands in a secret's place.
const HIDDEN: &str = "***";

/// Reads a file that holds one secret, without the line's end; `-` is standard input.
///
/// # Errors
/// Where it cannot be read, is empty, is not UTF-8 or longer than a secret.
pub fn read_secret(path: &Path) -> io::Result<SecretString> {
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path)?)
    };
    // The whole length at once: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(SECRET_MAX_BYTES + 1));
    let length = source.take(SECRET_MAX_BYTES as u64 + 1).read_to_string(&mut text)?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(io::Error::other("the file is empty"));
    }
    if length > SECRET_MAX_BYTES {
        return Err(io::Error::other(format!("more than {SECRET_MAX_BYTES} bytes")));
    }
    Ok(SecretString::from(secret))
}

/// The address without its password.
fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return HIDDEN.to_owned();
    };
    let (rest, options) = match rest.split_once('?') {
        // It ends a password that nobody escaped, or stands in an option's: nobody can tell which part is secret.
        Some((_, options)) if options.contains('@') => return format!("{scheme}://{HIDDEN}"),
        Some((rest, options)) => (rest, format!("?{}", redacted_options(options))),
        None => (rest, String::new()),
    };
    // A password may hold an @ or a /, unescaped where somebody forgot to: the last @ is the one that counts.
    let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    let place = format!("{place}{options}");
    match user.split_once(':') {
        Some((name, _)) => format!("{scheme}://{name}:{HIDDEN}@{place}"),
        None if user.is_empty() => format!("{scheme}://{place}"),
        None => format!("{scheme}://{user}@{place}"),
    }
}

fn redacted_options(options: &str) -> String {
    let hide = |option: &str| match option.split_once('=') {
        Some((name, _)) if name.contains("pass") => format!("{name}={HIDDEN}"),
        _ => option.to_owned(),
    };
    options.split('&').map(hide).collect::<Vec<_>>().join("&")
}

/// The secret in the file at `path`, which `field` names and which must hold to `rule`.
///
/// # Errors
/// The field, with what is wrong; never the secret.
pub fn secret_in_file(
    field: &'static str,
    path: &Path,
    rule: fn(&SecretString) -> Option<String>,
) -> Result<SecretString, Check> {
    let refused = match read_secret(path) {
        Ok(secret) => match rule(&secret) {
            None => return Ok(secret),
            Some(rule) => format!("names a file whose content {rule}"),
        },
        Err(cause) => format!("names {}, which cannot be read: {cause}", path.display()),
    };
    Err((field, refused))
}

/// Deserializes a secret.
///
/// # Errors
/// Where it is no text.
pub fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// Deserializes a secret that need not be set.
///
/// # Errors
/// Where it is no text.
pub fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    secret(deserializer).map(Some)
}

/// Serializes a database's address without its password.
///
/// # Errors
/// The serializer's.
pub fn serialize_url<S: Serializer>(url: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&redacted(url.expose_secret()))
}

/// Serializes a web address as its scheme, host and port: a key may be in its path, its query or before the host.
///
/// # Errors
/// The serializer's.
pub fn serialize_origin<S: Serializer>(address: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    let url = parse_url(address.expose_secret());
    serializer.serialize_str(&url.map_or_else(|_| String::new(), |url| url.origin().ascii_serialization()))
}

/// Like [`serialize_origin`], for an address that need not be set.
///
/// # Errors
/// The serializer's.
#[allow(clippy::ref_option, reason = "serde hands over the field as it is")]
pub fn serialize_optional_origin<S: Serializer>(
    address: &Option<SecretString>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match address {
        Some(address) => serialize_origin(address, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hidden_wherever_it_stands() {
        let cases = [
            (
                "postgres://shop:geheim@db:5432/shop",
                "postgres://shop:***@db:5432/shop",
            ),
            ("postgres://shop:ge@h/eim@db/shop", "postgres://shop:***@db/shop"),
            ("postgres://shop:ge@h/ei?m@db/shop", "postgres://***"),
            ("postgres://shop:geheim@db/shop?password=a@b", "postgres://***"),
            ("postgres://db/shop?password=a@b&sslmode=require", "postgres://***"),
            ("postgres://shop@%2Frun/shop", "postgres://shop@%2Frun/shop"),
            ("postgres://db/shop", "postgres://db/shop"),
            (
                "postgres://db/shop?password=geheim&sslmode=require",
                "postgres://db/shop?password=***&sslmode=require",
            ),
            ("geheim", "***"),
        ];
        for (url, shown) in cases {
            assert_eq!(redacted(url), shown);
        }
    }

    #[test]
    fn a_secret_file_is_read_without_its_line_s_end_and_within_bounds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "two words \r\n").unwrap();
        assert_eq!(read_secret(&path).unwrap().expose_secret(), "two words ");
        std::fs::write(&path, "\n").unwrap();
        assert!(read_secret(&path).unwrap_err().to_string().contains("empty"));
        std::fs::write(&path, "x".repeat(4_097)).unwrap();
        assert!(read_secret(&path).unwrap_err().to_string().contains("4096"));
    }
}
