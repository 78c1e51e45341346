//! The digests that gateways sign with, in lower-case hex.

use alloy_primitives::hex;
use hmac::{Hmac, Mac};
use md5::Md5;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// MD5 of a text with the secret behind it.
pub(super) fn md5(text: &str, secret: &SecretString) -> String {
    use md5::Digest;
    hex::encode(
        Md5::new()
            .chain_update(text)
            .chain_update(secret.expose_secret())
            .finalize(),
    )
}

/// HMAC-SHA256 of the parts, one behind the other.
pub(super) fn hmac_sha256(parts: &[&[u8]], secret: &SecretString) -> String {
    let key = secret.expose_secret().as_bytes();
    let mut mac: Hmac<Sha256> = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

/// Whether a signature is the expected one, in a time that does not depend on where they differ.
pub(super) fn is(expected: &str, signature: &str) -> bool {
    expected.as_bytes().ct_eq(signature.as_bytes()).into()
}
