//! Ids: UUIDs. Those of version 7 begin with the time, so that rows made one after another lie beside each other; an
//! order's is derived from its request, by `OrderId::of_request` in [`order`](super::order), and a coupon's from its
//! code, by `CouponCode::id` in [`coupon`](super::coupon).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

/// Makes ids of version 7.
macro_rules! by_time {
    ($($name:ident)+) => {$(
        impl $name {
            /// The id of that moment (Unix milliseconds) and that randomness.
            #[must_use]
            pub fn new(at_ms: u64, random: [u8; 10]) -> Self {
                Self(Builder::from_unix_timestamp_millis(at_ms, &random).into_uuid())
            }
        }
    )+};
}

by_time!(AccountId ApiKeyId ProductId SkuId BatchId);

id!(
    /// Who calls the API.
    AccountId
);
id!(
    /// What a caller shows.
    ApiKeyId
);
id!(
    /// What is sold.
    ProductId
);
id!(
    /// What an order line buys.
    SkuId
);
id!(
    /// What one import brought.
    BatchId
);
id!(
    /// What takes something off an order.
    CouponId
);
id!(
    /// What a caller bought in one request.
    OrderId
);
