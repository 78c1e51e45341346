//! The shop's published log, with further epochs that the shop's own anchor would refuse to make.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use alloy_primitives::{B256, keccak256};
use shelfproof_base::clock::now_ms;
use shelfproof_verifier::bundle::{HistoryAt, Included, KeyHistory};
use shelfproof_verifier::chain::rpc::RpcSource;
use shelfproof_verifier::delta;
use shelfproof_verifier::epoch::ListedHeader;
use shelfproof_verifier::epoch::{Header, data_hash, decode_data, encode_data};
use shelfproof_verifier::event::{KeyEvent, Kind, Opening, payload};
use shelfproof_verifier::history::{self, Entry};
use shelfproof_verifier::published::Data;
use shelfproof_verifier::tree::EventsTree;

use crate::Result;

/// All epochs of one merchant.
#[derive(Clone)]
pub(super) struct Log {
    merchant_id: B256,
    epochs: Vec<Epoch>,
}

#[derive(Clone)]
struct Epoch {
    header: Header,
    /// The events in the order of the published data.
    events: Vec<KeyEvent>,
    /// What the map says about these keys from this epoch on, in place of their real last events.
    claims: Vec<KeyEvent>,
}

impl Epoch {
    fn tree(&self) -> Result<EventsTree> {
        Ok(EventsTree::of_events(&self.events, 1).ok_or("an epoch without events")?)
    }
}

impl Log {
    /// Reads the anchored epochs, and their data from that folder.
    pub(super) async fn read(source: &RpcSource, data: &Path) -> Result<Self> {
        let data = Data::Folder(data.to_owned());
        let mut scan = source.scan(1, 0, source.final_block().await?).await?;
        let mut log = Self {
            merchant_id: source.identity().merchant_id,
            epochs: Vec::new(),
        };
        while let Some(anchored) = scan.next().await? {
            log.epochs.push(Epoch {
                header: anchored.header,
                events: decode_data(&data.fetch(&anchored.header).await?)?,
                claims: Vec::new(),
            });
        }
        let newest = log.epochs.last().ok_or("nothing is anchored")?;
        if history::root_of(&leaves(log.heads(newest.header.number))) != newest.header.history_root {
            return Err("the published data makes another history than was anchored".into());
        }
        Ok(log)
    }

    /// Makes the next epoch from any events. Where a claim is the newest for its key, the map shows the claim in place
    /// of the event.
    pub(super) fn seal(&mut self, events: &[KeyEvent], claims: &[KeyEvent]) -> Result<Header> {
        let parent = self.epochs.last().ok_or("nothing is anchored")?.header;
        let mut events = events.to_vec();
        events.sort_unstable_by_key(|event| (event.key_id, event.version));
        let data = encode_data(&events);
        let mut epoch = Epoch {
            header: Header {
                number: parent.number + 1,
                parent: parent.hash(&self.merchant_id),
                event_count: events.len() as u64,
                data_hash: data_hash(&data),
                ..parent
            },
            events,
            claims: claims.to_vec(),
        };
        epoch.header.events_root = epoch.tree()?.root();
        let number = epoch.header.number;
        self.epochs.push(epoch);
        let history_root = history::root_of(&leaves(self.heads(number)));
        let sealed = self.epochs.last_mut().ok_or("nothing is anchored")?;
        sealed.header.history_root = history_root;
        Ok(sealed.header)
    }

    /// Returns an epoch's data, in the published form.
    pub(super) fn data(&self, number: u64) -> Result<Vec<u8>> {
        Ok(encode_data(&self.epoch(number)?.events))
    }

    /// Returns an epoch's delta, in the published form. It is true if there are no `lies`; each of them is shown as its
    /// key's newest event before the epoch, whatever the map before has.
    pub(super) fn delta(&self, number: u64, lies: &[KeyEvent]) -> Result<Vec<u8>> {
        let mut before = self.heads(number - 1);
        before.extend(lies.iter().map(|event| (event.key_id, *event)));
        let mut after = BTreeMap::new();
        after.extend(self.epoch(number)?.events.iter().map(|event| (event.key_id, *event)));
        let mut bytes = Vec::new();
        for key_id in after.keys() {
            delta::write_newest(&mut bytes, before.get(key_id).map(KeyEvent::to_bytes).as_ref());
        }
        delta::open_part(&mut bytes, &leaves(before), 0, &leaves(after));
        Ok(bytes)
    }

    /// How many events there are.
    pub(super) fn events(&self) -> usize {
        self.epochs.iter().map(|epoch| epoch.events.len()).sum()
    }

    /// The number of the newest epoch; 0 if there is none.
    pub(super) fn newest(&self) -> u64 {
        self.epochs.last().map_or(0, |epoch| epoch.header.number)
    }

    /// A key's newest event.
    pub(super) fn head(&self, key_id: &B256) -> Result<KeyEvent> {
        let head = self.heads(self.newest()).get(key_id).copied();
        Ok(head.ok_or_else(|| format!("key {key_id} is not in the log"))?)
    }

    /// Returns the newest event of some key in that state.
    pub(super) fn any(&self, state: Kind) -> Result<KeyEvent> {
        let heads = self.heads(self.newest());
        let head = heads.into_values().find(|head| head.kind == state);
        Ok(head.ok_or_else(|| format!("no key is {}", state.name()))?)
    }

    /// Makes the event that withdraws a key from sale, for an epoch that says nothing new of any buyer's key.
    pub(super) fn withdrawal(&self) -> Result<KeyEvent> {
        let on_sale = self.any(Kind::Activated)?;
        Ok(made_up(on_sale.key_id, Some(&on_sale), Kind::Voided, "{}").0)
    }

    /// Returns a key's history with its proofs, as of the map of that epoch, with only the events that `shown` accepts.
    pub(super) fn history(&self, key_id: &B256, number: u64, shown: impl Fn(&KeyEvent) -> bool) -> Result<KeyHistory> {
        let (mut events, mut named) = (Vec::new(), BTreeSet::from([number]));
        for epoch in self.epochs.iter().filter(|epoch| epoch.header.number <= number) {
            let of_key = epoch.events.iter().filter(|event| event.key_id == *key_id);
            for event in of_key.filter(|event| shown(event)) {
                named.insert(epoch.header.number);
                events.push(Included {
                    event: *event,
                    opening: None,
                    epoch: epoch.header.number,
                    path: epoch.tree()?.path(&event.hash()).ok_or("an event without a path")?,
                });
            }
        }
        let listed = |number| {
            Ok(ListedHeader {
                header: self.epoch(number)?.header,
                block: None,
            })
        };
        Ok(KeyHistory {
            key_id: *key_id,
            events,
            history: HistoryAt {
                epoch: number,
                proof: history::prove_from(&leaves(self.heads(number)), key_id),
            },
            epochs: named.into_iter().map(listed).collect::<Result<_>>()?,
        })
    }

    fn epoch(&self, number: u64) -> Result<&Epoch> {
        let epoch = self.epochs.iter().find(|epoch| epoch.header.number == number);
        Ok(epoch.ok_or_else(|| format!("there is no epoch {number}"))?)
    }

    /// Returns the last event of each key in the map of that epoch.
    fn heads(&self, number: u64) -> BTreeMap<B256, KeyEvent> {
        let epochs = self.epochs.iter().filter(|epoch| epoch.header.number <= number);
        let told = epochs.flat_map(|epoch| epoch.events.iter().chain(&epoch.claims));
        told.map(|event| (event.key_id, *event)).collect()
    }
}

/// The leaves of the map that has these newest events.
fn leaves(heads: BTreeMap<B256, KeyEvent>) -> Vec<Entry> {
    let leaf = |head: KeyEvent| (head.key_id, history::value_hash(head.version, &head.hash()));
    heads.into_values().map(leaf).collect()
}

/// Makes an event that no program of the shop wrote: the next event of a key, or its first if `before` is `None`.
pub(super) fn made_up(key_id: B256, before: Option<&KeyEvent>, kind: Kind, body: &str) -> (KeyEvent, Opening) {
    let salt = keccak256(rand::random::<[u8; 32]>());
    let event = KeyEvent {
        key_id,
        version: before.map_or(1, |before| before.version + 1),
        kind,
        at_ms: before.map_or(0, |before| before.at_ms).max(now_ms()),
        prev: before.map_or(B256::ZERO, KeyEvent::hash),
        payload: payload(&salt, body),
    };
    let body = body.to_owned();
    (event, Opening { salt, body })
}
