//! 易支付, in its two versions.
//!
//! Both sign the same text: the fields that have a value, by name, as `name=value` joined with `&` ([`fields`]). [`v1`]
//! hashes it together with a key that merchant and gateway share; [`v2`] signs it with RSA ([`rsa`]), each side with its
//! own key. What notices and answers say is the same in both (`notice`, `answer`).
//!
//! Money is yuan.

mod answer;
pub mod fields;
mod notice;
pub mod rsa;
pub mod settings;
#[cfg(test)]
pub(crate) mod test_keys;
pub mod v1;
pub mod v2;
mod wire;
