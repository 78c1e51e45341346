//! `shelfproof admin payment`: payments through gateways.

use clap::{Args, Subcommand};
use console::Alignment::{Left, Right};
use shelfproof_base::table;
use sqlx::PgPool;

use super::list::{Length, more, print_csv};
use super::{Failure, print};
use crate::api_types::{Listed, ShownPayment};
use crate::domain::id::OrderId;
use crate::domain::payment::{Payment, PaymentFilter, PaymentId, PaymentState};
use crate::flow::FlowError;
use crate::flow::query::EXPORT_PAGE;
use crate::flow::query::payment::{find_payment, list_payments};

/// Payments through gateways
#[derive(Debug, Args)]
pub struct PaymentArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List payments, newest first
    ///
    /// A page looks at 2,000 payments at most; where that ends it early, it says so and how to go on.
    ///
    /// Example: shelfproof admin payment list --state pending --gateway main
    List(ListArgs),
    /// Show a payment
    Show {
        /// Its id, which is the order number that the gateway was told
        #[arg(value_name = "ID")]
        payment: PaymentId,
    },
}

#[derive(Debug, Args)]
struct ListArgs {
    /// In this state: pending, received or closed
    #[arg(long, value_parser = state)]
    state: Option<PaymentState>,
    /// Through the gateway of this name
    #[arg(long, value_name = "NAME")]
    gateway: Option<String>,
    /// Of this order
    #[arg(long, value_name = "ID")]
    order: Option<OrderId>,
    /// Only those after this payment: the last of the page before
    #[arg(long, value_name = "ID")]
    after: Option<PaymentId>,
    #[command(flatten)]
    length: Length,
}

/// Prints what was asked for.
///
/// # Errors
/// Where there is no such payment, or the database fails.
pub async fn run(args: PaymentArgs, pool: &PgPool) -> Result<(), Failure> {
    match args.command {
        Command::List(list) => run_list(list, args.json, pool).await,
        Command::Show { payment } => {
            let found = find_payment(pool, payment).await?;
            let found = found.ok_or_else(|| FlowError::Missing {
                noun: "payment",
                name: payment.to_string(),
            })?;
            Ok(print(args.json, || ShownPayment::from(&found), || show_text(&found))?)
        }
    }
}

async fn run_list(args: ListArgs, is_json: bool, pool: &PgPool) -> Result<(), Failure> {
    let is_csv = args.length.is_csv(is_json)?;
    let filter = PaymentFilter {
        state: args.state,
        gateway: args.gateway,
        order: args.order,
    };
    if is_csv {
        return print_csv(async |after| list_payments(pool, &filter, after, EXPORT_PAGE).await).await;
    }
    let found = list_payments(pool, &filter, args.after, args.length.limit).await?;
    let page = Listed::found(found, |payment| payment);
    let shown = || page.map(ShownPayment::from);
    Ok(print(is_json, shown, || list_text(&page))?)
}

/// Reads an argument that names a state.
fn state(name: &str) -> Result<PaymentState, String> {
    let names = PaymentState::ALL.map(PaymentState::name);
    PaymentState::from_name(name).ok_or_else(|| format!("it must be one of {}", names.join(", ")))
}

fn list_text(page: &Listed<Payment>) -> String {
    let rows = page.items.iter().map(|payment| {
        [
            payment.id.to_string(),
            time(payment.created_at_ms),
            payment.gateway.clone(),
            payment.state.name().to_owned(),
            payment.amount.to_string(),
            payment.order.to_string(),
        ]
    });
    let columns = [
        ("ID", Left),
        ("MADE (UTC)", Left),
        ("GATEWAY", Left),
        ("STATE", Left),
        ("AMOUNT", Right),
        ("ORDER", Left),
    ];
    table::render(&columns, &rows.collect::<Vec<_>>()) + &more(page)
}

fn show_text(payment: &Payment) -> String {
    let none = || "-".to_owned();
    let asks = match payment.state {
        PaymentState::Pending => format!("{} times; again at {}", payment.asked, time(payment.ask_at_ms)),
        PaymentState::Received | PaymentState::Closed => format!("{} times", payment.asked),
    };
    let rows = [
        ("order", payment.order.to_string()),
        ("gateway", payment.gateway.clone()),
        ("state", payment.state.name().to_owned()),
        ("amount", payment.amount.to_string()),
        ("made (UTC)", time(payment.created_at_ms)),
        ("received (UTC)", payment.received_at_ms.map_or_else(none, time)),
        ("gateway's number", payment.trade_no.clone().unwrap_or_else(none)),
        ("gateway asked", asks),
    ];
    table::render(
        &[("payment", Left), (&payment.id.to_string(), Left)],
        &rows.map(|(label, value)| [label.to_owned(), value]),
    )
}

fn time(at_ms: u64) -> String {
    table::time(at_ms.cast_signed())
}
