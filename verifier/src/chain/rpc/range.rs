//! Ranges of blocks, divided into pieces that a node answers queries for.

use super::RpcError;

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
    /// Starts with so many blocks, and never has more than `whole`.
    pub(super) const fn new(blocks: u64, whole: u64) -> Self {
        Self {
            whole,
            blocks,
            answered: 0,
        }
    }

    /// Blocks of the next query.
    pub(super) const fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Shrinks it after a node refused `asked` blocks: to the range that the node names, or in halves; after an error
    /// that a node gives slowly, to an eighth.
    ///
    /// # Errors
    /// The error, if no smaller range helps.
    pub(super) fn shrink(&mut self, asked: u64, error: RpcError) -> Result<(), RpcError> {
        let divisor = error.divides_range().filter(|_| asked > 1);
        let Some(divisor) = divisor else {
            return Err(error.of_logs());
        };
        let named = error.names_blocks(asked / 2);
        self.blocks = named.unwrap_or(asked.div_ceil(divisor));
        self.answered = 0;
        Ok(())
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
        let end = newest.saturating_add(1);
        let whole = end.saturating_sub(start);
        Self {
            start,
            end,
            span: Span::new(whole, whole),
        }
    }

    /// The next piece: its first and last block; `None` if the whole range was searched.
    pub(super) fn newest(&self) -> Option<(u64, u64)> {
        let from = self.end.saturating_sub(self.span.blocks()).max(self.start);
        (self.end > self.start).then(|| (from, self.end - 1))
    }

    /// Shrinks the pieces after a node refused one: see [`Span::shrink`].
    ///
    /// # Errors
    /// The error, if no smaller range helps.
    pub(super) fn shrink(&mut self, error: RpcError) -> Result<(), RpcError> {
        let asked = self.span.blocks().min(self.end.saturating_sub(self.start));
        self.span.shrink(asked, error)
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

    fn too_wide() -> RpcError {
        RpcError::Refused {
            method: "eth_getLogs",
            code: -32602,
            message: "block range is too wide".to_owned(),
        }
    }

    #[test]
    fn a_range_is_searched_whole_and_from_its_end() {
        for (start, newest) in [(0, 0), (0, 1), (0, 9), (0, 1_000), (7, 7), (7, 1_000), (8, 7)] {
            for halvings in 0..4 {
                let mut range = Range::new(start, newest);
                let mut seen = Vec::new();
                for _ in 0..halvings {
                    let _ = range.shrink(too_wide());
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
    }

    #[test]
    fn shrinking_ends() {
        let mut range = Range::new(0, u64::MAX);
        let shrunk = std::iter::from_fn(|| range.shrink(too_wide()).ok()).count();
        assert!(shrunk <= 64, "{shrunk}");
        assert_eq!(range.span.blocks(), 1);
    }

    #[test]
    fn a_range_that_the_node_names_is_taken() {
        for (message, blocks) in [
            ("You can make eth_getLogs requests with up to a 10 block range.", 10),
            ("eth_getLogs is limited to a 10,000 range", 10_000),
            ("this block range should work: [0x64, 0x1f3]", 400),
            (
                "query returned more than 10000 results. Try with this block range [0x10, 0x13].",
                4,
            ),
            ("exceed maximum block range: 2000 blocks", 2_000),
            ("no number", 50_000),
            ("up to 99999 blocks", 50_000),
            ("up to 0 blocks", 50_000),
        ] {
            let mut span = Span::new(100_000, 100_000);
            let error = RpcError::Refused {
                method: "eth_getLogs",
                code: -32000,
                message: message.to_owned(),
            };
            span.shrink(100_000, error).expect("smaller");
            assert_eq!(span.blocks(), blocks, "{message}");
        }
    }

    #[test]
    fn a_span_grows_again_and_never_above_the_whole() {
        let mut span = Span::new(1_000, 1_000);
        for _ in 0..4 {
            span.shrink(span.blocks(), too_wide()).expect("smaller");
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
