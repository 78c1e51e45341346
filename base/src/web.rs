//! Http and https addresses.

use url::Host;
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

/// Whether the host of `url` is this machine, by its address or by the name that every machine gives itself.
#[must_use]
pub fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether an answer is a page for people, such as a network's sign-in page, and no file of a program: its first
/// visible character is `<`.
#[must_use]
pub fn is_page(answer: &[u8]) -> bool {
    let text = answer.strip_prefix(b"\xef\xbb\xbf").unwrap_or(answer);
    text.trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        let is_here = |text: &str| is_this_machine(&parse_url(text).unwrap());
        for here in [
            "http://localhost:1",
            "http://127.1.2.3/",
            "http://[::1]/",
            "http://0x7f000001/",
        ] {
            assert!(is_here(here), "{here}");
        }
        for other in ["http://localhost.example", "http://10.0.0.1/", "http://0.0.0.0/"] {
            assert!(!is_here(other), "{other}");
        }
    }

    #[test]
    fn a_page_is_told_from_a_file() {
        for page in ["<!DOCTYPE html>", "\r\n <html>", "\u{feff}<?xml", "<"] {
            assert!(is_page(page.as_bytes()), "{page:?}");
        }
        for file in ["", "{}", " []", "\u{1}<html>", "a<b"] {
            assert!(!is_page(file.as_bytes()), "{file:?}");
        }
    }
}
