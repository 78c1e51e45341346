//! What version 2 signs, verifies and reads. Pure.

use crate::gateway::epay::fields::Fields;
use crate::gateway::epay::notice;
use crate::gateway::epay::rsa::{PrivateKey, PublicKey};
use crate::gateway::{Notice, NoticeRefusal, NoticeRequest};

const SIGN_TYPE: &str = "RSA";

/// How far the other side's clock may be from this one's.
const APART_MAX_S: u64 = 300;

/// The fields with the time and their signature. `None` where this machine has no random numbers.
#[must_use]
pub fn signed(fields: Fields, key: &PrivateKey, now_ms: u64) -> Option<Fields> {
    let fields = fields.with("timestamp", now_ms / 1_000);
    let sign = key.sign(&fields.signed_text())?;
    Some(fields.with("sign", sign).with("sign_type", SIGN_TYPE))
}

/// Verifies the signature of fields, and that they were signed at about this time.
///
/// # Errors
/// Where there is no signature, it is of another kind or wrong, or the time is another.
pub fn verify(fields: &Fields, key: &PublicKey, now_ms: u64) -> Result<(), NoticeRefusal> {
    let sign = fields.get("sign").ok_or(NoticeRefusal::Unsigned)?;
    if fields.need("sign_type")? != SIGN_TYPE {
        return Err(NoticeRefusal::Field("sign_type"));
    }
    if !key.verifies(&fields.signed_text(), sign) {
        return Err(NoticeRefusal::Forged);
    }
    let time: u64 = fields
        .need("timestamp")?
        .parse()
        .map_err(|_| NoticeRefusal::Field("timestamp"))?;
    if time.abs_diff(now_ms / 1_000) > APART_MAX_S {
        return Err(NoticeRefusal::Stale);
    }
    Ok(())
}

/// Verifies and reads a notice to the account `pid`.
///
/// Values are not escaped in what is signed, so that a notice of one payment might be split into other fields. Its text still
/// says which account and payment it is of: it is refused where it says so twice.
///
/// # Errors
/// Why it is not believed.
pub fn read_notice(
    request: &NoticeRequest<'_>,
    pid: u64,
    key: &PublicKey,
    now_ms: u64,
) -> Result<Notice, NoticeRefusal> {
    let fields = Fields::of_notice(request)?;
    verify(&fields, key, now_ms)?;
    let text = fields.signed_text();
    for (name, begin) in [("pid", "pid="), ("out_trade_no", "out_trade_no=")] {
        if text.split('&').filter(|part| part.starts_with(begin)).count() > 1 {
            return Err(NoticeRefusal::Field(name));
        }
    }
    notice::read(&fields, pid)
}

#[cfg(test)]
mod tests;
