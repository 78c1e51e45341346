//! `shelfproof admin product`: makes, shows and changes products.

use clap::{Args, Subcommand};
use console::Alignment::{Left, Right};
use serde::Serialize;
use shelfproof_base::clock::now_ms;
use sqlx::PgPool;

use shelfproof_base::table;

use super::list::more;
use super::{Failure, money_currency, print};
use crate::api_types::{Listed, ShownProduct, ShownStock};
use crate::domain::edit::Edit;
use crate::domain::id::ProductId;
use crate::domain::money::{Currency, Money};
use crate::domain::product::{ListedProduct, NewProduct, Product, Stock};
use crate::domain::sku::{BuyerLimit, NewTiers, StockPolicy};
use crate::flow::FlowError;
use crate::flow::change_product::{Change, change_product};
use crate::flow::create_product::create_product;
use crate::flow::query::product::{count_stock, find_product, list_products};

/// Make, show and change products
#[derive(Debug, Args)]
pub struct ProductArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a product, without stock
    ///
    /// Example: shelfproof admin product create --name "Monthly card" --price 9.90 --currency CNY
    Create {
        /// Its name; no other product has it
        #[arg(long)]
        name: String,
        /// The category that it is listed in
        #[arg(long)]
        category: Option<String>,
        /// The price of one key: 9.90
        #[arg(long)]
        price: String,
        /// ISO 4217: CNY, USD, JPY. It never changes
        #[arg(long, value_parser = money_currency)]
        currency: Currency,
        /// What each key costs from a number of keys in one line on: 5=9,20=8.50
        #[arg(long)]
        tiers: Option<NewTiers>,
        /// The most keys of one order
        #[arg(long)]
        order_max: Option<u32>,
        /// The most keys that one account may buy: 3 ever, or 3/day
        #[arg(long)]
        buyer_limit: Option<BuyerLimit>,
        /// With so many keys available or fewer, its stock is low: the list shows it, and one message tells of it
        #[arg(long)]
        low_stock: Option<u32>,
        /// When an order that is paid through a gateway takes its keys: when it is placed, or when it is paid
        #[arg(long, value_parser = policy, value_name = "hold|allocate", default_value = "hold")]
        policy: StockPolicy,
    },
    /// List the products, oldest first
    List {
        /// Only those of this category
        #[arg(long)]
        category: Option<String>,
        /// Only those after this id: the last of the page before
        #[arg(long)]
        after: Option<ProductId>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show a product and its stock
    Show {
        /// Its id or name
        product: String,
    },
    /// Change a product's name, its terms, or whether it may be bought
    ///
    /// Example: shelfproof admin product change "Monthly card" --price 12.50
    #[group(id = "change", required = true, multiple = true, args = [
        "name", "category", "price", "tiers", "order_max", "buyer_limit", "low_stock", "policy", "open", "close",
    ])]
    Change {
        /// Its id or name
        product: String,
        /// Its name from now on
        #[arg(long)]
        name: Option<String>,
        /// The category that it is listed in from now on, or none
        #[arg(long)]
        category: Option<Edit<String>>,
        /// The price of one key from now on, in the product's currency
        #[arg(long)]
        price: Option<String>,
        /// Its wholesale tiers from now on, all of them: 5=9,20=8.50; or none
        #[arg(long)]
        tiers: Option<NewTiers>,
        /// The most keys of one order from now on, or none
        #[arg(long)]
        order_max: Option<Edit<u32>>,
        /// The most keys that one account may buy from now on: 3 ever, or 3/day; or none. What was bought under a limit
        /// of the same period before still counts; each period counts for itself
        #[arg(long)]
        buyer_limit: Option<Edit<BuyerLimit>>,
        /// The number of available keys at which its stock is low from now on, or none
        #[arg(long)]
        low_stock: Option<Edit<u32>>,
        /// When an order that is paid through a gateway takes its keys from now on
        #[arg(long, value_parser = policy, value_name = "hold|allocate")]
        policy: Option<StockPolicy>,
        /// It may be bought from now on
        #[arg(long, conflicts_with = "close")]
        open: bool,
        /// It may not be bought from now on
        #[arg(long)]
        close: bool,
        /// Only if it still has this version, as `show` prints it
        #[arg(long)]
        version: Option<i32>,
    },
}

/// Reads an argument that names a policy.
fn policy(name: &str) -> Result<StockPolicy, &'static str> {
    StockPolicy::from_name(name).ok_or("it must be hold or allocate")
}

/// What the API shows of a product and of its stock, in one object.
#[derive(Serialize)]
struct ProductAndStock {
    #[serde(flatten)]
    product: ShownProduct,
    stock: ShownStock,
}

/// Runs the command, and prints the result.
///
/// # Errors
/// A refusal, with what to do about it.
pub async fn run(args: ProductArgs, pool: &PgPool) -> Result<(), Failure> {
    let is_json = args.json;
    let product = match args.command {
        Command::List { category, after, limit } => {
            let products = list_products(pool, category.as_deref(), after, limit).await?;
            let page = Listed::new(products, |listed| listed.product.id.to_string(), |listed| listed);
            print(is_json, || page.map(ShownProduct::from), || list_text(&page))?;
            return Ok(());
        }
        Command::Create {
            name,
            category,
            price,
            currency,
            tiers,
            order_max,
            buyer_limit,
            low_stock,
            policy,
        } => {
            let price = Money::parse(&price, currency).map_err(FlowError::not_money("price"))?;
            let now_ms = now_ms();
            let new = NewProduct {
                category,
                tiers: tiers.map(|NewTiers(tiers)| tiers).unwrap_or_default(),
                order_max,
                buyer_limit,
                low_stock,
                policy,
                ..NewProduct::new(name, price)
            };
            create_product(pool, ProductId::new(now_ms, rand::random()), new, now_ms).await?
        }
        Command::Show { product } => find_product(pool, &product).await?,
        Command::Change {
            product,
            name,
            category,
            price,
            tiers,
            order_max,
            buyer_limit,
            low_stock,
            policy,
            open,
            close,
            version,
        } => {
            let product = find_product(pool, &product).await?;
            let change = Change {
                name,
                category: category.unwrap_or_default(),
                price,
                tiers: tiers.map(|NewTiers(tiers)| tiers),
                order_max: order_max.unwrap_or_default(),
                buyer_limit: buyer_limit.unwrap_or_default(),
                low_stock: low_stock.unwrap_or_default(),
                policy,
                on_sale: (open || close).then_some(open),
            };
            change_product(pool, product.id, version.unwrap_or(product.version), change).await?
        }
    };
    let stock = count_stock(pool, product.id).await?;
    let shown = || ProductAndStock {
        product: ShownProduct::from(&product),
        stock: ShownStock::from(stock),
    };
    print(is_json, shown, || show_text(&product, &stock))?;
    Ok(())
}

const fn open_text(product: &Product) -> &'static str {
    if product.on_sale { "open" } else { "closed" }
}

fn optional_text(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn tiers_text(product: &Product) -> String {
    let text = product.sku.tiers.text(product.sku.price.currency);
    if text.is_empty() { "-".to_owned() } else { text }
}

fn list_text(page: &Listed<ListedProduct>) -> String {
    let rows = page.items.iter().map(|listed| {
        let product = &listed.product;
        let low = if listed.is_low() { ", low" } else { "" };
        [
            product.id.to_string(),
            product.name.clone(),
            optional_text(product.category.as_ref()),
            product.sku.price.to_string(),
            listed.available.to_string(),
            format!("{}{low}", open_text(product)),
        ]
    });
    let columns = [
        ("ID", Left),
        ("NAME", Left),
        ("CATEGORY", Left),
        ("PRICE", Right),
        ("AVAILABLE", Right),
        ("STATE", Left),
    ];
    table::render(&columns, &rows.collect::<Vec<_>>()) + &more(page)
}

fn show_text(product: &Product, stock: &Stock) -> String {
    let at_least = if stock.is_complete { "" } else { "at least " };
    let rows = [
        ("name", product.name.clone()),
        ("category", optional_text(product.category.as_ref())),
        ("price", product.sku.price.to_string()),
        ("tiers", tiers_text(product)),
        ("order max", optional_text(product.sku.order_max)),
        ("buyer limit", optional_text(product.sku.buyer_limit)),
        ("low stock", optional_text(product.sku.low_stock)),
        ("state", open_text(product).to_owned()),
        ("version", product.version.to_string()),
        ("sku", product.sku.id.to_string()),
        ("kind", product.sku.kind.name().to_owned()),
        ("policy", product.sku.policy.name().to_owned()),
        ("available", stock.available.to_string()),
        ("held", stock.held.to_string()),
        ("pending", format!("{at_least}{}", stock.pending)),
        ("sold", format!("{at_least}{}", stock.sold)),
        ("voided", format!("{at_least}{}", stock.voided)),
    ];
    let id = product.id.to_string();
    table::render(
        &[("id", Left), (&id, Left)],
        &rows.map(|(label, value)| [label.to_owned(), value]),
    )
}
