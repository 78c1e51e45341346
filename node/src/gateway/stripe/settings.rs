//! The settings of a Stripe account.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use shelfproof_base::config::{Check, broken, secret};

use crate::domain::money::Currency;
use crate::gateway::field::{drawn_secret, read_currency, write_currency};
use crate::gateway::rules;

/// What an API key that moves real money begins with.
const LIVE: [&str; 2] = ["sk_live_", "rk_live_"];

/// What an API key for tests begins with.
const TEST: [&str; 2] = ["sk_test_", "rk_test_"];

/// What a webhook's secret begins with.
const WEBHOOK: &str = "whsec_";

/// A Stripe account.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StripeSettings {
    /// The API's address.
    #[serde(default = "default_url")]
    pub url: String,
    /// The currency that is collected, ISO 4217.
    #[serde(deserialize_with = "read_currency", serialize_with = "write_currency")]
    pub currency: Currency,
    /// The API key, whole or restricted to Checkout Sessions, payment intents and refunds.
    #[serde(deserialize_with = "secret", serialize_with = "rules::hide")]
    pub secret_key: SecretString,
    /// The signing secret of the webhook endpoint.
    #[serde(deserialize_with = "secret", serialize_with = "rules::hide")]
    pub webhook_secret: SecretString,
}

fn default_url() -> String {
    "https://api.stripe.com".to_owned()
}

impl StripeSettings {
    /// The fields that break a rule.
    #[must_use]
    pub fn broken(&self) -> Vec<Check> {
        let is_key = self.is_live() || self.key_begins_with(&TEST);
        let is_webhook = self.webhook_secret.expose_secret().starts_with(WEBHOOK);
        broken([
            rules::address("url", &self.url),
            drawn_secret("secret_key", &self.secret_key),
            drawn_secret("webhook_secret", &self.webhook_secret),
            (!is_key).then(|| {
                let rule = "must begin with sk_live_, rk_live_, sk_test_ or rk_test_";
                ("secret_key", rule.to_owned())
            }),
            (!is_webhook).then(|| ("webhook_secret", format!("must begin with {WEBHOOK}"))),
        ])
    }

    /// Whether it moves real money: what the key says, and every answer and event must say too.
    pub(super) fn is_live(&self) -> bool {
        self.key_begins_with(&LIVE)
    }

    fn key_begins_with(&self, prefixes: &[&str]) -> bool {
        let key = self.secret_key.expose_secret();
        prefixes.iter().any(|prefix| key.starts_with(prefix))
    }
}
