//! What the registry says of a merchant when it is pinned or looked at.

use serde_json::{Value, json};
use shelfproof_verifier::B256;
use shelfproof_verifier::chain::rpc::Registration;

use crate::args::Lang;
use crate::facts;
use crate::report::Failure;
use crate::sentences::Text;
use crate::source::Online;

/// What the registry says of a merchant, and what the node's logs say of its owner.
pub(super) struct Registered {
    release: &'static str,
    registration: Registration,
    /// The owner's other merchants; `None` if the node does not show its old logs.
    others: Option<Vec<B256>>,
}

impl Registered {
    /// Asks the node.
    pub(super) fn read(online: &Online) -> Result<Self, Failure> {
        online.runtime.block_on(async {
            let (source, at) = (&online.source, &online.at);
            source.vrf_public_key().await?;
            let registration = source.registration().await?;
            Ok(Self {
                release: online.release,
                registration,
                // Nodes without old logs are common, and the rest does not depend on them.
                others: source
                    .other_registrations(registration.owner, at)
                    .await
                    .unwrap_or_default(),
            })
        })
    }

    /// The lines for people.
    pub(super) fn facts(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let Registration {
            owner,
            offered_owner,
            disputes,
            ..
        } = self.registration;
        let owner = offered_owner.map_or_else(
            || owner.to_string(),
            |to| lang.fill(Text::OwnerOffered, &[("owner", &owner), ("to", &to)]),
        );
        let disputes = disputes.map_or_else(
            || lang.text(Text::DisputesNone).to_owned(),
            |disputes| lang.fill(Text::DisputesAt, &[("disputes", &disputes)]),
        );
        let others = match self.others.as_deref() {
            None => lang.text(Text::OthersUnknown).to_owned(),
            Some([]) => lang.text(Text::OthersNone).to_owned(),
            Some(others) => others.iter().map(B256::to_string).collect::<Vec<_>>().join(" "),
        };
        vec![
            (lang.text(Text::ReleaseLabel), self.release.to_owned()),
            (lang.text(Text::OwnerLabel), owner),
            (lang.text(Text::DisputesLabel), disputes),
            (lang.text(Text::OthersLabel), others),
        ]
    }

    /// What the user must not overlook.
    pub(super) fn warning(&self, lang: Lang) -> Option<String> {
        self.registration
            .retired
            .as_ref()
            .map(|retired| facts::retired(retired, lang))
    }

    pub(super) fn json(&self) -> Value {
        let Registration {
            owner,
            offered_owner,
            disputes,
            retired,
        } = self.registration;
        json!({
            "release": self.release,
            "owner": owner,
            "offeredOwner": offered_owner,
            "disputes": disputes,
            "retired": retired.is_some(),
            "successor": retired.and_then(|retired| retired.successor),
            "othersOfOwner": self.others,
        })
    }
}
