//! `shelfproof admin event`: what happens in the shop, for programs outside it.

use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use console::Alignment::{Left, Right};
use serde_json::json;
use shelfproof_base::table;
use sqlx::PgPool;
use tokio::time::sleep;

use super::stop::stopped;
use super::{Failure, print};
use crate::bus::{self, BusError, ConsumerRow, Origin};
use crate::domain::message::Message;

/// How often it is looked for new messages.
const FOLLOW_PERIOD: Duration = Duration::from_secs(1);

/// What happens in the shop, for programs outside it: sales, redemptions, refunds, changed prices, added credit
#[derive(Debug, Args)]
pub struct EventArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print what happened since this consumer last read, a JSON object a line
    ///
    /// The database remembers how far each consumer has read. A line that was printed is not printed again, unless this
    /// command was killed before that was remembered: lines may repeat, with the same `id`, and none is left out. Lines
    /// of one `key` are in the order in which they happened.
    ///
    /// Example: shelfproof admin event tail --consumer books --follow | ./book
    Tail {
        /// The consumer's name; a new one begins with what happens from now on
        #[arg(long, value_name = "NAME", value_parser = consumer_name)]
        consumer: String,
        /// Begin there, whatever was read before
        #[arg(long)]
        from: Option<Beginning>,
        /// Go on printing until stopped
        #[arg(long)]
        follow: bool,
    },
    /// List the consumers, and how much each has not read
    Consumers,
    /// Forget a consumer: what it has not read is not kept for it any more
    Forget {
        #[arg(value_name = "NAME")]
        consumer: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Beginning {
    /// All events of keys, and the facts that are still kept
    Start,
    /// What happens from now on
    Now,
}

/// # Errors
/// Where the database fails, standard output takes nothing, or there is no such consumer.
pub async fn run(args: EventArgs, pool: &PgPool) -> Result<(), Failure> {
    match args.command {
        Command::Tail { consumer, from, follow } => tail(pool, &consumer, from, follow).await?,
        Command::Consumers => list(pool, args.json).await?,
        Command::Forget { consumer } => {
            bus::unsubscribe(pool, &consumer).await?;
            print(
                args.json,
                || json!({ "consumer": consumer }),
                || format!("{consumer} is forgotten\n"),
            )?;
        }
    }
    Ok(())
}

async fn tail(pool: &PgPool, consumer: &str, from: Option<Beginning>, is_following: bool) -> Result<(), Failure> {
    let stop = stopped()?;
    match from {
        None => bus::subscribe(pool, consumer, Origin::Now).await?,
        Some(Beginning::Now) => bus::seek(pool, consumer, Origin::Now).await?,
        Some(Beginning::Start) => bus::seek(pool, consumer, Origin::Start).await?,
    }
    let printing = async {
        loop {
            bus::relay(pool, consumer, async |messages| print_lines(&messages)).await?;
            if !is_following {
                return Ok::<(), BusError>(());
            }
            sleep(FOLLOW_PERIOD).await;
        }
    };
    tokio::select! {
        () = stop => Ok(()),
        printed = printing => match printed {
            // A reader that has gone (`| head`) has what it wanted; the next one gets what this one did not read.
            Err(BusError::Delivery(error)) if is_broken_pipe(&*error) => Ok(()),
            printed => Ok(printed?),
        },
    }
}

fn print_lines(messages: &[Message]) -> io::Result<()> {
    let lines = messages.iter().map(|message| json!(message).to_string() + "\n");
    let mut out = io::stdout().lock();
    out.write_all(lines.collect::<String>().as_bytes())?;
    out.flush()
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

async fn list(pool: &PgPool, is_json: bool) -> Result<(), Failure> {
    let consumers = bus::consumers(pool).await?;
    let items = || {
        let item = |(consumer, waiting): &(ConsumerRow, u64)| {
            json!({
                "consumer": consumer.name,
                "waiting": waiting,
                "delivered": consumer.messages,
                "readAt": consumer.acked_at_ms,
            })
        };
        json!({ "items": consumers.iter().map(item).collect::<Vec<_>>() })
    };
    let text = || {
        let rows = consumers.iter().map(|(consumer, waiting)| {
            [
                consumer.name.clone(),
                waiting.to_string(),
                consumer.messages.to_string(),
                table::time(consumer.acked_at_ms),
            ]
        });
        let columns = [
            ("CONSUMER", Left),
            ("WAITING", Right),
            ("DELIVERED", Right),
            ("READ (UTC)", Left),
        ];
        table::render(&columns, &rows.collect::<Vec<_>>())
    };
    Ok(print(is_json, items, text)?)
}

fn consumer_name(name: &str) -> Result<String, String> {
    let is_name = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    is_name
        .then(|| name.to_owned())
        .ok_or_else(|| "1 to 100 characters".to_owned())
}
