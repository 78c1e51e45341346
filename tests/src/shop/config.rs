//! The configuration file of a test's shop.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::vectors::Vectors;

/// Opens the key files.
pub(super) const PASSPHRASE: &str = "harness passphrase 7f31c2";

/// Stands in the database's address.
pub(super) const PASSWORD: &str = "harness-password-7f31c2";

/// Only what differs from the defaults: the vectors' merchant, ports that are free.
pub(super) fn write(folder: &Path, url: &str) -> Result<PathBuf> {
    let merchant = Vectors::read()?.merchant;
    let passphrase = folder.join("passphrase");
    fs::write(&passphrase, PASSPHRASE)?;
    fs::set_permissions(&passphrase, Permissions::from_mode(0o600))?;
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

[shop]
name = "Harness"
data_uri = "https://shop.example/data"

[log]
format = "json"
"#,
        merchant.chain_id, merchant.registry, merchant.merchant_id
    );
    let path = folder.join("shelfproof.toml");
    fs::write(&path, text)?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok(path)
}
