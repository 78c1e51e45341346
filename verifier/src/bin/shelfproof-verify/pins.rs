//! The trust store: the merchants that the user has pinned under names. Once a name is pinned, only the user can change
//! it, and nothing that the shop says does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::{Address, B256};

use crate::args::Lang;
use crate::report::Failure;
use crate::seen::Seen;
use crate::store;

const FORMAT: &str = "shelfproof-trust-v1";

/// The most auditors that can be trusted: each is asked for at every check.
pub(crate) const MAX_AUDITORS: usize = 16;

/// A pinned merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pin {
    chain_id: u64,
    registry: Address,
    merchant_id: B256,
    /// The address of the node to read the chain from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rpc: Option<String>,
    /// What the shop calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Where the shop's data is published, as the shop says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data_uri: Option<String>,
    /// Where the shop's ids were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    /// When it was pinned, Unix seconds.
    pub(crate) pinned_at: u64,
}

impl Pin {
    /// A pin of that merchant.
    pub(crate) const fn new(identity: Identity, pinned_at: u64) -> Self {
        let Identity {
            chain_id,
            registry,
            merchant_id,
        } = identity;
        Self {
            chain_id,
            registry,
            merchant_id,
            rpc: None,
            name: None,
            data_uri: None,
            from: None,
            pinned_at,
        }
    }

    /// The merchant.
    pub(crate) const fn identity(&self) -> Identity {
        Identity {
            chain_id: self.chain_id,
            registry: self.registry,
            merchant_id: self.merchant_id,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Content {
    format: String,
    merchants: BTreeMap<String, Pin>,
    /// The addresses of trusted auditors, by name.
    #[serde(default)]
    auditors: BTreeMap<String, Address>,
}

/// The file of pins.
#[derive(Debug)]
pub(crate) struct Pins {
    path: PathBuf,
    merchants: BTreeMap<String, Pin>,
    auditors: BTreeMap<String, Address>,
}

impl Pins {
    /// Reads the file at `path`, or the user's default one. A file that does not exist is empty.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self, Failure> {
        let path = place(path)?;
        let Some(bytes) = store::read(&path)? else {
            return Ok(Self {
                path,
                merchants: BTreeMap::new(),
                auditors: BTreeMap::new(),
            });
        };
        let content: Content = serde_json::from_slice(&bytes).map_err(|error| store::failed(&path, &error))?;
        if content.format != FORMAT {
            return Err(store::failed(&path, &format!("it is no {FORMAT} file")));
        }
        Ok(Self {
            path,
            merchants: content.merchants,
            auditors: content.auditors,
        })
    }

    /// All pins, by name.
    pub(crate) const fn all(&self) -> &BTreeMap<String, Pin> {
        &self.merchants
    }

    /// Sets a pin, and writes the file.
    pub(crate) fn insert(&mut self, name: &str, pin: Pin) -> Result<(), Failure> {
        self.merchants.insert(name.to_owned(), pin);
        self.write()
    }

    /// Removes a pin, and writes the file. `false` if there was none.
    pub(crate) fn remove(&mut self, name: &str) -> Result<bool, Failure> {
        let was_there = self.merchants.remove(name).is_some();
        if was_there {
            self.write()?;
        }
        Ok(was_there)
    }

    /// The addresses of trusted auditors, by name.
    pub(crate) const fn auditors(&self) -> &BTreeMap<String, Address> {
        &self.auditors
    }

    /// Trusts an auditor, and writes the file.
    pub(crate) fn insert_auditor(&mut self, name: &str, address: Address) -> Result<(), Failure> {
        self.auditors.insert(name.to_owned(), address);
        self.write()
    }

    /// Trusts an auditor no longer, and writes the file. `false` if there was none of that name.
    pub(crate) fn remove_auditor(&mut self, name: &str) -> Result<bool, Failure> {
        let was_there = self.auditors.remove(name).is_some();
        if was_there {
            self.write()?;
        }
        Ok(was_there)
    }

    // Only the user may read the file: a node's address may contain an access key.
    fn write(&self) -> Result<(), Failure> {
        let content = Content {
            format: FORMAT.to_owned(),
            merchants: self.merchants.clone(),
            auditors: self.auditors.clone(),
        };
        let json = serde_json::to_vec_pretty(&content).map_err(|error| store::failed(&self.path, &error))?;
        store::replace_private(&self.path, &json)
    }
}

fn place(path: Option<PathBuf>) -> Result<PathBuf, Failure> {
    match path {
        Some(path) => Ok(path),
        None => Ok(store::folders()?.config_dir().join("merchants.json")),
    }
}

/// The names of pinned merchants. The file is opened only when a name is looked up.
#[derive(Debug)]
pub(crate) struct Names {
    path: Option<PathBuf>,
    lang: Lang,
}

impl Names {
    /// The names in the file at `path`, or in the user's default one.
    pub(crate) const fn of(path: Option<PathBuf>, lang: Lang) -> Self {
        Self { path, lang }
    }

    /// The language of what is said beside an answer.
    pub(crate) const fn lang(&self) -> Lang {
        self.lang
    }

    /// What this verifier has seen of a merchant, pinned or not, beside the file.
    pub(crate) fn seen(&self, identity: &Identity) -> Result<Seen, Failure> {
        Seen::open(&place(self.path.clone())?.with_extension("seen"), identity)
    }

    /// The addresses of trusted auditors, by name; none for a user without a home folder.
    pub(crate) fn auditors(&self) -> Result<BTreeMap<String, Address>, Failure> {
        if self.path.is_none() && store::folders().is_err() {
            return Ok(BTreeMap::new());
        }
        Ok(Pins::open(self.path.clone())?.auditors)
    }

    /// The pin with that name, if there is one.
    pub(crate) fn look_up(&self, name: &str) -> Result<Option<Pin>, Failure> {
        Ok(Pins::open(self.path.clone())?.merchants.remove(name))
    }

    /// The pin with that name.
    ///
    /// # Errors
    /// If there is none. Names are never guessed.
    pub(crate) fn find(&self, name: &str) -> Result<Pin, Failure> {
        self.look_up(name)?.ok_or_else(|| {
            Failure::usage("--merchant is neither a merchant id nor a pinned name: `trust list` shows the names")
        })
    }
}
