//! `trust`: pins merchants under names, shows, lists and removes them; `auditor` does so for trusted auditors.

mod auditor;
mod described;
mod registered;

use serde_json::{Map, Value, json};
use shelfproof_base::web::is_web_address;
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::chain::rpc::Finality;

use crate::args::{TrustAddArgs, TrustCommand, node_of_environment};
use crate::context::Context;
use crate::input;
use crate::pins::Pin;
use crate::report::{Failure, Report, Tone, identity_json};
use crate::sentences::{NotProved, Text};
use crate::source::Online;
use crate::time;

use described::{Described, check_same};
use registered::Registered;

const MAX_NAME_CHARS: usize = 64;

/// Runs the subcommand.
pub(crate) fn run(command: &TrustCommand, context: &Context) -> Result<Report, Failure> {
    match command {
        TrustCommand::Add(args) => add(args, context),
        TrustCommand::Show { name, rpc } => show(name, rpc.as_deref(), context),
        TrustCommand::List => list(context),
        TrustCommand::Remove { name } => remove(name, context),
        TrustCommand::Auditor(command) => auditor::run(command, context),
    }
}

fn add(args: &TrustAddArgs, context: &Context) -> Result<Report, Failure> {
    check_name(&args.name)?;
    let mut pins = context.pins()?;
    let described = args.from.as_deref().map(Described::read).transpose()?;
    let identity = match &described {
        Some(described) => described.identity,
        None => given_identity(args)?,
    };
    let lang = context.lang();
    let known = pins.all().get(&args.name).cloned();
    if let Some(old) = &known {
        check_same(&args.name, &old.identity(), &identity)?;
    }
    let mut pin = known.clone().unwrap_or_else(|| Pin::new(identity, time::now_s()));
    let mut report = Report {
        verdict: "holds pinned".to_owned(),
        tone: Tone::Good,
        sentence: lang
            .text(if known.is_some() {
                Text::PinnedBefore
            } else {
                Text::PinnedNow
            })
            .to_owned(),
        not_proved: vec![NotProved::ShopsWord],
        ..Report::default()
    };
    if let Some(described) = described {
        report.warnings = described.changes(&pin, lang);
        pin.name = Some(described.name);
        pin.data_uri = Some(described.data_uri);
    }
    pin.from = args.from.clone().or(pin.from);
    // The merchant is looked up now, so that a wrong id is refused when it is pinned and not when a key is checked.
    let registered = look_up(args.rpc.as_deref(), &pin, context)?;
    pin.rpc = args.rpc.clone().or(pin.rpc);
    pins.insert(&args.name, pin.clone())?;
    fill(&mut report, &args.name, &pin, registered.as_ref(), context);
    Ok(report)
}

/// Shows what is pinned under a name, what the registry says of it now, and what the shop says differently.
fn show(name: &str, rpc: Option<&str>, context: &Context) -> Result<Report, Failure> {
    let (pin, lang) = (context.names().find(name)?, context.lang());
    let mut report = Report {
        verdict: "holds pinned".to_owned(),
        tone: Tone::Good,
        sentence: lang.text(Text::LookedAt).to_owned(),
        not_proved: vec![NotProved::ShopsWord],
        ..Report::default()
    };
    if let Some(from) = pin.from.as_deref().filter(|from| is_web_address(from)) {
        match Described::read(from) {
            Ok(described) => {
                check_same(name, &pin.identity(), &described.identity)?;
                report.warnings = described.changes(&pin, lang);
            }
            Err(failure) => {
                let warning = lang.fill(Text::DescribedUnread, &[("detail", &failure.detail)]);
                report.warnings.push(warning);
            }
        }
    }
    let registered = look_up(rpc, &pin, context)?;
    fill(&mut report, name, &pin, registered.as_ref(), context);
    Ok(report)
}

/// What the registry says, by the node that the command line names, the environment or the pin; `None` without one.
fn look_up(rpc: Option<&str>, pin: &Pin, context: &Context) -> Result<Option<Registered>, Failure> {
    let rpc = rpc.map(str::to_owned).or_else(node_of_environment);
    let Some(rpc) = rpc.or_else(|| pin.rpc.clone()) else {
        return Ok(None);
    };
    let (identity, names) = (pin.identity(), context.names());
    let merchant = (identity.registry, identity.merchant_id);
    let online = Online::connect(&rpc, Some(identity.chain_id), merchant, Finality::Tag, &names)?;
    Registered::read(&online).map(Some)
}

/// Adds to an answer what is pinned and what the registry says of it.
fn fill(report: &mut Report, name: &str, pin: &Pin, registered: Option<&Registered>, context: &Context) {
    report.facts = facts(name, pin, context);
    report.json.insert("name".to_owned(), json!(name));
    report.json.insert("merchant".to_owned(), pin_json(pin));
    let lang = context.lang();
    let Some(registered) = registered else {
        let how = lang.fill(Text::NotAsked, &[("name", &name)]);
        report.facts.push((lang.text(Text::NotAskedLabel), how));
        return;
    };
    report.facts.extend(registered.facts(lang));
    report.warnings.extend(registered.warning(lang));
    report.json.insert("registered".to_owned(), registered.json());
}

fn list(context: &Context) -> Result<Report, Failure> {
    let pins = context.pins()?;
    let lang = context.lang();
    let mut table = vec![];
    if !pins.all().is_empty() {
        let heads = [
            Text::NameLabel,
            Text::ChainIdLabel,
            Text::MerchantLabel,
            Text::RegistryLabel,
            Text::PinnedAtLabel,
        ];
        table.push(heads.map(|head| lang.text(head).to_owned()).to_vec());
    }
    for (name, pin) in pins.all() {
        let identity = pin.identity();
        table.push(vec![
            name.clone(),
            identity.chain_id.to_string(),
            identity.merchant_id.to_string(),
            identity.registry.to_string(),
            time::utc(pin.pinned_at),
        ]);
    }
    let sentence = if pins.all().is_empty() {
        Text::NonePinned
    } else {
        Text::SomePinned
    };
    Ok(Report {
        verdict: format!("holds {} pinned", pins.all().len()),
        tone: Tone::Good,
        sentence: lang.text(sentence).to_owned(),
        table,
        not_proved: vec![NotProved::ShopsWord],
        json: Map::from_iter([(
            "merchants".to_owned(),
            Value::Object(
                pins.all()
                    .iter()
                    .map(|(name, pin)| (name.clone(), pin_json(pin)))
                    .collect(),
            ),
        )]),
        ..Report::default()
    })
}

fn remove(name: &str, context: &Context) -> Result<Report, Failure> {
    let mut pins = context.pins()?;
    if !pins.remove(name)? {
        return Err(Failure::usage(
            "no merchant is pinned under that name: `trust list` shows the names",
        ));
    }
    Ok(Report {
        verdict: "holds removed".to_owned(),
        sentence: context.lang().text(Text::Unpinned).to_owned(),
        ..Report::default()
    })
}

fn check_name(name: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    // A name that looks like an id would be read as one.
    let looks_like_id = name.starts_with("0x") || name.starts_with('-') || input::hex_word(name).is_some();
    let fits =
        !name.is_empty() && name.chars().count() <= MAX_NAME_CHARS && name.chars().all(allowed) && !looks_like_id;
    if fits {
        Ok(())
    } else {
        Err(Failure::usage(
            "a name has 1 to 64 letters, digits, dots, dashes and underscores",
        ))
    }
}

/// The merchant that the command line names by its ids.
fn given_identity(args: &TrustAddArgs) -> Result<Identity, Failure> {
    let (Some(chain_id), Some(registry), Some(merchant)) = (args.chain_id, &args.registry, &args.merchant) else {
        return Err(Failure::usage(
            "give --from, or --chain-id with --registry and --merchant",
        ));
    };
    Ok(Identity {
        chain_id,
        registry: input::address(registry, "--registry")?,
        merchant_id: input::word(merchant, "--merchant")?,
    })
}

fn pin_json(pin: &Pin) -> Value {
    let mut json = identity_json(&pin.identity());
    json["pinnedAt"] = pin.pinned_at.into();
    json["name"] = json!(pin.name);
    json["dataUri"] = json!(pin.data_uri);
    // Leaves out the node's address, which may contain an access key.
    json["hasRpc"] = pin.rpc.is_some().into();
    json
}

fn facts(name: &str, pin: &Pin, context: &Context) -> Vec<(&'static str, String)> {
    let lang = context.lang();
    let identity = pin.identity();
    let mut facts = vec![
        (lang.text(Text::NameLabel), name.to_owned()),
        (lang.text(Text::ChainIdLabel), identity.chain_id.to_string()),
        (lang.text(Text::RegistryLabel), identity.registry.to_string()),
        (lang.text(Text::MerchantLabel), identity.merchant_id.to_string()),
        (lang.text(Text::PinnedAtLabel), time::utc(pin.pinned_at)),
    ];
    if let Some(own) = &pin.name {
        facts.push((lang.text(Text::OwnNameLabel), own.clone()));
    }
    if let Some(data_uri) = &pin.data_uri {
        facts.push((lang.text(Text::DataUriLabel), data_uri.clone()));
    }
    facts
}
