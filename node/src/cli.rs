//! The command line of `shelfproof`: one file a command, with its arguments and its `run`.
//!
//! A command writes through one flow and reads through `flow::query`; it adds the arguments and commands that help to
//! the errors it prints. A new command is a file here, a variant of [`Command`] or [`Admin`], and an arm in `dispatch`
//! or `admin`.

use std::error::Error;
use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use keyring::KeyringCommand;
use serde::Serialize;
use serde_json::json;
use shelfproof_base::config::{Flag, Settings};
use shelfproof_base::output::{self, PrintError};
use sqlx::PgPool;

use crate::app::{open_pool, open_shop};
use crate::config::Config;
use crate::domain::money::Currency;
use crate::fence::{self, Fenced};

pub mod activate;
pub mod batch;
pub mod check;
pub mod coupon;
pub mod credit;
pub mod dev;
pub mod event;
pub mod gateway;
pub mod import;
pub mod init;
pub mod key;
pub mod keyring;
mod list;
pub mod migrate;
pub mod order;
pub mod payment;
mod process_name;
pub mod product;
pub mod review;
pub mod serve;
mod shell;
mod stop;
pub mod task;
pub mod token;
pub mod worker;

/// Any error: it is printed for a person.
type Failure = Box<dyn Error + Send + Sync>;

/// Sells digital keys, never one twice, and proves to a stranger what happened to each.
#[derive(Debug, Parser)]
#[command(name = "shelfproof", version, after_help = HELP, disable_help_subcommand = true)]
struct Cli {
    /// The configuration file; else `SHELFPROOF_CONFIG`, else ./shelfproof.toml if it is there
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What is logged, above the configuration: info, warn,shelfproof=debug
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// Print JSON, errors too
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const HELP: &str = "\
Try it, with everything embedded:
  shelfproof dev
Set up a shop on your own database and chain:
  shelfproof init
  shelfproof serve

Every setting of the configuration file can come from the environment: SHELFPROOF_HTTP__LISTEN is [http] listen.
`shelfproof serve --check-config` prints what is in force, and where each value came from.
Exit status: 0 done, 1 failed or refused, 2 the command line is wrong.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer the API and sell, until stopped
    Serve(serve::ServeArgs),
    /// Run the shop's background tasks, such as the check of its books, until stopped
    Worker(worker::WorkerArgs),
    /// Bring the database to this program's schema
    Migrate(migrate::MigrateArgs),
    Import(import::ImportArgs),
    Activate(activate::ActivateArgs),
    /// Run a whole shop on this machine: database, chain, anchor and API, kept in one folder
    Dev(dev::DevArgs),
    /// Set up a shop on your own database and chain, step by step
    Init(init::InitArgs),
    /// Products, coupons, batches, credit, orders, payments, reviews, keys, API keys, secret keys, background tasks, and whether
    /// the books are right
    #[command(subcommand)]
    Admin(Admin),
}

#[derive(Debug, Subcommand)]
enum Admin {
    Product(product::ProductArgs),
    Coupon(coupon::CouponArgs),
    Batch(batch::BatchArgs),
    Credit(credit::CreditArgs),
    Token(token::TokenArgs),
    Order(order::OrderArgs),
    Payment(payment::PaymentArgs),
    Review(review::ReviewArgs),
    Repayment(review::RepaymentArgs),
    Gateway(gateway::GatewayArgs),
    Key(key::KeyArgs),
    Check(check::CheckArgs),
    Task(task::TaskArgs),
    Event(event::EventArgs),
    #[command(subcommand)]
    Keyring(KeyringCommand),
}

/// Runs the command line of this process.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    // A panic's text can hold anything, even a code; its place is enough to find it.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        eprintln!("error: a panic at {place}; this is a bug");
    }));
    let is_json = cli.json;
    match cli.dispatch().await {
        Ok(code) => code,
        Err(error) => {
            tell(&*error, is_json);
            ExitCode::FAILURE
        }
    }
}

impl Cli {
    async fn dispatch(self) -> Result<ExitCode, Failure> {
        let log = self.log.map(|value| Flag {
            name: "--log",
            field: "log.filter",
            value,
        });
        let settings = |flags: Vec<Flag>| {
            let flags: Vec<Flag> = log.into_iter().chain(flags).collect();
            Settings::read(self.config.as_deref(), &flags)
        };
        match self.command {
            Command::Serve(args) => serve::run(&args, &settings(args.flags())?).await?,
            Command::Worker(_) => worker::run(&settings(Vec::new())?).await?,
            Command::Migrate(_) => migrate::run(&settings(Vec::new())?, self.json).await?,
            Command::Dev(args) => dev::run(args).await?,
            Command::Init(args) => init::run(args, self.json).await?,
            Command::Import(args) if args.is_preview() => import::run_preview(&args)?,
            Command::Import(args) => {
                let config = Config::read(&settings(Vec::new())?)?;
                let (pool, vault) = open_shop(&config).await?;
                require_open(&pool, &config).await?;
                import::run(args, &pool, &vault).await?;
            }
            Command::Activate(args) => {
                let config = Config::read(&settings(Vec::new())?)?;
                let pool = open_pool(&config).await?;
                require_open(&pool, &config).await?;
                activate::run(args, &pool).await?;
            }
            Command::Admin(command) => {
                let settings = settings(command.flags())?;
                return admin(command, settings, self.json).await;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Admin {
    fn flags(&self) -> Vec<Flag> {
        match self {
            Self::Keyring(command) => command.flags(),
            _ => Vec::new(),
        }
    }
}

async fn admin(command: Admin, settings: Settings, is_json: bool) -> Result<ExitCode, Failure> {
    let pool = async || -> Result<PgPool, Failure> { Ok(open_pool(&Config::read(&settings)?).await?) };
    match command {
        Admin::Product(args) => product::run(args, &pool().await?).await?,
        Admin::Coupon(args) => coupon::run(args, &pool().await?).await?,
        Admin::Batch(args) => {
            let config = Config::read(&settings)?;
            let pool = open_pool(&config).await?;
            // What was put on sale must be known before anything is said not to have been.
            if args.withdraws() {
                require_open(&pool, &config).await?;
            }
            batch::run(args, &pool).await?;
        }
        Admin::Credit(args) => credit::run(args, &pool().await?).await?,
        Admin::Token(args) => token::run(args, &pool().await?).await?,
        Admin::Order(args) => {
            let config = Config::read(&settings)?;
            let pool = open_pool(&config).await?;
            if args.revokes() {
                require_open(&pool, &config).await?;
            }
            order::run(args, &pool).await?;
        }
        Admin::Payment(args) => payment::run(args, &pool().await?).await?,
        Admin::Review(args) => review::run(args, &pool().await?).await?,
        Admin::Repayment(args) => review::run_repayment(args, &pool().await?).await?,
        Admin::Gateway(args) => {
            let config = Config::read(&settings)?;
            gateway::run(args, &open_pool(&config).await?, &config.gateways).await?;
        }
        Admin::Event(args) => event::run(args, &pool().await?).await?,
        Admin::Key(args) => key::run(args, &pool().await?).await?,
        Admin::Task(args) => task::run(args, &pool().await?).await?,
        Admin::Check(args) => return check::run(args, &pool().await?).await,
        Admin::Keyring(command) => keyring::run(command, settings, is_json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses over a database that lacks what the chain or the receipt journal has.
async fn require_open(pool: &PgPool, config: &Config) -> Result<(), Fenced> {
    fence::require_open(pool, &config.chain, config.sale.journal.as_deref()).await
}

/// Prints an error and its causes, without those whose text the one above contains.
fn tell(error: &(dyn Error + 'static), is_json: bool) {
    let mut causes: Vec<String> = Vec::new();
    for cause in std::iter::successors(Some(error), |&error| error.source()) {
        let text = cause.to_string();
        if causes.last().is_none_or(|above| !above.contains(&text)) {
            causes.push(text);
        }
    }
    if is_json {
        let value = || json!({ "error": causes[0], "causes": causes[1..] });
        // Where printing fails, the exit code has to do.
        let _ = print(true, value, String::new);
    } else {
        eprintln!("error: {}", causes.join("\n  caused by: "));
    }
}

/// Prints an answer to standard output, as JSON or as the text.
fn print<T: Serialize>(
    is_json: bool,
    value: impl FnOnce() -> T,
    text: impl FnOnce() -> String,
) -> Result<(), PrintError> {
    if is_json {
        let text = serde_json::to_string_pretty(&value()).unwrap_or_default();
        output::print(&format!("{text}\n"))
    } else {
        output::print(&text())
    }
}

/// Reads an argument that names a currency.
fn money_currency(code: &str) -> Result<Currency, String> {
    Currency::from_code(&code.to_ascii_uppercase())
        .ok_or_else(|| format!("{code} is no currency of ISO 4217: CNY, USD"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_every_command_is_explained() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{} says nothing", command.get_name());
            command.get_subcommands().for_each(check);
        }
        let command = Cli::command();
        command.clone().debug_assert();
        check(&command);
    }

    #[test]
    fn json_may_stand_before_or_behind_a_command() {
        for line in [
            "shelfproof --json admin check",
            "shelfproof admin check --json",
            "shelfproof admin --json check",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).unwrap().json, "{line}");
        }
    }
}
