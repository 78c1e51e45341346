//! The other merchants of a transfer: their bundles, each with its own source of what the chain holds.

use std::path::Path;

use shelfproof_verifier::Code;
use shelfproof_verifier::bundle::{self, Bundle};
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::transfer::Counterpart;

use crate::args::{OtherArgs, SourceArgs};
use crate::cause::Cause;
use crate::input::Inputs;
use crate::pins::Names;
use crate::report::Failure;
use crate::source::{self, Source};

/// The other merchants' bundles, each with the chain's view of its merchant.
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
        let pairs = given.other_bundle.iter().zip(&given.other_source);
        pairs
            .map(|(path, name)| Self::read_one(path, name, main, names, inputs))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Reads one other merchant. If `name` is pinned, its view comes from the pinned node or the main one; any other
    /// `name` is a file of trusted epochs.
    fn read_one(
        path: &Path,
        name: &str,
        main: &SourceArgs,
        names: &Names,
        inputs: &mut Inputs,
    ) -> Result<(Bundle, ChainView), Failure> {
        let bytes = inputs.read(path, "--other-bundle", bundle::MAX_BYTES)?;
        // A bad file of another merchant makes only the transfer unverifiable, the protocol's last check.
        let bundle = Bundle::parse(&bytes).map_err(|refusal| {
            Failure::new(
                Cause::Check(Code::TransferUnverified),
                format!("--other-bundle: {}", refusal.detail),
            )
        })?;
        let args = match names.look_up(name)? {
            None => SourceArgs {
                trusted_epochs: Some(name.into()),
                offline: true,
                ..SourceArgs::default()
            },
            Some(pin) => SourceArgs {
                rpc: pin.rpc.or_else(|| main.node()),
                merchant: Some(name.to_owned()),
                confirmations: main.confirmations,
                ..SourceArgs::default()
            },
        };
        let view = match &args.trusted_epochs {
            Some(path) => source::read_trusted(path, "--other-source", inputs)?.as_view().clone(),
            None => Source::open(&args, names, inputs)?.view(&bundle.needs(), bundle.block_hints())?,
        };
        Ok((bundle, view))
    }

    /// In the form that the verdict takes.
    pub(crate) fn counterparts(&self) -> Vec<Counterpart<'_>> {
        self.0
            .iter()
            .map(|(bundle, view)| Counterpart { bundle, view })
            .collect()
    }
}
