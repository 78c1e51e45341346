//! Requests to the gateway, in both versions.

use std::time::Duration;

use shelfproof_base::client::{Answer, Bounds, Client, HeaderMap, HeaderValue, Method};
use shelfproof_base::web::Url;

use super::fields::Fields;
use crate::domain::money::{Currency, Money};
use crate::gateway::GatewayError;

/// The bounds of one request.
const BOUNDS: Bounds = Bounds {
    bytes: 64 << 10,
    time: Duration::from_secs(10),
};

/// The longest name of a product.
const NAME_MAX_BYTES: usize = 127;

/// The address of `path` below the gateway's address, which may end with a slash or not.
pub(super) fn endpoint(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/'));
    }
    url
}

/// Gets an answer, a flat JSON object.
pub(super) async fn get(client: &Client, url: &Url) -> Result<Fields, GatewayError> {
    let answer = client
        .exchange(Method::GET, url, HeaderMap::new(), Vec::new(), BOUNDS)
        .await?;
    read(&answer)
}

/// Posts a form and reads the answer, a flat JSON object.
pub(super) async fn post(client: &Client, url: &Url, form: &Fields) -> Result<Fields, GatewayError> {
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    let mut headers = HeaderMap::new();
    headers.insert("content-type", kind);
    let body = form.encode().into_bytes();
    let answer = client.exchange(Method::POST, url, headers, body, BOUNDS).await?;
    read(&answer)
}

fn read(answer: &Answer) -> Result<Fields, GatewayError> {
    if answer.status != 200 {
        return Err(GatewayError::Status(answer.status));
    }
    Fields::of_json(&answer.body).ok_or(GatewayError::Malformed("it is no JSON object"))
}

/// The amount as it is sent.
///
/// # Errors
/// Where it is not yuan.
pub(super) fn money(amount: Money) -> Result<String, GatewayError> {
    if amount.currency == Currency::CNY {
        Ok(amount.decimal())
    } else {
        Err(GatewayError::Refused("it collects CNY only".to_owned()))
    }
}

/// The product's name, in the gateway's bound.
pub(super) fn name(subject: &str) -> &str {
    &subject[..subject.floor_char_boundary(NAME_MAX_BYTES)]
}

#[cfg(test)]
mod tests {
    use shelfproof_base::web::parse_url;

    use super::*;

    #[test]
    fn an_endpoint_is_below_the_address() {
        for (base, whole) in [
            ("https://pay.example", "https://pay.example/api/pay/create"),
            ("https://pay.example/", "https://pay.example/api/pay/create"),
            ("https://pay.example/epay", "https://pay.example/epay/api/pay/create"),
            ("https://pay.example/epay/", "https://pay.example/epay/api/pay/create"),
        ] {
            assert_eq!(endpoint(&parse_url(base).unwrap(), "api/pay/create").as_str(), whole);
        }
    }

    #[test]
    fn a_name_is_cut_between_characters_and_only_yuan_are_sent() {
        assert_eq!(name(&"卡".repeat(60)), "卡".repeat(42));
        assert_eq!(name("月卡"), "月卡");
        let amount = |currency| Money { minor: 990, currency };
        assert_eq!(money(amount(Currency::CNY)).unwrap(), "9.90");
        assert!(money(amount(Currency::USD)).is_err());
    }
}
