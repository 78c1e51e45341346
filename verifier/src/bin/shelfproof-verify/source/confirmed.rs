//! What every one of several nodes must say alike, beyond the final block and the latest epoch that they agree on.

use std::collections::BTreeSet;

use shelfproof_verifier::Address;
use shelfproof_verifier::chain::rpc::{RpcError, RpcSource, Scan};
use shelfproof_verifier::chain::{ChainView, Needs, RootSource};

use crate::args::Lang;
use crate::nodes;
use crate::report::Failure;
use crate::sentences::Text;

use super::Online;

impl Online {
    /// The chain's view, with what `needs` names. `hints` are block numbers by epoch number.
    pub(crate) fn view(
        &self,
        needs: &Needs,
        hints: impl IntoIterator<Item = (u64, u64)>,
    ) -> Result<ChainView, Failure> {
        let source = self.source.clone().with_block_hints(hints);
        let view = self.runtime.block_on(source.view(needs));
        let view = view.map_err(|error| source.blamed(error))?;
        for other in &self.others {
            let theirs = self.runtime.block_on(other.view(needs));
            let theirs = theirs.map_err(|error| other.blamed(error))?;
            nodes::compare(&view, other, &theirs)?;
        }
        self.saw(&view)?;
        Ok(view)
    }

    /// The chain's view, with every receipt key that a log of any node names, in `from_block` or after. Calls
    /// `on_searched` with the first block of each piece that was searched.
    ///
    /// A key counts if the registry holds it at all nodes. Only logs name the keys, and a node may show few of them: one
    /// that shows fewer than another is named on standard error.
    pub(crate) fn view_of_keys(
        &self,
        from_block: u64,
        lang: Lang,
        mut on_searched: impl FnMut(u64),
    ) -> Result<ChainView, Failure> {
        // A merchant that is not there has no logs either, and searching for them takes long.
        self.runtime.block_on(self.source.vrf_public_key())?;
        let mut found = Vec::new();
        for node in self.nodes() {
            let logged = node.logged_receipt_signers(from_block, &self.at, &mut on_searched);
            found.push((node, self.runtime.block_on(logged)));
        }
        let signers: BTreeSet<Address> = found
            .iter()
            .flat_map(|(_, logged)| logged.iter().flatten())
            .copied()
            .collect();
        let needs = Needs {
            signers,
            ..Needs::default()
        };
        let view = self.view(&needs, None)?;
        let keys = view.receipt_signers.iter().map(|span| &span.address);
        let mut words = Vec::new();
        for (node, logged) in found {
            let lacks = match logged {
                _ if view.receipt_signers.is_empty() => {
                    return Err(node.blamed(logged.err().unwrap_or(RpcError::NoOldLogs)).into());
                }
                Ok(logged) => match keys.clone().filter(|key| !logged.contains(*key)).count() {
                    0 => continue,
                    lacks => format!("its logs lack {lacks} of the keys"),
                },
                Err(error) => error.to_string(),
            };
            words.push(format!("{}: {lacks}", node.name()));
        }
        if !words.is_empty() {
            eprintln!("{}", lang.fill(Text::FewerLogs, &[("detail", &words.join("; "))]));
        }
        Ok(view)
    }

    /// The epochs from `number` on. No log lies before `from_block`.
    pub(crate) async fn scan(&self, number: u64, from_block: u64) -> Result<Scan<'_>, RpcError> {
        let scan = self.source.scan(number, from_block, self.at).await?;
        Ok(scan.confirmed_by(&self.others))
    }

    /// The epochs whose blocks have the time `time_s` or later.
    pub(crate) async fn scan_since(&self, time_s: u64) -> Result<Scan<'_>, RpcError> {
        let scan = self.source.scan_since(time_s, self.at).await?;
        Ok(scan.confirmed_by(&self.others))
    }

    /// The time of the newest block, Unix seconds; of several nodes, the earliest that one of them says.
    pub(crate) fn newest_time_s(&self) -> Result<u64, Failure> {
        self.runtime.block_on(async {
            let mut time_s = u64::MAX;
            for node in self.nodes() {
                let newest = node.newest_block().await.map_err(|error| node.blamed(error))?;
                time_s = time_s.min(newest.time_s);
            }
            Ok(time_s)
        })
    }

    /// How far `auditor` said that it has audited, and when, as of the final block; zeros if it said nothing. All nodes
    /// that can tell must say the same. Where one cannot, the auditor has said nothing until a later block is final.
    pub(crate) async fn audited(&self, auditor: Address) -> Result<(u64, u64), Failure> {
        let mut said: Vec<Option<(u64, u64)>> = Vec::new();
        for node in self.nodes() {
            let theirs = node
                .audited(auditor, &self.at)
                .await
                .map_err(|error| node.blamed(error))?;
            if theirs.is_some_and(|theirs| said.iter().flatten().any(|said| *said != theirs)) {
                let what = format!("what the auditor {auditor} attested");
                return Err(nodes::says_otherwise(node, &what));
            }
            said.push(theirs);
        }
        let all: Option<Vec<(u64, u64)>> = said.into_iter().collect();
        Ok(all.and_then(|all| all.first().copied()).unwrap_or_default())
    }

    /// The address that the registry names for the shop's data.
    pub(crate) async fn data_uri(&self) -> Result<String, Failure> {
        let named = self
            .source
            .data_uri()
            .await
            .map_err(|error| self.source.blamed(error))?;
        for other in &self.others {
            let theirs = other.data_uri().await.map_err(|error| other.blamed(error))?;
            if theirs != named {
                return Err(nodes::says_otherwise(other, "the address of the shop's data"));
            }
        }
        Ok(named)
    }

    fn nodes(&self) -> impl Iterator<Item = &RpcSource> {
        std::iter::once(&self.source).chain(&self.others)
    }
}
