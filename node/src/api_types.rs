//! What the API answers and `--json` prints: one spelling of each thing, for both. Ids are named by what they name
//! (`product`, `keyId`), lists are `items` with `next`, also as CSV ([`CsvRow`]), times Unix milliseconds, amounts decimal strings.

mod batch;
mod checkout;
mod coupon;
mod csv;
mod event;
mod key;
mod order;
mod order_token;
mod page;
mod payment;
mod placed;
mod preview;
mod product;
mod proof;
mod review;
mod schema;
mod task;
mod wallet;

pub(crate) use batch::{ImportReport, ShownActivation, ShownBatch, ShownBatchKey, ShownRefusedLine, ShownWithdrawal};
pub(crate) use checkout::{FoundOrder, PlacedCheckout, ShownGateway, ShownPage};
pub(crate) use coupon::ShownCoupon;
pub(crate) use csv::{CsvRow, header as csv_header, lines as csv_lines};
pub(crate) use event::ShownEvent;
pub(crate) use key::ShownListedKey;
pub(crate) use order::{ListedOrder, ShownOrder};
pub(crate) use order_token::ShownRevocation;
pub(crate) use page::Listed;
pub(crate) use payment::{ShownGatewayAccount, ShownOrderPayment, ShownPayment};
pub(crate) use placed::{PlacedOrder, example as placed_example};
pub(crate) use preview::ShownPreview;
pub(crate) use product::{BuyerLimit, ShownProduct, ShownStock, Tier};
pub(crate) use proof::{KeyProof, OrderProofs};
pub(crate) use review::{ShownRepayment, ShownReview};
pub(crate) use schema::{
    Address, Amount, BatchStateName, CouponCode, Currency, EncodingName, FormatName, Hash, KeyState, OrderState,
    PaymentId, PaymentStateName, SkuKind, StockPolicy,
};
pub(crate) use task::ShownTask;
pub(crate) use wallet::ShownCredit;
