//! How a shop describes itself: `/.well-known/shelfproof.json`, read once when it is pinned, and again to say what has
//! changed.

use std::path::Path;
use std::time::Duration;

use shelfproof_base::client::{Bounds, Client, HttpError, Reach};
use shelfproof_base::web::{Url, is_page, parse_url};
use shelfproof_verifier::Refusal;
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::json::{self as lexical, Node};

use crate::args::Lang;
use crate::cause::Cause;
use crate::input::Inputs;
use crate::pins::Pin;
use crate::report::{Failure, identity_json};
use crate::sentences::Text;
use crate::source;

const FORMAT: &str = "shelfproof-merchant-v1";
/// The bounds of the file.
const BOUNDS: Bounds = Bounds {
    bytes: 65_536,
    time: Duration::from_mins(1),
};
/// The most redirects followed to it.
const MAX_REDIRECTS: usize = 5;

/// What a shop says of itself.
pub(super) struct Described {
    pub(super) identity: Identity,
    pub(super) name: String,
    pub(super) data_uri: String,
}

impl Described {
    /// Reads what `--from` names, an address or a file.
    pub(super) fn read(from: &str) -> Result<Self, Failure> {
        let bytes = match parse_url(from) {
            Ok(url) => fetch(url)?,
            Err(_) => Inputs::default().read(Path::new(from), "--from", BOUNDS.bytes)?,
        };
        if is_page(&bytes) {
            return Err(Failure::new(
                Cause::Network,
                "--from: a page for people, and not the shop's file",
            ));
        }
        Self::parse(&bytes).map_err(|refusal| Failure::new(Cause::Input, format!("--from: {}", refusal.detail)))
    }

    fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let value = lexical::parse(bytes)?;
        let file = Node::root(&value, "merchant");
        file.field("format")?.exactly(FORMAT)?;
        let merchant_id = file.field("merchantId")?.word()?;
        Ok(Self {
            identity: Identity {
                chain_id: file.field("chainId")?.number()?,
                registry: file.field("registry")?.address()?,
                merchant_id,
            },
            name: file.field("name")?.text()?.to_owned(),
            data_uri: file.field("dataUri")?.text()?.to_owned(),
        })
    }

    /// What is no longer as it was pinned.
    pub(super) fn changes(&self, pin: &Pin, lang: Lang) -> Vec<String> {
        let fields = [
            ("name", &pin.name, &self.name),
            ("dataUri", &pin.data_uri, &self.data_uri),
        ];
        let changed = |(field, old, new): (&str, &Option<String>, &String)| {
            let old = old.as_ref().filter(|old| *old != new)?;
            Some(lang.fill(Text::DescribedAnew, &[("field", &field), ("old", old), ("new", new)]))
        };
        fields.into_iter().filter_map(changed).collect()
    }
}

/// Refuses another merchant than the one that is pinned under that name.
pub(super) fn check_same(name: &str, old: &Identity, new: &Identity) -> Result<(), Failure> {
    if old == new {
        return Ok(());
    }
    let say = |identity: &Identity| {
        format!(
            "chain {}, registry {}, merchant {}",
            identity.chain_id, identity.registry, identity.merchant_id
        )
    };
    let detail = format!("{name} was pinned as {}; now it is said to be {}", say(old), say(new));
    Err(Failure::new(Cause::PinChanged, detail)
        .with("pinned", identity_json(old))
        .with("found", identity_json(new)))
}

/// Whoever can change the file on its way chooses whom the user trusts, so plain http is read from this machine alone.
fn fetch(url: Url) -> Result<Vec<u8>, Failure> {
    let fetched = source::runtime()?.block_on(async {
        let client = Client::new(&url, Reach::Any, MAX_REDIRECTS)?.secured();
        client.get(url, BOUNDS).await
    });
    fetched.map_err(|error: HttpError| {
        let cause = if error.may_be_the_network() {
            Cause::Network
        } else {
            Cause::Input
        };
        Failure::new(cause, format!("--from: {error}"))
    })
}
