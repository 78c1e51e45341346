//! The writer of ledger entries and transfers: what a batch's orders cost, summed for each pair of wallets.

use std::collections::BTreeMap;

use super::Statement;

/// The amounts that move, by the wallets that they move from and to.
#[derive(Debug, Default)]
pub struct MoneyRows(BTreeMap<(i64, i64), i64>);

impl MoneyRows {
    /// Moves an amount between two wallets. An amount of zero adds no row.
    pub fn transfer(&mut self, from: i64, to: i64, amount_minor: i64) {
        if amount_minor > 0 {
            *self.0.entry((from, to)).or_default() += amount_minor;
        }
    }

    /// The change of each wallet's balance.
    fn net_wallets(&self) -> BTreeMap<i64, i64> {
        let mut deltas: BTreeMap<i64, i64> = BTreeMap::new();
        for ((from, to), amount_minor) in &self.0 {
            *deltas.entry(*from).or_default() -= amount_minor;
            *deltas.entry(*to).or_default() += amount_minor;
        }
        deltas
    }

    pub(super) fn bind(self, statement: Statement<'_>) -> Statement<'_> {
        let (wallets, deltas): (Vec<i64>, Vec<i64>) = self.net_wallets().into_iter().unzip();
        let (from, to): (Vec<i64>, Vec<i64>) = self.0.keys().copied().unzip();
        statement
            .bind(wallets)
            .bind(deltas)
            .bind(from)
            .bind(to)
            .bind(self.0.into_values().collect::<Vec<_>>())
    }
}
