//! Any bytes as an epoch's data: no panic; what is read is written and read the same; an audit follows it or names the
//! breach.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shelfproof_verifier::{audit, epoch};

fuzz_target!(|bytes: &[u8]| {
    let Ok(events) = epoch::decode_data(bytes) else { return };
    assert_eq!(epoch::encode_data(&events), bytes);
    let heads = vec![None; audit::keys_of(&events).len()];
    if let Ok(updates) = audit::advance(&events, &heads, 1, u64::MAX) {
        assert_eq!(updates.len(), heads.len());
    }
});
