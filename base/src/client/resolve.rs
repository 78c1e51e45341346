//! A resolver that returns public addresses only. The client connects to what it returns, so that a name cannot be
//! checked with one address and connected to with another.

use std::env;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;
use tokio::time::timeout;
use url::{Host, Url};

use super::CONNECT_TIMEOUT;
use super::error::PrivateNetwork;
use super::reach::is_public;
use crate::web::parse_url;

/// The variables that name a proxy, in lower case; reqwest reads them in upper case too.
const PROXY_VARIABLES: [&str; 3] = ["http_proxy", "https_proxy", "all_proxy"];

/// The hosts of the proxies that the environment names. The operator set them, so they may be private.
///
/// A proxy resolves the names of requests itself. What this machine finds for a name is only a hint then: a name that
/// leads into a private network here is refused, but one that is unknown here, or that the proxy finds somewhere else,
/// is left to the proxy's own rules.
#[derive(Clone, Debug)]
pub(super) struct Proxies(pub(super) Arc<[String]>);

impl Proxies {
    pub(super) fn from_environment() -> Self {
        let value = |name: &str| env::var(name).or_else(|_| env::var(name.to_uppercase())).ok();
        let set = PROXY_VARIABLES
            .into_iter()
            .filter_map(value)
            .filter(|value| !value.is_empty());
        Self(set.map(|value| host(&value)).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a proxy may connect to a private address for the name in `url`: true if any of the name's addresses is
    /// private, because the proxy chooses among them. Without a proxy the answer is no.
    pub(super) async fn may_reach_private(&self, url: &Url) -> bool {
        let Some(Host::Domain(name)) = url.host().filter(|_| !self.is_empty()) else {
            return false;
        };
        match timeout(CONNECT_TIMEOUT, lookup_host((name, 0))).await {
            Ok(Ok(mut found)) => found.any(|address| !is_public(address.ip())),
            Ok(Err(_)) | Err(_) => false,
        }
    }
}

/// The host in a proxy's address, which may lack a scheme.
fn host(value: &str) -> String {
    let url = parse_url(value).or_else(|_| parse_url(&format!("http://{value}")));
    url.ok()
        .and_then(|url| url.host_str().map(ToOwned::to_owned))
        .unwrap_or_default()
}

pub(super) struct PublicOnly {
    proxies: Proxies,
}

impl PublicOnly {
    pub(super) const fn new(proxies: Proxies) -> Self {
        Self { proxies }
    }
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let is_proxy = self.proxies.0.iter().any(|host| host == name.as_str());
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            let allowed = if is_proxy { found.collect() } else { public(found)? };
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Keeps the public addresses.
fn public(found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, PrivateNetwork> {
    let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
    if public.is_empty() {
        Err(PrivateNetwork)
    } else {
        Ok(public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_name_s_addresses_only_the_public_ones_are_left() {
        let addresses = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| text.parse().unwrap())
                .collect::<Vec<SocketAddr>>()
        };
        let found = addresses(&["127.0.0.1:0", "1.1.1.1:0", "[fd00::1]:0"]);
        assert_eq!(public(found.into_iter()).unwrap(), addresses(&["1.1.1.1:0"]));
        assert!(public(addresses(&["10.0.0.1:0", "[::1]:0"]).into_iter()).is_err());
    }

    #[test]
    fn a_proxy_s_host_is_read_with_or_without_a_scheme() {
        for value in [
            "http://user:pass@Proxy.Corp:3128/",
            "proxy.corp:3128",
            "https://proxy.corp",
        ] {
            assert_eq!(host(value), "proxy.corp", "{value}");
        }
    }
}
