//! Ranges of blocks, divided into pieces that a node answers queries for.

/// The pieces answered in a row before a larger one is tried. A node with a fixed bound then refuses few queries, and
/// after a dense stretch of logs the pieces soon grow again.
const GROW_AFTER: u32 = 8;

/// The number of blocks in one query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    whole: u64,
    blocks: u64,
    answered: u32,
}

impl Span {
    /// Starts with all of `whole` blocks.
    pub(super) const fn new(whole: u64) -> Self {
        Self {
            whole,
            blocks: whole,
            answered: 0,
        }
    }

    /// Blocks of the next query.
    pub(super) const fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Halves it; `false` if it is one block already.
    pub(super) const fn halve(&mut self) -> bool {
        let can = self.blocks > 1;
        self.blocks = self.blocks.div_ceil(2);
        self.answered = 0;
        can
    }

    /// Records an answered query; after [`GROW_AFTER`] of them the span doubles.
    pub(super) const fn answered(&mut self) {
        self.answered += 1;
        if self.answered < GROW_AFTER {
            return;
        }
        self.answered = 0;
        let doubled = self.blocks.saturating_mul(2);
        self.blocks = if doubled < self.whole { doubled } else { self.whole };
    }
}

/// The part of a range of blocks that is not searched yet. The search goes backwards from the end.
#[derive(Debug)]
pub(super) struct Range {
    start: u64,
    /// One past the newest block not searched.
    end: u64,
    span: Span,
}

impl Range {
    /// From `start` to `newest`, both included; empty if `start` is after `newest`.
    pub(super) const fn new(start: u64, newest: u64) -> Self {
        Self::up_to(start, newest.saturating_add(1))
    }

    /// All blocks before `end`.
    pub(super) const fn before(end: u64) -> Self {
        Self::up_to(0, end)
    }

    const fn up_to(start: u64, end: u64) -> Self {
        Self {
            start,
            end,
            span: Span::new(end.saturating_sub(start)),
        }
    }

    /// The next piece: its first and last block; `None` if the whole range was searched.
    pub(super) fn newest(&self) -> Option<(u64, u64)> {
        let from = self.end.saturating_sub(self.span.blocks()).max(self.start);
        (self.end > self.start).then(|| (from, self.end - 1))
    }

    /// Halves the pieces; `false` if they are one block already.
    pub(super) const fn halve(&mut self) -> bool {
        self.span.halve()
    }

    /// Records that the piece was searched.
    pub(super) const fn answered(&mut self) {
        self.end = self.end.saturating_sub(self.span.blocks());
        self.span.answered();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_searched_whole_and_from_its_end() {
        for (start, newest) in [(0, 0), (0, 1), (0, 9), (0, 1_000), (7, 7), (7, 1_000), (8, 7)] {
            for halvings in 0..4 {
                let mut range = Range::new(start, newest);
                let mut seen = Vec::new();
                for _ in 0..halvings {
                    range.halve();
                }
                while let Some((from, to)) = range.newest() {
                    assert!(start <= from && from <= to && to <= newest);
                    seen.extend((from..=to).rev());
                    range.answered();
                }
                let all: Vec<u64> = (start..=newest).rev().collect();
                assert_eq!(seen, all, "{start} {newest} {halvings}");
            }
        }
        assert_eq!(Range::before(0).newest(), None);
        assert_eq!(Range::before(5).newest(), Some((0, 4)));
    }

    #[test]
    fn halving_ends() {
        let mut range = Range::new(0, u64::MAX);
        let halvings = std::iter::from_fn(|| range.halve().then_some(())).count();
        assert!(halvings <= 64, "{halvings}");
        assert_eq!(range.span.blocks(), 1);
    }

    #[test]
    fn a_span_grows_again_and_never_above_the_whole() {
        let mut span = Span::new(1_000);
        for _ in 0..4 {
            assert!(span.halve());
        }
        assert_eq!(span.blocks(), 63);
        for expected in [126, 252, 504, 1_000, 1_000] {
            for _ in 0..GROW_AFTER {
                span.answered();
            }
            assert_eq!(span.blocks(), expected);
        }
    }
}
