//! Payment gateways behind one port.
//!
//! A gateway is a protocol (a submodule) with the settings of one merchant's account. Each is split in two: what is
//! computed (`sign`, `verify`, `parse`), which is pure, and what asks the gateway over HTTP. Nothing here knows a
//! database. No method of [`Port`] has a default: each gateway says for itself what it does. A new one is a module here
//! that implements [`Port`], a variant of [`Account`](account::Account) and one of [`Gateway`](account::Gateway).
//!
//! A notice proves only that somebody who has the account's secret wrote it: who asks for what it names is bound to the
//! payment, its account and its amount by the caller.

use std::net::IpAddr;

use shelfproof_base::client::HttpError;
use shelfproof_base::web::Url;

use crate::domain::money::Money;
use crate::domain::payment::{PaymentId, Received};

pub mod account;
pub mod epay;
pub mod epusdt;
mod field;
pub mod rules;
mod signature;
pub mod stripe;

/// What a gateway is asked to collect.
#[derive(Clone, Debug)]
pub struct NewPayment<'a> {
    pub id: PaymentId,
    /// More than nothing, in the account's currency.
    pub amount: Money,
    /// What the buyer reads on the gateway's page.
    pub subject: &'a str,
    /// Until when it can be paid, Unix milliseconds; a gateway that knows no such time is not told.
    pub expires_at_ms: u64,
    /// The buyer's address, which some gateways ask for.
    pub client: Option<IpAddr>,
    /// Where the gateway sends its notices.
    pub notify_url: &'a Url,
    /// Where the buyer's browser is sent. What it brings back decides nothing.
    pub return_url: &'a Url,
}

/// A payment that a gateway is ready to collect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The page on which the buyer pays.
    pub url: Url,
    /// The gateway's own number, if it gives one out already.
    pub trade_no: Option<String>,
}

/// A request that a gateway, or somebody who pretends to be one, sent to the notice address of an account.
#[derive(Clone, Copy, Debug)]
pub struct NoticeRequest<'a> {
    pub is_post: bool,
    /// The query as it was sent, without the question mark.
    pub query: &'a str,
    /// Of the header `Content-Type`, where there is one.
    pub content_type: Option<&'a str>,
    /// Of the header that carries a signature, where the protocol has one ([`Port::signature_header`]).
    pub signature: Option<&'a str>,
    pub body: &'a [u8],
}

/// What a verified notice says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    Received(Received),
    /// It was not paid: it waits, failed, or expired. There is nothing to do; the notice is answered as taken.
    Unpaid(PaymentId),
    /// It is about nothing that this account was asked for, such as another kind of event. It is answered as taken.
    Other,
}

/// Why a notice is not believed. None of these moves anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeRefusal {
    #[error("the method is not the protocol's")]
    Method,
    #[error("it cannot be read")]
    Malformed,
    /// The field's name.
    #[error("the field {0} is missing, or there twice")]
    Missing(&'static str),
    #[error("the field {0} breaks its rule")]
    Field(&'static str),
    #[error("it has no signature")]
    Unsigned,
    #[error("the signature is wrong")]
    Forged,
    #[error("its time is too far from this machine's")]
    Stale,
    #[error("it is for another account of the gateway")]
    OtherAccount,
    #[error("it names no payment of this shop")]
    NoPayment,
    #[error("its amount is no amount of the account's currency")]
    Amount,
}

/// What a gateway says about a payment when it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    Received(Received),
    /// It can still be paid.
    Open,
    /// It cannot be paid any more, or the gateway does not know it: a buyer who never opened the page leaves none.
    Closed,
}

/// Money that a gateway is asked to give back.
#[derive(Clone, Debug)]
pub struct NewRefund<'a> {
    /// The refund's own id: the same one twice is one refund, where the gateway can tell.
    pub id: PaymentId,
    pub payment: PaymentId,
    pub trade_no: &'a str,
    pub amount: Money,
}

/// What became of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundReport {
    Done,
    /// The gateway has taken it, and it is not done yet.
    Pending,
    /// The gateway said no, with its words.
    Refused(String),
    /// The gateway's protocol has no refunds: a person pays it back.
    ByHand,
}

/// Why a gateway gave no answer that can be used. Whether it did what it was asked is not known, except where it refused.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("it answered status {0}")]
    Status(u16),
    /// Its words.
    #[error("it refused: {0}")]
    Refused(String),
    #[error("its answer cannot be read: {0}")]
    Malformed(&'static str),
    #[error("its answer is not signed by its key")]
    Forged,
}

impl GatewayError {
    /// Whether the gateway itself is not there or has too much to do, so that it would answer no other request either.
    #[must_use]
    pub const fn is_no_answer(&self) -> bool {
        matches!(self, Self::Http(_) | Self::Status(429 | 500..))
    }
}

/// What every gateway does.
pub trait Port {
    /// Makes the page on which the buyer pays.
    ///
    /// # Errors
    /// Where the gateway gives none. Asking again with the same payment makes no second one.
    fn create(&self, payment: &NewPayment<'_>) -> impl Future<Output = Result<Checkout, GatewayError>> + Send;

    /// The name of the header that carries a notice's signature, if it is in a header.
    fn signature_header(&self) -> Option<&'static str>;

    /// Verifies and reads a notice. Pure.
    ///
    /// # Errors
    /// Why it is not believed.
    fn notice(&self, request: &NoticeRequest<'_>, now_ms: u64) -> Result<Notice, NoticeRefusal>;

    /// The plain text that tells the gateway that a notice was taken.
    fn taken(&self) -> &'static str;

    /// Whether a request that a buyer sees can be replayed as a notice, because both are signed alike with one key: the
    /// gateway is then asked before anything is delivered.
    fn asks_before_delivery(&self) -> bool;

    /// Whether notices about payments of other accounts come to this account's address, verified by its secret. They are
    /// answered as taken, because the gateway stops sending to an address that refuses.
    fn hears_of_others(&self) -> bool;

    /// Asks what became of a payment. `trade_no` is the gateway's number, where it is known.
    ///
    /// # Errors
    /// Where it does not answer.
    fn query(
        &self,
        payment: PaymentId,
        trade_no: Option<&str>,
    ) -> impl Future<Output = Result<Report, GatewayError>> + Send;

    /// Gives money back.
    ///
    /// # Errors
    /// Where it does not answer: the refund may be done, and is asked for again under the same id.
    fn refund(&self, refund: &NewRefund<'_>) -> impl Future<Output = Result<RefundReport, GatewayError>> + Send;
}
