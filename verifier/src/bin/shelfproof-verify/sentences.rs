//! What every answer says to people, in English and Chinese. The text itself is data: `verifier/sentences.json`.
//!
//! The file is for other implementations too. `format` names this layout, `shelfproof-sentences-v1`; every other field
//! is a group, every field of a group one text, and every text has `en` and `zh`. The groups, by what their names are:
//!
//! | group | names | the text |
//! |---|---|---|
//! | `codes` | the protocol's codes (section 5) | one sentence: what the refusal means, and what to do |
//! | `rules` | the rules that an audit checks (section 6) | the same |
//! | `surroundings` | [`Cause`]'s other codes: the command line, files, the node, the data | the same |
//! | `states` | a kind of event, or `absent`; with `_yours` for a sale shown to be the asker's, if that differs | one sentence: what a key in this state is good for |
//! | `receipts` | what was checked of a receipt, or what became of it | one sentence |
//! | `kinds` | the kinds of events | two or three words |
//! | `not_proved` | [`NotProved`]'s names | the rest of a sentence that begins with "Not proved:" |
//! | `texts` | [`Text`]'s names | labels, and lines with values |
//!
//! A name in braces stands for a value: `{epoch}`. Both languages have the same ones. To add a text: its two languages
//! in the file, and its name in the enum that this module reads its group by; the tests hold the two together.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

use serde::Deserialize;
use shelfproof_verifier::event::Kind;

use crate::args::Lang;
use crate::cause::Cause;

mod not_proved;
mod text;

pub(crate) use not_proved::{NotProved, TermsOpen};
pub(crate) use text::Text;

/// The file. Empty if it cannot be read, which a test excludes.
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

/// A text of a group; its name if there is none, which a test excludes.
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

/// What it means that nothing holds, and what to do.
pub(crate) fn of_cause(cause: Cause, lang: Lang) -> &'static str {
    let group = match cause {
        Cause::Check(_) => &SENTENCES.codes,
        Cause::Breach(_) => &SENTENCES.rules,
        _ => &SENTENCES.surroundings,
    };
    of(group, cause.code(), lang)
}

/// What a key's state means, and what to do; `yours` if the sale was shown to be the asker's.
pub(crate) fn of_state(state: Option<Kind>, yours: bool, lang: Lang) -> &'static str {
    let states = &SENTENCES.states;
    let own = match state {
        Some(Kind::Sold) => "sold_yours",
        Some(Kind::Redeemed) => "redeemed_yours",
        Some(Kind::Refunded) => "refunded_yours",
        Some(Kind::Disputed) => "disputed_yours",
        Some(Kind::Upheld) => "upheld_yours",
        _ => state.map_or("absent", Kind::name),
    };
    of(
        states,
        if yours { own } else { state.map_or("absent", Kind::name) },
        lang,
    )
}

/// What became of a receipt, or what was checked of it.
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
