//! How values are spelt, for the API's description: made from the constants and names that enforce it.

use clap::ValueEnum;
use shelfproof_verifier::event::Kind;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::money::MAX_TEXT;
use crate::domain::order::{OrderStatus, RefusalReason};
use crate::domain::sku;
use crate::import::{Encoding, Format};

/// Describes texts: for each an empty type of that name, for `value_type` alone.
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
    /// What became of an order.
    OrderState: names([
        OrderStatus::Delivered,
        OrderStatus::Refused(RefusalReason::OutOfStock),
        OrderStatus::Refused(RefusalReason::Abnormal),
        OrderStatus::PartiallyRefunded,
        OrderStatus::Refunded,
    ].map(OrderStatus::name));
    /// Where a key stands: the kind of its newest event.
    KeyState: names(Kind::ALL.map(Kind::name));
    /// How a unit of a product is delivered.
    SkuKind: names(sku::SkuKind::ALL.map(sku::SkuKind::name));
    /// When an order takes its stock.
    StockPolicy: names(sku::StockPolicy::ALL.map(sku::StockPolicy::name));
    /// Where a line's code is.
    FormatName: choices::<Format>();
    /// How a file's text is written.
    EncodingName: choices::<Encoding>();
}

fn pattern(pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new().pattern(Some(pattern))
}

fn names(names: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().enum_values(Some(names))
}

fn choices<T: ValueEnum>() -> ObjectBuilder {
    let values = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let names: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
    ObjectBuilder::new().enum_values(Some(names))
}
