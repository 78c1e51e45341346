//! The other merchants of a transfer: their bundles, each with its own source of what the chain holds.

use std::path::PathBuf;

use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::transfer::Counterpart;
use shelfproof_verifier::{Code, code, vrf};

use crate::args::{OtherArgs, SourceArgs};
use crate::cause::Cause;
use crate::input::Inputs;
use crate::pins::Names;
use crate::report::Failure;
use crate::source::{self, Source};

/// The other merchants' bundles, each with the chain's view of its merchant.
#[derive(Default)]
pub(crate) struct Others(Vec<(Bundle, ChainView)>);

impl Others {
    /// Reads the bundles and views that the command line names.
    pub(crate) fn read(
        given: &OtherArgs,
        main: &SourceArgs,
        names: &Names,
        inputs: &mut Inputs,
    ) -> Result<Self, Failure> {
        if given.other_bundle.len() != given.other_source.len() {
            return Err(Failure::usage(
                "each --other-bundle needs one --other-source, in the same order",
            ));
        }
        // One source is of one merchant, whose files may be parts of one key's proof.
        let mut by_source: Vec<(&str, Vec<PathBuf>)> = Vec::new();
        for (path, name) in given.other_bundle.iter().zip(&given.other_source) {
            match by_source.iter_mut().find(|(known, _)| known == name) {
                Some((_, paths)) => paths.push(path.clone()),
                None => by_source.push((name, vec![path.clone()])),
            }
        }
        let mut all = Vec::new();
        for (name, paths) in by_source {
            all.extend(Self::of_source(&paths, name, main, names, inputs)?);
        }
        Ok(Self(all))
    }

    /// Reads the bundles of one other merchant. If `name` is pinned, its view comes from the pinned node or the main one;
    /// any other `name` is a file of trusted epochs.
    fn of_source(
        paths: &[PathBuf],
        name: &str,
        main: &SourceArgs,
        names: &Names,
        inputs: &mut Inputs,
    ) -> Result<Vec<(Bundle, ChainView)>, Failure> {
        // A bad file of another merchant makes only the transfer unverifiable, the protocol's last check.
        let bundles = inputs
            .joined_by_key(paths, "--other-bundle")
            .map_err(|failure| match failure.cause {
                Cause::Check(_) => Failure::new(
                    Cause::Check(Code::TransferUnverified),
                    format!("--other-bundle: {}", failure.detail),
                ),
                _ => failure,
            })?;
        let args = match names.look_up(name)? {
            None => SourceArgs {
                trusted_epochs: Some(name.into()),
                offline: true,
                ..SourceArgs::default()
            },
            Some(pin) => SourceArgs {
                agree: main.agree.filter(|_| pin.rpc.is_none()),
                rpc: pin.rpc.map_or_else(|| main.nodes(), |rpc| vec![rpc]),
                merchant: Some(name.to_owned()),
                confirmations: main.confirmations,
                ..SourceArgs::default()
            },
        };
        let source = match &args.trusted_epochs {
            Some(path) => Source::Offline(Box::new(source::read_trusted(path, "--other-source", inputs)?)),
            None => Source::open(&args, names, inputs)?,
        };
        let with_view = |(_, bundle): (String, Bundle)| {
            let view = source.view(&bundle.needs(), bundle.block_hints())?;
            Ok((bundle, view))
        };
        bundles.into_iter().map(with_view).collect()
    }

    /// Those of the key with that code, whichever shops they are of.
    pub(crate) fn of_code(&self, code: &str) -> Vec<Counterpart<'_>> {
        let is_of = |side: &Counterpart<'_>| {
            let key = vrf::PublicKey::from_bytes(&side.view.vrf_public_key);
            let alpha = code::alpha(code).ok();
            let proved = key
                .zip(alpha)
                .and_then(|(key, alpha)| key.verify(&alpha, &side.bundle.vrf_proof));
            proved == Some(side.bundle.key_id)
        };
        self.counterparts().into_iter().filter(is_of).collect()
    }

    /// In the form that the verdict takes.
    pub(crate) fn counterparts(&self) -> Vec<Counterpart<'_>> {
        self.0
            .iter()
            .map(|(bundle, view)| Counterpart { bundle, view })
            .collect()
    }
}
