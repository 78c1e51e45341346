//! `shelfproof admin order`: orders, and those that wait for a person.

use clap::{Args, Subcommand};
use console::Alignment::{Left, Right};
use sqlx::PgPool;

use shelfproof_base::clock::now_ms;
use shelfproof_base::table;

use super::list::{Length, more, order_state, print_csv, time};
use super::{Failure, print};
use crate::api_types::{Listed, ListedOrder, ShownOrder, ShownRevocation};
use crate::domain::id::{AccountId, OrderId};
use crate::domain::money::Money;
use crate::domain::order::{Order, OrderFilter};
use crate::domain::order_token::Revoked;
use crate::domain::search::OrderTerm;
use crate::flow::FlowError;
use crate::flow::query::account::find_account;
use crate::flow::query::order::{OrderStates, look_up_states};
use crate::flow::query::order_list::list_orders;
use crate::flow::query::product::find_product;
use crate::flow::query::{EXPORT_PAGE, ListError};
use crate::flow::revoke_order_token::revoke_order_token;

/// Orders, those that wait for a person, and tokens that leaked; never a code
#[derive(Debug, Args)]
pub struct OrderArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List orders, newest first
    ///
    /// A page looks at 2,000 orders at most; where that ends it early, it says so and how to go on.
    ///
    /// Example: shelfproof admin order list --state abnormal
    ///
    /// Example: shelfproof admin order list --product 月卡 --from 2026-09-01 --until 2026-10-01 --csv
    ///
    /// Example: shelfproof admin order list --search 0192f0c4
    List(Box<ListArgs>),
    /// Show an order: what was asked for, and where its keys stand
    Show {
        /// Its id
        #[arg(value_name = "ID")]
        order: OrderId,
    },
    /// Revoke an order's token that got into the wrong hands
    ///
    /// It is refused from now on, and the order's next token is valid: the reseller finds it where it reads the order,
    /// with GET /api/v1/orders/ID, and gives it to its buyer. A repeat changes nothing.
    ///
    /// Example: shelfproof admin order revoke-token 0192f0c4-b3d4-7e5f-8a6b-7c8d9e0f1a2b --generation 1
    RevokeToken {
        /// The order's id
        #[arg(value_name = "ID")]
        order: OrderId,
        /// Which of its tokens leaked: the number behind the order's id in it; `show` prints that of the valid one
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        generation: u32,
    },
}

#[derive(Debug, Args)]
struct ListArgs {
    /// In this state; abnormal are those that could not be carried out and wait for a person: nothing was charged for
    /// them, and the log has the reason
    #[arg(long, visible_alias = "status", value_parser = order_state)]
    state: Option<&'static str>,
    /// With a line for this product, by id or name; without --state, only those that got keys
    #[arg(long, value_name = "ID|NAME")]
    product: Option<String>,
    /// Of this account, by id or name
    #[arg(long, value_name = "ID|NAME")]
    account: Option<String>,
    /// Placed then or later, UTC: 2026-09-21 or 2026-09-21T14:13:20
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<u64>,
    /// Placed before then, UTC
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<u64>,
    /// An order's id or at least its first 8 hex digits, or the whole id of a key that was sold with it
    #[arg(long, value_name = "ID|BEGINNING")]
    search: Option<OrderTerm>,
    /// Only those after this order: the last of the page before
    #[arg(long, value_name = "ID")]
    after: Option<OrderId>,
    #[command(flatten)]
    length: Length,
}

impl OrderArgs {
    /// Whether a token is to be revoked, which a database from an old backup would forget.
    pub(super) const fn revokes(&self) -> bool {
        matches!(self.command, Command::RevokeToken { .. })
    }
}

/// Prints what was asked for.
///
/// # Errors
/// Where there is no such order or token, or the database fails.
pub async fn run(args: OrderArgs, pool: &PgPool) -> Result<(), Failure> {
    match args.command {
        Command::List(list) => run_list(*list, args.json, pool).await?,
        Command::Show { order } => {
            let found = look_up_states(pool, order).await?;
            let states = found.ok_or_else(|| FlowError::Missing {
                noun: "order",
                name: order.to_string(),
            })?;
            print(args.json, || ShownOrder::without_goods(&states), || show_text(&states))?;
        }
        Command::RevokeToken { order, generation } => {
            let revoked = revoke_order_token(pool, order, generation, now_ms()).await?;
            print(
                args.json,
                || ShownRevocation::new(order, revoked, None),
                || revoked_text(order, revoked),
            )?;
        }
    }
    Ok(())
}

async fn run_list(args: ListArgs, is_json: bool, pool: &PgPool) -> Result<(), Failure> {
    let is_csv = args.length.is_csv(is_json)?;
    if let (Some(from), Some(until)) = (args.from, args.until)
        && from >= until
    {
        return Err("--until must be later than --from".into());
    }
    let filter = OrderFilter {
        state: args.state,
        product: match &args.product {
            Some(product) => Some(find_product(pool, product).await?.id),
            None => None,
        },
        account: match &args.account {
            Some(account) => Some(account_id(pool, account).await?),
            None => None,
        },
        from_ms: args.from,
        until_ms: args.until,
        search: args.search,
    };
    if is_csv {
        return print_csv(async |after| list_orders(pool, &filter, after, EXPORT_PAGE).await).await;
    }
    let found = list_orders(pool, &filter, args.after, args.length.limit).await;
    let found = found.map_err(|error| match error {
        ListError::Cursor => Failure::from(format!("--after: {error}")),
        ListError::Store(error) => error.into(),
    });
    let page = Listed::found(found?, |order| order);
    print(is_json, || page.map(ListedOrder::for_admin), || list_text(&page))?;
    Ok(())
}

/// The account that a person names by its id or name.
async fn account_id(pool: &PgPool, id_or_name: &str) -> Result<AccountId, Failure> {
    match id_or_name.parse() {
        Ok(id) => Ok(id),
        Err(_) => Ok(find_account(pool, id_or_name).await?.id),
    }
}

fn list_text(page: &Listed<Order>) -> String {
    let rows = page.items.iter().map(|order| {
        [
            order.id.to_string(),
            table::time(order.created_at_ms.cast_signed()),
            state_text(order),
            total_text(order),
        ]
    });
    let columns = [("ID", Left), ("MADE (UTC)", Left), ("STATE", Left), ("TOTAL", Right)];
    table::render(&columns, &rows.collect::<Vec<_>>()) + &more(page)
}

fn show_text(states: &OrderStates) -> String {
    let order = &states.order;
    let rows = [
        ("made (UTC)", table::time(order.created_at_ms.cast_signed())),
        ("account", account_text(order)),
        ("state", state_text(order)),
        ("total", total_text(order)),
        ("discount", discount_text(states)),
        ("token generation", states.valid_token.generation.to_string()),
    ];
    let head = table::render(
        &[("order", Left), (&order.id.to_string(), Left)],
        &rows.map(|(label, value)| [label.to_owned(), value]),
    );
    let price = |minor| order.total().map(|total| Money { minor, ..total }.to_string());
    let lines = (1..).zip(&order.lines).map(|(number, line): (i16, _)| {
        [
            number.to_string(),
            line.product.to_string(),
            line.quantity.to_string(),
            price(line.unit_minor).unwrap_or_default(),
        ]
    });
    let lines = table::render(
        &[("LINE", Right), ("PRODUCT", Left), ("KEYS", Right), ("PRICE", Right)],
        &lines.collect::<Vec<_>>(),
    );
    let items = states.items.iter().map(|sold| {
        let line = order.line_of(sold.item).map(|(number, _)| number.to_string());
        [
            sold.item.to_string(),
            line.unwrap_or_default(),
            sold.head.state.name().to_owned(),
            sold.head.key_id.to_string(),
        ]
    });
    let items = table::render(
        &[("ITEM", Right), ("LINE", Right), ("STATE", Left), ("KEY ID", Left)],
        &items.collect::<Vec<_>>(),
    );
    [head, lines, items].join("\n")
}

fn revoked_text(order: OrderId, revoked: Revoked) -> String {
    format!(
        "{order}: tokens up to generation {} are revoked since {} UTC\nThe reseller reads the valid one with GET \
         /api/v1/orders/{order}\n",
        revoked.generation,
        table::time(revoked.at_ms)
    )
}

fn account_text(order: &Order) -> String {
    order
        .customer
        .account()
        .map_or_else(|| "guest".to_owned(), |account| account.to_string())
}

fn state_text(order: &Order) -> String {
    match order.status.reason() {
        Some(reason) => format!("{}: {reason}", order.status),
        None => order.status.to_string(),
    }
}

fn discount_text(states: &OrderStates) -> String {
    let amounts = states.order.amounts.filter(|amounts| amounts.discount_minor > 0);
    let text = amounts.map(|amounts| {
        let off = Money {
            minor: amounts.discount_minor,
            currency: amounts.currency,
        };
        format!("{off}, coupon {}", states.coupon.as_deref().unwrap_or("-"))
    });
    text.unwrap_or_else(|| "-".to_owned())
}

fn total_text(order: &Order) -> String {
    order.total().map_or_else(|| "-".to_owned(), |total| total.to_string())
}
