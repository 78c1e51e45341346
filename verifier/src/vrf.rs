//! Protocol §1: the verifiable random function from a code to its key id, ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381.
//!
//! `akd_core` computes and verifies proofs. This module also refuses what `akd_core` accepts and the protocol does not:
//! an `s` that is not below the group's order, points in a non-canonical encoding, and keys of small order.

use akd_core::ecvrf::{Proof as EcvrfProof, VRFExpandedPrivateKey, VRFPrivateKey, VRFPublicKey};
use alloy_primitives::B256;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use sha2::{Digest, Sha512};

/// Bytes of a proof: `Γ(32) ‖ c(16) ‖ s(32)`.
pub const PROOF_BYTES: usize = 80;

/// The suite's number in RFC 9381, the first byte of every hash input.
const SUITE: u8 = 0x03;

/// A proof that a key id belongs to a code.
pub type Proof = [u8; PROOF_BYTES];

/// A merchant's VRF public key, valid and in canonical encoding.
#[derive(Clone, Debug)]
pub struct PublicKey(VRFPublicKey);

impl PublicKey {
    /// Reads a public key; `None` if the bytes are not a point in canonical encoding, or the point is of small order.
    #[must_use]
    pub fn from_bytes(bytes: &B256) -> Option<Self> {
        canonical_point(bytes.as_slice())?;
        VRFPublicKey::try_from(bytes.as_slice()).ok().map(Self)
    }

    /// The key id (the first 32 bytes of beta) that `proof` proves for `alpha`; `None` if the proof is not valid.
    #[must_use]
    pub fn verify(&self, alpha: &[u8], proof: &Proof) -> Option<B256> {
        let gamma = canonical_point(proof.get(..32)?)?;
        let s: [u8; 32] = proof.get(48..)?.try_into().ok()?;
        if bool::from(Scalar::from_canonical_bytes(s).is_none()) {
            return None;
        }
        let parsed = EcvrfProof::try_from(proof.as_slice()).ok()?;
        self.0.verify(&parsed, alpha).ok()?;
        Some(key_id(&gamma))
    }
}

/// A merchant's VRF secret key, which never changes. It is wiped from memory when dropped; the
/// caller wipes the seed.
pub struct SecretKey {
    expanded: VRFExpandedPrivateKey,
    public: VRFPublicKey,
}

impl SecretKey {
    /// Derives the secret key from a seed, as in RFC 8032.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Option<Self> {
        let key = VRFPrivateKey::try_from(seed.as_slice()).ok()?;
        Some(Self {
            expanded: VRFExpandedPrivateKey::from(&key),
            public: VRFPublicKey::from(&key),
        })
    }

    /// The public key, in the form that the registry stores.
    #[must_use]
    pub fn public_key(&self) -> B256 {
        B256::from(self.public.to_bytes())
    }

    /// The key id for `alpha`, and its proof. Both are deterministic.
    #[must_use]
    pub fn prove(&self, alpha: &[u8]) -> Option<(B256, Proof)> {
        let proof = self.expanded.prove(&self.public, alpha).to_bytes();
        let gamma = CompressedEdwardsY::from_slice(&proof[..32]).ok()?.decompress()?;
        Some((key_id(&gamma), proof))
    }
}

/// RFC 9381 §5.2, proof to hash: the first 32 bytes of beta.
fn key_id(gamma: &EdwardsPoint) -> B256 {
    let beta = Sha512::new()
        .chain_update([SUITE, 0x03])
        .chain_update(gamma.mul_by_cofactor().compress().as_bytes())
        .chain_update([0x00])
        .finalize();
    B256::from_slice(&beta[..32])
}

/// Decodes a point; `None` unless the bytes are its canonical encoding.
fn canonical_point(bytes: &[u8]) -> Option<EdwardsPoint> {
    let encoded = CompressedEdwardsY::from_slice(bytes).ok()?;
    let point = encoded.decompress()?;
    (point.compress() == encoded).then_some(point)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::hex;

    use super::*;

    /// RFC 9381, appendix B.3: secret key, public key, alpha, proof, beta.
    const EXAMPLES: [[&str; 5]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d97\
             27d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805",
            "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff\
             66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed5933bf0864a62558b3ed7f2fea45c92a465\
             301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02",
            "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb\
             5e33821bc613efb94db5e5b54c70a848a0bef4553a41befc57663b56373a5031",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf8096bb474e53895c362d8628ee9f9ea3c0\
             e52c7a5c691b6c18c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e",
            "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c45\
             2118fec1219202a0edcf038bb6373241578be7217ba85a2687f7a0310b2df19f",
        ],
    ];

    #[test]
    fn reproduces_the_rfcs_examples() {
        for example in EXAMPLES {
            let [secret, public, alpha, proof, beta] = example.map(|text| hex::decode(text).unwrap());
            let secret = SecretKey::from_seed(secret.as_slice().try_into().unwrap()).unwrap();
            assert_eq!(secret.public_key().as_slice(), public);
            let (key_id, proven) = secret.prove(&alpha).unwrap();
            assert_eq!(proven.as_slice(), proof);
            assert_eq!(key_id.as_slice(), &beta[..32]);
            let public = PublicKey::from_bytes(&secret.public_key()).unwrap();
            assert_eq!(public.verify(&alpha, &proven), Some(key_id));
        }
    }

    #[test]
    fn refuses_keys_that_are_none() {
        let refused = |first: u8, rest: u8, last: u8| {
            let mut bytes = [rest; 32];
            (bytes[0], bytes[31]) = (first, last);
            PublicKey::from_bytes(&B256::from(bytes)).is_none()
        };
        assert!(refused(1, 0, 0), "the neutral point");
        assert!(refused(0, 0, 0), "a point of order four");
        assert!(refused(0xec, 0xff, 0x7f), "the point of order two");
        assert!(refused(2, 0, 0), "no point of the curve");
        assert!(refused(0xf0, 0xff, 0x7f), "y = 3, written as 3 + p");
        assert!(refused(1, 0, 0x80), "x = 0 with a sign");
    }
}
