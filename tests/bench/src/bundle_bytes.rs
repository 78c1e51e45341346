//! `bundle_bytes`: the size of a compact bundle of four events in a history of a million keys, compared with AKD's
//! proof of five versions. The benchmark builds the whole history, and the bundle must verify.

use std::collections::BTreeMap;
use std::path::Path;

use alloy_primitives::{Address, B256, U256, address, b256, keccak256};
use k256::ecdsa::SigningKey;
use shelfproof_verifier::bundle::{Bundle, HistoryAt, Included};
use shelfproof_verifier::chain::{Anchored, ChainView, Identity, SignerSpan};
use shelfproof_verifier::epoch::ListedHeader;
use shelfproof_verifier::epoch::{self, Header};
use shelfproof_verifier::event::{self, KeyEvent, Kind, Opening};
use shelfproof_verifier::history::{self, Entry};
use shelfproof_verifier::receipt::{Promise, promise_hash};
use shelfproof_verifier::tree::EventsTree;
use shelfproof_verifier::verdict::{self, Question, STALE_AFTER_S};
use shelfproof_verifier::vocabulary::body::{Body, Sold};
use shelfproof_verifier::vocabulary::typed_data::{self, SIGNATURE_BYTES};
use shelfproof_verifier::{code, vrf};

use super::Sample;
use shelfproof_tests::Result;

/// AKD's history proof of five versions.
const AKD_BYTES: f64 = 37_600.0;

const KEYS: u64 = 1_000_000;
/// The number of keys that are sold and redeemed, in epochs of their own.
const SOLD: u64 = 10_000;
/// The number of sales under one receipt signature, which gives a path of six hashes.
const BURST: u64 = 64;

const CODE: &str = "ABCD-EFGH-2345-6789";
const START_MS: u64 = 1_790_000_000_000;
/// The time between two epochs.
const EPOCH_MS: u64 = 60_000;

const IDENTITY: Identity = Identity {
    chain_id: 1,
    registry: address!("5FbDB2315678afecb367f032d93F642f64180aa3"),
    merchant_id: b256!("340cee60a7aef0e3186017f76485dd5117d633dccb6b73ad6ec5440b73767838"),
};

pub(super) fn run(_: &Path) -> Result<Vec<Sample>> {
    let bytes = build()?.len();
    Ok(vec![Sample {
        name: "bundle_bytes".to_owned(),
        unit: "bytes",
        ours: vec![f64::from(u32::try_from(bytes)?)],
        baseline: vec![AKD_BYTES],
        goal: "value <= 12000",
        settings: format!(
            "four events; {KEYS} keys; epochs of {KEYS}, {KEYS}, {SOLD} and {SOLD}; receipt of a burst of {BURST}; \
             baseline: AKD, five versions, a constant"
        ),
    }])
}

/// The four events of the key that the bundle shows, in their order, with bodies as a shop writes them.
const BODIES: [(Kind, &str); 4] = [
    (Kind::Generated, r#"{"batch":"B-1","product":"steam-50"}"#),
    (Kind::Activated, r#"{"pool":"steam-50"}"#),
    (
        Kind::Sold,
        r#"{"order":"O-0","product":"steam-50","price":"9.90","currency":"CNY","buyer":"0x247712a2bab5781e6a6324f213537ab99fb3c8472e74e61d5317c14490b6e764"}"#,
    ),
    (Kind::Redeemed, r#"{"order":"O-0"}"#),
];

/// Builds the bundle, and returns it as a file.
fn build() -> Result<String> {
    let secret = vrf::SecretKey::from_seed(&[7; 32]).ok_or("no VRF key")?;
    let (key_id, vrf_proof) = secret.prove(&code::alpha(CODE)?).ok_or("no VRF proof")?;
    let receipt_key = SigningKey::from_slice(&[9; 32])?;
    let mut keys = LastEvents::new(key_id);
    let mut view = ChainView {
        identity: IDENTITY,
        vrf_public_key: secret.public_key(),
        receipt_signers: vec![SignerSpan {
            address: Address::from_private_key(&receipt_key),
            from_s: 1,
            until_s: 0,
        }],
        as_of_s: (START_MS + 10 * EPOCH_MS) / 1000,
        first: 1,
        latest: 0,
        epochs: BTreeMap::new(),
    };
    let mut bundle = Bundle {
        identity: IDENTITY,
        key_id,
        vrf_proof,
        events: Vec::new(),
        history: HistoryAt {
            epoch: 4,
            proof: history::prove_from(&[], &key_id),
        },
        epochs: Vec::new(),
        receipts: Vec::new(),
    };
    let mut parent = B256::ZERO;
    for ((number, (kind, body)), count) in (1..).zip(BODIES).zip([KEYS, KEYS, SOLD, SOLD]) {
        let events = keys.advance(number, kind, body, count);
        let leaves: Vec<B256> = events.iter().map(KeyEvent::hash).collect();
        let tree = EventsTree::of_leaves(leaves.clone(), 1).ok_or("an empty epoch")?;
        let opening = Opening {
            salt: salt(kind),
            body: body.to_owned(),
        };
        if kind == Kind::Sold {
            bundle
                .receipts
                .push(promise(&events[0], &opening, &leaves, &receipt_key)?);
        }
        let path = tree.path(&leaves[0]).ok_or("an event that is no leaf")?;
        bundle.events.push(Included {
            event: events[0],
            opening: Some(opening),
            epoch: number,
            path,
        });
        let header = Header {
            number,
            parent,
            events_root: tree.root(),
            history_root: history::root_of(&keys.entries()),
            event_count: count,
            // Nothing reads the data here, so any hash will do.
            data_hash: epoch::data_hash(&number.to_be_bytes()),
        };
        parent = header.hash(&IDENTITY.merchant_id);
        let anchored_at_s = (START_MS + number * EPOCH_MS) / 1000 + 1;
        view.epochs.insert(
            number,
            Anchored {
                hash: parent,
                anchored_at_s,
                block: None,
            },
        );
        view.latest = number;
        bundle.epochs.push(ListedHeader {
            header,
            block: Some(20_000_000 + number),
        });
    }
    bundle.history.proof = history::prove_from(&keys.entries(), &key_id);
    let json = bundle.to_json();
    let question = Question {
        code: CODE,
        claim: None,
        expected: IDENTITY,
        stale_after_s: STALE_AFTER_S,
    };
    verdict::check(&Bundle::parse(json.as_bytes())?, &question, &view, &[])?;
    Ok(json)
}

/// Returns a signed receipt for the first of the sales whose leaves are `leaves`.
fn promise(event: &KeyEvent, opening: &Opening, leaves: &[B256], key: &SigningKey) -> Result<Promise> {
    let buyer = Sold::parse(&opening.body)?.buyer.unwrap_or_default();
    let hash = |leaf: &B256| promise_hash(leaf, &buyer, &U256::ZERO, &Address::ZERO);
    let burst: Vec<B256> = leaves.iter().take(usize::try_from(BURST)?).map(hash).collect();
    let tree = EventsTree::of_leaves(burst, 1).ok_or("an empty burst")?;
    let anchor_by_s = event.at_ms / 1000 + 3600;
    let digest = typed_data::receipt_digest(&IDENTITY, &tree.root(), anchor_by_s);
    let (signed, recovery) = key.sign_prehash_recoverable(digest.as_slice())?;
    let mut signature = [27 + recovery.to_byte(); SIGNATURE_BYTES];
    signature[..64].copy_from_slice(&signed.to_bytes());
    let path = tree.path(&hash(&leaves[0])).ok_or("a sale that is no leaf")?;
    Ok(Promise {
        event: *event,
        opening: Some(opening.clone()),
        buyer,
        cover: U256::ZERO,
        token: Address::ZERO,
        anchor_by_s,
        path,
        signature,
    })
}

/// The last event of every key. The key that the bundle shows comes first in every epoch.
struct LastEvents(Vec<KeyEvent>);

impl LastEvents {
    fn new(shown: B256) -> Self {
        let others = (1..KEYS).map(|index| keccak256(index.to_be_bytes()));
        let nothing = |key_id| KeyEvent {
            key_id,
            version: 0,
            kind: Kind::Generated,
            at_ms: 0,
            prev: B256::ZERO,
            payload: B256::ZERO,
        };
        Self(std::iter::once(shown).chain(others).map(nothing).collect())
    }

    /// Adds an epoch in which `kind` happens to the first `count` keys.
    fn advance(&mut self, number: u64, kind: Kind, body: &str, count: u64) -> Vec<KeyEvent> {
        let keys = self.0.iter_mut().zip(0..count);
        keys.map(|(last, index)| {
            let prev = if last.version == 0 { B256::ZERO } else { last.hash() };
            let payload = if index == 0 {
                event::payload(&salt(kind), body)
            } else {
                keccak256(last.payload)
            };
            let version = last.version + 1;
            *last = KeyEvent {
                version,
                kind,
                at_ms: START_MS + number * EPOCH_MS,
                prev,
                payload,
                ..*last
            };
            *last
        })
        .collect()
    }

    /// The history map's leaves, in order.
    fn entries(&self) -> Vec<Entry> {
        let entry = |last: &KeyEvent| (last.key_id, history::value_hash(last.version, &last.hash()));
        let mut entries: Vec<Entry> = self.0.iter().map(entry).collect();
        entries.sort_unstable();
        entries
    }
}

/// Returns a salt whose bytes look random, so that they do not compress.
fn salt(kind: Kind) -> B256 {
    keccak256(kind.name())
}
