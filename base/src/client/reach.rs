//! Which addresses a client may connect to, and how a redirect narrows that.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::net::lookup_host;
use tokio::time::timeout;
use url::{Host, Url};

use super::{CONNECT_TIMEOUT, HttpError};
use crate::web::parse_url;

/// Which addresses a client may connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every address: for what an operator or a user typed.
    Any,
    /// Public addresses only, not those of this machine or its networks: for what a third party wrote.
    Public,
}

impl Reach {
    /// Returns the reach for an address that a third party wrote, and that was read through `typed`, which a user
    /// typed. It is [`Any`](Self::Any) if `typed` itself leads into a private network: then everything may run on one
    /// machine.
    pub async fn of_third_party(typed: &Url) -> Self {
        let is_private = match typed.host() {
            Some(Host::Domain(name)) => resolves_to_private(name).await,
            _ => literal(typed).is_some_and(|address| !is_public(address)),
        };
        if is_private { Self::Any } else { Self::Public }
    }

    pub(super) fn allows(self, address: IpAddr) -> bool {
        self == Self::Any || is_public(address)
    }
}

async fn resolves_to_private(name: &str) -> bool {
    let Ok(Ok(addresses)) = timeout(CONNECT_TIMEOUT, lookup_host((name, 0))).await else {
        return false;
    };
    let mut addresses = addresses.peekable();
    addresses.peek().is_some() && addresses.all(|address| !is_public(address.ip()))
}

/// The origin of a redirect.
pub(super) struct Hop<'a> {
    pub(super) from: &'a Url,
    /// The address that answered with the redirect, if it is known.
    pub(super) peer: Option<IpAddr>,
    /// The reach of the request that was redirected.
    pub(super) reach: Reach,
}

impl Hop<'_> {
    /// Returns the target of the redirect, and the reach of the next request.
    pub(super) fn to(&self, location: &str) -> Result<(Url, Reach), HttpError> {
        let next = self
            .from
            .join(location)
            .ok()
            .filter(|next| parse_url(next.as_str()).is_ok());
        let next = next.ok_or(HttpError::Redirect("it leads to no http or https address"))?;
        if self.from.scheme() == "https" && next.scheme() != "https" {
            return Err(HttpError::Redirect("it leads from https to http"));
        }
        let from_private = self.peer.is_some_and(|peer| !is_public(peer));
        Ok((next, if from_private { self.reach } else { Reach::Public }))
    }
}

/// The host of `url` if it is an IP address. Parsing the URL has normalized spellings such as `127.1` and `0x7f000001`.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    }
}

/// The IPv4 networks that are not public, as address and prefix length, by IANA's registry of special-purpose
/// addresses.
const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local, and the metadata of cloud machines.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The networks within [`GLOBAL_V6`] that are not public. All other IPv6 addresses count as special: loopback,
/// link-local and private addresses are among them.
const SPECIAL_V6: [(Ipv6Addr, u32); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// The only part of IPv6 that is allocated for the public internet.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The IPv6 networks whose addresses contain an IPv4 address (mapped, NAT64, 6to4): the network, its prefix length, and
/// the number of bits after the IPv4 address.
const EMBEDDED_V4: [(Ipv6Addr, u32, u32); 3] = [
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, 0),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, 0),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, 80),
];

/// Whether an address belongs to the public internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_in = |(network, prefix): &(Ipv4Addr, u32)| (address.to_bits() ^ network.to_bits()) >> (32 - prefix) == 0;
    !SPECIAL_V4.iter().any(is_in)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let is_in = |network: Ipv6Addr, prefix: u32| (address.to_bits() ^ network.to_bits()) >> (128 - prefix) == 0;
    for (network, prefix, after) in EMBEDDED_V4 {
        if is_in(network, prefix) {
            let [.., a, b, c, d] = (address.to_bits() >> after).to_be_bytes();
            return is_public_v4(Ipv4Addr::new(a, b, c, d));
        }
    }
    is_in(GLOBAL_V6.0, GLOBAL_V6.1) && !SPECIAL_V6.iter().any(|(network, prefix)| is_in(*network, *prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn private_addresses_are_not_public() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.168.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address(private)), "{private}");
        }
        for public in [
            "1.1.1.1",
            "100.128.0.1",
            "169.253.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "223.255.255.1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::",
            "2606:4700::1111",
        ] {
            assert!(is_public(address(public)), "{public}");
        }
    }

    #[test]
    fn every_spelling_of_an_ip_address_is_one() {
        for spelling in [
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "017700000001",
            "[::1]",
        ] {
            let url = parse_url(&format!("http://{spelling}:8080/")).unwrap();
            assert!(literal(&url).is_some_and(|address| !is_public(address)), "{spelling}");
        }
        assert_eq!(literal(&parse_url("http://localhost/").unwrap()), None);
    }

    #[test]
    fn a_redirect_never_leads_from_a_public_address_to_a_private_one() {
        let from = parse_url("http://shop.example/data/").unwrap();
        let hop = |peer: Option<&str>, reach| Hop {
            from: &from,
            peer: peer.map(address),
            reach,
        };
        let next = |peer, reach| hop(peer, reach).to("../other").unwrap();
        let to = parse_url("http://shop.example/other").unwrap();
        assert_eq!(next(Some("1.1.1.1"), Reach::Any), (to.clone(), Reach::Public));
        assert_eq!(next(Some("10.0.0.1"), Reach::Any), (to.clone(), Reach::Any));
        // An address that a proxy hides counts as public, and nothing widens the reach again.
        assert_eq!(next(None, Reach::Any), (to.clone(), Reach::Public));
        assert_eq!(next(Some("10.0.0.1"), Reach::Public), (to, Reach::Public));
    }

    #[test]
    fn a_redirect_leads_to_the_web_and_never_from_https_to_http() {
        let secure = parse_url("https://shop.example/data").unwrap();
        let plain = parse_url("http://shop.example/data").unwrap();
        let to = |from, location| {
            let (peer, reach) = (None, Reach::Any);
            Hop { from, peer, reach }.to(location).map(|(next, _)| next.to_string())
        };
        assert_eq!(to(&plain, "https://shop.example/").unwrap(), "https://shop.example/");
        assert_eq!(to(&secure, "//other.example").unwrap(), "https://other.example/");
        for (from, location) in [
            (&secure, "http://shop.example/"),
            (&plain, "file:///etc/passwd"),
            (&plain, "http://"),
        ] {
            assert!(matches!(to(from, location), Err(HttpError::Redirect(_))), "{location}");
        }
    }

    #[tokio::test]
    async fn what_is_read_through_a_private_address_may_be_private() {
        for (typed, reach) in [
            ("http://127.0.0.1:8545", Reach::Any),
            ("http://[::1]:8545", Reach::Any),
            ("http://localhost:8545", Reach::Any),
            ("http://1.1.1.1/", Reach::Public),
            ("https://no-such-name.invalid/", Reach::Public),
        ] {
            assert_eq!(
                Reach::of_third_party(&parse_url(typed).unwrap()).await,
                reach,
                "{typed}"
            );
        }
    }
}
