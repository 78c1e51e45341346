//! Rotation of a master key over a real database: every data key is wrapped again under the newest master key, and
//! still opens the same goods.

use std::path::Path;

use alloy_primitives::{Address, B256};
use secrecy::ExposeSecret;
use shelfproof::domain::goods::{Goods, WrappedKey};
use shelfproof::domain::id::{BatchId, ProductId};
use shelfproof::domain::money::{Currency, Money};
use shelfproof::domain::product::NewProduct;
use shelfproof::flow::create_product::create_product;
use shelfproof::flow::rotate_master::rotate_master;
use shelfproof::store;
use shelfproof::store::batch_key::{batch_key_count, batch_key_lock, batch_key_masters};
use shelfproof::vault::Vault;
use shelfproof::vault::folder::make::{init, remove_master, rotate_master as add_master};
use shelfproof_tests::Result;
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_verifier::chain::Identity;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

const PASSPHRASE: &str = "correct horse battery";
const AT_MS: u64 = 1_800_000_000_000;

/// More batches than one step rotates.
const BATCHES: u16 = 1_203;

fn vault(folder: &Path) -> Result<Vault> {
    let identity = Identity {
        chain_id: 1,
        registry: Address::repeat_byte(1),
        merchant_id: B256::repeat_byte(2),
    };
    Ok(Vault::open(folder, &PASSPHRASE.into(), identity)?)
}

fn goods(batch: BatchId) -> Goods {
    Goods {
        code: batch.to_string().into(),
        extra: "extra".into(),
    }
}

/// The ids of the batches, with goods that are sealed under their data keys.
struct Shelf(Vec<(BatchId, Vec<u8>)>);

impl Shelf {
    async fn fill(pool: &PgPool, vault: &Vault) -> Result<Self> {
        let price = Money::parse("1", Currency::CNY)?;
        let product = create_product(pool, ProductId::new(AT_MS, [0; 10]), NewProduct::new("p", price), AT_MS).await?;
        let mut batches = Vec::new();
        for n in 0..BATCHES {
            let [high, low] = n.to_be_bytes();
            let batch = BatchId::new(AT_MS, [high, low, 0, 0, 0, 0, 0, 0, 0, 0]);
            let (
                key,
                WrappedKey {
                    wrapped,
                    master_generation,
                },
            ) = vault.data_key_new(batch);
            sqlx::query(
                "INSERT INTO shop.batches (id, sku_id, name, supplier, wrapped_key, master_generation, source, created_at_ms) \
                 VALUES ($1, $2, $3, '', $4, $5, $6, 1)",
            )
            .bind(batch.0)
            .bind(product.sku.id.0)
            .bind(n.to_string())
            .bind(wrapped)
            .bind(master_generation)
            .bind(&[0_u8; 32][..])
            .execute(pool)
            .await?;
            batches.push((batch, key.encrypt(&B256::ZERO, batch, &goods(batch))));
        }
        Ok(Self(batches))
    }

    /// Opens everything with what the database holds.
    async fn open(&self, pool: &PgPool, vault: &Vault) -> Result<()> {
        for (batch, sealed) in &self.0 {
            let (wrapped, master_generation) =
                sqlx::query_as("SELECT wrapped_key, master_generation FROM shop.batches WHERE id = $1")
                    .bind(batch.0)
                    .fetch_one(pool)
                    .await?;
            let key = vault.data_key_open(
                *batch,
                &WrappedKey {
                    wrapped,
                    master_generation,
                },
            )?;
            let opened = key.open(&B256::ZERO, *batch, sealed)?;
            assert_eq!(opened.code.expose_secret(), batch.to_string());
        }
        Ok(())
    }
}

#[tokio::test]
async fn every_data_key_comes_under_the_newest_master_key() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let options = PgConnectOptions::new()
        .socket(postgres.folder())
        .username("shelfproof")
        .database(&postgres.database()?);
    let pool = store::pool(options, 4);
    store::migrate(&pool).await?;
    let folder = tempfile::tempdir()?;
    init(folder.path(), &PASSPHRASE.into())?;
    let before = vault(folder.path())?;
    let shelf = Shelf::fill(&pool, &before).await?;
    assert_eq!(rotate_master(&pool, &before, |_| ()).await?, 0, "nothing to do yet");

    add_master(folder.path(), &PASSPHRASE.into())?;
    let after = vault(folder.path())?;
    shelf.open(&pool, &after).await?;

    // Stopped before its second step: the first step remains, and everything can be opened.
    let mut steps = Vec::new();
    let killed = tokio::select! {
        biased;
        () = until_first_step(&pool) => true,
        done = rotate_master(&pool, &after, |step| steps.push(step)) => { done?; false }
    };
    let left = batch_key_count(&pool, 2).await?;
    assert!(killed && left < u64::from(BATCHES), "{left} left");
    assert_eq!(
        batch_key_masters(&pool).await?,
        if left == 0 { vec![2] } else { vec![1, 2] }
    );
    shelf.open(&pool, &vault(folder.path())?).await?;

    // Two rotations at the same time finish it together, and each reports when everything is done.
    let (one, other) = tokio::join!(
        rotate_master(&pool, &after, |_| ()),
        rotate_master(&pool, &after, |_| ())
    );
    assert_eq!(one? + other?, left);
    assert_eq!(batch_key_masters(&pool).await?, [2]);
    assert!(batch_key_lock(&mut *pool.acquire().await?, 2, 500).await?.is_empty());

    remove_master(folder.path(), 1)?;
    shelf.open(&pool, &vault(folder.path())?).await?;
    assert!(steps.iter().all(|step| *step <= 500), "{steps:?}");
    Ok(())
}

/// Waits until a step is committed.
async fn until_first_step(pool: &PgPool) {
    while batch_key_masters(pool).await.is_ok_and(|masters| masters.len() < 2) {
        tokio::task::yield_now().await;
    }
}
