//! `shelfproof admin order`: orders, and those that wait for a person.

use clap::{Args, Subcommand};
use console::Alignment::{Left, Right};
use sqlx::PgPool;

use shelfproof_base::clock::now_ms;
use shelfproof_base::table;

use super::{Failure, print};
use crate::api_types::{Listed, ListedOrder, ShownOrder, ShownRevocation};
use crate::domain::id::OrderId;
use crate::domain::money::Money;
use crate::domain::order::Order;
use crate::domain::order_token::Revoked;
use crate::flow::FlowError;
use crate::flow::query::order::{OrderStates, list_abnormal_orders, list_orders, look_up_states};
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
    /// Example: shelfproof admin order list --abnormal
    List {
        /// Only those that could not be carried out and wait for a person: nothing was charged, and the log has the reason
        #[arg(long)]
        abnormal: bool,
        /// Only those before this id: the last of the page before
        #[arg(long, value_name = "ID")]
        after: Option<OrderId>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
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
        Command::List { abnormal, after, limit } => {
            let orders = if abnormal {
                list_abnormal_orders(pool, after, limit).await?
            } else {
                list_orders(pool, None, after, limit).await?
            };
            let page = Listed::new(orders, |order| order.id.to_string(), |order| order);
            print(args.json, || page.map(ListedOrder::from), || list_text(&page))?;
        }
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
    let more = page.next.as_ref().map(|next| format!("more: --after {next}\n"));
    table::render(&columns, &rows.collect::<Vec<_>>()) + &more.unwrap_or_default()
}

fn show_text(states: &OrderStates) -> String {
    let order = &states.order;
    let rows = [
        ("made (UTC)", table::time(order.created_at_ms.cast_signed())),
        ("account", account_text(order)),
        ("state", state_text(order)),
        ("total", total_text(order)),
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

fn total_text(order: &Order) -> String {
    order.total().map_or_else(|| "-".to_owned(), |total| total.to_string())
}
