//! `shelfproof admin keys`: the merchant's secret keys, from the first to a backup and back.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use shelfproof_verifier::chain::Identity;
use sqlx::PgPool;

mod passphrase;
mod rewrap;
mod show;
#[cfg(test)]
mod tests;

use passphrase::{new_passphrase, read_passphrase};
use show::{made, shown};

use crate::vault::folder::{backup, list, make};

/// What goes wrong here is told to a person, who must mend it.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Make, list, back up and rotate the merchant's secret keys
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make the keys of a new shelf, or restore them from a backup
    ///
    /// Each key is a file of its own, encrypted under one passphrase of at least 12 characters.
    ///
    /// Example: shelfproof admin keys init --folder keys --passphrase-file passphrase.txt
    Init {
        /// The keys
        #[command(flatten)]
        place: Place,
        /// Restore the keys from this backup, made by `export`
        #[arg(long, value_name = "BACKUP", requires = "from_passphrase_file")]
        from: Option<PathBuf>,
        /// The file with the backup's passphrase, or - for standard input
        #[arg(long, value_name = "FILE", requires = "from")]
        from_passphrase_file: Option<PathBuf>,
    },
    /// List the keys, what each is for, and its public part
    ///
    /// Example: shelfproof admin keys list --folder keys
    List {
        /// The folder that holds the key files
        #[arg(long, env = "SHELFPROOF_KEYS__FOLDER")]
        folder: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write one encrypted backup of all keys, under a passphrase of its own
    ///
    /// Keep the file and its passphrase in two places, neither of them this machine.
    ///
    /// Example: shelfproof admin keys export --folder keys --passphrase-file passphrase.txt
    ///   --to shelf.backup --to-passphrase-file second.txt
    Export {
        /// The keys
        #[command(flatten)]
        place: Place,
        /// The backup, a new file
        #[arg(long, value_name = "BACKUP")]
        to: PathBuf,
        /// The file with the backup's own passphrase, or - for standard input
        #[arg(long, value_name = "FILE")]
        to_passphrase_file: PathBuf,
    },
    /// Make the next key of a kind; what must follow is printed
    ///
    /// Example: shelfproof admin keys rotate master --folder keys --passphrase-file passphrase.txt
    Rotate {
        /// Which kind
        kind: Rotated,
        /// The keys
        #[command(flatten)]
        place: Place,
    },
    /// Sign receipts with another key, once the registry knows its address
    ///
    /// Example: shelfproof admin keys use-receipt 2 --folder keys --passphrase-file passphrase.txt
    UseReceipt {
        /// Its number, as in receipt-2
        number: i32,
        /// The keys
        #[command(flatten)]
        place: Place,
    },
    /// Bring the data keys of all batches under the newest master key
    ///
    /// Run it after `rotate master` and after every server was restarted: one that still runs with the old keys cannot
    /// read what this wraps anew. It can be stopped and run again at any time.
    ///
    /// Example: shelfproof admin keys rewrap --folder keys --passphrase-file passphrase.txt
    Rewrap {
        /// The keys
        #[command(flatten)]
        place: Place,
        /// Remove the old master keys that no batch refers to any more; older backups of the database need them
        #[arg(long)]
        remove_old: bool,
    },
}

/// Where the keys lie, and what opens them.
#[derive(Debug, Args)]
pub struct Place {
    /// The folder that holds the key files
    #[arg(long, env = "SHELFPROOF_KEYS__FOLDER")]
    folder: PathBuf,
    /// The file with the passphrase that opens them, or - for standard input
    #[arg(long, value_name = "FILE", env = "SHELFPROOF_KEYS__PASSPHRASE_FILE")]
    passphrase_file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The kinds of keys that one may ask to rotate.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Rotated {
    /// Wraps the keys that codes are sealed under
    Master,
    /// Signs receipts
    Receipt,
    /// Makes key ids; it cannot rotate, and this says why
    Vrf,
}

/// What `rewrap` needs beside the keys, from the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Shop<'a> {
    /// The shop's database.
    pub pool: &'a PgPool,
    /// Whose shop it is.
    pub identity: Identity,
}

/// What was done, for a person and for a program.
struct Answer {
    text: String,
    value: Value,
}

/// Does what was asked, and prints the answer. Only `rewrap` needs a shop.
///
/// # Errors
/// Where it was refused, with what to do.
pub async fn run(command: KeysCommand, shop: Option<Shop<'_>>) -> Result<(), Failure> {
    let is_json = command.is_json();
    let answer = match command {
        KeysCommand::Rewrap { place, remove_old } => rewrap::run(&place, remove_old, shop).await?,
        // Argon2id and fsync: some hundred milliseconds of work that waits for nobody.
        other => tokio::task::spawn_blocking(|| answer(other)).await??,
    };
    if is_json {
        println!("{:#}", answer.value);
    } else {
        print!("{}", answer.text);
    }
    Ok(())
}

impl KeysCommand {
    fn is_json(&self) -> bool {
        match self {
            Self::List { json, .. } => *json,
            Self::Init { place, .. }
            | Self::Export { place, .. }
            | Self::Rotate { place, .. }
            | Self::UseReceipt { place, .. }
            | Self::Rewrap { place, .. } => place.json,
        }
    }
}

fn answer(command: KeysCommand) -> Result<Answer, Failure> {
    match command {
        KeysCommand::Init {
            place,
            from,
            from_passphrase_file,
        } => {
            let passphrase = new_passphrase(&place.passphrase_file)?;
            match (from, from_passphrase_file) {
                (Some(from), Some(file)) => {
                    let second = read_passphrase(&file)?;
                    backup::restore(&place.folder, &passphrase, &from, &second)?;
                }
                _ => make::init(&place.folder, &passphrase)?,
            }
            Ok(made(&place.folder, &list(&place.folder)?))
        }
        KeysCommand::List { folder, .. } => Ok(shown(&folder, &list(&folder)?)),
        KeysCommand::Export {
            place,
            to,
            to_passphrase_file,
        } => {
            let passphrase = read_passphrase(&place.passphrase_file)?;
            let second = new_passphrase(&to_passphrase_file)?;
            let names = backup::export(&place.folder, &passphrase, &to, &second)?;
            Ok(show::exported(&to, &names))
        }
        KeysCommand::Rotate { kind, place } => rotate(kind, &place),
        KeysCommand::UseReceipt { number, place } => {
            let passphrase = read_passphrase(&place.passphrase_file)?;
            make::use_receipt(&place.folder, number, &passphrase)?;
            show::used(&place.folder, number)
        }
        KeysCommand::Rewrap { .. } => Err("rewrap needs the shop's database".into()),
    }
}

fn rotate(kind: Rotated, place: &Place) -> Result<Answer, Failure> {
    let passphrase = || read_passphrase(&place.passphrase_file);
    match kind {
        Rotated::Master => {
            let name = make::rotate_master(&place.folder, &passphrase()?)?;
            Ok(show::rotated_master(name))
        }
        Rotated::Receipt => {
            let name = make::rotate_receipt(&place.folder, &passphrase()?)?;
            show::rotated_receipt(&place.folder, name)
        }
        Rotated::Vrf => Err("the VRF key cannot rotate: every key id is this key's function of a code, and the registry \
                             holds its public key for good. Another key would give every code a second id with an empty \
                             history, under which it could be sold again. If the key is lost or stolen, retire the merchant \
                             and register a new one"
            .into()),
    }
}
