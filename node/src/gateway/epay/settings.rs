//! The settings of a merchant's account with a gateway that speaks 易支付.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use shelfproof_base::config::{Check, broken, secret};
use shelfproof_base::web::{is_this_machine, parse_url};

use super::rsa::{PrivateKey, PublicKey};
use crate::gateway::rules;

/// The longest name of a way to pay.
const PAY_TYPE_MAX: usize = 16;

/// An account of version 1.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EpayV1Settings {
    /// The gateway's address, below which `submit.php` is.
    pub url: String,
    /// The account's number.
    pub pid: u64,
    /// What signs requests and notices.
    #[serde(deserialize_with = "secret", serialize_with = "rules::hide")]
    pub key: SecretString,
    /// The way to pay, such as `alipay`; where it is not set, the buyer chooses on the gateway's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_type: Option<String>,
}

/// An account of version 2.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EpayV2Settings {
    /// The gateway's address, below which `api/pay` is.
    pub url: String,
    /// The account's number.
    pub pid: u64,
    /// The merchant's key, which signs requests: PKCS#8 or PKCS#1 in base64.
    #[serde(deserialize_with = "secret", serialize_with = "rules::hide")]
    pub private_key: SecretString,
    /// The gateway's key, which its notices and answers are verified by: a public key (SPKI) in base64.
    pub public_key: String,
    /// The way to pay, such as `alipay`.
    pub pay_type: String,
}

impl EpayV1Settings {
    /// The fields that break a rule.
    #[must_use]
    pub fn broken(&self) -> Vec<Check> {
        broken([
            rules::address("url", &self.url),
            pid(self.pid),
            rules::secret("key", &self.key, &self.pid.to_string()),
            self.pay_type.as_deref().and_then(pay_type),
        ])
    }

    /// The same for the test gateway, which is on this machine.
    #[must_use]
    pub fn broken_as_test(&self) -> Vec<Check> {
        let is_here = parse_url(&self.url).is_ok_and(|url| is_this_machine(&url));
        let elsewhere = (!is_here).then(|| ("url", "must be an address of this machine: it is for tests".to_owned()));
        let mut checks = self.broken();
        checks.extend(elsewhere);
        checks
    }
}

impl EpayV2Settings {
    /// The fields that break a rule.
    #[must_use]
    pub fn broken(&self) -> Vec<Check> {
        let no_private = PrivateKey::parse(&self.private_key).is_none();
        let no_public = PublicKey::parse(&self.public_key).is_none();
        broken([
            rules::address("url", &self.url),
            pid(self.pid),
            no_private.then(|| ("private_key", PrivateKey::RULE.to_owned())),
            no_public.then(|| ("public_key", PublicKey::RULE.to_owned())),
            pay_type(&self.pay_type),
        ])
    }
}

fn pid(pid: u64) -> Option<Check> {
    (pid == 0).then(|| ("pid", "must be the account's number, which is not 0".to_owned()))
}

fn pay_type(name: &str) -> Option<Check> {
    let is_one = (1..=PAY_TYPE_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (!is_one).then(|| {
        let rule = format!("must be 1 to {PAY_TYPE_MAX} small letters, digits and underscores: alipay, wxpay");
        ("pay_type", rule)
    })
}
