//! Which release of the registry stands at its address, by its code.
//!
//! Of a release it is known that it keeps one hash for each epoch for ever. A contract of other code, or a proxy, which
//! can be given other code, may answer as a release does today and otherwise tomorrow or to somebody else.

use std::sync::LazyLock;

use alloy::providers::Provider;
use alloy_primitives::{B256, keccak256};
use serde::Deserialize;

use super::{RpcError, RpcSource};

/// The list that the contracts' build wrote. A test proves that it parses.
static RELEASES: LazyLock<Vec<Release>> =
    LazyLock::new(|| serde_json::from_str(shelfproof_contracts::RELEASES).unwrap_or_default());

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Release {
    #[serde(rename = "release")]
    name: &'static str,
    /// The keccak-256 of the code with zeros in the place of the immutables.
    code_hash: B256,
    code_bytes: usize,
    /// Where the constructor writes.
    immutables: Vec<Part>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    start: usize,
    length: usize,
}

impl RpcSource {
    /// The release whose code stands at the registry's address in the newest block. The code of a release never
    /// changes, and so nodes without old state can answer too.
    ///
    /// # Errors
    /// [`RpcError::NoContract`] if the address is empty, [`RpcError::RegistryUnknown`] if its code is of no release.
    pub async fn release(&self) -> Result<&'static str, RpcError> {
        let code = self.provider.get_code_at(self.identity.registry).await;
        let code = code.map_err(|error| RpcError::call("eth_getCode", error))?;
        if code.is_empty() {
            return Err(RpcError::NoContract);
        }
        release_of(&code).ok_or_else(|| RpcError::RegistryUnknown {
            bytes: code.len(),
            hash: keccak256(&code),
        })
    }
}

fn release_of(code: &[u8]) -> Option<&'static str> {
    let is_of = |release: &&Release| {
        code.len() == release.code_bytes && masked(code, &release.immutables).map(keccak256) == Some(release.code_hash)
    };
    RELEASES.iter().find(is_of).map(|release| release.name)
}

/// The code with zeros in these parts; `None` if a part lies outside of it.
fn masked(code: &[u8], parts: &[Part]) -> Option<Vec<u8>> {
    let mut code = code.to_vec();
    for part in parts {
        let end = part.start.checked_add(part.length)?;
        code.get_mut(part.start..end)?.fill(0);
    }
    Some(code)
}

#[cfg(test)]
mod tests {
    use shelfproof_contracts::ShelfproofRegistry::BYTECODE;

    use super::*;

    /// The code that a deployment of the committed bytecode leaves, before the constructor writes into it: its end.
    fn committed() -> Vec<u8> {
        BYTECODE[BYTECODE.len() - RELEASES[0].code_bytes..].to_vec()
    }

    #[test]
    fn the_newest_release_is_the_committed_bytecode() {
        assert_eq!(release_of(&committed()), Some(RELEASES[0].name));
        let mut names: Vec<&str> = RELEASES.iter().map(|release| release.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RELEASES.len(), "a release is listed twice");
    }

    #[test]
    fn only_what_the_constructor_writes_may_differ() {
        let code = committed();
        let immutable = |at: usize| {
            let holds = |part: &Part| (part.start..part.start + part.length).contains(&at);
            RELEASES[0].immutables.iter().any(holds)
        };
        for at in 0..code.len() {
            let mut other = code.clone();
            other[at] ^= 0x01;
            assert_eq!(release_of(&other).is_some(), immutable(at), "byte {at}");
        }
        assert_eq!(release_of(&code[1..]), None);
        assert_eq!(release_of(&[code.as_slice(), &[0]].concat()), None);
        assert_eq!(release_of(&[]), None);
    }
}
