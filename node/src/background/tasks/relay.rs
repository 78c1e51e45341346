//! `relay`: reads the bus as the consumer `worker`, counts the messages by topic, and logs those that an operator
//! should see. Delivery is at least once: after a crash, the messages since the last stored position are counted and
//! logged again.

use std::convert::Infallible;

use serde_json::json;
use sqlx::PgPool;

use super::super::{Task, TaskRun};
use crate::bus::{Origin, relay, subscribe};
use crate::domain::message::Message;
use crate::telemetry::metrics;

/// The name under which the bus keeps this consumer's position.
const CONSUMER: &str = "worker";

pub(super) struct Relay(PgPool);

impl Relay {
    pub(super) const fn new(pool: PgPool) -> Self {
        Self(pool)
    }
}

impl Task for Relay {
    fn run(&self) -> TaskRun {
        let pool = self.0.clone();
        Box::pin(async move {
            subscribe(&pool, CONSUMER, Origin::Start).await?;
            let delivered = relay(&pool, CONSUMER, async |messages| {
                announce(&messages);
                Ok::<(), Infallible>(())
            })
            .await?;
            Ok(json!({ "delivered": delivered }))
        })
    }
}

/// Counts every message, and logs those about credit, products, abnormal orders and revoked tokens.
fn announce(messages: &[Message]) {
    for message in messages {
        metrics::message(&message.topic);
        let (id, key, body) = (&message.id, &message.key, &message.body);
        match message.topic.as_str() {
            "order.abnormal" => {
                tracing::error!(
                    id,
                    order = key,
                    "an order could not be carried out and waits for a person"
                );
            }
            "product.changed" | "credit.added" | "order.token_revoked" => {
                tracing::info!(id, %body, "{}", message.topic);
            }
            _ => {}
        }
    }
}
