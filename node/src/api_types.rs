//! What the API answers and `--json` prints: one spelling of each thing, for both. Ids are named by what they name
//! (`product`, `keyId`), lists are `items` with `next`, times Unix milliseconds, amounts decimal strings.

mod batch;
mod event;
mod order;
mod order_token;
mod page;
mod placed;
mod preview;
mod product;
mod proof;
mod schema;
mod task;
mod wallet;

pub(crate) use batch::{ImportReport, ShownActivation, ShownBatch, ShownBatchKey, ShownRefusedLine, ShownWithdrawal};
pub(crate) use event::ShownEvent;
pub(crate) use order::{ListedOrder, ShownOrder};
pub(crate) use order_token::ShownRevocation;
pub(crate) use page::Listed;
pub(crate) use placed::{PlacedOrder, example as placed_example};
pub(crate) use preview::ShownPreview;
pub(crate) use product::{ShownProduct, ShownStock};
pub(crate) use proof::{KeyProof, OrderProofs};
pub(crate) use schema::{
    Address, Amount, Currency, EncodingName, FormatName, Hash, KeyState, OrderState, SkuKind, StockPolicy,
};
pub(crate) use task::ShownTask;
pub(crate) use wallet::ShownCredit;
