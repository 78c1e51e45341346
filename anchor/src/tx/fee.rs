//! What is offered for a unit of gas (EIP-1559). Pure.

use alloy::eips::eip1559::Eip1559Estimation;

/// The most that is ever offered for a unit of gas, wei: some nine ether, which no honest node estimates.
const MAX_FEE_WEI: u64 = i64::MAX.unsigned_abs();

/// The gas limit in hundredths of the node's estimate: the block that takes the transaction may not be the one it was tried on.
const GAS_HUNDREDTHS: u64 = 125;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Units of gas at most.
    pub gas: u64,
    /// Wei a unit at most.
    pub max_fee_wei: u64,
    /// The part of that for the block's maker, wei a unit.
    pub priority_fee_wei: u64,
}

impl Offer {
    /// From the node's estimates, with at most `max_fee_wei` a unit of gas.
    #[must_use]
    pub fn new(gas: u64, estimate: Eip1559Estimation, max_fee_wei: Option<u64>) -> Self {
        let limit_wei = max_fee_wei.unwrap_or(MAX_FEE_WEI).min(MAX_FEE_WEI);
        let at_most = |wei: u128, limit_wei: u64| u64::try_from(wei).map_or(limit_wei, |wei| wei.min(limit_wei));
        let max_fee_wei = at_most(estimate.max_fee_per_gas, limit_wei);
        Self {
            gas: gas.saturating_mul(GAS_HUNDREDTHS) / 100,
            max_fee_wei,
            priority_fee_wei: at_most(estimate.max_priority_fee_per_gas, max_fee_wei),
        }
    }

    /// The most that it can cost, wei.
    #[must_use]
    pub const fn cost_wei(&self) -> u128 {
        self.max_fee_wei as u128 * self.gas as u128
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GWEI: u64 = 1_000_000_000;

    #[test]
    fn no_more_is_offered_than_was_allowed() {
        let estimate = Eip1559Estimation {
            max_fee_per_gas: 30 * u128::from(GWEI),
            max_priority_fee_per_gas: 2 * u128::from(GWEI),
        };
        let free = Offer::new(60_000, estimate, None);
        assert_eq!(
            (free.gas, free.max_fee_wei, free.priority_fee_wei),
            (75_000, 30 * GWEI, 2 * GWEI)
        );
        assert_eq!(free.cost_wei(), 75_000 * 30 * u128::from(GWEI));
        let bound = Offer::new(60_000, estimate, Some(GWEI));
        assert_eq!((bound.max_fee_wei, bound.priority_fee_wei), (GWEI, GWEI));
        let absurd = Eip1559Estimation {
            max_fee_per_gas: u128::MAX,
            max_priority_fee_per_gas: u128::MAX,
        };
        assert_eq!(Offer::new(1, absurd, None).max_fee_wei, MAX_FEE_WEI);
    }
}
