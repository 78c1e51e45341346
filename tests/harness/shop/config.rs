//! The configuration file of a test shop.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use shelfproof_verifier::chain::Identity;

use super::Chain;
use crate::Result;
use crate::vectors::Vectors;

/// The passphrase of the key files.
pub(super) const PASSPHRASE: &str = "harness passphrase 7f31c2";

/// The password in the database's address.
pub(super) const PASSWORD: &str = "harness-password-7f31c2";

/// The folder of the receipt journal, in the shop's. Configurations in one folder share it.
pub(super) const JOURNAL: &str = "journal";

/// Writes a file with only what differs from the defaults: free ports, a receipt journal as every real shop has one, and
/// the vectors' merchant if no chain is given.
pub(super) fn write(folder: &Path, name: &str, url: &str, chain: Option<&Chain>) -> Result<PathBuf> {
    let identity = identity(chain)?;
    let rpc = chain
        .map(|chain| format!("rpc = \"{}\"", chain.rpc))
        .unwrap_or_default();
    let passphrase = folder.join("passphrase");
    fs::write(&passphrase, PASSPHRASE)?;
    fs::set_permissions(&passphrase, Permissions::from_mode(0o600))?;
    fs::create_dir_all(folder.join(JOURNAL))?;
    let text = format!(
        r#"[http]
listen = "127.0.0.1:0"
metrics_listen = "127.0.0.1:0"

[database]
url = "{url}"

[keys]
folder = "keys"
passphrase_file = "passphrase"

[chain]
chain_id = {}
registry = "{}"
merchant_id = "{}"
{rpc}

[shop]
name = "Harness"
data_uri = "https://shop.example/data"

[sale]
journal = "{JOURNAL}"

[log]
format = "json"
"#,
        identity.chain_id, identity.registry, identity.merchant_id
    );
    let path = folder.join(name);
    fs::write(&path, text)?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok(path)
}

/// The merchant that a shop is.
pub(super) fn identity(chain: Option<&Chain>) -> Result<Identity> {
    if let Some(chain) = chain {
        return Ok(chain.identity);
    }
    let merchant = Vectors::read()?.merchant;
    Ok(Identity {
        chain_id: merchant.chain_id,
        registry: merchant.registry,
        merchant_id: merchant.merchant_id,
    })
}
