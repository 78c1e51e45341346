//! What answers say to people, in English and Chinese. The text is data: `verifier/sentences.json`.
//!
//! The file is for other implementations too. `format` names this layout, `shelfproof-sentences-v1`. Every other field
//! is a group; a group maps names to texts, and a text has the fields `en` and `zh`:
//!
//! | group | names | text |
//! |---|---|---|
//! | `codes` | the protocol's codes (section 5) | a sentence: what the refusal means, and what to do |
//! | `rules` | the rules that an audit checks (section 6) | as for codes |
//! | `surroundings` | the other codes of [`Cause`]: command line, files, node, data | as for codes |
//! | `states` | a key's last kind of event, or `absent` | a sentence: what the state means, and what to do |
//! | `states`, suffix `_yours` | the kinds from `sold` on, if the sale is proved to be the user's | as for states |
//! | `states`, suffix `_secret` | the same, if it is proved to be that of whoever knows a secret | as for states |
//! | `receipts` | `yours`, `secret`, `terms_open`, `unclaimed` at first; `met`, `late`, `pending` later | a sentence |
//! | `kinds` | the kinds of events | one to three words |
//! | `not_proved` | the names of [`NotProved`] | what an answer does not prove, listed under "Not proved:" |
//! | `texts` | the names of [`Text`] | labels, and lines with values |
//!
//! A name in braces is replaced by a value, and both languages have the same names. `{time}` and `{since}` are times in
//! UTC; `{epoch}`, `{latest}`, `{block}`, `{epochs}` and `{events}` numbers; `{merchant}`, `{registry}` and `{chain}` a
//! merchant's ids; `{kind}` a text of `kinds`; `{audit}` the text `audit_own`, `audit_by` or `audit_attested`;
//! `{auditor}` a name or an address; `{transaction}` a hash; `{file}` a file's name, `{name}` a pin's, `{keys}` a number;
//! `{node}` a node's name, `{seconds}` a number; `{rule}` a rule's name; `{field}` a field's name, `{old}` and `{new}` its values; `{owner}`, `{to}` and `{disputes}`
//! addresses; `{successor}` a merchant's id; `{terms}` the texts `term_…` that apply, joined by `term_separator`;
//! `{detail}` an English sentence.
//!
//! To add a text, put both languages into the file and its name into the enum of its group. The tests find a text that
//! is missing or not used.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

use serde::Deserialize;
use shelfproof_verifier::event::Kind;

use crate::args::Lang;
use crate::cause::Cause;
use crate::input::Whose;

mod not_proved;
mod text;

pub(crate) use not_proved::{NotProved, TermsOpen};
pub(crate) use text::Text;

/// The file. A test proves that it parses.
static SENTENCES: LazyLock<Sentences> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../sentences.json")).unwrap_or_default());

type Group = BTreeMap<&'static str, Pair>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentences {
    #[cfg_attr(not(test), expect(dead_code, reason = "this program has its own file"))]
    format: &'static str,
    codes: Group,
    rules: Group,
    surroundings: Group,
    states: Group,
    receipts: Group,
    kinds: Group,
    not_proved: Group,
    texts: Group,
}

/// One text in both languages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    en: &'static str,
    zh: &'static str,
}

/// A text of a group; its name if the group does not have it. A test proves that all names are there.
fn of(group: &Group, name: &'static str, lang: Lang) -> &'static str {
    group.get(name).map_or(name, |pair| match lang {
        Lang::En => pair.en,
        Lang::Zh => pair.zh,
    })
}

impl Lang {
    /// A label, or a line without values.
    pub(crate) fn text(self, text: Text) -> &'static str {
        of(&SENTENCES.texts, text.name(), self)
    }

    /// A line with these values in the place of their names.
    pub(crate) fn fill(self, text: Text, values: &[(&str, &dyn Display)]) -> String {
        fill(self.text(text), values)
    }
}

/// What a failure means, and what to do.
pub(crate) fn of_cause(cause: Cause, lang: Lang) -> &'static str {
    let group = match cause {
        Cause::Check(_) => &SENTENCES.codes,
        Cause::Breach(_) => &SENTENCES.rules,
        _ => &SENTENCES.surroundings,
    };
    of(group, cause.code(), lang)
}

/// What a key's state means, and what to do, by whose the sale was proved to be.
pub(crate) fn of_state(state: Option<Kind>, whose: Whose, lang: Lang) -> &'static str {
    let any = state.map_or("absent", Kind::name);
    let (yours, secret) = match state {
        Some(Kind::Sold) => ("sold_yours", "sold_secret"),
        Some(Kind::Redeemed) => ("redeemed_yours", "redeemed_secret"),
        Some(Kind::Refunded) => ("refunded_yours", "refunded_secret"),
        Some(Kind::Disputed) => ("disputed_yours", "disputed_secret"),
        Some(Kind::Upheld) => ("upheld_yours", "upheld_secret"),
        _ => (any, any),
    };
    let name = match whose {
        Whose::Unchecked => any,
        Whose::Secret => secret,
        Whose::Yours => yours,
    };
    of(&SENTENCES.states, name, lang)
}

/// What an accepted receipt means, and what to do.
pub(crate) fn of_receipt(name: &'static str, lang: Lang) -> &'static str {
    of(&SENTENCES.receipts, name, lang)
}

/// A kind of event.
pub(crate) fn kind(kind: Kind, lang: Lang) -> &'static str {
    of(&SENTENCES.kinds, kind.name(), lang)
}

/// `template` with each `{name}` replaced by its value. A name without a value stays as it is.
fn fill(template: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, (name, after))) = rest
        .split_once('{')
        .and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        out.push_str(before);
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => out.push_str(&value.to_string()),
            None => out.extend(["{", name, "}"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
