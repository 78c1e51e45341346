//! What is offered for a unit of gas (EIP-1559). Pure.

use alloy::eips::eip1559::Eip1559Estimation;

/// Wei in a gwei.
const GWEI: u128 = 1_000_000_000;

/// Gas is asked for with this many hundredths of what the node estimates: an epoch that lands on a fresh storage slot takes no more
/// than the one that was estimated, but the node's block may not be the one that takes it.
const GAS_HUNDREDTHS: u64 = 125;

/// What a transaction offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Units of gas at most.
    pub gas: u64,
    /// Wei a unit at most.
    pub max_fee_wei: u128,
    /// Of that, wei a unit for whoever makes the block.
    pub priority_fee_wei: u128,
}

impl Offer {
    /// From the node's estimates, and at most `max_fee_gwei` a unit of gas.
    #[must_use]
    pub fn new(gas: u64, estimate: Eip1559Estimation, max_fee_gwei: Option<u64>) -> Self {
        let limit_wei = max_fee_gwei.map_or(u128::MAX, |gwei| u128::from(gwei).saturating_mul(GWEI));
        let max_fee_wei = estimate.max_fee_per_gas.min(limit_wei);
        Self {
            gas: gas.saturating_mul(GAS_HUNDREDTHS) / 100,
            max_fee_wei,
            priority_fee_wei: estimate.max_priority_fee_per_gas.min(max_fee_wei),
        }
    }

    /// The most that it can cost, wei.
    #[must_use]
    pub const fn cost_wei(&self) -> u128 {
        self.max_fee_wei.saturating_mul(self.gas as u128)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_offered_than_was_allowed() {
        let estimate = Eip1559Estimation {
            max_fee_per_gas: 30 * GWEI,
            max_priority_fee_per_gas: 2 * GWEI,
        };
        let free = Offer::new(60_000, estimate, None);
        assert_eq!(
            (free.gas, free.max_fee_wei, free.priority_fee_wei),
            (75_000, 30 * GWEI, 2 * GWEI)
        );
        assert_eq!(free.cost_wei(), 75_000 * 30 * GWEI);
        let bound = Offer::new(60_000, estimate, Some(1));
        assert_eq!((bound.max_fee_wei, bound.priority_fee_wei), (GWEI, GWEI));
    }
}
