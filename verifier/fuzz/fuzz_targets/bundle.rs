//! Any bytes as a bundle: no panic; what is read is written and read the same; what is judged is judged the same twice.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::chain::trusted::TrustedEpochs;
use shelfproof_verifier::verdict::{self, Question};

/// The vectors' trusted epochs, so that a bundle grown from theirs gets past the chain.
static TRUSTED: LazyLock<TrustedEpochs> = LazyLock::new(|| {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/protocol-v1.json")).expect("the vectors are JSON");
    TrustedEpochs::parse(vectors["trusted"].to_string().as_bytes()).expect("the vectors' trusted epochs hold")
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(bundle) = Bundle::parse(bytes) else { return };
    assert_eq!(Bundle::parse(bundle.to_json().as_bytes()).as_ref(), Ok(&bundle));
    let view = TRUSTED.as_view();
    let question =
        Question { code: "ABCD-EFGH-2345-6789", claim: None, expected: view.identity, stale_after_s: 86_400 };
    let judged = verdict::check(&bundle, &question, view, &[]);
    assert_eq!(verdict::check(&bundle, &question, view, &[]), judged);
});
