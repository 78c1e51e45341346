//! The body of a guest's order.

use alloy_primitives::B256;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::api_types::Hash;
use crate::domain::contact::{Contact, PASSWORD_CHARS};
use crate::domain::id::OrderId;
use crate::domain::order::{Customer, NewLine, NewOrder, SalesChannel};
use crate::http::api::field;
use crate::http::api::orders::request::{Line, buyer_bytes, check_lines, fingerprint};
use crate::http::edge::problem::Problem;
use crate::vault::Vault;

/// The fewest characters of a guest's idempotency key, which stands for a token.
const KEY_MIN: usize = 16;

/// A guest's order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCheckout)]
pub(super) struct Body {
    /// What to buy: at most 100 keys over all lines.
    #[schema(min_items = 1, max_items = 20)]
    lines: Vec<Line>,
    /// Where the buyer can be reached, such as an e-mail address. It is not kept, only a keyed hash of it.
    #[schema(min_length = 3, max_length = 200)]
    contact: String,
    /// What finds the order again, together with the contact. It is not kept either.
    #[serde(default, deserialize_with = "optional_password")]
    #[schema(value_type = Option<String>, min_length = 6, max_length = 100)]
    password: Option<SecretString>,
    /// The way to pay, as `GET /api/v1/gateways` names it.
    pub(super) gateway: String,
    /// `keccak256` of the buyer's secret, which the buyer makes (protocol, section 2): the sale is then provably
    /// theirs.
    #[serde(default, deserialize_with = "field::hash")]
    #[schema(value_type = Option<Hash>)]
    buyer: Option<B256>,
}

/// What a guest asks for.
pub(super) struct Request {
    pub(super) order: NewOrder,
    /// What finds the order again.
    pub(super) lookup: Option<B256>,
}

impl Body {
    /// The order.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub(super) fn parse(self, vault: &Vault, idempotency_key: &str) -> Result<Request, Problem> {
        check_lines(&self.lines)?;
        let contact = contact(&self.contact)?;
        let lookup = self
            .password
            .as_ref()
            .map(|password| vault.guest_lookup(&contact, password.expose_secret()));
        let customer = Customer::Guest(vault.guest(&contact));
        let parts = [
            self.gateway.as_bytes(),
            buyer_bytes(lookup.as_ref()),
            buyer_bytes(self.buyer.as_ref()),
        ];
        let order = NewOrder {
            id: OrderId::of_request(&customer, idempotency_key),
            customer,
            channel: SalesChannel::Storefront,
            fingerprint: fingerprint(&parts, &self.lines),
            coupon: None,
            buyer: self.buyer,
            lines: self.lines.into_iter().map(NewLine::from).collect(),
        };
        Ok(Request { order, lookup })
    }
}

/// The contact in a body.
///
/// # Errors
/// Where it is none.
pub(in crate::http::api) fn contact(text: &str) -> Result<Contact, Problem> {
    text.parse()
        .map_err(|error| Problem::invalid("/contact", format!("The contact: {error}.")))
}

/// The idempotency key of a guest, who shows no other secret.
///
/// # Errors
/// Where it is too short to be random.
pub(super) fn random_key(key: String) -> Result<String, Problem> {
    if key.len() < KEY_MIN {
        return Err(Problem::invalid(
            "Idempotency-Key",
            format!("A guest's has at least {KEY_MIN} characters, made at random such as a UUID."),
        ));
    }
    Ok(key)
}

/// A look-up password.
pub(in crate::http::api) fn password<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    let text = SecretString::from(String::deserialize(deserializer)?);
    if PASSWORD_CHARS.contains(&text.expose_secret().chars().count()) {
        return Ok(text);
    }
    Err(serde::de::Error::custom(format!(
        "it must have {} to {} characters",
        PASSWORD_CHARS.start(),
        PASSWORD_CHARS.end()
    )))
}

fn optional_password<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    #[derive(Deserialize)]
    struct Password(#[serde(deserialize_with = "password")] SecretString);
    let given = Option::<Password>::deserialize(deserializer)?;
    Ok(given.map(|password| password.0))
}
