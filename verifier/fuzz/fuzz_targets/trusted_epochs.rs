//! Any bytes as a trusted-epochs file: no panic; what is read is written and read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shelfproof_verifier::chain::trusted::TrustedEpochs;

fuzz_target!(|bytes: &[u8]| {
    let Ok(trusted) = TrustedEpochs::parse(bytes) else { return };
    assert_eq!(TrustedEpochs::parse(trusted.to_json().as_bytes()).as_ref(), Ok(&trusted));
});
