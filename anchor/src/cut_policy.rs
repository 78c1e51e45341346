//! Decides when an epoch is cut: by time, by count, or because a receipt's deadline comes near. Pure: what waits, and
//! the time, are arguments.

use crate::store::epochs::Waiting;

/// Each epoch that the chain lacks makes the time until the next cut this many times longer. The chain takes one epoch
/// a block: where it is slower than the cuts, or away, few large epochs cost less than many small ones.
const UNPOSTED_FACTOR: u64 = 4;

/// The bounds that decide when an epoch is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutPolicy {
    /// The time from one cut to the next where events wait, milliseconds.
    pub every_ms: u64,
    /// This many events are cut at once.
    pub events_max: u64,
    /// An epoch is cut this long before the first deadline of its receipts, milliseconds: time for a slow chain.
    pub margin_ms: u64,
}

/// The events that wait for the next epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    pub events: u64,
    /// The first deadline of their receipts, Unix seconds.
    pub anchor_by_s: Option<u64>,
}

impl Backlog {
    /// Adds the events that were counted since.
    #[must_use]
    pub fn and(self, more: &Waiting) -> Self {
        Self {
            events: self.events.saturating_add(more.events),
            anchor_by_s: self.anchor_by_s.into_iter().chain(more.anchor_by_s).min(),
        }
    }
}

/// The rule by which an epoch is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutReason {
    /// The last cut was long enough ago.
    Time,
    /// Enough events wait.
    Count,
    /// A receipt's deadline comes near.
    Deadline,
}

impl CutReason {
    /// The reason in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Count => "count",
            Self::Deadline => "deadline",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Cut(CutReason),
    /// Cut in this many milliseconds, unless more events come.
    Wait(u64),
    /// No event waits. One that came now would be cut in this many milliseconds at the latest.
    Nothing(u64),
}

impl CutPolicy {
    /// What to do at `now_ms`, where the last cut was at `cut_at_ms` (0: never) and the chain's newest block lacks the
    /// last `unposted` epochs. A clock that was set back makes nothing wait longer than it would from now.
    #[must_use]
    pub fn decide(&self, backlog: &Backlog, unposted: u64, cut_at_ms: u64, now_ms: u64) -> Decision {
        let factor = UNPOSTED_FACTOR.saturating_pow(u32::try_from(unposted).unwrap_or(u32::MAX));
        let every_ms = self.every_ms.saturating_mul(factor);
        let by_time_ms = cut_at_ms.min(now_ms).saturating_add(every_ms).saturating_sub(now_ms);
        if backlog.events == 0 {
            return Decision::Nothing(by_time_ms);
        }
        if backlog.events >= self.events_max {
            return Decision::Cut(CutReason::Count);
        }
        let by_deadline_ms = backlog.anchor_by_s.map(|anchor_by_s| {
            let due_ms = anchor_by_s.saturating_mul(1_000).saturating_sub(self.margin_ms);
            due_ms.saturating_sub(now_ms)
        });
        match (by_time_ms, by_deadline_ms) {
            (0, _) => Decision::Cut(CutReason::Time),
            (_, Some(0)) => Decision::Cut(CutReason::Deadline),
            (time_ms, deadline_ms) => {
                Decision::Wait(deadline_ms.map_or(time_ms, |deadline_ms| deadline_ms.min(time_ms)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: CutPolicy = CutPolicy {
        every_ms: 60_000,
        events_max: 100,
        margin_ms: 1_800_000,
    };

    /// A time in 2026, Unix milliseconds.
    const NOW_MS: u64 = 1_790_000_000_000;

    fn backlog(events: u64, deadline_in_s: Option<u64>) -> Backlog {
        Backlog {
            events,
            anchor_by_s: deadline_in_s.map(|in_s| NOW_MS / 1_000 + in_s),
        }
    }

    #[test]
    fn nothing_is_cut_of_nothing() {
        for cut_at_ms in [0, NOW_MS - 60_000, NOW_MS] {
            assert!(matches!(
                POLICY.decide(&backlog(0, None), 0, cut_at_ms, NOW_MS),
                Decision::Nothing(_)
            ));
        }
    }

    #[test]
    fn time_counts_from_the_last_cut() {
        let one = backlog(1, None);
        assert_eq!(
            POLICY.decide(&one, 0, 0, NOW_MS),
            Decision::Cut(CutReason::Time),
            "never before"
        );
        assert_eq!(POLICY.decide(&one, 0, NOW_MS - 59_999, NOW_MS), Decision::Wait(1));
        assert_eq!(
            POLICY.decide(&one, 0, NOW_MS - 60_000, NOW_MS),
            Decision::Cut(CutReason::Time)
        );
    }

    #[test]
    fn a_clock_that_was_set_back_delays_by_one_period_at_most() {
        assert_eq!(
            POLICY.decide(&backlog(1, None), 0, NOW_MS + 86_400_000, NOW_MS),
            Decision::Wait(60_000)
        );
    }

    #[test]
    fn a_full_epoch_is_cut_at_once() {
        assert_eq!(
            POLICY.decide(&backlog(99, None), 0, NOW_MS, NOW_MS),
            Decision::Wait(60_000)
        );
        assert_eq!(
            POLICY.decide(&backlog(100, None), 0, NOW_MS, NOW_MS),
            Decision::Cut(CutReason::Count)
        );
    }

    #[test]
    fn a_deadline_cuts_before_its_time_by_the_margin() {
        assert_eq!(
            POLICY.decide(&backlog(1, Some(1_800)), 0, NOW_MS, NOW_MS),
            Decision::Cut(CutReason::Deadline)
        );
        assert_eq!(
            POLICY.decide(&backlog(1, Some(1_801)), 0, NOW_MS, NOW_MS),
            Decision::Wait(1_000)
        );
        assert_eq!(
            POLICY.decide(&backlog(1, Some(86_400)), 0, NOW_MS, NOW_MS),
            Decision::Wait(60_000),
            "time comes first"
        );
        let overdue = Backlog {
            events: 1,
            anchor_by_s: Some(1),
        };
        assert_eq!(
            POLICY.decide(&overdue, 0, NOW_MS, NOW_MS),
            Decision::Cut(CutReason::Deadline)
        );
    }

    #[test]
    fn what_the_chain_lacks_makes_the_next_cut_wait_but_not_for_count_or_deadline() {
        let (long_ago, one) = (NOW_MS - 239_999, backlog(1, None));
        assert_eq!(POLICY.decide(&one, 0, long_ago, NOW_MS), Decision::Cut(CutReason::Time));
        assert_eq!(POLICY.decide(&one, 1, long_ago, NOW_MS), Decision::Wait(1));
        assert_eq!(
            POLICY.decide(&one, 1, long_ago - 1, NOW_MS),
            Decision::Cut(CutReason::Time)
        );
        let full = backlog(100, None);
        assert_eq!(
            POLICY.decide(&full, 99, NOW_MS, NOW_MS),
            Decision::Cut(CutReason::Count)
        );
        let due = backlog(1, Some(1_800));
        assert_eq!(
            POLICY.decide(&due, 99, NOW_MS, NOW_MS),
            Decision::Cut(CutReason::Deadline)
        );
    }

    #[test]
    fn counts_add_up() {
        let count = |events, anchor_by_s| Waiting {
            snapshot: String::new(),
            events,
            anchor_by_s,
        };
        let sum = Backlog::default()
            .and(&count(2, Some(7)))
            .and(&count(0, None))
            .and(&count(3, Some(9)));
        assert_eq!(
            sum,
            Backlog {
                events: 5,
                anchor_by_s: Some(7)
            }
        );
    }
}
