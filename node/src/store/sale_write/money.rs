//! The writer of ledger entries and transfers: what moved for a batch's orders, summed for each pair of wallets.

use std::collections::BTreeMap;

use super::Statement;

/// Why money moves in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Movement {
    /// A gateway collected it.
    Payment,
    /// Keys were sold for it.
    Sale,
}

impl Movement {
    /// The kind as the database writes it.
    const fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Sale => "sale",
        }
    }
}

/// The amounts that move, by why, and by the wallets that they move from and to.
#[derive(Debug, Default)]
pub struct MoneyRows(BTreeMap<(Movement, i64, i64), i64>);

impl MoneyRows {
    /// Moves an amount between two wallets. An amount of zero adds no row.
    pub fn transfer(&mut self, movement: Movement, from: i64, to: i64, amount_minor: i64) {
        if amount_minor > 0 {
            *self.0.entry((movement, from, to)).or_default() += amount_minor;
        }
    }

    /// The change of each wallet's balance; none of a wallet that passes on what it gets.
    fn net_wallets(&self) -> BTreeMap<i64, i64> {
        let mut deltas: BTreeMap<i64, i64> = BTreeMap::new();
        for ((_, from, to), amount_minor) in &self.0 {
            *deltas.entry(*from).or_default() -= amount_minor;
            *deltas.entry(*to).or_default() += amount_minor;
        }
        deltas.retain(|_, delta| *delta != 0);
        deltas
    }

    pub(super) fn bind(self, statement: Statement<'_>) -> Statement<'_> {
        let (wallets, deltas): (Vec<i64>, Vec<i64>) = self.net_wallets().into_iter().unzip();
        let (from, to): (Vec<i64>, Vec<i64>) = self.0.keys().map(|(_, from, to)| (*from, *to)).unzip();
        let kinds: Vec<_> = self.0.keys().map(|(movement, ..)| movement.name()).collect();
        statement
            .bind(wallets)
            .bind(deltas)
            .bind(from)
            .bind(to)
            .bind(self.0.into_values().collect::<Vec<_>>())
            .bind(kinds)
    }
}
