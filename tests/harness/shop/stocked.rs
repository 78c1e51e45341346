//! A shop that can sell at once.

use super::{CURRENCY, Channel, PRICE, TestShop};
use crate::Result;

/// A shop with a product at [`PRICE`] and an account with credit that may buy it. `S` is the shop: a [`TestShop`], or one
/// that adds to it.
#[derive(Debug)]
pub struct StockedShop<S = TestShop> {
    /// The shop.
    pub shop: S,
    /// The product's id.
    pub product: String,
    /// The account that buys.
    pub channel: Channel,
}

impl<S: AsRef<TestShop>> StockedShop<S> {
    /// Adds the product and the account, with that much credit (`"100.00"`), and puts no key on sale.
    ///
    /// # Errors
    /// With the program's words.
    pub fn over(shop: S, credit: &str) -> Result<Self> {
        let (product, channel) = (shop.as_ref().product(PRICE, CURRENCY)?, shop.as_ref().channel()?);
        shop.as_ref().credit(&channel, credit, CURRENCY)?;
        Ok(Self { shop, product, channel })
    }

    /// The same, with those codes on sale. The shop must have a node that serves.
    ///
    /// # Errors
    /// With the program's or the API's words.
    pub fn with_codes(shop: S, credit: &str, codes: &[String]) -> Result<Self> {
        let stocked = Self::over(shop, credit)?;
        stocked.shop.as_ref().stock_by_api(&stocked.product, codes)?;
        Ok(stocked)
    }
}
