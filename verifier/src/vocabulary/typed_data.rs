//! Protocol §4: what a merchant's receipt key signs, as EIP-712 typed data.
//!
//! A digest is `keccak256(0x19 ‖ 0x01 ‖ domain separator ‖ struct hash)`. The domain holds the chain's id and the
//! registry's address, so that a signature made for one deployment means nothing in another.
//!
//! To add a type: its EIP-712 string as a constant, a function that gives its digest, and its value in the vectors.

use alloy_primitives::{Address, B256, keccak256};
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use crate::chain::Identity;

/// Bytes of a signature: `r(32) ‖ s(32) ‖ v(1)`.
pub const SIGNATURE_BYTES: usize = 65;

const DOMAIN_TYPE: &str = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const DOMAIN_NAME: &str = "Shelfproof";
const DOMAIN_VERSION: &str = "1";

const RECEIPT_TYPE: &str = "Receipt(bytes32 merchantId,bytes32 root,uint64 anchorBy)";

/// The digest of a receipt: the merchant promises that every event below `root`, an events-tree root, is in a final
/// epoch by `anchor_by_s`, Unix seconds.
#[must_use]
pub fn receipt_digest(identity: &Identity, root: &B256, anchor_by_s: u64) -> B256 {
    let receipt = struct_hash(RECEIPT_TYPE, &[identity.merchant_id, *root, uint(anchor_by_s)]);
    let domain = domain_separator(identity);
    keccak256([&[0x19, 0x01], domain.as_slice(), receipt.as_slice()].concat())
}

/// The address that signed `digest`; `None` if `v` is not 27 or 28, `s` is in the upper half of the curve's order, or
/// no key gives this signature.
#[must_use]
pub fn recover(digest: &B256, signature: &[u8; SIGNATURE_BYTES]) -> Option<Address> {
    let (rs, v) = signature.split_at(64);
    let recovery = RecoveryId::from_byte(v[0].checked_sub(27)?).filter(|id| !id.is_x_reduced())?;
    let parsed = Signature::from_slice(rs).ok()?;
    if parsed.normalize_s().is_some() {
        return None;
    }
    let key = VerifyingKey::recover_from_prehash(digest.as_slice(), &parsed, recovery).ok()?;
    Some(Address::from_raw_public_key(
        key.to_encoded_point(false).as_bytes().get(1..)?,
    ))
}

fn domain_separator(identity: &Identity) -> B256 {
    struct_hash(
        DOMAIN_TYPE,
        &[
            keccak256(DOMAIN_NAME),
            keccak256(DOMAIN_VERSION),
            uint(identity.chain_id),
            identity.registry.into_word(),
        ],
    )
}

/// `keccak256(keccak256(type) ‖ fields)`; a string is given by its hash, any other field as its 32-byte word.
fn struct_hash(type_string: &str, fields: &[B256]) -> B256 {
    let mut words = vec![keccak256(type_string)];
    words.extend_from_slice(fields);
    keccak256(words.concat())
}

fn uint(number: u64) -> B256 {
    B256::left_padding_from(&number.to_be_bytes())
}
