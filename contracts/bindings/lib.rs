//! The registry contract as Rust sees it: calls, events, errors and creation bytecode, made by
//! [`alloy_sol_types::sol!`] from `abi/ShelfproofRegistry.json`. That file is committed, and the contracts' tests prove
//! that it is what `src/` compiles to: no Solidity compiler is needed to build this crate.
//!
//! Without features there are only the types and their ABI encoding. The feature `rpc` adds what an alloy provider
//! calls and deploys: `ShelfproofRegistry::new(address, provider)` and `ShelfproofRegistry::deploy(provider,
//! disputes)`.

#![deny(missing_docs)]

pub use generated::ShelfproofRegistry;

/// The registry's releases, by the code that stands on the chain: the file `abi/releases.json`, whose fields
/// `contracts/tools/artifacts` describes.
pub const RELEASES: &str = include_str!("../abi/releases.json");

// Generated names and shapes are the ABI's and the macro's; the documentation is in `src/IShelfproofRegistry.sol`.
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
mod generated {
    use alloy_sol_types::sol;

    #[cfg(not(feature = "rpc"))]
    sol!(
        #[sol(all_derives)]
        ShelfproofRegistry,
        "abi/ShelfproofRegistry.json"
    );

    #[cfg(feature = "rpc")]
    sol!(
        #![sol(alloy_contract = ::alloy::contract)]
        #[sol(all_derives, rpc)]
        ShelfproofRegistry,
        "abi/ShelfproofRegistry.json"
    );
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, B256, keccak256};
    use alloy_sol_types::{SolCall, SolError, SolEvent, SolInterface};

    use super::ShelfproofRegistry as registry;

    /// The signatures of protocol section 7, written out by hand.
    #[test]
    fn signatures_are_those_of_the_protocol() {
        let expected: [(&str, [u8; 4]); 15] = [
            (
                "register(bytes32,bytes32,address,address,string)",
                registry::registerCall::SELECTOR,
            ),
            (
                "anchor(bytes32,uint64,bytes32,bytes32,bytes32,uint64,bytes32)",
                registry::anchorCall::SELECTOR,
            ),
            ("epoch(bytes32,uint64)", registry::epochCall::SELECTOR),
            ("latestEpoch(bytes32)", registry::latestEpochCall::SELECTOR),
            ("vrfPublicKey(bytes32)", registry::vrfPublicKeyCall::SELECTOR),
            ("receiptSigner(bytes32,address)", registry::receiptSignerCall::SELECTOR),
            ("setAnchorer(bytes32,address)", registry::setAnchorerCall::SELECTOR),
            ("setDataUri(bytes32,string)", registry::setDataUriCall::SELECTOR),
            (
                "addReceiptSigner(bytes32,address)",
                registry::addReceiptSignerCall::SELECTOR,
            ),
            (
                "endReceiptSigner(bytes32,address,uint64)",
                registry::endReceiptSignerCall::SELECTOR,
            ),
            (
                "attestAudit(bytes32,uint64,bytes32)",
                registry::attestAuditCall::SELECTOR,
            ),
            ("audited(bytes32,address)", registry::auditedCall::SELECTOR),
            (
                "offerOwnership(bytes32,address)",
                registry::offerOwnershipCall::SELECTOR,
            ),
            ("acceptOwnership(bytes32)", registry::acceptOwnershipCall::SELECTOR),
            ("retire(bytes32,bytes32)", registry::retireCall::SELECTOR),
        ];
        for (signature, selector) in expected {
            assert_eq!(selector, keccak256(signature)[..4], "{signature}");
        }
    }

    #[test]
    fn topics_are_those_of_the_protocol() {
        assert_eq!(
            registry::EpochAnchored::SIGNATURE_HASH,
            keccak256("EpochAnchored(bytes32,uint64,bytes32,bytes32,bytes32,uint64,bytes32,bytes32)")
        );
        assert_eq!(
            registry::MerchantRegistered::SIGNATURE_HASH,
            keccak256("MerchantRegistered(bytes32,address,bytes32,string)")
        );
        assert_eq!(
            registry::AuditAttested::SIGNATURE_HASH,
            keccak256("AuditAttested(bytes32,address,uint64,bytes32)")
        );
    }

    /// An anchored epoch as a log carries it: the merchant and the number as topics, the rest as six words.
    #[test]
    fn a_log_of_words_is_read_as_an_anchored_epoch() {
        let word = |byte: u8| B256::repeat_byte(byte);
        let count = B256::left_padding_from(&[9]);
        let topics = [
            registry::EpochAnchored::SIGNATURE_HASH,
            word(1),
            B256::left_padding_from(&[2]),
        ];
        let data: Vec<u8> = [word(3), word(4), word(5), count, word(6), word(7)].concat();

        let event = registry::EpochAnchored::decode_raw_log(topics, &data).expect("a well-formed log");
        assert_eq!((event.merchantId, event.number, event.eventCount), (word(1), 2, 9));
        assert_eq!(
            (event.parent, event.eventsRoot, event.historyRoot),
            (word(3), word(4), word(5))
        );
        assert_eq!((event.dataHash, event.epochHash), (word(6), word(7)));
        assert!(registry::EpochAnchored::decode_raw_log(topics, &data[32..]).is_err());
    }

    #[test]
    fn a_call_survives_its_encoding() {
        let call = registry::anchorCall {
            merchantId: B256::repeat_byte(1),
            number: u64::MAX,
            parent: B256::repeat_byte(2),
            eventsRoot: B256::repeat_byte(3),
            historyRoot: B256::repeat_byte(4),
            eventCount: 1 << 20,
            dataHash: B256::repeat_byte(5),
        };
        let bytes = call.abi_encode();
        assert_eq!(bytes.len(), 4 + 7 * 32);
        let decoded = registry::ShelfproofRegistryCalls::abi_decode(&bytes).expect("a known call");
        assert_eq!(decoded, registry::ShelfproofRegistryCalls::anchor(call));
    }

    #[test]
    fn a_revert_is_read_as_its_error() {
        let bytes = registry::WrongNumber { given: 3, next: 2 }.abi_encode();
        let error = registry::ShelfproofRegistryErrors::abi_decode(&bytes).expect("a known error");
        assert_eq!(
            error,
            registry::ShelfproofRegistryErrors::WrongNumber(registry::WrongNumber { given: 3, next: 2 })
        );
    }

    /// A deployment is the bytecode and the constructor's argument; both are there.
    #[test]
    fn the_bytecode_deploys() {
        let argument = registry::constructorCall {
            disputes: Address::repeat_byte(7),
        };
        assert_eq!(alloy_sol_types::SolConstructor::abi_encode(&argument).len(), 32);
        // The first step of every contract that solc writes: set up the free memory pointer.
        assert!(registry::BYTECODE.len() > 1_000);
        assert_eq!(registry::BYTECODE[0], 0x60);
    }
}
