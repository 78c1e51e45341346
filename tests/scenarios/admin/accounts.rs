//! Products, accounts, API keys and credit: created, listed and changed by an administrator.

use shelfproof::domain::account::Role;
use shelfproof::domain::api_key::{ApiKey, KnownKey};
use shelfproof::domain::batch::BatchFilter;
use shelfproof::domain::edit::Edit;
use shelfproof::domain::id::{AccountId, ApiKeyId, ProductId};
use shelfproof::domain::money::{Currency, Money};
use shelfproof::domain::product::{ListedProduct, NewProduct, Stock};
use shelfproof::domain::sku::{NewTier, SkuKind, StockPolicy, Tiers};
use shelfproof::flow::FlowError;
use shelfproof::flow::change_product::{Change, change_product};
use shelfproof::flow::check::check;
use shelfproof::flow::create_account::create_account;
use shelfproof::flow::create_api_key::create_api_key;
use shelfproof::flow::create_product::create_product;
use shelfproof::flow::query::batch::list_batches;
use shelfproof::flow::revoke_api_key::revoke_api_key;
use shelfproof::flow::top_up_credit::top_up_credit;
use shelfproof::store::StoreError;
use shelfproof::store::api_key::{api_key_find, api_key_list};
use shelfproof::store::batch::{batch_get, refused_line_list};
use shelfproof::store::product::{product_find, product_get, product_list, product_stock};
use shelfproof::store::transfer::movement_list;
use shelfproof::store::wallet::wallet_list;
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::sample_rows::{ACCOUNT, NOW_MS, PRODUCT, cny};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, sample_rows};
use sqlx::PgPool;

/// Runs `test` on a shop with sample rows.
fn in_a_shop(test: impl AsyncFnOnce(PgPool) -> Result<()>) -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let database = postgres.database()?;
    block_on(async {
        let pool = sample_rows::connect(&postgres, &database)?;
        sample_rows::fill(&pool).await?;
        test(pool).await
    })?
}

fn product_id(number: u8) -> ProductId {
    ProductId::new(NOW_MS + u64::from(number), [number; 10])
}

#[test]
fn products_are_made_listed_and_changed() -> Result<()> {
    in_a_shop(async |pool| {
        let usd = Money::parse("12.50", Currency::USD)?;
        let made = create_product(&pool, product_id(1), NewProduct::new("  Steam 100  ", usd), NOW_MS).await?;
        assert_eq!((made.name.as_str(), made.version, made.on_sale), ("Steam 100", 1, true));
        assert_eq!(
            (made.sku.kind, made.sku.policy, made.sku.version),
            (SkuKind::Auto, StockPolicy::Hold, 1)
        );
        assert_eq!(product_get(&pool, made.id).await?, Some(made.clone()));
        assert_eq!(product_find(&pool, "Steam 100").await?, Some(made.clone()));
        let empty = Stock {
            is_complete: true,
            ..Stock::default()
        };
        assert_eq!(product_stock(&pool, made.id).await?, Some(empty));

        let taken = create_product(&pool, product_id(2), NewProduct::new("Steam 100", usd), NOW_MS).await;
        assert!(
            matches!(taken, Err(FlowError::Taken { field: "name", .. })),
            "{taken:?}"
        );
        for name in ["", "  ", "a\nb", "长".repeat(201).as_str()] {
            let refused = create_product(&pool, product_id(2), NewProduct::new(name, usd), NOW_MS).await;
            assert!(
                matches!(refused, Err(FlowError::Invalid { field: "name", .. })),
                "{name:?}"
            );
        }
        assert_eq!(product_get(&pool, product_id(2)).await?, None);

        let first = product_list(&pool, None, None, 1).await?;
        assert_eq!(
            first.iter().map(|listed| listed.product.id).collect::<Vec<_>>(),
            [PRODUCT]
        );
        let listed = ListedProduct {
            product: made.clone(),
            available: 0,
        };
        assert_eq!(product_list(&pool, None, Some(PRODUCT), 50).await?, [listed]);

        let change = Change {
            price: Some("9.9".into()),
            on_sale: Some(false),
            ..Change::default()
        };
        let changed = change_product(&pool, made.id, 1, change.clone()).await?;
        assert_eq!(
            (changed.sku.price.decimal().as_str(), changed.on_sale, changed.version),
            ("9.90", false, 2)
        );
        assert_eq!((changed.sku.id, changed.sku.version), (made.sku.id, 2));
        let stale = change_product(&pool, made.id, 1, change.clone()).await;
        assert!(matches!(stale, Err(FlowError::Stale { version: 2, .. })), "{stale:?}");
        let missing = change_product(&pool, product_id(9), 1, change).await;
        assert!(matches!(missing, Err(FlowError::Missing { .. })), "{missing:?}");
        let named = |name: &str| Change {
            name: Some(name.into()),
            ..Change::default()
        };
        let taken = change_product(&pool, made.id, 2, named("月卡")).await;
        assert!(matches!(taken, Err(FlowError::Taken { .. })), "{taken:?}");
        let price = Change {
            price: Some("1.234".into()),
            ..Change::default()
        };
        let refused = change_product(&pool, made.id, 2, price).await;
        assert!(
            matches!(refused, Err(FlowError::Invalid { field: "price", .. })),
            "{refused:?}"
        );
        assert_eq!(change_product(&pool, made.id, 2, named("Steam 100")).await?.version, 3);
        let product = product_get(&pool, made.id).await?.ok_or("gone")?;
        assert_eq!(
            product.sku, changed.sku,
            "a refused price and a name leave the SKU as it was"
        );
        assert_eq!(check(&pool).await?, []);
        Ok(())
    })
}

#[test]
fn tiers_and_limits_keep_their_rules_whatever_changes() -> Result<()> {
    in_a_shop(async |pool| {
        let tier = |quantity, price: &str| NewTier {
            quantity,
            price: price.to_owned(),
        };
        let new = NewProduct {
            tiers: vec![tier(5, "9"), tier(20, "8.5")],
            ..NewProduct::new("Wholesale", cny(1_000))
        };
        let made = create_product(&pool, product_id(1), new.clone(), NOW_MS).await?;
        assert_eq!(made.sku.tiers.text(Currency::CNY), "5=9.00,20=8.50");
        assert_eq!(product_get(&pool, made.id).await?, Some(made.clone()));
        let wrong = NewProduct {
            tiers: vec![tier(5, "10")],
            ..NewProduct::new("Dearer", cny(1_000))
        };
        let refused = create_product(&pool, product_id(2), wrong, NOW_MS).await;
        assert!(
            matches!(refused, Err(FlowError::Invalid { field: "tiers", .. })),
            "{refused:?}"
        );
        let change = |price: Option<&str>, tiers: Option<Vec<NewTier>>| Change {
            price: price.map(ToOwned::to_owned),
            tiers,
            ..Change::default()
        };
        for (change, at) in [
            (change(Some("9"), None), "price"),
            (change(Some("9"), Some(vec![tier(5, "9")])), "tiers"),
            (change(None, Some(vec![tier(5, "8"), tier(5, "7")])), "tiers"),
            (change(None, Some(vec![tier(5, "8.001")])), "tiers"),
        ] {
            let refused = change_product(&pool, made.id, 1, change).await;
            let is_right = matches!(refused, Err(FlowError::Invalid { field, .. }) if field == at);
            assert!(is_right, "{at}: {refused:?}");
        }
        let changed = change_product(&pool, made.id, 1, change(Some("9"), Some(vec![tier(5, "8")]))).await?;
        assert_eq!(
            (changed.sku.tiers.text(Currency::CNY).as_str(), changed.sku.version),
            ("5=8.00", 2)
        );
        let limited = Change {
            order_max: Edit::Set(5),
            buyer_limit: Edit::Set("3/day".parse()?),
            ..Change::default()
        };
        let limited = change_product(&pool, made.id, 2, limited).await?;
        assert_eq!(
            (limited.sku.order_max, limited.sku.buyer_limit),
            (Some(5), Some("3/day".parse()?))
        );
        for (order_max, buyer_limit, at) in [
            (Edit::Set(0), Edit::Keep, "orderMax"),
            (Edit::Set(101), Edit::Keep, "orderMax"),
            (Edit::Keep, Edit::Set("0".parse()?), "buyerLimit"),
        ] {
            let change = Change {
                order_max,
                buyer_limit,
                ..Change::default()
            };
            let refused = change_product(&pool, made.id, 3, change).await;
            let is_right = matches!(refused, Err(FlowError::Invalid { field, .. }) if field == at);
            assert!(is_right, "{at}: {refused:?}");
        }
        let unlimited = Change {
            buyer_limit: Edit::Remove,
            ..Change::default()
        };
        let unlimited = change_product(&pool, made.id, 3, unlimited).await?;
        assert_eq!((unlimited.sku.order_max, unlimited.sku.buyer_limit), (Some(5), None));
        let cleared = change_product(&pool, made.id, 4, change(None, Some(Vec::new()))).await?;
        assert_eq!((cleared.sku.tiers, cleared.sku.version), (Tiers::default(), 5));
        Ok(())
    })
}

#[test]
fn stock_and_batches_are_what_happened() -> Result<()> {
    in_a_shop(async |pool| {
        let stock = Stock {
            pending: 1,
            available: 3,
            held: 0,
            sold: 4,
            voided: 2,
            is_complete: true,
        };
        assert_eq!(product_stock(&pool, PRODUCT).await?, Some(stock));
        assert_eq!(product_stock(&pool, product_id(9)).await?, None);

        let of = |product| BatchFilter {
            product,
            ..BatchFilter::default()
        };
        let list = async |product, after| Ok::<_, StoreError>(list_batches(&pool, &of(product), after, 10).await?.rows);
        let batches = list(None, None).await?;
        assert_eq!(batches, list(Some(PRODUCT), None).await?);
        let [batch] = batches.as_slice() else {
            return Err("one batch was made".into());
        };
        assert_eq!((batch.imported, batch.activated, batch.name.as_str()), (10, 8, "one"));
        assert_eq!(batch_get(&pool, batch.id).await?.as_ref(), Some(batch));
        assert_eq!(list(None, Some(batch.id)).await?, []);
        assert_eq!(list(Some(product_id(9)), None).await?, []);
        assert_eq!(refused_line_list(&pool, batch.id, 0, 10).await?, []);
        Ok(())
    })
}

#[test]
fn api_keys_are_found_until_they_are_revoked() -> Result<()> {
    in_a_shop(async |pool| {
        let admin = create_account(&pool, AccountId::new(NOW_MS, [1; 10]), "boss", Role::Admin, NOW_MS).await?;
        let again = create_account(&pool, AccountId::new(NOW_MS, [2; 10]), "boss", Role::Admin, NOW_MS + 1).await?;
        assert_eq!(again, admin);
        let other = create_account(&pool, AccountId::new(NOW_MS, [3; 10]), "boss", Role::Reseller, NOW_MS).await;
        assert!(
            matches!(other, Err(FlowError::Reused { field: "role", .. })),
            "{other:?}"
        );

        let key = ApiKey::new(ApiKeyId::new(NOW_MS, [4; 10]), [5; 32]);
        create_api_key(&pool, &key, admin.id, NOW_MS).await?;
        let known = KnownKey {
            hash: key.hash(),
            account: admin.id,
            role: Role::Admin,
        };
        assert_eq!(api_key_find(&pool, key.id()).await?, Some(known));
        let nobody = ApiKey::new(ApiKeyId::new(NOW_MS, [6; 10]), [5; 32]);
        let missing = create_api_key(&pool, &nobody, AccountId::new(0, [0; 10]), NOW_MS).await;
        assert!(
            matches!(missing, Err(FlowError::Missing { noun: "account", .. })),
            "{missing:?}"
        );
        assert_eq!(api_key_find(&pool, nobody.id()).await?, None);

        let at_ms = i64::try_from(NOW_MS)? + 7;
        assert_eq!(revoke_api_key(&pool, key.id(), NOW_MS + 7).await?, at_ms);
        assert_eq!(
            revoke_api_key(&pool, key.id(), NOW_MS + 9).await?,
            at_ms,
            "the first time counts"
        );
        assert_eq!(api_key_find(&pool, key.id()).await?, None);
        let listed = api_key_list(&pool, None, 10).await?;
        assert_eq!(listed.len(), 1);
        assert_eq!(
            (listed[0].account.as_str(), listed[0].revoked_at_ms),
            ("boss", Some(at_ms))
        );
        assert_eq!(api_key_list(&pool, Some(key.id()), 10).await?, []);
        let missing = revoke_api_key(&pool, nobody.id(), NOW_MS).await;
        assert!(matches!(missing, Err(FlowError::Missing { .. })), "{missing:?}");
        Ok(())
    })
}

#[test]
fn a_reference_tops_up_once() -> Result<()> {
    in_a_shop(async |pool| {
        let done = top_up_credit(&pool, ACCOUNT, cny(500), "bank-2", NOW_MS + 1).await?;
        let repeat = top_up_credit(&pool, ACCOUNT, cny(500), " bank-2 ", NOW_MS + 2).await?;
        assert_eq!(repeat.top_up, done.top_up, "the same answer");
        assert_eq!((done.was_booked, repeat.was_booked), (false, true));
        for (account, amount) in [
            (ACCOUNT, cny(501)),
            (ACCOUNT, Money::parse("5", Currency::USD)?),
            (
                create_account(&pool, AccountId::new(1, [1; 10]), "b", Role::Reseller, 1)
                    .await?
                    .id,
                cny(500),
            ),
        ] {
            let reused = top_up_credit(&pool, account, amount, "bank-2", NOW_MS).await;
            assert!(matches!(reused, Err(FlowError::Reused { .. })), "{amount}: {reused:?}");
        }
        let admin = create_account(&pool, AccountId::new(1, [2; 10]), "boss", Role::Admin, 1).await?;
        for (account, amount, reference) in [(ACCOUNT, 0, "x"), (ACCOUNT, 1, " "), (admin.id, 1, "x")] {
            let refused = top_up_credit(&pool, account, cny(amount), reference, NOW_MS).await;
            assert!(matches!(refused, Err(FlowError::Invalid { .. })), "{refused:?}");
        }
        let missing = top_up_credit(&pool, AccountId::new(9, [9; 10]), cny(1), "x", NOW_MS).await;
        assert!(matches!(missing, Err(FlowError::Missing { .. })), "{missing:?}");

        let credit = wallet_list(&pool, ACCOUNT).await?;
        assert_eq!(
            credit.iter().map(|credit| credit.balance).collect::<Vec<_>>(),
            [cny(7530)]
        );
        let all = movement_list(&pool, &credit[0], None, 10).await?;
        let shown: Vec<_> = all
            .iter()
            .map(|row| (row.kind.as_str(), row.amount.minor, row.is_in))
            .collect();
        let (sale, sales) = (("sale", 1980, false), 2);
        assert_eq!(shown[..2], [("top_up", 500, true), ("refund", 990, true)]);
        assert_eq!(shown.iter().filter(|row| **row == sale).count(), sales);
        assert_eq!(shown.last(), Some(&("top_up", 10_000, true)));
        let page = movement_list(&pool, &credit[0], Some(all[1].id), 2).await?;
        assert_eq!(page, all[2..4]);
        assert_eq!(check(&pool).await?, []);
        Ok(())
    })
}

/// Payers retry: the same reference is sent many times at once, with others in between.
#[test]
fn top_ups_at_once_count_once_each() -> Result<()> {
    in_a_shop(async |pool| {
        let tasks: Vec<_> = (0..24)
            .map(|at| {
                let pool = pool.clone();
                let (amount, reference) = (cny(100), format!("burst-{}", at % 3));
                tokio::spawn(async move { top_up_credit(&pool, ACCOUNT, amount, &reference, NOW_MS + at).await })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        assert_eq!(wallet_list(&pool, ACCOUNT).await?[0].balance, cny(7030 + 300));
        assert_eq!(check(&pool).await?, []);
        Ok(())
    })
}
