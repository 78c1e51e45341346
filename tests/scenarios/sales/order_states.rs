//! An order changes its state only by the domain's methods, and the schema accepts each of these changes.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use shelfproof::domain::id::{OrderId, SkuId};
use shelfproof::domain::money::Currency;
use shelfproof::domain::order::{
    Customer, Fulfilment, Line, NewLine, NewOrder, Order, OrderStatus, SalesChannel, TransitionError,
};
use shelfproof::store::key::Advanced;
use shelfproof::store::order::{order_get, order_update};
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::sample_rows::{ACCOUNT, PRODUCT};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, sample_rows};
use sqlx::PgPool;
use sqlx::types::Uuid;

/// The number of orders, each with a random walk through the states, and the number of steps in a walk.
const WALKS: u64 = 240;
const STEPS: usize = 16;

/// The time until which an order can be paid, in Unix milliseconds.
const DEADLINE_MS: u64 = 1_000;

/// The number of transitions in the domain. The walks together use all of them.
const TRANSITIONS: usize = 18;

/// An order, and what its walk has done with the keys.
struct Walk {
    order: Order,
    /// Delivered keys, by line.
    delivered: Vec<u32>,
    /// Refunded keys of all lines.
    refunded: u32,
    rng: StdRng,
}

impl Walk {
    fn start(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let lines: Vec<Line> = (0..rng.random_range(1..=3))
            .map(|_| {
                let (quantity, unit_minor) = (rng.random_range(1..=3), rng.random_range(0..=1_000));
                Line {
                    discount_minor: rng.random_range(0..=unit_minor),
                    ..Line::new(PRODUCT, SkuId(PRODUCT.0), quantity, unit_minor)
                }
            })
            .collect();
        let new = NewOrder {
            id: OrderId(Uuid::from_u128(u128::from(seed) + 1_000)),
            customer: Customer::Account(ACCOUNT),
            channel: SalesChannel::Storefront,
            fingerprint: [0; 32],
            lines: lines
                .iter()
                .map(|line| NewLine {
                    product: line.product,
                    quantity: line.quantity,
                    price: None,
                })
                .collect(),
            coupon: None,
            buyer: None,
        };
        Self {
            delivered: vec![0; lines.len()],
            order: Order::place(&new, Currency::CNY, lines, 1).payable_until(DEADLINE_MS),
            refunded: 0,
            rng,
        }
    }

    /// Calls one of the domain's methods, chosen at random, on a copy of the order.
    fn step(&mut self) -> std::result::Result<Order, TransitionError> {
        let order = self.order.clone();
        // The last one is rarer: it leaves out the states between.
        match self.rng.random_range(0..15) {
            0 | 7 => order.pay(),
            1 | 8 => order.expire(self.rng.random_range(DEADLINE_MS - 1..=DEADLINE_MS)),
            2 | 9 => order.cancel(),
            3 | 10 => {
                let more = |(line, before): (&Line, &u32)| self.rng.random_range(*before..=line.quantity);
                let counts: Vec<u32> = order.lines.iter().zip(&self.delivered).map(more).collect();
                order.deliver(&counts).inspect(|_| self.delivered = counts)
            }
            at @ (4 | 11 | 14) => {
                let delivered = if at == 14 {
                    order.pay_and_deliver()
                } else {
                    order.deliver_all()
                };
                delivered.inspect(|order| self.delivered = order.lines.iter().map(|line| line.quantity).collect())
            }
            5 | 12 => order.refund_undelivered(),
            _ => order
                .refund_item(self.refunded + 1, self.delivered.iter().sum())
                .inspect(|_| self.refunded += 1),
        }
    }

    /// Checks that state, lines and money agree.
    fn assert_consistent(&self) {
        use OrderStatus::{
            AwaitingPayment, Cancelled, Delivered, Expired, Paid, PartiallyDelivered, PartiallyRefunded, Refunded,
        };
        let Self { order, refunded, .. } = self;
        let delivered: u32 = self.delivered.iter().sum();
        let expected = match order.status {
            AwaitingPayment | Paid | Expired | Cancelled => delivered == 0 && *refunded == 0,
            PartiallyDelivered => (1..order.quantity()).contains(&delivered) && *refunded == 0,
            Delivered => delivered == order.quantity() && *refunded == 0,
            PartiallyRefunded => *refunded < delivered && (*refunded > 0 || delivered < order.quantity()),
            Refunded => *refunded == delivered,
            OrderStatus::Refused(_) => false,
        };
        assert!(expected, "{delivered} delivered, {refunded} refunded: {order:?}");
        for (line, delivered) in order.lines.iter().zip(&self.delivered) {
            let expected = match line.fulfilment {
                Fulfilment::Pending | Fulfilment::Cancelled => *delivered == 0,
                Fulfilment::PartiallyDelivered => (1..line.quantity).contains(delivered),
                Fulfilment::Delivered => *delivered == line.quantity,
            };
            assert!(expected, "{delivered} delivered of {line:?}");
        }
        let items = (1..=order.quantity()).filter_map(|item| order.item_net(item));
        let net: i64 = items.map(|net| net.minor).sum();
        assert_eq!(order.total().map(|total| total.minor), Some(net), "{order:?}");
    }
}

/// Inserts an order that waits for its payment.
async fn insert(pool: &PgPool, order: &Order) -> Result<()> {
    sqlx::query(
        "INSERT INTO shop.orders (id, fingerprint, account_id, channel, state, version, lines, subtotal_minor,
                                  discount_minor, total_minor, currency, batch_id, expires_at_ms, created_at_ms)
         SELECT $1, sha256(''), $2, $3, $4, 1,
                ARRAY(SELECT ROW($5, $5, quantity, unit, off, quantity * unit - off, 'pending')::shop.order_line
                      FROM unnest($6::integer[], $7::bigint[], $8::bigint[]) AS lines (quantity, unit, off)),
                $9, $10, $9 - $10, $11, 101, $12, 1",
    )
    .bind(order.id.0)
    .bind(ACCOUNT.0)
    .bind(order.channel.name())
    .bind(order.status.name())
    .bind(PRODUCT.0)
    .bind(
        order
            .lines
            .iter()
            .map(|line| line.quantity.cast_signed())
            .collect::<Vec<_>>(),
    )
    .bind(order.lines.iter().map(|line| line.unit_minor).collect::<Vec<_>>())
    .bind(order.lines.iter().map(|line| line.discount_minor).collect::<Vec<_>>())
    .bind(order.amounts.map(|amounts| amounts.subtotal_minor))
    .bind(order.amounts.map(|amounts| amounts.discount_minor))
    .bind(order.amounts.map(|amounts| amounts.currency.code()))
    .bind(order.expires_at_ms.map(u64::cast_signed))
    .execute(pool)
    .await?;
    Ok(())
}

#[test]
fn every_step_of_a_random_walk_is_stored_and_read_again() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let database = postgres.database()?;
    block_on(async {
        let pool = sample_rows::connect(&postgres, &database)?;
        sample_rows::fill(&pool).await?;
        let mut taken = Vec::new();
        for seed in 0..WALKS {
            let mut walk = Walk::start(seed);
            insert(&pool, &walk.order).await?;
            for _ in 0..STEPS {
                let Ok(next) = walk.step() else { continue };
                let transition = (walk.order.status, next.status);
                let mut connection = pool.acquire().await?;
                assert_eq!(order_update(&mut connection, &next).await?, Advanced::Updated);
                // A second change that is based on the same version is refused.
                assert_eq!(order_update(&mut connection, &next).await?, Advanced::Stale);
                assert_eq!(order_get(&mut *connection, next.id).await?.as_ref(), Some(&next));
                walk.order = next;
                walk.assert_consistent();
                if !taken.contains(&transition) {
                    taken.push(transition);
                }
            }
        }
        assert_eq!(taken.len(), TRANSITIONS, "{taken:?}");
        Ok(())
    })?
}
