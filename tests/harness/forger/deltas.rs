//! Forged deltas: every place of an epoch's delta, changed in every way. A delta has one legal encoding, so a light
//! audit must stop at each of them without a verdict, as `delta_unusable`.

use std::ops::Range;

use alloy_primitives::B256;
use shelfproof_verifier::event::EVENT_BYTES;
use shelfproof_verifier::history::{self, EMPTY};

use crate::Result;

/// The bytes that begin a part of the trie.
const EMPTY_PART: u8 = 0;
const CLOSED: u8 = 1;
const LEAF: u8 = 2;
const FORK: u8 = 3;

/// The fields of a newest event, by their bytes.
const FIELDS: [(&str, Range<usize>); 6] = [
    ("key-id", 0..32),
    ("version", 32..36),
    ("kind", 36..37),
    ("time", 37..45),
    ("prev", 45..77),
    ("payload", 77..109),
];

/// A change to a field.
type Change = fn(&mut [u8]);

const CHANGES: [(&str, Change); 4] = [
    ("first-bit-off", |field| field[0] ^= 0x80),
    ("last-bit-off", |field| field[field.len() - 1] ^= 1),
    ("zero", |field| field.fill(0)),
    ("all-ones", |field| field.fill(0xff)),
];

/// A forged delta.
#[derive(Clone, Debug)]
pub struct ForgedDelta {
    /// The name of the forgery: `deltas/kind`, of letters, digits, `.` and `-`.
    pub name: String,
    /// What the shop serves.
    pub delta: Vec<u8>,
}

/// The part of the trie that takes these bytes.
#[derive(Clone)]
struct Part {
    bytes: Range<usize>,
    mark: u8,
    node: B256,
    /// Where its right half begins, if it is a fork.
    right: usize,
}

/// The delta, and what was made of it.
struct Forger<'a> {
    honest: &'a [u8],
    made: Vec<ForgedDelta>,
}

/// Makes every forgery of the delta of an epoch with events of these keys, in ascending order. `others` are honest
/// deltas of other epochs.
///
/// # Errors
/// If it is not a delta of those keys.
pub fn forge_deltas(honest: &[u8], keys: &[B256], others: &[Vec<u8>]) -> Result<Vec<ForgedDelta>> {
    let mut at = 0;
    let mut newest = Vec::new();
    for _ in keys {
        let end = at + if honest.get(at) == Some(&1) { 1 + EVENT_BYTES } else { 1 };
        newest.push(at..end);
        at = end;
    }
    let mut parts = Vec::new();
    let trie = at;
    read_part(honest, &mut at, &mut parts)?;
    if at != honest.len() {
        return Err("bytes follow the delta's end".into());
    }
    let first = keys.first().ok_or("an epoch without keys")?;
    let mut forger = Forger {
        honest,
        made: Vec::new(),
    };
    forger.forge_newest(&newest, keys);
    for (name, mark) in [
        ("empty", EMPTY_PART),
        ("closed", CLOSED),
        ("leaf", LEAF),
        ("fork", FORK),
    ] {
        let of_mark: Vec<&Part> = parts.iter().filter(|part| part.mark == mark).collect();
        for (which, part) in ends(&of_mark) {
            forger.forge_part(&format!("{which}-{name}"), part, first);
        }
    }
    forger.forge_whole(trie, others);
    Ok(forger.made)
}

/// Reads the part that begins at `at`, with those below it, in the order of their beginnings. Recurses once for each
/// bit of a key id.
fn read_part(bytes: &[u8], at: &mut usize, parts: &mut Vec<Part>) -> Result<B256> {
    let (begin, place) = (*at, parts.len());
    let mark = *bytes.get(begin).ok_or("the delta is cut short")?;
    let word = |at: usize| {
        bytes
            .get(at..at + 32)
            .map(B256::from_slice)
            .ok_or("the delta is cut short")
    };
    let mut part = Part {
        bytes: begin..begin + 1,
        mark,
        node: EMPTY,
        right: 0,
    };
    parts.push(part.clone());
    *at += 1;
    match mark {
        EMPTY_PART => (),
        CLOSED => {
            part.node = word(*at)?;
            *at += 32;
        }
        LEAF => {
            part.node = history::leaf(&word(*at)?, &word(*at + 32)?);
            *at += 64;
        }
        FORK => {
            let left = read_part(bytes, at, parts)?;
            part.right = *at;
            let right = read_part(bytes, at, parts)?;
            part.node = history::join(&left, &right);
        }
        _ => return Err("the delta has an unknown part".into()),
    }
    part.bytes.end = *at;
    let node = part.node;
    parts[place] = part;
    Ok(node)
}

/// The first and the last of them.
fn ends<T>(all: &[T]) -> impl Iterator<Item = (&'static str, &T)> {
    let last = all.last().filter(|_| all.len() > 1);
    all.first()
        .map(|first| ("first", first))
        .into_iter()
        .chain(last.map(|last| ("last", last)))
}

impl Forger<'_> {
    /// Adds a forgery, unless it is the honest delta.
    fn put(&mut self, kind: &str, delta: Vec<u8>) {
        if delta != self.honest {
            self.made.push(ForgedDelta {
                name: format!("deltas/{kind}"),
                delta,
            });
        }
    }

    /// Adds the delta with other bytes in place of those.
    fn replace(&mut self, kind: &str, place: Range<usize>, by: &[u8]) {
        let delta = [&self.honest[..place.start], by, &self.honest[place.end..]].concat();
        self.put(kind, delta);
    }

    /// Adds the delta with each change to that field.
    fn change(&mut self, name: &str, field: Range<usize>) {
        for (how, change) in CHANGES {
            let mut delta = self.honest.to_vec();
            change(&mut delta[field.clone()]);
            self.put(&format!("{name}-{how}"), delta);
        }
    }

    /// Changes what is said of the keys' newest events before the epoch.
    fn forge_newest(&mut self, newest: &[Range<usize>], keys: &[B256]) {
        let honest = self.honest;
        let is_known = |place: &Range<usize>| place.len() > 1;
        let known: Vec<&Range<usize>> = newest.iter().filter(|place| is_known(place)).collect();
        for (which, place) in ends(&known) {
            for (field, bytes) in FIELDS {
                let begin = place.start + 1;
                self.change(
                    &format!("{which}-newest.{field}"),
                    begin + bytes.start..begin + bytes.end,
                );
            }
            self.replace(&format!("{which}-newest-left-out"), (*place).clone(), &[0]);
            self.replace(
                &format!("{which}-newest-marked-absent"),
                place.start..place.start + 1,
                &[0],
            );
            self.replace(
                &format!("{which}-newest-of-an-unknown-mark"),
                place.start..place.start + 1,
                &[2],
            );
        }
        if let [first, .., last] = &known[..] {
            self.replace("newest-of-another-key", (*first).clone(), &honest[(*last).clone()]);
            let between = &honest[first.end..last.start];
            let exchanged = [&honest[(*last).clone()], between, &honest[(*first).clone()]].concat();
            self.replace("newest-exchanged", first.start..last.end, &exchanged);
        }
        let unknown: Vec<(&Range<usize>, &B256)> =
            newest.iter().zip(keys).filter(|(place, _)| !is_known(place)).collect();
        for (which, (place, key)) in ends(&unknown) {
            let invented = [&[1][..], key.as_slice(), &[0, 0, 0, 1, 1], &[0; 72]].concat();
            self.replace(&format!("{which}-newest-invented"), (*place).clone(), &invented);
            self.replace(&format!("{which}-absence-of-an-unknown-mark"), (*place).clone(), &[2]);
        }
    }

    /// Changes one part of the trie, and writes it in other forms, some of which climb to the same root.
    fn forge_part(&mut self, name: &str, part: &Part, key: &B256) {
        let own = self.honest[part.bytes.clone()].to_vec();
        let begin = part.bytes.start + 1;
        match part.mark {
            CLOSED => self.change(&format!("{name}.root"), begin..begin + 32),
            LEAF => {
                self.change(&format!("{name}.key-id"), begin..begin + 32);
                self.change(&format!("{name}.value-hash"), begin + 32..begin + 64);
            }
            FORK => {
                let (left, right) = (
                    &self.honest[begin..part.right],
                    &self.honest[part.right..part.bytes.end],
                );
                let forms = [
                    ("halves-exchanged", [&[FORK][..], right, left].concat()),
                    ("left-half-alone", left.to_vec()),
                    ("right-half-alone", right.to_vec()),
                    ("left-half-emptied", [&[FORK, EMPTY_PART][..], right].concat()),
                    ("right-half-emptied", [&[FORK][..], left, &[EMPTY_PART]].concat()),
                ];
                for (how, form) in forms {
                    self.replace(&format!("{name}-{how}"), part.bytes.clone(), &form);
                }
            }
            _ => (),
        }
        let words = |mark: u8, words: &[&B256]| {
            let words = words.iter().flat_map(|word| word.iter().copied());
            std::iter::once(mark).chain(words).collect::<Vec<u8>>()
        };
        let forms = [
            ("left-out", Vec::new()),
            ("as-empty", vec![EMPTY_PART]),
            ("as-closed", words(CLOSED, &[&part.node])),
            ("as-closed-and-empty", words(CLOSED, &[&EMPTY])),
            ("as-another-leaf", words(LEAF, &[key, &part.node])),
            ("a-level-too-deep-left", [&[FORK][..], &own, &[EMPTY_PART]].concat()),
            ("a-level-too-deep-right", [&[FORK, EMPTY_PART][..], &own].concat()),
            ("twice", own.repeat(2)),
            ("of-an-unknown-mark", [&[4][..], &own[1..]].concat()),
            ("of-the-mark-ff", [&[0xff][..], &own[1..]].concat()),
        ];
        for (how, form) in forms {
            self.replace(&format!("{name}-{how}"), part.bytes.clone(), &form);
        }
    }

    /// Changes the whole: its length, and what it is the delta of.
    fn forge_whole(&mut self, trie: usize, others: &[Vec<u8>]) {
        let honest = self.honest;
        let end = honest.len();
        let deep = [vec![FORK; 1 << 16], vec![EMPTY_PART; (1 << 16) + 1]].concat();
        for (kind, place, by) in [
            ("nothing", 0..end, &[][..]),
            ("a-byte-short", end - 1..end, &[][..]),
            ("half", end / 2..end, &[][..]),
            ("a-byte-more", end..end, &[0][..]),
            ("twice", end..end, honest),
            ("newest-events-alone", trie..end, &[][..]),
            ("trie-alone", 0..trie, &[][..]),
            ("trie-of-many-levels", trie..end, &deep[..]),
            ("a-page", 0..end, &b"<!DOCTYPE html><title>Log in</title>"[..]),
        ] {
            self.replace(kind, place, by);
        }
        self.put("zeros", vec![0; end]);
        self.put("ones", vec![0xff; end]);
        for (at, other) in others.iter().enumerate() {
            self.put(&format!("of-another-epoch-{at}"), other.clone());
        }
    }
}
