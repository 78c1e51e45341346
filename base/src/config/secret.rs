//! Secrets in the configuration. They appear in no `Debug` output, error or description.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use zeroize::Zeroizing;

use super::Check;
use crate::web::parse_url;

/// The longest secret in a file.
const SECRET_MAX_BYTES: usize = 4_096;

/// What is said of a secret that is no text.
const NO_TEXT: &str = "a secret must be a text; in the environment, one that looks like a number must have double quotes \
                       around it, which in a shell stand within single ones";

/// Printed in place of a secret.
const HIDDEN: &str = "***";

/// Reads a secret from a file, without the newline at its end; `-` is standard input.
///
/// # Errors
/// If the file cannot be read, is empty, is not UTF-8, or is longer than 4096 bytes.
pub fn read_secret(path: &Path) -> io::Result<SecretString> {
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path)?)
    };
    // Allocated at full length: a buffer that grows leaves copies in memory.
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

/// Hides the password in a database's address.
fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return HIDDEN.to_owned();
    };
    let (rest, options) = match rest.split_once('?') {
        // The `?` may belong to an unescaped password, or the `@` to the value of an option: hide everything.
        Some((_, options)) if options.contains('@') => return format!("{scheme}://{HIDDEN}"),
        Some((rest, options)) => (rest, format!("?{}", redacted_options(options))),
        None => (rest, String::new()),
    };
    // An unescaped password may contain `@` and `/`: the last `@` ends it.
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

/// Reads the secret in the file at `path`, which `field` names. `rule` returns what is wrong with a secret.
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

/// Deserializes a secret. What looks like a number in the environment was read as one, which may have another text, so that it
/// is refused.
///
/// # Errors
/// If the value is not a string. The error does not hold the value.
pub fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    let text = String::deserialize(deserializer).map_err(|_| D::Error::custom(NO_TEXT))?;
    Ok(text.into())
}

/// Deserializes a secret that need not be set.
///
/// # Errors
/// If the value is not a string.
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

/// Serializes a web address as scheme, host and port: path, query and user may contain an access key.
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
