//! How far this node's clock and the chain's are apart. While they are too far apart no receipt is signed: whoever
//! checks it would find its time or its deadline wrong, and its event could not be anchored before the chain has caught
//! up.

use std::fmt;

/// Compares the node's clock with the newest block, once a block: when that block is seen for the first time. A chain of
/// slow blocks, and one that stands still for a while, are no wrong clock.
#[derive(Debug, Default)]
pub(super) struct ChainClock {
    /// The most that the two may be apart, seconds.
    max_s: u64,
    newest: Option<Sighting>,
}

/// A block's time, and the node's when it was first seen; Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sighting {
    block_s: u64,
    seen_s: u64,
}

/// That the clocks are too far apart, in words for anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apart {
    sighting: Sighting,
    max_s: u64,
}

impl fmt::Display for Apart {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sighting, max_s } = self;
        let than = if sighting.seen_s > sighting.block_s {
            "ahead of"
        } else {
            "behind"
        };
        let apart_s = sighting.apart_s();
        write!(
            out,
            "this node's clock is {apart_s} s {than} the chain's newest block, and at most {max_s} s are allowed"
        )
    }
}

impl Sighting {
    const fn apart_s(self) -> u64 {
        self.seen_s.abs_diff(self.block_s)
    }
}

impl ChainClock {
    pub(super) const fn new(max_s: u64) -> Self {
        Self { max_s, newest: None }
    }

    /// Notes the newest block. One that is not newer than another which was near enough changes nothing: the node may
    /// have been asked between two blocks, or it is one of several and lags behind the others.
    pub(super) fn saw(&mut self, block_s: u64, now_s: u64) {
        let is_known = |newest: Sighting| newest.apart_s() <= self.max_s && block_s <= newest.block_s;
        if !self.newest.is_some_and(is_known) {
            self.newest = Some(Sighting { block_s, seen_s: now_s });
        }
    }

    /// That no receipt may be signed; `None` where it may, as before any block was seen.
    pub(super) fn apart(&self) -> Option<Apart> {
        let sighting = self.newest.filter(|newest| newest.apart_s() > self.max_s)?;
        Some(Apart {
            sighting,
            max_s: self.max_s,
        })
    }

    /// How far they are apart, seconds; `None` before any block was seen.
    pub(super) fn apart_s(&self) -> Option<u64> {
        self.newest.map(Sighting::apart_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node whose clock stands at 10,000 s plus `ahead_s` when it sees a block of 10,000 s.
    fn clock_at(ahead_s: i64) -> ChainClock {
        let mut clock = ChainClock::new(300);
        clock.saw(10_000, 10_000_u64.saturating_add_signed(ahead_s));
        clock
    }

    #[test]
    fn a_node_more_than_the_bound_ahead_or_behind_signs_no_receipt() {
        for (ahead_s, is_apart) in [(0, false), (300, false), (301, true), (-300, false), (-301, true)] {
            assert_eq!(clock_at(ahead_s).apart().is_some(), is_apart, "{ahead_s}");
        }
        let twelve_minutes = clock_at(720).apart().expect("apart").to_string();
        assert!(
            twelve_minutes.contains("clock is 720 s ahead of the chain's"),
            "{twelve_minutes}"
        );
        let behind = clock_at(-400).apart().expect("apart").to_string();
        assert!(behind.contains("clock is 400 s behind the chain's"), "{behind}");
        assert_eq!(ChainClock::new(300).apart(), None, "no block was seen");
    }

    #[test]
    fn a_chain_of_slow_blocks_and_one_that_stands_still_are_no_wrong_clock() {
        let mut clock = clock_at(5);
        clock.saw(10_000, 11_200);
        assert_eq!(clock.apart(), None, "the same block, 20 minutes later");
        clock.saw(9_000, 11_300);
        assert_eq!(clock.apart(), None, "another node that lags");
        clock.saw(11_390, 11_400);
        assert_eq!((clock.apart(), clock.apart_s()), (None, Some(10)));
    }

    #[test]
    fn a_clock_that_turns_wrong_is_noticed_with_the_next_block_and_heals_with_one() {
        let mut clock = clock_at(0);
        clock.saw(10_012, 10_012 + 720);
        assert!(clock.apart().is_some());
        clock.saw(10_024, 10_024 + 720);
        assert!(clock.apart().is_some(), "it still is");
        clock.saw(10_036, 10_036);
        assert_eq!(clock.apart(), None);
    }

    #[test]
    fn a_block_from_the_future_is_not_waited_for_once_the_chain_has_another() {
        let mut clock = ChainClock::new(300);
        clock.saw(99_000, 10_000);
        assert!(clock.apart().is_some());
        clock.saw(10_012, 10_012);
        assert_eq!(clock.apart(), None);
    }
}
