//! A shop within the test that imports: one product, and imports into it.

use std::fs;
use std::io::Cursor;
use std::ops::Deref;

use shelfproof::domain::id::{BatchId, ProductId};
use shelfproof::flow::activate::{Activated, activate_batch};
use shelfproof::flow::import::{ImportError, Progress, Report, Request, import_codes};
use shelfproof::import::{Format, Options};
use shelfproof::store::batch::refused_line_list;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::in_process::{self, InProcessShop};
use shelfproof_tests::{Result, tools};

/// Connections: of two imports at once, and of the test itself.
const CONNECTIONS: u32 = 4;

/// A shop with one product.
pub(crate) struct ImportShop {
    shop: InProcessShop,
    pub(crate) product: ProductId,
}

impl Deref for ImportShop {
    type Target = InProcessShop;

    fn deref(&self) -> &InProcessShop {
        &self.shop
    }
}

impl ImportShop {
    pub(crate) async fn open() -> Result<Self> {
        let options = in_process::Options {
            connections: CONNECTIONS,
        };
        let shop = InProcessShop::open(options).await?;
        let product = shop.create_product("Monthly card").await?;
        Ok(Self { shop, product })
    }

    pub(crate) fn request(&self, name: &str, options: Options) -> Request {
        Request {
            product: self.product,
            name: name.to_owned(),
            supplier: "Vendor & Co".to_owned(),
            options,
        }
    }

    pub(crate) async fn import(&self, file: Vec<u8>, request: &Request) -> std::result::Result<Report, ImportError> {
        self.import_telling(file, request, |_| ()).await
    }

    pub(crate) async fn import_telling(
        &self,
        file: Vec<u8>,
        request: &Request,
        progress: impl FnMut(Progress) + Send,
    ) -> std::result::Result<Report, ImportError> {
        import_codes(&self.pool, &self.vault, Cursor::new(file), request, progress, now_ms).await
    }

    pub(crate) async fn activate(&self, batch: BatchId) -> Result<Activated> {
        Ok(activate_batch(&self.pool, batch, false, |_| (), now_ms).await?)
    }

    /// The refused lines of a batch and why, in words.
    pub(crate) async fn refused(&self, batch: BatchId) -> Result<Vec<(i64, String, String)>> {
        let lines = refused_line_list(&self.pool, batch, 0, 10_000).await?;
        Ok(lines
            .into_iter()
            .map(|line| (line.line, line.reason, line.detail))
            .collect())
    }
}

/// A file of `tests/data`.
pub(crate) fn data(name: &str) -> Result<Vec<u8>> {
    Ok(fs::read(tools::root().join("tests/data").join(name))?)
}

pub(crate) fn of(format: Format) -> Options {
    Options {
        format,
        ..Options::default()
    }
}
