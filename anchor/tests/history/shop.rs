//! A merchant whose events are honest, and a chain that holds what it anchors.

use std::collections::BTreeMap;
use std::path::Path;

use alloy_primitives::{Address, B256, keccak256};
use shelfproof_anchor::history::{ComputedEpoch, History, Proven};
use shelfproof_verifier::bundle::{Bundle, Part};
use shelfproof_verifier::chain::{Anchored, ChainView, Identity};
use shelfproof_verifier::event::{KeyEvent, Kind};
use shelfproof_verifier::verdict::{self, Holds, Question, STALE_AFTER_S};
use shelfproof_verifier::{Refusal, code, vrf};

const OPENED_AT_MS: u64 = 1_800_000_000_000;

pub(crate) struct Shop {
    pub(crate) identity: Identity,
    vrf: vrf::SecretKey,
    clock_ms: u64,
    /// The last event of each key.
    last: BTreeMap<B256, KeyEvent>,
    pending: Vec<KeyEvent>,
    /// Final epochs.
    anchored: BTreeMap<u64, Anchored>,
}

impl Shop {
    /// Shops of different numbers are different merchants.
    pub(crate) fn new(number: u8) -> Self {
        Self {
            identity: Identity {
                chain_id: 31337,
                registry: Address::repeat_byte(0x5f),
                merchant_id: B256::repeat_byte(number),
            },
            vrf: vrf::SecretKey::from_seed(&[number; 32]).unwrap(),
            clock_ms: OPENED_AT_MS,
            last: BTreeMap::new(),
            pending: Vec::new(),
            anchored: BTreeMap::new(),
        }
    }

    pub(crate) fn open(&self, folder: &Path) -> History {
        History::open(folder, self.identity.merchant_id).unwrap()
    }

    pub(crate) fn key(&self, code: &str) -> B256 {
        self.vrf.prove(&code::alpha(code).unwrap()).unwrap().0
    }

    /// The next event of the key of a code, honestly linked.
    pub(crate) fn add(&mut self, code: &str, kind: Kind) -> KeyEvent {
        let key = self.key(code);
        self.add_to(key, kind)
    }

    pub(crate) fn add_to(&mut self, key_id: B256, kind: Kind) -> KeyEvent {
        self.clock_ms += 10;
        let last = self.last.get(&key_id);
        let event = KeyEvent {
            key_id,
            version: last.map_or(1, |last| last.version + 1),
            kind,
            at_ms: self.clock_ms,
            prev: last.map_or(B256::ZERO, KeyEvent::hash),
            payload: keccak256(self.clock_ms.to_be_bytes()),
        };
        self.last.insert(key_id, event);
        self.pending.push(event);
        event
    }

    /// What happened since this was last asked, in the order of an epoch's data.
    pub(crate) fn take(&mut self) -> Vec<KeyEvent> {
        let mut events = std::mem::take(&mut self.pending);
        events.sort_by_key(|event| (event.key_id, event.version));
        events
    }

    /// An epoch of what happened, published and on top.
    pub(crate) fn compute(&mut self, history: &History) -> ComputedEpoch {
        let events = self.take();
        let computed = history.compute_epoch(&events).unwrap();
        let again = history.compute_epoch(&events).unwrap();
        history.publish(&computed).unwrap();
        history.push(computed).unwrap();
        assert_eq!(history.tip(), (again.header.number, again.hash));
        again
    }

    /// The oldest waiting epoch becomes final on the chain and in the history.
    pub(crate) fn finalise(&mut self, history: &History, epoch: &ComputedEpoch) {
        let number = epoch.header.number;
        let anchored = Anchored {
            hash: epoch.hash,
            anchored_at_s: self.clock_ms / 1000 + 60,
            block: Some(100 + number),
        };
        history.finalise(number, 100 + number, anchored.anchored_at_s).unwrap();
        assert_eq!(history.final_epoch(), (number, epoch.hash));
        self.anchored.insert(number, anchored);
    }

    pub(crate) fn compute_final(&mut self, history: &History) -> ComputedEpoch {
        let epoch = self.compute(history);
        self.finalise(history, &epoch);
        epoch
    }

    /// A key A-1 goes to and fro between shops until it has that many events, in several final epochs.
    pub(crate) fn live_long(&mut self, history: &History, events: u32) {
        let cycle = [Kind::Activated, Kind::TransferredOut, Kind::TransferredIn];
        let kinds = std::iter::once(Kind::Generated).chain(cycle.into_iter().cycle());
        for (version, kind) in (1..=events).zip(kinds) {
            assert_eq!(self.add("A-1", kind).version, version);
            if version % 130 == 0 || version == events {
                self.add(&format!("B-{version}"), Kind::Generated);
                self.compute_final(history);
            }
        }
    }

    /// What the verifier says of a history that a prover handed out, as a file and read again.
    pub(crate) fn verdict(&self, code: &str, proven: &Proven) -> Result<Holds, Refusal> {
        self.verdict_of_parts(code, std::slice::from_ref(proven))
    }

    /// As [`Self::verdict`], of a history in parts. The merchant makes its file of the first.
    pub(crate) fn verdict_of_parts(&self, code: &str, proven: &[Proven]) -> Result<Holds, Refusal> {
        let (key_id, vrf_proof) = self.vrf.prove(&code::alpha(code).unwrap()).unwrap();
        let part = |(index, proven): (usize, &Proven)| {
            let file = proven.to_json(&self.identity);
            let (identity, read) = Proven::parse(file.as_bytes())?;
            assert_eq!(&read, proven);
            if index > 0 {
                return Part::parse(file.as_bytes());
            }
            Ok(Part::Proof(Bundle {
                identity,
                key_id,
                vrf_proof,
                events: read.events,
                history: read.history,
                epochs: read.epochs,
                receipts: Vec::new(),
            }))
        };
        let parts = proven.iter().enumerate().map(part).collect::<Result<_, _>>()?;
        let bundle = Bundle::join(parts)?;
        let view = ChainView {
            identity: self.identity,
            vrf_public_key: self.vrf.public_key(),
            receipt_signers: Vec::new(),
            as_of_s: self.clock_ms / 1000 + 60,
            first: 1,
            latest: self.anchored.len() as u64,
            epochs: self.anchored.clone(),
        };
        let question = Question {
            code,
            claim: None,
            expected: self.identity,
            stale_after_s: STALE_AFTER_S,
        };
        verdict::check(&bundle, &question, &view, &[])
    }

    /// The verdict over what the history proves now.
    pub(crate) fn asked(&self, history: &History, code: &str) -> String {
        let proven = history.prove(&self.key(code)).unwrap();
        self.verdict(code, &proven).unwrap().verdict()
    }
}

/// Three epochs of five keys, all final: one key in every epoch, one twice in one, one alone in the last.
pub(crate) fn stocked(folder: &Path) -> (Shop, History) {
    let mut shop = Shop::new(1);
    let history = shop.open(folder);
    for code in ["A-1", "A-2", "A-3", "A-4"] {
        shop.add(code, Kind::Generated);
    }
    shop.compute_final(&history);
    for code in ["A-1", "A-2", "A-3"] {
        shop.add(code, Kind::Activated);
    }
    shop.add("A-2", Kind::Sold);
    shop.add("A-4", Kind::Voided);
    shop.compute_final(&history);
    shop.add("A-1", Kind::Sold);
    shop.add("A-5", Kind::Generated);
    shop.compute_final(&history);
    (shop, history)
}

pub(crate) const STOCK: [(&str, &str); 6] = [
    ("A-1", "holds sold"),
    ("A-2", "holds sold"),
    ("A-3", "holds activated"),
    ("A-4", "holds voided"),
    ("A-5", "holds generated"),
    ("A-6", "holds absent"),
];
