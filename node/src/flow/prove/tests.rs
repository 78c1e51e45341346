use alloy_primitives::{Address, B256, U256};
use shelfproof_anchor::status::Condition;
use shelfproof_anchor::store::events::StoredEvent;
use shelfproof_verifier::bundle::{HistoryAt, Included};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::event::Opening;
use shelfproof_verifier::history;
use shelfproof_verifier::receipt::{Promise, Receipt};

use super::*;
use crate::domain::key::{ChainedEvent, Head, first, next};

const KEY: B256 = B256::repeat_byte(7);
const KINDS: [Kind; 3] = [Kind::Activated, Kind::Sold, Kind::Redeemed];

fn opening(version: u32) -> Opening {
    Opening {
        salt: B256::left_padding_from(&version.to_be_bytes()),
        body: format!("{{\"version\":{version}}}"),
    }
}

/// A key that was generated, activated, sold and redeemed.
fn bought() -> BoughtKey {
    let mut links = vec![first(KEY, 1_000, opening(1))];
    for (kind, version) in KINDS.into_iter().zip(2..) {
        let ChainedEvent { event, .. } = links.last().unwrap();
        let head = Head {
            key_no: 1,
            key_id: KEY,
            state: event.kind,
            version: event.version,
            hash: event.hash(),
            at_ms: event.at_ms,
        };
        links.push(next(&head, kind, 1_000, opening(version)).unwrap());
    }
    let stored = |ChainedEvent { event, opening }| StoredEvent {
        key_no: 1,
        event,
        opening,
    };
    let events: Vec<StoredEvent> = links.into_iter().map(stored).collect();
    BoughtKey {
        item: 1,
        receipt: Receipt {
            identity: Identity {
                chain_id: 1,
                registry: Address::ZERO,
                merchant_id: B256::ZERO,
            },
            vrf_proof: [9; 80],
            promise: Promise {
                event: events[2].event,
                opening: Some(events[2].opening.clone()),
                buyer: B256::ZERO,
                cover: U256::ZERO,
                token: Address::ZERO,
                anchor_by_s: 2,
                path: Vec::new(),
                signature: [0; 65],
            },
        },
        events,
    }
}

/// What a prover tells of the key's first events.
fn proven(key: &BoughtKey, events: usize) -> Proven {
    let included = key.events.iter().take(events).map(|stored| Included {
        event: stored.event,
        opening: None,
        epoch: 1,
        path: Vec::new(),
    });
    Proven {
        key_id: KEY,
        events: included.collect(),
        history: HistoryAt {
            epoch: 1,
            proof: history::Proof {
                terminal: None,
                siblings: Vec::new(),
            },
        },
        epochs: Vec::new(),
    }
}

#[test]
fn the_sale_and_what_came_after_is_opened_and_nothing_before() {
    let key = bought();
    let whole = bundle(&key, proven(&key, 4)).unwrap().unwrap();
    let opened: Vec<bool> = whole.events.iter().map(|included| included.opening.is_some()).collect();
    assert_eq!(opened, [false, false, true, true]);
    assert_eq!(whole.events[2].opening, key.receipt.promise.opening);
    assert_eq!(whole.receipts, std::slice::from_ref(&key.receipt.promise));
    let sale_alone = bundle(&key, proven(&key, 3)).unwrap().unwrap();
    assert_eq!(sale_alone.events.len(), 3);
}

#[test]
fn the_newest_part_of_a_long_history_is_opened_from_the_sale_on() {
    let key = bought();
    for older in 1..3 {
        let mut newest = proven(&key, 4);
        newest.events.drain(..older);
        let part = bundle(&key, newest).unwrap().unwrap();
        for included in &part.events {
            let is_open = included.event.version >= 3;
            let expected = is_open.then(|| opening(included.event.version));
            assert_eq!(included.opening, expected, "version {}", included.event.version);
        }
        assert_eq!(part.events.len(), 4 - older);
    }
}

#[test]
fn there_is_no_proof_before_the_sale_is_in_it() {
    let key = bought();
    for events in 0..3 {
        assert!(bundle(&key, proven(&key, events)).unwrap().is_none(), "{events}");
    }
}

#[test]
fn another_history_than_the_database_s_is_not_handed_out() {
    let key = bought();
    let mut changed = proven(&key, 4);
    changed.events[0].event.payload = B256::ZERO;
    let mut longer = proven(&key, 4);
    longer.events.push(longer.events[3].clone());
    let mut other = proven(&key, 4);
    other.key_id = B256::ZERO;
    for wrong in [changed, longer, other] {
        assert!(matches!(bundle(&key, wrong), Err(ProverError::Differs(KEY))));
    }
}

#[test]
fn how_long_it_takes_is_what_the_prover_says() {
    let mut status = Status {
        condition: Condition::Working,
        next_cut_in_s: Some(4),
        cut_to_final_s: Some(8),
        ..Status::default()
    };
    assert_eq!(
        Wait::of(&status),
        Wait {
            seconds: 12,
            is_well: true
        }
    );
    status.condition = Condition::NoFunds;
    status.cut_to_final_s = None;
    assert_eq!(
        Wait::of(&status),
        Wait {
            seconds: 4 + FINAL_S,
            is_well: false
        }
    );
    status.next_cut_in_s = Some(u64::MAX);
    assert_eq!(Wait::of(&status).seconds, u64::MAX);
}
