//! `shelfproof admin coupon`: makes, lists and ends coupons.

use clap::{Args, Subcommand};
use console::Alignment::{Left, Right};
use shelfproof_base::clock::now_ms;
use shelfproof_base::table;
use sqlx::PgPool;

use super::list::{more, time};
use super::{Failure, money_currency, print};
use crate::api_types::{Listed, ShownCoupon};
use crate::domain::coupon::{Coupon, CouponCode, Discount};
use crate::domain::money::Currency;
use crate::flow::add_coupon::{NewCoupon, add_coupon};
use crate::flow::end_coupon::end_coupon;
use crate::flow::query::coupon::list_coupons;
use crate::flow::query::product::find_product;

/// Coupons, which take something off an order
#[derive(Debug, Args)]
pub struct CouponArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a coupon, which takes off an amount or so many percent
    ///
    /// It never changes; it can be ended. A use belongs to its order, and does not come back with a refund.
    ///
    /// Example: shelfproof admin coupon add SPRING-10 --percent 10 --uses 100 --uses-per-account 1
    Add {
        /// What a buyer names to use it, in any case; no other coupon has it
        code: String,
        /// How many percent it takes off
        #[arg(long, conflicts_with = "amount", required_unless_present = "amount")]
        percent: Option<u32>,
        /// The amount that it takes off, at most what the products cost that it is for: 5.00
        #[arg(long, requires = "currency")]
        amount: Option<String>,
        /// ISO 4217: the only currency that it is for
        #[arg(long, value_parser = money_currency)]
        currency: Option<Currency>,
        /// The least that an order costs before the discount
        #[arg(long, requires = "currency")]
        minimum: Option<String>,
        /// A product that it is for, by its id or name; for several, once each; without it, for all
        #[arg(long = "product", value_name = "PRODUCT")]
        products: Vec<String>,
        /// From when it can be used, in UTC: 2026-09-21 or 2026-09-21T14:13:20
        #[arg(long, value_parser = time)]
        from: Option<u64>,
        /// From when it can no longer be used, in UTC
        #[arg(long, value_parser = time)]
        until: Option<u64>,
        /// How often it can be used
        #[arg(long)]
        uses: Option<u32>,
        /// How often one account can use it
        #[arg(long)]
        uses_per_account: Option<u32>,
    },
    /// List the coupons by their codes, and how often each was used
    List {
        /// Only those after this code: the last of the page before
        #[arg(long)]
        after: Option<CouponCode>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// End a coupon: no order uses it from now on
    ///
    /// Example: shelfproof admin coupon end SPRING-10
    End {
        /// Its code
        code: CouponCode,
    },
}

/// Runs the command, and prints the result.
///
/// # Errors
/// A refusal, with what to do about it.
pub async fn run(args: CouponArgs, pool: &PgPool) -> Result<(), Failure> {
    let is_json = args.json;
    let (coupon, uses) = match args.command {
        Command::List { after, limit } => {
            let coupons = list_coupons(pool, after.as_ref(), limit).await?;
            let page = Listed::new(coupons, |(coupon, _)| coupon.code.to_string(), |coupon| coupon);
            let shown = || page.map(|(coupon, uses)| ShownCoupon::new(coupon, *uses));
            print(is_json, shown, || list_text(&page.items) + &more(&page))?;
            return Ok(());
        }
        Command::End { code } => end_coupon(pool, &code, now_ms()).await?,
        Command::Add {
            code,
            percent,
            amount,
            currency,
            minimum,
            products,
            from,
            until,
            uses,
            uses_per_account,
        } => {
            let mut ids = Vec::new();
            for product in products {
                ids.push(find_product(pool, &product).await?.id);
            }
            let new = NewCoupon {
                code,
                amount,
                percent,
                currency,
                minimum,
                products: ids,
                starts_at_ms: from,
                ends_at_ms: until,
                uses_max: uses,
                account_uses_max: uses_per_account,
            };
            (add_coupon(pool, new, now_ms()).await?, 0)
        }
    };
    let shown = || ShownCoupon::new(&coupon, uses);
    print(is_json, shown, || list_text(&[(coupon.clone(), uses)]))?;
    Ok(())
}

fn list_text(coupons: &[(Coupon, u32)]) -> String {
    let rows = coupons.iter().map(|(coupon, uses)| {
        [
            coupon.code.to_string(),
            discount_text(coupon),
            coupon.minimum().map_or_else(none, |minimum| minimum.to_string()),
            products_text(coupon),
            coupon.starts_at_ms.map_or_else(none, time_text),
            ends_text(coupon),
            uses_text(*uses, coupon.uses_max),
            coupon.account_uses_max.map_or_else(none, |max| max.to_string()),
        ]
    });
    let columns = [
        ("CODE", Left),
        ("TAKES OFF", Right),
        ("MINIMUM", Right),
        ("PRODUCTS", Right),
        ("FROM (UTC)", Left),
        ("UNTIL (UTC)", Left),
        ("USED", Right),
        ("PER ACCOUNT", Right),
    ];
    table::render(&columns, &rows.collect::<Vec<_>>())
}

fn none() -> String {
    "-".to_owned()
}

fn discount_text(coupon: &Coupon) -> String {
    match coupon.discount {
        Discount::Fixed(minor) => coupon.money(minor).map_or_else(none, |amount| amount.to_string()),
        Discount::Percent(percent) => format!("{percent} %"),
    }
}

fn products_text(coupon: &Coupon) -> String {
    if coupon.products.is_empty() {
        "all".to_owned()
    } else {
        coupon.products.len().to_string()
    }
}

fn time_text(at_ms: u64) -> String {
    table::time(at_ms.cast_signed())
}

fn ends_text(coupon: &Coupon) -> String {
    match (coupon.ended_at_ms, coupon.ends_at_ms) {
        (Some(ended), _) => format!("{}, ended", time_text(ended)),
        (None, Some(ends)) => time_text(ends),
        (None, None) => none(),
    }
}

fn uses_text(uses: u32, max: Option<u32>) -> String {
    max.map_or_else(|| uses.to_string(), |max| format!("{uses} of {max}"))
}
