use proptest::prelude::*;

use super::*;
use crate::gateway::epay::test_keys::{
    TEST_GATEWAY_PRIVATE, TEST_GATEWAY_PUBLIC, TEST_MERCHANT_PRIVATE, TEST_MERCHANT_PRIVATE_PKCS1,
    TEST_MERCHANT_PUBLIC, TEST_SIGNATURE, TEST_SIGNED_TEXT,
};

/// A public key of 1024 bits, which is too short.
const SHORT: &str = "
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDNmRGTn1HGHLL1rV+fddh5tgU9461Es1YeYva06qA+CS+t8vp5hJb1tMN3nDcq
uK2tt1D0+381bMDTeop+NAm+4cKSlZZ5B2/Ski7Nhu/wuZYlz9VNH2HZyj9AqZGxAaiI9W4azZlzO37zy9A2OikWUNssgLAZlrKn
UAafxqKBVwIDAQAB
";

/// A public key on an elliptic curve.
const CURVE: &str = "
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEcEn+hCrBXemD4aC5pUdRgCB6Lqbuonf5hCwvHh7VG1XSx/2xQtbc+usXcY6FFEN8
C30OtF8s20AC0y2+onxckg==
";

#[test]
fn what_openssl_signed_verifies_and_is_what_is_signed_here() {
    let key = PublicKey::parse(TEST_GATEWAY_PUBLIC).unwrap();
    assert!(key.verifies(TEST_SIGNED_TEXT, TEST_SIGNATURE));
    assert!(!key.verifies("code=0&money=9.90&name=月卡", TEST_SIGNATURE));
    let other = PublicKey::parse(TEST_MERCHANT_PUBLIC).unwrap();
    assert!(!other.verifies(TEST_SIGNED_TEXT, TEST_SIGNATURE));
    let private = PrivateKey::parse(&SecretString::from(TEST_GATEWAY_PRIVATE)).unwrap();
    // This kind of signature has no random part.
    assert_eq!(private.sign(TEST_SIGNED_TEXT).as_deref(), Some(TEST_SIGNATURE));
}

#[test]
fn a_key_is_read_bare_or_from_a_pem_file() {
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\r\n{}\r\n-----END PUBLIC KEY-----\r\n",
        TEST_GATEWAY_PUBLIC.trim()
    );
    let bare: String = TEST_GATEWAY_PUBLIC.split_whitespace().collect();
    assert!(PublicKey::parse(&pem).is_some());
    assert_eq!(PublicKey::parse(&pem), PublicKey::parse(&bare));
    let signed = |text: &str| PrivateKey::parse(&SecretString::from(text)).unwrap().sign("text");
    assert_eq!(signed(TEST_MERCHANT_PRIVATE_PKCS1), signed(TEST_MERCHANT_PRIVATE));
}

#[test]
fn what_is_no_rsa_key_of_2048_bits_is_refused() {
    for text in ["", "AAAA", "no base64", "MIIB", SHORT, CURVE, TEST_GATEWAY_PRIVATE] {
        assert_eq!(PublicKey::parse(text), None, "{text}");
    }
    for text in ["", "AAAA", TEST_GATEWAY_PUBLIC] {
        assert!(PrivateKey::parse(&SecretString::from(text)).is_none(), "{text}");
    }
}

#[test]
fn a_private_key_does_not_print() {
    let key = PrivateKey::parse(&SecretString::from(TEST_GATEWAY_PRIVATE)).unwrap();
    let shown = format!("{key:?}");
    assert!(shown.contains("RsaKeyPair") && shown.len() < 1_000, "{shown}");
}

proptest! {
    #[test]
    fn no_damaged_key_panics(at in any::<usize>(), byte in any::<u8>(), cut in any::<usize>()) {
        let mut der = decode(TEST_GATEWAY_PUBLIC).unwrap();
        let length = der.len();
        der[at % length] = byte;
        der.truncate(cut % (length + 1));
        let _ = pkcs1(&der);
    }
}
