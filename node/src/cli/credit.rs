//! `shelfproof admin credit`: prepaid credit of resellers.

use clap::{Args, Subcommand};
use console::Alignment::{Left, Right};
use serde_json::{Value, json};
use shelfproof_base::clock::now_ms;
use sqlx::PgPool;

use shelfproof_base::table;

use super::{Failure, money_currency, print};
use crate::domain::account::Account;
use crate::domain::money::{Currency, Money};
use crate::domain::wallet::{Movement, TopUp};
use crate::flow::FlowError;
use crate::flow::query::account::find_account;
use crate::flow::query::credit::{Statement, list_statements};
use crate::flow::top_up_credit::{Booked, top_up_credit};

/// What resellers paid in before they buy.
#[derive(Debug, Args)]
pub struct CreditArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add to a reseller's credit, once for each reference
    ///
    /// Example: shelfproof admin credit add --account shop-a --amount 500 --currency CNY --reference bank-20260901-17
    Add {
        /// The reseller's name
        #[arg(long)]
        account: String,
        /// How much: 500 or 500.00
        #[arg(long)]
        amount: String,
        /// ISO 4217: CNY, USD
        #[arg(long, value_parser = money_currency)]
        currency: Currency,
        /// The payment's own name, such as the bank's number of it: given twice, it counts once
        #[arg(long)]
        reference: String,
    },
    /// Show a reseller's credit, and what moved it
    Show {
        /// The reseller's name
        #[arg(long)]
        account: String,
        /// At most so many movements of each currency, newest first; orders that were sold together stay together
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=1000))]
        limit: u32,
        /// Only movements before this one: the last number of the page before
        #[arg(long)]
        before: Option<i64>,
    },
}

/// Does what was asked, and prints the answer.
///
/// # Errors
/// Where it was refused, with what to do.
pub async fn run(args: CreditArgs, pool: &PgPool) -> Result<(), Failure> {
    match args.command {
        Command::Add {
            account,
            amount,
            currency,
            reference,
        } => {
            let account = find(pool, &account).await?;
            let amount = Money::parse(&amount, currency).map_err(FlowError::not_money("amount"))?;
            let booked = top_up_credit(pool, account.id, amount, &reference, now_ms()).await?;
            print(
                args.json,
                || top_up_json(&account, &booked),
                || top_up_text(&account, &booked),
            )?;
        }
        Command::Show { account, limit, before } => {
            let account = find(pool, &account).await?;
            let statements = list_statements(pool, account.id, before, limit).await?;
            print(
                args.json,
                || show_json(&account, &statements),
                || show_text(&statements),
            )?;
        }
    }
    Ok(())
}

/// The account of that name.
async fn find(pool: &PgPool, name: &str) -> Result<Account, Failure> {
    find_account(pool, name).await.map_err(|error| match error {
        FlowError::Missing { .. } => format!("{error} (admin token create makes one)").into(),
        error => error.into(),
    })
}

fn top_up_text(account: &Account, Booked { top_up, was_booked }: &Booked) -> String {
    let TopUp {
        amount,
        reference,
        at_ms,
        ..
    } = top_up;
    if *was_booked {
        let at = table::time(*at_ms);
        return format!(
            "{reference} was booked before, at {at} UTC: {amount} for {}; nothing was added\n",
            account.name
        );
    }
    format!("{amount} was added to {}: {reference}\n", account.name)
}

fn top_up_json(account: &Account, Booked { top_up, was_booked }: &Booked) -> Value {
    json!({
        "account": account.name,
        "amount": top_up.amount.decimal(),
        "currency": top_up.amount.currency.code(),
        "reference": top_up.reference,
        "at": top_up.at_ms,
        "wasBooked": was_booked,
    })
}

fn show_json(account: &Account, statements: &[Statement]) -> Value {
    let movement = |movement: &Movement| {
        json!({
            "id": movement.id,
            "at": movement.at_ms,
            "kind": movement.kind,
            "amount": movement.amount.decimal(),
            "direction": if movement.is_in { "in" } else { "out" },
            "order": movement.order,
            "reference": movement.reference,
        })
    };
    let credits = statements.iter().map(|Statement { credit, movements }| {
        json!({
            "currency": credit.balance.currency.code(),
            "balance": credit.balance.decimal(),
            "movements": movements.iter().map(movement).collect::<Vec<_>>(),
        })
    });
    json!({ "account": account.name, "credit": credits.collect::<Vec<_>>() })
}

fn show_text(statements: &[Statement]) -> String {
    if statements.is_empty() {
        return "no credit yet; admin credit add adds some\n".to_owned();
    }
    let columns = [
        ("NUMBER", Right),
        ("TIME (UTC)", Left),
        ("KIND", Left),
        ("AMOUNT", Right),
        ("FOR", Left),
    ];
    let blocks = statements.iter().map(|Statement { credit, movements }| {
        let rows = movements.iter().map(|movement| {
            let order = movement.order.map(|order| order.to_string());
            [
                movement.id.to_string(),
                table::time(movement.at_ms),
                movement.kind.clone(),
                format!(
                    "{}{}",
                    if movement.is_in { '+' } else { '-' },
                    movement.amount.decimal()
                ),
                order.or_else(|| movement.reference.clone()).unwrap_or_default(),
            ]
        });
        let history = table::render(&columns, &rows.collect::<Vec<_>>());
        format!("balance {}\n{history}", credit.balance)
    });
    blocks.collect::<Vec<_>>().join("\n")
}
