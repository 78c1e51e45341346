//! The schema's trigger and the domain's table of transitions allow the same transitions of an order.

use shelfproof::domain::order::{Fulfilment, OrderStatus, RefusalReason};
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, sample_rows};
use sqlx::types::Uuid;

/// A fulfilment that a line may have in an order in that state.
const fn fulfilment(status: OrderStatus) -> Fulfilment {
    match status {
        OrderStatus::AwaitingPayment | OrderStatus::Paid => Fulfilment::Pending,
        OrderStatus::PartiallyDelivered => Fulfilment::PartiallyDelivered,
        OrderStatus::Delivered | OrderStatus::PartiallyRefunded | OrderStatus::Refunded => Fulfilment::Delivered,
        OrderStatus::Expired | OrderStatus::Cancelled | OrderStatus::Refused(_) => Fulfilment::Cancelled,
    }
}

#[test]
fn the_schema_knows_the_transitions_of_the_domain() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let database = postgres.database()?;
    block_on(async {
        let pool = sample_rows::connect(&postgres, &database)?;
        sample_rows::fill(&pool).await?;
        for from in OrderStatus::ALL {
            for to in OrderStatus::ALL {
                let mut transaction = pool.begin().await?;
                let [reason, later] = [from, to].map(|status| status.reason().map(RefusalReason::name));
                let id = sqlx::query_scalar::<_, Uuid>(
                    "INSERT INTO shop.orders (id, fingerprint, account_id, channel, state, version, reason, lines, subtotal_minor,
                                              discount_minor, total_minor, currency, batch_id, expires_at_ms, created_at_ms)
                     SELECT gen_random_uuid(), fingerprint, account_id, channel, $1, 1, $2, lines, 0, 0, 0, '', batch_id, 1, 1
                     FROM shop.orders LIMIT 1 RETURNING id",
                )
                .bind(from.name())
                .bind(reason)
                .fetch_one(&mut *transaction)
                .await?;
                let changed = sqlx::query(
                    "UPDATE shop.orders SET state = $2, reason = $3, version = 2, lines[1].fulfilment = $4::shop.fulfilment
                     WHERE id = $1",
                )
                .bind(id)
                .bind(to.name())
                .bind(later)
                .bind(fulfilment(to).name())
                .execute(&mut *transaction)
                .await;
                assert_eq!(changed.is_ok(), from.may_become(to), "{from} to {to}: {changed:?}");
                transaction.rollback().await?;
            }
        }
        Ok(())
    })?
}
