//! What a shop is made of, without any I/O: times and randomness are arguments, and no type here knows a database, a web
//! server or a chain.

pub mod account;
pub mod api_key;
pub mod batch;
pub mod character;
pub mod clock;
pub mod contact;
pub mod coupon;
pub mod delivery;
pub mod edit;
pub mod gateway_account;
pub mod goods;
pub mod history;
pub mod hold;
pub mod id;
pub mod key;
pub mod message;
pub mod money;
pub mod name;
pub mod order;
pub mod order_token;
pub mod payment;
pub mod pool;
pub mod product;
pub mod repayment;
pub mod review;
pub mod sale;
pub mod search;
pub mod sku;
pub mod task;
pub mod wallet;
