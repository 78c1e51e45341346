//! What version 1 signs, verifies and reads. Pure.

use alloy_primitives::hex;
use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::gateway::epay::fields::Fields;
use crate::gateway::epay::notice;
use crate::gateway::{Notice, NoticeRefusal, NoticeRequest};

const SIGN_TYPE: &str = "MD5";

/// What the signed text of every request of a payment contains, and that of no notice.
const OF_A_REQUEST: &str = "notify_url=";

/// The signature of fields.
#[must_use]
pub fn sign(fields: &Fields, key: &SecretString) -> String {
    let mut hash = Md5::new();
    hash.update(fields.signed_text());
    hash.update(key.expose_secret());
    hex::encode(hash.finalize())
}

/// The fields with their signature.
#[must_use]
pub fn signed(fields: Fields, key: &SecretString) -> Fields {
    let sign = sign(&fields, key);
    fields.with("sign", sign).with("sign_type", SIGN_TYPE)
}

/// Verifies the signature of fields, in a time that does not depend on where it is wrong.
///
/// # Errors
/// Where there is none, it is of another kind, or it is wrong.
pub fn verify(fields: &Fields, key: &SecretString) -> Result<(), NoticeRefusal> {
    let given = fields.get("sign").ok_or(NoticeRefusal::Unsigned)?;
    if fields.get("sign_type").is_some_and(|kind| kind != SIGN_TYPE) {
        return Err(NoticeRefusal::Field("sign_type"));
    }
    let is_right = sign(fields, key).as_bytes().ct_eq(given.as_bytes());
    if bool::from(is_right) {
        Ok(())
    } else {
        Err(NoticeRefusal::Forged)
    }
}

/// Verifies and reads a notice to the account `pid`.
///
/// The request of a payment, which the buyer sees, is signed with the same key. Values are not escaped in what is
/// signed, so that a buyer might split a request's text into other fields. It still contains the request's own name.
///
/// # Errors
/// Why it is not believed.
pub fn read_notice(request: &NoticeRequest<'_>, pid: u64, key: &SecretString) -> Result<Notice, NoticeRefusal> {
    let fields = Fields::of_notice(request)?;
    verify(&fields, key)?;
    if fields.signed_text().contains(OF_A_REQUEST) {
        return Err(NoticeRefusal::Field("notify_url"));
    }
    notice::read(&fields, pid)
}

#[cfg(test)]
mod tests;
