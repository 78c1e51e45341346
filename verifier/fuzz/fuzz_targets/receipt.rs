//! Any bytes as a receipt: no panic; what is read is written and read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shelfproof_verifier::receipt::Receipt;

fuzz_target!(|bytes: &[u8]| {
    let Ok(receipt) = Receipt::parse(bytes) else { return };
    assert_eq!(Receipt::parse(receipt.to_json().as_bytes()).as_ref(), Ok(&receipt));
    let _ = receipt.promise.signer(&receipt.identity);
});
