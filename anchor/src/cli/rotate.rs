//! `rotate`: the owner changes who anchors, who signs receipts, or where the data is.

use std::error::Error;
use std::path::{Path, PathBuf};

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, Bytes};
use clap::{Args, Subcommand};
use serde_json::json;
use shelfproof_anchor::owner::{Change, Owner};
use shelfproof_base::keyfile::{self, Key, KeyFileError};
use zeroize::Zeroizing;

use super::account::{ChainArgs, LogArgs, connect};
use super::{Done, key};

const HELP: &str = "\
Every change is the owner's. A command that was killed is run again: it goes on with the transaction that it stored.

A new key for the account that anchors (the file is made where it is not there yet; fund the address it prints):
  shelfproof-anchor rotate anchorer --new-key-file keys/anchorer-2.key --rpc … --registry 0x… --merchant-id 0x… \\
      --key-file owner.key --passphrase-file passphrase
  then set [anchor] key_file = \"keys/anchorer-2.key\" and start `shelfproof-anchor run` again.

A new receipt key:
  shelfproof admin keyring rotate receipt              makes it, and prints its address
  shelfproof-anchor rotate receipt 0x…NEW …            the registry knows it from then on
  shelfproof admin keyring use-receipt 2               and restart every node
  shelfproof-anchor rotate receipt 0x…NEW --end 0x…OLD …";

/// Change who anchors, who signs receipts, or where the data is
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct RotateArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The account that anchors epochs
    Anchorer {
        /// Its key file, made where it is not there yet
        #[arg(
            long,
            value_name = "FILE",
            required_unless_present = "address",
            conflicts_with = "address"
        )]
        new_key_file: Option<PathBuf>,
        /// The file of its passphrase [default: that of --passphrase-file]
        #[arg(long, value_name = "FILE", requires = "new_key_file")]
        new_passphrase_file: Option<PathBuf>,
        /// Its address, where its key is elsewhere
        #[arg(long)]
        address: Option<Address>,
        #[command(flatten)]
        owner: OwnerArgs,
    },
    /// The keys that sign receipts
    Receipt {
        /// The address whose receipts count from now on
        address: Address,
        /// The address whose receipts count no more, some seventy minutes from now
        #[arg(long, value_name = "ADDRESS")]
        end: Option<Address>,
        #[command(flatten)]
        owner: OwnerArgs,
    },
    /// Where epoch data is published
    DataUri {
        /// An http or https address
        uri: String,
        #[command(flatten)]
        owner: OwnerArgs,
    },
}

/// The merchant, and its owner.
#[derive(Debug, Args)]
struct OwnerArgs {
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    config: LogArgs,
    /// The registry's address
    #[arg(long)]
    registry: Address,
    /// The merchant, as `register` printed it
    #[arg(long)]
    merchant_id: B256,
}

impl OwnerArgs {
    /// The owner's account. A configuration of another merchant is refused: that one's anchor would carry the change
    /// on.
    async fn connect(&self) -> Result<Owner, Box<dyn Error>> {
        let config = self.config.read(&self.chain)?;
        let configured = config.as_ref().map(|config| config.chain.merchant_id);
        match configured.filter(|merchant_id| *merchant_id != self.merchant_id) {
            Some(merchant_id) => Err(format!(
                "the configuration is of the merchant {merchant_id}, not of {}: correct --merchant-id, or give that \
                 merchant's configuration with --config",
                self.merchant_id
            )
            .into()),
            None => connect(&self.chain, config.as_ref()).await,
        }
    }
}

pub(super) async fn run(args: RotateArgs) -> Result<Done, Box<dyn Error>> {
    match args.what {
        What::Anchorer {
            new_key_file,
            new_passphrase_file,
            address,
            owner,
        } => {
            let account = owner.connect().await?;
            let address = match (new_key_file, address) {
                (Some(file), _) => new_key(&file, new_passphrase_file.as_deref(), &owner)?,
                (None, Some(address)) => address,
                (None, None) => return Err("give --new-key-file or --address".into()),
            };
            anchorer(account, address, &owner).await
        }
        What::Receipt { address, end, owner } => receipt(address, end, &owner).await,
        What::DataUri { uri, owner } => data_uri(&uri, &owner).await,
    }
}

async fn anchorer(mut account: Owner, address: Address, owner: &OwnerArgs) -> Result<Done, Box<dyn Error>> {
    let change = account.set_anchorer(owner.registry, owner.merchant_id, address).await?;
    Ok(Done {
        json: json!({"anchorer": address, "changed": changed(change), "transaction": transaction(change)}),
        text: format!("{}anchorer {address}", outcome_line(change)),
    })
}

/// The address of a key file's account; the file is made where it is not there. A crash after that finds it.
fn new_key(file: &Path, passphrase_file: Option<&Path>, owner: &OwnerArgs) -> Result<Address, Box<dyn Error>> {
    let passphrase_file = passphrase_file.or(owner.chain.signer.passphrase_file.as_deref());
    let passphrase = key::passphrase(passphrase_file.ok_or("--new-key-file needs --new-passphrase-file")?)?;
    let name = key::name(file);
    match keyfile::open(file, name, &passphrase) {
        Ok(key) => return Ok(key::signer_of(file, &key)?.address()),
        Err(KeyFileError::Missing(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let signer = PrivateKeySigner::random();
    let key = Key {
        public: Some(Bytes::copy_from_slice(signer.address().as_slice())),
        secret: Zeroizing::new(signer.to_bytes().to_vec()),
    };
    keyfile::create(file, name, &key, &passphrase)?;
    Ok(signer.address())
}

async fn receipt(address: Address, end: Option<Address>, owner: &OwnerArgs) -> Result<Done, Box<dyn Error>> {
    let mut account = owner.connect().await?;
    let change = account
        .add_receipt_signer(owner.registry, owner.merchant_id, address)
        .await?;
    let ended = match end {
        Some(old) => Some(end_receipt(&mut account, owner, old).await?),
        None => None,
    };
    let mut text = format!("{}receipt key {address}", outcome_line(change));
    if let Some((old, until_s)) = ended {
        text += &format!("\n{old} ends at {until_s} (Unix seconds): until then let no node sign with it any more");
    }
    Ok(Done {
        json: json!({
            "receiptSigner": address,
            "changed": changed(change),
            "transaction": transaction(change),
            "ended": ended.map(|(old, until_s)| json!({"receiptSigner": old, "until": until_s})),
        }),
        text,
    })
}

async fn end_receipt(account: &mut Owner, owner: &OwnerArgs, old: Address) -> Result<(Address, u64), Box<dyn Error>> {
    let ended = account
        .end_receipt_signer(owner.registry, owner.merchant_id, old)
        .await?;
    Ok((old, ended.until_s))
}

async fn data_uri(uri: &str, owner: &OwnerArgs) -> Result<Done, Box<dyn Error>> {
    if !shelfproof_base::web::is_web_address(uri) {
        return Err("the data URI must begin with https:// or http://".into());
    }
    let mut account = owner.connect().await?;
    let change = account.set_data_uri(owner.registry, owner.merchant_id, uri).await?;
    Ok(Done {
        json: json!({"dataUri": uri, "changed": changed(change), "transaction": transaction(change)}),
        text: format!("{}data URI {uri}", outcome_line(change)),
    })
}

fn outcome_line(change: Change) -> String {
    super::outcome_line(change, "this was so before\n")
}

const fn changed(change: Change) -> bool {
    matches!(change, Change::Done(_))
}

const fn transaction(change: Change) -> Option<B256> {
    match change {
        Change::Found => None,
        Change::Done(transaction) => Some(transaction),
    }
}
