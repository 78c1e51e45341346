//! The settings of an account at an epusdt gateway.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use shelfproof_base::config::{Check, broken, secret};

use crate::domain::money::Currency;
use crate::gateway::field::{drawn_secret, is_word, read_currency, write_currency};
use crate::gateway::rules;

/// The currencies that BEpusdt knows.
const BEPUSDT_CURRENCIES: [Currency; 5] = [
    Currency::CNY,
    Currency::EUR,
    Currency::GBP,
    Currency::JPY,
    Currency::USD,
];

/// An account at an epusdt gateway.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EpusdtSettings {
    /// Where the gateway is, such as `https://pay.example`.
    pub url: String,
    pub dialect: Dialect,
    /// The currency in which the gateway counts amounts, ISO 4217.
    #[serde(deserialize_with = "read_currency", serialize_with = "write_currency")]
    pub currency: Currency,
    /// The token or secret key that both sides sign with.
    #[serde(deserialize_with = "secret", serialize_with = "rules::hide")]
    pub secret: SecretString,
}

/// Which of the programs it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// The first epusdt, up to 0.0.x.
    Classic,
    Bepusdt(Bepusdt),
    Gmpay(Gmpay),
}

/// What only BEpusdt asks for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bepusdt {
    /// Coin and network, in its own words.
    #[serde(default = "default_trade_type")]
    pub trade_type: String,
}

fn default_trade_type() -> String {
    "usdt.trc20".to_owned()
}

/// What only GMPay asks for, the later epusdt.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Gmpay {
    /// The merchant's number.
    pub pid: String,
    #[serde(default)]
    pub digest: Digest,
    /// What is paid with; if it is not set, the buyer chooses on the gateway's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Asset>,
}

/// A coin on a network, in GMPay's words: `usdt` and `tron`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    pub token: String,
    pub network: String,
}

/// How a text and the secret become a signature. GMPay's releases differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// MD5 of the text with the secret behind it.
    #[default]
    Md5,
    HmacSha256,
}

impl EpusdtSettings {
    /// The fields that break a rule.
    #[must_use]
    pub fn broken(&self) -> Vec<Check> {
        let mut checks = broken([
            rules::address("url", &self.url),
            drawn_secret("secret", &self.secret),
            self.dialect.unknown(self.currency),
        ]);
        checks.extend(self.dialect.broken());
        checks
    }
}

impl Dialect {
    /// Whether the gateway does not know a currency.
    fn unknown(&self, currency: Currency) -> Option<Check> {
        let is_unknown = matches!(self, Self::Bepusdt(_)) && !BEPUSDT_CURRENCIES.contains(&currency);
        is_unknown.then(|| {
            let rule = "must be one that BEpusdt knows: CNY, EUR, GBP, JPY, USD";
            ("currency", rule.to_owned())
        })
    }

    fn broken(&self) -> Vec<Check> {
        match self {
            Self::Classic => Vec::new(),
            Self::Bepusdt(bepusdt) => broken([word("dialect.bepusdt.trade_type", &bepusdt.trade_type)]),
            Self::Gmpay(gmpay) => {
                let asset = gmpay.asset.as_ref();
                broken([
                    word("dialect.gmpay.pid", &gmpay.pid),
                    asset.and_then(|asset| word("dialect.gmpay.asset.token", &asset.token)),
                    asset.and_then(|asset| word("dialect.gmpay.asset.network", &asset.network)),
                ])
            }
        }
    }

    /// How this dialect signs.
    pub(super) const fn digest(&self) -> Digest {
        match self {
            Self::Classic | Self::Bepusdt(_) => Digest::Md5,
            Self::Gmpay(gmpay) => gmpay.digest,
        }
    }
}

fn word(field: &'static str, text: &str) -> Option<Check> {
    let rule = "must be 1 to 64 letters, digits, points, hyphens and underscores";
    (!is_word(text, 64, ".-_")).then(|| (field, rule.to_owned()))
}
