//! `shelfproof admin review` and `admin repayment`: what a person decides about paid orders, and what goes back.

use clap::{Args, Subcommand};
use console::Alignment::{Left, Right};
use shelfproof_base::clock::now_ms;
use shelfproof_base::table;
use sqlx::PgPool;

use super::list::more;
use super::{Failure, print};
use crate::api_types::{Listed, ShownRepayment, ShownReview};
use crate::domain::payment::PaymentId;
use crate::domain::repayment::{Repayment, RepaymentState};
use crate::domain::review::Review;
use crate::flow::FlowError;
use crate::flow::decide_review::{Decider, close_review, repay_review};
use crate::flow::finish_repayment::finish_repayment;
use crate::flow::query::review::{find_repayment, find_review, list_repayments, list_reviews};

/// Paid orders that a person decides about
#[derive(Debug, Args)]
pub struct ReviewArgs {
    #[command(subcommand)]
    command: ReviewCommand,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum ReviewCommand {
    /// List those that are open, newest first
    ///
    /// Deliver one after all at a node, which sells: POST /api/v1/reviews/{review}/deliver
    ///
    /// Example: shelfproof admin review list
    List {
        /// Also those that are closed
        #[arg(long)]
        all: bool,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Only those after this one: the last of the page before
        #[arg(long, value_name = "NUMBER")]
        after: Option<i64>,
    },
    /// Pay back what it is about, through the gateway
    ///
    /// Example: shelfproof admin review repay 7 --note "the buyer does not want to wait"
    Repay {
        #[arg(value_name = "NUMBER")]
        review: i64,
        /// Why
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Close one that was settled elsewhere: order and money stay as they are
    Close {
        #[arg(value_name = "NUMBER")]
        review: i64,
        /// How it was settled
        #[arg(long)]
        note: String,
    },
}

/// Money of payments that goes back
#[derive(Debug, Args)]
pub struct RepaymentArgs {
    #[command(subcommand)]
    command: RepaymentCommand,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum RepaymentCommand {
    /// List them, newest first
    ///
    /// Example: shelfproof admin repayment list --state pending
    List {
        /// In this state
        #[arg(long, value_parser = state, value_name = "pending|by_hand|done")]
        state: Option<RepaymentState>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Only those after this one: the last of the page before
        #[arg(long, value_name = "ID")]
        after: Option<PaymentId>,
    },
    /// Say that a person paid one back
    ///
    /// Look at the gateway first: one whose answer was lost may be done already.
    Done {
        #[arg(value_name = "ID")]
        repayment: PaymentId,
        /// How
        #[arg(long)]
        note: String,
    },
}

/// Prints what was asked for, or decides.
///
/// # Errors
/// Where there is no such review, it was decided before, or the database fails.
pub async fn run(args: ReviewArgs, pool: &PgPool) -> Result<(), Failure> {
    match args.command {
        ReviewCommand::List { all, limit, after } => {
            let found = list_reviews(pool, all, after, limit).await?;
            let page = Listed::new(found, |review: &Review| review.id.to_string(), |review| review);
            Ok(print(args.json, || page.map(ShownReview::from), || list_text(&page))?)
        }
        ReviewCommand::Repay { review, note } => {
            let decider = Decider { by: None, note: &note };
            let repayment = repay_review(pool, review, decider, now_ms()).await?;
            show_repayment(pool, repayment, args.json).await
        }
        ReviewCommand::Close { review, note } => {
            let decider = Decider { by: None, note: &note };
            close_review(pool, review, decider, now_ms()).await?;
            let found = find_review(pool, review).await?;
            let found = found.ok_or_else(|| FlowError::missing("review", &review))?;
            let text = || format!("Review {} is closed.\n", found.id);
            Ok(print(args.json, || ShownReview::from(&found), text)?)
        }
    }
}

/// Prints what was asked for, or ends a repayment.
///
/// # Errors
/// Where there is no such repayment, or the database fails.
pub async fn run_repayment(args: RepaymentArgs, pool: &PgPool) -> Result<(), Failure> {
    match args.command {
        RepaymentCommand::List { state, limit, after } => {
            let found = list_repayments(pool, state, after, limit).await?;
            let page = Listed::new(found, |row: &Repayment| row.id.to_string(), |row| row);
            Ok(print(
                args.json,
                || page.map(ShownRepayment::from),
                || repayments_text(&page),
            )?)
        }
        RepaymentCommand::Done { repayment, note } => {
            finish_repayment(pool, repayment, Some(&note), now_ms()).await?;
            show_repayment(pool, repayment, args.json).await
        }
    }
}

async fn show_repayment(pool: &PgPool, id: PaymentId, is_json: bool) -> Result<(), Failure> {
    let found = find_repayment(pool, id).await?;
    let found = found.ok_or_else(|| FlowError::missing("repayment", &id))?;
    let text = || {
        format!(
            "Repayment {} of {} through {}: {}.\n",
            found.id,
            found.amount,
            found.gateway,
            found.state.name()
        )
    };
    Ok(print(is_json, || ShownRepayment::from(&found), text)?)
}

/// Reads an argument that names a state.
fn state(name: &str) -> Result<RepaymentState, String> {
    let names = RepaymentState::ALL.map(RepaymentState::name);
    RepaymentState::from_name(name).ok_or_else(|| format!("it must be one of {}", names.join(", ")))
}

fn list_text(page: &Listed<Review>) -> String {
    let rows = page.items.iter().map(|review| {
        let payment = review.payment.map(|payment| payment.to_string());
        [
            review.id.to_string(),
            table::time(review.opened_at_ms.cast_signed()),
            review.question.name().to_owned(),
            review.closed.map_or("open", |(_, decision)| decision.name()).to_owned(),
            review.order.to_string(),
            payment.unwrap_or_default(),
        ]
    });
    let columns = [
        ("NUMBER", Right),
        ("OPENED (UTC)", Left),
        ("QUESTION", Left),
        ("STATE", Left),
        ("ORDER", Left),
        ("PAYMENT", Left),
    ];
    table::render(&columns, &rows.collect::<Vec<_>>()) + &more(page)
}

fn repayments_text(page: &Listed<Repayment>) -> String {
    let rows = page.items.iter().map(|row| {
        [
            row.id.to_string(),
            table::time(row.created_at_ms.cast_signed()),
            row.gateway.clone(),
            row.state.name().to_owned(),
            row.amount.to_string(),
            row.order.to_string(),
            row.answer.clone().unwrap_or_default(),
        ]
    });
    let columns = [
        ("ID", Left),
        ("MADE (UTC)", Left),
        ("GATEWAY", Left),
        ("STATE", Left),
        ("AMOUNT", Right),
        ("ORDER", Left),
        ("LAST ANSWER", Left),
    ];
    table::render(&columns, &rows.collect::<Vec<_>>()) + &more(page)
}
