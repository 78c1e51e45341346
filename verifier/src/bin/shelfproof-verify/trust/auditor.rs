//! `trust auditor`: the auditors whose word on the chain counts in verdicts.

use serde_json::{Map, json};

use super::check_name;
use crate::args::AuditorCommand;
use crate::context::Context;
use crate::input;
use crate::pins::MAX_AUDITORS;
use crate::report::{Failure, Report, Tone};
use crate::sentences::Text;

/// Runs the subcommand.
pub(super) fn run(command: &AuditorCommand, context: &Context) -> Result<Report, Failure> {
    match command {
        AuditorCommand::Add { name, address } => add(name, address, context),
        AuditorCommand::List => list(context),
        AuditorCommand::Remove { name } => remove(name, context),
    }
}

fn add(name: &str, address: &str, context: &Context) -> Result<Report, Failure> {
    check_name(name)?;
    let address = input::address(address, "ADDRESS")?;
    let mut pins = context.pins()?;
    match pins.auditors().get(name) {
        Some(known) if *known != address => {
            return Err(Failure::usage(format!(
                "an auditor is trusted under that name with the address {known}: remove it first, or take another name"
            )));
        }
        None if pins.auditors().len() >= MAX_AUDITORS => {
            return Err(Failure::usage(format!(
                "at most {MAX_AUDITORS} auditors can be trusted: remove one first"
            )));
        }
        _ => {}
    }
    pins.insert_auditor(name, address)?;
    Ok(Report {
        verdict: "holds trusted".to_owned(),
        tone: Tone::Good,
        sentence: context.lang().text(Text::AuditorTrusted).to_owned(),
        facts: vec![
            (context.lang().text(Text::NameLabel), name.to_owned()),
            (context.lang().text(Text::AddressLabel), address.to_string()),
        ],
        json: Map::from_iter([("name".to_owned(), json!(name)), ("address".to_owned(), json!(address))]),
        ..Report::default()
    })
}

fn list(context: &Context) -> Result<Report, Failure> {
    let (pins, lang) = (context.pins()?, context.lang());
    let auditors = pins.auditors();
    let mut table = Vec::new();
    if !auditors.is_empty() {
        table.push(
            [Text::NameLabel, Text::AddressLabel]
                .map(|head| lang.text(head).to_owned())
                .to_vec(),
        );
    }
    table.extend(
        auditors
            .iter()
            .map(|(name, address)| vec![name.clone(), address.to_string()]),
    );
    let sentence = if auditors.is_empty() {
        Text::NoAuditors
    } else {
        Text::SomeAuditors
    };
    Ok(Report {
        verdict: format!("holds {} trusted", auditors.len()),
        tone: Tone::Good,
        sentence: lang.text(sentence).to_owned(),
        table,
        json: Map::from_iter([("auditors".to_owned(), json!(auditors))]),
        ..Report::default()
    })
}

fn remove(name: &str, context: &Context) -> Result<Report, Failure> {
    if !context.pins()?.remove_auditor(name)? {
        return Err(Failure::usage(
            "no auditor is trusted under that name: `trust auditor list` shows the names",
        ));
    }
    Ok(Report {
        verdict: "holds removed".to_owned(),
        sentence: context.lang().text(Text::AuditorRemoved).to_owned(),
        ..Report::default()
    })
}
