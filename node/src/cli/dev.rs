//! `shelfproof dev`: a whole shop on this machine.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use rand::random;
use shelfproof_base::clock::now_ms;
use shelfproof_base::config::{Flag, Settings};
use shelfproof_base::log;
use shelfproof_base::output::print;
use sqlx::PgPool;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::Failure;
use super::serve::serve;
use super::stop::stopped;
use crate::app::open_unmigrated;
use crate::config::Config;
use crate::dev::{Folder, Machine, Merchant, PublicKeys, free_port, fund, register};
use crate::domain::account::Role;
use crate::domain::api_key::ApiKey;
use crate::domain::id::{AccountId, ApiKeyId};
use crate::flow::create_account::create_account;
use crate::flow::create_api_key::create_api_key;
use crate::flow::migrate::migrate_schema;

mod gateway;
mod words;

/// The configuration's file in the folder.
const CONFIG: &str = "shelfproof.toml";

/// How often child processes are checked for having ended.
const CHILD_WATCH: Duration = Duration::from_millis(500);

/// The accounts of a new shop, each with the file of its API key.
const CALLERS: [(&str, Role, &str); 2] = [
    ("office", Role::Admin, "admin.key"),
    ("reseller", Role::Reseller, "reseller.key"),
];

/// Run a whole shop on this machine: database, chain, anchor and API, kept in one folder
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Example:
  shelfproof dev --listen 127.0.0.1:0

Needs the distribution's PostgreSQL 15 or later (none need run) and anvil: on PATH, named by SHELFPROOF_ANVIL, or brought
by tools/install in a checkout. Ctrl-C ends it all; the next start goes on from there, after a kill -9 too. To begin anew,
remove the folder. For trying only: anvil's keys are everybody's."
)]
pub struct DevArgs {
    /// The folder that keeps the shop
    #[arg(long, default_value = ".shelfproof/dev")]
    folder: PathBuf,
    /// Address and port of the API; port 0 is any free one. The chain says that the data is there
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(subcommand)]
    command: Option<DevCommand>,
}

#[derive(Debug, Subcommand)]
enum DevCommand {
    Gateway(gateway::GatewayArgs),
}

pub(super) async fn run(args: DevArgs) -> Result<(), Failure> {
    match args.command {
        Some(DevCommand::Gateway(args)) => gateway::run(args).await,
        None => run_shop(args).await,
    }
}

async fn run_shop(args: DevArgs) -> Result<(), Failure> {
    let stop = stopped()?;
    let folder = args.folder.clone();
    eprintln!("starting PostgreSQL and anvil in {} …", folder.display());
    let listen = with_port(args.listen)?;
    let (mut machine, merchant) = spawn_blocking(move || -> Result<_, Failure> {
        let machine = Machine::start(Folder::take(&folder)?)?;
        let merchant = register(&machine, &data_uri(listen))?;
        Ok((machine, merchant))
    })
    .await??;
    fund(machine.rpc(), PublicKeys::read(&machine.folder().keys())?.anchorer).await?;
    let config = configure(&machine, merchant, listen)?;
    log::start(&config.log)?;
    prepare(&machine, &config).await?;
    let machine = spawn_blocking(move || -> Result<_, Failure> {
        let file = machine.folder().join(CONFIG);
        machine.start_anchor(&file)?;
        Ok(machine)
    })
    .await??;

    let words = words::Words {
        folder: machine.folder().path().to_owned(),
        rpc: machine.rpc().to_owned(),
    };
    let (end, ended) = oneshot::channel();
    let watch = tokio::spawn(async move {
        let mut machine = machine;
        let why = tokio::select! {
            () = stop => None,
            why = child_that_ended(&mut machine) => Some(why),
        };
        // Fails only where serving has ended already.
        let _ = end.send(());
        (machine, why)
    });
    let served = serve(config, async { drop(ended.await) }, || print(&words.to_string())).await;
    if served.is_err() {
        watch.abort();
    }
    match watch.await {
        Ok((machine, why)) => {
            spawn_blocking(move || machine.stop()).await??;
            served?;
            why.map_or(Ok(()), |why| Err(why.into()))
        }
        // Dropping the machine ends its processes.
        Err(_) => served,
    }
}

/// Writes the configuration, which other commands read too, and reads it.
fn configure(machine: &Machine, merchant: Merchant, listen: SocketAddr) -> Result<Config, Failure> {
    let file = machine.folder().join(CONFIG);
    let before = Settings::read_apart(&file, &[]).and_then(|settings| Config::read(&settings));
    let told = match before {
        Ok(before) if !merchant.registered => before.shop.data_uri,
        _ => data_uri(listen),
    };
    if merchant.registered && file.exists() {
        eprint!("{}", words::CHAIN_LOST);
    }
    if told != data_uri(listen) {
        eprint!("{}", words::data_moved(&told, &data_uri(listen)));
    }
    machine.folder().make_journal()?;
    words::write_config(&file, machine, merchant, &told, &data_uri(listen), free_port()?)?;
    let listen = Flag {
        name: "--listen",
        field: "http.listen",
        value: listen.to_string(),
    };
    Ok(Config::read(&Settings::read_apart(&file, &[listen])?)?)
}

/// The address with a free port where port 0 was given: the chain stores it before anything listens there.
fn with_port(mut listen: SocketAddr) -> io::Result<SocketAddr> {
    if listen.port() == 0 {
        listen.set_port(free_port()?);
    }
    Ok(listen)
}

/// The address at which this node publishes the epochs' data.
fn data_uri(mut listen: SocketAddr) -> String {
    if listen.ip().is_unspecified() {
        listen.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{listen}/data")
}

/// Makes the schema and the accounts, where they are missing.
async fn prepare(machine: &Machine, config: &Config) -> Result<(), Failure> {
    let pool = open_unmigrated(&config.database)?;
    migrate_schema(&pool).await?;
    for (name, role, file) in CALLERS {
        if !machine.folder().join(file).exists() {
            // The row first: a crash between leaves a key that nobody has, and the next start makes another.
            let key = make_caller(&pool, name, role).await?;
            machine.folder().write_secret(file, &key.token())?;
        }
    }
    pool.close().await;
    Ok(())
}

async fn make_caller(pool: &PgPool, name: &str, role: Role) -> Result<ApiKey, Failure> {
    let now_ms = now_ms();
    let account = create_account(pool, AccountId::new(now_ms, random()), name, role, now_ms).await?;
    let key = ApiKey::new(ApiKeyId::new(now_ms, random()), random());
    create_api_key(pool, &key, account.id, now_ms).await?;
    Ok(key)
}

async fn child_that_ended(machine: &mut Machine) -> String {
    loop {
        tokio::time::sleep(CHILD_WATCH).await;
        match machine.ended() {
            Ok(None) => {}
            Ok(Some((name, log))) => return format!("{name} has ended by itself; it said:\n{log}"),
            Err(error) => return error.to_string(),
        }
    }
}
