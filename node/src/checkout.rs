//! Orders that are paid through gateways: the accounts that this node collects through, the pages that buyers pay on, what
//! gateways report, and what they are asked.
//!
//! Nothing that comes from outside decides where money goes: a report names a payment, and the payment's row says which
//! order, account and amount it is. No gateway is asked within a transaction. Whatever says that a payment was received, a
//! notice or an answer, ends in [`receive`], which holds it against the row and settles the order.

mod ask;
mod gateways;
mod notice;
mod page;
mod receive;
mod repay;

pub use ask::{Tally, ask_due};
pub use gateways::{Collector, Gateways, OpenGatewaysError};
pub use notice::{NoticeError, take_notice};
pub use page::{PageError, PageRequest, pay_page};
pub use receive::ReceiveError;
pub use repay::{RepayTally, repay_due};
