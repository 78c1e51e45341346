//! The rule `data_withheld`: when data that cannot be had is a breach, by the auditor's clock.

use super::Breach;
use crate::breach::Rule;

/// How long after an auditor first saw an epoch final its data may be answered with "there is none", or with other bytes
/// of its length, seconds.
pub const WITHHELD_AFTER_S: u64 = 3_600;
/// How long a server may give no usable answer, seconds.
pub const SILENT_AFTER_S: u64 = 86_400;
/// The fewest tries without a usable answer that make silence a breach.
const SILENT_TRIES: u32 = 3;
/// How far apart tries are that count, seconds: more of them in one evening are no day of silence.
const TRIES_APART_S: u64 = 21_600;

/// The tries to fetch an epoch's data that got no usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The first try, Unix seconds.
    pub first_s: u64,
    /// The last one that counts, Unix seconds.
    pub last_s: u64,
    /// How many count.
    pub tries: u32,
}

impl Silence {
    /// After one more try, the first if there was none before. One that lies before the others shows that the clock was
    /// wrong, and begins anew.
    #[must_use]
    pub fn and(before: Option<Self>, now_s: u64) -> Self {
        match before.filter(|silence| silence.first_s <= silence.last_s && silence.last_s <= now_s) {
            None => Self {
                first_s: now_s,
                last_s: now_s,
                tries: 1,
            },
            Some(silence) if now_s - silence.last_s < TRIES_APART_S => silence,
            Some(silence) => Self {
                last_s: now_s,
                tries: silence.tries.saturating_add(1),
                ..silence
            },
        }
    }

    /// Whether it is a breach at that time, at which the last try was made.
    #[must_use]
    pub const fn is_breach(&self, now_s: u64) -> bool {
        self.tries >= SILENT_TRIES && now_s.saturating_sub(self.first_s) >= SILENT_AFTER_S
    }
}

/// Whether data that the server does not have is a breach at that time.
#[must_use]
pub const fn is_overdue(first_seen_s: u64, now_s: u64) -> bool {
    now_s.saturating_sub(first_seen_s) >= WITHHELD_AFTER_S
}

impl Breach {
    /// The breach of data that its server does not give, with what it did instead.
    #[must_use]
    pub fn withheld(number: u64, how: &str) -> Self {
        Self::new(
            Rule::DataWithheld,
            format!("the data of epoch {number} is withheld: {how}"),
        )
    }
}
