//! What each fuzz target does with its bytes; it panics where the verifier does not keep its word.
//!
//! The targets only hand the bytes on, because they need a C++ compiler and the fuzzer's library. This file needs
//! neither: `make test` compiles it too, and runs the seeds through it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use shelfproof_verifier::B256;
use shelfproof_verifier::audit::{self, Breach};
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::chain::trusted::TrustedEpochs;
use shelfproof_verifier::delta::Delta;
use shelfproof_verifier::epoch::{self, Header};
use shelfproof_verifier::event::RawEvent;
use shelfproof_verifier::history::Head;
use shelfproof_verifier::receipt::Receipt;
use shelfproof_verifier::tree::EventsTree;
use shelfproof_verifier::verdict::{self, Question};

pub mod seeds;

/// The vectors' trusted epochs, so that a bundle grown from theirs gets past the chain.
static TRUSTED: LazyLock<TrustedEpochs> = LazyLock::new(|| {
    TrustedEpochs::parse(seeds::vectors()["trusted"].to_string().as_bytes()).expect("the vectors' trusted epochs hold")
});

/// The vectors' last epoch, so that a delta grown from its own climbs to the root before.
static LAST: LazyLock<seeds::LastEpoch> = LazyLock::new(seeds::last_epoch);

/// Any bytes as a bundle: no panic; a bundle that was read is the same after writing and reading; two checks give the
/// same verdict.
pub fn bundle(bytes: &[u8]) {
    let Ok(bundle) = Bundle::parse(bytes) else { return };
    assert_eq!(Bundle::parse(bundle.to_json().as_bytes()).as_ref(), Ok(&bundle));
    let view = TRUSTED.as_view();
    let question = Question {
        code: "ABCD-EFGH-2345-6789",
        claim: None,
        expected: view.identity,
        stale_after_s: 86_400,
    };
    let judged = verdict::check(&bundle, &question, view, &[]);
    assert_eq!(verdict::check(&bundle, &question, view, &[]), judged);
}

/// Any bytes as a receipt: no panic; a receipt that was read is the same after writing and reading.
pub fn receipt(bytes: &[u8]) {
    let Ok(receipt) = Receipt::parse(bytes) else { return };
    assert_eq!(Receipt::parse(receipt.to_json().as_bytes()).as_ref(), Ok(&receipt));
    let _ = receipt.promise.signer(&receipt.identity);
}

/// Any bytes as a trusted-epochs file: no panic; a file that was read is the same after writing and reading.
pub fn trusted_epochs(bytes: &[u8]) {
    let Ok(trusted) = TrustedEpochs::parse(bytes) else {
        return;
    };
    assert_eq!(
        TrustedEpochs::parse(trusted.to_json().as_bytes()).as_ref(),
        Ok(&trusted)
    );
}

/// Any bytes as the delta of the vectors' last epoch: no panic, and only the right bytes are taken.
pub fn delta(bytes: &[u8]) {
    let epoch = &*LAST;
    if Delta::read(bytes, &epoch.keys, &epoch.root_before).is_ok() {
        assert_eq!(bytes, epoch.delta, "one history has two deltas");
    }
}

/// Any bytes as the data of two epochs, the second after the first, as [`seeds::two_epochs`] lays them out: no panic;
/// what is read is written and read the same; an audit follows both or names the breach.
pub fn epoch_data(bytes: &[u8]) {
    let _ = audit_two(bytes);
}

/// The number of keys in an audit of two epochs, or the breach that it finds; `None` if the bytes are not events in two
/// parts.
pub fn audit_two(bytes: &[u8]) -> Option<Result<usize, Breach>> {
    let (anchored_at_s, rest) = bytes.split_first_chunk()?;
    let (first_bytes, rest) = rest.split_first_chunk()?;
    let anchored_at_s = u64::from(u32::from_be_bytes(*anchored_at_s));
    let first_bytes = usize::try_from(u32::from_be_bytes(*first_bytes)).ok()?;
    let (first, second) = rest.split_at_checked(first_bytes)?;

    let mut heads = BTreeMap::new();
    for (number, data) in (1..).zip([first, second]) {
        let records = epoch::split_data(data).ok()?;
        let updates = audit_one(number, anchored_at_s, data, &records, &heads);
        if let Err(breach) = &updates {
            let proof = breach.proof.as_deref();
            assert!(proof.is_none_or(|proof| records.contains(&proof.event)), "{breach}");
        }
        match updates {
            Ok(updates) => heads.extend(updates),
            Err(breach) => return Some(Err(breach)),
        }
    }
    Some(Ok(heads.len()))
}

/// Audits one epoch from the heads before it, with a header made from its data.
fn audit_one(
    number: u64,
    anchored_at_s: u64,
    data: &[u8],
    records: &[RawEvent],
    heads: &BTreeMap<B256, Head>,
) -> Result<Vec<(B256, Head)>, Breach> {
    let header = Header {
        number,
        parent: B256::ZERO,
        events_root: EventsTree::of_raw_events(records, 1).map_or(B256::ZERO, |tree| tree.root()),
        history_root: B256::ZERO,
        event_count: records.len() as u64,
        data_hash: epoch::data_hash(data),
    };
    let events = audit::read_epoch(&header, data, 1)?;
    let written: Vec<u8> = events.iter().flat_map(|hashed| hashed.event.to_bytes()).collect();
    assert_eq!(written, data);
    let by_key = audit::EventsByKey::new(events.iter().map(|hashed| hashed.event.key_id));
    let keys = by_key.keys();
    let before: Vec<_> = keys.iter().map(|key| heads.get(key).copied()).collect();
    let updates = audit::advance(&events, &before, number, anchored_at_s)?;
    assert!(updates.iter().map(|(key, _)| key).eq(keys), "another key moved");
    Ok(updates)
}
