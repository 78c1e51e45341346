//! The schemas of text values in the API's description. They are made from the same constants and names that the
//! program checks values with. To add a value with a fixed form, add an entry to `texts!`.

use shelfproof_verifier::event::Kind;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::batch::BatchState;
use crate::domain::coupon::{MAX_CODE, MIN_CODE};
use crate::domain::money::MAX_TEXT;
use crate::domain::order::OrderStatus;
use crate::domain::payment::PaymentState;
use crate::domain::sku;
use crate::import::{Encoding, Format};

/// Declares schemas of texts. Each becomes an empty type, which is only used as a `value_type`.
macro_rules! texts {
    ($($(#[$about:meta])* $name:ident: $object:expr;)+) => {$(
        $(#[$about])*
        pub(crate) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let object: ObjectBuilder = $object;
                object.schema_type(Type::String).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

texts! {
    /// 32 bytes.
    Hash: pattern("^0x[0-9a-f]{64}$");
    /// 20 bytes.
    Address: pattern("^0x[0-9a-f]{40}$");
    /// A decimal string with the decimals of its currency, or fewer.
    Amount: pattern(r"^[0-9]+(\.[0-9]+)?$").max_length(Some(MAX_TEXT));
    /// ISO 4217.
    Currency: pattern("^[A-Z]{3}$");
    /// The code of a coupon; letters are taken in any case.
    CouponCode: pattern("^[A-Za-z0-9_-]+$").min_length(Some(MIN_CODE)).max_length(Some(MAX_CODE));
    /// The state of an order.
    OrderState: names(OrderStatus::ALL.map(OrderStatus::name));
    /// The id of a payment, which is the order number that its gateway is told.
    PaymentId: pattern("^[0-9a-f]{32}$");
    /// What became of a payment.
    PaymentStateName: names(PaymentState::ALL.map(PaymentState::name));
    /// How far a batch is: its file was not read to the end, it was, or what was not on sale was withdrawn.
    BatchStateName: names(BatchState::ALL.map(BatchState::name));
    /// The state of a key: the kind of its newest event.
    KeyState: names(Kind::ALL.map(Kind::name));
    /// How a unit of a product is delivered.
    SkuKind: names(sku::SkuKind::ALL.map(sku::SkuKind::name));
    /// When an order takes its stock.
    StockPolicy: names(sku::StockPolicy::ALL.map(sku::StockPolicy::name));
    /// How a line of an imported file holds its code.
    FormatName: names(Format::ALL.map(Format::name));
    /// The encoding of an imported file.
    EncodingName: names(Encoding::ALL.map(Encoding::name));
}

fn pattern(pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new().pattern(Some(pattern))
}

fn names(names: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().enum_values(Some(names))
}
