//! The RSA keys of version 2, as merchants are given them: base64 without a heading.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// The object identifier of RSA keys, 1.2.840.113549.1.1.1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// The tags of DER that a public key consists of.
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// The fewest and the most bytes of a modulus.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// The key that signs. Its `Debug` shows the public part.
#[derive(Debug)]
pub struct PrivateKey(RsaKeyPair);

/// The key that verifies, as PKCS#1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PrivateKey {
    /// What a text must be.
    pub const RULE: &str = "must be the merchant's RSA private key of 2048 bits or more, in base64";

    /// Reads PKCS#8, or PKCS#1 as older tools write it, in base64, with the lines of a PEM file or without.
    #[must_use]
    pub fn parse(text: &SecretString) -> Option<Self> {
        let der = Zeroizing::new(decode(text.expose_secret())?);
        RsaKeyPair::from_pkcs8(&der)
            .or_else(|_| RsaKeyPair::from_der(&der))
            .ok()
            .map(Self)
    }

    /// The signature in base64. `None` where this machine has no random numbers.
    #[must_use]
    pub fn sign(&self, text: &str) -> Option<String> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let signed = self
            .0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
        signed.ok().map(|()| STANDARD.encode(signature))
    }
}

impl PublicKey {
    /// What a text must be.
    pub const RULE: &str = "must be the gateway's RSA public key of 2048 bits or more, in base64";

    /// Reads a public key (SPKI) in base64, with the lines of a PEM file or without.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        pkcs1(&decode(text)?).map(|key| Self(key.to_owned()))
    }

    /// Whether `signature`, in base64, is of `text`.
    #[must_use]
    pub fn verifies(&self, text: &str, signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0);
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| key.verify(text.as_bytes(), &signature).is_ok())
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let lines = text.lines().filter(|line| !line.starts_with("-----"));
    let bare = Zeroizing::new(lines.flat_map(str::split_whitespace).collect::<String>());
    STANDARD.decode(bare.as_bytes()).ok()
}

/// The key within a public key that says which kind it is.
fn pkcs1(spki: &[u8]) -> Option<&[u8]> {
    let (whole, []) = element(spki, SEQUENCE)? else {
        return None;
    };
    let (kind, rest) = element(whole, SEQUENCE)?;
    let (kind, _) = element(kind, OBJECT)?;
    let (bits, []) = element(rest, BIT_STRING)? else {
        return None;
    };
    let (0, key) = bits.split_first()? else {
        return None;
    };
    let (numbers, []) = element(key, SEQUENCE)? else {
        return None;
    };
    let (modulus, rest) = element(numbers, INTEGER)?;
    let (_, []) = element(rest, INTEGER)? else {
        return None;
    };
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    (kind == RSA && MODULUS_BYTES.contains(&modulus.len())).then_some(key)
}

/// The content of the DER element at the start of `input`, if it has that tag, and what follows the element.
fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = input.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => rest
            .split_first_chunk()
            .map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?,
        _ => return None,
    };
    rest.split_at_checked(length).filter(|_| found == tag)
}

#[cfg(test)]
mod tests;
