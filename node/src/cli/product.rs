//! `shelfproof admin product`: makes, shows and changes products.

use clap::{Args, Subcommand};
use console::Alignment::{Left, Right};
use serde::Serialize;
use shelfproof_base::clock::now_ms;
use sqlx::PgPool;

use shelfproof_base::table;

use super::{Failure, money_currency, print};
use crate::api_types::{Listed, ShownProduct, ShownStock};
use crate::domain::id::ProductId;
use crate::domain::money::{Currency, Money};
use crate::domain::product::{Product, Stock};
use crate::flow::FlowError;
use crate::flow::change_product::{Change, change_product};
use crate::flow::create_product::create_product;
use crate::store::product::{product_find, product_get, product_list, product_stock};

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
        /// The price of one key: 9.90
        #[arg(long)]
        price: String,
        /// ISO 4217: CNY, USD, JPY. It never changes
        #[arg(long, value_parser = money_currency)]
        currency: Currency,
    },
    /// List the products, oldest first
    List {
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
    /// Change a product's name, price, or whether it may be bought
    ///
    /// Example: shelfproof admin product change "Monthly card" --price 12.50
    #[group(id = "change", required = true, multiple = true, args = ["name", "price", "open", "close"])]
    Change {
        /// Its id or name
        product: String,
        /// Its name from now on
        #[arg(long)]
        name: Option<String>,
        /// The price of one key from now on, in the product's currency
        #[arg(long)]
        price: Option<String>,
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
        Command::List { after, limit } => {
            let products = product_list(pool, after, limit + 1).await?;
            let page = Listed::new(products, limit, |product| product.id.to_string(), |product| product);
            print(is_json, || page.map(ShownProduct::from), || list_text(&page.items))?;
            return Ok(());
        }
        Command::Create { name, price, currency } => {
            let price = Money::parse(&price, currency).map_err(FlowError::not_money("price"))?;
            let now_ms = now_ms();
            create_product(pool, ProductId::new(now_ms, rand::random()), &name, price, now_ms).await?
        }
        Command::Show { product } => find(pool, &product).await?,
        Command::Change {
            product,
            name,
            price,
            open,
            close,
            version,
        } => {
            let product = find(pool, &product).await?;
            let change = Change {
                name,
                price,
                on_sale: (open || close).then_some(open),
            };
            change_product(pool, product.id, version.unwrap_or(product.version), change).await?
        }
    };
    let stock = product_stock(pool, product.id).await?.unwrap_or_default();
    let shown = || ProductAndStock {
        product: ShownProduct::from(&product),
        stock: ShownStock::from(stock),
    };
    print(is_json, shown, || show_text(&product, &stock))?;
    Ok(())
}

/// The product of that id or, where there is none, of that name.
pub(super) async fn find(pool: &PgPool, named: &str) -> Result<Product, FlowError> {
    let by_id = match named.parse() {
        Ok(id) => product_get(pool, id).await?,
        Err(_) => None,
    };
    let found = match by_id {
        None => product_find(pool, named.trim()).await?,
        found => found,
    };
    found.ok_or_else(|| FlowError::Missing {
        noun: "product",
        name: named.to_owned(),
    })
}

const fn open_text(product: &Product) -> &'static str {
    if product.on_sale { "open" } else { "closed" }
}

fn list_text(products: &[Product]) -> String {
    let rows = products.iter().map(|product| {
        let state = open_text(product).to_owned();
        [
            product.id.to_string(),
            product.name.clone(),
            product.sku.price.to_string(),
            state,
        ]
    });
    let columns = [("ID", Left), ("NAME", Left), ("PRICE", Right), ("STATE", Left)];
    table::render(&columns, &rows.collect::<Vec<_>>())
}

fn show_text(product: &Product, stock: &Stock) -> String {
    let at_least = if stock.is_complete { "" } else { "at least " };
    let rows = [
        ("name", product.name.clone()),
        ("price", product.sku.price.to_string()),
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
