//! A shop that is ready to sell.

use super::{CURRENCY, PRICE, Reseller, TestShop};
use crate::Result;

/// A shop with a product at [`PRICE`] and an account with credit that may buy it. `S` is a [`TestShop`], or a type that
/// adds to it.
#[derive(Debug)]
pub struct StockedShop<S = TestShop> {
    pub shop: S,
    /// The product's id.
    pub product: String,
    /// The account that buys.
    pub reseller: Reseller,
}

impl<S: AsRef<TestShop>> StockedShop<S> {
    /// Adds the product and the account, with that much credit (`"100.00"`), but no keys.
    ///
    /// # Errors
    /// The program's output, if it fails.
    pub fn over(shop: S, credit: &str) -> Result<Self> {
        let (product, reseller) = (shop.as_ref().product(PRICE, CURRENCY)?, shop.as_ref().reseller()?);
        shop.as_ref().credit(&reseller, credit, CURRENCY)?;
        Ok(Self {
            shop,
            product,
            reseller,
        })
    }

    /// Like [`over`](Self::over), and puts those codes on sale. The shop must have a running node.
    ///
    /// # Errors
    /// The program's output or the API's answer, if either refuses.
    pub fn with_codes(shop: S, credit: &str, codes: &[String]) -> Result<Self> {
        let stocked = Self::over(shop, credit)?;
        stocked.shop.as_ref().stock_by_api(&stocked.product, codes)?;
        Ok(stocked)
    }
}
