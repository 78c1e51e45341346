//! What `watch` remembers between two looks, in a file beside the audits.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use serde::{Deserialize, Serialize};
use shelfproof_verifier::B256;
use shelfproof_verifier::bundle::{Bundle, Included};
use shelfproof_verifier::event::Kind;

use super::kind_in_words;
use crate::args::Lang;
use crate::audit::KeptEvent;
use crate::report::Failure;
use crate::sentences::Text;
use crate::{store, time};

const FORMAT: &str = "shelfproof-watch-v1";
const NAME: &str = "watch.json";

/// What was followed so far.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    format: String,
    /// Each key's last event, and how far it was followed.
    pub(super) keys: BTreeMap<B256, Followed>,
    /// The receipts whose sale was found, by its event's hash, and whether it came late.
    pub(super) kept: BTreeMap<B256, bool>,
}

/// The last event of a key that is watched; version 0 if it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Followed {
    pub(super) version: u32,
    kind: u8,
    /// When it happened, as the shop says, Unix seconds.
    at: u64,
    epoch: u64,
    /// The epoch to which the key was followed.
    pub(super) to: u64,
    /// The version of the newest transfer of which no proof showed the other side; 0 if there is none.
    pub(super) transfer: u32,
}

impl Followed {
    /// Where a key's proof ends, whose transfers are not compared with other shops' proofs.
    pub(super) fn of_bundle(bundle: &Bundle) -> Self {
        let Some(last) = bundle.events.last() else {
            return Self::default();
        };
        let is_transfer = |included: &&Included| included.event.kind.is_transfer();
        let transfer = bundle.events.iter().rfind(is_transfer);
        Self {
            version: last.event.version,
            kind: last.event.kind as u8,
            at: last.event.at_ms / 1000,
            epoch: last.epoch,
            to: 0,
            transfer: transfer.map_or(0, |included| included.event.version),
        }
    }

    /// With the key's next event.
    pub(super) fn and(self, kept: &KeptEvent) -> Self {
        let is_transfer = Kind::from_number(kept.event.kind).is_some_and(Kind::is_transfer);
        Self {
            version: kept.event.version,
            kind: kept.event.kind,
            at: kept.event.at_ms / 1000,
            epoch: kept.epoch,
            to: kept.epoch,
            transfer: if is_transfer { kept.event.version } else { self.transfer },
        }
    }

    /// The name of its kind, as in a verdict.
    pub(super) fn name(&self) -> &'static str {
        Kind::from_number(self.kind).map_or("absent", Kind::name)
    }

    /// A line on it.
    pub(super) fn in_words(&self, text: Text, name: &str, lang: Lang) -> String {
        if self.version == 0 {
            return format!("{name}: {}", lang.text(Text::NoEvents));
        }
        let (kind, at) = (kind_in_words(self.kind, lang), time::utc(self.at));
        let values: [(&str, &dyn Display); 4] =
            [("file", &name), ("kind", &kind), ("epoch", &self.epoch), ("time", &at)];
        lang.fill(text, &values)
    }
}

impl State {
    /// Reads the file. One that is damaged is like none: the keys are followed from their proofs again.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let bytes = store::read(&folder.join(NAME))?.unwrap_or_default();
        let read: Option<Self> = serde_json::from_slice(&bytes).ok();
        Ok(read.filter(|state| state.format == FORMAT).unwrap_or_else(|| Self {
            format: FORMAT.to_owned(),
            ..Self::default()
        }))
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let path = folder.join(NAME);
        let json = serde_json::to_vec_pretty(self).map_err(|error| store::failed(&path, &error))?;
        store::replace(&path, &json)
    }
}
