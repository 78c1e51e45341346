//! The body of a request for an order, parsed into a [`NewOrder`].

use alloy_primitives::B256;
use axum::http::{HeaderMap, HeaderName};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api_types::{Amount, CouponCode, Hash};
use crate::domain::id::{CouponId, OrderId, ProductId};
use crate::domain::order::{Customer, MAX_IDEMPOTENCY_KEY, MAX_KEYS, MAX_LINES, NewLine, NewOrder, SalesChannel};
use crate::http::api::field;
use crate::http::edge::problem::{Code, Problem};

/// The header with the caller's own name of the request, under which it can be repeated.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The prefix of a fingerprint's hash, so that it equals no other hash.
const FINGERPRINT: &[u8] = b"shelfproof-order-v1:";

/// A new order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOrder)]
pub(super) struct Body {
    /// What to buy: at most 100 keys over all lines.
    #[schema(min_items = 1, max_items = 20)]
    lines: Vec<Line>,
    /// The code of a coupon, which takes something off. A use of it belongs to the order, also if it is refunded.
    #[serde(default, deserialize_with = "field::coupon")]
    #[schema(value_type = Option<CouponCode>)]
    coupon: Option<CouponId>,
    /// `keccak256` of the buyer's secret, which the buyer makes (protocol, section 2): the sale is then provably
    /// theirs.
    #[serde(default, deserialize_with = "field::hash")]
    #[schema(value_type = Option<Hash>)]
    buyer: Option<B256>,
}

/// A line of the order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLine)]
pub(in crate::http::api) struct Line {
    /// The product.
    product: Uuid,
    /// Number of keys.
    #[schema(minimum = 1, maximum = 100)]
    quantity: u32,
    /// The expected price of one key, a decimal string: the order is refused where the shop's price differs.
    #[serde(default, deserialize_with = "field::price")]
    #[schema(value_type = Option<Amount>)]
    price: Option<String>,
}

impl Body {
    /// The order.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub(super) fn parse(self, customer: Customer, idempotency_key: &str) -> Result<NewOrder, Problem> {
        check_lines(&self.lines)?;
        let coupon = self.coupon.as_ref().map_or(&[][..], |coupon| coupon.0.as_bytes());
        Ok(NewOrder {
            id: OrderId::of_request(&customer, idempotency_key),
            customer,
            channel: SalesChannel::Api,
            fingerprint: fingerprint(&[coupon, buyer_bytes(self.buyer.as_ref())], &self.lines),
            coupon: self.coupon,
            buyer: self.buyer,
            lines: self.lines.into_iter().map(NewLine::from).collect(),
        })
    }
}

/// Checks how many lines an order has, and how many keys.
///
/// # Errors
/// The first rule that it breaks.
pub(in crate::http::api) fn check_lines(lines: &[Line]) -> Result<(), Problem> {
    if lines.is_empty() || lines.len() > MAX_LINES {
        return Err(Problem::invalid(
            "/lines",
            format!("An order has 1 to {MAX_LINES} lines."),
        ));
    }
    let mut keys: u32 = 0;
    for (at, line) in lines.iter().enumerate() {
        keys = keys.saturating_add(line.quantity);
        if line.quantity == 0 || keys > MAX_KEYS {
            return Err(Problem::invalid(
                format!("/lines/{at}/quantity"),
                format!("A line is for at least one key, and an order for at most {MAX_KEYS} over all its lines."),
            ));
        }
    }
    Ok(())
}

/// The bytes of a field that need not be there.
pub(in crate::http::api) fn buyer_bytes(buyer: Option<&B256>) -> &[u8] {
    buyer.map_or(&[], |buyer| buyer.as_slice())
}

/// SHA-256 over an order's content, whatever its spelling: `9.9` and `9.90` are one price. Each kind of order begins with a
/// fixed number of parts.
pub(in crate::http::api) fn fingerprint(parts: &[&[u8]], lines: &[Line]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(FINGERPRINT);
    let mut part = |bytes: &[u8]| {
        // A length before each part keeps parts apart; none is longer than a body.
        hash.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(bytes);
    };
    for own in parts {
        part(own);
    }
    for line in lines {
        part(line.product.as_bytes());
        part(&line.quantity.to_be_bytes());
        part(line.price.as_deref().map(plain_price).unwrap_or_default().as_bytes());
    }
    hash.finalize().into()
}

impl From<Line> for NewLine {
    fn from(line: Line) -> Self {
        Self {
            product: ProductId(line.product),
            quantity: line.quantity,
            price: line.price,
        }
    }
}

/// A decimal string without trailing zeros.
fn plain_price(text: &str) -> String {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{}.{}", whole.trim_start_matches('0'), part.trim_end_matches('0'))
}

/// The request's own name.
///
/// # Errors
/// Where there is none, more than one, or one that is no name.
pub(in crate::http::api) fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Problem::new(
            Code::MissingIdempotencyKey,
            "Send one header Idempotency-Key with a name of your own for this order, such as a UUID. If the answer gets \
             lost, the same request under the same name gets the same answer again, and nothing is bought twice.",
        ));
    };
    let key = value.as_bytes();
    if !(1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) || !key.iter().all(u8::is_ascii_graphic) {
        return Err(Problem::invalid(
            "Idempotency-Key",
            format!("It has 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters."),
        ));
    }
    Ok(String::from_utf8_lossy(key).into_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::id::AccountId;

    fn order(body: Value) -> Result<NewOrder, Problem> {
        let body: Body = serde_json::from_value(body).unwrap();
        body.parse(Customer::Account(AccountId::new(1, [1; 10])), "a")
    }

    fn line(quantity: u32, price: &str) -> Value {
        json!({"product": Uuid::nil(), "quantity": quantity, "price": price})
    }

    #[test]
    fn the_fingerprint_is_of_the_meaning() {
        let buyer = format!("0x{}", "ab".repeat(32));
        let print = |body| order(body).unwrap().fingerprint;
        let first = print(json!({"lines": [line(1, "9.90")], "buyer": buyer}));
        assert_eq!(first, print(json!({"buyer": buyer, "lines": [line(1, "09.9")]})));
        for other in [
            json!({"lines": [line(1, "9.90")]}),
            json!({"lines": [line(2, "9.90")], "buyer": buyer}),
            json!({"lines": [line(1, "9.91")], "buyer": buyer}),
            json!({"lines": [{"product": Uuid::nil(), "quantity": 1}], "buyer": buyer}),
            json!({"lines": [line(1, "9.90"), line(1, "9.90")], "buyer": buyer}),
            json!({"lines": [line(1, "9.90")], "buyer": buyer, "coupon": "SPRING"}),
        ] {
            assert_ne!(first, print(other.clone()), "{other}");
        }
        let with_coupon = |code: &str| print(json!({"lines": [line(1, "1")], "coupon": code}));
        assert_eq!(with_coupon("spring"), with_coupon("SPRING"));
        assert_ne!(with_coupon("SPRING"), with_coupon("AUTUMN"));
        assert_ne!(
            print(json!({"lines": [line(1, "0")]})),
            print(json!({"lines": [{"product": Uuid::nil(), "quantity": 1}]}))
        );
    }

    #[test]
    fn an_order_has_bounds() {
        for (lines, field) in [
            (json!([]), "/lines"),
            (json!(vec![line(1, "1"); 21]), "/lines"),
            (json!([line(0, "1")]), "/lines/0/quantity"),
            (json!([line(60, "1"), line(41, "1")]), "/lines/1/quantity"),
            (json!([line(u32::MAX, "1"), line(u32::MAX, "1")]), "/lines/0/quantity"),
        ] {
            let problem = order(json!({"lines": lines})).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field));
        }
    }

    #[test]
    fn buyers_and_prices_have_one_form() {
        let upper = format!("0x{}", "AB".repeat(32));
        for body in [
            json!({"lines": [line(1, "1")], "buyer": upper}),
            json!({"lines": [line(1, "1")], "buyer": &upper[2..]}),
            json!({"lines": [line(1, "1")], "buyer": "0x00"}),
            json!({"lines": [line(1, "1")], "coupon": "a b c"}),
            json!({"lines": [line(1, "1")], "coupon": ""}),
            json!({"lines": [line(1, "-1")]}),
            json!({"lines": [line(1, "1e3")]}),
            json!({"lines": [line(1, "")]}),
            json!({"lines": [line(1, "1.")]}),
            json!({"lines": [line(1, &"1".repeat(21))]}),
            json!({"lines": [], "note": ""}),
        ] {
            assert!(serde_json::from_value::<Body>(body.clone()).is_err(), "{body}");
        }
    }

    #[test]
    fn an_idempotency_key_is_one_visible_name() {
        let mut headers = HeaderMap::new();
        assert_eq!(
            idempotency_key(&headers).unwrap_err().code(),
            Code::MissingIdempotencyKey
        );
        for (name, is_fine) in [
            ("a", true),
            (&*"~".repeat(100), true),
            ("", false),
            ("a b", false),
            (&*"a".repeat(101), false),
        ] {
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(name).unwrap());
            assert_eq!(idempotency_key(&headers).is_ok(), is_fine, "{name:?}");
        }
        headers.append(IDEMPOTENCY_KEY, HeaderValue::from_static("b"));
        assert!(idempotency_key(&headers).is_err());
    }
}
