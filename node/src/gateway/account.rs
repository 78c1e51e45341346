//! The settings of a merchant's account with a gateway, of whichever kind, and the gateway that they open.

use serde::{Deserialize, Serialize};
use shelfproof_base::config::Check;

use super::epay::settings::{EpayV1Settings, EpayV2Settings};
use super::epay::v1::EpayV1;
use super::epay::v2::EpayV2;
use super::epusdt::Epusdt;
use super::epusdt::settings::EpusdtSettings;
use super::rules::OpenError;
use super::stripe::Stripe;
use super::stripe::settings::StripeSettings;
use super::{
    Checkout, GatewayError, NewPayment, NewRefund, Notice, NoticeRefusal, NoticeRequest, Port, RefundReport, Report,
};
use crate::domain::money::Currency;
use crate::domain::payment::PaymentId;

/// The settings of an account. Its `kind` says which protocol it speaks.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Account {
    EpayV1(EpayV1Settings),
    EpayV2(EpayV2Settings),
    Epusdt(EpusdtSettings),
    Stripe(StripeSettings),
    /// The test gateway, which speaks 易支付 V1 on this machine.
    Test(EpayV1Settings),
}

/// An account that can be used.
#[derive(Debug)]
pub enum Gateway {
    EpayV1(EpayV1),
    EpayV2(Box<EpayV2>),
    Epusdt(Box<Epusdt>),
    Stripe(Box<Stripe>),
}

impl Account {
    /// The fields that break a rule.
    #[must_use]
    pub fn broken(&self) -> Vec<Check> {
        match self {
            Self::EpayV1(settings) => settings.broken(),
            Self::EpayV2(settings) => settings.broken(),
            Self::Epusdt(settings) => settings.broken(),
            Self::Stripe(settings) => settings.broken(),
            Self::Test(settings) => settings.broken_as_test(),
        }
    }

    /// Which protocol it speaks, as the setting `kind` names it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::EpayV1(_) => "epay_v1",
            Self::EpayV2(_) => "epay_v2",
            Self::Epusdt(_) => "epusdt",
            Self::Stripe(_) => "stripe",
            Self::Test(_) => "test",
        }
    }

    /// The currency that it collects.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        match self {
            Self::EpayV1(_) | Self::EpayV2(_) | Self::Test(_) => Currency::CNY,
            Self::Epusdt(settings) => settings.currency,
            Self::Stripe(settings) => settings.currency,
        }
    }
}

impl Gateway {
    /// Opens an account whose settings break no rule.
    ///
    /// # Errors
    /// Where they break one, or no client can be made.
    pub fn open(account: &Account) -> Result<Self, OpenError> {
        match account {
            Account::EpayV1(settings) | Account::Test(settings) => EpayV1::open(settings).map(Self::EpayV1),
            Account::EpayV2(settings) => EpayV2::open(settings).map(Box::new).map(Self::EpayV2),
            Account::Epusdt(settings) => Epusdt::open(settings).map(Box::new).map(Self::Epusdt),
            Account::Stripe(settings) => Stripe::open(settings).map(Box::new).map(Self::Stripe),
        }
    }
}

impl Port for Gateway {
    async fn create(&self, payment: &NewPayment<'_>) -> Result<Checkout, GatewayError> {
        match self {
            Self::EpayV1(gateway) => gateway.create(payment).await,
            Self::EpayV2(gateway) => gateway.create(payment).await,
            Self::Epusdt(gateway) => gateway.create(payment).await,
            Self::Stripe(gateway) => gateway.create(payment).await,
        }
    }

    fn signature_header(&self) -> Option<&'static str> {
        match self {
            Self::EpayV1(gateway) => gateway.signature_header(),
            Self::EpayV2(gateway) => gateway.signature_header(),
            Self::Epusdt(gateway) => gateway.signature_header(),
            Self::Stripe(gateway) => gateway.signature_header(),
        }
    }

    fn notice(&self, request: &NoticeRequest<'_>, now_ms: u64) -> Result<Notice, NoticeRefusal> {
        match self {
            Self::EpayV1(gateway) => gateway.notice(request, now_ms),
            Self::EpayV2(gateway) => gateway.notice(request, now_ms),
            Self::Epusdt(gateway) => gateway.notice(request, now_ms),
            Self::Stripe(gateway) => gateway.notice(request, now_ms),
        }
    }

    fn taken(&self) -> &'static str {
        match self {
            Self::EpayV1(gateway) => gateway.taken(),
            Self::EpayV2(gateway) => gateway.taken(),
            Self::Epusdt(gateway) => gateway.taken(),
            Self::Stripe(gateway) => gateway.taken(),
        }
    }

    fn asks_before_delivery(&self) -> bool {
        match self {
            Self::EpayV1(gateway) => gateway.asks_before_delivery(),
            Self::EpayV2(gateway) => gateway.asks_before_delivery(),
            Self::Epusdt(gateway) => gateway.asks_before_delivery(),
            Self::Stripe(gateway) => gateway.asks_before_delivery(),
        }
    }

    fn hears_of_others(&self) -> bool {
        match self {
            Self::EpayV1(gateway) => gateway.hears_of_others(),
            Self::EpayV2(gateway) => gateway.hears_of_others(),
            Self::Epusdt(gateway) => gateway.hears_of_others(),
            Self::Stripe(gateway) => gateway.hears_of_others(),
        }
    }

    async fn query(&self, payment: PaymentId, trade_no: Option<&str>) -> Result<Report, GatewayError> {
        match self {
            Self::EpayV1(gateway) => gateway.query(payment, trade_no).await,
            Self::EpayV2(gateway) => gateway.query(payment, trade_no).await,
            Self::Epusdt(gateway) => gateway.query(payment, trade_no).await,
            Self::Stripe(gateway) => gateway.query(payment, trade_no).await,
        }
    }

    async fn refund(&self, refund: &NewRefund<'_>) -> Result<RefundReport, GatewayError> {
        match self {
            Self::EpayV1(gateway) => gateway.refund(refund).await,
            Self::EpayV2(gateway) => gateway.refund(refund).await,
            Self::Epusdt(gateway) => gateway.refund(refund).await,
            Self::Stripe(gateway) => gateway.refund(refund).await,
        }
    }
}

#[cfg(test)]
mod tests;
