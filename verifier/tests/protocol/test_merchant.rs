//! A merchant in memory. It is honest, and each test changes one thing.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256, keccak256};
use k256::ecdsa::SigningKey;
use shelfproof_verifier::bundle::{Bundle, HistoryAt, Included};
use shelfproof_verifier::chain::{Anchored, ChainView, Identity, SignerSpan};
use shelfproof_verifier::epoch::ListedHeader;
use shelfproof_verifier::epoch::{self, Header};
use shelfproof_verifier::event::{self, KeyEvent, Kind, Opening};
use shelfproof_verifier::history::Head;
use shelfproof_verifier::receipt::{Promise, promise_hash};
use shelfproof_verifier::tree::{self, EventsTree};
use shelfproof_verifier::verdict::{self, Holds, Question, STALE_AFTER_S};
use shelfproof_verifier::vocabulary::body::{Body, Sold};
use shelfproof_verifier::vocabulary::typed_data;
use shelfproof_verifier::{Code, Refusal, code, delta, history, vrf};

/// The time of the merchant's first event, Unix seconds.
pub(crate) const OPENED_AT_S: u64 = 1_800_000_000;

/// One anchored epoch.
pub(crate) struct TestEpoch {
    pub(crate) header: Header,
    pub(crate) events: Vec<KeyEvent>,
    pub(crate) anchored_at_s: u64,
    tree: EventsTree,
    /// The history map after this epoch, by key.
    entries: BTreeMap<B256, B256>,
}

impl TestEpoch {
    pub(crate) fn data(&self) -> Vec<u8> {
        epoch::encode_data(&self.events)
    }
}

pub(crate) struct TestMerchant {
    pub(crate) identity: Identity,
    pub(crate) epochs: Vec<TestEpoch>,
    pub(crate) clock_ms: u64,
    vrf: vrf::SecretKey,
    receipt_key: SigningKey,
    openings: BTreeMap<B256, Opening>,
    pending: Vec<KeyEvent>,
}

impl TestMerchant {
    /// An empty merchant. Shelves with different numbers belong to different merchants.
    pub(crate) fn new(number: u8) -> Self {
        Self {
            identity: Identity {
                chain_id: 31337,
                registry: Address::repeat_byte(0x5f),
                merchant_id: B256::repeat_byte(number),
            },
            epochs: Vec::new(),
            clock_ms: OPENED_AT_S * 1000,
            vrf: vrf::SecretKey::from_seed(&[number; 32]).unwrap(),
            receipt_key: SigningKey::from_slice(&[number; 32]).unwrap(),
            openings: BTreeMap::new(),
            pending: Vec::new(),
        }
    }

    pub(crate) fn key_id(&self, code: &str) -> B256 {
        self.vrf.prove(&code::alpha(code).unwrap()).unwrap().0
    }

    /// The key's events, oldest first, with the epoch of those that are anchored.
    pub(crate) fn events_of(&self, key_id: B256) -> Vec<(KeyEvent, Option<u64>)> {
        let epoch = self
            .epochs
            .iter()
            .flat_map(|epoch| epoch.events.iter().map(|event| (*event, Some(epoch.header.number))));
        let pending = self.pending.iter().map(|event| (*event, None));
        epoch
            .chain(pending)
            .filter(|(event, _)| event.key_id == key_id)
            .collect()
    }

    /// The key's last event in the epochs up to that one.
    pub(crate) fn head(&self, key_id: B256, number: u64) -> Option<Head> {
        let events = self.events_of(key_id).into_iter();
        let mut anchored =
            events.filter_map(|(event, epoch)| epoch.filter(|epoch| *epoch <= number).map(|epoch| (event, epoch)));
        anchored.next_back().map(|(event, epoch)| Head {
            version: event.version,
            hash: event.hash(),
            kind: event.kind,
            at_ms: event.at_ms,
            epoch,
        })
    }

    /// The delta of an epoch.
    pub(crate) fn delta(&self, number: u64) -> Vec<u8> {
        let epoch = self.epoch(number);
        let before = number
            .checked_sub(2)
            .map(|index| &self.epochs[usize::try_from(index).unwrap()]);
        let after: BTreeMap<B256, B256> = epoch
            .events
            .iter()
            .map(|event| (event.key_id, history::value_hash(event.version, &event.hash())))
            .collect();
        let mut out = Vec::new();
        for key in after.keys() {
            let mut events = self.events_of(*key).into_iter();
            let newest = events.rfind(|(_, epoch)| epoch.is_some_and(|epoch| epoch < number));
            delta::write_newest(&mut out, newest.map(|(event, _)| event.to_bytes()).as_ref());
        }
        let leaves: Vec<history::Entry> = before
            .map(|before| before.entries.iter().map(|(key, value)| (*key, *value)).collect())
            .unwrap_or_default();
        let updates: Vec<history::Entry> = after.into_iter().collect();
        delta::open_part(&mut out, &leaves, 0, &updates);
        out
    }

    /// Adds the key's next event, correctly linked, one second after the last.
    pub(crate) fn add(&mut self, code: &str, kind: Kind, body: &str) -> KeyEvent {
        let key_id = self.key_id(code);
        let last = self.events_of(key_id).last().map(|(event, _)| *event);
        self.clock_ms += 1000;
        let salt = keccak256(self.clock_ms.to_be_bytes());
        let event = KeyEvent {
            key_id,
            version: last.map_or(1, |last| last.version + 1),
            kind,
            at_ms: self.clock_ms,
            prev: last.map_or(B256::ZERO, |last| last.hash()),
            payload: event::payload(&salt, body),
        };
        self.put(
            event,
            Some(Opening {
                salt,
                body: body.to_owned(),
            }),
        );
        event
    }

    /// Adds an event without any check.
    pub(crate) fn put(&mut self, event: KeyEvent, opening: Option<Opening>) {
        if let Some(opening) = opening {
            self.openings.insert(event.hash(), opening);
        }
        self.pending.push(event);
    }

    pub(crate) fn sell(&mut self, code: &str, buyer: &B256) -> KeyEvent {
        self.add(code, Kind::Generated, "{}");
        self.add(code, Kind::Activated, "{}");
        let body =
            format!(r#"{{"order":"O-1","product":"steam-50","price":"9.90","currency":"CNY","buyer":"{buyer}"}}"#);
        self.add(code, Kind::Sold, &body)
    }

    /// Anchors the events since the last epoch, a minute later.
    pub(crate) fn cut_epoch(&mut self) -> u64 {
        self.cut_epoch_of_map(|_| ())
    }

    /// As [`Self::cut_epoch`], of a history map that was changed.
    pub(crate) fn cut_epoch_of_map(&mut self, change: impl FnOnce(&mut BTreeMap<B256, B256>)) -> u64 {
        let mut events = std::mem::take(&mut self.pending);
        events.sort_by_key(|event| (event.key_id, event.version));
        let tree = EventsTree::of_events(&events, 1).unwrap();
        let mut entries = self.epochs.last().map(|last| last.entries.clone()).unwrap_or_default();
        for event in &events {
            entries.insert(event.key_id, history::value_hash(event.version, &event.hash()));
        }
        change(&mut entries);
        let leaves: Vec<history::Entry> = entries.iter().map(|(key, value)| (*key, *value)).collect();
        let header = Header {
            number: self.epochs.len() as u64 + 1,
            parent: self.latest_hash(),
            events_root: tree.root(),
            history_root: history::root_of(&leaves),
            event_count: events.len() as u64,
            data_hash: epoch::data_hash(&epoch::encode_data(&events)),
        };
        self.clock_ms += 60_000;
        let anchored_at_s = self.clock_ms / 1000;
        self.epochs.push(TestEpoch {
            header,
            events,
            anchored_at_s,
            tree,
            entries,
        });
        header.number
    }

    fn epoch(&self, number: u64) -> &TestEpoch {
        self.epochs.iter().find(|epoch| epoch.header.number == number).unwrap()
    }

    fn latest_hash(&self) -> B256 {
        self.epochs
            .last()
            .map(|last| last.header.hash(&self.identity.merchant_id))
            .unwrap_or_default()
    }

    /// The chain's view, with all epochs final.
    pub(crate) fn view(&self) -> ChainView {
        let anchored = |epoch: &TestEpoch| {
            let hash = epoch.header.hash(&self.identity.merchant_id);
            let block = Some(100 + epoch.header.number);
            (
                epoch.header.number,
                Anchored {
                    hash,
                    anchored_at_s: epoch.anchored_at_s,
                    block,
                },
            )
        };
        ChainView {
            identity: self.identity,
            vrf_public_key: self.vrf.public_key(),
            receipt_signers: vec![SignerSpan {
                address: self.signer(),
                from_s: OPENED_AT_S - 1,
                until_s: 0,
            }],
            as_of_s: self.clock_ms / 1000,
            first: 1,
            latest: self.epochs.len() as u64,
            epochs: self.epochs.iter().map(anchored).collect(),
        }
    }

    /// The bundle of a key, against the latest epoch.
    pub(crate) fn bundle(&self, code: &str) -> Bundle {
        self.bundle_at(code, self.epochs.len() as u64)
    }

    /// The bundle of a key, against that epoch.
    pub(crate) fn bundle_at(&self, code: &str, number: u64) -> Bundle {
        let (key_id, vrf_proof) = self.vrf.prove(&code::alpha(code).unwrap()).unwrap();
        let included = |(event, epoch): (KeyEvent, Option<u64>)| {
            let epoch = epoch.filter(|epoch| *epoch <= number)?;
            let path = self.epoch(epoch).tree.path(&event.hash())?;
            Some(Included {
                event,
                opening: self.openings.get(&event.hash()).cloned(),
                epoch,
                path,
            })
        };
        let events: Vec<Included> = self.events_of(key_id).into_iter().filter_map(included).collect();
        let mut numbers: Vec<u64> = events.iter().map(|included| included.epoch).chain([number]).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let leaves: Vec<history::Entry> = self
            .epoch(number)
            .entries
            .iter()
            .map(|(key, value)| (*key, *value))
            .collect();
        Bundle {
            identity: self.identity,
            key_id,
            vrf_proof,
            events,
            history: HistoryAt {
                epoch: number,
                proof: history::prove_from(&leaves, &key_id),
            },
            epochs: numbers
                .into_iter()
                .map(|number| ListedHeader {
                    header: self.epoch(number).header,
                    block: None,
                })
                .collect(),
            receipts: Vec::new(),
        }
    }

    fn signer(&self) -> Address {
        Address::from_raw_public_key(&self.receipt_key.verifying_key().to_encoded_point(false).as_bytes()[1..])
    }

    /// A receipt for one of several sales that are signed together.
    pub(crate) fn promise(&self, event: KeyEvent, beside: &[KeyEvent], anchor_by_s: u64) -> Promise {
        let buyer_of = |event: &KeyEvent| {
            let opening = self.openings.get(&event.hash());
            opening.and_then(|opening| Sold::parse(&opening.body).unwrap().buyer)
        };
        let hash = |event: &KeyEvent| {
            let buyer = buyer_of(event).unwrap_or_default();
            promise_hash(&event.hash(), &buyer, &U256::ZERO, &Address::ZERO)
        };
        let burst: Vec<B256> = beside.iter().chain([&event]).map(hash).collect();
        let path = EventsTree::of_leaves(burst, 1).unwrap().path(&hash(&event)).unwrap();
        let digest = typed_data::receipt_digest(&self.identity, &tree::climb(&hash(&event), &path), anchor_by_s);
        let (signature, recovery) = self.receipt_key.sign_prehash_recoverable(digest.as_slice()).unwrap();
        let mut bytes = [0; typed_data::SIGNATURE_BYTES];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + recovery.to_byte();
        Promise {
            event,
            opening: self.openings.get(&event.hash()).cloned(),
            buyer: buyer_of(&event).unwrap_or_default(),
            cover: U256::ZERO,
            token: Address::ZERO,
            anchor_by_s,
            path,
            signature: bytes,
        }
    }

    pub(crate) fn question<'a>(&self, code: &'a str) -> Question<'a> {
        Question {
            code,
            claim: None,
            expected: self.identity,
            stale_after_s: STALE_AFTER_S,
        }
    }

    /// The verdict on a bundle, after writing and reading it.
    pub(crate) fn verdict(&self, bundle: &Bundle, code: &str, claim: Option<B256>) -> Result<Holds, Refusal> {
        let read = Bundle::parse(bundle.to_json().as_bytes())?;
        verdict::check(
            &read,
            &Question {
                claim,
                ..self.question(code)
            },
            &self.view(),
            &[],
        )
    }

    /// The code that refuses a bundle.
    pub(crate) fn refused(&self, bundle: &Bundle, code: &str, claim: Option<B256>) -> Option<Code> {
        self.verdict(bundle, code, claim).err().map(|refusal| refusal.code)
    }
}
