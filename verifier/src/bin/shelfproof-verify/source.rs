//! Which merchant a command is about, and the source of what the chain holds of it.

use std::path::Path;

use shelfproof_base::client::HttpError;
use shelfproof_verifier::chain::rpc::{Finality, RpcError, RpcSource};
use shelfproof_verifier::chain::trusted::{self, TrustedEpochs};
use shelfproof_verifier::chain::{ChainView, Identity, Needs, RootSource};
use shelfproof_verifier::verdict::{STALE_AFTER_RPC_S, STALE_AFTER_S};
use shelfproof_verifier::{Address, B256, Code, Refusal};
use tokio::runtime::{Builder, Runtime};

use crate::args::SourceArgs;
use crate::cause::Cause;
use crate::input::{self, Inputs};
use crate::pins::Names;
use crate::report::Failure;
use crate::sentences::NotProved;

/// A source of what the chain holds.
pub(crate) enum Source {
    /// A file of trusted epochs.
    Offline(Box<TrustedEpochs>),
    /// A node.
    Online(Box<Online>),
}

/// A node, and the runtime that drives its connection.
pub(crate) struct Online {
    /// Single-threaded, since there is one request at a time.
    pub(crate) runtime: Runtime,
    /// The node.
    pub(crate) source: RpcSource,
}

impl Source {
    /// Opens the source that the command line names.
    pub(crate) fn open(args: &SourceArgs, names: &Names, inputs: &mut Inputs) -> Result<Self, Failure> {
        match &args.trusted_epochs {
            Some(path) => Self::open_file(args, names, path, inputs),
            None => Online::open(args, names).map(|online| Self::Online(Box::new(online))),
        }
    }

    fn open_file(args: &SourceArgs, names: &Names, path: &Path, inputs: &mut Inputs) -> Result<Self, Failure> {
        let file = read_trusted(path, "--trusted-epochs", inputs)?;
        let found = file.as_view().identity;
        // Every option that was given is compared, also if together they do not name a merchant.
        let chain_differs = args.chain_id.is_some_and(|chain_id| chain_id != found.chain_id);
        let registry_differs = registry_of(args)?.is_some_and(|registry| registry != found.registry);
        let merchant_differs = Target::find(args, names)?.is_some_and(|target| !target.is(&found));
        if chain_differs || registry_differs || merchant_differs {
            let why = "the file of trusted epochs is of another chain, registry or merchant";
            return Err(Refusal::new(Code::WrongMerchant, why).into());
        }
        Ok(Self::Offline(Box::new(file)))
    }

    /// The merchant.
    pub(crate) fn identity(&self) -> Identity {
        match self {
            Self::Offline(file) => file.as_view().identity,
            Self::Online(online) => online.source.identity(),
        }
    }

    /// The chain's view, with what `needs` names. `hints` are block numbers by epoch number, from bundles.
    pub(crate) fn view(
        &self,
        needs: &Needs,
        hints: impl IntoIterator<Item = (u64, u64)>,
    ) -> Result<ChainView, Failure> {
        match self {
            Self::Offline(file) => Ok(file.as_view().clone()),
            Self::Online(online) => {
                let source = online.source.clone().with_block_hints(hints);
                online.runtime.block_on(source.view(needs)).map_err(Failure::from)
            }
        }
    }

    /// How long a superseded history counts if the command line does not say, seconds.
    pub(crate) const fn stale_after_s(&self) -> u64 {
        match self {
            Self::Offline(_) => STALE_AFTER_S,
            Self::Online(_) => STALE_AFTER_RPC_S,
        }
    }

    /// What is not proved because this source is trusted.
    pub(crate) const fn believed(&self) -> NotProved {
        match self {
            Self::Offline(_) => NotProved::FileBelieved,
            Self::Online(_) => NotProved::NodeBelieved,
        }
    }
}

impl Online {
    /// Connects to the node that the command line or the pin names.
    pub(crate) fn open(args: &SourceArgs, names: &Names) -> Result<Self, Failure> {
        if args.trusted_epochs.is_some() {
            return Err(Failure::usage(
                "this needs the chain itself: name a node with --rpc instead of --offline",
            ));
        }
        let target = Target::find(args, names)?.ok_or_else(|| {
            Failure::usage("name the merchant: --merchant with a pinned name, or --registry and --merchant with ids")
        })?;
        let finality = args.confirmations.map_or(Finality::Tag, Finality::Confirmations);
        let rpc = args.node().or(target.rpc);
        let rpc = rpc.ok_or_else(|| Failure::usage("name a node of the chain with --rpc"))?;
        Self::connect(&rpc, target.chain_id, target.registry, target.merchant_id, finality)
    }

    /// Connects to a node.
    pub(crate) fn connect(
        rpc: &str,
        chain_id: Option<u64>,
        registry: Address,
        merchant_id: B256,
        finality: Finality,
    ) -> Result<Self, Failure> {
        let runtime = runtime()?;
        let source = runtime.block_on(RpcSource::connect(rpc, chain_id, registry, merchant_id, finality))?;
        Ok(Self { runtime, source })
    }
}

/// Refuses a file, named by `what`, of another merchant than the source's, before the node is asked about it.
pub(crate) fn check_merchant(what: &str, found: &Identity, expected: &Identity) -> Result<(), Failure> {
    if found == expected {
        return Ok(());
    }
    let why = format!("the {what} is of another chain, registry or merchant");
    Err(Refusal::new(Code::WrongMerchant, why).into())
}

/// Makes the runtime that drives sockets. Offline runs never make one.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(Cause::Storage, format!("no sockets here: {error}")))
}

/// Reads a file of trusted epochs. A malformed one is an error of input and no verdict, since the file is the user's
/// own.
pub(crate) fn read_trusted(path: &Path, option: &'static str, inputs: &mut Inputs) -> Result<TrustedEpochs, Failure> {
    let bytes = inputs.read(path, option, trusted::MAX_BYTES)?;
    TrustedEpochs::parse(&bytes).map_err(|refusal| Failure::new(Cause::Input, format!("{option}: {}", refusal.detail)))
}

fn registry_of(args: &SourceArgs) -> Result<Option<Address>, Failure> {
    let registry = args.registry.as_deref();
    registry.map(|text| input::address(text, "--registry")).transpose()
}

/// The merchant that the command line means.
struct Target {
    chain_id: Option<u64>,
    registry: Address,
    merchant_id: B256,
    rpc: Option<String>,
}

impl Target {
    /// Finds the merchant by ids or by a pinned name; `None` if the command line names none.
    fn find(args: &SourceArgs, names: &Names) -> Result<Option<Self>, Failure> {
        let Some(merchant) = &args.merchant else {
            return Ok(None);
        };
        let registry = registry_of(args)?;
        let Some(merchant_id) = input::hex_word(merchant) else {
            let pin = names.find(merchant)?;
            let identity = pin.identity();
            let differs = registry.is_some_and(|registry| registry != identity.registry)
                || args.chain_id.is_some_and(|chain_id| chain_id != identity.chain_id);
            if differs {
                return Err(Failure::usage(
                    "--registry or --chain-id is not what was pinned under that name",
                ));
            }
            return Ok(Some(Self {
                chain_id: Some(identity.chain_id),
                registry: identity.registry,
                merchant_id: identity.merchant_id,
                rpc: pin.rpc,
            }));
        };
        let registry = registry.ok_or_else(|| Failure::usage("a merchant id needs --registry beside it"))?;
        Ok(Some(Self {
            chain_id: args.chain_id,
            registry,
            merchant_id,
            rpc: None,
        }))
    }

    fn is(&self, identity: &Identity) -> bool {
        self.chain_id.is_none_or(|chain_id| chain_id == identity.chain_id)
            && self.registry == identity.registry
            && self.merchant_id == identity.merchant_id
    }
}

impl From<RpcError> for Failure {
    fn from(error: RpcError) -> Self {
        let cause = match &error {
            RpcError::Http(HttpError::Url(_)) => Cause::Usage,
            RpcError::Http(HttpError::Client(_) | HttpError::Unreachable(_) | HttpError::TimedOut) => {
                Cause::RpcUnreachable
            }
            RpcError::Http(
                HttpError::Private | HttpError::Redirect(_) | HttpError::Status(_) | HttpError::TooLarge { .. },
            )
            | RpcError::Refused { .. }
            | RpcError::Answer { .. } => Cause::RpcAnswer,
            RpcError::WrongChain { .. } => Cause::WrongChain,
            RpcError::NoContract => Cause::NoContract,
            RpcError::NotRegistered => Cause::NotRegistered,
            RpcError::NoFinalBlock => Cause::NoFinalBlock,
            RpcError::NoLog { .. } | RpcError::SearchTooLong { .. } => Cause::LogNotFound,
        };
        Self::new(cause, error.to_string())
    }
}
