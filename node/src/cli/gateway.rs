//! `shelfproof admin gateway`: the accounts at payment gateways.

use clap::{Args, Subcommand};
use console::Alignment::{Left, Right};
use shelfproof_base::table;
use sqlx::PgPool;

use super::{Failure, print};
use crate::api_types::{Listed, ShownGatewayAccount};
use crate::config::Gateways;
use crate::domain::gateway_account::ListedGateway;
use crate::flow::query::payment::list_gateways;

/// Accounts at payment gateways
#[derive(Debug, Args)]
pub struct GatewayArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the accounts that the shop ever collected through, and what each collected less what was paid back
    ///
    /// An account is here once `shelfproof serve` has started with it.
    List,
}

/// Prints what was asked for.
///
/// # Errors
/// Where the database fails.
pub async fn run(args: GatewayArgs, pool: &PgPool, configured: &Gateways) -> Result<(), Failure> {
    let Command::List = args.command;
    let accounts = list_gateways(pool).await?;
    let is_configured = |listed: &ListedGateway| configured.0.contains_key(&listed.account.name);
    let shown = || Listed {
        items: accounts
            .iter()
            .map(|listed| ShownGatewayAccount::new(listed, is_configured(listed)))
            .collect(),
        next: None,
        looked_at: None,
    };
    let rows = accounts.iter().map(|listed| {
        let note = if is_configured(listed) { "" } else { "not configured" };
        [
            listed.account.name.clone(),
            listed.account.kind.clone(),
            listed.collected.to_string(),
            note.to_owned(),
        ]
    });
    let columns = [("NAME", Left), ("KIND", Left), ("COLLECTED", Right), ("", Left)];
    let rows: Vec<_> = rows.collect();
    print(args.json, shown, || table::render(&columns, &rows))?;
    Ok(())
}
