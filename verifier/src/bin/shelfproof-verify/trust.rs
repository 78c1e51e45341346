//! `trust`: pins merchants under names, lists and removes them.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};
use shelfproof_base::client::{Bounds, Client, Reach};
use shelfproof_base::web::{Url, parse_url};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::chain::rpc::Finality;
use shelfproof_verifier::json::{self as lexical, Node};
use shelfproof_verifier::{B256, Refusal};

use crate::args::{TrustAddArgs, TrustCommand};
use crate::cause::Cause;
use crate::context::Context;
use crate::input::{self, Inputs};
use crate::pins::Pin;
use crate::report::{Failure, Report, Tone, identity_json};
use crate::sentences::{NotProved, Text};
use crate::source::{self, Online};
use crate::time;

const FORMAT: &str = "shelfproof-merchant-v1";
/// The bounds of `/.well-known/shelfproof.json`.
const BOUNDS: Bounds = Bounds {
    bytes: 65_536,
    time: Duration::from_mins(1),
};
/// The most redirects followed to it.
const MAX_REDIRECTS: usize = 5;
const MAX_NAME_CHARS: usize = 64;

/// Runs the subcommand.
pub(crate) fn run(command: &TrustCommand, context: &Context) -> Result<Report, Failure> {
    match command {
        TrustCommand::Add(args) => add(args, context),
        TrustCommand::List => list(context),
        TrustCommand::Remove { name } => remove(name, context),
    }
}

fn add(args: &TrustAddArgs, context: &Context) -> Result<Report, Failure> {
    check_name(&args.name)?;
    let mut pins = context.pins()?;
    let found = read_identity(args)?;
    let mut pin = Pin::new(found.identity, time::now_s());
    if let Some(old) = pins.all().get(&args.name) {
        if old.identity() != found.identity {
            return Err(changed(&args.name, &old.identity(), &found.identity));
        }
        pin = old.clone();
    }
    if let Some(rpc) = &args.rpc {
        // The merchant is looked up now, so that a wrong id is refused when it is pinned and not when a key is checked.
        let Identity {
            chain_id,
            registry,
            merchant_id,
        } = found.identity;
        let online = Online::connect(rpc, Some(chain_id), registry, merchant_id, Finality::Tag)?;
        online.runtime.block_on(async {
            let at = online.source.final_block().await?;
            online.source.vrf_public_key(&at).await
        })?;
        pin.rpc = Some(rpc.clone());
    }
    pin.data_uri = found.data_uri.or(pin.data_uri);
    pin.from = args.from.clone().or(pin.from);
    let known = pins.all().contains_key(&args.name);
    pins.insert(&args.name, pin.clone())?;
    let lang = context.lang();
    let sentence = if known { Text::PinnedBefore } else { Text::PinnedNow };
    Ok(Report {
        verdict: "holds pinned".to_owned(),
        tone: Tone::Good,
        sentence: lang.text(sentence).to_owned(),
        facts: facts(&args.name, &pin, context),
        not_proved: vec![NotProved::ShopsWord],
        json: Map::from_iter([
            ("name".to_owned(), json!(args.name)),
            ("merchant".to_owned(), pin_json(&pin)),
        ]),
        ..Report::default()
    })
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

/// What the shop or the user says about the merchant.
struct Found {
    identity: Identity,
    data_uri: Option<String>,
}

fn read_identity(args: &TrustAddArgs) -> Result<Found, Failure> {
    let Some(from) = &args.from else {
        let (Some(chain_id), Some(registry), Some(merchant)) = (args.chain_id, &args.registry, &args.merchant) else {
            return Err(Failure::usage(
                "give --from, or --chain-id with --registry and --merchant",
            ));
        };
        let registry = input::address(registry, "--registry")?;
        let merchant_id = input::word(merchant, "--merchant")?;
        return Ok(Found {
            identity: Identity {
                chain_id,
                registry,
                merchant_id,
            },
            data_uri: None,
        });
    };
    let bytes = match parse_url(from) {
        Ok(url) => fetch(url)?,
        Err(_) => Inputs::default().read(Path::new(from), "--from", BOUNDS.bytes)?,
    };
    parse(&bytes).map_err(|refusal| Failure::new(Cause::Input, format!("--from: {}", refusal.detail)))
}

fn fetch(url: Url) -> Result<Vec<u8>, Failure> {
    let fetched = source::runtime()?.block_on(async {
        let client = Client::new(&url, Reach::Any, MAX_REDIRECTS)?;
        client.get(url, BOUNDS).await
    });
    fetched.map_err(|error| Failure::new(Cause::Input, format!("--from: {error}")))
}

fn parse(bytes: &[u8]) -> Result<Found, Refusal> {
    let value = lexical::parse(bytes)?;
    let file = Node::root(&value, "merchant");
    file.field("format")?.exactly(FORMAT)?;
    let merchant_id: B256 = file.field("merchantId")?.word()?;
    let identity = Identity {
        chain_id: file.field("chainId")?.number()?,
        registry: file.field("registry")?.address()?,
        merchant_id,
    };
    file.field("name")?.text()?;
    Ok(Found {
        identity,
        data_uri: Some(file.field("dataUri")?.text()?.to_owned()),
    })
}

fn changed(name: &str, old: &Identity, new: &Identity) -> Failure {
    let say = |identity: &Identity| {
        format!(
            "chain {}, registry {}, merchant {}",
            identity.chain_id, identity.registry, identity.merchant_id
        )
    };
    let detail = format!("{name} was pinned as {}; now it is said to be {}", say(old), say(new));
    Failure::new(Cause::PinChanged, detail)
        .with("pinned", identity_json(old))
        .with("found", identity_json(new))
}

fn pin_json(pin: &Pin) -> Value {
    let mut json = identity_json(&pin.identity());
    json["pinnedAt"] = pin.pinned_at.into();
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
    if let Some(data_uri) = &pin.data_uri {
        facts.push((lang.text(Text::DataUriLabel), data_uri.clone()));
    }
    facts
}
