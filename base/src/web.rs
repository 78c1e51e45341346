//! Http and https addresses.

pub use url::Url;

/// A text is not an http or https address with a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is no http or https URL")]
pub struct NotWeb;

/// Parses an http or https address with a host.
///
/// # Errors
/// [`NotWeb`].
pub fn parse_url(text: &str) -> Result<Url, NotWeb> {
    let url = Url::parse(text).map_err(|_| NotWeb)?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err(NotWeb)
    }
}

/// Whether `text` is an http or https address with a host.
#[must_use]
pub fn is_web_address(text: &str) -> bool {
    parse_url(text).is_ok()
}
