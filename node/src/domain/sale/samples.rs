//! Made-up pools and keys for tests.

use alloy_primitives::B256;
use shelfproof_verifier::event::Kind;
use uuid::Uuid;

use super::{AvailableKey, Pool};
use crate::domain::goods::WrappedKey;
use crate::domain::id::{BatchId, ProductId, SkuId};
use crate::domain::key::Head;
use crate::domain::money::{Currency, Money};
use crate::domain::pool::Cursor;
use crate::domain::sku::{StockPolicy, Tiers};

pub(crate) fn product(number: u8) -> ProductId {
    ProductId(Uuid::from_u128(u128::from(number)))
}

/// Pool `number` with the given number of keys, at 2.00 in the given currency.
pub(crate) fn pool(number: u8, currency: Currency, available: i64) -> Pool {
    Pool {
        pool: i32::from(number),
        product: product(number),
        sku: SkuId(product(number).0),
        cursor: Cursor { slot: 1, holes: 0 },
        tail: 1 + available,
        holes: 0,
        name: format!("product {number}"),
        price: Money { minor: 200, currency },
        tiers: Tiers::default(),
        order_max: None,
        buyer_limit: None,
        low_stock: None,
        policy: StockPolicy::Hold,
        on_sale: true,
        revenue_wallet: 100 + i64::from(number),
    }
}

/// The key in that slot of that pool.
pub(crate) fn key(pool: u8, slot: i64) -> AvailableKey {
    AvailableKey {
        head: Head {
            key_no: i64::from(pool) * 1000 + slot,
            key_id: B256::ZERO,
            state: Kind::Activated,
            version: 2,
            hash: B256::ZERO,
            at_ms: 1,
        },
        pool: i32::from(pool),
        slot,
        next_slot: slot + 1,
        batch: BatchId(Uuid::nil()),
        wrapped: WrappedKey {
            wrapped: Vec::new(),
            master_generation: 1,
        },
        sealed: Vec::new(),
        vrf_proof: [0; 80],
    }
}
