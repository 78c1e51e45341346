//! `shelfproof admin keyring`: makes, lists, backs up, restores and rotates the merchant's secret keys.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use shelfproof_anchor::config::{Keys, KeysFolder};
use shelfproof_base::config::{Flag, Settings};

mod passphrase;
mod rewrap;
mod show;
#[cfg(test)]
mod tests;

use passphrase::{new_passphrase, read_passphrase};
use show::{made, shown};

use super::{Failure, print};
use crate::config::Config;
use crate::vault::folder::{backup, list, make};

/// Make, list, back up and rotate the merchant's secret keys
///
/// The configuration's [keys] names their folder and the passphrase file; flags override it.
#[derive(Debug, Subcommand)]
pub enum KeyringCommand {
    /// Make the keys of a new merchant, or restore them from a backup
    ///
    /// Each key is a file of its own, encrypted under one passphrase of at least 12 characters.
    ///
    /// Example: shelfproof admin keyring init --folder keys --passphrase-file passphrase.txt
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
    /// Example: shelfproof admin keyring list
    List {
        /// The folder that holds the key files; overrides the configuration
        #[arg(long)]
        folder: Option<String>,
    },
    /// Write one encrypted backup of all keys, under a passphrase of its own
    ///
    /// Keep the file and its passphrase in two places, neither of them this machine.
    ///
    /// Example: shelfproof admin keyring export --to shop.backup --to-passphrase-file second.txt
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
    /// Example: shelfproof admin keyring rotate master
    Rotate {
        /// Which kind
        kind: Rotated,
        /// The keys
        #[command(flatten)]
        place: Place,
    },
    /// Sign receipts with another key, once the registry knows its address
    ///
    /// Example: shelfproof admin keyring use-receipt 2
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
    /// Example: shelfproof admin keyring rewrap --remove-old
    Rewrap {
        /// The keys
        #[command(flatten)]
        place: Place,
        /// Remove the old master keys that no batch refers to any more; older backups of the database need them
        #[arg(long)]
        remove_old: bool,
    },
}

/// Folder and passphrase file, where they are not the configuration's.
#[derive(Debug, Args)]
pub struct Place {
    /// The folder that holds the key files; overrides the configuration
    #[arg(long)]
    folder: Option<String>,
    /// The file with the passphrase that opens them; overrides the configuration; - for standard input
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<String>,
}

/// The kinds of keys that `rotate` accepts.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Rotated {
    /// Wraps the keys that codes are encrypted under
    Master,
    /// Signs receipts
    Receipt,
    /// Makes key ids; it cannot rotate, and this says why
    Vrf,
}

/// The result, for a person and for a program.
struct Answer {
    text: String,
    value: Value,
}

/// Runs the command, and prints the result. Only `rewrap` needs the database.
///
/// # Errors
/// A refusal, with what to do about it.
pub(super) async fn run(command: KeyringCommand, settings: Settings, is_json: bool) -> Result<(), Failure> {
    let answer = match command {
        KeyringCommand::Rewrap { remove_old, .. } => rewrap::run(&Config::read(&settings)?, remove_old).await?,
        // Argon2id and fsync block for some hundred milliseconds.
        other => tokio::task::spawn_blocking(move || answer(other, &settings)).await??,
    };
    print(is_json, || answer.value, || answer.text)?;
    Ok(())
}

impl KeyringCommand {
    /// The flags that override the configuration's `[keys]`.
    pub(super) fn flags(&self) -> Vec<Flag> {
        let (folder, passphrase_file) = match self {
            Self::List { folder } => (folder, &None),
            Self::Init { place, .. }
            | Self::Export { place, .. }
            | Self::Rotate { place, .. }
            | Self::UseReceipt { place, .. }
            | Self::Rewrap { place, .. } => (&place.folder, &place.passphrase_file),
        };
        let flag = |name, field, value: &Option<String>| value.clone().map(|value| Flag { name, field, value });
        [
            flag("--folder", "keys.folder", folder),
            flag("--passphrase-file", "keys.passphrase_file", passphrase_file),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn answer(command: KeyringCommand, settings: &Settings) -> Result<Answer, Failure> {
    match command {
        KeyringCommand::Init {
            from,
            from_passphrase_file,
            ..
        } => {
            let Keys {
                folder,
                passphrase_file,
            } = settings.section::<Keys>()?;
            let passphrase = new_passphrase(&passphrase_file)?;
            match (from, from_passphrase_file) {
                (Some(from), Some(file)) => {
                    backup::restore(&folder, &passphrase, &from, &read_passphrase(&file)?)?;
                }
                _ => make::init(&folder, &passphrase)?,
            }
            Ok(made(&folder, &list(&folder)?))
        }
        KeyringCommand::List { .. } => {
            let KeysFolder { folder } = settings.section()?;
            Ok(shown(&folder, &list(&folder)?))
        }
        KeyringCommand::Export {
            to, to_passphrase_file, ..
        } => {
            let keys = settings.section::<Keys>()?;
            let passphrase = read_passphrase(&keys.passphrase_file)?;
            let second = new_passphrase(&to_passphrase_file)?;
            let names = backup::export(&keys.folder, &passphrase, &to, &second)?;
            Ok(show::exported(&to, &names))
        }
        KeyringCommand::Rotate { kind, .. } => rotate(kind, &settings.section::<Keys>()?),
        KeyringCommand::UseReceipt { number, .. } => {
            let keys = settings.section::<Keys>()?;
            make::use_receipt(&keys.folder, number, &read_passphrase(&keys.passphrase_file)?)?;
            show::used(&keys.folder, number)
        }
        KeyringCommand::Rewrap { .. } => Err("rewrap needs the shop's database".into()),
    }
}

fn rotate(kind: Rotated, keys: &Keys) -> Result<Answer, Failure> {
    let passphrase = || read_passphrase(&keys.passphrase_file);
    match kind {
        Rotated::Master => {
            let name = make::rotate_master(&keys.folder, &passphrase()?)?;
            Ok(show::rotated_master(name))
        }
        Rotated::Receipt => {
            let name = make::rotate_receipt(&keys.folder, &passphrase()?)?;
            show::rotated_receipt(&keys.folder, name)
        }
        Rotated::Vrf => Err("the VRF key cannot rotate: every key id is this key's function of a code, and the registry \
                             holds its public key for good. Another key would give every code a second id with an empty \
                             history, under which it could be sold again. If the key is lost or stolen, retire the merchant \
                             and register a new one"
            .into()),
    }
}
