//! A merchant whose events a test writes: its ledger for a scripted node, its published data, and the proofs of one key.

use std::fs;

use alloy_primitives::{B256, keccak256};
use serde_json::json;
use shelfproof_anchor::history::History;
use shelfproof_verifier::bundle::{Bundle, KeyHistory};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::event::{KeyEvent, Kind, Opening, payload};
use shelfproof_verifier::{code, vrf};
use tempfile::TempDir;

use super::ledger::{CHAIN_ID, Ledger, REGISTRY, block_of, of_another, time_of};

/// The code of the key that both merchants of a transfer have.
pub(super) const CODE: &str = "MOVE-ME-1";

/// The events of a merchant's epochs, of which the key with [`CODE`] is of interest.
pub(super) struct Writer {
    pub(super) identity: Identity,
    vrf: vrf::SecretKey,
    openings: Vec<(KeyEvent, Opening)>,
    epochs: Vec<Vec<KeyEvent>>,
}

/// A merchant whose epochs are final.
pub(super) struct Anchored {
    pub(super) ledger: Ledger,
    folder: TempDir,
    parts: Vec<Bundle>,
}

impl Writer {
    /// A merchant with one empty epoch. Other numbers are other merchants.
    pub(super) fn new(number: u8) -> Self {
        Self {
            identity: Identity {
                chain_id: CHAIN_ID,
                registry: REGISTRY,
                merchant_id: B256::repeat_byte(number),
            },
            vrf: vrf::SecretKey::from_seed(&[number; 32]).expect("a key"),
            openings: Vec::new(),
            epochs: vec![Vec::new()],
        }
    }

    fn proved(&self) -> (B256, vrf::Proof) {
        self.vrf.prove(&code::alpha(CODE).expect("a code")).expect("a proof")
    }

    /// Adds the key's next event, with that body.
    pub(super) fn add(&mut self, kind: Kind, body: &str) -> KeyEvent {
        let before = self.openings.last().map(|(event, _)| *event);
        let version = before.map_or(1, |before| before.version + 1);
        let salt = keccak256(version.to_be_bytes());
        let event = KeyEvent {
            key_id: self.proved().0,
            version,
            kind,
            at_ms: time_of(block_of(self.epochs.len() as u64)) * 1_000 - 1,
            prev: before.map_or(B256::ZERO, |before| before.hash()),
            payload: payload(&salt, body),
        };
        let body = body.to_owned();
        self.openings.push((event, Opening { salt, body }));
        self.epochs.last_mut().expect("an epoch").push(event);
        event
    }

    /// Begins the next epoch.
    pub(super) fn cut(&mut self) {
        self.epochs.push(Vec::new());
    }

    /// The key leaves for that merchant.
    pub(super) fn leave(&mut self, to: &Self) -> KeyEvent {
        self.add(Kind::TransferredOut, &json!({"to": to.named()}).to_string())
    }

    /// The key comes from that merchant.
    pub(super) fn arrive(&mut self, from: &Self, departure: &KeyEvent) {
        let mut named = from.named();
        named["eventHash"] = json!(departure.hash());
        self.add(Kind::TransferredIn, &json!({"from": named}).to_string());
    }

    fn named(&self) -> serde_json::Value {
        let Identity {
            chain_id,
            registry,
            merchant_id,
        } = self.identity;
        json!({"chainId": chain_id, "registry": registry, "merchantId": merchant_id, "keyId": self.proved().0})
    }

    /// Anchors the epochs, each with an event of another key too.
    pub(super) fn anchor(&self) -> Anchored {
        let folder = tempfile::tempdir().expect("a folder");
        let merchant_id = self.identity.merchant_id;
        let history = History::open(folder.path(), merchant_id).expect("a history");
        let with_another = |(number, events): (u64, &Vec<KeyEvent>)| {
            let mut events = events.clone();
            events.push(of_another(number));
            events.sort_unstable_by_key(|event| (event.key_id, event.version));
            events
        };
        let epochs: Vec<Vec<KeyEvent>> = (1..).zip(&self.epochs).map(with_another).collect();
        let ledger = Ledger::of_epochs(&history, merchant_id, self.vrf.public_key(), &epochs);
        Anchored {
            ledger,
            folder,
            parts: self.parts(&history),
        }
    }

    /// The key's proof, newest part first, with all bodies opened.
    fn parts(&self, history: &History) -> Vec<Bundle> {
        let (key_id, vrf_proof) = self.proved();
        let mut parts = Vec::new();
        let mut next = history.prove(&key_id).ok();
        while let Some(KeyHistory {
            mut events,
            history: at,
            epochs,
            ..
        }) = next.take()
        {
            for included in &mut events {
                let of = |(event, _): &&(KeyEvent, Opening)| *event == included.event;
                included.opening = self.openings.iter().find(of).map(|(_, opening)| opening.clone());
            }
            if let Some(first) = events.first().filter(|first| first.event.version > 1) {
                next = Some(
                    history
                        .prove_before(&key_id, first.event.version, first.epoch)
                        .expect("a part"),
                );
            }
            parts.push(Bundle {
                identity: self.identity,
                key_id,
                vrf_proof,
                events,
                history: at,
                epochs,
                receipts: Vec::new(),
            });
        }
        parts
    }
}

impl Anchored {
    /// Where the data is published.
    pub(super) fn data(&self) -> String {
        self.path("data")
    }

    /// Writes the parts of the key's proof; the files.
    pub(super) fn proof(&self) -> Vec<String> {
        let write = |(index, part): (usize, &Bundle)| self.write(&format!("part-{index}.json"), &part.to_json());
        self.parts.iter().enumerate().map(write).collect()
    }

    /// Writes what the chain holds as a file of trusted epochs.
    pub(super) fn trusted(&self) -> String {
        let Ledger {
            merchant,
            vrf_public_key,
            headers,
            ..
        } = &self.ledger;
        let epochs = headers.iter().map(|header| {
            let anchored_at_s = time_of(block_of(header.number));
            json!({"number": header.number, "hash": header.hash(merchant), "anchoredAt": anchored_at_s})
        });
        let file = json!({
            "format": "shelfproof-trusted-epochs-v1",
            "chainId": CHAIN_ID, "registry": REGISTRY, "merchantId": merchant, "vrfPublicKey": vrf_public_key,
            "receiptSigners": [], "asOf": time_of(self.ledger.finalized), "epochs": epochs.collect::<Vec<_>>(),
        });
        self.write("trusted.json", &file.to_string())
    }

    /// Writes the code as a file of codes.
    pub(super) fn codes(&self) -> String {
        self.write("codes.txt", CODE)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).expect("written");
        path
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}
