//! Makes forgeries, either from a bundle that is changed field by field or from its text.

use alloy_primitives::B256;
use serde_json::Value;
use shelfproof_verifier::Code;
use shelfproof_verifier::bundle::{Bundle, Included};
use shelfproof_verifier::epoch::Header;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Promise;

use super::{Forgery, Honest, Material};
use crate::Result;
use crate::anchored_shop::Secret;

/// The index of the generation among a bundle's events.
pub(super) const GENERATION: usize = 0;
pub(super) const ACTIVATION: usize = 1;
pub(super) const SALE: usize = 2;

/// Marks a place in the JSON text, to be replaced by text that JSON's own types cannot express.
const MARK: &str = "@@forged@@";

/// What the victim types and gets. It is honest until it is changed.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) code: String,
    pub(super) secret: Secret,
    pub(super) bundle: Bundle,
}

impl Draft {
    pub(super) fn of(honest: &Honest) -> Self {
        Self {
            code: honest.code.clone(),
            secret: honest.secret.clone(),
            bundle: honest.bundle.clone(),
        }
    }

    pub(super) fn sale(&mut self) -> &mut Included {
        &mut self.bundle.events[SALE]
    }

    pub(super) fn receipt(&mut self) -> &mut Promise {
        &mut self.bundle.receipts[0]
    }

    /// Returns the header of that epoch.
    pub(super) fn header(&mut self, number: u64) -> &mut Header {
        let listed = self.bundle.epochs.iter().position(|one| one.header.number == number);
        // Callers ask only for epochs of an event or of the history, and a bundle must have the headers of those.
        &mut self.bundle.epochs[listed.unwrap_or_default()].header
    }
}

/// The forgeries, in groups.
pub(super) struct Bench<'a> {
    pub(super) material: &'a Material,
    group: &'static str,
    made: Vec<Forgery>,
}

impl<'a> Bench<'a> {
    pub(super) const fn new(material: &'a Material) -> Self {
        Self {
            material,
            group: "",
            made: Vec::new(),
        }
    }

    /// Starts a group, to which all further forgeries belong.
    pub(super) const fn group(&mut self, group: &'static str) -> &mut Self {
        self.group = group;
        self
    }

    pub(super) fn made(self) -> Vec<Forgery> {
        self.made
    }

    pub(super) fn victim(&self) -> &'a Honest {
        &self.material.victim
    }

    pub(super) fn other(&self) -> &'a Honest {
        &self.material.other
    }

    /// Adds the victim's bundle after `change`.
    pub(super) fn draft(&mut self, kind: &str, expected: Code, change: impl FnOnce(&mut Draft)) {
        let mut draft = Draft::of(self.victim());
        change(&mut draft);
        self.put(kind, expected, draft);
    }

    /// Adds a bundle that was changed already.
    pub(super) fn put(&mut self, kind: &str, expected: Code, draft: Draft) {
        self.made.push(Forgery {
            name: format!("{}/{kind}", self.group),
            code: draft.code,
            secret: Some(draft.secret),
            bundle: draft.bundle.to_json().into_bytes(),
            expected,
        });
    }

    /// Adds bytes that are not a bundle, given to the victim.
    pub(super) fn malformed(&mut self, kind: &str, bytes: impl Into<Vec<u8>>) {
        self.made.push(Forgery {
            name: format!("{}/{kind}", self.group),
            code: self.victim().code.clone(),
            secret: Some(self.victim().secret.clone()),
            bundle: bytes.into(),
            expected: Code::Malformed,
        });
    }

    /// Returns the victim's bundle as JSON.
    pub(super) fn file(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.victim().bundle.to_json())?)
    }
}

/// Returns the value that `pointer` names.
///
/// # Errors
/// If there is none.
pub(super) fn place<'a>(file: &'a mut Value, pointer: &str) -> Result<&'a mut Value> {
    file.pointer_mut(pointer)
        .ok_or_else(|| format!("the bundle has no {pointer}").into())
}

/// Returns the text of `file` with the text `raw` in place of the value that `pointer` names.
///
/// # Errors
/// If there is no such value.
pub(super) fn with_raw(file: &Value, pointer: &str, raw: &str) -> Result<String> {
    let mut file = file.clone();
    *place(&mut file, pointer)? = MARK.into();
    Ok(file.to_string().replacen(&format!("\"{MARK}\""), raw, 1))
}

/// Returns the text of `file` with one more field in the object that `pointer` names. `name` is written between the
/// quotes unchanged.
///
/// # Errors
/// If there is no such object.
pub(super) fn with_field(file: &Value, pointer: &str, name: &str, value: Value) -> Result<String> {
    let mut file = file.clone();
    let object = place(&mut file, pointer)?.as_object_mut().ok_or("no object")?;
    object.insert(MARK.to_owned(), value);
    Ok(file.to_string().replacen(MARK, name, 1))
}

/// Returns the form of an event's kind that the names of forgeries use.
pub(super) fn slug(kind: Kind) -> String {
    kind.name().replace('_', "-")
}

/// Changes the last bit of a word.
pub(super) fn flip(word: &mut B256) {
    word[31] ^= 1;
}
