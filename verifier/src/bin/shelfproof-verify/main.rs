//! `shelfproof-verify`: checks what a shop says about a key against what it committed to on a chain.
//!
//! A module for each command (`key`, `receipt`, `buyer`, `audit`, `watch`, `evidence`, `epochs`, `trust`) turns its
//! arguments into a [`Report`] or a [`Failure`], and [`Printer`] prints either, for people or as JSON. To add a
//! command: its arguments in `args`, its module, its arm in [`run`], and its sentences in `verifier/sentences.json`.

mod args;
mod audit;
mod buyer;
mod cause;
mod context;
mod disclosed;
mod epochs;
mod evidence;
mod facts;
mod input;
mod key;
mod nodes;
mod others;
mod pins;
mod receipt;
mod report;
mod seen;
mod sentences;
mod source;
mod store;
mod text;
mod time;
mod trust;
mod usage;
mod watch;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command, Lang};
use context::Context;
use key::Style;
use report::{Failure, Printer, Report};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().collect();
    let (printer, answer) = match Cli::try_parse_from(&arguments) {
        Ok(cli) => {
            let printer = Printer {
                json: cli.json,
                lang: cli.lang.unwrap_or_else(lang_of_environment),
            };
            let context = Context::new(cli.trust_store, printer);
            (printer, run(&cli.command, &context))
        }
        Err(error) if usage::is_help(&error) => error.exit(),
        Err(error) => {
            let json = arguments.iter().any(|argument| argument == "--json");
            (
                Printer {
                    json,
                    lang: lang_of_environment(),
                },
                Err(usage::failure(&error)),
            )
        }
    };
    ExitCode::from(printer.print(&answer))
}

fn run(command: &Command, context: &Context) -> Result<Report, Failure> {
    match command {
        Command::Key(args) => key::run(args, Style::Verdict, context),
        Command::Show(args) => key::run(args, Style::History, context),
        Command::Receipt(args) => receipt::run(args, context),
        Command::Buyer(command) => buyer::run(command, context),
        Command::Audit(args) => audit::run(args, context),
        Command::Watch(args) => watch::run(args, context),
        Command::Evidence(args) => evidence::run(args, context),
        Command::Epochs(args) => epochs::run(args, context),
        Command::Trust(command) => trust::run(command, context),
    }
}

/// The language of the environment: the first of the usual variables that is set decides.
fn lang_of_environment() -> Lang {
    let set = |name: &&str| env::var(name).is_ok_and(|value| !value.is_empty());
    let first = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find(set)
        .and_then(|name| env::var(name).ok());
    if first.is_some_and(|value| value.starts_with("zh")) {
        Lang::Zh
    } else {
        Lang::En
    }
}
