//! The sections out of the layers, those addresses that stand in files of their own read from there.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

use super::{Anchor, Chain, ConfigError, Database, Keys, Log, Settings, layers, read_secret, rules};

impl Settings {
    /// `[database]`, its address read from `url_file` where that is set.
    ///
    /// # Errors
    /// Every field that is unknown or breaks a rule.
    pub fn database(&self) -> Result<Database, ConfigError> {
        let mut database: Database = self.section("database", rules::database)?;
        if let Some(path) = database.url_file.take() {
            database.url = self.secret_in("database", "url_file", &path, rules::url)?;
        }
        Ok(database)
    }

    /// `[keys]`.
    ///
    /// # Errors
    /// Every field that is missing, unknown or breaks a rule.
    pub fn keys(&self) -> Result<Keys, ConfigError> {
        self.section("keys", |_| Vec::new())
    }

    /// `folder` of `[keys]` alone: what is public of the keys, no passphrase opens.
    ///
    /// # Errors
    /// Where it is missing, or no path.
    pub fn keys_folder(&self) -> Result<PathBuf, ConfigError> {
        #[derive(Deserialize)]
        struct Folder {
            #[serde(deserialize_with = "layers::path")]
            folder: PathBuf,
        }
        self.section("keys", |_| Vec::new()).map(|Folder { folder }| folder)
    }

    /// `[chain]`, the node's address read from `rpc_file` where that is set.
    ///
    /// # Errors
    /// Every field that is missing, unknown or breaks a rule.
    pub fn chain(&self) -> Result<Chain, ConfigError> {
        let mut chain: Chain = self.section("chain", rules::chain)?;
        if let Some(path) = chain.rpc_file.take() {
            chain.rpc = self.secret_in("chain", "rpc_file", &path, rules::rpc)?;
        }
        Ok(chain)
    }

    /// `[anchor]`.
    ///
    /// # Errors
    /// Every field that is missing, unknown or breaks a rule.
    pub fn anchor(&self) -> Result<Anchor, ConfigError> {
        self.section("anchor", rules::anchor)
    }

    /// `[log]`.
    ///
    /// # Errors
    /// Every field that is unknown or breaks a rule.
    pub fn log(&self) -> Result<Log, ConfigError> {
        self.section("log", rules::log)
    }

    /// The secret in the file that `field` names, which must hold to `rule`.
    fn secret_in(
        &self,
        section: &str,
        field: &'static str,
        path: &Path,
        rule: fn(&SecretString) -> Option<String>,
    ) -> Result<SecretString, ConfigError> {
        let refused = match read_secret(path) {
            Ok(secret) => match rule(&secret) {
                None => return Ok(secret),
                Some(rule) => format!("names a file whose content {rule}"),
            },
            Err(cause) => format!("names {}, which cannot be read: {cause}", path.display()),
        };
        Err(self.refusal(section, vec![(field, refused)]))
    }
}
