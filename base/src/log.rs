//! The log on standard error, one line per event, and the section `[log]` that configures it.

use std::io::{self, IsTerminal};
use std::panic;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::{Check, Section};

/// `[log]`: what is written to standard error.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    pub format: LogFormat,
    /// Which events are written, in the syntax of `tracing`: `info`, `warn,shelfproof=debug`.
    pub filter: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Section for Log {
    const NAME: &'static str = "log";

    fn broken(&self) -> Vec<Check> {
        let refused = EnvFilter::builder().parse(&self.filter).err();
        let rule = |error| format!("must be like `info` or `warn,shelfproof=debug`: {error}");
        refused.map(|error| ("filter", rule(error))).into_iter().collect()
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info,sqlx=warn,fjall=warn,lsm_tree=warn".to_owned(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("log.filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// This process has started a log before.
    #[error("the log: {0}")]
    Started(#[from] TryInitError),
}

/// Starts the log of this process. A panic is logged with its location only: its message may contain a code or a
/// secret.
///
/// # Errors
/// If the filter cannot be parsed, or a log was started before.
pub fn start(settings: &Log) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(&settings.filter)?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Colours only on a terminal.
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    match settings.format {
        LogFormat::Text => log.finish().try_init()?,
        LogFormat::Json => log.json().flatten_event(true).finish().try_init()?,
    }
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a panic");
    }));
    Ok(())
}
